"""The differences witness: the definitions alone, in floats, differentiated numerically, with an estimated error."""

from math import prod
from typing import NamedTuple

import numpy as np

from derive.binding import fresh, replace, walk
from derive.errors import UnsupportedError
from derive.expression import ZERO, Derivative, Index
from derive.formula import Claim, Formula
from verify.floats.arrays import Reads
from verify.floats.labelled import Array, aligned
from verify.floats.measurement import HIGH, Measured, Measurement
from verify.points import certain_gap, points
from verify.sampling import Draw, measure
from verify.testimony import Counterexample, Saying, Settings, Testimony

POINTS = 2
TRIED = 6
COMPONENTS = 64
WITHIN = 8
"""Differences up to this many estimated errors agree: the estimates are made to be larger than the errors."""
BEYOND = 1000
"""Differences beyond this many are no rounding; in between this witness does not tell."""
REACHES = (2.0**-8, 2.0**-16)
"""Where both sides differ, they must differ by differences over these smaller steps as well."""
SEEDS = 4
"""In how many ways roundings go before a branch counts as decided."""
SHARP = 1e-6
"""Errors above this part of the value say too little to agree by."""


def testify(formula: Formula, claim: Claim, settings: Settings) -> Testimony:
    """Judge a claim at a few points by numerical derivatives of the definitions.

    "agrees": at two points at least half of the components can be judged, and each is the same within its
    estimated error.  "differs": one is off by more than a thousand estimated errors.  Else "cannot tell".
    Asked about a counterexample, it agrees only if its errors are smaller than what that certifies.
    """
    reads, found = Reads(formula), list[Comparison]()
    wanted = 1 if settings.at else POINTS
    try:
        for draw in points(formula, claim, settings, TRIED):
            found.append(compare(formula, claim, draw, reads, settings.at))
            # A point at which both sides vanish shows little, unless 0 is what is claimed.
            shown = [c for c in found if c.says == "agrees" and (not c.is_zero or claim.right is ZERO)]
            if found[-1].says == "differs" or len(shown) == wanted:
                break
    except UnsupportedError as problem:
        return Testimony("differences", "cannot tell", str(problem))
    says: Saying = "differs" if found[-1].says == "differs" else "agrees"
    used = [c for c in found if c.says == says]
    if len(used) < (wanted if says == "agrees" else 1):
        return Testimony("differences", "cannot tell", "the errors of the differences are too large, or undefined")
    if settings.at and says == "agrees" and not used[0].is_complete:
        return Testimony("differences", "cannot tell", "a branch turns too near to the point")
    if settings.at and says == "agrees" and used[0].blur > certain_gap(settings.at):
        return Testimony("differences", "cannot tell", "the difference is smaller than the errors of floats")
    worst = max(used, key=lambda c: c.gap)
    facts = {"points": len(used), "max_error": worst.gap, "allowed": worst.allowed, "sizes": [c.sizes for c in used]}
    reason = f"off by more than {BEYOND} estimated errors" if says == "differs" else ""
    return Testimony("differences", says, reason, facts)


class Comparison(NamedTuple):
    """gap, allowed: of the worst component, relative to its value.  blur: the greatest error allowed.

    is_zero: both sides are 0, as far as can be told.  is_complete: every component could be judged.
    """

    says: Saying
    gap: float
    allowed: float
    blur: float
    is_zero: bool
    is_complete: bool
    sizes: dict[str, int]


