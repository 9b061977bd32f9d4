"""Bounds: a normal form is not negative where what is taken away is covered by what stands beside it.

One term covers another that is the same but for factors below 1; a sum of terms that are not negative covers
each of them; a largest value covers each of those that it is the largest of.
"""

from typing import TYPE_CHECKING

from derive import ranges
from derive.algebra.contraction import is_distribution_over
from derive.algebra.factors import by_residue, multiplied_out
from derive.algebra.integers import is_integer
from derive.algebra.largest import renaming
from derive.algebra.leading import quotient_of
from derive.algebra.magnitudes import bounded_by_parts
from derive.algebra.polynomial import (
    NOTHING,
    UNIT,
    Exponent,
    Monomial,
    Polynomial,
    Rational,
    accumulated,
    as_polynomial,
    exponent_of,
    exponent_sum,
    is_whole,
    monomial_power,
    monomial_product,
    node_of,
    plain,
)
from derive.algebra.signs import is_at_most_one
from derive.binding import opened, reduce, replace
from derive.expression import ONE, ZERO, Add, Call, Element, Index, Node, Reduce, Size

if TYPE_CHECKING:
    from derive.algebra.normal import Normalizer

MAX_USES = 3


def is_covered(ring: "Normalizer", polynomial: Polynomial) -> bool:
    """Whether the polynomial is >= 0 wherever it is defined, as its terms show. False says nothing."""
    if _is_above_each(ring, polynomial) or _is_covered_by_terms(ring, polynomial):
        return True
    found = ring.factors(polynomial)
    sign = _sign(ring, found.content)
    if not found.factors or sign is None:
        return False
    for factor, times in found.factors:
        if times % 2 and not _is_factor_nonnegative(ring, factor):
            if not _is_factor_nonnegative(ring, -factor):
                return False
            sign = -sign
    return bool(sign * found.coefficient > 0)


def _is_factor_nonnegative(ring: "Normalizer", factor: Polynomial) -> bool:
    return _is_counted_from_zero(factor) or ring.is_nonnegative(factor) or _is_covered_by_terms(ring, factor)


def _is_counted_from_zero(value: Polynomial) -> bool:
    """Whether an expression of sizes and indices is >= 0 for all of them."""
    bounded = ranges.polynomial(node_of(value))
    return bounded is not None and ranges.is_nonnegative(bounded)


def _is_covered_by_terms(ring: "Normalizer", polynomial: Polynomial) -> bool:
    """Whether every term that is negative is covered by others that are positive."""
    above: dict[Monomial, Rational] = {}
    below: list[tuple[Monomial, Rational]] = []
    for monomial, coefficient in polynomial.terms.items():
        sign = _sign(ring, monomial)
        if sign is None:
            return False
        if sign * coefficient > 0:
            above[monomial] = coefficient
        else:
            below.append((monomial, coefficient))
    for monomial, coefficient in below:
        left = abs(coefficient)
        for other in list(above):
            if left and _covers(ring, other, monomial):
                taken = min(left, abs(above[other]))
                left -= taken
                accumulated(above, ((other, -taken if above[other] > 0 else taken),))
        if left:
            return False
    return True


def _sign(ring: "Normalizer", monomial: Monomial) -> int | None:
    """1 for a product that is >= 0 wherever it is defined, -1 for one that is <= 0, None if neither is seen."""
    sign = 1
    for atom, exponent in monomial:
        if ring.nonnegative_factor(atom, exponent):
            continue
        side = _sign_of_logarithm(ring, atom)
        if side is None or not is_whole(exponent):
            return None
        sign *= side
    return sign


def _sign_of_logarithm(ring: "Normalizer", atom: Node) -> int | None:
    """log(a) <= 0 for an a of at most 1, and >= 0 for one of at least 1."""
    if not isinstance(atom, Call) or atom.function != "log":
        return None
    beyond = ring(atom.argument - 1)
    if ring.is_nonnegative(beyond):
        return 1
    return -1 if ring.is_nonnegative(-beyond) or _is_covered_by_terms(ring, -beyond) else None


