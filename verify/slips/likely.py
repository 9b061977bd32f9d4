"""The kinds of slips that are made in print, in words, each with what is there instead where it is taken back."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from derive.binding import reduce
from derive.expression import (
    HALF,
    MINUS_ONE,
    ONE,
    Add,
    Call,
    Compare,
    Delta,
    Derivative,
    Element,
    Extremum,
    Index,
    Logic,
    Multiply,
    Node,
    Number,
    Power,
    Reduce,
    Size,
    add,
    element,
    multiply,
    number,
    power,
)
from derive.formula import Formula
from derive.printing.text import text
from verify.slips.distant import read_elsewhere
from verify.slips.parts import Place, with_names
from verify.slips.variants import TURNED, neighbours, transposed, without_one
from verify.slips.words import WHOLE, Found, added, instead, is_negative, negative, short, unsigned, within

if TYPE_CHECKING:
    from verify.slips.repairs import Repairs


def _signs(repairs: "Repairs", place: Place) -> Found:
    if place.role in WHOLE | {"exponent", "entry"} and not isinstance(place.part, Compare | Logic):
        flipped = negative(place.part)
        what = "the exponent " if place.role == "exponent" else ""
        yield f"the sign of {what}{unsigned(place.part)}" if place.role != "side" else "the sign", flipped


def _turns(repairs: "Repairs", place: Place) -> Found:
    """A square, a root, a quotient, a factor or a term too much or too few; indices swapped; a function's neighbour."""
    part, shown = place.part, short(place.part)
    match part:
        case Power(base, Number(2, 1)):
            yield f"{short(base)} is squared", base
            if isinstance(base, Add):
                inside = add(*(_squared(term) for term in base.terms))
                yield instead(part, inside), inside
        case Power(base, exponent) if exponent is HALF:
            yield f"the root of {short(base)}, which is too much", base
        case Power(base, exponent) if exponent is MINUS_ONE:
            yield f"{short(base)} divides where it multiplies", base
        case Add() | Multiply():
            what = "term" if isinstance(part, Add) else "factor"
            for extra, rest in without_one(part):
                if isinstance(extra, Power) and extra.exponent is MINUS_ONE and what == "factor":
                    yield f"the divisor {short(extra.base)} is too much", rest
                elif isinstance(extra, Number) and what == "term":
                    yield instead(part, rest), rest
                else:
                    yield f"the {what} {short(extra)} is too much", rest
        case Element():
            for one, other, swapped in transposed(part):
                yield f"{text(one)} and {text(other)} are swapped in {shown}", swapped
        case Compare(operator, left, right):
            yield f"{operator} in place of {TURNED[operator]}", Compare(TURNED[operator], left, right)
        case Call(function, argument):
            yield from _neighbours(function, lambda other: Call(other, argument))
            yield f"the function {function} is too much", argument
        case Extremum(kind, arguments):
            yield from _neighbours(kind, lambda other: Extremum(other, arguments))
        case Reduce(kind):
            body, named = with_names(part, place.indices)
            yield from _neighbours(kind, lambda other: reduce(other, body, *named))
    if place.role in WHOLE | {"factor"} and not isinstance(part, Number | Multiply | Power):
        yield f"the square of {shown} is missing", power(part, 2)
        yield f"the root of {shown} is missing", power(part, HALF)
        yield f"{shown} multiplies where it divides", power(part, -1)


def _squared(term: Node) -> Node:
    """A term's square, with the sign of the term."""
    if isinstance(term, Number):
        return term
    return negative(power(negative(term), 2)) if is_negative(term) else power(term, 2)


def _neighbours(name: str, build: Callable[[str], Node]) -> Found:
    yield from ((f"{name} in place of {other}", build(other)) for other in neighbours(name))


def _numbers(repairs: "Repairs", place: Place) -> Found:
    """One number in place of another, or in place of a delta; a rate in place of what it leaves."""
    part = place.part
    what = "the exponent " if place.role == "exponent" else ""
    if isinstance(part, Number):
        near = {part.value + 1, part.value - 1, part.value * 2, part.value / 2}
        near |= {1 / part.value} if part.numerator else set()
        is_sign = part is MINUS_ONE and place.role == "factor"  # of a term, which may lack a factor
        for value in sorted(near - {part.value}, key=lambda value: (value.denominator, abs(value))):
            if not is_sign or value == 0:
                yield what + instead(part, number(value)), number(value)
        if part is ONE or (part is MINUS_ONE and not is_sign):
            for other in (*repairs.deltas(place), *repairs.elements(place), *repairs.defined):
                yield instead(ONE, other), multiply(part, other)
    elif isinstance(part, Element) and place.role in WHOLE | {"factor"}:
        rest = add(1, multiply(MINUS_ONE, part))
        yield instead(part, rest), rest
    elif place.role == "exponent":
        rest = add(1, multiply(MINUS_ONE, part))
        yield what + instead(part, rest), rest


def _factors(repairs: "Repairs", place: Place) -> Found:
    """A number, a size or a scalar that does not multiply or divide, or a delta that is not there."""
    if place.role not in WHOLE or isinstance(place.part, Compare | Logic):
        return
    where = within(place)
    for factor in (number(2), HALF, *repairs.formula.sizes, *repairs.scalars):
        yield f"the factor {short(factor)} is missing{where}", multiply(factor, place.part)
        if not isinstance(factor, Number):
            yield f"the divisor {short(factor)} is missing{where}", multiply(place.part, power(factor, -1))
            rest = add(1, multiply(-1, factor))
            yield f"the factor {short(rest)} is missing{where}", multiply(rest, place.part)
    for factor in repairs.deltas(place):
        yield f"the factor {short(factor)} is missing{where}", multiply(place.part, factor)


def _terms(repairs: "Repairs", place: Place) -> Found:
    """A number or a scalar (epsilon) that is not added."""
    if place.role in WHOLE | {"factor", "exponent"} and not isinstance(place.part, Compare | Logic):
        yield from added(place, (ONE, *repairs.scalars))


def _others(repairs: "Repairs", place: Place) -> Found:
    """One size, name or index in place of another."""
    part = place.part
    if isinstance(part, Size):
        for other in (part - 1, part + 1, *(size for size in repairs.formula.sizes if size is not part)):
            yield instead(part, other), other
    elif isinstance(part, Element):
        for other in (*_with_other_subscripts(part, place.indices), *_with_other_tensors(part, repairs.formula)):
            yield instead(part, other), other
    elif isinstance(part, Derivative) and len(part.by) == 1:
        for other in _with_other_tensors(part.by[0], repairs.formula):
            yield instead(part, Derivative(part.body, (other,))), Derivative(part.body, (other,))
    elif isinstance(part, Delta | Index):
        yield instead(part, ONE), ONE


def _with_other_subscripts(part: Element, indices: tuple[Index, ...]) -> Iterator[Node]:
    for at, subscript in enumerate(part.subscripts):
        others: list[Node] = [i for i in indices if isinstance(subscript, Index) and i.axis is subscript.axis]
        for other in (*others, subscript - 1, subscript + 1):
            if other is not subscript:
                yield element(part.tensor, *part.subscripts[:at], other, *part.subscripts[at + 1 :])


def _with_other_tensors(part: Element, formula: Formula) -> Iterator[Element]:
    for tensor in formula.tensors():
        if tensor.axes == part.tensor.axes and tensor is not part.tensor:
            yield element(tensor, *part.subscripts)


KINDS: tuple[Callable[["Repairs", Place], Found], ...] = (
    _signs,
    _turns,
    _numbers,
    _factors,
    _terms,
    _others,
    read_elsewhere,
)
"""The likeliest first."""
