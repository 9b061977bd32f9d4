"""Bounds of logarithms: log(v) >= 1 - 1/v, for what all the logarithms of one weight say together.

With v = p/q and the weight p this is Gibbs' inequality; with a power of v, or another factor beside it, the
bounds that touch elsewhere than at v = 1.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec
from flint import fmpq

from derive.algebra.leading import quotient_of
from derive.algebra.polynomial import (
    NOTHING,
    Exponent,
    Monomial,
    Polynomial,
    Rational,
    accumulated,
    exponent_product,
    is_whole,
    monomial_node,
    monomial_product,
    node_of,
    plain,
)
from derive.algebra.powers import exponential, logarithm, power
from derive.binding import opened, reduce, replace, walk
from derive.errors import UndefinedError, UnsupportedError
from derive.expression import Call, Index, Node, Number, Reduce

if TYPE_CHECKING:
    from derive.algebra.normal import Normalizer

Context = tuple[Monomial, tuple[Index, ...]]  # what stands before a sum, and what it runs over; ((), ()) for no sum


class Group(msgspec.Struct, frozen=True):
    """The logarithms that one weight multiplies: coefficient times log(argument), and terms that are logarithms."""

    context: Context
    weight: Polynomial
    logs: tuple[tuple[Node, Rational], ...]
    others: Polynomial = NOTHING


def bounds_of_logarithms(ring: "Normalizer", goal: Polynomial) -> Iterator[Polynomial]:
    """What is >= 0 and has the logarithms of the goal in it, weight by weight."""
    terms = list(_terms(ring, goal))
    alone = list(_groups_by_product(ring, terms))
    groups = dict.fromkeys((*alone, *_groups_by_sum(ring, terms), *_with_exponents(goal, terms, alone)))
    count = sum(1 for group in alone if group.context[1])
    for group in groups:
        for free in _free_factors(goal, count, group):
            for scale in _scales(goal, group):
                try:
                    yield _bound(ring, group, scale, free)
                except (UnsupportedError, UndefinedError):
                    continue


Term = tuple[Context, Monomial, Rational]


def _terms(ring: "Normalizer", goal: Polynomial) -> Iterator[Term]:
    """Every term as a term under a sum, whose indices have the same names in all of them."""
    for monomial, coefficient in goal.terms.items():
        yield ((), ()), monomial, coefficient
        for atom, exponent in monomial:
            if isinstance(atom, Reduce) and atom.kind == "sum" and exponent == 1:
                body, freed = opened(atom)
                if any(i.axis.free for i in freed):
                    continue
                names = tuple(Index(f"@{place}", i.axis) for place, i in enumerate(freed))
                single = ring(replace(body, dict(zip(freed, names, strict=True)))).single
                if single is not None:
                    others = tuple(item for item in monomial if item[0] is not atom)
                    yield (others, names), single[0], coefficient * single[1]


def _logs(ring: "Normalizer", terms: list[Term]) -> Iterator[tuple[Context, Monomial, Node, Rational]]:
    """Context, weight, argument and coefficient of every logarithm."""
    for context, monomial, coefficient in terms:
        for atom, exponent in monomial:
            if (
                isinstance(atom, Call)
                and atom.function == "log"
                and exponent == 1
                and not isinstance(atom.argument, Number)
            ):
                weight = tuple(item for item in monomial if item[0] is not atom)
                if all(ring.nonnegative_factor(a, e) for a, e in context[0]):
                    yield context, weight, atom.argument, coefficient


def _groups_by_product(ring: "Normalizer", terms: list[Term]) -> Iterator[Group]:
    found: dict[tuple[Context, Monomial], list[tuple[Node, Rational]]] = {}
    for context, weight, argument, coefficient in _logs(ring, terms):
        if all(ring.nonnegative_factor(a, e) for a, e in weight):
            found.setdefault((context, weight), []).append((argument, coefficient))
    for (context, weight), logs in found.items():
        yield Group(context, Polynomial({weight: fmpq(1)}), tuple(logs))


def _groups_by_sum(ring: "Normalizer", terms: list[Term]) -> Iterator[Group]:
    """By all that one logarithm is multiplied by, such as 1 - t."""
    weights: dict[tuple[Context, Node], Polynomial] = {}
    for context, weight, argument, coefficient in _logs(ring, terms):
        own = Polynomial({weight: coefficient})
        weights[context, argument] = weights.get((context, argument), NOTHING) + own
    found: dict[tuple[Context, Polynomial], list[tuple[Node, Rational]]] = {}
    for (context, argument), whole in weights.items():
        if len(whole.terms) > 1:
            scale = whole.sorted()[0][1]
            found.setdefault((context, whole.scaled(1 / scale)), []).append((argument, scale))
    for (context, whole), logs in found.items():
        for sign in (1, -1):
            signed = whole.scaled(fmpq(sign))
            if ring.is_nonnegative(signed):
                yield Group(context, signed, tuple((u, sign * c) for u, c in logs))


def _with_exponents(goal: Polynomial, terms: list[Term], groups: list[Group]) -> Iterator[Group]:
    """The groups again with the terms that are the logarithm of an exponential, x of exp(x)."""
    for group in groups:
        ((weight, _),) = group.weight.terms.items()
        others: dict[Monomial, Rational] = {}
        for context, monomial, coefficient in terms:
            rest = quotient_of(monomial, weight) if weight else monomial
            if context == group.context and rest and _is_exponent(goal, rest, weight):
                accumulated(others, ((rest, coefficient),))
        if others:
            yield Group(group.context, group.weight, group.logs, Polynomial(others))


def _is_exponent(goal: Polynomial, monomial: Monomial, weight: Monomial) -> bool:
    if weight:
        return all(is_whole(e) and e > 0 and not isinstance(a, Reduce) and "log" not in a.mentions for a, e in monomial)
    exponential_atom = Call("exp", monomial_node(monomial))
    return any(part is exponential_atom for atom in goal.atoms() for part in walk(atom))


def _scales(goal: Polynomial, group: Group) -> list[Exponent]:
    """The powers of v to be tried: those that make the exponents whole, and those that the goal has of an argument."""
    found: dict[Exponent, None] = {}
    for argument, coefficient in group.logs:
        size = abs(coefficient)
        found.setdefault(plain(1 / size))
        for monomial in goal.terms:
            for atom, exponent in monomial:
                if atom is argument:
                    found.setdefault(_positive(exponent_product(exponent, plain(1 / size))))
        found.setdefault(plain(2 / size))
    return [s for s in found if s is not None]


def _positive(exponent: Exponent) -> Exponent:
    if isinstance(exponent, Polynomial):
        single = exponent.single
        return None if single is None else Polynomial({single[0]: abs(single[1])})
    return plain(abs(fmpq(exponent)))


def cancelled(ring: "Normalizer", value: Polynomial) -> Polynomial:
    """A normal form with what its numerator and its denominator share taken out."""
    if len(value.terms) < 2:
        return value
    factored = ring.factors(value)
    monomial = factored.content
    for part, times in factored.factors:
        monomial = monomial_product(monomial, ((node_of(part), times),))
    return ring.of_monomial(monomial, factored.coefficient)


def _free_factors(goal: Polynomial, count: int, group: Group) -> list[Polynomial]:
    """What may be added to the logarithms of the weight: nothing, or its share of logarithms that stand alone."""
    found = [NOTHING]
    if group.context[1]:
        for monomial, coefficient in goal.terms.items():
            if len(monomial) == 1 and isinstance(monomial[0][0], Call) and monomial[0][0].function == "log":
                for parts in dict.fromkeys((1, count)):
                    found.append(Polynomial({monomial: coefficient / parts}))
    return found


def _bound(ring: "Normalizer", group: Group, scale: Exponent, free: Polynomial) -> Polynomial:
    """w*(t - (1 - v**-s)/s) >= 0 for t = log(v), summed as the context says."""
    total = free + group.others
    for argument, coefficient in group.logs:
        total = total + logarithm(ring, ring(argument)).scaled(coefficient)
    scale_value = scale if isinstance(scale, Polynomial) else Polynomial({(): fmpq(scale)})
    if not ring.is_positive(scale_value):
        raise UnsupportedError("a power that may be negative")
    inverse_power = exponential(ring, -ring.product(scale_value, total))
    touching = cancelled(ring, ring.product(group.weight, inverse_power)) - group.weight
    body = ring.product(group.weight, total) + ring.product(power(ring, scale_value, -1), touching)
    outer, indices = group.context
    inner = ring(reduce("sum", node_of(body), *indices)) if indices else body
    return ring.product(ring.of_monomial(outer), inner)
