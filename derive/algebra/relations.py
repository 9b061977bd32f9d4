"""What relates the atoms of one monomial: idempotent indicators, squares that are known, kept bases."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from flint import fmpq

from derive.algebra.inside import moved_by
from derive.algebra.largest import relation_of_largest
from derive.algebra.polynomial import (
    NOTHING,
    UNIT,
    Monomial,
    Polynomial,
    as_polynomial,
    exponent_of,
    exponent_sum,
    is_whole,
    variable,
)
from derive.errors import UnsupportedError
from derive.expression import (
    Add,
    Call,
    Compare,
    Delta,
    Element,
    Multiply,
    Node,
    Number,
)

if TYPE_CHECKING:
    from derive.algebra.normal import Normalizer


Relation = Callable[["Normalizer", Monomial, int, Node, object], Polynomial | None]


def _without(monomial: Monomial, place: int) -> Monomial:
    return monomial[:place] + monomial[place + 1 :]


def _idempotent(ring: "Normalizer", monomial: Monomial, place: int, atom: Node, exponent: object) -> Polynomial | None:
    if exponent == 1:
        return None
    if not is_whole(exponent) or exponent < 1:  # type: ignore[operator]
        raise UnsupportedError("a case indicator in a denominator or under a root")
    return ring.of_monomial((*monomial[:place], (atom, 1), *monomial[place + 1 :]))


def relation_of_element(ring: "Normalizer", m: Monomial, place: int, atom: Node, e: object) -> Polynomial | None:
    assert isinstance(atom, Element)
    if atom.tensor.domain in ("onehot", "binary") and e != 1:
        return _idempotent(ring, m, place, atom, e)
    if atom.tensor.domain == "onehot":
        return _one_hot(ring, m, place, atom)
    if atom.tensor.domain == "sign" and is_whole(e) and e not in (0, 1):
        ring.note(f"{atom.tensor.name} is -1 or 1, so its square is 1")
        kept = ((atom, 1),) if e % 2 else ()  # type: ignore[operator]
        return ring.of_monomial((*m[:place], *kept, *m[place + 1 :]))
    return None


def _one_hot(ring: "Normalizer", m: Monomial, place: int, atom: Element) -> Polynomial | None:
    """t[i]*t[j] = delta(i, j)*t[i] for a one-hot t."""
    for other, _ in m[:place]:
        if not isinstance(other, Element) or other.tensor is not atom.tensor:
            continue
        if other.subscripts[:-1] == atom.subscripts[:-1]:
            ring.note(f"{atom.tensor.name} is one-hot, so two of its elements are not both 1")
            same = ring(Delta(other.subscripts[-1], atom.subscripts[-1]))
            return ring.product(ring.of_monomial(_without(m, place)), same)
    return None


def relation_of_delta(ring: "Normalizer", m: Monomial, place: int, atom: Node, e: object) -> Polynomial | None:
    """delta(i, k)*f(i) = delta(i, k)*f(k): an index or a floor gives way to the value that it has."""
    if e != 1:
        return _idempotent(ring, m, place, atom, e)
    assert isinstance(atom, Delta)
    rest = _without(m, place)
    found = moved_by(ring, atom, rest) if rest else None
    return None if found is None else ring.product(variable(atom), ring.substituted(rest, {found[0]: found[1]}))


def relation_of_compare(ring: "Normalizer", m: Monomial, place: int, atom: Node, e: object) -> Polynomial | None:
    """For c > 0: [p > 0]*[p + c > 0] = [p > 0], [p > 0]*[-p - c > 0] = 0, and one of [p > 0], [c - p > 0] is 1."""
    if e != 1:
        return _idempotent(ring, m, place, atom, e)
    assert isinstance(atom, Compare)
    if atom.operator != ">":
        return relation_of_largest(ring, m, place, atom)
    mine = ring(atom.left)
    for other_place, (other, _) in enumerate(m[:place]):
        if not (isinstance(other, Compare) and other.operator == ">"):
            continue
        theirs = ring(other.left)
        gap = mine - theirs
        if ring.is_positive(gap):  # mine > theirs: theirs > 0 says it all
            return ring.of_monomial(_without(m, place))
        if ring.is_positive(-gap):
            return ring.of_monomial(_without(m, other_place))
        both = mine + theirs
        if not both or ring.is_positive(-both):
            return NOTHING
        if ring.is_positive(both):  # not both are 0: (1 - mine)*(1 - theirs) = 0
            rest = _without(_without(m, place), other_place)
            return ring.product(ring.of_monomial(rest), variable(atom) + variable(other) - UNIT)
    return None


def relation_of_sum_atom(ring: "Normalizer", m: Monomial, place: int, atom: Node, e: object) -> Polynomial | None:
    """A kept base (a polynomial that is inverted or under a root) comes back as soon as its exponent is whole."""
    if is_whole(e):
        if e < 0:  # type: ignore[operator]
            return None
        return ring.product(ring.of_monomial(_without(m, place)), ring.whole_power(ring(atom), e))  # type: ignore[arg-type]
    return None


def relation_of_number(ring: "Normalizer", m: Monomial, place: int, atom: Node, e: object) -> Polynomial | None:
    """2**(3/2) is 2 * 2**(1/2)."""
    assert isinstance(atom, Number)
    exponent = as_polynomial(e)
    fixed = exponent.terms.get((), fmpq(0))
    whole = int(fixed.p // fixed.q)
    if whole == 0:
        return None
    rest = exponent_sum(exponent_of(exponent), -whole)
    kept = () if type(rest) is int and rest == 0 else ((atom, rest),)
    return ring.of_monomial((*m[:place], *kept, *m[place + 1 :]), fmpq(atom.numerator, atom.denominator) ** whole)


def relation_of_call(ring: "Normalizer", m: Monomial, place: int, atom: Node, e: object) -> Polynomial | None:
    """sin**2 = 1 - cos**2, and |a|**2 = a**2."""
    assert isinstance(atom, Call)
    if atom.function == "sin" and is_whole(e) and e >= 2:  # type: ignore[operator]
        square = UNIT - variable(Call("cos", atom.argument), 2)
        rest = (*m[:place], *(((atom, e - 2),) if e > 2 else ()), *m[place + 1 :])  # type: ignore[operator]
        return ring.product(ring.of_monomial(rest), square)
    if atom.function == "abs" and is_whole(e) and e >= 2:  # type: ignore[operator]
        rest = (*m[:place], *(((atom, e - 2),) if e > 2 else ()), *m[place + 1 :])  # type: ignore[operator]
        return ring.product(ring.of_monomial(rest), ring.whole_power(ring(atom.argument), 2))
    return None


RELATIONS: dict[type[Node], Relation] = {
    Element: relation_of_element,
    Delta: relation_of_delta,
    Compare: relation_of_compare,
    Add: relation_of_sum_atom,
    Multiply: relation_of_sum_atom,
    Number: relation_of_number,
    Call: relation_of_call,
}
