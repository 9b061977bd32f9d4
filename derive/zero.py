"""The zero test: whether a normal form vanishes once every kept base is cleared and multiplied out."""

from typing import TYPE_CHECKING

from flint import fmpq

from derive.expression import (
    Add,
    Multiply,
    Node,
    walk,
)
from derive.polynomial import (
    NOTHING,
    Monomial,
    Polynomial,
    Rational,
    accumulated,
    as_polynomial,
    exponent_of,
    exponent_sum,
)

if TYPE_CHECKING:
    from derive.normal import Normalizer


def is_zero(ring: "Normalizer", polynomial: Polynomial) -> bool:
    """Whether the polynomial vanishes once every kept base is cleared and multiplied out.

    True is a proof (off the null set where a cleared denominator is 0). False only says that this
    test does not show it.
    """
    if not polynomial:
        return True
    kept = {a for a in polynomial.atoms() if isinstance(a, Add | Multiply)}
    if not kept:
        return False
    base = max(kept, key=_depth)
    expanded = ring(base)
    return all(is_zero(ring, group) for group in _cleared(ring, polynomial, base, expanded))


def _depth(atom: Node) -> tuple[int, int]:
    return sum(1 for _ in walk(atom)), atom.serial


def _cleared(ring: "Normalizer", polynomial: Polynomial, base: Node, expanded: Polynomial) -> list[Polynomial]:
    """The coefficients of base**(fraction or symbol), each multiplied out by whole powers of base.

    Different fractions of a power are kept apart: that all their coefficients vanish is sufficient.
    """
    groups: dict[tuple[object, ...], list[tuple[Monomial, Rational, int]]] = {}
    for monomial, coefficient in polynomial.terms.items():
        exponent = next((e for a, e in monomial if a is base), 0)
        rest = tuple(item for item in monomial if item[0] is not base)
        total = as_polynomial(exponent)
        fixed = total.terms.get((), fmpq(0))
        whole = int(fixed.p // fixed.q)
        residue = as_polynomial(exponent_sum(exponent_of(total), -whole))
        groups.setdefault((residue,), []).append((rest, coefficient, whole))
    results = []
    for rows in groups.values():
        least = min(whole for _, _, whole in rows)
        by_power: dict[int, dict[Monomial, Rational]] = {}
        for rest, coefficient, whole in rows:
            accumulated(by_power.setdefault(whole - least, {}), ((rest, coefficient),))
        result = NOTHING
        for step in range(max(by_power), -1, -1):  # Horner's scheme in the base
            result = ring.product(result, expanded) + Polynomial(by_power.get(step, {}))
        results.append(result)
    return results
