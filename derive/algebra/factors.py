"""The factors of a normal form: its content (a monomial and a number) and irreducible primitive polynomials."""

from math import gcd, lcm
from typing import TYPE_CHECKING, Any

import msgspec
from flint import Ordering, fmpq, fmpq_mpoly_ctx, fmpz, fmpz_mpoly_ctx

from derive.algebra.polynomial import (
    NOTHING,
    Exponent,
    Monomial,
    Polynomial,
    Rational,
    accumulated,
    as_polynomial,
    exponent_of,
    exponent_sum,
    monomial_node,
    monomial_product,
    node_of,
    sorted_monomial,
)
from derive.binding import walk
from derive.errors import UnsupportedError
from derive.expression import Add, Multiply, Node, multiply, power

if TYPE_CHECKING:
    from derive.algebra.normal import Normalizer


MAX_DEGREE = 3_000
MANY = 60  # from this degree on, exponents are counted in their greatest common divisor

# A generator is an atom to a numeric power, or to the power of one monomial of a symbolic exponent.
Generator = tuple[Node, Monomial]


class Factored(msgspec.Struct, frozen=True):
    """polynomial = coefficient * content * product of factor**times, each factor primitive."""

    coefficient: Rational
    content: Monomial
    factors: tuple[tuple[Polynomial, int], ...]


def _parts(exponent: Exponent) -> list[tuple[Monomial, Rational]]:
    """A symbolic exponent term by term: a**(2*p + 1) is (a**p)**2 * a."""
    if isinstance(exponent, Polynomial):
        return list(exponent.terms.items())
    return [((), fmpq(exponent))]


def _spread(polynomial: Polynomial) -> tuple[list[Generator], list[tuple[dict[Generator, Rational], Rational]]]:
    generators: dict[Generator, None] = {}
    rows: list[tuple[dict[Generator, Rational], Rational]] = []
    for monomial, coefficient in polynomial.sorted():
        row: dict[Generator, Rational] = {}
        for atom, exponent in monomial:
            for unit, times in _parts(exponent):
                row[atom, unit] = times
                generators.setdefault((atom, unit))
        rows.append((row, coefficient))
    return list(generators), rows


def factor(ring: "Normalizer", polynomial: Polynomial) -> Factored:
    """Content and irreducible factors; the content takes the least exponent of every generator."""
    known = ring.factored.get(polynomial)
    if known is None:
        content, cleared = _common_denominator(ring, polynomial)
        if not cleared:
            raise UnsupportedError("what is to be factored is 0, as its denominators show")
        known = _factor(cleared)
        if content:
            known = Factored(known.coefficient, monomial_product(content, known.content), known.factors)
        ring.factored[polynomial] = known
        if ring.steps is not None:
            ring.steps.add("factors", node_of(polynomial), _product_node(known))
    return known


def _product_node(factored: Factored) -> Node:
    """The factors as an expression that is not multiplied out."""
    parts = (power(node_of(base), times) for base, times in factored.factors)
    return multiply(monomial_node(factored.content, factored.coefficient), *parts)


def _common_denominator(ring: "Normalizer", polynomial: Polynomial) -> tuple[Monomial, Polynomial]:
    """Kept bases taken out to their least power, so that 1 - e/(1 + e) is (1 + e)**-1 times 1."""
    content: Monomial = ()
    while len(polynomial.terms) > 1:
        found = next(
            (a for a in sorted(polynomial.atoms(), key=depth, reverse=True) if isinstance(a, Add | Multiply)), None
        )
        parts = None if found is None else by_residue(polynomial, found)
        if found is None or parts is None or len(parts) > 1:
            break
        ((residue, rows),) = parts.items()
        least = min(whole for _, _, whole in rows)
        content = monomial_product(content, ((found, exponent_sum(exponent_of(residue), least)),))
        polynomial = multiplied_out(ring, rows, ring(found))
    return content, polynomial


Row = tuple[Monomial, Rational, int]


def depth(atom: Node) -> tuple[int, int]:
    """Sorts kept bases so that one which contains another comes after it."""
    return sum(1 for _ in walk(atom)), atom.serial


