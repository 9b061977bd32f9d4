"""The zero test: whether a normal form vanishes once every kept base is cleared and multiplied out."""

from typing import TYPE_CHECKING

from derive.algebra.factors import by_residue, depth, multiplied_out
from derive.algebra.polynomial import Polynomial
from derive.expression import Add, Multiply

if TYPE_CHECKING:
    from derive.algebra.normal import Normalizer


def is_zero(ring: "Normalizer", polynomial: Polynomial) -> bool:
    """Whether the polynomial is 0, off the null set where a cleared denominator is 0.

    True is a proof. False only says that this test does not show it: different fractions of a power
    are kept apart, and that all their coefficients vanish is sufficient, not necessary.
    """
    if not polynomial:
        return True
    kept = [a for a in polynomial.atoms() if isinstance(a, Add | Multiply)]
    if not kept:
        return False
    base = max(kept, key=depth)
    expanded = ring(base)
    parts = by_residue(polynomial, base).values()
    return all(is_zero(ring, multiplied_out(ring, rows, expanded)) for rows in parts)
