"""What is read at subscripts: by slices where they are plain, else by arrays of places."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from derive.export.program import Subscripts, Value, place_of
from derive.export.python.dialect import ATOM, Text
from derive.expression import Index, Node
from derive.ranges import polynomial

if TYPE_CHECKING:
    from derive.export.python.expressions import Expressions


def of_read(printer: "Expressions", value: Value) -> Text:
    ((operand, _),) = value.operands
    subscripts: Subscripts = value.detail
    source = printer.held(operand, ATOM)
    sliced = _slices(printer, value, subscripts.nodes)
    if sliced is not None:
        places, order = sliced
        text = f"{source}[{', '.join(places)}]"
        return (text if order == sorted(order) else printer.turned(text, [order.index(k) for k in sorted(order)])), ATOM
    # Axes that are read as they are, and stand first on both sides, are read as slices.
    plain = 0
    while (
        plain < len(subscripts.nodes)
        and isinstance(node := subscripts.nodes[plain], Index)
        and place_of(node) == plain
        and operand.shape[plain] is value.extents[plain]
        and not any(node in other.free for other in subscripts.nodes[plain + 1 :])
    ):
        plain += 1
    arrays = [":"] * plain
    for k in range(plain, value.rank):
        stop = printer.integers(()).text(value.extents[k])
        tail = f"[:{', None' * (value.rank - 1 - k)}]" if k < value.rank - 1 else ""
        arrays.append(printer.written(printer.dialect.places, stop) + tail)
    integers = printer.integers(arrays)
    if printer.dialect.at_least:
        integers.larger, integers.smaller = printer.dialect.at_least, printer.dialect.at_most
    else:
        integers.larger = f"{printer.dialect.module}.maximum({{0}}, {{1}})"
        integers.smaller = f"{printer.dialect.module}.minimum({{0}}, {{1}})"
    return f"{source}[{', '.join(integers.text(node) for node in subscripts.nodes)}]", ATOM


def _slices(printer: "Expressions", value: Value, nodes: Sequence[Node]) -> tuple[list[str], list[int]] | None:
    """Slices, where each subscript is a number or one loop axis moved by a number, and no axis comes twice."""
    texts: list[str] = []
    order: list[int] = []
    integers = printer.integers(())
    for node in nodes:
        form = polynomial(node)
        if form is None:
            return None
        own = [i for i in form.symbols() if isinstance(i, Index) and place_of(i) is not None]
        if not own:
            if node.level or any(isinstance(i, Index) and place_of(i) is not None for i in node.free):
                return None
            texts.append(integers.text(node))
            continue
        parts = form.split(own[0])
        if len(own) > 1 or parts is None:
            return None
        k = place_of(own[0])
        assert k is not None
        if k in order or set(parts[0]) != {()} or parts[0][()] < 1:
            return None
        slope, start = parts[0][()], parts[1].node()
        begin = integers.text(start)
        extent = value.extents[k]
        end = integers.text(start + (extent - 1) * slope + 1 if slope != 1 else start + extent)
        if begin.startswith("-") and not begin[1:].isdigit():
            return None
        order.append(k)
        texts.append(f"{begin if begin != '0' else ''}:{end}" + (f":{slope}" if slope != 1 else ""))
    return (texts, order) if len(order) == value.rank else None
