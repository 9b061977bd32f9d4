"""Polynomials in atoms: exact rational coefficients, and exponents that may be rational or symbolic.

An atom is an interned node that the normal form treats as a variable. A monomial is a tuple of
(atom, exponent) in the order of `order`; an exponent is a nonzero int, a non-integer `fmpq`, or a
Polynomial that is not a number (`x**p`). Nothing here knows what an atom means.
"""

from bisect import bisect
from collections.abc import Iterable
from typing import Any

from flint import fmpq

from derive.expression import (
    ONE,
    ZERO,
    Add,
    Call,
    Compare,
    Constant,
    Delta,
    Element,
    Index,
    Multiply,
    Node,
    Number,
    Power,
    Reduce,
    Size,
    Variable,
    Where,
    add,
    multiply,
    power,
)

Rational = Any  # flint.fmpq, which has no types of its own
Exponent = Any  # int | fmpq | Polynomial
Monomial = tuple[tuple[Node, Exponent], ...]

_RANK: dict[type[Node], int] = {
    kind: place
    for place, kind in enumerate(
        (Number, Constant, Size, Index, Variable, Element, Power, Multiply, Add, Delta, Compare, Call, Reduce)
    )
}


def order(node: Node) -> tuple[Any, ...]:
    """A key that sorts nodes by structure first and by the names of indices last."""
    key = node.order_key
    if key is None:
        shapes, names = [], []
        for value in node.fields:
            shape, own = _described(value)
            shapes.append(shape)
            names.append(own)
        if isinstance(node, Index | Variable):
            name = (0, node.name, "") if isinstance(node.name, int) else (1, 0, node.name)
            shapes, names = shapes[1:], [(name,), *names[1:]]
        kind = _RANK.get(type(node), len(_RANK))
        key = ((kind, type(node).__name__, *shapes), tuple(names))  # nested, so that what nodes share is not copied
        object.__setattr__(node, "order_key", key)
    return key


def _described(value: Any) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """The shape of a field and the names in it; a tag in front keeps unlike shapes comparable."""
    if isinstance(value, Node):
        return order(value)
    if isinstance(value, tuple):
        parts = [_described(item) for item in value]
        return (-3, len(parts), *(shape for shape, _ in parts)), tuple(names for _, names in parts)
    return ((-1, value) if isinstance(value, int) else (-2, str(value))), ()


class Polynomial:
    """A finite sum of coefficient times monomial; immutable, hashable, equal when the terms are."""

    __slots__ = ("_hash", "terms")

    def __init__(self, terms: dict[Monomial, Rational]) -> None:
        self.terms = terms
        self._hash: int | None = None

    def __hash__(self) -> int:
        if self._hash is None:
            self._hash = hash(frozenset((m, (int(c.p), int(c.q))) for m, c in self.terms.items()))
        return self._hash

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Polynomial) and self.terms == other.terms

    def __bool__(self) -> bool:
        return bool(self.terms)

    def __add__(self, other: "Polynomial") -> "Polynomial":
        if len(self.terms) < len(other.terms):
            self, other = other, self
        return Polynomial(accumulated(dict(self.terms), other.terms.items()))

    def __neg__(self) -> "Polynomial":
        return Polynomial({m: -c for m, c in self.terms.items()})

    def __sub__(self, other: "Polynomial") -> "Polynomial":
        return self + -other

    def scaled(self, factor: Rational) -> "Polynomial":
        if factor == 1:
            return self
        return Polynomial({m: c * factor for m, c in self.terms.items()}) if factor else NOTHING

    @property
    def constant(self) -> Rational | None:
        """The value if this is a number, else None."""
        if not self.terms:
            return fmpq(0)
        return self.terms.get(()) if len(self.terms) == 1 else None

    @property
    def single(self) -> tuple[Monomial, Rational] | None:
        """The one term, if there is exactly one."""
        return next(iter(self.terms.items())) if len(self.terms) == 1 else None

    def atoms(self) -> set[Node]:
        return {atom for monomial in self.terms for atom, _ in monomial}

    def sorted(self) -> list[tuple[Monomial, Rational]]:
        return sorted(self.terms.items(), key=lambda term: monomial_order(term[0]))


def accumulated(terms: dict[Monomial, Rational], more: Iterable[tuple[Monomial, Rational]]) -> dict[Monomial, Rational]:
    """terms with more added in place; what cancels is removed."""
    for monomial, coefficient in more:
        old = terms.get(monomial)
        if old is None:
            terms[monomial] = coefficient
        else:
            new = old + coefficient
            if new:
                terms[monomial] = new
            else:
                del terms[monomial]
    return terms


NOTHING = Polynomial({})
UNIT = Polynomial({(): fmpq(1)})


