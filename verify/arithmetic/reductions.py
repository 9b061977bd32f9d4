"""Values of what binds a name: sums, products, maxima over indices, and expectations."""

from fractions import Fraction

import numpy as np
from flint import fmpq

from derive.errors import UnsupportedError
from derive.expression import Expect, Multiply, Node, Reduce
from verify.arithmetic import balls, elementary, positions
from verify.arithmetic.balls import NOWHERE, ONE, ZERO, Array, Label, both
from verify.arithmetic.moments import degree_of, rule_of_degree
from verify.arithmetic.tensors import RATIONAL, Tensors, counted, position


def value_of_reduction(at: Tensors, node: Reduce) -> Array:
    bound: dict[Node, Array] = {}
    labels, mask = [], None
    for index in node.bound:
        if not index.axis.free:
            span = at.span(index)
            assert span is not None
            labels.append(span[0])
            continue
        with at.binding(bound):
            start, length = at.value(index.axis.start), at.value(index.axis.size)
        label = at.label(max([0, *(position(v) for v in np.atleast_1d(length.data).ravel())]))
        labels.append(label)
        bound[index] = balls.add(counted(label, 0), start)
        if length.labels:
            x, y, over = balls.fit(counted(label, 0), length)
            beside = Array(x < y, over, exact=True)
            mask = beside if mask is None else both(mask, beside)
    if not bound:
        return _reduced(at, node, labels, None)
    with at.binding(bound):
        if mask is None:
            return _reduced(at, node, labels, None)
        with at.restricted(mask):
            return _reduced(at, node, labels, mask)


def _reduced(at: Tensors, node: Reduce, labels: list[Label], mask: Array | None) -> Array:
    elements = 1
    for label in labels:
        elements *= label[1]
    if elements == 0:
        return {"sum": ZERO, "prod": ONE}.get(node.kind, NOWHERE)
    if mask is not None:
        return _ragged(at, node, labels, mask)
    if node.kind in ("sum", "mean"):
        body = node.body
        factors = [at.value(f) for f in body.factors] if isinstance(body, Multiply) else [at.value(body)]
        result = balls.contracted(factors, labels)
        return result if node.kind == "sum" else balls.multiply(balls.exact(Fraction(1, elements)), result)
    value = at.value(node.body)
    if node.kind == "prod":
        return _multiplied(value, labels)
    return _extreme(at, node, value, labels)


def _ragged(at: Tensors, node: Reduce, labels: list[Label], mask: Array) -> Array:
    """Over a range whose length varies with an outer index: what lies beyond counts as 0, or as 1."""
    value = at.value(node.body)
    if node.kind == "prod":
        return _multiplied(balls.piecewise([(mask, value)], ONE), labels)
    if node.kind not in ("sum", "mean"):
        raise UnsupportedError(f"{node.kind} over a range whose length varies")
    result = balls.total(balls.piecewise([(mask, value)], ZERO), labels)
    if node.kind == "sum":
        return result
    ones = Array(np.frompyfunc(lambda v: fmpq(int(v)), 1, 1)(mask.data), mask.labels, exact=True)
    return balls.multiply(result, elementary.power(balls.total(ones, labels), balls.exact(-1)))


def _multiplied(value: Array, labels: list[Label]) -> Array:
    for label in labels:
        if label in value.labels:
            value = balls.product([positions.gather(value, [label], [Array(p, exact=True)]) for p in range(label[1])])
        else:
            value = elementary.power(value, balls.exact(label[1]))
    return value


def _extreme(at: Tensors, node: Reduce, value: Array, labels: list[Label]) -> Array:
    """The largest (or smallest) element along the labels, read from where it stands."""
    slots = [label for label in value.labels if label in labels]
    if not slots:
        return value
    kept = [label for label in value.labels if label not in labels]
    won = at.truths.largest(node, value, labels, at.active)
    own = [Array(np.arange(label[1]), (label,), exact=True) for label in kept]
    return positions.gather(value, [*slots, *kept], [*won, *own])


def value_of_expectation(at: Tensors, node: Expect) -> Array:
    """By an interpolating rule that is exact for polynomials of the integrand's degree."""
    (variable,) = node.bound
    nodes, weights = rule_of_degree(degree_of(node.body, variable))
    label = at.label(len(nodes))
    points, shares = (Array(RATIONAL(np.array(v, dtype=object)), (label,), exact=True) for v in (nodes, weights))
    value = balls.add(at.value(node.mean), balls.multiply(at.value(node.deviation), points))
    with at.binding({variable: value}):
        return balls.contracted([at.value(node.body), shares], [label])
