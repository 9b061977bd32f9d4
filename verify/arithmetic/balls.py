"""Arrays of balls (intervals that hold the true number) with labelled axes, and the way back through them.

Every operation notes how a cotangent is pulled back through it, in terms of the same operations, so that a
derivative can be differentiated again. Balls are flint's `arb` at the precision in force; what is made of
sizes, indices and integers alone stays exact (`fmpq`).
"""

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from functools import lru_cache, partial
from itertools import count
from math import prod
from typing import Any

import numpy as np
from flint import arb, fmpq

from derive.errors import UnsupportedError

Label = tuple[int, int]  # of an axis: its rank, which orders the axes of every array, and its length
Labels = tuple[Label, ...]
Pull = Callable[["Array"], "Array"]

# What can be wrong with elements of an array. DOUBTFUL: not finite, but a higher precision may tell otherwise.
FINE, UNDEFINED, DOUBTFUL = 0, 1, 2

_SERIAL = count()
_MOST_ELEMENTS = 1 << 20


class LimitError(UnsupportedError):
    """The arrays grew beyond what one claim may cost."""


class Work:
    """Elements made since `start`; more than `allowed` is a LimitError, so that cost has a bound."""

    allowed = 20_000_000
    spent = 0

    @classmethod
    def start(cls) -> None:
        cls.spent = 0

    @classmethod
    def add(cls, elements: int) -> None:
        cls.spent += elements
        if cls.spent > cls.allowed or elements > _MOST_ELEMENTS:
            raise LimitError("evaluating both sides takes more arithmetic than a claim is given")


class Array:
    """A number for each position along `labels`, which are sorted; along any other label it is constant.

    data: one number where there are no labels, else an object array. exact: of rationals, not balls.
    trouble: FINE, or what is wrong with some element. reads: bits of the targets that it depends on.
    """

    __slots__ = ("_balls", "data", "exact", "labels", "parents", "reads", "serial", "trouble")

    def __init__(
        self,
        data: Any,
        labels: Labels = (),
        exact: bool = False,
        trouble: int = FINE,
        parents: tuple[tuple["Array", Pull], ...] = (),
    ) -> None:
        self.data, self.labels, self.exact, self.trouble = data, labels, exact, trouble
        self.reads = 0
        for parent, _ in parents:
            self.reads |= parent.reads
        self.parents = tuple(pair for pair in parents if pair[0].reads) if self.reads else ()
        self.serial = next(_SERIAL)
        self._balls: Any = None
        if labels:
            Work.add(data.size)

    def balls(self) -> Any:
        """The data as balls."""
        if not self.exact:
            return self.data
        if self._balls is None:
            self._balls = as_balls(self.data)
        return self._balls


def exact(value: int | Fraction | fmpq) -> Array:
    """One rational."""
    if isinstance(value, Fraction):
        value = fmpq(value.numerator, value.denominator)
    return Array(fmpq(value), exact=True)


as_balls = np.frompyfunc(arb, 1, 1)
is_finite = np.frompyfunc(arb.is_finite, 1, 1)
_DIFFERENCE = np.frompyfunc(lambda x, y: arb(0) if x is y and x.is_finite() else x - y, 2, 1)
NAN = arb.nan()
ZERO, ONE, HALF = exact(0), exact(1), exact(Fraction(1, 2))
NOWHERE = Array(NAN, trouble=UNDEFINED)


# ------------------------------------------------------------------------------- sums, products


@lru_cache(maxsize=20_000)
def _merged(first: Labels, second: Labels) -> tuple[Labels, tuple[int, ...] | None, tuple[int, ...] | None]:
    """All labels, and the shapes in which either array is set beside the other (None: as it is)."""
    labels = tuple(sorted({*first, *second}))
    if prod(length for _, length in labels) > _MOST_ELEMENTS:
        raise LimitError("an expression has too many elements at the sizes drawn")
    shapes = (
        None if own == labels else tuple(label[1] if label in own else 1 for label in labels) for own in (first, second)
    )
    return labels, next(shapes), next(shapes)


def fit(a: Array, b: Array) -> tuple[Any, Any, Labels]:
    """The data of both so that NumPy aligns them, and the labels of what comes out."""
    x, y = (a.data, b.data) if a.exact and b.exact else (a.balls(), b.balls())
    if a.labels == b.labels or not b.labels:
        return x, y, a.labels
    if not a.labels:
        return x, y, b.labels
    labels, shape_a, shape_b = _merged(a.labels, b.labels)
    return x if shape_a is None else x.reshape(shape_a), y if shape_b is None else y.reshape(shape_b), labels


def add(a: Array, b: Array) -> Array:
    x, y, labels = fit(a, b)
    pulls = (a, lambda g: onto(g, labels, a.labels)), (b, lambda g: onto(g, labels, b.labels))
    return Array(x + y, labels, a.exact and b.exact, max(a.trouble, b.trouble), pulls)


def subtract(a: Array, b: Array) -> Array:
    return add(a, multiply(exact(-1), b))


def difference(a: Array, b: Array) -> Array:
    """a - b, exactly 0 where both are one and the same number."""
    if a.exact or b.exact:
        return subtract(a, b)
    x, y, labels = fit(a, b)
    pulls = (
        (a, lambda g: onto(g, labels, a.labels)),
        (b, lambda g: onto(multiply(exact(-1), g), labels, b.labels)),
    )
    return Array(_DIFFERENCE(x, y), labels, False, max(a.trouble, b.trouble), pulls)


