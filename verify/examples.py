"""Worked examples: what follows from the numbers given, set against the digits that a source prints."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any, Literal

import flint
import numpy as np
from flint import arb, fmpq

from derive.errors import UnsupportedError
from derive.expression import Derivative, Index
from derive.formula import Claim, Example, Formula
from verify.arithmetic.balls import DOUBTFUL, Array
from verify.arithmetic.decimals import digits_of
from verify.arithmetic.evaluation import Evaluation
from verify.arithmetic.reach import Structure
from verify.counterexample import nested
from verify.sampling import Draw
from verify.testimony import Counterexample, Testimony

_BITS = 1000


@dataclass(frozen=True)
class Recomputed:
    """A printed number and what it should be.

    text: the expression.  indices: where in it, by name.  printed: as the source has it.  exact: more digits
    of the value.  holds: "rounded" or "cut" to the digits printed, or "differs" from them.  difference: in size.
    """

    text: str
    indices: dict[str, int]
    printed: str
    exact: str
    holds: Literal["rounded", "cut", "differs"]
    difference: str


def check_example(formula: Formula, example: Example) -> list[Recomputed]:
    """Every printed number of an example, recomputed in balls at the digits printed.

    At a kink the value that both branches share is taken; a derivative there is an UnsupportedError.
    """
    draw = _given(formula, example)
    claims = [Claim(node, "==", node, text, example.place) for text, (node, _) in example.then.items()]
    structure = Structure(formula, claims)
    at = Evaluation(formula, draw, structure.targets, structure.together, at_ties=True)
    found = []
    with flint.ctx.workprec(_BITS):
        for claim in claims:
            at.value(claim.left)
            _refuse_kinks(claim, at, structure)
        for text, (node, printed) in example.then.items():
            order = example.indices.get(text, ())
            value = at.value(node)
            for place, number in _numbers(printed):
                ball = _read(at, value, order, place)
                names = {str(i.name): p + at.integer(i.axis.start) for i, p in zip(order, place, strict=True)}
                apart = digits_of(abs(ball - _ball(Fraction(number))), 6)
                shown = digits_of(ball, 20)
                found.append(Recomputed(text, names, str(number), shown, _agreement(ball, number), apart))
    return found


def testimony(formula: Formula, example: Example) -> Testimony:
    """The same as a witness says it: "agrees", or "differs" with the first printed number that is wrong."""
    found = check_example(formula, example)
    wrong = next((one for one in found if one.holds == "differs"), None)
    facts: dict[str, Any] = {"points": len(found), "cut": sum(one.holds == "cut" for one in found)}
    if unrounded := [one for one in found if one.holds != "rounded"]:
        facts["numbers"] = [
            {"what": one.text, "indices": one.indices, "printed": one.printed, "value": one.exact, "holds": one.holds}
            for one in unrounded
        ]
    if wrong is None:
        return Testimony("exact", "agrees", facts=facts)
    point = Counterexample(
        sizes=dict(example.sizes),
        indices=wrong.indices,
        values={tensor.name: nested(values) for tensor, values in _given(formula, example).values.items()},
        derived=wrong.exact,
        claimed=wrong.printed,
        difference=wrong.difference,
    )
    return Testimony("exact", "differs", f"{wrong.text} is printed as {wrong.printed}", facts, point)


def _refuse_kinks(claim: Claim, at: Evaluation, structure: Structure) -> None:
    nodes = structure.reach(claim).nodes
    if any(isinstance(node, Derivative) for node in nodes) and not at.truths.ties.isdisjoint(nodes):
        raise UnsupportedError(f"{claim.text} is a derivative at a kink")
    if at.value(claim.left).trouble == DOUBTFUL:
        raise UnsupportedError(f"{claim.text} is not clear at {_BITS} bits")


def _given(formula: Formula, example: Example) -> Draw:
    """The point of an example; inputs that nothing asks for may be missing."""
    values = {
        tensor: np.array(_fractions(example.given[tensor.name]), dtype=object)
        for tensor in formula.inputs
        if tensor.name in example.given
    }
    sizes = {size: example.sizes[size.name] for size in formula.sizes if size.name in example.sizes}
    return Draw(sizes, values, "given", -1)


def _fractions(numbers: Any) -> Any:
    return [_fractions(row) for row in numbers] if isinstance(numbers, list) else Fraction(numbers)


def _numbers(printed: Any, place: tuple[int, ...] = ()) -> Iterator[tuple[tuple[int, ...], Decimal]]:
    if not isinstance(printed, list):
        yield place, printed
        return
    for at, row in enumerate(printed):
        yield from _numbers(row, (*place, at))


def _read(at: Evaluation, value: Array, order: tuple[Index, ...], place: tuple[int, ...]) -> arb:
    """The element of a value at positions of its indices."""
    by_label = {at.label_of(index): p for index, p in zip(order, place, strict=True)}
    balls: Any = value.balls()
    found: arb = balls[tuple(by_label[label] for label in value.labels)] if value.labels else balls
    return found


def _ball(value: Fraction) -> arb:
    return arb(fmpq(value.numerator, value.denominator))


def _agreement(ball: arb, printed: Decimal) -> Literal["rounded", "cut", "differs"]:
    exact = Fraction(printed)
    unit = Fraction(10) ** int(printed.as_tuple().exponent)
    if not ball.is_finite():
        return "differs"
    value, step = _ball(exact), _ball(unit)
    if not abs(ball - value) > step / 2:
        return "rounded"
    rest = ball - value if exact > 0 else value - ball
    is_cut = abs(ball) < step if exact == 0 else not (rest < 0 or rest >= step)
    return "cut" if is_cut else "differs"
