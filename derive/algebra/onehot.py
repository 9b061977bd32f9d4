"""One-hot targets: a sum weighted by one is a choice of one term, whatever function stands around it."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from derive.algebra.contraction import is_distribution_over
from derive.algebra.polynomial import NOTHING, Exponent, Monomial, Polynomial, is_whole, node_of, variable
from derive.algebra.powers import power
from derive.algebra.sums import sum_over
from derive.binding import opened, replace
from derive.expression import Element, Index, Multiply, Node, Reduce

if TYPE_CHECKING:
    from derive.algebra.normal import Normalizer


def picks(atom: Node) -> Element | None:
    """The one-hot element that makes the atom a choice of one term, None if it is no such sum."""
    if not isinstance(atom, Reduce) or atom.kind != "sum" or len(atom.bound) > 1 or not isinstance(atom.body, Multiply):
        return None
    (index,) = atom.bound
    return next((f for f in atom.body.factors if isinstance(f, Element) and _is_hot(f, index)), None)


def _is_hot(element: Element, index: Index) -> bool:
    return element.tensor.domain == "onehot" and is_distribution_over(element, index)


def _taken_apart(ring: "Normalizer", atom: Node) -> tuple[Element, Polynomial, Index] | None:
    """sum over i of t[i]*a[i] as t[i], a[i] and a freed i."""
    assert isinstance(atom, Reduce)
    inner, (index,) = opened(atom)
    single = ring(inner).single
    hot = next((a for a, _ in single[0] if isinstance(a, Element) and _is_hot(a, index)), None) if single else None
    if single is None or hot is None:
        return None
    ring.note(f"{hot.tensor.name} is one-hot, so it picks one term of a sum")
    return hot, Polynomial({tuple(item for item in single[0] if item[0] is not hot): single[1]}), index


def picked(
    ring: "Normalizer", polynomial: Polynomial, atom: Node, change: Callable[[Polynomial], Polynomial]
) -> Polynomial:
    """f(sum over i of t[i]*a[i]) = sum over i of t[i]*f(a[i]) for a one-hot t."""
    parts = _taken_apart(ring, atom)
    if parts is None:
        return change(polynomial)
    hot, chosen, index = parts
    changed = NOTHING
    for monomial, coefficient in polynomial.terms.items():
        term = ring.of_monomial(tuple(item for item in monomial if item[0] is not atom), coefficient)
        times = dict(monomial).get(atom, 0)
        changed = changed + (term if times == 0 else ring.product(term, power(ring, chosen, times)))
    return sum_over(ring, ring.product(variable(hot), ring.by_cases(changed, change)), (index,))


def relation_of_choice(ring: "Normalizer", m: Monomial, place: int, atom: Node, e: Exponent) -> Polynomial | None:
    """(sum of t[i]*a[i])*(sum of t[i]*b[i]) = sum of t[i]*a[i]*b[i], and so for powers."""
    hot = picks(atom)
    if hot is None:
        return None
    element = next((a for a, _ in m if isinstance(a, Element) and _is_same_choice(a, hot)), None)
    if element is not None:
        return _at_element(ring, m, place, element)
    same = [(a, x) for a, x in m if (own := picks(a)) is not None and _is_same_choice(own, hot)]
    if len(same) == 1 and e == 1:
        return None
    parts = _taken_apart(ring, atom)
    if parts is None or not all(is_whole(x) for _, x in same):
        return None
    chosen, value, index = parts
    product = power(ring, value, e)
    for other, times in same:
        if other is not atom:
            theirs = _taken_apart(ring, other)
            if theirs is None:
                return None
            renamed = ring(replace(node_of(theirs[1]), {theirs[2]: index}))
            product = ring.product(product, power(ring, renamed, times))
    rest = ring.of_monomial(tuple(item for item in m if item not in same))
    return ring.product(rest, sum_over(ring, ring.product(variable(chosen), product), (index,)))


def _at_element(ring: "Normalizer", m: Monomial, place: int, element: Element) -> Polynomial | None:
    """t[k]*(sum of t[i]*a[i]) = t[k]*a[k]."""
    parts = _taken_apart(ring, m[place][0])
    if parts is None:
        return None
    value = ring(replace(node_of(parts[1]), {parts[2]: element.subscripts[-1]}))
    rest = ring.of_monomial(m[:place] + m[place + 1 :])
    return ring.product(rest, power(ring, value, m[place][1]))


def _is_same_choice(a: Element, b: Element) -> bool:
    return a.tensor is b.tensor and a.subscripts[:-1] == b.subscripts[:-1]
