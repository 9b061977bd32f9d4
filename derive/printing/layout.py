"""The layout of a formula, free of any format: rows, fractions, scripts, fences, big operators, tables.

Which brackets and signs stand is decided once, where a layout is composed (`derive.printing.composition`);
LaTeX, Unicode and MathML only write it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass


class Box:
    """A part of a layout."""

    __slots__ = ()

    def parts(self) -> "tuple[Box, ...]":
        return ()


@dataclass(frozen=True, slots=True)
class Symbol(Box):
    """A name: one letter, one of GREEK by its name, or a word; a word, and what is spelled out, stands upright.

    accent: "", "hat", "bar", "tilde" or "dot".
    """

    name: str
    accent: str = ""
    is_upright: bool = False


@dataclass(frozen=True, slots=True)
class Digits(Box):
    """A number without its sign: 12, 0.9."""

    text: str


@dataclass(frozen=True, slots=True)
class Word(Box):
    """The name of a function: log, ReLU, max."""

    text: str


@dataclass(frozen=True, slots=True)
class Phrase(Box):
    """Words of a sentence: if, otherwise."""

    text: str


@dataclass(frozen=True, slots=True)
class Sign(Box):
    """What stands between or before parts; `kind` is one of the constants below."""

    kind: str


PLUS, MINUS, NEGATIVE = Sign("plus"), Sign("minus"), Sign("negative")
TIMES, DOT, THIN = Sign("times"), Sign("dot"), Sign("thin")
"""Factors side by side: nothing between them, a dot before a digit, a thin space beside a word."""
APPLY, BODY = Sign("apply"), Sign("body")
"""Between a function and its argument, between a big operator and what it ranges over."""
NEXT, COMMA, AND, SLASH = Sign("next"), Sign("comma"), Sign("and"), Sign("slash")
"""Between subscripts side by side, between arguments, between bound indices; a quotient on one line."""
PARTIAL, NOT, DISTRIBUTED, NORMAL, EXPECTED, ONE = (
    Sign(kind) for kind in ("partial", "not", "distributed", "normal", "expected", "indicator")
)
TRANSPOSED, HADAMARD = Sign("transposed"), Sign("hadamard")
FIRST = Sign("first")
"""The equals sign of t=1 below a sum."""
RELATIONS = {name: Sign(name) for name in ("==", "!=", "<", "<=", ">", ">=")}


@dataclass(frozen=True, slots=True)
class Row(Box):
    items: tuple[Box, ...]

    def parts(self) -> tuple[Box, ...]:
        return self.items


@dataclass(frozen=True, slots=True)
class Fraction(Box):
    above: Box
    below: Box

    def parts(self) -> tuple[Box, ...]:
        return self.above, self.below


@dataclass(frozen=True, slots=True)
class Root(Box):
    body: Box

    def parts(self) -> tuple[Box, ...]:
        return (self.body,)


@dataclass(frozen=True, slots=True)
class Scripts(Box):
    base: Box
    below: Box | None = None
    above: Box | None = None

    def parts(self) -> tuple[Box, ...]:
        return tuple(part for part in (self.base, self.below, self.above) if part is not None)


@dataclass(frozen=True, slots=True)
class Big(Box):
    """The sign of a sum, a product, a maximum or a minimum with its bounds: kind is "sum", "prod", "max" or "min"."""

    kind: str
    below: Box
    above: Box | None = None

    def parts(self) -> tuple[Box, ...]:
        return (self.below,) if self.above is None else (self.below, self.above)


@dataclass(frozen=True, slots=True)
class Fenced(Box):
    """fence: one of "()", "[]", "||", "⌊⌋"."""

    body: Box
    fence: str = "()"

    def parts(self) -> tuple[Box, ...]:
        return (self.body,)


@dataclass(frozen=True, slots=True)
class Cases(Box):
    """Values, each with its condition; the last one holds otherwise."""

    rows: tuple[tuple[Box, Box], ...]

    def parts(self) -> tuple[Box, ...]:
        return tuple(box for row in self.rows for box in row)


@dataclass(frozen=True, slots=True)
class Matrix(Box):
    rows: tuple[tuple[Box, ...], ...]

    def parts(self) -> tuple[Box, ...]:
        return tuple(box for row in self.rows for box in row)


@dataclass(frozen=True, slots=True)
class Relation:
    """left OP right, a line of an aligned display."""

    left: Box
    sign: Sign
    right: Box


def row(*items: Box) -> Box:
    """The items side by side, rows in it laid flat."""
    flat: list[Box] = []
    for item in items:
        flat += item.items if isinstance(item, Row) else (item,)
    return flat[0] if len(flat) == 1 else Row(tuple(flat))


def joined(items: Sequence[Box], sign: Sign) -> Box:
    """The items with the sign between them."""
    return row(*[part for item in items for part in (sign, item)][1:])


def inside(box: Box) -> Iterator[Box]:
    """Every part of a layout, itself included."""
    waiting = [box]
    while waiting:
        part = waiting.pop()
        yield part
        waiting += part.parts()


def first(box: Box) -> Box:
    """What stands leftmost, as far as that is on the line."""
    while True:
        match box:
            case Row(items):
                box = items[0]
            case Scripts(base):
                box = base
            case _:
                return box


def last(box: Box) -> Box:
    """What stands rightmost, its scripts apart."""
    while True:
        match box:
            case Row(items):
                box = items[-1]
            case Scripts(base):
                box = base
            case _:
                return box


def is_word(box: Box) -> bool:
    """Whether a name stands there that is longer than a letter."""
    return isinstance(box, Symbol) and box.is_upright
