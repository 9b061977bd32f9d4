"""The largest value over indices: what is chosen by an indicator [b(k) = max of b], where two values hardly ever tie.

Only where ties are a null set (which is noted) do the indicators add up to 1, and is a product of
comparisons with all the others the same as being the largest.
"""

from collections.abc import Iterator, Mapping
from itertools import permutations
from typing import TYPE_CHECKING

from derive.algebra.components import free_of, free_of_polynomial
from derive.algebra.generic import is_almost_never_zero, is_continuous, moves
from derive.algebra.inside import is_inside
from derive.algebra.leading import leading_term, quotient_of
from derive.algebra.polynomial import (
    Monomial,
    Polynomial,
    Rational,
    accumulated,
    as_polynomial,
    monomial_node,
    node_of,
    variable,
)
from derive.binding import opened, reduce, replace, walk
from derive.expression import Compare, Delta, Element, Index, Node, Reduce, Tensor
from derive.printing.text import text

if TYPE_CHECKING:
    from derive.algebra.normal import Normalizer

MAX_ARRANGEMENTS = 24


def largest(ring: "Normalizer", value: Polynomial, indices: tuple[Index, ...]) -> Polynomial:
    """The largest value as an atom: max(a + c*b[i]) = a + c*max(b[i]) for a and a positive c without i."""
    apart = Polynomial({m: c for m, c in value.terms.items() if free_of(m).isdisjoint(indices)})
    moving = value - apart
    if not moving:
        return value
    factored = ring.factors(moving)
    outside = tuple((a, e) for a, e in factored.content if free_of(((a, e),)).isdisjoint(indices) and ring.positive(a))
    content = Polynomial({outside: abs(factored.coefficient)})
    if outside or abs(factored.coefficient) != 1:
        inverted = ring.of_monomial(tuple((a, -e) for a, e in outside), 1 / abs(factored.coefficient))
        moving = ring.product(moving, inverted)
    return apart + ring.product(content, variable(reduce("max", node_of(moving), *indices)))


def _choices(ring: "Normalizer", atom: Node) -> tuple[tuple[Reduce, Polynomial], ...]:
    """For an indicator [b = M] of a largest value M: the M and the b, up to a factor."""
    if not isinstance(atom, Compare) or atom.operator != "==":
        return ()
    known = ring.choices.get(atom)
    if known is None:
        known = ring.choices[atom] = tuple(_read_as_choice(ring(atom.left)))
    return known


def _read_as_choice(gap: Polynomial) -> Iterator[tuple[Reduce, Polynomial]]:
    for atom in gap.atoms():
        if isinstance(atom, Reduce) and atom.kind == "max":
            slope = gap.terms.get(((atom, 1),))
            others = Polynomial({m: c for m, c in gap.terms.items() if m != ((atom, 1),)})
            if slope is not None and atom not in others.atoms():
                yield atom, others.scaled(-1 / slope)


def relation_of_largest(ring: "Normalizer", monomial: Monomial, place: int, atom: Node) -> Polynomial | None:
    """[b = M]*b = [b = M]*M: the leading term of b gives way."""
    rest = monomial[:place] + monomial[place + 1 :]
    for largest_value, value in _choices(ring, atom):
        first = leading_term(value) if value else ()
        part = quotient_of(rest, first) if first else None
        if part is None:
            continue
        coefficient = value.terms[first]
        lower = Polynomial({m: -c / coefficient for m, c in value.terms.items() if m is not first})
        told = variable(largest_value).scaled(1 / coefficient) + lower
        return ring.product(ring.of_monomial((*part,)), ring.product(variable(atom), told))
    return None


def pick_largest(
    ring: "Normalizer", monomial: Monomial, indices: tuple[Index, ...]
) -> tuple[Polynomial, tuple[Index, ...]] | None:
    """The sum over k of [b(k) = max over i of b(i)] is 1, where no two of the values are equal."""
    for place, (atom, _) in enumerate(monomial):
        if not isinstance(atom, Compare) or atom.free.isdisjoint(indices):
            continue
        rest = monomial[:place] + monomial[place + 1 :]
        for largest_value, value in _choices(ring, atom):
            body, bound = opened(largest_value)
            chosen = renaming(ring, ring(body), bound, value, indices)
            if chosen is None or not free_of(rest).isdisjoint(chosen):
                continue
            kept = tuple(i for i in indices if i not in chosen)
            if any(not i.axis.free.isdisjoint(chosen) for i in kept) or largest_value.free & set(chosen):
                continue
            if ties_are_rare(ring, largest_value):
                return ring.of_monomial(rest), kept
    return None


def renaming(
    ring: "Normalizer", body: Polynomial, bound: tuple[Index, ...], value: Polynomial, indices: tuple[Index, ...]
) -> tuple[Index, ...] | None:
    """Which of the indices, in place of the bound ones, make the value of the body."""
    if len(indices) ** len(bound) > MAX_ARRANGEMENTS:
        return None
    for chosen in permutations(indices, len(bound)):
        if all(i.axis is b.axis for i, b in zip(chosen, bound, strict=True)):
            mapping: Mapping[Node, Node] = dict(zip(bound, chosen, strict=True))
            if ring(replace(node_of(body), mapping)) == value:
                return chosen
    return None


