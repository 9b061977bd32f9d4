"""The binders beside the sum in normal form: products, extremes over an index, expectations."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from flint import fmpq

from derive.algebra.components import free_of, is_free_of, split
from derive.algebra.factors import factor
from derive.algebra.largest import as_largest, largest
from derive.algebra.polynomial import (
    NOTHING,
    UNIT,
    Polynomial,
    exponent_of,
    is_whole,
    monomial_node,
    monomial_product,
    node_of,
    sorted_monomial,
    variable,
)
from derive.algebra.powers import power
from derive.algebra.sums import (
    normal_of_mean,
    normal_of_sum,
    opened_in_place,
    short_length,
    steps_apart,
    sum_over,
    written_out,
)
from derive.binding import opened, reduce
from derive.errors import UnsupportedError
from derive.expression import Expect, Index, Node, Reduce

if TYPE_CHECKING:
    from derive.algebra.normal import Normalizer


def normal_of_product(ring: "Normalizer", node: Reduce) -> Polynomial:
    """A product over an index distributes over factors; what does not depend on the index becomes a power."""
    short = next((b for b in node.bound if short_length(ring, b) is not None), None)
    if short is not None:
        whole = UNIT
        for part in written_out(ring, node, short):
            whole = ring.product(whole, ring(part))
        return whole
    if len(node.bound) == 1 and node.bound[0].axis.free:
        parts = steps_apart(ring, node)
        result = _product(ring, *parts.body)
        for term, sign in parts.apart:
            result = ring.product(result, term if sign > 0 else power(ring, term, -1))
        return result
    body, indices = opened_in_place(node)
    found = as_largest(ring, ring(body), indices)
    return _product(ring, body, indices) if found is None else found


def _product(ring: "Normalizer", body: Node, indices: tuple[Index, ...]) -> Polynomial:
    value = ring(body)
    if len(indices) != 1:
        for index in indices:
            body = reduce("prod", body, index)
        return ring(body)
    single = value.single
    if single is None:
        factored = factor(ring, value)
        parts = [((node_of(p), t),) for p, t in factored.factors]
        monomial = monomial_product(factored.content, sorted_monomial({a: e for part in parts for a, e in part}))
        coefficient = factored.coefficient
    else:
        monomial, coefficient = single
    outside, inside = split(monomial, indices)
    count = exponent_of(ring(indices[0].axis.size))
    result = power(ring, ring.of_monomial(outside, coefficient), count)
    for atom, exponent in inside:
        if (
            isinstance(exponent, Polynomial)
            and not is_free_of(((atom, exponent),), indices)
            and not (set(indices) & atom.free)
        ):
            summed = sum_over(ring, exponent, indices)
            result = ring.product(result, power(ring, ring(atom), exponent_of(summed)))
        elif isinstance(exponent, Polynomial) or not is_whole(exponent):
            result = ring.product(result, variable(reduce("prod", monomial_node(((atom, exponent),)), *indices)))
        else:
            result = ring.product(result, variable(reduce("prod", atom, *indices), exponent))
    return result


def normal_of_extreme(ring: "Normalizer", node: Reduce) -> Polynomial:
    """The largest (or smallest) value stays as an atom, the smallest as minus the largest of the opposite."""
    body, indices = opened_in_place(node)
    value = ring(body)
    if node.kind == "min":
        return -largest(ring, -value, indices)
    return largest(ring, value, indices)


RULES: dict[str, Callable[["Normalizer", Reduce], Polynomial]] = {
    "sum": normal_of_sum,
    "mean": normal_of_mean,
    "prod": normal_of_product,
    "max": normal_of_extreme,
    "min": normal_of_extreme,
}


def normal_of_expectation(ring: "Normalizer", node: Node) -> Polynomial:
    """The expectation of a polynomial in a normal variable: E z**k = m E z**(k-1) + (k-1) s**2 E z**(k-2)."""
    assert isinstance(node, Expect)
    body, (z,) = opened(node)
    mean, deviation = ring(node.mean), ring(node.deviation)
    variance = ring.product(deviation, deviation)
    moments = [UNIT, mean]
    result = NOTHING
    for monomial, coefficient in ring(body).terms.items():
        degree = next((e for a, e in monomial if a is z), 0)
        rest = tuple(item for item in monomial if item[0] is not z)
        if not is_whole(degree) or degree < 0 or z in free_of(rest):
            raise UnsupportedError("the expectation of what is not a polynomial in its variable")
        while len(moments) <= degree:
            k = len(moments)
            moments.append(
                ring.product(mean, moments[k - 1]) + ring.product(variance, moments[k - 2]).scaled(fmpq(k - 1))
            )
        result = result + ring.product(ring.of_monomial(rest, coefficient), moments[degree])
    return result
