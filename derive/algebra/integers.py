"""Conditions on integers: an order between them has one normal form, whatever fraction stands between."""

from collections.abc import Callable
from math import gcd, lcm
from typing import TYPE_CHECKING

from flint import fmpq

from derive import domains, ranges
from derive.algebra.generic import moves_somehow
from derive.algebra.polynomial import (
    NOTHING,
    UNIT,
    Exponent,
    Monomial,
    Polynomial,
    Rational,
    constant,
    is_whole,
    node_of,
    variable,
)
from derive.binding import replace
from derive.expression import ZERO, Axis, Call, Compare, Delta, Element, Index, Node, Number, Size, number

if TYPE_CHECKING:
    from derive.algebra.normal import Normalizer

MAX_VALUES = 8


def is_integer_power(item: tuple[Node, object]) -> bool:
    """Whether an atom to its exponent is an integer."""
    atom, exponent = item
    match atom:
        case Size() | Index() | Call("floor"):
            is_an_integer = True
        case Element(tensor):
            is_an_integer = tensor.domain in domains.TABLE and domains.TABLE[tensor.domain].integer
        case _:
            is_an_integer = False
    return is_an_integer and type(exponent) is int and exponent > 0


def is_integer(exponent: Exponent) -> bool:
    """Whether an exponent is an integer whatever the sizes, the indices and the whole numbers in it are."""
    if not isinstance(exponent, Polynomial):
        return is_whole(exponent)
    return all(c.q == 1 and all(map(is_integer_power, m)) for m, c in exponent.terms.items())


def is_fractional(ring: "Normalizer", exponent: Exponent) -> bool:
    """Whether an exponent is no integer, off a null set: a power is then defined only where its base is not negative.

    n/2 may be one, and an input that is a whole number is one.
    """
    if not isinstance(exponent, Polynomial):
        return not is_whole(exponent)
    return moves_somehow(ring, exponent)


def over_integers(polynomial: Polynomial) -> tuple[Polynomial, Rational] | None:
    """p + c for the polynomial up to a positive factor: p of integers without a common divisor, c a number.

    None unless every term but the constant is a multiple of integers.
    """
    moving = {m: c for m, c in polynomial.terms.items() if m}
    if not moving or not all(is_integer_power(item) for m in moving for item in m):
        return None
    factor = fmpq(lcm(*(int(c.q) for c in moving.values())))
    factor /= gcd(*(int((c * factor).p) for c in moving.values()))
    return Polynomial({m: c * factor for m, c in moving.items()}), polynomial.terms.get((), fmpq(0)) * factor


def integers_above(ring: "Normalizer", polynomial: Polynomial) -> Polynomial | None:
    """The indicator of polynomial > 0 where it is one of integers, for which p + c > 0 is p + ceil(c) >= 1."""
    found = over_integers(polynomial)
    if found is None:
        return None
    moving, shift = found
    value = moving + constant(-(-shift.p // shift.q))
    sign = _sign(value)
    if sign is not None:
        return UNIT if sign else NOTHING
    told = by_value(ring, value, lambda r, p: indicator_of_number(p))
    if told is not None:
        return told
    if moving.sorted()[0][1] < 0:  # p > 0 unless 1 - p > 0
        return UNIT - variable(Compare(">", node_of(UNIT - value), ZERO))
    return variable(Compare(">", node_of(value), ZERO))


def _sign(value: Polynomial) -> bool | None:
    """Whether an integer is surely > 0 (True) or surely not (False), for every size and index."""
    bounded = ranges.polynomial(node_of(value))
    if bounded is None:
        return None
    if ranges.is_nonnegative(bounded - ranges.constant(1)):
        return True
    return False if ranges.is_nonnegative(-bounded) else None


def is_of_indices(monomial: Monomial) -> bool:
    """Whether a product is one of sizes, indices and floors."""
    return all(not isinstance(atom, Element) and is_integer_power((atom, exponent)) for atom, exponent in monomial)


def indicator_of_number(value: Polynomial) -> Polynomial:
    return UNIT if value.constant > 0 else NOTHING  # type: ignore[operator]


def by_value(
    ring: "Normalizer", gap: Polynomial, condition: Callable[["Normalizer", Polynomial], Polynomial]
) -> Polynomial | None:
    """A condition on floors of one index over a short literal axis, as the values of the index where it holds."""
    if not any(isinstance(atom, Call) for atom in gap.atoms()):
        return None
    free = frozenset().union(*(atom.free for atom in gap.atoms()))
    if len(free) != 1:
        return None
    (index,) = free
    match index:
        case Index(_, Axis(Number(start, 1), Number(size, 1))) if size <= MAX_VALUES:
            pass
        case _:
            return None
    result = NOTHING
    for value in map(number, range(start, start + size)):
        there = ring(replace(node_of(gap), {index: value}))
        if there.constant is None:
            return None
        holds = condition(ring, there)
        result = result + ring.product(holds, variable(Delta(value, index)))
    return result
