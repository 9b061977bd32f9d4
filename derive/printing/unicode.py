"""Layouts in the characters of a terminal: fractions, sums and brackets over several lines."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from derive.expression import Node
from derive.fitting import fitted
from derive.printing.blocks import (
    Block,
    beside,
    block,
    braced,
    fenced,
    fraction,
    root,
    stacked,
    table,
    width,
)
from derive.printing.composition import Composer
from derive.printing.glyphs import COMBINING, RELATIONS, SIGNS, glyph
from derive.printing.layout import (
    MINUS,
    PLUS,
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
    inside,
    row,
)

BELOW = dict(zip("0123456789+−=()aehijklmnoprstuvxβγρφχ", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓᵦᵧᵨᵩᵪ", strict=True))
ABOVE = dict(zip("0123456789+−()inT⊤", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾ⁱⁿᵀᵀ", strict=True))
SPACED = {"plus", "minus", "hadamard", "distributed", "dot", "==", "!=", "<", "<=", ">", ">="}
BIG = {"sum": "∑", "prod": "∏"}


def unicode(node: Node) -> str:
    """An expression over the lines that it takes.

    >>> from derive.expression import Size
    >>> print(unicode((Size("n") + 1) / Size("m")))
    n + 1
    ─────
      m
    """
    box = Composer((node,)).box(node)
    return shown(Writer((box,)).written(box))


def shown(made: Block) -> str:
    return "\n".join(line.rstrip() for line in made.lines)


class Writer:
    """Writes layouts that stand together: subscripts on the line if all of theirs can, else a line lower.

    columns: the width in which a relation fits, if it can be broken there.
    """

    def __init__(self, together: Iterable[Box], columns: int = 10**6) -> None:
        self.columns = columns
        scripts = [part.below for box in together for part in inside(box) if isinstance(part, Scripts) and part.below]
        self.is_flat = all(_flat(script, BELOW) is not None for script in scripts)

    def line(self, line: Relation, is_first: bool = True, remark: Sequence[str | Box] = ()) -> str:
        """A line of a display with a remark behind it, or below it where there is no room.

        is_first: whether the left side is shown, which else stands above already.
        """
        left = self.written(line.left)
        left = left if is_first else block(" " * left.width)
        sign = block(f" {RELATIONS[line.sign.kind]} ")
        made = beside([left, stacked(list(self._broken(sign, line.right, self.columns - left.width)), 0, "left")])
        words = "".join(part if isinstance(part, str) else " ".join(self.written(part).lines) for part in remark)
        if not words:
            return shown(made)
        behind = beside([made, block(f"   ({words})")])
        if behind.width <= self.columns:
            return shown(behind)
        indent = left.width + 3
        return f"{shown(made)}\n{' ' * indent}{fitted(f'({words})', self.columns, indent)}"

    def _broken(self, sign: Block, box: Box, most: int) -> Iterable[Block]:
        whole = beside([sign, self.written(box)])
        if whole.width <= most or not isinstance(box, Row):
            return [whole]
        starts = [at for at, item in enumerate(box.items) if item in (PLUS, MINUS) and at]
        if not starts:
            return [whole]
        lines, start = list[Block](), 0
        indent = " " * sign.width
        for at, end in zip(starts, [*starts[1:], len(box.items)], strict=True):
            lead = sign if not start else block(indent[:-2])
            if beside([lead, self.written(row(*box.items[start:end]))]).width > most and at > start:
                lines.append(beside([lead, self.written(row(*box.items[start:at]))]))
                start = at
        lead = sign if not start else block(indent[:-2])
        return [*lines, beside([lead, self.written(row(*box.items[start:]))])]

    def written(self, box: Box) -> Block:
        return WRITERS[type(box)](self, box)

    def symbol(self, box: Symbol) -> Block:
        text = glyph(box)
        return block(text[:1] + COMBINING[box.accent] + text[1:] if box.accent else text)

    def plain(self, box: Digits | Word | Phrase) -> Block:
        return block(box.text)

    def sign(self, box: Sign) -> Block:
        text = SIGNS[box.kind]
        return block(f" {text} " if box.kind in SPACED else text)

    def row(self, box: Row) -> Block:
        parts = [
            self._gap(box, at) if isinstance(item, Sign) and not SIGNS[item.kind] else self._item(box, at)
            for at, item in enumerate(box.items)
        ]
        return beside(parts)

    def _item(self, box: Row, at: int) -> Block:
        item = box.items[at]
        if isinstance(item, Phrase):
            return block(f"{' ' if at else ''}{item.text} ")
        if isinstance(item, Sign) and item.kind == "comma":
            return block(", ")
        return self.written(item)

    @staticmethod
    def _gap(box: Row, at: int) -> Block:
        """The space for a sign without a glyph."""
        before, sign, after = box.items[at - 1], box.items[at], box.items[at + 1]
        if sign.kind == "next":  # type: ignore[attr-defined]
            return block("")
        if sign.kind in ("apply", "body") and isinstance(after, Fenced) and not isinstance(before, Big):  # type: ignore[attr-defined]
            return block("" if after.fence == "()" else " ")
        return block(" ")

    def fraction(self, box: Fraction) -> Block:
        above, below = self.written(box.above), self.written(box.below)
        # A fraction in a fraction has the shorter line.
        return fraction(*(
            beside([block(" "), part, block(" ")]) if isinstance(side, Fraction) else part
            for side, part in ((box.above, above), (box.below, below))
        ))  # fmt: skip

    def root(self, box: Root) -> Block:
        return root(self.written(box.body))

    def scripts(self, box: Scripts) -> Block:
        """Scripts on the base's own line where there are characters for them, else a line lower or higher."""
        if isinstance(box.base, Scripts) and box.below is None and box.base.above is None:
            box = Scripts(box.base.base, box.base.below, box.above)
        base, side = self.written(box.base), list[str]()
        raised = 0
        if box.below is not None and self.is_flat:
            base = beside([base, block(_flat(box.below, BELOW) or "")])
        if box.above is not None:
            flat = _flat(box.above, ABOVE)
            side = [flat] if flat else list(self.written(box.above).lines)
            raised = 0 if flat else len(side)
        side += [""] * (raised + base.height - len(side))
        if box.below is not None and not self.is_flat:
            side += self.written(box.below).lines
        return _with_side(base, side, raised)

    def big(self, box: Big) -> Block:
        sign = block(BIG.get(box.kind, box.kind))
        above = [] if box.above is None else [self.written(box.above)]
        return stacked([*above, sign, self.written(box.below)], len(above))

    def fenced(self, box: Fenced) -> Block:
        return fenced(self.written(box.body), box.fence)

    def cases(self, box: Cases) -> Block:
        rows = [[self.written(value), self.written(condition)] for value, condition in box.rows]
        return braced(table(rows, "left"))

    def matrix(self, box: Matrix) -> Block:
        return fenced(table([[self.written(cell) for cell in cells] for cells in box.rows]), "[]")