def constant(value: Rational | int) -> Polynomial:
    return Polynomial({(): fmpq(value)}) if value else NOTHING


def variable(atom: Node, exponent: Exponent = 1) -> Polynomial:
    return Polynomial({((atom, exponent),): fmpq(1)})


# ------------------------------------------------------------------------------- exponents


def exponent_of(value: Polynomial) -> Exponent:
    """A polynomial as an exponent: a plain number where it is one."""
    number_value = value.constant
    return value if number_value is None else plain(number_value)


def plain(value: Rational) -> Exponent:
    return int(value.p) if value.q == 1 else value


def as_polynomial(exponent: Exponent) -> Polynomial:
    return exponent if isinstance(exponent, Polynomial) else constant(exponent)


def exponent_sum(a: Exponent, b: Exponent) -> Exponent:
    if type(a) is int and type(b) is int:
        return a + b
    if isinstance(a, Polynomial) or isinstance(b, Polynomial):
        return exponent_of(as_polynomial(a) + as_polynomial(b))
    return plain(fmpq(0) + a + b)


def is_whole(exponent: Exponent) -> bool:
    return type(exponent) is int


def exponent_order(exponent: Exponent) -> tuple[Any, ...]:
    if isinstance(exponent, Polynomial):
        return (1, 0.0, tuple((monomial_order(m), int(c.p), int(c.q)) for m, c in exponent.sorted()))
    value = fmpq(exponent)
    return (0, int(value.p) / int(value.q), ())


# -------------------------------------------------------------------------------- monomials


def monomial_order(monomial: Monomial) -> tuple[Any, ...]:
    return (len(monomial), tuple((order(a), exponent_order(e)) for a, e in monomial))


def sorted_monomial(exponents: dict[Node, Exponent]) -> Monomial:
    if len(exponents) < 2:
        return tuple(exponents.items())
    return tuple(sorted(exponents.items(), key=lambda item: order(item[0])))


def _inserted(monomial: Monomial, item: tuple[Node, Exponent]) -> Monomial:
    place = bisect(monomial, order(item[0]), key=lambda known: order(known[0]))
    return (*monomial[:place], item, *monomial[place:])


def monomial_product(a: Monomial, b: Monomial) -> Monomial:
    """The product, exponents of one atom added."""
    if not a or not b:
        return a or b
    exponents = dict(a)
    if len(b) == 1 and b[0][0] not in exponents:
        return _inserted(a, b[0])
    for atom, exponent in b:
        old = exponents.get(atom)
        new = exponent if old is None else exponent_sum(old, exponent)
        if type(new) is int and new == 0:
            del exponents[atom]
        else:
            exponents[atom] = new
    return sorted_monomial(exponents)


def monomial_power(monomial: Monomial, times: Exponent) -> Monomial:
    """monomial**times, exponent by exponent: valid for an integer, or where every atom is positive."""
    return tuple((atom, exponent_product(exponent, times)) for atom, exponent in monomial)


def exponent_product(a: Exponent, b: Exponent) -> Exponent:
    """The product of two exponents, one of them a number."""
    if type(a) is int and type(b) is int:
        return a * b
    if isinstance(a, Polynomial) and isinstance(b, Polynomial):
        terms: dict[Monomial, Rational] = {}
        for m, c in a.terms.items():
            accumulated(terms, ((monomial_product(m, n), c * d) for n, d in b.terms.items()))
        return exponent_of(Polynomial(terms))
    if isinstance(a, Polynomial):
        return exponent_of(a.scaled(fmpq(b)))
    if isinstance(b, Polynomial):
        return exponent_of(b.scaled(fmpq(a)))
    return plain(fmpq(a) * fmpq(b))


# --------------------------------------------------------------------------- back to expressions


def exponent_node(exponent: Exponent) -> Node:
    return node_of(exponent) if isinstance(exponent, Polynomial) else _number(fmpq(exponent))


def _number(value: Rational) -> Number:
    return Number(int(value.p), int(value.q))


def _value(atom: Node) -> Node:
    """An indicator as an expression: 1 where its condition holds, else 0."""
    return Where(atom, ONE, ZERO) if isinstance(atom, Compare) else atom


def monomial_node(monomial: Monomial, coefficient: Rational | int = 1) -> Node:
    factors = [
        _value(atom) if type(exponent) is int and exponent == 1 else power(_value(atom), exponent_node(exponent))
        for atom, exponent in monomial
    ]
    if coefficient == 1:
        return multiply(*factors)
    return multiply(_number(fmpq(coefficient)), *factors)


def node_of(polynomial: Polynomial) -> Node:
    """The expression, its terms and factors in a fixed order."""
    return add(*(monomial_node(m, c) for m, c in polynomial.sorted()))
