"""Both sides of a claim at a point, element by element: whether their enclosures can be the same number."""

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from flint import arb

from derive.formula import Claim
from verify.arithmetic.balls import UNDEFINED, Array, Labels, spread
from verify.arithmetic.evaluation import Evaluation

Says = Literal["agrees", "differs", "undefined", "boundary", "tie", "unclear"]
LEVELS = (1, 2, 4, 8)  # times the base precision
_NEEDED = 100  # bits: a relative radius below 1e-30
_ZERO = 200  # bits: both sides of what seems to be 0 lie within 1e-60
_PER_BIT = 0.30103


@dataclass(frozen=True)
class Outcome:
    """agrees: to that many digits in every element.  differs: for certain, at those values of the indices.

    undefined: the left side has no value, so the point does not count.  boundary, tie: at a jump, or where cases meet.
    unclear: more precision may tell.
    """

    says: Says
    digits: int = 0
    indices: dict[str, int] = field(default_factory=dict)
    left: Any = None
    right: Any = None


def compared(claim: Claim, left: Array, right: Array, at: Evaluation, level: int, is_first: bool) -> Outcome:
    """Set both sides against each other; what seems to be 0 on both is looked at more closely at the first point."""
    named = {at.label_of(index): str(index.name) for index in claim.indices}
    labels: Labels = tuple(sorted({*left.labels, *right.labels}, key=named.__getitem__))
    shape = tuple(label[1] for label in labels)
    zero_level = len(LEVELS) - 1 if is_first else 1
    bits, is_undefined, is_unclear = 1 << 40, False, False
    for place, x, y in zip(np.ndindex(shape), _flat(left, labels), _flat(right, labels), strict=True):
        verdict = _element(claim.operator, x, y)
        if verdict == "differs" or (verdict == "no right" and right.trouble == UNDEFINED):
            return Outcome("differs", 0, _indices(claim, at, labels, place), x, y)
        if verdict == "no left":
            is_undefined = True
        elif verdict == "no right":
            is_unclear = True
        elif verdict != "fulfilled":
            accuracy = min(x.rel_accuracy_bits(), y.rel_accuracy_bits())
            if accuracy < _NEEDED and x.contains(0) and y.contains(0) and level >= zero_level:
                accuracy = _bits_below_one(x, y)
                is_unclear |= accuracy < _ZERO
            is_unclear |= accuracy < _NEEDED
            bits = min(bits, accuracy)
    if is_undefined:
        return Outcome("undefined" if left.trouble == UNDEFINED else "unclear")
    return Outcome("unclear") if is_unclear else Outcome("agrees", int(bits * _PER_BIT))


def _element(operator: str, left: arb, right: arb) -> str:
    if not left.is_finite():
        return "no left"
    if not right.is_finite():
        return "no right"
    if operator == "==":
        return "same" if left.overlaps(right) else "differs"
    low, high = (left, right) if operator == "<=" else (right, left)
    return "differs" if low > high else "fulfilled" if low < high else "same"


def _bits_below_one(left: arb, right: arb) -> int:
    """How many bits behind the point both are 0."""
    largest = max(left.abs_upper(), right.abs_upper(), key=lambda v: v.mid())
    mantissa, exponent = largest.upper().man_exp()
    return -int(exponent) - int(mantissa).bit_length() if mantissa else 1 << 40


def _flat(side: Array, labels: Labels) -> list[arb]:
    """The elements in the order of the labels given."""
    if not labels:
        return [side.balls()]
    order = sorted(labels)
    data = np.broadcast_to(spread(side.balls(), side.labels, tuple(order)), [label[1] for label in order])
    return list(data.transpose([order.index(label) for label in labels]).ravel())


def _indices(claim: Claim, at: Evaluation, labels: Labels, place: tuple[int, ...]) -> dict[str, int]:
    """The values of the claim's indices at a place; the first one of an index that makes no difference."""
    places = dict(zip(labels, place, strict=True))
    return {str(i.name): at.integer(i.axis.start) + places.get(at.label_of(i), 0) for i in claim.indices}
