"""The kinds of slips that are made in print, in words, each with what is there instead where it is taken back."""

from collections.abc import Callable, Iterable, Iterator
from itertools import combinations_with_replacement, islice
from typing import TYPE_CHECKING

from derive.binding import reduce, replace, walk
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
from verify.slips.parts import Place, with_names
from verify.slips.variants import TURNED, neighbours, transposed, without_one

if TYPE_CHECKING:
    from verify.slips.repairs import Repairs

WHOLE = {"side", "term", "branch", "body", "argument", "base"}  # what a product can lack a factor in
LONG = 48
_MOST_PAIRS = 10  # of scalars that together may be missing in a term

Found = Iterator[tuple[str, Node]]


def _signs(repairs: "Repairs", place: Place) -> Found:
    if place.role in WHOLE | {"exponent", "entry"} and not isinstance(place.part, Compare | Logic):
        flipped = multiply(MINUS_ONE, place.part)
        what = "the exponent " if place.role == "exponent" else ""
        yield f"the sign of {what}{_unsigned(place.part)}" if place.role != "side" else "the sign", flipped


def _turns(repairs: "Repairs", place: Place) -> Found:
    """A square, a root, a quotient, a factor or a term too much or too few; indices swapped; a function's neighbour."""
    part, shown = place.part, _short(place.part)
    match part:
        case Power(base, Number(2, 1)):
            yield f"{_short(base)} is squared", base
        case Power(base, exponent) if exponent is HALF:
            yield f"the root of {_short(base)}, which is too much", base
        case Power(base, exponent) if exponent is MINUS_ONE:
            yield f"{_short(base)} divides where it multiplies", base
        case Add() | Multiply():
            what = "term" if isinstance(part, Add) else "factor"
            for extra, rest in without_one(part):
                if isinstance(extra, Power) and extra.exponent is MINUS_ONE and what == "factor":
                    yield f"the divisor {_short(extra.base)} is too much", rest
                elif isinstance(extra, Number) and what == "term":
                    yield instead(part, rest), rest
                else:
                    yield f"the {what} {_short(extra)} is too much", rest
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


def _neighbours(name: str, build: Callable[[str], Node]) -> Found:
    yield from ((f"{name} in place of {other}", build(other)) for other in neighbours(name))


def _numbers(repairs: "Repairs", place: Place) -> Found:
    """One number in place of another, or in place of a delta; a rate in place of what it leaves."""
    part = place.part
    what = "the exponent " if place.role == "exponent" else ""
    if isinstance(part, Number):
        near = {part.value + 1, part.value - 1, part.value * 2, part.value / 2}
        near |= {1 / part.value} if part.numerator else set()
        for value in sorted(near - {part.value}, key=lambda value: (value.denominator, abs(value))):
            yield what + instead(part, number(value)), number(value)
        if part is ONE:
            for delta in repairs.deltas(place):
                yield instead(part, delta), delta
    elif isinstance(part, Element) and place.role in WHOLE | {"factor"}:
        rest = add(1, multiply(MINUS_ONE, part))
        yield instead(part, rest), rest


def _factors(repairs: "Repairs", place: Place) -> Found:
    """A number, a size or a scalar that does not multiply or divide, or a delta that is not there."""
    if place.role not in WHOLE or isinstance(place.part, Compare | Logic):
        return
    within = "" if place.role == "side" else f" in {_short(place.part)}"
    for factor in (number(2), HALF, *repairs.formula.sizes, *repairs.scalars):
        yield f"the factor {_short(factor)} is missing{within}", multiply(factor, place.part)
        if not isinstance(factor, Number):
            yield f"the divisor {_short(factor)} is missing{within}", multiply(place.part, power(factor, -1))
            rest = add(1, multiply(-1, factor))
            yield f"the factor {_short(rest)} is missing{within}", multiply(rest, place.part)
    for factor in repairs.deltas(place):
        yield f"the factor {_short(factor)} is missing{within}", multiply(place.part, factor)


def _terms(repairs: "Repairs", place: Place) -> Found:
    """A number or a scalar (epsilon) that is not added."""
    if place.role in WHOLE | {"factor", "exponent"} and not isinstance(place.part, Compare | Logic):
        yield from _added(place, (ONE, *repairs.scalars))


def _added(place: Place, terms: Iterable[Node]) -> Found:
    within = "" if place.role == "side" else f" beside {_short(place.part)}"
    for term in terms:
        for sign in (1, -1):
            signed = multiply(sign, term)
            if not (isinstance(place.part, Number) and term is ONE):
                yield f"the term {_short(signed)} is missing{within}", add(place.part, signed)


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


def _distant(repairs: "Repairs", place: Place) -> Found:
    """A factor or a term that the formula has elsewhere, the n of an average for another, a product's other term."""
    yield from _affine(repairs, place.part)
    yield from _elements(repairs, place)
    found = repairs.readable(place, [*repairs.known, *repairs.elements(place)])
    if place.role in WHOLE | {"factor"} and not isinstance(place.part, Compare | Logic):
        yield from _added(place, found)
    if place.role not in WHOLE or isinstance(place.part, Compare | Logic):
        return
    within = "" if place.role == "side" else f" in {_short(place.part)}"
    for factor in found:
        is_divisor = isinstance(factor, Power) and factor.exponent is MINUS_ONE
        what = f"divisor {_short(factor.children()[0])}" if is_divisor else f"factor {_short(factor)}"
        yield f"the {what} is missing{within}", multiply(factor, place.part)
    for size in repairs.formula.sizes:
        for factor in (2 / size, 1 / (2 * size), size / (size - 1), (size - 1) / size):
            yield f"the factor {_short(factor)} is missing{within}", multiply(factor, place.part)
    if place.role in ("side", "term", "branch"):
        several = islice(combinations_with_replacement(repairs.scalars, 2), _MOST_PAIRS)
        yield from _added(place, (multiply(*pair, place.part) for pair in (*several, *((s,) for s in repairs.scalars))))
    yield f"the function log is missing around {_short(place.part)}", Call("log", place.part)
    yield f"the function exp is missing around {_short(place.part)}", Call("exp", place.part)


def _elements(repairs: "Repairs", place: Place) -> Found:
    """One element in place of another of other axes, or of the half of itself and its mirror image."""
    part = place.part
    if isinstance(part, Element):
        others = (*repairs.elements(place), *repairs.scalars)
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


KINDS: tuple[Callable[["Repairs", Place], Found], ...] = (
    _signs,
    _turns,
    _numbers,
    _factors,
    _terms,
    _others,
    _distant,
)
"""The likeliest first."""

# ------------------------------------------------------------------------------------------- in words


def instead(part: Node, other: Node) -> str:
    return f"{_short(part)} in place of {_short(other)}"


def _short(node: Node) -> str:
    shown = text(node)
    return shown if len(shown) <= LONG else f"{shown[:LONG]}…"


def _unsigned(node: Node) -> str:
    """A term without its minus."""
    negative = isinstance(node, Multiply) and isinstance(node.factors[0], Number) and node.factors[0].numerator < 0
    return _short(multiply(MINUS_ONE, node)) if negative else _short(node)
