"""Subscripts, lengths and ranges as integers, at given sizes and values of the indices."""

from collections.abc import Mapping
from fractions import Fraction
from math import floor, prod
from typing import Any

from derive.errors import UnsupportedError
from derive.expression import Add, Call, Index, Multiply, Node, Number, Power, Size, Tensor, Variable

Names = Mapping[Index | Variable, Any]
"""What free indices (integers) and variables stand for."""


class Places:
    """Integer expressions at given sizes."""

    sizes: Mapping[Size, int]

    def range(self, index: Index, names: Names) -> range:
        start = self.integer(index.axis.start, names)
        return range(start, start + max(self.integer(index.axis.size, names), 0))

    def integer(self, node: Node, names: Names) -> int:
        """A subscript or a length."""
        value = self._rational(node, names)
        if value.denominator != 1:
            raise UnsupportedError("a subscript that is no integer")
        return value.numerator

    def _rational(self, node: Node, names: Names) -> Fraction:
        match node:
            case Number():
                return node.value
            case Size():
                return Fraction(self.sizes[node])
            case Index():
                return Fraction(names[node])
            case Add(terms):
                return sum((self._rational(term, names) for term in terms), Fraction(0))
            case Multiply(factors):
                return prod((self._rational(factor, names) for factor in factors), start=Fraction(1))
            case Power(base, Number(exponent, 1)) if abs(exponent) <= 64:
                return self._rational(base, names) ** exponent
            case Call("floor", argument):
                return Fraction(floor(self._rational(argument, names)))
        raise UnsupportedError(f"{type(node).__name__} in a subscript")

    def check(self, tensor: Tensor, place: tuple[int, ...]) -> None:
        for axis, at in zip(tensor.axes, place, strict=True):
            start = self.integer(axis.start, {})
            if not start <= at < start + self.integer(axis.size, {}):
                raise UnsupportedError(f"an element of {tensor.name} that does not exist")
