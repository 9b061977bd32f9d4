"""Powers and primitive functions of arrays of balls, their derivatives from flint's power series."""

from collections.abc import Callable
from functools import lru_cache
from math import factorial
from typing import Any

import numpy as np
from flint import arb, arb_series, fmpq

from verify.arithmetic.balls import DOUBTFUL, NAN, UNDEFINED, Array, as_balls, fit, is_finite, multiply, onto, weigh

_MOST_BITS = 100_000  # of an exact power; beyond them it is a ball
_POSITIVE = np.frompyfunc(lambda v: v if v > 0 else NAN, 1, 1)


@lru_cache(maxsize=256)
def _taylor(name: str, order: int) -> Any:
    """The derivative of that order of a primitive function, from flint's power series."""
    if order == 0:
        return np.frompyfunc(getattr(arb, name), 1, 1)
    times, series = factorial(order), getattr(arb_series, name)

    def derivative(x: arb) -> arb:
        coefficients = series(arb_series([x, 1], order + 1)).coeffs()
        return coefficients[order] * times if order < len(coefficients) else arb(0)

    return np.frompyfunc(derivative, 1, 1)


def function(name: str, a: Array, order: int = 0) -> Array:
    """A primitive function of each element: exp, log, sin, cos or erf, or its derivative of that order."""
    x = a.balls()
    if name == "log":
        x = _POSITIVE(x)
    data = _taylor(name, order)(x)
    trouble = _trouble(data, a, lambda v: v < 0 or v.is_zero()) if name in ("log", "exp") else a.trouble
    return Array(data, a.labels, False, trouble, ((a, lambda g: weigh(g, function(name, a, order + 1))),))


def power(a: Array, exponent: Array) -> Array:
    """Each element to an exact exponent; a negative base takes integer exponents only, 0**0 is undefined."""
    if not exponent.labels and exponent.data == 1:
        return a
    if a.exact:
        return _exact_power(a, exponent)
    x, q, labels = fit(a, Array(exponent.data, exponent.labels))  # marked inexact: its elements stay rational
    if not exponent.labels and exponent.data == 2:
        data: Any = x * x
    elif not exponent.labels and exponent.data == -1:
        data = 1 / x
    else:
        data = np.frompyfunc(_power, 2, 1)(x, q)
    is_plain = not exponent.labels and exponent.data.q == 1 and exponent.data > 0
    trouble = a.trouble if is_plain else _trouble(data, a, lambda v: v < 0 or v.is_zero())
    if trouble == UNDEFINED and exponent.labels:
        trouble = DOUBTFUL

    def pull(g: Array) -> Array:
        less = np.frompyfunc(lambda v: v - 1 if v else fmpq(1), 1, 1)(exponent.data)  # of 0 the slope is 0*a
        slope = multiply(exponent, power(a, Array(less, exponent.labels, exact=True)))
        return onto(weigh(g, slope), labels, a.labels)

    return Array(data, labels, False, trouble, ((a, pull),))


def _power(x: arb, q: fmpq) -> arb:
    if q.q != 1:
        return x**q if x > 0 else arb(0) if q > 0 and x.is_zero() else NAN
    if not x.contains(0):
        return x ** int(q.p)
    return _around_zero(x, int(q.p)) if q > 0 else NAN


def _around_zero(x: arb, power: int) -> arb:
    """A ball around 0 to a positive integer, which flint's own power leaves undefined beyond the square."""
    result = arb(1)
    for digit in bin(power)[2:]:
        result = result * result * x if digit == "1" else result * result
    return result


def _exact_power(a: Array, exponent: Array) -> Array:
    """A rational where it is one, else a ball."""
    x, q, labels = fit(a, exponent)

    def raised(base: fmpq, by: fmpq) -> fmpq | arb:
        if by.q != 1 or abs(by) * int(base.p * base.q).bit_length() > _MOST_BITS:
            return _power(arb(base), by)
        return NAN if base == 0 and by <= 0 else base ** int(by.p) if by > 0 else 1 / base ** int(-by.p)

    data = np.frompyfunc(raised, 2, 1)(x, q)
    flat = list(data.ravel()) if labels else [data]
    if all(isinstance(v, fmpq) for v in flat):
        return Array(data, labels, exact=True)
    balls = as_balls(data)
    return Array(balls, labels, False, _trouble(balls, a, lambda v: True))


def _trouble(data: Any, a: Array, is_outside: Callable[[arb], Any]) -> int:
    """What is wrong with the values `data` of a function at `a`, outside of whose domain `is_outside` holds."""
    if isinstance(data, arb):
        if data.is_finite():
            return a.trouble
        return a.trouble or (UNDEFINED if is_outside(a.balls()) else DOUBTFUL)
    finite = is_finite(data).astype(bool)
    if finite.all():
        return a.trouble
    x = np.broadcast_to(a.balls(), data.shape) if not a.labels or a.data.shape == data.shape else None
    if x is None:
        return DOUBTFUL
    certain = all(is_outside(v) or not v.is_finite() for v in x[~finite].ravel())
    return max(a.trouble, UNDEFINED if certain else DOUBTFUL)
