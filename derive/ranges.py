"""What can be shown of an integer expression: polynomials in sizes and indices, and their least and greatest values.

A size is an integer of at least 1 and nothing more is known of it; an index stays on its axis. What is
shown here holds for every size, or is not shown at all.
"""

from collections.abc import Iterable
from itertools import product

from derive.expression import Add, Axis, Index, Multiply, Node, Number, Power, Size, add, multiply, number

Monomial = tuple[Node, ...]
_TERMS = 500
_DEGREE = 4
LARGEST = 10_000


class Polynomial(dict[Monomial, int]):
    """Integer coefficients by monomial, none of them 0; a monomial is its sizes and indices, sorted."""

    def __add__(self, other: "Polynomial") -> "Polynomial":
        result = dict(self)
        for monomial, coefficient in other.items():
            result[monomial] = result.get(monomial, 0) + coefficient
        return Polynomial({m: c for m, c in result.items() if c})

    def __mul__(self, other: "Polynomial") -> "Polynomial":
        result: dict[Monomial, int] = {}
        for (a, c), (b, d) in product(self.items(), other.items()):
            monomial = tuple(sorted(a + b, key=_rank))
            result[monomial] = result.get(monomial, 0) + c * d
        if len(result) > _TERMS or any(len(monomial) > _DEGREE for monomial in result):
            raise OverflowError("a subscript or an axis with too many terms")
        return Polynomial({m: c for m, c in result.items() if c})

    def __neg__(self) -> "Polynomial":
        return Polynomial({m: -c for m, c in self.items()})

    def __sub__(self, other: "Polynomial") -> "Polynomial":
        return self + -other

    def symbols(self) -> set[Node]:
        return {symbol for monomial in self for symbol in monomial}

    def split(self, symbol: Node) -> tuple["Polynomial", "Polynomial"] | None:
        """(c, r) with self = c*symbol + r and neither naming the symbol; None if it is not linear."""
        slope, rest = Polynomial(), Polynomial()
        for monomial, coefficient in self.items():
            match monomial.count(symbol):
                case 0:
                    rest[monomial] = coefficient
                case 1:
                    slope[tuple(s for s in monomial if s is not symbol)] = coefficient
                case _:
                    return None
        return slope, rest

    def node(self) -> Node:
        """The expression again: positive terms first, in alphabetical order."""
        terms = sorted(self.items(), key=lambda item: (not item[0], item[1] < 0, [_rank(s) for s in item[0]]))
        return add(*(multiply(coefficient, *monomial) for monomial, coefficient in terms))


def _rank(symbol: Node) -> tuple[int, str, int]:
    return (isinstance(symbol, Index), str(getattr(symbol, "name", "")), symbol.serial)


def constant(value: int) -> Polynomial:
    return Polynomial({(): value} if value else {})


def polynomial(node: Node) -> Polynomial | None:
    """The polynomial that an integer expression is, None if it is none (a floor, an element, a quotient)."""
    match node:
        case Number(value, 1):
            return constant(value)
        case Size() | Index():
            return Polynomial({(node,): 1})
        case Add(terms):
            parts = [polynomial(term) for term in terms]
            return None if None in parts else _sum(p for p in parts if p is not None)
        case Multiply(factors):
            parts = [polynomial(factor) for factor in factors]
            return None if None in parts else _product(p for p in parts if p is not None)
        case Power(base, Number(exponent, 1)) if 0 < exponent <= _DEGREE:
            root = polynomial(base)
            return None if root is None else _product([root] * exponent)
    return None


def _sum(parts: Iterable[Polynomial]) -> Polynomial:
    result = Polynomial()
    for part in parts:
        result = result + part
    return result


def _product(parts: Iterable[Polynomial]) -> Polynomial:
    result = constant(1)
    for part in parts:
        result = result * part
    return result


def is_nonnegative(value: Polynomial) -> bool:
    """Whether it is shown that value >= 0 wherever its sizes are at least 1 and its indices on their axes."""
    try:
        least = extreme(value, -1)
        return least is not None and all(c >= 0 for c in _above_one(least).values())
    except OverflowError:
        return False


def extreme(value: Polynomial, side: int) -> Polynomial | None:
    """A bound of value in sizes alone: not below it for side 1, not above it for side -1; None if none is shown."""
    while True:
        inner = _innermost(value)
        if inner is None:
            return value
        parts, ends = value.split(inner), ends_of(inner.axis)
        if parts is None or ends is None:
            return None
        slope, rest = parts
        if is_nonnegative(slope):
            rising = True
        elif is_nonnegative(-slope):
            rising = False
        else:
            return None
        value = slope * ends[rising is (side > 0)] + rest


def _innermost(value: Polynomial) -> Index | None:
    """An index of value that the axis of no other one names, None if it has no index."""
    indices = [symbol for symbol in value.symbols() if isinstance(symbol, Index)]
    for index in sorted(indices, key=_rank):
        if all(index not in other.axis.free for other in indices):
            return index
    return None


def ends_of(axis: Axis) -> tuple[Polynomial, Polynomial] | None:
    """The first and the last integer of an axis."""
    start, size = polynomial(axis.start), polynomial(axis.size)
    return None if start is None or size is None else (start, start + size - constant(1))


def _above_one(value: Polynomial) -> Polynomial:
    """value with 1 + s in place of each size s."""
    result = Polynomial()
    for monomial, coefficient in value.items():
        shifted = [Polynomial({(): 1, (symbol,): 1}) for symbol in monomial]
        result = result + _product([constant(coefficient), *shifted])
    return result


def axis_between(first: Node, last: Node) -> Axis | None:
    """The axis from first to last, both included; None if they are no polynomials."""
    low, high = polynomial(first), polynomial(last)
    if low is None or high is None:
        return None
    return Axis(first, (high - low + constant(1)).node())


def last_of(axis: Axis) -> Node:
    """The last integer of an axis, in as few terms as can be."""
    ends = ends_of(axis)
    return ends[1].node() if ends else axis.start + axis.size - number(1)


def same(left: Node, right: Node) -> bool:
    """Whether two integer expressions are equal for every size."""
    if left is right:
        return True
    a, b = polynomial(left), polynomial(right)
    return a is not None and a == b