def compare(
    formula: Formula, claim: Claim, draw: Draw, reads: Reads, found: Counterexample | None = None
) -> Comparison:
    """Both sides of a claim at one point; in the component alone that a counterexample names."""
    sizes = {size.name: value for size, value in draw.sizes.items()}
    claim, chosen = named(claim, found) if found else thinned(claim, draw)
    with np.errstate(all="ignore"):
        at = Measurement(formula, draw.sizes, draw.values, reads, chosen)
        (left, left_error), (right, right_error) = at.measured(claim.left), at.measured(claim.right)
        _, arrays = aligned([left, right, left_error, right_error])
        one, other, error_of_one, error_of_other = np.broadcast_arrays(*arrays)
        error = error_of_one + error_of_other
        gap = excess(claim.operator, one, other)
        size = np.maximum(np.abs(one), np.abs(other))
        has_derivative = any(isinstance(part, Derivative) for side in (claim.left, claim.right) for part in walk(side))
        # What a value is compared to: itself, or, where only its error shows, what it is the difference of.
        whole = at.typical if has_derivative else error / np.finfo(HIGH).eps
        scale = np.where(size > WITHIN * error, size, whole)
        known = np.isfinite(gap) & np.isfinite(error)
        sharp = known & (error <= SHARP * scale)
        relative = np.where(gap > 0, gap / scale, 0)
        worst = int(np.where(sharp, relative, -1).argmax())
        allowed = np.where(error > 0, WITHIN * error / scale, 0)
        says: Saying
        if np.any(known & (gap > BEYOND * error)):
            says = "differs"
        elif np.all((gap <= WITHIN * error) | ~known) and np.mean(sharp) >= 0.5:
            says = "agrees"
        else:
            says = "cannot tell"
        sides = (Measured(left, left_error), Measured(right, right_error))
        if says == "differs" and not (
            _is_decided(formula, claim, draw, reads, chosen)
            and _is_resolved(formula, claim, draw, reads, chosen, sides)
        ):
            says = "cannot tell"
        blur = float(np.where(sharp, WITHIN * error, 0).max(initial=0))
        is_zero = bool(np.all(size <= WITHIN * error))
    figures = float(relative.flat[worst]), float(allowed.flat[worst]), blur
    return Comparison(says, *figures, is_zero, bool(np.all(known)), sizes)


def _is_decided(formula: Formula, claim: Claim, draw: Draw, reads: Reads, chosen: dict[Index, Array]) -> bool:
    """Whether every branch goes one way, however results are rounded: sin(x)**2 + cos(x)**2 > 1 goes both ways."""
    first: list[Array] | None = None
    for seed in range(SEEDS):
        at = Measurement(formula, draw.sizes, draw.values, reads, chosen, seed=seed)
        ends = at.outcomes((claim.left, claim.right))
        found = [least for least, _ in ends]
        first = first or found
        if not all(np.array_equal(*pair) for pair in (*ends, *zip(first, found, strict=True))):
            return False
    return True


def _is_resolved(
    formula: Formula,
    claim: Claim,
    draw: Draw,
    reads: Reads,
    chosen: dict[Index, Array],
    sides: tuple[Measured, Measured],
) -> bool:
    """Whether smaller steps find the same values, none of them steeper than the function is high over a step.

    A function that turns many times within a step deceives every estimate; then this witness does not tell.
    """
    for reach in REACHES:
        at = Measurement(formula, draw.sizes, draw.values, reads, chosen, reach=reach)
        for node, before in zip((claim.left, claim.right), sides, strict=True):
            _, (value, error, old, error_of_old) = aligned([*at.measured(node), *before])
            if not np.all(np.abs(value - old) <= WITHIN * (error + error_of_old)):
                return False
            if at.typical and np.any(np.abs(value) > 8 * at.typical):
                return False
    return True


def excess(operator: str, one: Array, other: Array) -> Array:
    """By how much a claim fails in each component."""
    if operator == "==":
        return np.asarray(np.abs(one - other))
    return np.asarray(np.maximum(one - other if operator == "<=" else other - one, 0))


def thinned(claim: Claim, draw: Draw) -> tuple[Claim, dict[Index, Array]]:
    """The claim at a bounded number of components: first, last and some between along every long index."""
    lengths = {index: measure(index.axis.size, draw.sizes) for index in claim.indices}
    most = max(lengths.values(), default=0)
    while prod(min(n, most) for n in lengths.values()) > COMPONENTS:
        most -= 1
    if all(n <= most for n in lengths.values()):
        return claim, {}
    values = {}
    for index, length in lengths.items():
        start = measure(index.axis.start, draw.sizes)
        values[index] = start + np.unique(np.linspace(0, length - 1, min(length, most)).round().astype(int))
    return _chosen(claim, values)


def named(claim: Claim, found: Counterexample) -> tuple[Claim, dict[Index, Array]]:
    """The claim at the one component that a counterexample names: others may agree, and have other errors."""
    return _chosen(claim, {index: np.array([found.indices[str(index.name)]]) for index in claim.indices})


def _chosen(claim: Claim, values: dict[Index, Array]) -> tuple[Claim, dict[Index, Array]]:
    renamed = {index: fresh(index) for index in values}
    left, right = replace(claim.left, renamed), replace(claim.right, renamed)
    chosen = {renamed[index]: value for index, value in values.items()}
    return Claim(left, claim.operator, right, claim.text, claim.place), chosen
