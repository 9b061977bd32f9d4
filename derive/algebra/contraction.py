"""What a sum over indices makes of one product of atoms: deltas contract, inner sums merge, a simplex sums to 1.

A rewrite takes the monomial and the indices summed over, and gives a body and the indices still to be
summed over, or None where it does not apply.
"""

from typing import TYPE_CHECKING

from flint import fmpq

from derive import ranges
from derive.algebra.components import free_of, free_of_polynomial
from derive.algebra.polynomial import (
    Monomial,
    Polynomial,
    Rational,
    exponent_sum,
    is_whole,
    monomial_node,
    monomial_power,
    monomial_product,
    node_of,
    order,
)
from derive.binding import fresh, opened, walk
from derive.expression import (
    MINUS_ONE,
    ZERO,
    Add,
    Call,
    Delta,
    Element,
    Index,
    Multiply,
    Node,
    Number,
    Power,
    Reduce,
    Size,
    add,
    axis,
    multiply,
)

if TYPE_CHECKING:
    from derive.algebra.normal import Normalizer


Rewritten = tuple[Polynomial, tuple[Index, ...]]


def merge_inner_sums(ring: "Normalizer", monomial: Monomial, indices: tuple[Index, ...]) -> Rewritten | None:
    """x[i] * (sum over j of W[i, j]) under a sum over i becomes a sum over i and j."""
    for place, (atom, exponent) in enumerate(monomial):
        if not (isinstance(atom, Reduce) and atom.kind == "sum" and is_whole(exponent) and exponent > 0):
            continue
        if atom.free.isdisjoint(indices):
            continue
        body = ring.of_monomial(monomial[:place] + monomial[place + 1 :])
        for _ in range(exponent):
            inner, freed = opened(atom)
            indices = (*indices, *freed)
            body = ring.product(body, ring(inner))
        return body, indices
    return None


def contract_delta(ring: "Normalizer", monomial: Monomial, indices: tuple[Index, ...]) -> Rewritten | None:
    """sum over i of delta(i, k)*f(i) is f(k), for a k that is surely in the range of i."""
    for place, (atom, _) in enumerate(monomial):
        if not isinstance(atom, Delta):
            continue
        gap = ring(atom.left) - ring(atom.right)
        rest = monomial[:place] + monomial[place + 1 :]
        for index in indices:
            value = _root(gap, index)
            if value is None:
                continue
            target = node_of(value)
            kept = tuple(i for i in indices if i is not index)
            if all(index not in i.axis.free for i in kept) and _is_inside(target, index):
                return ring.substituted(rest, {index: target}), kept
            digits = _digits(ring, value, index)
            if digits is not None and all(index not in i.axis.free for i in kept):
                condition, digit = digits
                return ring.product(condition, ring.substituted(rest, {index: digit})), kept
    return None


def _root(gap: Polynomial, index: Index) -> Polynomial | None:
    """The value that the gap forces on the index, if it is linear in it with factor 1 or -1."""
    slope = gap.terms.get(((index, 1),))
    if slope is None or abs(slope) != 1:
        return None
    rest = Polynomial({m: c for m, c in gap.terms.items() if m != ((index, 1),)})
    return None if index in free_of_polynomial(rest) else rest.scaled(-slope)


def _digits(ring: "Normalizer", value: Polynomial, index: Index) -> tuple[Polynomial, Node] | None:
    """i = e - w*r for an i over 0..w-1 says r = floor(e/w) and i = e - w*floor(e/w), whatever e and r are."""
    width = ring(index.axis.size).single
    if width is None or width[0] == () or index.axis.start is not ZERO:
        return None
    monomial, coefficient = width
    high: dict[Monomial, Rational] = {}
    low: dict[Monomial, Rational] = {}
    for term, factor in value.terms.items():
        quotient = _quotient(term, monomial)
        if quotient is None or (factor / coefficient).q != 1:
            low[term] = factor
        else:
            high[quotient] = factor / coefficient
    if not high or not low:
        return None
    floor = ring(Call("floor", node_of(Polynomial(low)) / index.axis.size))
    condition = ring(Delta(node_of(-Polynomial(high)), node_of(floor)))
    return condition, node_of(Polynomial(low) - ring.product(ring(index.axis.size), floor))


def _is_inside(target: Node, index: Index) -> bool:
    """Whether an integer expression surely stays on the axis of the index."""
    ends = ranges.ends_of(index.axis)
    if ends is None:
        return False
    if isinstance(target, Index) and target.axis is index.axis:
        return True
    value = ranges.polynomial(target)
    if value is not None:
        return ranges.is_nonnegative(value - ends[0]) and ranges.is_nonnegative(ends[1] - value)
    match target:
        case Call("floor", quotient):
            return _floor_is_inside(quotient, ends)
    return False


def _floor_is_inside(quotient: Node, ends: tuple[ranges.Polynomial, ranges.Polynomial]) -> bool:
    """floor(e/w) is in 0..r-1 if e is in 0..w*r-1."""
    match quotient:
        case Multiply((Power(Size() as width, Number(-1, 1)), inner)) | Multiply(
            (inner, Power(Size() as width, Number(-1, 1)))
        ):
            value, factor = ranges.polynomial(inner), ranges.polynomial(width)
        case _:
            return False
    if value is None or factor is None or ends[0]:
        return False
    beyond = factor * (ends[1] + ranges.constant(1)) - ranges.constant(1)
    return ranges.is_nonnegative(value) and ranges.is_nonnegative(beyond - value)


