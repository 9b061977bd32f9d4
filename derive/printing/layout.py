"""The layout of a formula, free of any format: rows, fractions, scripts, fences, big operators, tables.

Which brackets and signs stand is decided once, where a layout is composed (`derive.printing.composition`);
LaTeX, Unicode and MathML only write it.
"""

from collections.abc import Iterator, Sequence


class Box:
    """A part of a layout; equal parts look alike. (No dataclasses: to make those takes ten milliseconds.)"""

    __slots__: tuple[str, ...] = ()

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and all(getattr(self, n) == getattr(other, n) for n in self.__slots__)

    def __hash__(self) -> int:
        return hash((type(self), *(getattr(self, name) for name in self.__slots__)))

    def parts(self) -> "tuple[Box, ...]":
        return ()


class Symbol(Box):
    """A name: one letter, one of GREEK by its name, or a word; a word, and what is spelled out, stands upright.

    accent: "", "hat", "bar", "tilde" or "dot".
    """

    __slots__ = __match_args__ = ("name", "accent", "is_upright")

    def __init__(self, name: str, accent: str = "", is_upright: bool = False) -> None:
        self.name = name
        self.accent = accent
        self.is_upright = is_upright


class Digits(Box):
    """A number without its sign: 12, 0.9."""

    __slots__ = __match_args__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text


class Word(Box):
    """The name of a function: log, ReLU, max."""

    __slots__ = __match_args__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text


class Phrase(Box):
    """Words of a sentence: if, otherwise."""

    __slots__ = __match_args__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text


class Sign(Box):
    """What stands between or before parts; `kind` is one of the constants below."""

    __slots__ = __match_args__ = ("kind",)

    def __init__(self, kind: str) -> None:
        self.kind = kind


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


class Row(Box):
    __slots__ = __match_args__ = ("items",)

    def __init__(self, items: tuple[Box, ...]) -> None:
        self.items = items

    def parts(self) -> tuple[Box, ...]:
        return self.items


class Fraction(Box):
    __slots__ = __match_args__ = ("above", "below")

    def __init__(self, above: Box, below: Box) -> None:
        self.above = above
        self.below = below

    def parts(self) -> tuple[Box, ...]:
        return self.above, self.below


class Root(Box):
    __slots__ = __match_args__ = ("body",)

    def __init__(self, body: Box) -> None:
        self.body = body

    def parts(self) -> tuple[Box, ...]:
        return (self.body,)


class Scripts(Box):
    __slots__ = __match_args__ = ("base", "below", "above")

    def __init__(self, base: Box, below: Box | None = None, above: Box | None = None) -> None:
        self.base = base
        self.below = below
        self.above = above

    def parts(self) -> tuple[Box, ...]:
        return tuple(part for part in (self.base, self.below, self.above) if part is not None)


class Big(Box):
    """The sign of a sum, a product, a maximum or a minimum with its bounds: kind is "sum", "prod", "max" or "min"."""

    __slots__ = __match_args__ = ("kind", "below", "above")

    def __init__(self, kind: str, below: Box, above: Box | None = None) -> None:
        self.kind = kind
        self.below = below
        self.above = above

    def parts(self) -> tuple[Box, ...]:
        return (self.below,) if self.above is None else (self.below, self.above)


class Fenced(Box):
    """fence: one of "()", "[]", "||", "⌊⌋"."""

    __slots__ = __match_args__ = ("body", "fence")

    def __init__(self, body: Box, fence: str = "()") -> None:
        self.body = body
        self.fence = fence

    def parts(self) -> tuple[Box, ...]:
        return (self.body,)


class Cases(Box):
    """Values, each with its condition; the last one holds otherwise."""

    __slots__ = __match_args__ = ("rows",)

    def __init__(self, rows: tuple[tuple[Box, Box], ...]) -> None:
        self.rows = rows

    def parts(self) -> tuple[Box, ...]:
        return tuple(box for row in self.rows for box in row)


class Matrix(Box):
    __slots__ = __match_args__ = ("rows",)

    def __init__(self, rows: tuple[tuple[Box, ...], ...]) -> None:
        self.rows = rows

    def parts(self) -> tuple[Box, ...]:
        return tuple(box for row in self.rows for box in row)


class Relation(Box):
    """left OP right, a line of an aligned display."""

    __slots__ = __match_args__ = ("left", "sign", "right")

    def __init__(self, left: Box, sign: Sign, right: Box) -> None:
        self.left = left
        self.sign = sign
        self.right = right


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
