"""An expression in the language again: text that reads back to the identical expression."""

from derive.expression import Axis, Node


def text(node: Node) -> str:
    return repr(node)


def axis_text(axis: Axis) -> str:
    from derive.expression import Number
    from derive.ranges import last_of

    if isinstance(axis.start, Number) and axis.start.numerator == 0:
        return text(axis.size)
    return f"{text(axis.start)}..{text(last_of(axis))}"
