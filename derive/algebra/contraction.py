"""What a sum over indices makes of one product of atoms: deltas contract, inner sums merge, a simplex sums to 1.

A rewrite takes the monomial and the indices summed over, and gives a body and the indices still to be
summed over, or None where it does not apply.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from derive.algebra.cases import indicator
from derive.algebra.components import free_of, free_of_polynomial, is_summed
from derive.algebra.counting import count_below, halve_pairs
from derive.algebra.inside import is_inside, stays_inside
from derive.algebra.largest import pick_largest
from derive.algebra.leading import leading_term, quotient_of
from derive.algebra.polynomial import (
    UNIT,
    Monomial,
    Polynomial,
    Rational,
    exponent_sum,
    is_whole,
    monomial_node,
    monomial_product,
    node_of,
)
from derive.binding import fresh, opened, walk
from derive.expression import (
    ZERO,
    Add,
    Call,
    Delta,
    Element,
    Index,
    Node,
    Reduce,
    Size,
    add,
    axis,
    multiply,
)

if TYPE_CHECKING:
    from derive.algebra.normal import Normalizer


Rewritten = tuple[Polynomial, tuple[Index, ...]]


def merge_inner_sums(ring: "Normalizer", monomial: Monomial, indices: tuple[Index, ...]) -> Rewritten | None:
    """x[i] * (sum over j of W[i, j]) under a sum over i becomes a sum over i and j."""
    for place, (atom, exponent) in enumerate(monomial):
        if not (isinstance(atom, Reduce) and atom.kind == "sum" and is_whole(exponent) and exponent > 0):
            continue
        if atom.free.isdisjoint(indices):
            continue
        body = ring.of_monomial(monomial[:place] + monomial[place + 1 :])
        for _ in range(exponent):
            inner, freed = opened(atom)
            indices = (*indices, *freed)
            body = ring.product(body, ring(inner))
        return body, indices
    return None


def contract_delta(ring: "Normalizer", monomial: Monomial, indices: tuple[Index, ...]) -> Rewritten | None:
    """sum over i of delta(i, k)*f(i) is f(k), for a k that is surely in the range of i."""
    if not any(isinstance(atom, Delta) for atom, _ in monomial):
        return None
    for place, (atom, _) in enumerate(monomial):
        if not isinstance(atom, Delta):
            continue
        gap = ring(atom.left) - ring(atom.right)
        rest = monomial[:place] + monomial[place + 1 :]
        for index in indices:
            value = _root(gap, index)
            if value is None:
                continue
            target = node_of(value)
            kept = tuple(i for i in indices if i is not index)
            if all(index not in i.axis.free for i in kept) and is_inside(ring, target, index):
                return ring.substituted(rest, {index: target}), kept
            digits = _digits(ring, value, index)
            if digits is not None and all(index not in i.axis.free for i in kept):
                condition, digit = digits
                return ring.product(condition, ring.substituted(rest, {index: digit})), kept
    return None


def contract_in_range(ring: "Normalizer", monomial: Monomial, indices: tuple[Index, ...]) -> Rewritten | None:
    """sum over i of delta(i, k)*f(i) is f(k) if k is in the range of i, else 0; for a k that no sum moves."""
    for place, (atom, _) in enumerate(monomial):
        if not isinstance(atom, Delta) or sum(map(is_summed, atom.free)) != 1:
            continue
        index = next((i for i in indices if i in atom.free), None)
        if index is None:
            continue
        value = _root(ring(atom.left) - ring(atom.right), index)
        if value is None or any(index in i.axis.free for i in indices):
            continue
        others = monomial[:place] + monomial[place + 1 :]
        if not stays_inside(ring, others, index, node_of(value)):
            continue
        start, size = ring(index.axis.start), ring(index.axis.size)
        first = indicator(ring, value - start + UNIT)
        last = indicator(ring, start + size - value)
        rest = ring.substituted(others, {index: node_of(value)})
        return ring.product(ring.product(first, last), rest), tuple(i for i in indices if i is not index)
    return None


def _root(gap: Polynomial, index: Index) -> Polynomial | None:
    """The value that the gap forces on the index, if it is linear in it with factor 1 or -1."""
    slope = gap.terms.get(((index, 1),))
    if slope is None or abs(slope) != 1:
        return None
    rest = Polynomial({m: c for m, c in gap.terms.items() if m != ((index, 1),)})
    return None if index in free_of_polynomial(rest) else rest.scaled(-slope)


def _digits(ring: "Normalizer", value: Polynomial, index: Index) -> tuple[Polynomial, Node] | None:
    """i = e - w*r for an i over 0..w-1 says r = floor(e/w) and i = e - w*floor(e/w), whatever e and r are."""
    width = ring(index.axis.size).single
    if width is None or width[0] == () or index.axis.start is not ZERO:
        return None
    monomial, coefficient = width
    high: dict[Monomial, Rational] = {}
    low: dict[Monomial, Rational] = {}
    for term, factor in value.terms.items():
        part = quotient_of(term, monomial)
        if part is None or (factor / coefficient).q != 1:
            low[term] = factor
        else:
            high[part] = factor / coefficient
    if not high or not low:
        return None
    floor = ring(Call("floor", node_of(Polynomial(low)) / index.axis.size))
    condition = ring(Delta(node_of(-Polynomial(high)), node_of(floor)))
    return condition, node_of(Polynomial(low) - ring.product(ring(index.axis.size), floor))


def divide(ring: "Normalizer", monomial: Monomial, indices: tuple[Index, ...]) -> Rewritten | None:
    """e/(1 + e) under a sum becomes 1 - 1/(1 + e): no numerator keeps the leading term of its denominator."""
    for place, (base, exponent) in enumerate(monomial):
        if not isinstance(base, Add) or base.free.isdisjoint(indices):
            continue
        if isinstance(exponent, Polynomial) or exponent >= 0:
            continue
        polynomial = ring(base)
        leading = leading_term(polynomial)
        rest = monomial[:place] + monomial[place + 1 :]
        quotient = quotient_of(rest, leading)
        if quotient is None:
            continue
        coefficient = polynomial.terms[leading]
        lower = Polynomial({m: -c / coefficient for m, c in polynomial.terms.items() if m is not leading})
        raised = exponent_sum(exponent, 1)
        whole = quotient if raised == 0 else monomial_product(quotient, ((base, raised),))
        part = ring.product(ring.of_monomial(monomial_product(quotient, ((base, exponent),))), lower)
        return ring.of_monomial(whole, 1 / coefficient) + part, indices
    return None


def split_index(ring: "Normalizer", monomial: Monomial, indices: tuple[Index, ...]) -> Rewritten | None:
    """Where floor(u/w) occurs, a sum over u of 0..w*r-1 becomes one over its two digits, u = w*j + i."""
    found: list[tuple[Monomial, Index]] = []
    for atom in (part for item in monomial if "floor" in item[0].mentions for part in walk(item[0])):
        if isinstance(atom, Call) and atom.function == "floor":
            found.extend(_widths(ring, atom.argument, indices))
    for width, index in sorted(found, key=lambda f: -sum(e for _, e in f[0])):  # the widest digits first
        size = ring(index.axis.size).single
        count = quotient_of(size[0], width) if size is not None else None
        if size is None or count is None or any(index in i.axis.free for i in indices):
            continue
        high = fresh(Index(0, axis(monomial_node(count, size[1]))))
        low = fresh(Index(0, axis(monomial_node(width))))
        kept = tuple(i for i in indices if i is not index)
        return ring.substituted(monomial, {index: add(multiply(monomial_node(width), high), low)}), (*kept, high, low)
    return None


def _widths(ring: "Normalizer", argument: Node, indices: tuple[Index, ...]) -> Iterator[tuple[Monomial, Index]]:
    """The w and the u of an argument u/w, for an index u that starts at 0 and a product w of sizes."""
    single = ring(argument).single
    if single is None or single[1] != 1:
        return
    width = tuple((a, -e) for a, e in single[0] if isinstance(a, Size) and is_whole(e) and e < 0)
    for index in indices:
        if index.axis.start is ZERO and len(width) + 1 == len(single[0]) and (index, 1) in single[0]:
            yield width, index


def drop_simplex(ring: "Normalizer", monomial: Monomial, indices: tuple[Index, ...]) -> Rewritten | None:
    """The sum of y[s, i] over i is 1 for a simplex y, whatever factors of s stand beside it."""
    for index in indices:
        places = [p for p, item in enumerate(monomial) if index in free_of((item,))]
        if len(places) != 1 or any(index in i.axis.free for i in indices):
            continue
        atom, exponent = monomial[places[0]]
        if exponent == 1 and isinstance(atom, Element) and is_distribution_over(atom, index):
            ring.note(f"{atom.tensor.name} sums to 1 over its last axis")
            rest = ring.of_monomial(monomial[: places[0]] + monomial[places[0] + 1 :])
            return rest, tuple(i for i in indices if i is not index)
    return None


def is_distribution_over(atom: Element, index: Index) -> bool:
    return (
        atom.tensor.domain in ("simplex", "onehot")
        and atom.subscripts[-1] is index
        and index.axis is atom.tensor.axes[-1]
        and all(index not in s.free for s in atom.subscripts[:-1])
    )


def cancel_normalizer(ring: "Normalizer", monomial: Monomial, indices: tuple[Index, ...]) -> Rewritten | None:
    """The sum over k of e[s, k]/z[s], where z[s] is the sum over k of e[s, k], is 1 for every s."""
    below = {a for a, e in monomial if isinstance(a, Reduce) and is_whole(e) and e < 0}
    if not below or len(indices) < 2:
        return None
    for index in indices:
        own = tuple(item for item in monomial if index in free_of((item,)))
        if not own or any(index in i.axis.free for i in indices) or not free_of(own) & set(indices) - {index}:
            continue
        taken = ring.total(own, (index,)).single
        if taken is not None and any(a in below for a, _ in taken[0]):
            rest = ring.of_monomial(tuple(item for item in monomial if item not in own))
            return ring.product(rest, Polynomial(dict([taken]))), tuple(i for i in indices if i is not index)
    return None


def divide_by_normalizer(ring: "Normalizer", monomial: Monomial, indices: tuple[Index, ...]) -> Rewritten | None:
    """The sum over k of e[s, k]/(z[s] + r), where z[s] is the sum over k of e[s, k], is 1 - r/(z[s] + r)."""
    for place, (base, exponent) in enumerate(monomial):
        if len(indices) < 2 or not isinstance(base, Add) or not is_whole(exponent) or exponent >= 0:
            continue
        polynomial = ring(base)
        moving = [m for m in polynomial.terms if not free_of(m).isdisjoint(indices)]
        if len(moving) != 1:
            continue
        for index in indices:
            own = tuple(item for item in monomial if index in free_of((item,)))
            if not own or index in base.free or any(index in i.axis.free for i in indices):
                continue
            taken = ring.total(own, (index,)).single
            if taken is None or taken[0] != moving[0]:
                continue
            others = tuple(item for at, item in enumerate(monomial) if item not in own and at != place)
            beside = Polynomial({m: -c for m, c in polynomial.terms.items() if m != moving[0]})
            raised = monomial_product(others, ((base, exponent + 1),) if exponent < -1 else ())
            lowered = ring.of_monomial(monomial_product(others, ((base, exponent),)))
            value = ring.of_monomial(raised) + ring.product(lowered, beside)
            return value.scaled(taken[1] / polynomial.terms[moving[0]]), tuple(i for i in indices if i is not index)
    return None


REWRITES = (
    contract_delta,
    merge_inner_sums,
    pick_largest,
    drop_simplex,
    cancel_normalizer,
    divide_by_normalizer,
    split_index,
    contract_in_range,
    count_below,
    halve_pairs,
    divide,
)