def is_nonnegative(node: Node) -> bool:
    value = ranges.polynomial(node)
    return value is not None and ranges.is_nonnegative(value)


def divide(ring: "Normalizer", monomial: Monomial, indices: tuple[Index, ...]) -> Rewritten | None:
    """e/(1 + e) under a sum becomes 1 - 1/(1 + e): no numerator keeps the leading term of its denominator."""
    for place, (base, exponent) in enumerate(monomial):
        if not isinstance(base, Add) or base.free.isdisjoint(indices):
            continue
        if isinstance(exponent, Polynomial) or exponent >= 0:
            continue
        polynomial = ring(base)
        leading = _leading(polynomial)
        rest = monomial[:place] + monomial[place + 1 :]
        quotient = _quotient(rest, leading)
        if quotient is None:
            continue
        coefficient = polynomial.terms[leading]
        lower = Polynomial({m: -c / coefficient for m, c in polynomial.terms.items() if m is not leading})
        raised = exponent_sum(exponent, 1)
        whole = quotient if raised == 0 else monomial_product(quotient, ((base, raised),))
        part = ring.product(ring.of_monomial(monomial_product(quotient, ((base, exponent),))), lower)
        return ring.of_monomial(whole, 1 / coefficient) + part, indices
    return None


def _leading(polynomial: Polynomial) -> Monomial:
    """The greatest monomial by degree, then by the exponents of the atoms in turn.

    Multiplication keeps this order, so that division by the polynomial ends.
    """
    atoms = sorted(polynomial.atoms(), key=order)

    def key(monomial: Monomial) -> tuple[Rational, list[Rational]]:
        exponents = dict(monomial)
        row = [fmpq(e) if not isinstance(e := exponents.get(a, 0), Polynomial) else fmpq(0) for a in atoms]
        return sum(row, fmpq(0)), row

    return max(polynomial.terms, key=key)


def _quotient(monomial: Monomial, divisor: Monomial) -> Monomial | None:
    """monomial/divisor if every exponent of the divisor is a whole number that the monomial reaches."""
    exponents = dict(monomial)
    for atom, exponent in divisor:
        own = exponents.get(atom)
        if not (is_whole(exponent) and exponent > 0 and own is not None and is_whole(own) and own >= exponent):
            return None
    return monomial_product(monomial, monomial_power(divisor, -1)) if divisor else None


def split_index(ring: "Normalizer", monomial: Monomial, indices: tuple[Index, ...]) -> Rewritten | None:
    """Where floor(u/w) occurs, a sum over u of 0..w*r-1 becomes one over its two digits, u = w*j + i."""
    for atom in (part for item in monomial if "floor" in item[0].mentions for part in walk(item[0])):
        match atom:
            case Call("floor", Multiply(factors)):
                pass
            case _:
                continue
        for index in indices:
            width = next((f.base for f in factors if isinstance(f, Power) and f.exponent is MINUS_ONE), None)
            if width is None or index not in factors or len(factors) != 2 or index.axis.start is not ZERO:
                continue
            size, by = ring(index.axis.size).single, ring(width).single
            count = _quotient(size[0], by[0]) if size is not None and by is not None and by[1] == 1 else None
            if size is None or count is None or any(index in i.axis.free for i in indices):
                continue
            high = fresh(Index(0, axis(monomial_node(count, size[1]))))
            low = fresh(Index(0, axis(width)))
            kept = tuple(i for i in indices if i is not index)
            return ring.substituted(monomial, {index: add(multiply(width, high), low)}), (*kept, high, low)
    return None


def drop_simplex(ring: "Normalizer", monomial: Monomial, indices: tuple[Index, ...]) -> Rewritten | None:
    """The sum of y[s, i] over i is 1 for a simplex y, whatever factors of s stand beside it."""
    for index in indices:
        places = [p for p, item in enumerate(monomial) if index in free_of((item,))]
        if len(places) != 1 or any(index in i.axis.free for i in indices):
            continue
        atom, exponent = monomial[places[0]]
        if exponent == 1 and isinstance(atom, Element) and is_distribution_over(atom, index):
            ring.note(f"{atom.tensor.name} sums to 1 over its last axis")
            rest = ring.of_monomial(monomial[: places[0]] + monomial[places[0] + 1 :])
            return rest, tuple(i for i in indices if i is not index)
    return None


def is_distribution_over(atom: Element, index: Index) -> bool:
    return (
        atom.tensor.domain in ("simplex", "onehot")
        and atom.subscripts[-1] is index
        and index.axis is atom.tensor.axes[-1]
        and all(index not in s.free for s in atom.subscripts[:-1])
    )


def cancel_normalizer(ring: "Normalizer", monomial: Monomial, indices: tuple[Index, ...]) -> Rewritten | None:
    """The sum over k of e[s, k]/z[s], where z[s] is the sum over k of e[s, k], is 1 for every s."""
    below = {a for a, e in monomial if isinstance(a, Reduce) and is_whole(e) and e < 0}
    if not below or len(indices) < 2:
        return None
    for index in indices:
        own = tuple(item for item in monomial if index in free_of((item,)))
        if not own or any(index in i.axis.free for i in indices) or not free_of(own) & set(indices) - {index}:
            continue
        taken = ring.total(own, (index,)).single
        if taken is not None and any(a in below for a, _ in taken[0]):
            rest = ring.of_monomial(tuple(item for item in monomial if item not in own))
            return ring.product(rest, Polynomial(dict([taken]))), tuple(i for i in indices if i is not index)
    return None


REWRITES = (contract_delta, merge_inner_sums, drop_simplex, cancel_normalizer, split_index, divide)
