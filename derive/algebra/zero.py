"""The zero test: whether a normal form vanishes once every kept base is cleared and multiplied out."""

from typing import TYPE_CHECKING

from derive.algebra.factors import Row, by_residue, depth, multiplied_out
from derive.algebra.polynomial import Polynomial, monomial_node, node_of
from derive.expression import Add, Multiply, Node, add, multiply, power

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
    return all(
        is_zero(ring, _cleared(ring, base, residue, rows, expanded))
        for residue, rows in by_residue(polynomial, base).items()
    )


def _cleared(ring: "Normalizer", base: Node, residue: Polynomial, rows: list[Row], expanded: Polynomial) -> Polynomial:
    """The terms with one fractional part of the power of a base, divided by its least power."""
    result = multiplied_out(ring, rows, expanded)
    if ring.steps is not None:
        terms = [
            multiply(monomial_node(rest, coefficient), power(base, add(node_of(residue), whole)))
            for rest, coefficient, whole in rows
        ]
        least = add(node_of(residue), min(whole for _, _, whole in rows))
        ring.steps.add("clear a denominator", add(*terms), multiply(power(base, least), node_of(result)))
    return result
