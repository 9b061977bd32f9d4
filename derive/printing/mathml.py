"""Layouts as Presentation MathML Core, which browsers render and screen readers speak; every text is escaped."""

from collections.abc import Callable, Iterable, Sequence
from html import escape
from typing import Any

from derive.expression import Node
from derive.printing.composition import Composer
from derive.printing.glyphs import ACCENTS, RELATIONS, SIGNS, glyph
from derive.printing.layout import (
    BODY,
    NEGATIVE,
    NOT,
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
    first,
    inside,
)

NAMESPACE = "http://www.w3.org/1998/Math/MathML"
BIG = {"sum": "∑", "prod": "∏"}
SPACE = "\u00a0"  # which XML keeps
GAP = '<mspace width="0.167em"/>'
# The plain values align text, these also what is a box of its own; Chromium, Firefox and Safari know them.
LEFT, RIGHT = ' style="text-align: -webkit-left"', ' style="text-align: -webkit-right"'
SIDE = ' style="text-align: -webkit-left; padding-left: 0"'
_INVISIBLE = {"times": "&#x2062;", "next": "&#x2063;", "apply": "&#x2061;"}


def mathml(node: Node, display: str = "block") -> str:
    """An expression as one math element. display: "block" or "inline".

    >>> from derive.expression import Size
    >>> mathml(Size("n") / 2, "inline").removeprefix(f'<math xmlns="{NAMESPACE}" display="inline">')
    '<mfrac><mi>n</mi><mn>2</mn></mfrac></math>'
    """
    return math(written(Composer((node,)).box(node)), display)


def math(content: str, display: str = "block") -> str:
    return f'<math xmlns="{NAMESPACE}" display="{display}">{content}</math>'


def aligned(lines: Iterable[tuple[Relation, Sequence[str | Box], bool]]) -> str:
    """Lines aligned at their signs, as one math element.

    Each comes with a remark of words and names, and with whether its left side is shown.
    """
    rows = []
    for line, remark, is_first in lines:
        left = written(line.left) if is_first else ""
        cells = [f"<mtd{RIGHT}>{left}</mtd>", f"<mtd{SIDE}>{related(line)}</mtd>"]
        words = "".join(f"<mtext>{_kept(part)}</mtext>" if isinstance(part, str) else written(part) for part in remark)
        cells += [f'<mtd{LEFT}><mspace width="2em"/>{words}</mtd>'] if remark else []
        rows.append(f"<mtr>{''.join(cells)}</mtr>")
    return math(f'<mtable displaystyle="true">{"".join(rows)}</mtable>')


def related(line: Relation) -> str:
    """The sign and the right side of a line."""
    return f"<mrow><mo>{escape(RELATIONS[line.sign.kind])}</mo>{written(line.right)}</mrow>"


def ascii_only(text: str) -> str:
    """The same in XML with character references."""
    return text.encode("ascii", "xmlcharrefreplace").decode("ascii")


def _kept(text: str) -> str:
    """Text whose outer spaces are kept."""
    return escape(text).replace(" ", SPACE)


def written(box: Box) -> str:
    """The MathML of a layout, one element."""
    return WRITERS[type(box)](box)


def _symbol(box: Symbol) -> str:
    element = _name(glyph(box), box.is_upright)
    if box.accent:
        return f'<mover accent="true">{element}<mo stretchy="false">{ACCENTS[box.accent]}</mo></mover>'
    return element


def _name(text: str, is_upright: bool = False) -> str:
    """A name; one of a single letter slants by itself, which capital Greek letters do not, as in LaTeX."""
    is_upright |= "Α" <= text <= "Ω"
    variant = ' mathvariant="normal"' if is_upright and len(text) == 1 else ""
    return f"<mi{variant}>{escape(text)}</mi>"


