"""Conditions between indices under a sum: how many values meet one, and pairs in order as half of all pairs."""

from typing import TYPE_CHECKING

from flint import fmpq

from derive import ranges
from derive.algebra.components import free_of
from derive.algebra.polynomial import UNIT, Monomial, Polynomial, node_of
from derive.binding import replace
from derive.expression import Call, Compare, Delta, Index, add, multiply, power

if TYPE_CHECKING:
    from derive.algebra.normal import Normalizer


def count_below(
    ring: "Normalizer", monomial: Monomial, indices: tuple[Index, ...]
) -> tuple[Polynomial, tuple[Index, ...]] | None:
    """sum over i of [q - s*i > 0] is the number of values below q/s, for integers q and s > 0.

    Taken only where that number is surely on the axis, neither below 0 nor beyond its length.
    """
    for place, (atom, _) in enumerate(monomial):
        if not (isinstance(atom, Compare) and atom.operator == ">"):
            continue
        mine = [i for i in indices if i in atom.free]
        rest = monomial[:place] + monomial[place + 1 :]
        if len(mine) != 1 or mine[0] in free_of(rest) or any(mine[0] in i.axis.free for i in indices):
            continue
        count = _count(ring, atom, mine[0])
        if count is not None:
            return ring.product(ring.of_monomial(rest), count), tuple(i for i in indices if i is not mine[0])
    return None


def _count(ring: "Normalizer", condition: Compare, index: Index) -> Polynomial | None:
    gap, ends = ranges.polynomial(condition.left), ranges.ends_of(index.axis)
    parts = None if gap is None else gap.split(index)
    if ends is None or parts is None:
        return None
    slope, fixed = parts
    length = ends[1] - ends[0] + ranges.constant(1)
    at_first = fixed + slope * ends[0]
    if ranges.is_nonnegative(-slope - ranges.constant(1)):
        return _number_below(ring, at_first, -slope, length)
    if ranges.is_nonnegative(slope - ranges.constant(1)):  # the others are where 1 - gap > 0
        others = _number_below(ring, ranges.constant(1) - at_first, slope, length)
        return None if others is None else ring(length.node()) - others
    return None


def _number_below(
    ring: "Normalizer", value: ranges.Polynomial, width: ranges.Polynomial, length: ranges.Polynomial
) -> Polynomial | None:
    """How many k of 0, 1, … length - 1 have width*k < value: floor((value - 1)/width) + 1."""
    one = ranges.constant(1)
    if not (ranges.is_nonnegative(value + width - one) and ranges.is_nonnegative(width * length - value)):
        return None
    quotient = multiply(add(value.node(), -1), power(width.node(), -1))
    return ring(Call("floor", quotient)) + UNIT.scaled(fmpq(1))


def halve_pairs(
    ring: "Normalizer", monomial: Monomial, indices: tuple[Index, ...]
) -> tuple[Polynomial, tuple[Index, ...]] | None:
    """sum over i and j of [i < j]*s(i, j) is half the sum of s over all pairs but (i, i), for an s(i, j) = s(j, i)."""
    for place, (atom, _) in enumerate(monomial):
        if not (isinstance(atom, Compare) and atom.operator == ">"):
            continue
        found = _pair(atom)
        if found is None or not set(found[:2]) <= set(indices) or any(i.axis.free & set(indices) for i in indices):
            continue
        first, second, diagonal = found
        rest = ring.of_monomial(monomial[:place] + monomial[place + 1 :])
        if ring(replace(node_of(rest), {first: second, second: first})) == rest:
            same = ring(Delta(first, second)).scaled(fmpq(diagonal))
            return ring.product(rest, UNIT + same).scaled(fmpq(1, 2)), indices
    return None


def _pair(condition: Compare) -> tuple[Index, Index, int] | None:
    """The i and j of a condition i < j (with -1) or i <= j (with 1) between indices of one axis."""
    gap = ranges.polynomial(condition.left)
    if gap is None or gap.get((), 0) not in (0, 1) or len(gap) != 2 + (() in gap):
        return None
    signs = {m[0]: c for m, c in gap.items() if len(m) == 1 and isinstance(m[0], Index)}
    if sorted(signs.values()) != [-1, 1]:
        return None
    first, second = sorted(signs, key=lambda i: signs[i])
    if not (isinstance(first, Index) and isinstance(second, Index)) or first.axis is not second.axis:
        return None
    return first, second, 1 if gap.get((), 0) else -1
