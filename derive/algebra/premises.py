"""Premises: what is >= 0 whatever the values, and speaks of the atoms of a normal form that is to be shown >= 0."""

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

import msgspec
from flint import fmpq

from derive.algebra.components import free_of
from derive.algebra.integers import is_integer_power
from derive.algebra.leading import leading_term, quotient_of
from derive.algebra.logarithms import bounds_of_logarithms
from derive.algebra.polynomial import NOTHING, UNIT, Polynomial, monomial_node, node_of, plain, variable
from derive.algebra.powers import power
from derive.binding import opened, reduce, replace
from derive.expression import Call, Reduce, add, multiply

if TYPE_CHECKING:
    from derive.algebra.normal import Normalizer

MAX_PREMISES = 32


class Premise(msgspec.Struct, frozen=True):
    """A normal form that is >= 0 wherever it is defined, by a rule."""

    rule: str
    value: Polynomial


def premises(ring: "Normalizer", goal: Polynomial) -> list[Premise]:
    """What is known of the atoms of the goal, the most telling first."""
    return list(islice(_premises(ring, goal), MAX_PREMISES))


def _premises(ring: "Normalizer", goal: Polynomial) -> Iterator[Premise]:
    atoms = sorted(goal.atoms(), key=lambda a: a.serial)
    for atom in atoms:
        match atom:
            case Call("floor"):
                yield from _of_floor(ring, atom)
            case Call("exp"):
                yield from _of_exponential(ring, goal, atom)
            case Reduce("max"):
                for other in atoms:
                    if isinstance(other, Reduce) and other.kind == "sum":
                        yield from _of_largest(ring, atom, other)
            case Reduce("sum"):
                yield from _of_product_sum(ring, atom, goal)
    if any(isinstance(a, Call | Reduce) and "log" in a.mentions for a in atoms):
        for value in bounds_of_logarithms(ring, goal):
            yield Premise("log(u) <= u - 1", value)


def _of_floor(ring: "Normalizer", atom: Call) -> Iterator[Premise]:
    """floor(e/d) is between e/d - 1 + 1/d and e/d, for integers e and d > 0; above u - 1 for any other u."""
    inside, rounded = ring(atom.argument), variable(atom)
    yield Premise("rounded down", inside - rounded)
    yield Premise("rounded down by less than 1", rounded - inside + UNIT - _grain(ring, inside))


def _grain(ring: "Normalizer", value: Polynomial) -> Polynomial:
    """1/d for an e/d of integers e and d > 0; 0 for what is no such fraction."""
    factored = ring.factors(value)
    below = tuple((a, -e) for a, e in factored.content if not is_integer_power((a, e)))
    parts = [Polynomial({(): fmpq(factored.coefficient.q)})]
    if all(is_integer_power(item) and ring.positive(item[0]) for item in below):
        parts.append(Polynomial({below: fmpq(1)}))
    else:
        return NOTHING
    whole = ring.product(*parts)
    if not all(c.q == 1 and all(map(is_integer_power, m)) for m, c in ring.product(whole, value).terms.items()):
        return NOTHING
    return power(ring, whole, -1)


def _of_exponential(ring: "Normalizer", goal: Polynomial, atom: Call) -> Iterator[Premise]:
    """exp(c*m) >= 1 + c*m, for the powers exp(m)**c of the goal."""
    for exponent in sorted({fmpq(e) for m in goal.terms for a, e in m if a is atom and not isinstance(e, Polynomial)}):
        linear = ring(atom.argument).scaled(exponent)
        yield Premise("exp(u) >= 1 + u", variable(atom, plain(exponent)) - UNIT - linear)


def _of_largest(ring: "Normalizer", largest: Reduce, total: Reduce) -> Iterator[Premise]:
    """The sum of w[i]*(M - r[i]) is >= 0 for the largest M of all r[i] and weights w[i] >= 0, which the sum shows."""
    if len(largest.bound) != 1:
        return
    value, (own,) = opened(largest)
    body, indices = opened(total)
    terms = ring(body).single
    if terms is None:
        return
    for index in indices:
        if index.axis is not own.axis or not own.axis.free.isdisjoint(indices):
            continue
        there = ring(replace(value, {own: index}))
        apart = quotient_of(terms[0], leading_term(there)) if there else None
        others = [i for i in indices if i is not index]
        plain_weight = tuple(
            (a, e)
            for a, e in terms[0]
            if index in a.free and a.free.isdisjoint(others) and ring.nonnegative_factor(a, e)
        )
        for weight in dict.fromkeys(w for w in (apart, plain_weight) if w is not None):
            if all(ring.nonnegative_factor(a, e) for a, e in weight) and free_of(weight).isdisjoint(others):
                gap = add(largest, multiply(-1, node_of(there)))
                known = reduce("sum", multiply(monomial_node(weight), gap), index)
                yield Premise("the largest value is above each", ring(known))


def _of_product_sum(ring: "Normalizer", total: Reduce, goal: Polynomial) -> Iterator[Premise]:
    """|sum of x*y| <= sqrt(sum of x**2)*sqrt(sum of y**2), where the goal speaks of these."""
    body, indices = opened(total)
    single = ring(body).single
    if single is None or len(single[0]) != 2 or any(e != 1 for _, e in single[0]):
        return
    bound = UNIT
    for atom, _ in single[0]:
        square = ring(reduce("sum", node_of(variable(atom, 2)), *indices))
        if not square.atoms() <= goal.atoms():
            return
        bound = ring.product(bound, power(ring, square, fmpq(1, 2)))
    for sign in (1, -1):
        yield Premise("Cauchy's inequality", bound + variable(total).scaled(fmpq(sign)))