def _row(box: Row) -> str:
    parts = []
    for before, item, after in zip((None, *box.items), box.items, (*box.items[1:], None), strict=False):
        match item:
            case Sign("body"):
                # The sign of a sum has its own space.
                is_close = before.kind in BIG if isinstance(before, Big) else isinstance(after, Fenced)
                parts.append("" if is_close else GAP)
            case Sign("apply"):
                is_fenced = isinstance(after, Fenced) and after.fence == "()"
                parts.append(f"<mo>{_INVISIBLE['apply']}</mo>" + ("" if is_fenced else GAP))
            case Sign("times") if after is not None and isinstance(first(after), Word):
                parts.append(written(item) + GAP)
            case Phrase(text):
                parts.append(f"<mtext>{SPACE if before else ''}{escape(text)}{SPACE}</mtext>")
            case _:
                parts.append(written(item))
    return f"<mrow>{''.join(parts)}</mrow>"


def _sign(box: Sign) -> str:
    if box.kind in _INVISIBLE:
        return f"<mo>{_INVISIBLE[box.kind]}</mo>"
    if box == BODY:
        return GAP
    text = escape(SIGNS[box.kind].strip())
    if box in (NEGATIVE, NOT):
        return f'<mo form="prefix">{text}</mo>'
    match box.kind:
        case "thin":
            return f"<mo>{_INVISIBLE['times']}</mo>{GAP}"
        case "partial":
            return "<mi>∂</mi>"
        case "normal" | "expected" | "transposed":
            return f'<mi mathvariant="normal">{text}</mi>'
        case "indicator":
            return "<mn>𝟏</mn>"
        case "comma" | "and":
            return "<mo>,</mo>"
        case "slash" | "first":
            return f'<mo lspace="0" rspace="0">{text}</mo>'
    return f"<mo>{text}</mo>"


def _scripts(box: Scripts) -> str:
    if box.below is None:
        return f"<msup>{_parts(box.base, box.above)}</msup>" if box.above is not None else written(box.base)
    if box.above is None:
        return f"<msub>{_parts(box.base, box.below)}</msub>"
    return f"<msubsup>{_parts(box.base, box.below, box.above)}</msubsup>"


def _parts(*boxes: Box | None) -> str:
    return "".join(written(box) for box in boxes if box is not None)


def _big(box: Big) -> str:
    sign = f"<mo>{BIG[box.kind]}</mo>" if box.kind in BIG else f"<mi>{box.kind}</mi>"
    below = written(box.below)
    if box.above is None:
        return f"<munder>{sign}{below}</munder>"
    return f"<munderover>{sign}{below}{written(box.above)}</munderover>"


def _fenced(box: Fenced) -> str:
    opening, closing = box.fence[0], box.fence[1]
    is_tall = any(isinstance(part, (Fraction, Big, Root, Cases, Matrix)) for part in inside(box.body))
    stretchy = "true" if is_tall else "false"
    return (
        f'<mrow><mo form="prefix" stretchy="{stretchy}">{opening}</mo>{written(box.body)}'
        f'<mo form="postfix" stretchy="{stretchy}">{closing}</mo></mrow>'
    )


def _cases(box: Cases) -> str:
    rows = (_cells(row, LEFT) for row in box.rows)
    return f'<mrow><mo form="prefix">{{</mo><mtable>{"".join(rows)}</mtable></mrow>'


def _matrix(box: Matrix) -> str:
    rows = (_cells(row, "") for row in box.rows)
    return f'<mrow><mo form="prefix">(</mo><mtable>{"".join(rows)}</mtable><mo form="postfix">)</mo></mrow>'


def _cells(boxes: Sequence[Box], style: str) -> str:
    return f"<mtr>{''.join(f'<mtd{style}>{written(box)}</mtd>' for box in boxes)}</mtr>"


WRITERS: dict[type[Box], Callable[[Any], str]] = {
    Symbol: _symbol,
    Digits: lambda box: f"<mn>{escape(box.text)}</mn>",
    Word: lambda box: _name(box.text),
    Phrase: lambda box: f"<mtext>{escape(box.text)}</mtext>",
    Sign: _sign,
    Row: _row,
    Fraction: lambda box: f"<mfrac>{_parts(box.above, box.below)}</mfrac>",
    Root: lambda box: f"<msqrt>{written(box.body)}</msqrt>",
    Scripts: _scripts,
    Big: _big,
    Fenced: _fenced,
    Cases: _cases,
    Matrix: _matrix,
}
