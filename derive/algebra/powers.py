"""Powers, exponentials and logarithms of normal forms.

A base that is not one term is factored; its content leaves the power where that is allowed, and the
rest stays as an atom, a "kept base", whose exponent is negative, fractional or symbolic.
"""

from typing import TYPE_CHECKING

from flint import fmpq, fmpz

from derive.algebra.cases import indicator
from derive.algebra.factors import Factored, factor
from derive.algebra.integers import is_fractional, is_integer
from derive.algebra.polynomial import (
    NOTHING,
    UNIT,
    Exponent,
    Monomial,
    Polynomial,
    Rational,
    as_polynomial,
    exponent_node,
    exponent_of,
    exponent_product,
    exponent_sum,
    is_whole,
    monomial_node,
    monomial_power,
    monomial_product,
    node_of,
    plain,
    variable,
)
from derive.algebra.zero import is_zero
from derive.binding import opened, reduce
from derive.errors import UndefinedError, UnsupportedError
from derive.expression import Call, Node, Reduce, number
from derive.expression import power as node_power

if TYPE_CHECKING:
    from derive.algebra.normal import Normalizer


def power(ring: "Normalizer", base: Polynomial, exponent: Exponent) -> Polynomial:
    result = _power(ring, base, exponent)
    if ring.steps is not None:
        ring.steps.add("power of a product", node_power(node_of(base), exponent_node(exponent)), node_of(result))
    return result


def _power(ring: "Normalizer", base: Polynomial, exponent: Exponent) -> Polynomial:
    if is_whole(exponent):
        if exponent >= 0:
            if exponent == 0 and not base:
                raise UndefinedError("0**0")
            return ring.whole_power(base, exponent)
        return ring.by_cases(base, lambda p: ring.whole_power(inverse(ring, p), -exponent))
    return ring.by_cases(base, lambda p: real_power(ring, p, exponent))


def inverse(ring: "Normalizer", base: Polynomial) -> Polynomial:
    """1/base, off the null set where base is 0; refused where it is 0 everywhere."""
    if not base or is_zero(ring, base):
        raise UndefinedError("division by an expression that is always 0")
    factored = factor(ring, base)
    result = ring.of_monomial(monomial_power(factored.content, -1), 1 / factored.coefficient)
    for primitive, times in factored.factors:
        result = ring.product(result, ring.of_monomial(((node_of(primitive), -times),)))
    return result


def real_power(ring: "Normalizer", base: Polynomial, exponent: Exponent) -> Polynomial:
    """base**exponent for an exponent that is not an integer: what is surely positive leaves the base.

    The power is defined only where the base is positive (or 0), which allows (a**3)**(1/3) = a, but
    (a**2)**(1/2) is |a|.
    """
    if not base:
        raise UndefinedError("0 to a power that is not an integer")
    factored = factor(ring, base)
    if is_integer(exponent):
        return _integer_power(ring, factored, exponent)
    result = _number_power(abs(factored.coefficient), exponent)
    rest: list[tuple[Node, Exponent]] = []
    for atom, own in factored.content:
        if ring.positive(atom) or is_fractional(ring, own):
            result = ring.product(result, ring.of_monomial(((atom, exponent_product(own, exponent)),)))
        else:
            rest.append((atom, own))
    for primitive, times in factored.factors:
        if ring.is_positive(primitive):
            result = ring.product(result, ring.of_monomial(((node_of(primitive), exponent_product(times, exponent)),)))
        else:
            rest.append((node_of(primitive), times))
    return ring.product(result, _rest_power(ring, rest, factored.coefficient < 0, exponent))


def _integer_power(ring: "Normalizer", factored: Factored, exponent: Exponent) -> Polynomial:
    """An integer power goes to every factor, whatever its sign."""
    result = _number_power(abs(factored.coefficient), exponent)
    if factored.coefficient < 0:
        result = ring.product(result, variable(number(-1), exponent))
    for atom, own in factored.content:
        result = ring.product(result, ring.of_monomial(((atom, exponent_product(own, exponent)),)))
    for primitive, times in factored.factors:
        result = ring.product(result, ring.of_monomial(((node_of(primitive), exponent_product(times, exponent)),)))
    return result


def _rest_power(
    ring: "Normalizer", rest: list[tuple[Node, Exponent]], negative: bool, exponent: Exponent
) -> Polynomial:
    """(±product of rest)**exponent, where no factor of the rest has a known sign."""
    if not rest:
        if negative:
            raise UndefinedError("a negative number to a power that is not an integer")
        return UNIT
    if len(rest) == 1:
        ((atom, times),) = rest
        if is_whole(times) and times % 2 == 0 and not negative:
            return absolute_power(ring, ring(atom), exponent_product(times, exponent))
        if is_whole(times) and times % 2:
            signed = node_of(-ring(atom)) if negative else atom
            return ring.of_monomial(((signed, exponent_product(times, exponent)),))
    whole = UNIT.scaled(fmpq(-1 if negative else 1))
    for atom, times in rest:
        whole = ring.product(whole, power(ring, ring(atom), times))
    single = whole.single
    kept = node_of(whole) if single is None else monomial_node(*single)
    return variable(kept, exponent)


