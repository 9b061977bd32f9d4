"""What the comments and docstrings of generated code say: shapes, domains, definitions, LaTeX."""

from collections.abc import Sequence

from derive import domains
from derive.errors import UnsupportedError
from derive.expression import Axis, Number, Tensor
from derive.formula import Formula
from derive.printing.text import text
from derive.ranges import last_of


def described(tensor: Tensor) -> str:
    domain = domains.TABLE[tensor.domain].meaning
    return f"{domain}{', shape ' + shape_text(tensor.axes) if tensor.axes else ''}"


def shape_text(axes: Sequence[Axis]) -> str:
    if not axes:
        return ""
    lengths = [text(a.size) for a in axes]
    starts = [f" from {text(a.start)} to {text(last_of(a))}" for a in axes if a.start is not Number(0, 1)]
    return f"({', '.join(lengths)}{',' if len(lengths) == 1 else ''})" + "".join(starts)


def definitions(formula: Formula) -> list[str]:
    """The definitions as the entry writes them."""
    lines = []
    for d in formula.definitions:
        labels = f"[{', '.join(str(i.name) for i in d.indices)}]" if d.indices else ""
        lines += [f"{d.name}[{', '.join(text(s) for s in at)}] = {text(base)}" for at, base in d.bases]
        lines.append(f"{d.name}{labels} = {text(d.body)}")
    return lines


def latex_of(formula: Formula) -> list[str]:
    from derive.show import result

    try:
        return result(formula).latex().splitlines()
    except (UnsupportedError, RecursionError):
        return []
