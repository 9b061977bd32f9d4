"""Worked examples: what follows from the numbers given, set against the digits that a source prints."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any, Literal

import flint
import numpy as np
from flint import arb, fmpq

from derive.binding import replace, walk
from derive.errors import UnsupportedError
from derive.expression import Derivative, Index, Node, number
from derive.formula import Claim, Example, Formula, renaming
from verify.arithmetic.balls import DOUBTFUL, Array
from verify.arithmetic.decimals import digits_of
from verify.arithmetic.evaluation import Evaluation
from verify.arithmetic.onesided import one_sided
from verify.arithmetic.reach import Structure
from verify.counterexample import nested
from verify.sampling import Draw
from verify.testimony import Counterexample, Testimony

_BITS = 1000
Holds = Literal["rounded", "cut", "differs", "convention"]


@dataclass(frozen=True)
class Recomputed:
    """A printed number and what it should be.

    text: the expression.  indices: where in it, by name.  printed: as the source has it.  exact: more digits
    of the value.  holds: "rounded" or "cut" to the digits printed, or "differs" from them; "convention" if it is one
    of the values between the slopes on both sides of a kink, `sides`, where the entry names none or another.
    difference: in size.
    """

    text: str
    indices: dict[str, int]
    printed: str
    exact: str
    holds: Holds
    difference: str
    sides: tuple[str, str] | None = None


def check_example(formula: Formula, example: Example) -> list[Recomputed]:
    """Every printed number of an example, recomputed in balls at the digits printed.

    At a kink the value that both branches share is taken. A derivative there is any number between its one-sided
    values, of which the entry's own closed form names one; UnsupportedError if these are not told.
    """
    draw = _given(formula, example)
    claims = [Claim(node, "==", node, text, example.place) for text, (node, _) in example.then.items()]
    structure = Structure(formula, claims)
    at = Evaluation(formula, draw, structure.targets, structure.together, at_ties=True)
    found = []
    with flint.ctx.workprec(_BITS):
        at_kinks = {claim.text for claim in claims if _is_at_kink(claim, at, structure)}
        for text, (node, printed) in example.then.items():
            order = example.indices.get(text, ())
            value = at.value(node)
            for place, digits in _numbers(printed):
                names = {i: p + at.integer(i.axis.start) for i, p in zip(order, place, strict=True)}
                ball = _read(at, value, order, place)
                if not ball.is_finite() and any(isinstance(part, Derivative) for part in walk(node)):
                    raise UnsupportedError(f"{text} has no value there that arithmetic can tell")
                sides = _sides(formula, draw, text, node, names) if text in at_kinks else None
                if sides is None or (sides[1] - sides[0]).contains(0):
                    ball = ball if sides is None else sides[0]
                    holds: Holds = _agreement(ball, digits)
                    told = None
                else:
                    ball, holds = _at_kink(sides, digits, _named(formula, draw, node, names))
                    told = (digits_of(sides[0], 20), digits_of(sides[1], 20))
                apart = digits_of(abs(ball - _ball(Fraction(digits))), 6)
                shown = {str(index.name): p for index, p in names.items()}
                found.append(Recomputed(text, shown, str(digits), digits_of(ball, 20), holds, apart, told))
    return found


def testimony(formula: Formula, example: Example) -> Testimony:
    """The same as a witness says it: "agrees", or "differs" with the first printed number that is wrong."""
    found = check_example(formula, example)
    wrong = next((one for one in found if one.holds == "differs"), None)
    kinks = [one for one in found if one.sides]
    facts: dict[str, Any] = {"points": len(found), "cut": sum(one.holds == "cut" for one in found)}
    if unrounded := [one for one in found if one.holds in ("cut", "differs")]:
        facts["numbers"] = [
            {"what": one.text, "indices": one.indices, "printed": one.printed, "value": one.exact, "holds": one.holds}
            for one in unrounded
        ]
    if kinks:
        facts["kinks"] = [
            {"what": one.text, "indices": one.indices, "printed": one.printed, "left": one.sides[0],
             "right": one.sides[1]} for one in kinks if one.sides
        ]  # fmt: skip
    open_ones = [one for one in found if one.holds == "convention"]
    if wrong is None and open_ones:
        return Testimony(
            "exact", "cannot tell", _kink(open_ones[0], "is a convention that the entry does not name"), facts
        )
    if wrong is None:
        return Testimony(
            "exact", "agrees", "; ".join(_kink(one, "is the entry's convention") for one in kinks[:1]), facts
        )
    point = Counterexample(
        sizes=dict(example.sizes),
        indices=wrong.indices,
        values={tensor.name: nested(values) for tensor, values in _given(formula, example).values.items()},
        derived=wrong.exact,
        claimed=wrong.printed,
        difference=wrong.difference,
    )
    reason = f"{wrong.text} is printed as {wrong.printed}"
    if wrong.sides:
        reason = _kink(wrong, "is not between them")
    return Testimony("exact", "differs", reason, facts, point)


def _kink(one: Recomputed, judgement: str) -> str:
    assert one.sides is not None
    left, right = one.sides
    return f"{one.text} is at a kink: {left} from the left, {right} from the right; {one.printed} {judgement}"


def _is_at_kink(claim: Claim, at: Evaluation, structure: Structure) -> bool:
    """Whether an expression reads a derivative where a case meets another."""
    value = at.value(claim.left)
    nodes = structure.reach(claim).nodes
    if any(isinstance(node, Derivative) for node in nodes) and not at.truths.ties.isdisjoint(nodes):
        return True
    if value.trouble == DOUBTFUL:
        raise UnsupportedError(f"{claim.text} is not clear at {_BITS} bits")
    return False


def _sides(formula: Formula, draw: Draw, text: str, node: Node, names: dict[Index, int]) -> tuple[arb, arb]:
    """An expression at these values of its indices, with derivatives from the left and from the right."""
    there = replace(node, {index: number(value) for index, value in names.items()})
    return one_sided(formula, draw, Claim(there, "==", there, text, formula.place))


def _named(formula: Formula, draw: Draw, node: Node, names: dict[Index, int]) -> arb | None:
    """The value at a kink that a closed form among the entry's claims gives, None if there is none."""
    for claim in formula.claims:
        renamed = renaming(node, claim.left) if claim.operator == "==" and claim.origin == "claim" else None
        if renamed is None or "D" in claim.right.mentions or not all(a.axis is b.axis for a, b in renamed.items()):
            continue
        form = replace(replace(claim.right, renamed), {index: number(value) for index, value in names.items()})
        value = Evaluation(formula, draw, at_ties=True).value(form)
        return None if value.labels else arb(value.balls())
    return None


def _at_kink(sides: tuple[arb, arb], printed: Decimal, named: arb | None) -> tuple[arb, Holds]:
    """What a printed slope at a kink is set against, and what that says of it.

    Against the value that the entry names if it lies between the two sides, else against the nearer side.
    """
    low, high = (sides[0], sides[1]) if sides[0] < sides[1] else (sides[1], sides[0])
    value, half = _ball(Fraction(printed)), _ball(Fraction(10) ** int(printed.as_tuple().exponent)) / 2
    if value + half < low or value - half > high:
        return (low if value < low else high), "differs"
    if named is not None and not (named < low or named > high) and _agreement(named, printed) == "rounded":
        return named, "rounded"
    return value, "convention"


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
