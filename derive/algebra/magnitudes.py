"""Absolute values as atoms: |a*b| = |a|*|b| and |prod of f| = prod of |f|, for what is compared and not differentiated.

By cases, as elsewhere, |a| is a where a > 0 and -a where not: right for equations, and hard to bound.
"""

from typing import TYPE_CHECKING

from flint import fmpq

from derive.algebra.factors import factor
from derive.algebra.polynomial import NOTHING, Polynomial, is_whole, node_of, variable
from derive.algebra.powers import power
from derive.algebra.steps import Steps
from derive.binding import opened, reduce
from derive.expression import Call, Node, Reduce

if TYPE_CHECKING:
    from derive.algebra.normal import Normalizer


def magnitude(ring: "Normalizer", value: Polynomial) -> Polynomial:
    """|value|, case by case where there are cases, as a product of the absolute values of its factors."""
    result = ring.by_cases(value, lambda p: _magnitude(ring, p))
    _tell(ring.steps, value, result)
    return result


def _magnitude(ring: "Normalizer", value: Polynomial) -> Polynomial:
    if not value:
        return NOTHING
    factored = factor(ring, value)
    result = Polynomial({(): abs(factored.coefficient)})
    for atom, exponent in factored.content:
        if ring.nonnegative_factor(atom, exponent):
            own = ring.of_monomial(((atom, exponent),))
        else:
            own = power(ring, _of_atom(ring, atom), exponent)
        result = ring.product(result, own)
    for part, times in factored.factors:
        result = ring.product(result, ring.whole_power(_of_sum(ring, part), times))
    return result


def _of_atom(ring: "Normalizer", atom: Node) -> Polynomial:
    if isinstance(atom, Reduce) and atom.kind == "prod":
        body, indices = opened(atom)
        return ring(reduce("prod", Call("abs", body), *indices))
    return variable(Call("abs", atom))


def _of_sum(ring: "Normalizer", part: Polynomial) -> Polynomial:
    if ring.is_nonnegative(part):
        return part
    return -part if ring.is_nonnegative(-part) else variable(Call("abs", node_of(part)))


def _tell(steps: Steps | None, value: Polynomial, result: Polynomial) -> None:
    if steps is not None:
        steps.add("absolute value of a product", Call("abs", node_of(value)), node_of(result))


def bounded_by_parts(ring: "Normalizer", polynomial: Polynomial) -> Polynomial:
    """Not more than the polynomial: what |a + b| takes away, |a| and |b| take away at least; so for sums."""
    result = NOTHING
    for monomial, coefficient in polynomial.terms.items():
        rest = Polynomial({monomial: coefficient})
        for atom, exponent in monomial:
            if coefficient < 0 and exponent == 1 and isinstance(atom, Call) and atom.function == "abs":
                others = tuple(item for item in monomial if item[0] is not atom)
                if all(ring.nonnegative_factor(a, e) for a, e in others):
                    rest = ring.product(ring.of_monomial(others, coefficient), _parts(ring, ring(atom.argument)))
                    break
        result = result + rest
    return result


def _parts(ring: "Normalizer", value: Polynomial) -> Polynomial:
    """The sum of the absolute values of the terms, |sum of f| as the sum of |f|."""
    result = NOTHING
    for monomial, coefficient in value.terms.items():
        own = Polynomial({(): abs(coefficient)})
        for atom, exponent in monomial:
            if isinstance(atom, Reduce) and atom.kind == "sum" and is_whole(exponent) and exponent > 0:
                body, indices = opened(atom)
                term = ring.whole_power(ring(reduce("sum", Call("abs", body), *indices)), exponent)
            else:
                term = magnitude(ring, Polynomial({((atom, exponent),): fmpq(1)}))
            own = ring.product(own, term)
        result = result + own
    return result
