r"""Layouts as LaTeX: sums with \sum, quotients as fractions. Needs the package amsmath, or KaTeX or MathJax."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from derive.expression import Axis, Node
from derive.printing.composition import Composer
from derive.printing.layout import (
    APPLY,
    NEXT,
    PARTIAL,
    Big,
    Box,
    Cases,
    Digits,
    Fenced,
    Fraction,
    Matrix,
    Phrase,
    Relation,
    Root,
    Row,
    Scripts,
    Sign,
    Symbol,
    Word,
)
from derive.printing.letters import GREEK

RELATIONS = {"==": "=", "!=": r"\ne", "<": "<", "<=": r"\le", ">": ">", ">=": r"\ge"}
SIGNS = {sign: f" {command} " for sign, command in RELATIONS.items()} | {
    "plus": " + ",
    "minus": " - ",
    "negative": "-",
    "times": " ",
    "dot": r" \cdot ",
    "thin": r" \, ",
    "apply": " ",
    "body": " ",
    "comma": ", ",
    "and": ",",
    "slash": "/",
    "first": "=",
    "partial": r"\partial",
    "not": r"\lnot ",
    "distributed": r" \sim ",
    "normal": r"\mathcal{N}",
    "expected": r"\operatorname{E}",
    "indicator": r"\mathbf{1}",
    "transposed": r"\top",
    "hadamard": r" \odot ",
}
COMMANDS = frozenset(("arctan", "cos", "cosh", "exp", "log", "max", "min", "sin", "sinh", "tan", "tanh"))
"""The functions that LaTeX has a command for."""
FENCES = {"()": "()", "[]": "[]", "||": "||", "⌊⌋": (r"\lfloor ", r"\rfloor")}
_SPECIAL = {character: "\\" + character for character in "{}$&#%_"} | {
    "\\": r"\textbackslash ",
    "^": r"\^{}",
    "~": r"\~{}",
}
MOST_COLUMNS = 10
"""What amsmath sets side by side in a matrix."""


def latex(node: Node) -> str:
    r"""The LaTeX of an expression, for every size.

    >>> from derive.binding import total
    >>> from derive.expression import Index, Size, Tensor, axis, element
    >>> over = axis(Size("n"))
    >>> i, x = Index("i", over), Tensor("x", (over,), "real")
    >>> print(latex(total(element(x, i) ** 2, i) / 2))
    \frac{1}{2} \sum_{i} x_{i}^{2}
    """
    return written(Composer((node,)).box(node))


class Printer:
    """LaTeX of expressions that stand together, so that a name means the same in all of them."""

    def __init__(self, among: Iterable[Node], letters: Mapping[Axis, Sequence[str]] | None = None) -> None:
        self.composer = Composer(among, letters)

    def text(self, node: Node) -> str:
        return written(self.composer.box(node))

    def relation(self, left: Node, operator: str, right: Node) -> str:
        """`left &= right`, for a display aligned at its signs."""
        return " ".join(related(self.composer.relation(left, operator, right)))


def related(line: Relation) -> tuple[str, str]:
    """The two columns of a line of an aligned display."""
    return written(line.left), f"&{RELATIONS[line.sign.kind]} {written(line.right)}"


def remark(parts: Sequence[str | Box]) -> str:
    """Words and names behind a line."""
    return " ".join(rf"\text{{{escaped(part)}}}" if isinstance(part, str) else written(part) for part in parts)


def escaped(text: str) -> str:
    """Text in which TeX finds no command."""
    return "".join(_SPECIAL.get(character, character) for character in text)


def written(box: Box) -> str:
    """The LaTeX of a layout."""
    return WRITERS[type(box)](box)


def _symbol(box: Symbol) -> str:
    if box.is_upright or (len(box.name) > 1 and box.name not in GREEK):
        name = r"\mathrm{" + box.name.replace("_", r"\_") + "}"
    else:
        name = rf"\{_variant(box.name)}" if len(box.name) > 1 else box.name
    return rf"\{box.accent}{{{name}}}" if box.accent else name


def _variant(name: str) -> str:
    return "varepsilon" if name == "epsilon" else name


def _word(box: Word) -> str:
    return rf"\{box.text}" if box.text in COMMANDS else rf"\operatorname{{{box.text}}}"


def _row(box: Row) -> str:
    text = ""
    for before, item, after in zip((None, *box.items), box.items, (*box.items[1:], None), strict=False):
        if item == APPLY and isinstance(after, Fenced) and after.fence == "()":
            continue
        if item == NEXT:
            text += "" if _is_one_letter(before) and _is_one_letter(after) else " "
        elif isinstance(item, Phrase):
            text += rf"{' ' if text else ''}\text{{{' ' if text else ''}{item.text} }} "
        elif item == PARTIAL or (isinstance(item, Scripts) and item.base == PARTIAL):
            text += written(item) + " "
        else:
            text += written(item)
    return text


def _is_one_letter(box: Box | None) -> bool:
    return isinstance(box, Symbol) and len(box.name) == 1 and not box.accent


def _scripts(box: Scripts) -> str:
    above = f"^{{{written(box.above)}}}" if box.above is not None else ""
    below = f"_{{{written(box.below)}}}" if box.below is not None else ""
    return written(box.base) + above + below


def _big(box: Big) -> str:
    above = f"^{{{written(box.above)}}}" if box.above is not None else ""
    return rf"\{box.kind}_{{{written(box.below)}}}{above}"


def _fenced(box: Fenced) -> str:
    if isinstance(box.body, Digits) and box.fence == "()":
        return box.fence[0] + box.body.text + box.fence[1]
    opening, closing = FENCES[box.fence]
    return rf"\left{opening}{written(box.body)}\right{closing}"


def _cases(box: Cases) -> str:
    rows = (f"{written(value)} & {written(condition)}" for value, condition in box.rows)
    return rf"\begin{{cases}} {_lines(rows)} \end{{cases}}"


def _matrix(box: Matrix) -> str:
    rows = _lines(" & ".join(map(written, cells)) for cells in box.rows)
    columns = len(box.rows[0])
    if columns > MOST_COLUMNS:
        return rf"\left(\begin{{array}}{{{'c' * columns}}} {rows} \end{{array}}\right)"
    return rf"\begin{{pmatrix}} {rows} \end{{pmatrix}}"


def _lines(rows: Iterable[str]) -> str:
    return r" \\ ".join(rows)


WRITERS: dict[type[Box], Callable[[Any], str]] = {
    Symbol: _symbol,
    Digits: lambda box: box.text,
    Word: _word,
    Phrase: lambda box: rf"\text{{{box.text}}}",
    Sign: lambda box: SIGNS[box.kind],
    Row: _row,
    Fraction: lambda box: rf"\frac{{{written(box.above)}}}{{{written(box.below)}}}",
    Root: lambda box: rf"\sqrt{{{written(box.body)}}}",
    Scripts: _scripts,
    Big: _big,
    Fenced: _fenced,
    Cases: _cases,
    Matrix: _matrix,
}
