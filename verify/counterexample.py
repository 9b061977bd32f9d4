"""A point that refutes a claim, made small: few elements, short rationals, and still refuting for certain."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from math import ceil, floor
from typing import Any

import flint
import numpy as np
from numpy.typing import NDArray

from derive import domains
from derive.errors import UnsupportedError
from derive.expression import Size, Tensor
from derive.formula import Formula
from verify.arithmetic.comparison import Outcome
from verify.arithmetic.decimals import digits_of
from verify.arithmetic.reach import Reach
from verify.membership import is_inside
from verify.sampling import Draw, draw, fits, shape
from verify.testimony import Counterexample

Judge = Callable[[Draw], Outcome | None]
Found = tuple[Draw, Outcome]

_FIRST = 2000  # the numbers of the draws tried here, which no other draw has
_MOST_TRIES = 120
_MOST_SINGLE = 4  # sizes that are tried as the only one that is not 1
_MOST_ELEMENTS = 16  # beyond these, values are shortened together only
_BITS = 2000
_LIMITS = (1, 2, 3, 5, 10, 100, 1000, 10**5, 10**8, 10**12)  # of denominators, in turn


def shrunk(formula: Formula, seed: int, reach: Reach, start: Draw, judge: Judge) -> Found | None:
    """The simplest refuting point found from `start` on; None if not even that one is confirmed.

    judge: the outcome at a point if both sides differ there for certain, else None. A point at which both
    sides have values is preferred to one at which the claim has none.
    """
    outcome = judge(start)
    if outcome is None:
        return None
    search = _Search(formula, seed, reach, judge)
    found = search.smaller(start)
    if found is None and not outcome.right.is_finite():
        found = search.smaller(start, is_finite=False)
    return search.shortened(*(found or (start, outcome)))


class _Search:
    """A bounded number of questions to the judge."""

    def __init__(self, formula: Formula, seed: int, reach: Reach, judge: Judge) -> None:
        self.formula, self.seed, self.reach, self._judge = formula, seed, reach, judge
        self._left = _MOST_TRIES

    def ask(self, at: Draw, is_finite: bool = True) -> Outcome | None:
        """The outcome where both sides differ; and both have values, unless that is not asked for."""
        if self._left <= 0:
            return None
        self._left -= 1
        outcome = self._judge(at)
        return outcome if outcome and (outcome.right.is_finite() or not is_finite) else None

    def smaller(self, start: Draw, is_finite: bool = True) -> Found | None:
        """A refuting point of small sizes and simple values, or values like those of the start."""
        for stratum in ("simple", start.stratum):
            for sizes in _small(self.formula, start):
                found = self._drawn(sizes, stratum, is_finite)
                if found:
                    return self._with_ones(found, stratum, is_finite)
        return None

    def _drawn(self, sizes: dict[Size, int], stratum: str, is_finite: bool) -> Found | None:
        for number in range(3):
            try:
                at = draw(self.formula, self.seed, _FIRST + number, sizes, stratum)
            except UnsupportedError:
                return None
            if outcome := self.ask(at, is_finite):
                return at, outcome
        return None

    def _with_ones(self, found: Found, stratum: str, is_finite: bool) -> Found:
        """Each size in turn made 1 where the sides still differ."""
        for size in self.formula.sizes:
            sizes = {**found[0].sizes, size: 1}
            if sizes != found[0].sizes and fits(self.formula, sizes):
                found = self._drawn(sizes, stratum, is_finite) or self._cut(found, size, is_finite) or found
        return found

    def _cut(self, found: Found, size: Size, is_finite: bool) -> Found | None:
        """The point with one of its places along a size alone, which values drawn anew may all miss."""
        at = found[0]
        sizes = {**at.sizes, size: 1}
        for place in range(at.sizes[size]):
            values = {tensor: _at_one_place(tensor, array, size, place) for tensor, array in at.values.items()}
            alone = replace(at, sizes=sizes, values=values)
            # An axis such as n + 1 is not cut, and then this is no point of the formula.
            is_point = all(v.shape == shape(t, sizes) and is_inside(t, v) for t, v in values.items())
            if is_point and (outcome := self.ask(alone, is_finite)):
                return alone, outcome
        return None

    def shortened(self, at: Draw, outcome: Outcome) -> Found:
        """The same sizes with shorter rationals: all together, then one by one if they are few."""
        is_finite = outcome.right.is_finite()
        if at.stratum != "simple":
            for limit in _LIMITS:
                shorter = replace(at, values={t: _rounded(t, values, limit) for t, values in at.values.items()})
                if all(is_inside(t, v) for t, v in shorter.values.items()) and (found := self.ask(shorter, is_finite)):
                    at, outcome = shorter, found
                    break
        inputs = sorted(self.reach.inputs, key=lambda tensor: tensor.name)
        free = [t for t in inputs if not domains.TABLE[t.domain].relation and not domains.TABLE[t.domain].values]
        if sum(at.values[tensor].size for tensor in free) > _MOST_ELEMENTS:
            return at, outcome
        for tensor in free:
            for place in np.ndindex(at.values[tensor].shape):
                for value in _shorter(at.values[tensor][place]):
                    array = at.values[tensor].copy()
                    array[place] = value
                    shorter = replace(at, values={**at.values, tensor: array})
                    if is_inside(tensor, array) and (found := self.ask(shorter, is_finite)):
                        at, outcome = shorter, found
                        break
        return at, outcome


def _small(formula: Formula, start: Draw) -> Iterator[dict[Size, int]]:
    """All sizes 1, one of them 2, all 2, all 3, and those of the start."""
    each = [dict.fromkeys(formula.sizes, length) for length in (1, 2, 3)]
    one = [{**each[0], size: 2} for size in formula.sizes[:_MOST_SINGLE]] if len(formula.sizes) > 1 else []
    yield from (sizes for sizes in (each[0], *one, *each[1:]) if formula.sizes and fits(formula, sizes))
    yield start.sizes


def _at_one_place(tensor: Tensor, array: NDArray[Any], size: Size, place: int) -> NDArray[Any]:
    """An array with one place along each axis of this size."""
    for position, over in enumerate(tensor.axes):
        if over.size is size:
            array = np.take(array, [place], axis=position)
    return array


def _rounded(tensor: Tensor, values: NDArray[Any], limit: int) -> NDArray[Any]:
    """Denominators up to the limit; what ties elements together holds still, and none becomes 0."""
    domain = domains.TABLE[tensor.domain]
    if domain.integer:
        return values
    short = np.empty(values.shape, dtype=object)
    for place in np.ndindex(values.shape):
        value: Any = values[place]
        short[place] = value.limit_denominator(limit) or Fraction(1 if value > 0 else -1, limit)
    if domain.relation == "simplex":
        short[..., -1] = 1 - short[..., :-1].sum(axis=-1)
    return short


def _shorter(value: Any) -> Iterator[Fraction]:
    """Simpler numbers of the same sign, the simplest first."""
    sign = 1 if value > 0 else -1
    length = abs(value.numerator) + value.denominator
    near = [Fraction(number, limit) for limit in _LIMITS for number in _beside(abs(value) * limit)]
    for simple in (Fraction(1), Fraction(2), Fraction(1, 2), Fraction(3), *near):
        if simple and simple.numerator + simple.denominator < length:
            yield sign * simple


def _beside(value: Fraction) -> tuple[int, int]:
    return floor(value), ceil(value)


# --------------------------------------------------------------------------------- as it is reported


def described(at: Draw, outcome: Outcome, reach: Reach) -> Counterexample:
    """The point with both values, in digits that are certain."""
    with flint.ctx.workprec(_BITS):
        is_finite = outcome.right.is_finite()
        return Counterexample(
            sizes={size.name: length for size, length in at.sizes.items()},
            indices=outcome.indices,
            values={t.name: nested(at.values[t]) for t in at.values if t in reach.inputs},
            derived=digits_of(outcome.left),
            claimed=digits_of(outcome.right) if is_finite else "undefined",
            difference=digits_of(abs(outcome.left - outcome.right), 6) if is_finite else "undefined",
        )


def nested(values: NDArray[Any]) -> Any:
    """An array as tuples in tuples; a scalar as it is."""
    return values[()] if not values.shape else tuple(nested(np.asarray(row, dtype=object)) for row in values)