def as_largest(ring: "Normalizer", value: Polynomial, indices: tuple[Index, ...]) -> Polynomial | None:
    """The product over i of (1 where i = k, else [b(k) > b(i)]) is [b(k) = max of b], where no two are equal.

    value: the factor, delta(i, k) + [b(k) - b(i) > 0]; k may be any integer expression on the axis of i.
    """
    if len(value.terms) != 2 or any(c != 1 for c in value.terms.values()):
        return None
    here, ahead = sorted(value.terms, key=lambda m: all(isinstance(a, Compare) for a, _ in m))
    match ahead:
        case ((Compare(">", gap), 1),):
            pass
        case _:
            return None
    place = _place(ring, here, indices)
    if place is None:
        return None
    difference = ring(gap)
    moving = -Polynomial({m: c for m, c in difference.terms.items() if not free_of(m).isdisjoint(indices)})
    fixed = difference + moving
    if not moving or ring(replace(node_of(moving), place)) != fixed:
        return None
    found = largest(ring, moving, indices)
    atoms = [a for a in found.atoms() if isinstance(a, Reduce) and a.kind == "max"]
    if len(atoms) != 1 or found != variable(atoms[0]) or not ties_are_rare(ring, atoms[0]):
        return None
    return ring(Compare("==", node_of(fixed), atoms[0]))


def _place(ring: "Normalizer", here: Monomial, indices: tuple[Index, ...]) -> dict[Node, Node] | None:
    """The one value of each index where a product of deltas is 1, if it is on the axes."""
    place: dict[Node, Node] = {}
    for atom, exponent in here:
        if not isinstance(atom, Delta) or exponent != 1:
            return None
        gap = ring(atom.left) - ring(atom.right)
        mine = [i for i in indices if i in atom.free]
        if len(mine) != 1 or mine[0] in place or mine[0].axis.free & set(indices):
            return None
        slope = gap.terms.get(((mine[0], 1),))
        rest = Polynomial({m: c for m, c in gap.terms.items() if m != ((mine[0], 1),)})
        if slope is None or abs(slope) != 1 or mine[0] in free_of_polynomial(rest):
            return None
        target = node_of(rest.scaled(-slope))
        if not is_inside(ring, target, mine[0]):
            return None
        place[mine[0]] = target
    return place if len(place) == len(indices) else None


# ------------------------------------------------------------------------------------- ties


def ties_are_rare(ring: "Normalizer", atom: Reduce) -> bool:
    """Whether two values of the body at different places are equal on a null set only; noted if so.

    The body is c*a**e + r, where only the atom a reads some continuous input, and at different places it
    reads different elements of it: one value moves while the other stands still.
    """
    body, bound = opened(atom)
    value = ring(body)
    if not all(ring.is_positive(ring(b.axis.size)) for b in bound):
        return False
    tensors = {t for a in value.atoms() for t in a.mentions if isinstance(t, Tensor) and is_continuous(t)}
    for tensor in sorted(tensors, key=lambda t: t.name):
        concerned = [a for a in value.atoms() if tensor in a.mentions]
        if (
            len(concerned) == 1
            and _reads_apart(ring, concerned[0], tensor, bound)
            and moves(ring, concerned[0], tensor)
        ):
            slope: dict[Monomial, Rational] = {}
            exponents = {dict(m).get(concerned[0]) for m in value.terms} - {None}
            if len(exponents) != 1 or not is_almost_never_zero(ring, as_polynomial(exponents.pop())):
                continue
            for monomial, coefficient in value.terms.items():
                if concerned[0] in dict(monomial):
                    rest = tuple(item for item in monomial if item[0] is not concerned[0])
                    accumulated(slope, ((rest, coefficient),))
            if is_almost_never_zero(ring, Polynomial(slope)):
                ring.note(f"except where two of {text(monomial_node(((atom, 1),)))} tie for the largest")
                return True
    return False


def _reads_apart(ring: "Normalizer", atom: Node, tensor: Tensor, bound: tuple[Index, ...]) -> bool:
    """Whether different values of the bound indices read different elements of the tensor.

    Each is in one subscript, linear with a factor that is never 0, and no other index that is bound moves there.
    """
    elements = [part for part in walk(atom) if isinstance(part, Element) and part.tensor is tensor]
    if tensor.domain in ("symmetric", "spd"):
        return False
    for index in bound:
        places = {p for e in elements for p, s in enumerate(e.subscripts) if index in s.free}
        if len(places) != 1:
            return False
        (place,) = places
        subscripts = {e.subscripts[place] for e in elements}
        if len(subscripts) != 1 or not _moves_steadily(ring, subscripts.pop(), index, bound, atom):
            return False
    return True


def _moves_steadily(ring: "Normalizer", subscript: Node, index: Index, bound: tuple[Index, ...], atom: Node) -> bool:
    """Whether the subscript is c*index + r for a c that is never 0, and an r that stands still."""
    value = ring(subscript)
    slope: dict[Monomial, Rational] = {}
    for monomial, coefficient in value.terms.items():
        free = free_of(monomial)
        if index not in free:
            if not free <= atom.free or free & set(bound):
                return False  # a summed index, or another bound one, moves beside it
        elif dict(monomial).get(index) != 1:
            return False
        else:
            slope[tuple(item for item in monomial if item[0] is not index)] = coefficient
    factor = Polynomial(slope)
    still = all(free_of(m).isdisjoint(bound) for m in slope)
    return still and (ring.is_positive(factor) or ring.is_positive(-factor))
