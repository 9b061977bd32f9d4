"""Sums and the other binders in normal form: distributed, contracted, stripped, merged, named canonically.

While its body is put in normal form a bound index bears a placeholder name that says how deep it
stands, so that equal sums meet under equal names. A sum that cannot be taken further is an atom whose
body is one monomial, connected through its indices.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import permutations, product
from math import factorial
from typing import TYPE_CHECKING, NamedTuple

from flint import fmpq

from derive.algebra.components import components, depth_below, free_of, placeholder, split
from derive.algebra.contraction import REWRITES
from derive.algebra.inside import is_nonnegative
from derive.algebra.polynomial import (
    UNIT,
    Monomial,
    Polynomial,
    Rational,
    accumulated,
    monomial_node,
    monomial_order,
    node_of,
    order,
    variable,
)
from derive.algebra.powers import inverse
from derive.algebra.steps import law_of
from derive.binding import opened, reduce, replace, walk
from derive.errors import UnsupportedError
from derive.expression import Element, Index, Node, Reduce, add, axis

if TYPE_CHECKING:
    from derive.algebra.normal import Normalizer

MAX_ORDERS = 720
RENAMING = 30  # the work of putting one renamed factor in normal form, in products of terms
SUMMING = 100  # and of looking for a law by which to sum one term
MAX_WRITTEN_OUT = 8


def normal_of_sum(ring: "Normalizer", node: Reduce) -> Polynomial:
    short = next((b for b in node.bound if short_length(ring, b) is not None), None)
    if short is not None:
        return _sum(ring(term) for term in written_out(ring, Reduce("sum", node.body, node.bound), short))
    if len(node.bound) == 1 and node.bound[0].axis.free:
        return _sum_to_a_step(ring, node)
    body, indices = opened_in_place(node)
    return sum_over(ring, ring(body), indices)


def _sum(parts: Iterable[Polynomial]) -> Polynomial:
    terms: dict[Monomial, Rational] = {}
    for part in parts:
        accumulated(terms, part.terms.items())
    return Polynomial(terms)


def short_length(ring: "Normalizer", index: Index) -> int | None:
    """The length of an axis that is a small number."""
    size = ring(index.axis.size).constant
    return int(size.p) if size is not None and 0 <= size <= MAX_WRITTEN_OUT else None


def written_out(ring: "Normalizer", node: Reduce, index: Index) -> Iterator[Node]:
    """The terms of a reduction over a short literal axis, each still reduced over the other indices."""
    body, freed = opened(node)
    short = freed[node.bound.index(index)]
    rest = tuple(i for i in freed if i is not short)
    for place in range(short_length(ring, index) or 0):
        value = ring.canonical(add(index.axis.start, place))
        term = replace(body, {short: value})
        yield reduce(node.kind, term, *rest) if rest else term


class Steps(NamedTuple):
    """body: an expression and its index over t steps.  apart: further terms, each with 1 to add or -1 to take away."""

    body: tuple[Node, tuple[Index, ...]]
    apart: list[tuple[Polynomial, int]]


def steps_apart(ring: "Normalizer", node: Reduce) -> Steps:
    """A reduction whose length t + c depends on an index, as one of length t and its c last terms apart."""
    (bound,) = node.bound
    size = ring(bound.axis.size)
    extra = size.terms.get((), fmpq(0))
    base = size - UNIT.scaled(extra)
    start = ring.canonical(bound.axis.start)
    if not (is_nonnegative(bound.axis.size) and is_nonnegative(node_of(base)) and extra.q == 1):
        raise UnsupportedError("a sum whose range may be shorter than empty")
    over = Index(f"#{depth_below((node,)):03}.000", axis(node_of(base), start))
    body = replace(node.body, {bound: over})
    count = int(extra.p)
    apart = [
        (ring(replace(body, {over: add(start, node_of(base), place)})), 1 if count > 0 else -1)
        for place in range(min(count, 0), max(count, 0))
    ]
    return Steps((body, (over,)), apart)


def _sum_to_a_step(ring: "Normalizer", node: Reduce) -> Polynomial:
    parts = steps_apart(ring, node)
    body, indices = parts.body
    result = sum_over(ring, ring(body), indices)
    for term, sign in parts.apart:
        result = result + term.scaled(fmpq(sign))
    return result


def normal_of_mean(ring: "Normalizer", node: Reduce) -> Polynomial:
    result = normal_of_sum(ring, node)
    for index in node.bound:
        result = ring.product(result, inverse(ring, ring(index.axis.size)))
    return result


def opened_in_place(node: Reduce) -> tuple[Node, tuple[Index, ...]]:
    depth = depth_below((node,))
    indices = tuple(placeholder(depth, p, b) for p, b in enumerate(node.bound))
    return replace(node.body, dict(zip(node.bound, indices, strict=True))), indices


def sum_over(ring: "Normalizer", body: Polynomial, indices: Sequence[Index]) -> Polynomial:
    """The sum of a normal form over the indices, term by term."""
    terms: dict[Monomial, Rational] = {}
    for monomial, coefficient in body.terms.items():
        taken = sum_of_monomial(ring, monomial, tuple(indices))
        accumulated(terms, ((m, c * coefficient) for m, c in taken.terms.items()))
    return Polynomial(terms)


def sum_of_monomial(ring: "Normalizer", monomial: Monomial, indices: tuple[Index, ...]) -> Polynomial:
    ring.spend(SUMMING)
    for rewrite in REWRITES:
        rewritten = rewrite(ring, monomial, indices)
        if rewritten is not None:
            if ring.steps is not None:
                before = _summed(monomial_node(monomial), indices)
                ring.steps.add(law_of(rewrite), before, _summed(node_of(rewritten[0]), rewritten[1]))
            return sum_over(ring, *rewritten)
    outside, inside = split(monomial, indices)
    result = ring.of_monomial(outside)
    for group, part in components(inside, indices):
        result = ring.product(result, _component(ring, part, group))
    if ring.steps is not None:
        ring.steps.add("sum of what depends on its index", _summed(monomial_node(monomial), indices), node_of(result))
    return result


def _summed(body: Node, indices: tuple[Index, ...]) -> Node:
    return reduce("sum", body, *indices) if indices else body


def _component(ring: "Normalizer", monomial: Monomial, indices: tuple[Index, ...]) -> Polynomial:
    """The sum of a connected product."""
    return _canonical_sum(ring, monomial, indices) if monomial else _count(ring, indices)


def _count(ring: "Normalizer", indices: tuple[Index, ...]) -> Polynomial:
    """How many values the indices take together."""
    last = next(i for i in indices if all(i not in other.axis.free for other in indices))
    if not is_nonnegative(last.axis.size):
        raise UnsupportedError("a sum whose range may be shorter than empty")
    rest = tuple(i for i in indices if i is not last)
    return sum_over(ring, ring(last.axis.size), rest) if rest else ring(last.axis.size)


# ---------------------------------------------------------------------------- canonical names


def _canonical_sum(ring: "Normalizer", monomial: Monomial, indices: tuple[Index, ...]) -> Polynomial:
    """The sum as an atom, the names and the order of its indices chosen as the least of all choices."""
    outer = [leaf for leaf in free_of(monomial) if leaf not in indices]
    depth = depth_below(outer)
    if len(indices) == 1 and indices[0] is placeholder(depth, 0, indices[0]):
        return variable(reduce("sum", monomial_node(monomial), *indices))
    best: tuple[object, Polynomial, tuple[Index, ...]] | None = None
    for arranged in _orders(ring, monomial, indices):
        ring.spend(RENAMING * len(monomial))
        names = tuple(placeholder(depth, p, i) for p, i in enumerate(arranged))
        names = _with_moved_axes(arranged, names)
        renamed = ring.substituted(monomial, dict(zip(arranged, names, strict=True)))
        single = renamed.single
        if single is None:  # renaming has made a relation apply: start again from what it has become
            return sum_over(ring, renamed, names)
        key = (monomial_order(single[0]), single[1] < 0)
        if best is None or key < best[0]:  # type: ignore[operator]
            best = (key, renamed, names)
    assert best is not None
    assert best[1].single is not None
    kept, coefficient = best[1].single
    return variable(reduce("sum", monomial_node(kept), *best[2])).scaled(coefficient)


def _with_moved_axes(arranged: tuple[Index, ...], names: tuple[Index, ...]) -> tuple[Index, ...]:
    if all(i.axis.free.isdisjoint(arranged) for i in arranged):
        return names
    raise UnsupportedError("a double sum whose inner range depends on the outer index")


def _orders(ring: "Normalizer", monomial: Monomial, indices: tuple[Index, ...]) -> list[tuple[Index, ...]]:
    """The orders of the indices that their roles in the monomial leave open."""
    if len(indices) == 1:
        return [indices]
    roles: dict[tuple[object, ...], list[Index]] = {}
    for index in indices:
        roles.setdefault(_role(ring, monomial, index), []).append(index)
    classes = [roles[key] for key in sorted(roles)]
    count = 1
    for members in classes:
        count *= factorial(len(members))
    if count > MAX_ORDERS:
        raise UnsupportedError(f"a sum over {len(indices)} indices that play the same part")
    return [tuple(i for part in choice for i in part) for choice in product(*(permutations(c) for c in classes))]


def _role(ring: "Normalizer", monomial: Monomial, index: Index) -> tuple[object, ...]:
    """What distinguishes an index whatever it is called: its axis and where it stands in which tensors."""
    seen = []
    for atom, exponent in monomial:
        if index in atom.free:
            places = ring.places.get((atom, index))
            if places is None:
                places = ring.places[atom, index] = _places(atom, index)
            seen.append((type(atom).__name__, "" if isinstance(exponent, Polynomial) else str(exponent), places))
    return order(index.axis)[0], tuple(sorted(seen))


def _places(atom: Node, index: Index) -> tuple[tuple[str, int], ...]:
    """Where the index stands: the tensors below the atom, and which of their subscripts read it."""
    return tuple(
        sorted(
            (part.tensor.name, place)
            for part in walk(atom)
            if isinstance(part, Element)
            for place, subscript in enumerate(part.subscripts)
            if index in subscript.free
        )
    )
