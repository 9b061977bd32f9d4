"""Points on either side of a boundary: where two expressions meet on the way from one point to another."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import islice
from typing import Any

import numpy as np

from derive import domains
from derive.errors import UnsupportedError
from derive.expression import Tensor
from derive.formula import Formula
from verify.arithmetic.balls import subtract
from verify.arithmetic.branches import Pair, Truths
from verify.arithmetic.evaluation import Evaluation
from verify.membership import is_inside
from verify.sampling import Draw, between, draw

_WIDTH = Fraction(1, 1 << 40)
_PARTNERS = 6  # further points of the same sizes that are tried, beside those at which it went either way
_FIRST = 1000  # their numbers, which no other draw has
_STARTS, _MOST_GAPS, _MOST_PLACES = 2, 3, 6  # of what is moved, so that two whole numbers meet
Evaluate = Callable[[Draw], Evaluation]


def straddled(
    formula: Formula, seed: int, margin: Pair, seen: Sequence[tuple[Draw, Truths]], evaluate: Evaluate
) -> tuple[Draw, ...]:
    """Two points less than 2**-40 of the way apart, between which left - right changes its sign somewhere.

    None if no way between two points crosses the boundary, or if the margin has no value by itself.
    """
    try:
        for start, end in _ways(formula, seed, margin, seen):
            first, second = _margins(margin, evaluate(start)), _margins(margin, evaluate(end))
            if first.size != second.size and 1 not in (first.size, second.size):
                continue  # where a case goes one way for all, what it does not read has no axis
            crossing = np.flatnonzero(first * second < 0)
            if crossing.size:
                return _crossed(start, end, margin, int(crossing[0]), evaluate)
    except UnsupportedError:
        pass
    return ()


def meeting(margin: Pair, seen: Sequence[tuple[Draw, Truths]], evaluate: Evaluate) -> Iterator[Draw]:
    """Points at which two expressions of whole numbers are equal, which are points of the domain like any other.

    An element of an integer input is moved by what they differ in; that finds k = 3 for k > 3 and k = j for k >= j.
    """
    try:
        for start, _ in seen[:_STARTS]:
            gaps = sorted(_whole_gaps(margin, evaluate(start)) - {0})[:_MOST_GAPS]
            for at in _moved(start, [move for gap in gaps for move in (-gap, gap)]):
                if 0 in _whole_gaps(margin, evaluate(at)):
                    yield at
    except UnsupportedError:
        pass


def _moved(start: Draw, moves: Sequence[Fraction]) -> Iterator[Draw]:
    """Points of the domain that differ in one element of an integer input, by one of the moves."""
    for tensor in filter(is_counted, start.values):
        for place in islice(np.ndindex(start.values[tensor].shape), _MOST_PLACES):
            for move in moves:
                moved = start.values[tensor].copy()
                moved[place] += move
                if is_inside(tensor, moved):
                    yield replace(start, values={**start.values, tensor: moved})


def is_counted(tensor: Tensor) -> bool:
    """Whether an input takes any whole number of a range."""
    domain = domains.TABLE[tensor.domain]
    return domain.integer and not domain.values


def _whole_gaps(margin: Pair, at: Evaluation) -> set[Fraction]:
    """What left - right is at its positions, where that is exact."""
    difference = subtract(at.value(margin[0]), at.value(margin[1]))
    flat = np.atleast_1d(np.asarray(difference.data, dtype=object)).ravel() if difference.exact else ()
    return {Fraction(int(gap.p), int(gap.q)) for gap in flat}


def _ways(
    formula: Formula, seed: int, margin: Pair, seen: Sequence[tuple[Draw, Truths]]
) -> Iterable[tuple[Draw, Draw]]:
    """From points at which left was the larger to ones of the same sizes like those at which it was the smaller."""
    larger = [at for at, truths in seen if 1 in truths.signs.get(margin, ())]
    smaller = [at for at, truths in seen if -1 in truths.signs.get(margin, ())]
    for number in range(_PARTNERS):
        for starts, ends in ((larger, smaller), (smaller, larger)):
            if starts and ends:
                start, end = starts[number % len(starts)], ends[number % len(ends)]
                other = draw(formula, seed, _FIRST + number, start.sizes, end.stratum)
                yield start, between(start, other, Fraction(1))


def _margins(margin: Pair, at: Evaluation) -> Any:
    """The sign of left - right at every position; 0 where it is not certain."""
    return _signs(_difference(margin, at))


def _difference(margin: Pair, at: Evaluation) -> list[Any]:
    difference = subtract(at.value(margin[0]), at.value(margin[1]))
    data = difference.balls()
    return list(data.ravel()) if difference.labels else [data]


def _signs(balls: list[Any]) -> Any:
    return np.array([int(v > 0) - int(v < 0) for v in balls])


def _crossed(start: Draw, end: Draw, margin: Pair, place: int, evaluate: Evaluate) -> tuple[Draw, ...]:
    """Close in on the crossing of one element, by the Illinois method and then by halves."""

    def value(at: Fraction) -> Any:
        found = _difference(margin, evaluate(between(start, end, at)))
        return found[place] if len(found) > 1 else found[0]  # one value where every element takes one branch

    low, high = Fraction(0), Fraction(1)
    at_low, at_high = value(low), value(high)
    weight_low = weight_high = 1.0
    is_rising = at_high > 0
    for step in range(100):
        if high - low <= _WIDTH:
            is_certain = at_low * at_high < 0
            return (between(start, end, low), between(start, end, high)) if is_certain else ()
        at = _guess(low, high, at_low, at_high, weight_low, weight_high) if step < 24 else (low + high) / 2
        found = value(at)
        if not (found > 0 or found < 0):
            at += _WIDTH / 4
            found = value(at)
        if not (found > 0 or found < 0):
            return ()
        if (found > 0) == bool(is_rising):
            high, at_high, weight_high, weight_low = at, found, 1.0, weight_low / 2
        else:
            low, at_low, weight_low, weight_high = at, found, 1.0, weight_high / 2
    return ()


def _guess(low: Fraction, high: Fraction, at_low: Any, at_high: Any, weight_low: float, weight_high: float) -> Fraction:
    """Where the line through both ends crosses 0, kept off the ends by a part of the width sought."""
    width = high - low
    down, up = abs(at_low) * weight_low, abs(at_high) * weight_high
    share = float((down / (down + up)).mid()) if (down + up) > 0 else 0.5
    if not 0 < share < 1:
        share = 0.5
    at = low + width * Fraction(int(share * (1 << 50)), 1 << 50)
    margin = min(width / 4, _WIDTH / 2)
    at = min(max(at, low + margin), high - margin)
    return Fraction(round(at * (1 << 64)), 1 << 64)
