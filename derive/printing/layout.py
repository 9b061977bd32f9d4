"""How pieces of LaTeX join: brackets, products, quotients, numbers and limits, whatever the letters are."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

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

# How tightly a piece holds together: it is bracketed where a tighter one is wanted.
LOOSE, SUM, PRODUCT, SCRIPTED, ATOM = range(5)
LARGE = 32  # characters of an exponent beyond which \exp reads better


@dataclass(frozen=True)
class Piece:
    """LaTeX of a part.  closed: what to write where a factor follows, if `text` would swallow that factor."""

    text: str
    grip: int
    closed: str = ""

    def held(self, grip: int) -> str:
        return self.text if self.grip >= grip else bracketed(self.text)


def bracketed(text: str) -> str:
    return rf"\left({text}\right)"


def product(pieces: Sequence[Piece]) -> str:
    """The factors side by side, those that reach to the right (sums, logarithms) last."""
    if len(pieces) == 1:
        return pieces[0].text
    *first, last = sorted(pieces, key=lambda piece: bool(piece.closed))
    text = ""
    for factor in [*(piece.closed or piece.held(PRODUCT) for piece in first), last.held(PRODUCT)]:
        text += _between(text, factor) + factor
    return text


_WORD_LAST = re.compile(r"\\mathrm\{[^{}]*\}(?:[_^]\{[^{}]*\})*$")


def _between(left: str, right: str) -> str:
    if not left:
        return ""
    if right[0].isdigit():
        return r" \cdot "
    return r" \, " if right.startswith(r"\mathrm") or _WORD_LAST.search(left) else " "


def split(node: Node) -> tuple[Fraction, list[Node], list[Node]]:
    """A term as rational coefficient, factors above and factors below the fraction line.

    A mean stands above, for its sum, and its sizes below.
    """
    coefficient, above, below = Fraction(1), list[Node](), list[Node]()
    for factor in node.factors if isinstance(node, Multiply) else (node,):
        match factor:
            case Number():
                coefficient *= factor.value
            case Power(base, Number(top, bottom)) if top < 0:
                below.append(power(base, Fraction(-top, bottom)))
            case Reduce("mean", _, bound):
                above.append(factor)
                below += [index.axis.size for index in bound]
            case _:
                above.append(factor)
    for part in [part for part in below if isinstance(part, Number) and part.numerator]:
        coefficient /= part.value
        below.remove(part)
    return coefficient, above, below


def is_decimal(value: Fraction) -> bool:
    """Whether a number reads best with a decimal point: 0.9 or 0.044715, but 1/2 and 3/4."""
    return value.denominator % 10 == 0 and 10**12 % value.denominator == 0


def decimal(value: Fraction) -> str:
    r"""The digits of a number that `is_decimal`, a small power of ten as 10^{-5}."""
    digits = len(str(value.denominator)) - 1
    while 10**digits % value.denominator:
        digits += 1
    if value.numerator == 1 and value.denominator == 10**digits and digits > 3:
        return f"10^{{-{digits}}}"
    whole, rest = divmod(abs(value.numerator) * 10**digits // value.denominator, 10**digits)
    return f"{'-' if value < 0 else ''}{whole}.{rest:0{digits}d}"


def linear(node: Node) -> Node:
    """A sum with its like terms collected: a + (b - a + 1) - 1 is b."""
    counts: dict[Node, Fraction] = {}
    for term in node.terms if isinstance(node, Add) else (node,):
        count, rest = _counted(term)
        counts[rest] = counts.get(rest, Fraction(0)) + count
    return add(*(multiply(number(count), rest) for rest, count in counts.items()))


def _counted(term: Node) -> tuple[Fraction, Node]:
    match term:
        case Number():
            return term.value, ONE
        case Multiply((Number() as first, *others)):
            return first.value, multiply(*others)
    return Fraction(1), term


def numerals(value: Fraction) -> tuple[list[Piece], list[Piece]]:
    """What a positive coefficient puts above and below the fraction line; ones are left out."""
    if is_decimal(value):
        text = decimal(value)
        return [Piece(text, SCRIPTED if "^" in text else ATOM)], []
    above, below = ([] if n == 1 else [Piece(str(n), ATOM)] for n in (value.numerator, value.denominator))
    return above, below


def is_counted(node: Node, index: Index) -> bool:
    """Whether the index stands for a number, outside every subscript."""
    if isinstance(node, (Element, Delta, Table)) or index not in node.free:
        return False
    return node is index or any(is_counted(child, index) for child in node.children())


def is_large(script: str) -> bool:
    return len(script) > LARGE or any(mark in script for mark in (r"\frac", r"\sum", r"\begin", r"\exp"))
