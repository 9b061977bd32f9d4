"""The leading term of a normal form, and the quotient of two products: what division needs."""

from flint import fmpq

from derive.algebra.polynomial import (
    Monomial,
    Polynomial,
    Rational,
    is_whole,
    monomial_power,
    monomial_product,
    order,
)


def leading_term(polynomial: Polynomial) -> Monomial:
    """The greatest monomial by degree, then by the exponents of the atoms in turn.

    Multiplication keeps this order, so that division by the polynomial ends.
    """
    atoms = sorted(polynomial.atoms(), key=order)

    def key(monomial: Monomial) -> tuple[Rational, list[Rational]]:
        exponents = dict(monomial)
        row = [fmpq(e) if not isinstance(e := exponents.get(a, 0), Polynomial) else fmpq(0) for a in atoms]
        return sum(row, fmpq(0)), row

    return max(polynomial.terms, key=key)


def quotient_of(monomial: Monomial, divisor: Monomial) -> Monomial | None:
    """monomial/divisor if every exponent of the divisor is a whole number that the monomial reaches."""
    exponents = dict(monomial)
    for atom, exponent in divisor:
        own = exponents.get(atom)
        if not (is_whole(exponent) and exponent > 0 and own is not None and is_whole(own) and own >= exponent):
            return None
    return monomial_product(monomial, monomial_power(divisor, -1)) if divisor else None
