"""What SymPy has for our functions, relations, powers and domains."""

from collections.abc import Callable
from typing import Any

import sympy

from derive.domains import TABLE as DOMAINS
from derive.errors import UnsupportedError
from derive.expression import Tensor

Scalar = Any  # a sympy.Expr; SymPy carries no types

LARGEST = 2**14
"""Bits of a rational beyond which no power is worked out."""
FACTORED = 2**9
"""The same for base**p of which a root is to be taken: SymPy tries to factor it first."""

RELATIONS: dict[str, Callable[[Scalar, Scalar], Scalar]] = {
    "<": sympy.Lt,
    "<=": sympy.Le,
    ">": sympy.Gt,
    ">=": sympy.Ge,
    "==": sympy.Eq,
    "!=": sympy.Ne,
}
LOGIC: dict[str, Callable[..., Scalar]] = {"and": sympy.And, "or": sympy.Or, "not": sympy.Not}


def power(base: Scalar, exponent: Scalar) -> Scalar:
    """base**exponent; UnsupportedError where that is a number of many thousand digits, or none that is real."""
    if base.is_Rational and exponent.is_Rational:
        bits = max(abs(base.p).bit_length(), base.q.bit_length())
        if bits > 1 and bits * abs(exponent.p) > (LARGEST if exponent.is_Integer else FACTORED):
            raise UnsupportedError("a power too large to be worked out")
        if (base.is_zero and not exponent.is_positive) or (base.is_negative and not exponent.is_Integer):
            raise UnsupportedError("a power without a real value")
    return sympy.Pow(base, exponent)


def sympy_function(name: str) -> Callable[[Scalar], Scalar] | None:
    """SymPy's own function of that name, if it has one."""
    form = getattr(sympy, "Abs" if name == "abs" else name, None)
    return form if isinstance(form, type) and issubclass(form, sympy.Function) else None


def assumptions(tensor: Tensor) -> dict[str, bool]:
    domain = DOMAINS.get(tensor.domain)
    facts = {"real": True}
    if domain is not None:
        facts |= {"positive": True} if domain.positive else {}
        facts |= {"nonzero": True} if domain.nonzero else {}
        facts |= {"integer": True} if domain.integer else {}
    return facts
