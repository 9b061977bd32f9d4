"""Expressions and numerical derivatives of a formula at one point, each value with an estimated error."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from derive.domains import TABLE as DOMAINS
from derive.errors import UnsupportedError
from derive.expression import Derivative, Index, Node, Size, Tensor
from derive.formula import Formula
from verify.floats.arrays import Arrays, Reads
from verify.floats.labelled import Array, Label, Labelled, Probe, Stored, aligned, arranged, spread
from verify.floats.stencils import extrapolated, offsets

HIGH: Any = np.longdouble if np.finfo(np.longdouble).eps < np.finfo(np.float64).eps else np.float64
LOW: Any = np.float64 if HIGH is np.longdouble else np.float32
GAIN = float(np.finfo(HIGH).eps) / float(np.finfo(LOW).eps)
"""What an error of rounding in low precision shrinks to in high precision."""

SAMPLES = 6
LEVELS = 8
LEVELS_OF_NESTED = 6
MOST = 2**22
"""Elements of the copies of one tensor shifted in each of its elements."""


class Measured(NamedTuple):
    """error: what the value may be off by; NaN where that could not be estimated."""

    value: Labelled
    error: Labelled


class Measurement:
    """A formula at one point, in high precision.

    The error of a derivative comes from its stencil. The error of rounding comes from evaluating in low
    precision several times, every intermediate result disturbed in its last bit, up or down at random: where
    digits cancel the results scatter.
    """

    def __init__(
        self,
        formula: Formula,
        sizes: Mapping[Size, int],
        values: Mapping[Tensor, Array],
        reads: Reads | None = None,
        chosen: Mapping[Index, Array] | None = None,
        samples: int = SAMPLES,
        reach: float = 1,
        seed: int = 0,
    ) -> None:
        """reach: a power of two by which the steps of all differences are scaled.  seed: of what is disturbed."""
        reads = reads or Reads(formula)
        self.high = Arrays(formula, {t: rounded(v, HIGH) for t, v in values.items()}, sizes, HIGH, chosen, reads)
        self.low = Arrays(formula, {t: rounded(v, LOW) for t, v in values.items()}, sizes, LOW, chosen, reads)
        self.high.differentiate, self.low.differentiate = self._differentiated, self._disturbed
        self.low.rounding = self._jittered
        self._reach = HIGH(reach)
        self._sample, self._samples, self._random = Probe("sample"), samples, np.random.default_rng(seed)
        self._sides = np.asarray([1 - np.finfo(LOW).eps, 1 + np.finfo(LOW).eps], dtype=LOW)
        for tensor, (_, array, starts) in list(self.low.stored.items()):
            if not DOMAINS[tensor.domain].integer:
                copies = np.broadcast_to(array, (samples, *array.shape))
                self.low.stored[tensor] = Stored((self._sample,), self._jittered(copies), starts)
        self._errors: dict[Node, Labelled] = {}
        self.typical = 0.0  # of the functions differentiated: the greatest |f/x|, to which a zero is compared

    def measured(self, node: Node) -> Measured:
        return Measured(self.high.value(node), self._error(node))

    def outcomes(self, nodes: Sequence[Node]) -> list[tuple[Array, Array]]:
        """Of every branch that the nodes take in low precision, the least and the greatest outcome of the samples."""
        told: list[Labelled] = []
        self.low.observe = told.append
        for node in nodes:
            self.low.value(node)
        self.low.observe = None
        axes = [outcome.labels.index(self._sample) if self._sample in outcome.labels else None for outcome in told]
        return [
            (outcome.array, outcome.array)
            if axis is None
            else (outcome.array.min(axis=axis), outcome.array.max(axis=axis))
            for outcome, axis in zip(told, axes, strict=True)
        ]

    def _error(self, node: Node) -> Labelled:
        value = self.high.value(node)
        if node not in self._errors:  # a derivative has entered its own
            labels, (one, other) = aligned([self.low.value(node), value])
            scatter = Labelled(labels, GAIN * np.abs(one - other))
            last = Labelled(value.labels, np.finfo(HIGH).eps * np.abs(value.array))
            labels, (one, other) = aligned([self._greatest(scatter), last])
            self._errors[node] = Labelled(labels, one + other)
        return self._errors[node]

    def _greatest(self, part: Labelled) -> Labelled:
        """The greatest over the samples."""
        if self._sample not in part.labels:
            return part
        axis = part.labels.index(self._sample)
        return Labelled(part.labels[:axis] + part.labels[axis + 1 :], part.array.max(axis=axis))

    def _jittered(self, array: Array) -> Array:
        sides: Array = self._sides[self._random.integers(0, 2, np.shape(array))]
        return array * sides

    def _disturbed(self, at: Arrays, node: Derivative) -> Labelled:
        """A derivative for the evaluation in low precision: that of the high one, off by its error at random."""
        if at.parent is not None:
            raise UnsupportedError("a derivative inside a recurrence or an expectation")
        value, error = self.measured(node)
        labels, (middle, width) = aligned([value, error])
        signs = 2 * self._random.integers(0, 2, (self._samples, *middle.shape)) - 1
        return Labelled((self._sample, *labels), (middle + signs * width / GAIN).astype(LOW))

    # -------------------------------------------------------------------------- derivatives

    def _differentiated(self, at: Arrays, node: Derivative) -> Labelled:
        """The derivative by the last element of `by`, of the derivative by those before it."""
        *before, last = node.by
        body: Node = Derivative(node.body, tuple(before)) if before else node.body
        base = Moved(at.tensor(last.tensor), last.tensor.domain)
        places, which = base.places(at, last.subscripts)
        is_nested = at.parent is not None or isinstance(body, Derivative)
        steps = self._reach * base.largest_steps(places)
        shifts = offsets(LEVELS_OF_NESTED if is_nested else LEVELS, steps)
        position, point = Probe("position"), Probe("point")
        moved = at.child(stored={last.tensor: base.shifted(places, shifts, position, point)})
        outcomes: list[Labelled] = []
        moved.observe = outcomes.append
        found = moved.value(body)
        if at.observe is not None:
            for outcome in outcomes:
                at.observe(outcome)
        rest = tuple(label for label in found.labels if label not in (position, point))
        lengths = found.lengths() | {position: shifts.shape[0], point: shifts.shape[1]}
        samples = spread(found, (point, position, *rest), lengths)
        tail = (..., *(None,) * len(rest))
        estimate = extrapolated(
            samples,
            shifts.T[0::2][tail],
            2 * self._noise(at, body, rest, samples),
            (np.finfo(HIGH).eps * base.greatest(places))[tail],
            unbroken(outcomes, position, point, shifts.shape)[tail],
        )
        if at.parent is None:
            self._errors[node] = picked(Labelled((position, *rest), estimate.error), position, which)
            change = np.abs(samples).max(axis=0) / (8 * steps)[tail]
            self.typical = max(self.typical, float(np.nanmax(change, initial=0)))
        return picked(Labelled((position, *rest), estimate.value), position, which)

    def _noise(self, at: Arrays, body: Node, rest: Sequence[Label], samples: Array) -> Array:
        """The error of the function to be differentiated, over the labels that it has at this point."""
        if any(not place.named.keys().isdisjoint(body.free) for place in at.outwards()):
            return np.asarray(64 * np.finfo(HIGH).eps * np.abs(samples).max(axis=(0, 1)))
        return arranged(self._error(body), rest)


class Moved:
    """The elements of a tensor in one row, to be moved one at a time."""

    def __init__(self, stored: Stored, domain: str) -> None:
        self.stored = stored
        self.shape = stored.array.shape[len(stored.probes) :]
        self.row = stored.array.reshape(*stored.array.shape[: len(stored.probes)], -1)
        self.high = DOMAINS[domain].high if domain in DOMAINS else None

    def places(self, at: Arrays, subscripts: tuple[Node, ...]) -> tuple[Array, Labelled]:
        """The different places in the row that subscripts name, and which of them each value of the indices does."""
        flat = Labelled((), np.asarray(0))
        for subscript, start, length in zip(subscripts, self.stored.starts, self.shape, strict=True):
            labels, (before, value) = aligned([flat, at.subscripts.values(subscript)])
            if np.any((value < start) | (value >= start + length)):
                raise UnsupportedError("a derivative by an element that does not exist")
            flat = Labelled(labels, before * length + value - start)
        places, which = np.unique(flat.array, return_inverse=True)
        return places, Labelled(flat.labels, which.reshape(flat.array.shape))

    def greatest(self, places: Array) -> Array:
        """The greatest absolute value at each place."""
        return np.asarray(np.abs(self.row[..., places]).reshape(-1, len(places)).max(axis=0))

    def largest_steps(self, places: Array) -> Array:
        """A power of two for each place: an eighth of the way to 0, to the end of the domain, or of 1."""
        values = np.abs(self.row[..., places]).reshape(-1, len(places))
        room = np.minimum(values, 1) if self.high is None else np.minimum(values, np.abs(self.high - values))
        least = np.where(room > 0, room, 1).min(axis=0)
        return np.asarray(np.exp2(np.floor(np.log2(least)) - 3))

    def shifted(self, places: Array, shifts: Array, position: Probe, point: Probe) -> Stored:
        """A copy of the tensor for each place and each shift, moved by that shift at that place."""
        if shifts.size * self.row.size > MOST:
            raise UnsupportedError("too many elements for differences by each of them")
        copies = np.broadcast_to(self.row, (*shifts.shape, *self.row.shape)).copy()
        copies[np.arange(len(places)), ..., places] += shifts[(..., *(None,) * len(self.stored.probes))]
        array = copies.reshape(*copies.shape[:-1], *self.shape)
        return Stored((position, point, *self.stored.probes), array, self.stored.starts)


def rounded(values: Array, dtype: Any) -> Array:
    """Exact rationals in a floating type."""
    if values.dtype != object:
        return values.astype(dtype)
    flat = [dtype(v.numerator) / dtype(v.denominator) for v in values.ravel()]
    return np.array(flat, dtype=dtype).reshape(values.shape)


def unbroken(outcomes: list[Labelled], position: Probe, point: Probe, shape: tuple[int, ...]) -> Array:
    """For each level and place, whether no branch goes another way there or at any smaller step."""
    same = np.ones(shape[::-1], bool)
    for outcome in outcomes:
        if point in outcome.labels:
            rest = tuple(label for label in outcome.labels if label not in (position, point))
            array = spread(outcome, (point, position, *rest), outcome.lengths() | {position: shape[0]})
            same &= (array == array[-1:]).all(axis=tuple(range(2, array.ndim)))
    levels = same[0::2] & same[1::2]
    return np.logical_and.accumulate(levels[::-1])[::-1]


def picked(found: Labelled, position: Probe, which: Labelled) -> Labelled:
    """For each value of the indices the derivative by the element that they name."""
    shared = [label for label in found.labels if label in which.labels]
    others = tuple(label for label in found.labels if label not in shared and label is not position)
    array = arranged(found, (position, *shared, *others))
    grid = np.ogrid[tuple(slice(n) for n in which.array.shape)]
    along = [grid[which.labels.index(label)] for label in shared]
    return Labelled((*which.labels, *others), array[(which.array, *along)])