def _covers(ring: "Normalizer", more: Monomial, less: Monomial) -> bool:
    """Whether |more| >= |less|: less is more times factors below 1, or more sums what less is a term of."""
    if _is_at_most_one(ring, monomial_product(less, monomial_power(more, -1))) or _covers_sum(ring, more, less):
        return True
    for atom, exponent in more:
        if isinstance(atom, Reduce) and atom.kind == "sum" and exponent == 1:
            others = tuple(item for item in more if item[0] is not atom)
            term = _quotient(less, others)
            if term is not None and _is_one_of(ring, atom, Polynomial({term: _ONE})):
                return True
    return False


def _is_at_most_one(ring: "Normalizer", monomial: Monomial) -> bool:
    return all(is_at_most_one(ring, atom) and ring.is_positive(as_polynomial(exponent)) for atom, exponent in monomial)


def _covers_sum(ring: "Normalizer", more: Monomial, less: Monomial) -> bool:
    """Whether less is a sum of terms that are each below one of those that more sums, or counts."""
    for atom, exponent in less:
        if not (isinstance(atom, Reduce) and atom.kind == "sum" and exponent == 1):
            continue
        body, indices = opened(atom)
        single = ring(body).single
        if single is None or single[1] != 1:
            continue
        others = tuple(item for item in less if item[0] is not atom)
        wide = monomial_product(more, monomial_power(others, -1))
        if not wide and _is_mean(ring, single[0], indices):
            return True
        if _is_at_most_one(ring, single[0]) and ring(reduce("sum", ONE, *indices)) == ring.of_monomial(wide):
            return True
        match wide:
            case ((Reduce("sum", _, bound) as wider, 1),) if [b.axis for b in bound] == [i.axis for i in indices]:
                theirs = ring(replace(wider.body, dict(zip(bound, indices, strict=True)))).single
            case _:
                continue
        if theirs is not None and theirs[1] == 1 and all(ring.nonnegative_factor(a, e) for a, e in theirs[0]):
            ratio = monomial_product(single[0], monomial_power(theirs[0], -1))
            if _is_at_most_one(ring, ratio):
                return True
    return False


def _is_mean(ring: "Normalizer", monomial: Monomial, indices: tuple[Index, ...]) -> bool:
    """Whether a body is the weight of a distribution times what is between 0 and 1."""
    weights = [a for a, e in monomial if e == 1 and isinstance(a, Element) and is_distribution_over(a, indices[0])]
    return len(indices) == 1 and len(weights) > 0 and _is_at_most_one(ring, monomial)


def _quotient(monomial: Monomial, divisor: Monomial) -> Monomial | None:
    return quotient_of(monomial, divisor) if divisor else monomial


def _is_above_each(ring: "Normalizer", polynomial: Polynomial) -> bool:
    """Whether this is a positive factor times the largest of some values less one of them."""
    for monomial, coefficient in polynomial.terms.items():
        for atom, exponent in monomial:
            if not (isinstance(atom, Reduce) and atom.kind == "max" and exponent == 1):
                continue
            factor = tuple(item for item in monomial if item[0] is not atom)
            if coefficient < 0 or not all(ring.positive(a) for a, _ in factor):
                continue
            rest = Polynomial({m: c for m, c in polynomial.terms.items() if m is not monomial})
            scale = ring.of_monomial(monomial_power(factor, -1), -1 / coefficient)
            if _is_one_of(ring, atom, ring.product(rest, scale)):
                return True
    return False


def _is_one_of(ring: "Normalizer", atom: Reduce, value: Polynomial) -> bool:
    """Whether a value is the body of a reduction at some indices; the terms of a sum must all be >= 0."""
    opened_body, bound = opened(atom)
    body = ring(opened_body)
    if atom.kind == "sum" and not ring.is_nonnegative(body):
        return False
    free = {leaf for a in value.atoms() for leaf in a.free if isinstance(leaf, Index)}
    return renaming(ring, body, bound, value, tuple(sorted(free, key=lambda i: str(i.name)))) is not None


