"""Floats with error bounds for SymPy scalars: which branch a point takes, before SymPy sees the branches."""

import math
from collections.abc import Callable
from typing import Any

from derive.errors import UnsupportedError

EPS = 2.0**-50
TIE = 10**-25
MOST = 1e6
"""The largest argument of an exponential that is written out."""

Scalar = Any
_OTHERS: dict[str, Callable[[float], float]] = {"Abs": math.fabs, "sign": lambda v: (v > 0) - (v < 0)}


class BoundaryError(UnsupportedError):
    """The point lies on the boundary of a case, where nothing is judged."""


class Nearness:
    """Called with a scalar: its value in floats and a bound of that value's error.

    symbols: what each symbol stands for at the point.
    """

    def __init__(self, symbols: dict[Scalar, Scalar]) -> None:
        self.symbols = symbols
        self._known: dict[Scalar, tuple[float, float]] = {}

    def __call__(self, scalar: Scalar) -> tuple[float, float]:
        found = self._known.get(scalar)
        if found is None:
            try:
                found = self._near(scalar)
            except (OverflowError, ZeroDivisionError, ValueError, TypeError):  # the last of a complex number
                found = (math.nan, math.inf)
            self._known[scalar] = found
        return found

    def _near(self, scalar: Scalar) -> tuple[float, float]:
        if scalar.is_Rational:
            value = int(scalar.p) / int(scalar.q)
            return value, EPS * abs(value)
        if scalar.is_Symbol:
            return self(self.symbols[scalar])
        parts = [self(part) for part in scalar.args]
        if scalar.is_Add:
            return math.fsum(v for v, _ in parts), sum(e + EPS * abs(v) for v, e in parts)
        if scalar.is_Mul:
            value, error = 1.0, 0.0
            for v, e in parts:
                value, error = value * v, abs(value) * e + abs(v) * error + EPS * abs(value * v)
            return value, error
        if scalar.is_Pow:
            (base, off), (exponent, beside) = parts
            value = math.pow(base, exponent)
            slope = abs(exponent * value / base) * off + (abs(value * math.log(base)) * beside if beside else 0)
            return value, 2 * slope + EPS * abs(value)
        name = scalar.func.__name__
        function: Callable[[float], float] | None = _OTHERS.get(name) or getattr(math, name, None)
        if len(parts) == 1 and function is not None:
            (v, e) = parts[0]
            value = function(v)
            return value, 2 * abs(function(v + e) - function(v - e)) + EPS * (abs(value) + abs(v))
        value = float(scalar.evalf(20))
        return value, EPS * abs(value)

    def sign(self, scalar: Scalar) -> int:
        """1 or -1; BoundaryError if it is 0 as far as can be told."""
        value, error = self(scalar)
        if not abs(value) > 4 * error:
            value = self._digits(scalar)
        return 1 if value > 0 else -1

    def _digits(self, scalar: Scalar) -> Scalar:
        for symbol, value in reversed(self.symbols.items()):
            scalar = scalar.xreplace({symbol: value})
        if scalar.is_Rational and scalar != 0:
            return scalar
        digits = scalar.evalf(30, maxn=200)
        if not (digits.is_Float and abs(digits) > TIE):
            raise BoundaryError("every point tried lies on the boundary of a case")
        return digits

    def floor(self, scalar: Scalar) -> int:
        value, _ = self(scalar)
        if not math.isfinite(value):
            raise UnsupportedError("the floor of a number too large")
        below = round(value)
        return below if self.sign(scalar - below) > 0 else below - 1

    def check_real(self, scalar: Scalar) -> None:
        """That a logarithm or a root of it is a real number: SymPy goes on with a complex one, which may cancel."""
        value, error = self(scalar)
        if value < -4 * error:
            raise BoundaryError("at every point tried a logarithm or a power has no real value")

    def check_exponent(self, scalar: Scalar) -> None:
        value, error = self(scalar)
        if abs(value) + error > MOST and not value < 0:
            raise UnsupportedError("an exponential too large to be written out")
