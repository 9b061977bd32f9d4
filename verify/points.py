"""Where the witnesses that take few points look: the planned draws, or the one point that they are asked about."""

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np

from derive.formula import Claim, Formula
from verify.sampling import Draw, draw
from verify.testimony import Counterexample, Settings


def points(formula: Formula, claim: Claim, settings: Settings, most: int) -> Iterator[Draw]:
    """The first planned draws, or the counterexample in the settings alone.

    The second comes late: sizes 2 and 3 alone would hide a factor 1 + (n - 2)*(n - 3).
    """
    if settings.at is not None:
        yield there(formula, settings.at)
        return
    for number in (0, 2, 3, 1, *range(4, most)):
        if number < most:
            yield _planned(formula, settings.seed, number)


_latest: list[tuple[Formula, int, dict[int, Draw]]] = []


def _planned(formula: Formula, seed: int, number: int) -> Draw:
    """A planned draw; those of one formula are kept, as claims come formula by formula."""
    if not (_latest and _latest[0][0] is formula and _latest[0][1] == seed):
        _latest[:] = [(formula, seed, {})]
    kept = _latest[0][2]
    if number not in kept:
        kept[number] = draw(formula, seed, number)
    return kept[number]


def there(formula: Formula, found: Counterexample) -> Draw:
    """The point of a counterexample."""
    sizes = {size: found.sizes[size.name] for size in formula.sizes}
    given = [tensor for tensor in formula.inputs if tensor.name in found.values]  # those that the claim reads
    values = {tensor: _array(found.values[tensor.name], len(tensor.axes)) for tensor in given}
    return Draw(sizes, values, "counterexample", 0)


def _array(value: Any, rank: int) -> Any:
    """Nested tuples of rationals as an array of that many axes."""
    lengths, inner = [], value
    for _ in range(rank):
        lengths.append(len(inner))
        inner = inner[0] if inner else ()
    array = np.empty(lengths, dtype=object)
    for place in np.ndindex(*lengths):
        inner = value
        for step in place:
            inner = inner[step]
        array[place] = Fraction(inner)
    return array


def certain_gap(found: Counterexample) -> float:
    """The difference that the counterexample certifies; infinite if a side is undefined there."""
    try:
        return abs(float(found.difference.replace("…", "")))
    except ValueError:
        return float("inf")
