"""Counting: how many values of an index meet a condition that is linear in it."""

from typing import TYPE_CHECKING

from flint import fmpq

from derive import ranges
from derive.algebra.components import free_of
from derive.algebra.polynomial import UNIT, Monomial, Polynomial
from derive.expression import Call, Compare, Index, add, multiply, power

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
