"""Recurrences: which subscript counts the steps, and an element by the step before it."""

from derive.binding import replace
from derive.errors import UnsupportedError
from derive.expression import Element, Index, Node, Number
from derive.formula import Definition


def stepped(definition: Definition, part: Element) -> Node:
    """An element of a recurrence by its base, or by the step before it."""
    place = step_place(definition)
    for subscripts, body in definition.bases:
        pairs = list(zip(subscripts, part.subscripts, strict=True))
        if all(s is given for s, given in pairs if isinstance(s, Number)):
            return replace(body, {s: given for s, given in pairs if isinstance(s, Index)})
        now, start = part.subscripts[place], subscripts[place]
        if isinstance(now, Number) and isinstance(start, Number) and now.numerator < start.numerator:
            raise UnsupportedError(f"{part.tensor.name} before its first step")
    return replace(definition.body, dict(zip(definition.indices, part.subscripts, strict=True)))


def step_place(definition: Definition) -> int:
    """Which subscript of a recurrence counts its steps: the one that its base fixes."""
    for place, subscript in enumerate(definition.bases[0][0]):
        if isinstance(subscript, Number):
            return place
    raise UnsupportedError("a recurrence whose base fixes no step")
