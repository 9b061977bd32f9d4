"""Slips in which what is missing stands elsewhere: in the formula's own lines, or in two parts at a time."""

from itertools import combinations, combinations_with_replacement, islice
from typing import TYPE_CHECKING

from derive.binding import reduce, replace, walk
from derive.expression import (
    HALF,
    MINUS_ONE,
    ONE,
    ZERO,
    Call,
    Compare,
    Delta,
    Element,
    Index,
    Logic,
    Multiply,
    Node,
    Power,
    Reduce,
    Where,
    add,
    multiply,
    power,
)
from verify.slips.parts import Place, with_names
from verify.slips.variants import transposed
from verify.slips.words import WHOLE, Found, added, instead, short, within

if TYPE_CHECKING:
    from verify.slips.repairs import Repairs

_MOST_PAIRS = 10  # of scalars that together may be missing in a term
_MOST_PRODUCTS = 60  # of two elements that may be a missing term


def read_elsewhere(repairs: "Repairs", place: Place) -> Found:
    """A factor or a term that the formula has elsewhere, the n of an average for another, a product's other term."""
    yield from _affine(repairs, place.part)
    yield from _elements(repairs, place)
    found = repairs.readable(place, [*repairs.known, *repairs.elements(place), *repairs.defined])
    if place.role in WHOLE | {"factor"} and not isinstance(place.part, Compare | Logic):
        yield from added(place, found)
    if place.role not in WHOLE or isinstance(place.part, Compare | Logic):
        return
    for factor in found:
        is_divisor = isinstance(factor, Power) and factor.exponent is MINUS_ONE
        what = f"divisor {short(factor.children()[0])}" if is_divisor else f"factor {short(factor)}"
        is_behind = is_divisor or isinstance(factor, Call)
        changed = multiply(place.part, factor) if is_behind else multiply(factor, place.part)
        yield f"the {what} is missing{within(place)}", changed
    for size in repairs.formula.sizes:
        ratios = (scalar / size for scalar in repairs.scalars)
        for factor in (2 / size, 1 / (2 * size), size / (size - 1), (size - 1) / size, *ratios):
            yield f"the factor {short(factor)} is missing{within(place)}", multiply(factor, place.part)
    if place.role in ("side", "term", "branch"):
        several = islice(combinations_with_replacement(repairs.scalars, 2), _MOST_PAIRS)
        yield from added(place, (multiply(*pair, place.part) for pair in (*several, *((s,) for s in repairs.scalars))))
    yield f"the function log is missing around {short(place.part)}", Call("log", place.part)
    yield f"the function exp is missing around {short(place.part)}", Call("exp", place.part)


def combined(repairs: "Repairs", place: Place) -> Found:
    """Two factors, a slope that the chain rule brings, a case, the axis of a sum, a term that is a product."""
    part = place.part
    if isinstance(part, Compare | Logic) or place.role not in WHOLE | {"factor"}:
        return
    if isinstance(part, Multiply):
        yield from _two_too_much(part)
    if isinstance(part, Reduce):
        yield from _along_another_axis(part, place)
    elements = [*repairs.scalars, *repairs.defined, *repairs.elements(place)]
    if place.role in WHOLE:
        yield from _slopes(place, elements)
    if place.role in ("side", "term"):
        for element in elements:
            case = Compare(">", element, ZERO)
            yield f"the case {short(case)} is missing", Where(case, part, ZERO)
    products = (multiply(*pair) for pair in combinations(elements, 2))
    yield from added(place, islice(products, _MOST_PRODUCTS))


def _two_too_much(part: Multiply) -> Found:
    for one, other in combinations(part.factors, 2):
        rest = multiply(*(factor for factor in part.factors if factor is not one and factor is not other))
        if rest is not ONE:
            yield f"the factors {short(one)} and {short(other)} are too much", rest


def _slopes(place: Place, elements: list[Element]) -> Found:
    """The slopes of the logistic function, of tanh and of an absolute value, in terms of the values themselves."""
    for value in elements:
        rest = add(1, multiply(MINUS_ONE, value))
        slope = multiply(value, rest)
        for factor in (rest, slope, add(1, multiply(MINUS_ONE, power(value, 2))), Call("sign", value)):
            yield f"the factor {short(factor)} is missing{within(place)}", multiply(place.part, factor)
        for divisor in (rest, slope):
            changed = multiply(place.part, power(divisor, MINUS_ONE))
            yield f"the divisor {short(divisor)} is missing{within(place)}", changed


def _along_another_axis(part: Reduce, place: Place) -> Found:
    """sum(W[i, k], k) for sum(W[k, j], k): over one index, where the sum should be over another."""
    body, named = with_names(part, place.indices)
    if len(named) != 1:
        return
    (bound,) = named
    for kept in place.indices:
        for over in place.indices:
            if kept.axis is bound.axis and over is not kept:
                inner = Index(bound.name, over.axis)
                other = reduce(part.kind, replace(body, {bound: kept, over: inner}), inner)
                yield instead(part, other), other


def _elements(repairs: "Repairs", place: Place) -> Found:
    """One element in place of another of other axes, or of the half of itself and its mirror image."""
    part = place.part
    if isinstance(part, Element):
        others = (*repairs.elements(place), *repairs.scalars, *repairs.defined)
        yield from ((instead(part, other), other) for other in others if other.tensor.axes != part.tensor.axes)
        for _, _, swapped in transposed(part):
            even = multiply(HALF, add(part, swapped))
            yield instead(part, even), even


def _affine(repairs: "Repairs", part: Node) -> Found:
    """An index with another sign, or without the stride, inside a subscript or a delta."""
    if not isinstance(part, Element | Delta):
        return
    for whole in part.subscripts if isinstance(part, Element) else (part.left, part.right):
        for index in (leaf for leaf in walk(whole) if isinstance(leaf, Index)):
            for other in (*(multiply(size, index) for size in repairs.formula.sizes), multiply(MINUS_ONE, index)):
                changed = replace(whole, {index: other})
                yield instead(whole, changed), replace(part, {whole: changed})