def absolute_power(ring: "Normalizer", base: Polynomial, exponent: Exponent) -> Polynomial:
    """|base|**exponent."""
    if is_whole(exponent):
        if exponent % 2 == 0:
            return power(ring, base, exponent)
        sign = indicator(ring, base).scaled(fmpq(2)) - UNIT
        return ring.product(power(ring, base, exponent), sign)
    argument = base if base.sorted()[0][1] > 0 else -base
    return variable(Call("abs", node_of(argument)), exponent)


def _number_power(value: Rational, exponent: Exponent) -> Polynomial:
    """value**exponent for value > 0, prime by prime, so that sqrt(4) is 2 and sqrt(8) is 2*sqrt(2)."""
    result: Monomial = ()
    coefficient = fmpq(1)
    for part, sign in ((value.p, 1), (value.q, -1)):
        for prime, times in _prime_factors(part):
            total = as_polynomial(exponent_product(exponent, times * sign))
            fixed = total.terms.get((), fmpq(0))
            whole = int(fixed.p // fixed.q)
            coefficient *= fmpq(prime) ** whole
            rest = exponent_sum(exponent_of(total), -whole)
            if not (type(rest) is int and rest == 0):
                result = monomial_product(result, ((number(int(prime)), rest),))
    return Polynomial({result: coefficient})


def _prime_factors(value: fmpz) -> list[tuple[fmpz, int]]:
    if value.bit_length() > 128:
        raise UnsupportedError("the root of a large number")
    return list(value.factor()) if value > 1 else []


# ------------------------------------------------------------------------- exp and log


def exponential(ring: "Normalizer", argument: Polynomial) -> Polynomial:
    """exp of a normal form: a product over its terms, c*m giving exp(m)**c and log(a)*r giving a**r."""
    result = ring.by_cases(argument, lambda p: _exponential(ring, p))
    if ring.steps is not None:
        ring.steps.add("exponential of a sum", Call("exp", node_of(argument)), node_of(result))
    return result


def _exponential(ring: "Normalizer", argument: Polynomial) -> Polynomial:
    result = UNIT
    for monomial, coefficient in argument.terms.items():
        result = ring.product(result, _exponential_of_term(ring, monomial, coefficient))
    return result


def _exponential_of_term(ring: "Normalizer", monomial: Monomial, coefficient: Rational) -> Polynomial:
    logs = [place for place, (a, e) in enumerate(monomial) if isinstance(a, Call) and a.function == "log" and e == 1]
    if len(logs) == 1:
        place = logs[0]
        log = monomial[place][0]
        assert isinstance(log, Call)
        rest = Polynomial({monomial[:place] + monomial[place + 1 :]: coefficient})
        return power(ring, ring(log.argument), exponent_of(rest))
    return variable(Call("exp", monomial_node(monomial)), plain(coefficient))


def logarithm(ring: "Normalizer", argument: Polynomial) -> Polynomial:
    """log of a normal form: positive factors part, what is left stays inside; log(exp(m)) is m."""
    result = ring.by_cases(argument, lambda p: _logarithm(ring, p))
    if ring.steps is not None:
        ring.steps.add("logarithm of a product", Call("log", node_of(argument)), node_of(result))
    return result


def _logarithm(ring: "Normalizer", argument: Polynomial) -> Polynomial:
    if not argument:
        raise UndefinedError("log(0)")
    factored = factor(ring, argument)
    coefficient = factored.coefficient
    result = NOTHING
    for part, sign in ((abs(coefficient).p, 1), (abs(coefficient).q, -1)):
        for prime, times in _prime_factors(part):
            result = result + variable(Call("log", number(int(prime)))).scaled(fmpq(times * sign))
    rest = UNIT.scaled(fmpq(1 if coefficient > 0 else -1))
    for atom, exponent in factored.content:
        if ring.positive(atom) or is_fractional(ring, exponent):
            result = result + ring.product(as_polynomial(exponent), _log_of_atom(ring, atom))
        else:
            rest = ring.product(rest, Polynomial({((atom, exponent),): fmpq(1)}))
    for primitive, times in factored.factors:
        if ring.is_positive(primitive):
            result = result + variable(Call("log", node_of(primitive))).scaled(fmpq(times))
        else:
            rest = ring.product(rest, ring.whole_power(primitive, times))
    if rest != UNIT:
        if rest.constant is not None:
            raise UndefinedError("the logarithm of a negative number")
        result = result + variable(Call("log", node_of(rest)))
    return result


def _log_of_atom(ring: "Normalizer", atom: Node) -> Polynomial:
    match atom:
        case Call("exp", argument):
            return ring(argument)
        case Reduce("prod"):
            body, indices = opened(atom)
            return ring(reduce("sum", Call("log", body), *indices))
    return variable(Call("log", atom))
