"""Many digits of SymPy scalars, and whether two of them are the same number."""

from functools import cache
from typing import Any, Literal

import mpmath  # type: ignore[import-untyped]
import sympy

from derive.errors import UnsupportedError

Scalar = Any
Finding = Literal["same", "other", "unknown"]

PRECISIONS = (80, 160, 320)
CLOSE = mpmath.mpf(10) ** -45
"""Of the first 80 digits 35 are left for what cancels."""


@cache
def _context(digits: int) -> Any:
    """A context of its own for each precision; to make one takes longer than most comparisons."""
    made = mpmath.MPContext()
    made.dps = digits
    return made


class Digits:
    """Called with a scalar: its value to that many digits of working precision.

    symbols: what each symbol stands for.
    """

    def __init__(self, symbols: dict[Scalar, Scalar], digits: int) -> None:
        self.symbols, self.context = symbols, _context(digits)
        self._known: dict[Scalar, Any] = {}

    def __call__(self, scalar: Scalar) -> Any:
        found = self._known.get(scalar)
        if found is None:
            found = self._value(scalar)
            if not isinstance(found, self.context.mpf) or not self.context.isfinite(found):
                raise ArithmeticError("not a real number")
            self._known[scalar] = found
        return found

    def _value(self, scalar: Scalar) -> Any:
        if scalar.is_Rational:
            return self.context.mpf(int(scalar.p)) / int(scalar.q)
        if scalar.is_Symbol:
            return self(self.symbols[scalar])
        if scalar.is_NumberSymbol:
            return +getattr(self.context, _CONSTANTS[scalar])
        if scalar in _NOT_REAL:
            raise ArithmeticError("not a real number")
        parts = [self(part) for part in scalar.args]
        if scalar.is_Add:
            return self.context.fsum(parts)
        if scalar.is_Mul:
            return self.context.fprod(parts)
        if scalar.is_Pow:
            return self.context.power(*parts)
        name = scalar.func.__name__
        form = getattr(self.context, "fabs" if name == "Abs" else name, None)
        if form is None or len(parts) != 1:
            raise UnsupportedError(f"no digits of {scalar.func.__name__}")
        return form(parts[0])


class Comparison:
    """Of scalars whose symbols stand for given scalars."""

    def __init__(self, symbols: dict[Scalar, Scalar]) -> None:
        self.digits = [Digits(symbols, digits) for digits in PRECISIONS]

    def found(self, operator: str, left: Scalar, right: Scalar) -> Finding:
        """Whether left OP right holds between two numbers: exactly for rationals, else to 45 digits."""
        if left == right:
            return "unknown" if left.has(sympy.nan, sympy.zoo, sympy.oo, -sympy.oo) else "same"
        try:
            one, other = self._settled(left), self._settled(right)
        except (ArithmeticError, ValueError):
            return "unknown"
        if abs(one - other) <= CLOSE * max(abs(one), abs(other)):
            return "same" if not (left.is_Rational and right.is_Rational) or operator != "==" else "other"
        return "other" if operator == "==" or (one > other) == (operator == "<=") else "same"

    def _settled(self, scalar: Scalar) -> Any:
        """The value, 0 if what is found shrinks as more digits are asked for; ArithmeticError if neither."""
        value = self.digits[0](scalar)
        for finer in self.digits[1:]:
            before, value = value, finer(scalar)
            if abs(value - before) <= CLOSE * abs(value):
                return value
            if abs(value) <= CLOSE * abs(before):
                return finer.context.mpf(0)
        raise ArithmeticError("the digits do not settle")


_NOT_REAL = (sympy.I, sympy.nan, sympy.zoo, sympy.oo, -sympy.oo)
_CONSTANTS = {sympy.pi: "pi", sympy.E: "e"}