def multiply(a: Array, b: Array) -> Array:
    x, y, labels = fit(a, b)
    pulls = (a, lambda g: onto(weigh(g, b), labels, a.labels)), (b, lambda g: onto(weigh(g, a), labels, b.labels))
    return Array(x * y, labels, a.exact and b.exact, max(a.trouble, b.trouble), pulls)


def weigh(g: Array, slope: Array) -> Array:
    """g*slope, but 0 where g is: what was not chosen has no say, be it undefined."""
    product = multiply(g, slope)
    if not slope.trouble:
        return product
    data = g.balls()
    is_felt = Array(np.frompyfunc(lambda v: not v.is_zero(), 1, 1)(data), g.labels, exact=True)
    return piecewise([(is_felt, product)], ZERO)


def total(a: Array, labels: Iterable[Label]) -> Array:
    """The sum over labels, along those that the array lacks too."""
    drop = set(labels)
    times = prod(label[1] for label in drop if label not in a.labels)
    axes = tuple(at for at, label in enumerate(a.labels) if label in drop)
    if axes:
        kept = tuple(label for label in a.labels if label not in drop)
        data = a.data.sum(axis=axes) if all(a.data.shape) else filled(kept, fmpq(0) if a.exact else arb(0))
        a = Array(data, kept, a.exact, a.trouble, ((a, lambda g: g),))
    return a if times == 1 else multiply(exact(times), a)


def onto(a: Array, labels: Labels, own: Labels) -> Array:
    """Pull a cotangent over `labels` back onto the array that had only its `own`."""
    return a if labels == own else total(a, [label for label in labels if label not in own])


def contracted(factors: Sequence[Array], labels: Iterable[Label]) -> Array:
    """The sum over labels of the product of all factors, the cheapest label first."""
    factors, left = list(factors), sorted(set(labels))
    times = prod(label[1] for label in left if not any(label in f.labels for f in factors))
    left = [label for label in left if any(label in f.labels for f in factors)]
    while left:
        first = min(left, key=partial(_cost, factors))
        touched = sorted((f for f in factors if first in f.labels), key=lambda f: len(f.labels))
        factors = [f for f in factors if first not in f.labels]
        gone = [label for label in left if label == first or not any(label in f.labels for f in factors)]
        here = {label for f in touched for label in f.labels}
        factors.append(total(product(touched), [label for label in gone if label in here]))
        left = [label for label in left if label not in gone or label not in here]
    return multiply(exact(times), product(factors)) if times != 1 else product(factors)


def _cost(factors: Sequence[Array], label: Label) -> int:
    """The elements of the product of all factors that vary along the label."""
    return prod(length for _, length in {other for f in factors if label in f.labels for other in f.labels})


def product(factors: Sequence[Array]) -> Array:
    result = factors[0] if factors else ONE
    for factor in factors[1:]:
        result = multiply(result, factor)
    return result


# ------------------------------------------------------------------------------------------- cases


def piecewise(cases: Sequence[tuple[Array, Array]], otherwise: Array = NOWHERE) -> Array:
    """The value of the case whose mask (an array of bools) holds there; no two masks hold at once."""
    is_exact = otherwise.exact and all(value.exact for _, value in cases)
    labels: Labels = tuple(sorted({label for pair in cases for part in pair for label in part.labels}))
    shape = tuple(label[1] for label in labels)
    data: Any = otherwise.data if is_exact else otherwise.balls()
    covered: Any = False
    for mask, value in cases:
        chosen = value.data if is_exact else value.balls()
        if labels:
            holds = spread(mask.data, mask.labels, labels).astype(bool)
            data = np.where(holds, spread(chosen, value.labels, labels), data)
            covered = covered | holds
        else:
            data, covered = (chosen, True) if mask.data else (data, covered)
    if labels:
        data = np.broadcast_to(data, shape)
    trouble = max(value.trouble for _, value in cases)
    trouble = max(trouble, otherwise.trouble) if not np.all(np.broadcast_to(covered, shape)) else trouble
    if trouble and not is_exact and (is_finite(data).astype(bool).all() if labels else data.is_finite()):
        trouble = FINE
    pulls = tuple((value, _masked(mask, labels, value.labels)) for mask, value in cases)
    return Array(data, labels, is_exact, trouble, pulls)


def _masked(mask: Array, labels: Labels, own: Labels) -> Pull:
    return lambda g: onto(piecewise([(mask, g)], ZERO), labels, own)


def spread(data: Any, own: Labels, labels: Labels) -> Any:
    """The data with an axis of length 1 for each label that it lacks."""
    if own == labels:
        return data
    if not own:
        scalar = np.empty((1,) * len(labels), dtype=object)
        scalar[...] = data
        return scalar
    return data.reshape(tuple(label[1] if label in own else 1 for label in labels))


def filled(labels: Labels, value: Any) -> Any:
    if not labels:
        return value
    data = np.empty(tuple(label[1] for label in labels), dtype=object)
    data[...] = value
    return data


def both(first: Array, second: Array) -> Array:
    """The mask that holds where both do."""
    x, y, labels = fit(first, second)
    return Array(x & y, labels, exact=True)
