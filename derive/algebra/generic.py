"""Where a normal form can vanish: nowhere, on a null set, or on more than that.

Two comparisons p > 0 and p >= 0 may only be taken for each other where p = 0 is a null set. It is not
where p is made of sizes, indices or inputs with few values, nor where p is 0 at some size (a variance
at n = 1). What is not shown here counts as "on more than that".
"""

from typing import TYPE_CHECKING

from derive import domains
from derive.algebra.polynomial import (
    NOTHING,
    Exponent,
    Monomial,
    Polynomial,
    Rational,
    accumulated,
    as_polynomial,
    is_whole,
)
from derive.algebra.signs import is_indicator
from derive.binding import opened
from derive.expression import Call, Element, Node, Reduce, Tensor

if TYPE_CHECKING:
    from derive.algebra.normal import Normalizer


def is_never_zero(ring: "Normalizer", atom: Node) -> bool:
    """Whether the atom is nonzero on the whole domain."""
    if isinstance(atom, Element):
        domain = domains.TABLE.get(atom.tensor.domain)
        return domain is not None and domain.nonzero
    return ring.positive(atom)


def is_almost_never_zero(ring: "Normalizer", polynomial: Polynomial) -> bool:
    """Whether polynomial = 0 is a null set at every size: it moves with a continuous input, all else held."""
    if ring.is_positive(polynomial) or ring.is_positive(-polynomial):
        return True
    if len(polynomial.terms) == 1:
        (monomial,) = polynomial.terms
        return all(is_never_zero(ring, a) or moves(ring, a, _mover(a)) for a, _ in monomial)
    indicator = next((a for a in polynomial.atoms() if is_indicator(a)), None)
    if indicator is not None:
        return all(is_almost_never_zero(ring, p) for p in both_cases(polynomial, indicator))
    return moves_somehow(ring, polynomial)


def moves_somehow(ring: "Normalizer", polynomial: Polynomial) -> bool:
    """Whether the polynomial takes no value on more than a null set, as it moves with a continuous input."""
    return any(_moves_with(ring, polynomial, tensor) for tensor in _tensors(polynomial.atoms()))


def both_cases(polynomial: Polynomial, indicator: Node) -> tuple[Polynomial, Polynomial]:
    """The polynomial where the indicator is 1, and where it is 0."""
    one: dict[Monomial, Rational] = {}
    zero: dict[Monomial, Rational] = {}
    for monomial, coefficient in polynomial.terms.items():
        rest = tuple(item for item in monomial if item[0] is not indicator)
        accumulated(one, ((rest, coefficient),))
        if len(rest) == len(monomial):
            accumulated(zero, ((rest, coefficient),))
    return Polynomial(one), Polynomial(zero)


def _tensors(atoms: set[Node]) -> list[Tensor]:
    found = {part for atom in atoms for part in atom.mentions if isinstance(part, Tensor)}
    return sorted((t for t in found if is_continuous(t)), key=lambda t: t.name)


def is_continuous(tensor: Tensor) -> bool:
    """Whether every element of the input may move by itself, at every size."""
    domain = domains.TABLE.get(tensor.domain)
    return domain is not None and not domain.integer and not domain.values and domain.relation != "simplex"


def _moves_with(ring: "Normalizer", polynomial: Polynomial, tensor: Tensor) -> bool:
    """Whether this (or its part of the highest degree in the tensor) is c*a**e + rest for one atom a.

    a alone depends on the tensor and moves with it, c is almost never 0.
    """
    concerned = {a for a in polynomial.atoms() if _reads(a, tensor)}
    if len(concerned) > 1:
        polynomial = _top_part(ring, polynomial, concerned, tensor)
        concerned &= polynomial.atoms()
    if len(concerned) != 1:
        return False
    (atom,) = concerned
    slopes: dict[Exponent, dict[Monomial, Rational]] = {}
    for monomial, coefficient in polynomial.terms.items():
        exponent = dict(monomial).get(atom)
        if exponent is not None:
            rest = tuple(item for item in monomial if item[0] is not atom)
            accumulated(slopes.setdefault(exponent, {}), ((rest, coefficient),))
    return (
        moves(ring, atom, tensor)
        and _are_apart(ring, list(slopes))
        and any(is_almost_never_zero(ring, Polynomial(s)) for s in slopes.values())
    )


def _are_apart(ring: "Normalizer", exponents: list[Exponent]) -> bool:
    """Whether no two exponents of one atom are the same, and none is 0, at any size: x**n - x**m is 0 at n = m."""
    found = [as_polynomial(e) for e in exponents]
    gaps = [a - b for place, a in enumerate(found) for b in found[:place]]
    return all(gap.constant is not None or is_almost_never_zero(ring, gap) for gap in (*found, *gaps))


def _top_part(ring: "Normalizer", polynomial: Polynomial, concerned: set[Node], tensor: Tensor) -> Polynomial:
    """The terms of the highest degree in the tensor's elements; nothing if it is no polynomial in them."""
    degrees = {a: _degree(ring, a, tensor) for a in concerned}
    by_degree: dict[int, dict[Monomial, Rational]] = {}
    for monomial, coefficient in polynomial.terms.items():
        degree = 0
        for atom, exponent in monomial:
            if atom in concerned:
                own = degrees[atom]
                if own is None or type(exponent) is not int or exponent < 0:
                    return NOTHING
                degree += own * exponent
        by_degree.setdefault(degree, {})[monomial] = coefficient
    return Polynomial(by_degree[max(by_degree)])


def _degree(ring: "Normalizer", atom: Node, tensor: Tensor) -> int | None:
    """The degree of an atom in the elements of the tensor, None if it is no polynomial in them."""
    match atom:
        case Element(mine) if mine is tensor:
            return 1
        case Reduce("sum"):
            single = ring(opened(atom)[0]).single
            if single is None:
                return None
            own = [(a, e) for a, e in single[0] if _reads(a, tensor)]
            if all(isinstance(a, Element) and is_whole(e) and e > 0 for a, e in own):
                return int(sum(e for _, e in own))
    return None


def _reads(node: Node, tensor: Tensor) -> bool:
    return tensor in node.mentions


def _mover(atom: Node) -> Tensor | None:
    return next(iter(_tensors({atom})), None)


def moves(ring: "Normalizer", atom: Node, tensor: Tensor | None) -> bool:
    """Whether the atom takes no value on more than a null set as the tensor's elements move."""
    match atom:
        case Element(own):
            return own is tensor and is_continuous(own)
        case Call("exp" | "log" | "erf", argument):
            value = ring(argument)
            return tensor is not None and _moves_with(ring, value, tensor)
        case Reduce("sum", _, bound):
            inner = ring(opened(atom)[0])
            return all(ring.is_positive(ring(b.axis.size)) for b in bound) and _product_moves(ring, inner, tensor)
    return False


def _product_moves(ring: "Normalizer", polynomial: Polynomial, tensor: Tensor | None) -> bool:
    """Whether this is one product of an element of the tensor and of what is almost never 0."""
    if polynomial.single is None:
        return False
    movers = 0
    for atom, exponent in polynomial.single[0]:
        if isinstance(atom, Element) and atom.tensor is tensor and type(exponent) is int and exponent > 0:
            movers += 1
        elif not (is_never_zero(ring, atom) or (isinstance(atom, Element) and is_continuous(atom.tensor))):
            return False
    return movers == 1 and tensor is not None and is_continuous(tensor)
