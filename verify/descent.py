"""The way down to where an inequality is nearest to fail, in floats: exp(x) >= 2.7183*x is wrong beside x = 1 alone.

Floats choose the point and say nothing of it; both sides are compared there in balls, as at any other.
"""

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from derive.domains import TABLE as DOMAINS
from derive.errors import UnsupportedError
from derive.expression import Tensor
from derive.formula import Claim, Formula
from verify.floats.arrays import Arrays, Reads
from verify.floats.labelled import Array, Probe, Stored, aligned
from verify.membership import is_inside
from verify.sampling import Draw

NUMBER = 3_000  # of the draws made here, which no other has
_STARTS = 2
_STEPS = 60
_TRIED = 24
_CLEAR, _FINE = 1e-3, 1e-8  # a margin that is surely one, and steps that are small enough
_FAR = 40.0  # how far logarithms of what is positive may go


def descents(formula: Formula, claim: Claim, starts: Sequence[Draw]) -> Iterator[Draw]:
    """From each of a few points, one nearby at which the left side exceeds the right one by the least, or falls short.

    Nothing for an equation, for derivatives, and where no input moves freely.
    """
    if claim.operator == "==" or "D" in claim.left.mentions | claim.right.mentions:
        return
    sizes_seen: list[Mapping[Any, int]] = []
    for start in starts:
        if start.sizes in sizes_seen or len(sizes_seen) == _STARTS:
            continue
        sizes_seen.append(start.sizes)
        try:
            found = _Descent(formula, claim, start).lowest()
        except UnsupportedError:
            return
        if found is not None:
            yield found


class _Descent:
    """A search at random around the best point so far; its steps grow where one succeeds and shrink where none does."""

    def __init__(self, formula: Formula, claim: Claim, start: Draw) -> None:
        self.formula, self.claim, self.start, self.reads = formula, claim, start, Reads(formula)
        read = self.reads(claim.left) | self.reads(claim.right)
        self.moved = [t for t in start.values if t in read and not DOMAINS[t.domain].integer and _kind(t) is not None]
        self.fixed = {t: _floats(v) for t, v in start.values.items() if t not in self.moved}
        self.random = np.random.default_rng(0)

    def lowest(self) -> Draw | None:
        if not self.moved:
            return None
        best = {t: _free(t, _floats(self.start.values[t])) for t in self.moved}
        least, reach = np.inf, 0.5
        for _ in range(_STEPS):
            tried = {t: self._around(value, reach) for t, value in best.items()}
            margins = self._margins(tried)
            place = int(np.argmin(margins))
            if margins[place] < least:
                best, least = {t: value[place] for t, value in tried.items()}, float(margins[place])
                reach = min(reach * 1.5, 4.0)
            else:
                reach *= 0.6
            if least < -_CLEAR or reach < _FINE:
                break
        return self._draw(best) if np.isfinite(least) else None

    def _around(self, value: Array, reach: float) -> Array:
        """The value itself, and others about that far from it: in every element, or in some."""
        noise = self.random.standard_normal((_TRIED, *value.shape))
        some = self.random.random(noise.shape) < self.random.random((_TRIED, *(1,) * value.ndim))
        moved = value + reach * noise * np.where(some, 1, 0) * np.maximum(np.abs(value), 1)
        moved[0] = value
        return np.asarray(np.clip(moved, -_FAR, _FAR))

    def _margins(self, tried: dict[Tensor, Array]) -> Array:
        """By how much the claim holds at each of the points, relative to its sides; infinite where it says nothing."""
        point = Probe("point")
        at = Arrays(self.formula, self.fixed, self.start.sizes, np.float64, {}, self.reads)
        for tensor, free in tried.items():
            at.stored[tensor] = Stored((point,), _bound(tensor, free), at.starts(tensor))
        with np.errstate(all="ignore"):
            labels, (left, right) = aligned([at.value(self.claim.left), at.value(self.claim.right)])
            more, less = (left, right) if self.claim.operator == ">=" else (right, left)
            margin = (more - less) / (np.abs(more) + np.abs(less) + np.finfo(np.float64).tiny)
        if point not in labels:
            return np.full(_TRIED, np.inf)
        rows = np.moveaxis(margin, labels.index(point), 0).reshape(margin.shape[labels.index(point)], -1)
        return np.asarray(np.where(np.isnan(rows), np.inf, rows).min(axis=1))

    def _draw(self, best: dict[Tensor, Array]) -> Draw | None:
        values = dict(self.start.values)
        for tensor, free in best.items():
            values[tensor] = _rational(tensor, _bound(tensor, free))
            if not is_inside(tensor, values[tensor]):
                return None
        return Draw(self.start.sizes, values, self.start.stratum, NUMBER)


def _kind(tensor: Tensor) -> str | None:
    """How an input moves: as it is, by logarithms, between 0 and 1, or as shares; None if not freely."""
    domain = DOMAINS[tensor.domain]
    if domain.relation:
        return "shares" if domain.relation == "simplex" else None
    return "between" if domain.high == 1 else "positive" if domain.low == 0 else "real"


def _free(tensor: Tensor, value: Array) -> Array:
    match _kind(tensor):
        case "between":
            return np.asarray(np.log(value) - np.log1p(-value))
        case "positive" | "shares":
            return np.asarray(np.log(value))
    return value


def _bound(tensor: Tensor, free: Array) -> Array:
    match _kind(tensor):
        case "between":
            return np.asarray(1 / (1 + np.exp(-free)))
        case "positive":
            return np.asarray(np.exp(free))
        case "shares":
            whole = np.exp(free - free.max(axis=-1, keepdims=True))
            return np.asarray(whole / whole.sum(axis=-1, keepdims=True))
    return free


def _floats(values: Array) -> Array:
    return np.asarray(np.vectorize(float, otypes=[np.float64])(values))


def _rational(tensor: Tensor, values: Array) -> Array:
    """Exact rationals; shares are made to add up."""
    found = np.empty(values.shape, dtype=object)
    for place in np.ndindex(*values.shape):
        found[place] = Fraction(float(values[place]))
    if _kind(tensor) == "shares":
        for row in np.ndindex(*values.shape[:-1]):
            found[row] = found[row] / sum(found[row])
    return found
