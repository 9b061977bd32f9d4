"""A given gradient checked at any size by complex steps: along a direction, or in every component."""

from collections.abc import Mapping
from math import prod

import numpy as np

from derive.errors import UnsupportedError
from derive.expression import Index, Size, Tensor
from derive.formula import Claim, Formula
from verify.differences import BEYOND, SHARP, WITHIN
from verify.directions import gradient_of
from verify.floats.arrays import Arrays, Reads
from verify.floats.complexstep import ComplexStep, bound_of, error_of, in_both
from verify.floats.coupling import independent
from verify.floats.labelled import Array, Label, Labelled, Probe, Stored, spread
from verify.testimony import Saying, Testimony

AT_ONCE = 2**16
"""Elements of the moved copies held at one time: what the caches of a processor hold."""
ROOM = 2**24  # bytes
FEW = 4
"""Evaluations in single precision whose errors stand for those of all, as long as every component agrees."""


class GradientCheck:
    """A claim D(L, x[k, …]) == … of a scalar L at given sizes, made ready once and then asked at many points.

    Raises UnsupportedError for a claim of another shape, and for an L that is not made of analytic functions alone
    (see `verify.directions.directional`, which takes any).
    groups: the axis of x whose rows are independent, the index along it, and L as parts by row; None if there is none.
    """

    def __init__(self, formula: Formula, claim: Claim, sizes: Mapping[Size, int]) -> None:
        if "D" in claim.right.mentions:
            raise UnsupportedError("a check of a claim with derivatives on the right")
        self.formula, self.claim, self.sizes, self.reads = formula, claim, dict(sizes), Reads(formula)
        self.body, self.by = gradient_of(claim)
        self._step = ComplexStep(formula, self.body, self.by.tensor, self.sizes, self.reads)
        self._random: dict[int, Array] = {}
        self.groups = independent(formula, self.body, self.by.tensor)
        self._parts = self._step
        if self.groups:
            self._parts = ComplexStep(formula, self.groups[2], self.by.tensor, self.sizes, self.reads)

    def along(self, values: Mapping[Tensor, Array], gradient: Array | None = None, seed: int = 0) -> Testimony:
        """Compare sum(gradient*v) with the derivative of L along one random direction v: two evaluations.

        values: an array for each input.  gradient: of the shape of x, by default the right side of the claim.
        """
        with np.errstate(all="ignore"):
            slope, blur = self._claimed(values, gradient)
            way = self._way(seed, slope.shape)
            value, error = self.slope(values, way)
            terms = slope * way
            rounding = np.finfo(np.float64).eps * np.sqrt(np.sum(terms * terms))
            allowed = error + np.sqrt(np.sum((blur * way) ** 2)) + rounding
            return self._testimony(value, np.asarray(terms.sum()), allowed, 1)

    def each(self, values: Mapping[Tensor, Array], gradient: Array | None = None) -> Testimony:
        """Compare every component; all independent rows are moved at once, one element of each at a time.

        "differs" names the component that is farthest off, in `facts["component"]`. Where the errors of a few
        components do not let all agree, that of each is estimated.
        """
        with np.errstate(all="ignore"):
            slope, blur = self._claimed(values, gradient)
            value, error, evaluations = self.components(values, FEW)
            found = self._testimony(value, slope, error + blur, evaluations)
            if found.says != "agrees":
                value, error, evaluations = self.components(values)
                found = self._testimony(value, slope, error + blur, evaluations)
            return found

    def slope(self, values: Mapping[Tensor, Array], way: Array) -> tuple[Array, Array]:
        """The derivative of L along a direction, and its estimated error."""
        value, error = in_both(values, self._step, self._moved(values, way))
        return value.array, error.array

    def _way(self, seed: int, shape: tuple[int, ...]) -> Array:
        known = self._random.get(seed)
        if known is None:
            known = self._random[seed] = np.random.default_rng(seed).standard_normal(shape)
        return known

    def _moved(self, values: Mapping[Tensor, Array], way: Array, *probes: Probe) -> Stored:
        base = values[self.by.tensor]
        starts = tuple(int(getattr(axis.start, "numerator", 0)) for axis in self.by.tensor.axes)
        array = np.empty(way.shape, np.complex128)
        array.real, array.imag = base, way
        return Stored(probes, array, starts)

    def _claimed(self, values: Mapping[Tensor, Array], gradient: Array | None) -> tuple[Array, Array]:
        """The gradient in the order of the axes of x, and what it may be off by."""
        if gradient is not None:
            return gradient, np.finfo(np.float64).eps * np.abs(gradient)
        shape, labels = values[self.by.tensor].shape, self.by.subscripts
        lengths: dict[Label, int] = dict(zip(labels, shape, strict=True))
        found = []
        for kind in (np.float64, np.float32):
            at = Arrays(self.formula, {t: v.astype(kind, copy=False) for t, v in values.items()}, self.sizes, kind,
                        reads=self.reads)  # fmt: skip
            found.append(spread(at.value(self.claim.right), labels, lengths))
        return found[0], error_of(*found)

    def components(self, values: Mapping[Tensor, Array], few: int | None = None) -> tuple[Array, Array, int]:
        """Every component, its estimated error, and how many evaluations that took.

        few: of how many evaluations alone the errors are estimated; the others are given the largest of their row,
        in proportion to their size.
        """
        base = values[self.by.tensor]
        place = self.groups[0] if self.groups else None
        count = base.size // base.shape[place] if place is not None else base.size
        value = np.empty((count, base.size // count))
        np.empty(ROOM, np.uint8)  # once freed, glibc keeps so much for what follows, and no array is paged in anew
        block = max(1, AT_ONCE // max(base.size, 1))
        for start in range(0, count, block):
            chosen = np.arange(start, min(start + block, count))
            value[chosen] = self._evaluated(values, chosen, is_low=False)
        tried = np.arange(count) if few is None else np.unique(np.linspace(0, count - 1, few).astype(int))
        scatter = np.empty((len(tried), value.shape[1]))
        for start in range(0, len(tried), block):
            chosen = tried[start : start + block]
            scatter[start : start + block] = np.abs(value[chosen] - self._evaluated(values, chosen, is_low=True))
        mean = _rms(scatter)
        if len(tried) < count:
            scale = _rms(value) + np.finfo(np.float64).tiny
            size = np.abs(value) + scale
            scatter, mean = (scatter / size[tried]).max(axis=0) * size, (mean / scale[tried]).max() * scale
        error = bound_of(value, scatter, mean)
        if place is None:
            return value.reshape(base.shape), error.reshape(base.shape), count
        rest = base.shape[:place] + base.shape[place + 1 :]
        turned = (np.moveaxis(array.reshape(*rest, base.shape[place]), -1, place) for array in (value, error))
        return (*turned, count)  # type: ignore[return-value]

    def _evaluated(self, values: Mapping[Tensor, Array], chosen: Array, is_low: bool) -> Array:
        """The derivatives by some elements of a row, for each row: one copy of x for each element."""
        base, place = values[self.by.tensor], self.groups[0] if self.groups else None
        shape = tuple(1 if at == place else length for at, length in enumerate(base.shape))
        way = np.zeros((len(chosen), prod(shape)))
        way[np.arange(len(chosen)), chosen] = 1
        point = Probe("point")
        moved = self._moved(values, np.broadcast_to(way.reshape(-1, *shape), (len(chosen), *base.shape)), point)
        part = self._parts.values(values, moved, is_low)
        return _in_order(part, point, self.groups[1] if self.groups else None).reshape(len(chosen), -1)

    def _testimony(self, value: Array, claimed: Array, allowed: Array, evaluations: int) -> Testimony:
        gap, size = np.abs(value - claimed), np.maximum(np.abs(value), np.abs(claimed))
        relative = gap / np.where(size > 0, size, 1)
        far = gap > BEYOND * allowed
        worst = int(np.where(far, relative, -1).argmax() if far.any() else relative.argmax())
        says: Saying = "cannot tell"
        if far.any():
            says = "differs"
        elif np.all(gap <= WITHIN * allowed) and np.mean(allowed <= SHARP * size) >= 0.5:
            says = "agrees"
        where = [int(at) for at in np.unravel_index(worst, gap.shape)]
        facts = {"points": evaluations, "max_error": float(relative.flat[worst]), "component": where,
                 "allowed": float(WITHIN * allowed.flat[worst] / (size.flat[worst] or 1)),
                 "sizes": [{size.name: number for size, number in self.sizes.items()}]}  # fmt: skip
        return Testimony("differences", says, "" if says == "agrees" else f"after {evaluations} evaluations", facts)


def _rms(array: Array) -> Array:
    """The root of the mean square along the rows."""
    return np.asarray(np.sqrt(np.mean(array * array, axis=1, keepdims=True)))


def _in_order(part: Labelled, point: Probe, row: Index | None) -> Array:
    """The array by probe and then by row, with an axis even for what it does not vary with."""
    labels = (point,) if row is None else (point, row)
    missing = [label for label in labels if label not in part.labels]
    if missing:
        raise UnsupportedError("a function that does not depend on what it is differentiated by")
    return part.array.transpose([part.labels.index(label) for label in labels])
