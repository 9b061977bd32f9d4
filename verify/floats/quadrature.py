"""Expectations over a normal variable, as sums over equally spaced points."""

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from derive.errors import UnsupportedError
from derive.expression import Expect
from verify.floats.labelled import Array, Labelled, aligned, arranged

if TYPE_CHECKING:
    from verify.floats.arrays import Arrays

REACH = 12
SPACINGS = (4, 3)
ROUNDINGS = 256


@cache
def normal_nodes(steps: int, dtype: np.dtype[Any]) -> tuple[Array, Array]:
    """Points `1/steps` deviations apart and their weights, which sum to 1.

    The trapezoidal rule converges geometrically on smooth functions times a Gaussian, also on those with
    poles beside the real line (softplus, log of a sigmoid), where Gauss-Hermite needs thousands of nodes.
    """
    kind = dtype.type
    points = np.arange(-REACH * steps, REACH * steps + 1).astype(dtype) / kind(steps)
    weights = np.exp(-points * points / 2)
    return points, weights / weights.sum()


def expected(at: "Arrays", node: Expect) -> Labelled:
    """The expectation, by sums with two spacings.

    UnsupportedError if the sums differ by more than rounding (a kink), or do not end within it (a heavy tail).
    """
    first, scale, ends = _sum(at, node, SPACINGS[0])
    eps = np.finfo(at.dtype).eps
    if at.observe is None:  # a copy of a point shifted for a difference needs no second look
        second, _, _ = _sum(at, node, SPACINGS[1])
        _, (one, other, size, end) = aligned([first, second, scale, ends])
        if not np.all((np.abs(one - other) <= ROUNDINGS * eps * size) & (end <= eps * size)):
            raise UnsupportedError("an expectation that a sum over equally spaced points does not give")
    if at.rounding is None:
        return first
    labels, (one, size) = aligned([first, scale])
    return Labelled(labels, one + ROUNDINGS * (at.rounding(size) - size))


def _sum(at: "Arrays", node: Expect, steps: int) -> tuple[Labelled, Labelled, Labelled]:
    """The weighted sum, the sum of its absolute terms, and the greater of its outermost terms."""
    (variable,) = node.bound
    points, weights = normal_nodes(steps, at.dtype)
    labels, (middle, width, place) = aligned([at(node.mean), at(node.deviation), Labelled((variable,), points)])
    body = at.child(named={variable: Labelled(labels, middle + width * place)})(node.body)
    kept = tuple(label for label in body.labels if label is not variable)
    if variable not in body.labels:
        return body, Labelled(kept, np.abs(body.array)), Labelled((), np.asarray(0))
    array = arranged(body, (*kept, variable)) * weights
    size = np.abs(array)
    ends = np.maximum(size[..., 0], size[..., -1])
    return Labelled(kept, array.sum(axis=-1)), Labelled(kept, size.sum(axis=-1)), Labelled(kept, ends)
