"""Branches of a choice, made safe where they are not chosen.

Arrays compute both branches everywhere. What could be undefined or too large where its branch is not chosen is given 1
there, and a place outside its axis is clipped to it, so that no warning, no NaN and no wrong address comes of it.
"""

from derive.binding import rebuilt
from derive.expression import (
    ONE,
    Call,
    Element,
    Extremum,
    Index,
    Node,
    Number,
    Power,
    Size,
    Where,
)
from derive.ranges import is_nonnegative, polynomial

_PARTIAL = {"log", "log1p", "exp", "expm1", "sinh", "cosh"}


def guarded(node: Node, condition: Node, holds: bool) -> Node:
    """The branch as it is where the condition holds (or, with `holds` false, does not), defined everywhere."""

    def safe(value: Node) -> Node:
        if isinstance(value, (Number, Size)) or not value.mentions:
            return value
        return Where(condition, value, ONE) if holds else Where(condition, ONE, value)

    def change(part: Node) -> Node:
        match part:
            case Element(tensor, subscripts):
                return Element(
                    tensor,
                    tuple(clipped(s, over.start, over.size) for s, over in zip(subscripts, tensor.axes, strict=True)),
                )
            case Call(function, argument) if function in _PARTIAL:
                return Call(function, safe(change(argument)))
            case Power(base, exponent) if not (isinstance(exponent, Number) and _is_total(exponent)):
                return Power(safe(change(base)), change(exponent))
        return rebuilt(part, change) if part.children() else part

    return change(node)


def _is_total(exponent: Number) -> bool:
    return exponent.denominator == 1 and exponent.numerator >= 0


def clipped(subscript: Node, start: Node, size: Node) -> Node:
    """A subscript that stays on its axis; as it is where that is shown."""
    if isinstance(subscript, Index) and subscript.axis.start is start and subscript.axis.size is size:
        return subscript
    low, last = start, start + size - 1
    if isinstance(subscript, Extremum) and subscript.arguments[0] in (low, last):
        return subscript
    form, first, end = polynomial(subscript), polynomial(low), polynomial(last)
    if form is None or first is None or not is_nonnegative(form - first):
        subscript = Extremum("max", (low, subscript))
    if form is None or end is None or not is_nonnegative(end - form):
        subscript = Extremum("min", (last, subscript))
    return subscript
