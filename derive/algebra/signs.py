"""Signs: what is surely positive, or surely not negative, on the whole domain of the inputs."""

from typing import TYPE_CHECKING

from flint import fmpq

from derive import domains
from derive.algebra.polynomial import UNIT, Polynomial, as_polynomial, is_whole
from derive.binding import opened
from derive.expression import (
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
)

if TYPE_CHECKING:
    from derive.algebra.normal import Normalizer


def is_indicator(atom: Node) -> bool:
    """Whether the atom is 0 or 1."""
    if isinstance(atom, Element):
        return atom.tensor.domain in ("onehot", "binary")
    return isinstance(atom, Compare | Delta)


def atom_is_positive(ring: "Normalizer", atom: Node) -> bool:
    match atom:
        case Number(numerator):
            return numerator > 0
        case Size() | Constant():
            return True
        case Index(_, over):
            return ring.is_positive(ring(over.start))
        case Element(tensor):
            domain = domains.TABLE.get(tensor.domain)
            return domain is not None and domain.positive
        case Call("exp"):
            return True
        case Reduce("sum" | "prod", body, bound):
            has_terms = all(ring.is_positive(ring(b.axis.size)) for b in bound)
            if has_terms and ring.positive(body):
                return True
            return _is_positive_choice(ring, atom) or (has_terms and ring.is_positive(ring(opened(atom)[0])))
        case Add():
            return ring.is_positive(ring(atom))
        case Power(base):
            return ring.positive(base)
        case Multiply(factors):
            return all(map(ring.positive, factors))
    return False


def _is_positive_choice(ring: "Normalizer", atom: Reduce) -> bool:
    """Whether a one-hot element chooses one term of the sum, and every term is > 0 beside it."""
    body, indices = opened(atom)
    if atom.kind != "sum" or len(indices) != 1 or not isinstance(body, Multiply):
        return False
    chooses = [_chooses(factor, indices[0]) for factor in body.factors]
    return sum(chooses) == 1 and all(c or ring.positive(f) for c, f in zip(chooses, body.factors, strict=True))


def _chooses(factor: Node, index: Index) -> bool:
    return (
        isinstance(factor, Element)
        and factor.tensor.domain == "onehot"
        and factor.subscripts[-1] is index
        and index.axis is factor.tensor.axes[-1]
        and all(index not in s.free for s in factor.subscripts[:-1])
    )


def atom_is_nonnegative(ring: "Normalizer", atom: Node) -> bool:
    match atom:
        case Reduce("sum" | "prod"):
            return ring.is_nonnegative(ring(opened(atom)[0]))
        case Compare() | Delta() | Call("abs"):
            return True
        case Call("log", argument):
            return ring.is_nonnegative(ring(argument) - UNIT)
        case Index(_, over):
            return isinstance(over.start, Number) and over.start.numerator >= 0
        case Element(tensor):
            domain = domains.TABLE.get(tensor.domain)
            return domain is not None and domain.low == 0
    return False


def is_unit_complement(ring: "Normalizer", polynomial: Polynomial) -> bool:
    """Whether this is 1 - u*v**p*… for elements between 0 and 1 with exponents > 0."""
    terms = dict(polynomial.terms)
    if len(terms) != 2 or terms.pop((), None) != 1:
        return False
    ((monomial, coefficient),) = terms.items()
    return coefficient == -1 and all(is_unit(a) and ring.is_positive(as_polynomial(e)) for a, e in monomial)


def is_unit(atom: Node) -> bool:
    """Whether an input is strictly between 0 and 1."""
    domain = domains.TABLE.get(atom.tensor.domain) if isinstance(atom, Element) else None
    return domain is not None and domain.positive and domain.high == 1 and not domain.relation


def is_at_most_one(ring: "Normalizer", atom: Node) -> bool:
    """Whether 0 <= atom <= 1: an element of such a domain, an indicator, the largest of products of these."""
    match atom:
        case Element(tensor):
            domain = domains.TABLE.get(tensor.domain)
            return is_indicator(atom) or (domain is not None and domain.low == 0 and domain.high == 1)
        case Reduce("max"):
            return is_in_unit(ring, ring(opened(atom)[0]))
    return is_indicator(atom)


def is_in_unit(ring: "Normalizer", polynomial: Polynomial) -> bool:
    """Whether this is a product of what is between 0 and 1: of such atoms, and of 1 less such."""
    if not polynomial.terms:
        return True
    factored = ring.factors(polynomial)
    parts = [part.scaled(fmpq(-1)) if part.terms.get((), 1) < 0 else part for part, _ in factored.factors]
    flipped = sum(times for part, times in factored.factors if part.terms.get((), 1) < 0)
    return (
        0 < factored.coefficient * (-1) ** flipped <= 1
        and all(is_whole(e) and e > 0 and is_at_most_one(ring, a) for a, e in factored.content)
        and all(_is_complement(ring, part) for part in parts)
    )


def _is_complement(ring: "Normalizer", polynomial: Polynomial) -> bool:
    terms = dict(polynomial.terms)
    if len(terms) != 2 or terms.pop((), None) != 1:
        return False
    ((monomial, coefficient),) = terms.items()
    return coefficient == -1 and all(is_whole(e) and e > 0 and is_at_most_one(ring, a) for a, e in monomial)