def by_residue(polynomial: Polynomial, base: Node) -> dict[Polynomial, list[Row]]:
    """The terms by the fractional or symbolic part of the power of base; a row is (rest, coefficient, whole power)."""
    groups: dict[Polynomial, list[Row]] = {}
    for monomial, coefficient in polynomial.terms.items():
        total = as_polynomial(next((e for a, e in monomial if a is base), 0))
        rest = tuple(item for item in monomial if item[0] is not base)
        fixed = total.terms.get((), fmpq(0))
        whole = int(fixed.p // fixed.q)
        residue = as_polynomial(exponent_sum(exponent_of(total), -whole))
        groups.setdefault(residue, []).append((rest, coefficient, whole))
    return groups


def multiplied_out(ring: "Normalizer", rows: list[Row], expanded: Polynomial) -> Polynomial:
    """The rows divided by the least power of their base, by Horner's scheme in the base."""
    least = min(whole for _, _, whole in rows)
    by_power: dict[int, dict[Monomial, Rational]] = {}
    for rest, coefficient, whole in rows:
        accumulated(by_power.setdefault(whole - least, {}), ((rest, coefficient),))
    result = NOTHING
    for step in range(max(by_power), -1, -1):
        result = ring.product(result, expanded) + Polynomial(by_power.get(step, {}))
    return result


def _factor(polynomial: Polynomial) -> Factored:
    single = polynomial.single
    if single is not None:
        return Factored(single[1], single[0], ())
    generators, rows = _spread(polynomial)
    zero = fmpq(0)
    least = {g: min(row.get(g, zero) for row, _ in rows) for g in generators}
    scale = {g: _scale([row.get(g, zero) - least[g] for row, _ in rows]) for g in generators}
    denominator = lcm(*(int(c.q) for _, c in rows))
    integers = [int((c * denominator).p) for _, c in rows]
    divisor = gcd(*integers)
    names = tuple(f"g{k}" for k in range(len(generators)))
    table = {
        tuple(int(((row.get(g, zero) - least[g]) * scale[g]).p) for g in generators): fmpz(value // divisor)
        for (row, _), value in zip(rows, integers, strict=True)
    }
    unit, found = _irreducible(names, table)
    coefficient = fmpq(divisor, denominator) * unit
    factors: list[tuple[Polynomial, int]] = []
    for part, times in found:
        primitive = _gathered(part.to_dict(), generators, scale)
        if primitive.sorted()[0][1] < 0:
            primitive = -primitive
            coefficient *= (-1) ** int(times)
        factors.append((primitive, int(times)))
    content = _content(least)
    return Factored(coefficient, content, tuple(sorted(factors, key=lambda f: len(f[0].terms))))


def _irreducible(names: tuple[str, ...], table: dict[tuple[int, ...], fmpz]) -> tuple[Rational, list[Any]]:
    """A number and the irreducible factors with their multiplicities, each with integers without a common divisor."""
    if max(map(sum, table)) > MAX_DEGREE:  # where flint would run out of memory, and end the process
        raise UnsupportedError(f"a polynomial of a degree beyond {MAX_DEGREE} is not factored")
    try:
        unit, found = fmpz_mpoly_ctx.get(names, Ordering.degrevlex).from_dict(table).factor()
        return fmpq(unit), list(found)
    except OverflowError:  # python-flint cannot order such factors where an integer passes 32 bits; as rationals it can
        whole, same = fmpq_mpoly_ctx.get(names, Ordering.degrevlex).from_dict(table).factor()
        return fmpq(whole), list(same)


def _scale(exponents: list[Rational]) -> Rational:
    """By what exponents become integers, and not large ones: exp(941/19*x) is a generator, not a power of 941.

    Small ones stay as they are, so that x**2 - 1 and x - 1 have a factor in common.
    """
    denominator = lcm(*(int(e.q) for e in exponents))
    whole = [int((e * denominator).p) for e in exponents]
    return fmpq(denominator, gcd(*whole) if max(whole) > MANY else 1)


def _content(least: dict[Generator, Rational]) -> Monomial:
    exponents: dict[Node, Exponent] = {}
    for (atom, unit), times in least.items():
        if times:
            part = exponent_of(Polynomial({unit: times}))
            exponents[atom] = exponent_sum(exponents[atom], part) if atom in exponents else part
    return sorted_monomial({a: e for a, e in exponents.items() if not (type(e) is int and e == 0)})


def _gathered(
    table: dict[tuple[int, ...], fmpz], generators: list[Generator], scale: dict[Generator, Rational]
) -> Polynomial:
    terms: dict[Monomial, Rational] = {}
    for powers, value in table.items():
        chosen = {g: p / scale[g] for g, p in zip(generators, powers, strict=True) if p}
        accumulated(terms, ((_content(chosen), fmpq(value)),))
    return Polynomial(terms)