def _with_side(base: Block, side: list[str], raised: int) -> Block:
    """A base with the lines of its scripts behind it, `raised` of them above its first line."""
    wide = max(map(width, side))
    lines = [" " * base.width] * raised + [*base.lines]
    lines += [" " * base.width] * (len(side) - len(lines))
    joined = (line + script + " " * (wide - width(script)) for line, script in zip(lines, side, strict=True))
    return Block(tuple(joined), base.baseline + raised)


def _flat(script: Box, characters: dict[str, str]) -> str | None:
    """A script in characters of its own, None where one is missing."""
    match script:
        case Symbol():
            text = "" if script.accent or (script.is_upright and len(script.name) > 1) else glyph(script)
        case Digits(text):
            pass
        case Sign(kind):
            text = {"next": " ", "negative": "−", "plus": "+", "minus": "−", "transposed": "⊤"}.get(kind, "")
            if kind == "next":
                return ""
        case Row(items):
            parts = [_flat(item, characters) for item in items]
            return None if None in parts else "".join(part or "" for part in parts)
        case Fenced(Digits(text), "()"):
            text = f"({text})"
        case _:
            return None
    flat = [characters.get(character) for character in text]
    return None if None in flat or not flat else "".join(character or "" for character in flat)


WRITERS: dict[type[Box], Callable[[Writer, Any], Block]] = {
    Symbol: Writer.symbol,
    Digits: Writer.plain,
    Word: Writer.plain,
    Phrase: Writer.plain,
    Sign: Writer.sign,
    Row: Writer.row,
    Fraction: Writer.fraction,
    Root: Writer.root,
    Scripts: Writer.scripts,
    Big: Writer.big,
    Fenced: Writer.fenced,
    Cases: Writer.cases,
    Matrix: Writer.matrix,
}
