"""How pieces join: brackets, products, quotients, numbers and limits, whatever the letters are."""

from collections.abc import Sequence
from fractions import Fraction as Rational

import msgspec

from derive.expression import (
    ONE,
    Add,
    Delta,
    Element,
    Index,
    Multiply,
    Node,
    Number,
    Power,
    Reduce,
    Table,
    add,
    multiply,
    number,
    power,
)
from derive.printing.layout import (
    DOT,
    NEGATIVE,
    THIN,
    TIMES,
    Big,
    Box,
    Cases,
    Digits,
    Fenced,
    Fraction,
    Matrix,
    Scripts,
    Word,
    first,
    inside,
    is_word,
    last,
    row,
)

# How tightly a piece holds together: it is bracketed where a tighter one is wanted.
LOOSE, SUM, PRODUCT, SCRIPTED, ATOM = range(5)
LARGE = 11  # parts of an exponent beyond which exp(...) reads better


class Piece(msgspec.Struct, frozen=True):
    """The layout of a part.

    closed: what to write where a factor follows, if `box` would swallow that factor.  unsigned: a negative term
    without its sign.
    """

    box: Box
    grip: int
    closed: Box | None = None
    unsigned: Box | None = None

    def held(self, grip: int) -> Box:
        return self.box if self.grip >= grip else Fenced(self.box)


UNIT = Piece(Digits("1"), ATOM)


def product(pieces: Sequence[Piece]) -> Box:
    """The factors side by side, those that reach to the right (sums, logarithms) last."""
    if len(pieces) == 1:
        return pieces[0].box
    *before, final = sorted(pieces, key=lambda piece: piece.closed is not None)
    items: list[Box] = []
    for factor in [*(piece.closed or piece.held(PRODUCT) for piece in before), final.held(PRODUCT)]:
        items += [_between(items[-1], factor), factor] if items else [factor]
    return row(*items)


def _between(left: Box, right: Box) -> Box:
    if isinstance(first(right), Digits):
        return DOT
    return THIN if is_word(first(right)) or is_word(last(left)) else TIMES


def split(node: Node) -> tuple[Rational, list[Node], list[Node]]:
    """A term as rational coefficient, factors above and factors below the fraction line.

    A mean stands above, for its sum, and its sizes below.
    """
    coefficient, above, below = Rational(1), list[Node](), list[Node]()
    for factor in node.factors if isinstance(node, Multiply) else (node,):
        match factor:
            case Number():
                coefficient *= factor.value
            case Power(base, Number(top, bottom)) if top < 0:
                below.append(power(base, Rational(-top, bottom)))
            case Reduce("mean", _, bound):
                above.append(factor)
                below += [index.axis.size for index in bound]
            case _:
                above.append(factor)
    for part in [part for part in below if isinstance(part, Number) and part.numerator]:
        coefficient /= part.value
        below.remove(part)
    return coefficient, above, below


def negative(box: Box) -> Piece:
    return Piece(row(NEGATIVE, box), SUM, unsigned=box)


def is_decimal(value: Rational) -> bool:
    """Whether a number reads best with a decimal point: 0.9 or 0.044715, but 1/2 and 3/4."""
    return value.denominator % 10 == 0 and 10**12 % value.denominator == 0


def decimal(value: Rational) -> Piece:
    """The digits of a positive number that `is_decimal`, a small power of ten as one."""
    digits = len(str(value.denominator)) - 1
    while 10**digits % value.denominator:
        digits += 1
    if value.numerator == 1 and value.denominator == 10**digits and digits > 3:
        return Piece(Scripts(Digits("10"), above=row(NEGATIVE, Digits(str(digits)))), SCRIPTED)
    whole, rest = divmod(value.numerator * 10**digits // value.denominator, 10**digits)
    return Piece(Digits(f"{whole}.{rest:0{digits}d}"), ATOM)


def linear(node: Node) -> Node:
    """A sum with its like terms collected: a + (b - a + 1) - 1 is b."""
    counts: dict[Node, Rational] = {}
    for term in node.terms if isinstance(node, Add) else (node,):
        count, rest = _counted(term)
        counts[rest] = counts.get(rest, Rational(0)) + count
    counts[ONE] = counts.pop(ONE, Rational(0))  # the number last
    return add(*(multiply(number(count), rest) for rest, count in counts.items()))


def _counted(term: Node) -> tuple[Rational, Node]:
    match term:
        case Number():
            return term.value, ONE
        case Multiply((Number() as head, *others)):
            return head.value, multiply(*others)
    return Rational(1), term


def numerals(value: Rational) -> tuple[list[Piece], list[Piece]]:
    """What a positive coefficient puts above and below the fraction line; ones are left out."""
    if is_decimal(value):
        return [decimal(value)], []
    above, below = ([] if n == 1 else [Piece(Digits(str(n)), ATOM)] for n in (value.numerator, value.denominator))
    return above, below


def is_counted(node: Node, index: Index) -> bool:
    """Whether the index stands for a number, outside every subscript."""
    if isinstance(node, (Element, Delta, Table)) or index not in node.free:
        return False
    return node is index or any(is_counted(child, index) for child in node.children())


def is_large(script: Box) -> bool:
    """Whether an exponent is hard to read as one."""
    count = 0
    for part in inside(script):
        if isinstance(part, (Fraction, Big, Cases, Matrix)) or part == Word("exp"):
            return True
        count += 2 if isinstance(part, Fenced) else not part.parts() and part != TIMES
    return count > LARGE
