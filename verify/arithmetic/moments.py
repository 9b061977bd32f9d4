"""Expectations of polynomials of a normal variable: rational points and weights that give them exactly."""

from fractions import Fraction
from functools import lru_cache

from derive.errors import UnsupportedError
from derive.expression import Add, Multiply, Node, Number, Power, Reduce, Variable

_HIGHEST = 40


def degree_of(node: Node, variable: Variable) -> int:
    """The degree of an expression that is a polynomial in the variable as it stands.

    Anything else is an UnsupportedError: no rule gives its expectation exactly.
    """
    degree = _degree(node, variable)
    if degree > _HIGHEST:
        raise UnsupportedError(f"the expectation of a polynomial of degree {degree} (at most {_HIGHEST})")
    return degree


def _degree(node: Node, variable: Variable) -> int:
    if variable not in node.free:
        return 0
    match node:
        case Variable():
            return 1
        case Add(terms):
            return max(_degree(term, variable) for term in terms)
        case Multiply(factors):
            return sum(_degree(factor, variable) for factor in factors)
        case Power(base, Number(exponent, 1)) if exponent >= 0 and variable in base.free:
            return exponent * _degree(base, variable)
        case Reduce("sum" | "mean", body):
            return _degree(body, variable)
    raise UnsupportedError("an expectation of what is no polynomial of its variable as written")


@lru_cache(maxsize=64)
def rule_of_degree(degree: int) -> tuple[tuple[Fraction, ...], tuple[Fraction, ...]]:
    """Points t and weights w with sum(w*t**k) = E[t**k] for a standard normal t and every k <= degree.

    The points are 0, 1, -1, 2, -2, …; a weight is the expectation of a Lagrange polynomial.
    """
    points = [Fraction((k + 1) // 2 * (1 if k % 2 else -1)) for k in range(degree + 1)]
    moments = [Fraction(1), Fraction(0)]
    while len(moments) <= degree:
        moments.append((len(moments) - 1) * moments[-2])
    weights = []
    for point in points:
        basis = [Fraction(1)]  # coefficients of prod((t - other)/(point - other)), lowest first
        for other in points:
            if other != point:
                shifted = [Fraction(0), *basis]
                basis = [(a - other * b) / (point - other) for a, b in zip(shifted, [*basis, Fraction(0)], strict=True)]
        weights.append(sum((c * m for c, m in zip(basis, moments, strict=False)), Fraction(0)))
    return tuple(points), tuple(weights)
