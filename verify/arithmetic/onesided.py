"""One-sided derivatives at a kink: the branches that hold just beside the point, differentiated at the point itself.

Which way every comparison goes at a step to the left or the right is noted; the same ways are then taken at the
point, where the derivative of what they make is the one-sided one, if its value is that of the function there.
"""

from fractions import Fraction

import numpy as np
from flint import arb

from derive import domains
from derive.binding import walk
from derive.errors import UnsupportedError
from derive.expression import Compare, Derivative, Element, Number, Power, Tensor
from derive.formula import Claim, Formula
from verify.arithmetic.balls import Array
from verify.arithmetic.branches import Truths
from verify.arithmetic.evaluation import Evaluation
from verify.arithmetic.reach import Structure
from verify.membership import is_inside
from verify.sampling import Draw

STEP = Fraction(1, 10**60)
_NEAR = arb(10) ** -40  # what a step moves a value or a slope by at most, relatively


def one_sided(formula: Formula, draw: Draw, claim: Claim) -> tuple[arb, arb]:
    """The left side of a claim without free indices, with its derivatives from the left and from the right.

    The derivatives are of first order and by one element of an input; UnsupportedError where they are not, where
    the function jumps, and where it cannot be told which way a case goes beside the point.
    """
    slopes = [part for part in walk(claim.left) if isinstance(part, Derivative)]
    tensor, subscripts = _moved(formula, slopes)
    structure = Structure(formula, [claim])

    def evaluation(at: Draw, truths: Truths) -> Evaluation:
        made = Evaluation(formula, at, structure.targets, structure.together, at_ties=True)
        made.truths = truths
        return made

    here = evaluation(draw, Truths(at_ties=True))
    place = tuple(at - here.integer(axis.start) for at, axis in zip(subscripts, tensor.axes, strict=True))
    values = [_number(here.value(slope.body)) for slope in slopes]
    here.value(claim.left)
    if any(isinstance(node, Power) for node in here.truths.ties):
        raise UnsupportedError(f"{claim.text} is at the end of a domain")
    # A tie of what is not exact leaves the value open; both branches that meet there have it, but at "==" a third may.
    apart = any(isinstance(node, Compare) and node.operator in ("==", "!=") for node in here.truths.ties)
    found = []
    for step in (-STEP, STEP):
        ways = Truths(at_ties=True, log=[])
        beside = _number(evaluation(_beside(draw, tensor, place, step), ways).value(claim.left))
        at = evaluation(draw, Truths(at_ties=True, guide=iter(ways.log or ())))
        slope = _number(at.value(claim.left))
        if not _is_near(slope, beside):
            raise UnsupportedError(f"{claim.text} has no derivative from each side")
        found.append(slope)
        there = [_number(at.value(part.body)) for part in slopes]
        values = [new if not old.is_finite() and not apart else old for old, new in zip(values, there, strict=True)]
        if not all(map(_is_near, there, values)):
            raise UnsupportedError(f"{claim.text} is the derivative of what jumps there")
    return found[0], found[1]


def _moved(formula: Formula, slopes: list[Derivative]) -> tuple[Tensor, tuple[int, ...]]:
    """The one element of an input that all derivatives are taken by."""
    by = {slope.by for slope in slopes}
    match [*by]:
        case [(Element(tensor, subscripts),)] if tensor in formula.inputs:
            domain = domains.TABLE[tensor.domain]
            if not (domain.integer or domain.values) and all(isinstance(s, Number) for s in subscripts):
                return tensor, tuple(s.numerator for s in subscripts if isinstance(s, Number))
    raise UnsupportedError("a derivative at a kink, and not the first by one element of an input")


def _beside(draw: Draw, tensor: Tensor, place: tuple[int, ...], step: Fraction) -> Draw:
    values = np.array(draw.values[tensor], dtype=object)
    values[place] += step
    if not is_inside(tensor, values):
        raise UnsupportedError("a derivative at a kink and at the end of a domain")
    return Draw(draw.sizes, {**draw.values, tensor: values}, draw.stratum, draw.number)


def _number(value: Array) -> arb:
    if value.labels:
        raise UnsupportedError("a derivative at a kink of what is no single number")
    return arb(value.balls())


def _is_near(x: arb, y: arb) -> bool:
    return bool(x.is_finite() and y.is_finite() and abs(x - y) < _NEAR * (1 + abs(y)))