def gathered(ring: "Normalizer", polynomial: Polynomial) -> Polynomial:
    """The polynomial with b*b**(t - 1) and b**t as one power, for each base b that is a sum."""
    for base in [a for a in polynomial.atoms() if isinstance(a, Add)]:
        expanded, whole = ring(base), NOTHING
        for residue, rows in by_residue(polynomial, base).items():
            least = exponent_sum(exponent_of(residue), min(times for _, _, times in rows))
            part = multiplied_out(ring, rows, expanded)
            outside = UNIT if least == 0 else ring.of_monomial(((base, least),))
            whole = whole + ring.product(outside, part)
        polynomial = whole
    return polynomial


def follows(ring: "Normalizer", goal: Polynomial, known: Polynomial, uses: int = MAX_USES) -> bool:
    """Whether goal >= 0 where known >= 0: as what is left of it once multiples c >= 0 of known are taken away."""
    if is_shown_nonnegative(ring, goal):
        return True
    if not all(_has_a_value(ring, monomial) for monomial in known.terms):
        return False  # nothing is known where it has none: of x**(n/2) >= 0 at an odd n for x < 0
    rising = [(m, c) for m, c in known.terms.items() if any(_grows(*item) for item in m)]
    for monomial, coefficient in rising if uses else ():
        for own, share in goal.terms.items():
            if share * coefficient <= 0 or not {a for a, _ in monomial} <= {a for a, _ in own}:
                continue
            quotient = monomial_product(own, monomial_power(monomial, -1))
            if any(is_whole(e) and e < 0 and not ring.positive(a) for a, e in quotient) or not _has_a_value(
                ring, quotient
            ):
                continue  # where the divisor is 0, which may be everywhere, nothing would be shown
            factor = ring.of_monomial(quotient, share / coefficient)
            if not is_shown_nonnegative(ring, factor):
                continue
            rest = gathered(ring, goal - ring.product(factor, known))
            if follows(ring, rest, known, uses - 1):
                return True
    return False


def _has_a_value(ring: "Normalizer", monomial: Monomial) -> bool:
    """Whether every power that may be broken is one of what is not negative."""
    return all(is_integer(e) or ring.nonnegative_factor(a, 1) for a, e in monomial)


def _grows(atom: Node, exponent: object) -> bool:
    """Whether this may be what the hypothesis is about: a power to the step, or the value of a recurrence."""
    match atom:
        case Element(tensor):
            is_a_value = tensor.domain in ("defined", "adjoint")
        case Call("abs") | Reduce("prod"):
            is_a_value = True
        case _:
            is_a_value = False
    return is_a_value or isinstance(exponent, Polynomial)


def is_shown_nonnegative(ring: "Normalizer", value: Polynomial) -> bool:
    """Whether a normal form is >= 0 wherever it is defined, by its factors or by its terms."""
    if ring.is_product_nonnegative(value) or is_covered(ring, value):
        shown = True
    else:
        parts = bounded_by_parts(ring, value) if ring.keeps_magnitudes else value
        shown = parts != value and (ring.is_product_nonnegative(parts) or is_covered(ring, parts))
    if shown and ring.steps is not None:
        ring.steps.add("terms cover what is taken away", node_of(value), ZERO, ">=")
    return shown


def root(ring: "Normalizer", polynomial: Polynomial, size: Size) -> Polynomial | None:
    """The positive c with c**size = polynomial, where its factors show one."""
    single = polynomial.single
    if single is None or single[1] != 1:
        return None
    taken: list[tuple[Node, Exponent]] = []
    for atom, exponent in single[0]:
        value = as_polynomial(exponent).single
        if not ring.positive(atom) or value is None or value[0] != ((size, 1),):
            return None
        taken.append((atom, plain(value[1])))
    return ring.of_monomial(tuple(taken))


_ONE: Rational = as_polynomial(1).terms[()]
