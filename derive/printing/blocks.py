"""Blocks of characters with a baseline, put side by side and on top of each other: the terminal's layout."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

# By fence: what stands for it on one line, then its top, middle and bottom pieces, left and right.
FENCES = {
    "()": ("()", "⎛⎜⎝", "⎞⎟⎠"),
    "[]": ("[]", "⎡⎢⎣", "⎤⎥⎦"),
    "||": ("││", "│││", "│││"),
    "⌊⌋": ("⌊⌋", "⎢⎢⎣", "⎥⎥⎦"),
}


@dataclass(frozen=True, slots=True)
class Block:
    """lines: all of one width.  baseline: the line on which neighbours are aligned."""

    lines: tuple[str, ...]
    baseline: int = 0

    @property
    def width(self) -> int:
        return width(self.lines[0])

    @property
    def height(self) -> int:
        return len(self.lines)


def width(text: str) -> int:
    """The columns that a text takes; an accent takes none."""
    return sum(not unicodedata.combining(character) for character in text)


def block(text: str) -> Block:
    return Block((text,))


def beside(parts: Sequence[Block]) -> Block:
    """Side by side, baselines on one line."""
    parts = [part for part in parts if part.width]
    if not parts:
        return block("")
    above = max(part.baseline for part in parts)
    below = max(part.height - part.baseline for part in parts)
    columns = [
        [*[" " * part.width] * (above - part.baseline), *part.lines]
        + [" " * part.width] * (below - (part.height - part.baseline))
        for part in parts
    ]
    return Block(tuple("".join(cells) for cells in zip(*columns, strict=True)), above)


def stacked(parts: Sequence[Block], baseline: int, align: str = "center") -> Block:
    """On top of each other; baseline: the part whose baseline is the whole's."""
    widest = max(part.width for part in parts)
    lines = [_padded(line, widest, align) for part in parts for line in part.lines]
    return Block(tuple(lines), sum(part.height for part in parts[:baseline]) + parts[baseline].baseline)


def _padded(line: str, widest: int, align: str) -> str:
    space = widest - width(line)
    left = 0 if align == "left" else space if align == "right" else space // 2
    return " " * left + line + " " * (space - left)


def fraction(above: Block, below: Block) -> Block:
    bar = block("─" * max(above.width, below.width))
    return stacked([above, bar, below], 1)


def root(body: Block) -> Block:
    """The body under a roof; a single letter has a plain sign."""
    if body.height == 1 and body.width == 1:
        return beside([block("√"), body])
    roof = Block((" ┌" + "─" * body.width,))
    sides = [" │"] * (body.height - 1) + ["√│"]
    walls = Block(tuple(side + line for side, line in zip(sides, body.lines, strict=True)), body.baseline)
    return Block((*roof.lines, *walls.lines), body.baseline + 1)


def fenced(body: Block, fence: str) -> Block:
    line, left, right = FENCES[fence]
    sides = [_side(body, side, flat) for side, flat in zip((left, right), line, strict=True)]
    return beside([sides[0], body, sides[1]])


def braced(body: Block) -> Block:
    """The body behind one brace, its point at the baseline."""
    if body.height == 1:
        return beside([block("{"), body])
    body = body if body.height > 2 else stacked([body, block("")], 0, "left")
    lines = ["⎪"] * body.height
    lines[0], lines[body.height // 2], lines[-1] = "⎧", "⎨", "⎩"
    return beside([Block(tuple(lines), body.height // 2), Block(body.lines, body.height // 2)])


def _side(body: Block, pieces: str, flat: str) -> Block:
    if body.height == 1:
        return block(flat)
    return Block((pieces[0], *[pieces[1]] * (body.height - 2), pieces[2]), body.baseline)


def table(rows: Sequence[Sequence[Block]], align: str = "center", gap: int = 2) -> Block:
    """Columns of cells, each row on one baseline, a blank line between rows that are tall; baseline in the middle."""
    widths = [max(cell.width for cell in column) for column in zip(*rows, strict=True)]
    lines: list[str] = []
    is_tall = any(cell.height > 1 for cells in rows for cell in cells)
    for cells in rows:
        padded = [
            Block(tuple(_padded(line, wide, align) for line in cell.lines), cell.baseline)
            for cell, wide in zip(cells, widths, strict=True)
        ]
        spaced = [part for cell in padded for part in (block(" " * gap), cell)][1:]
        made = beside(spaced)
        lines += [" " * made.width] if lines and is_tall else []
        lines += made.lines
    return Block(tuple(lines), len(lines) // 2)
