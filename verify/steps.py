"""The check of a proof: both sides of every step, in ball arithmetic at small points.

Nothing of the search is used: a step is two expressions that a named rule holds to be equal, and whether they are
is a matter of numbers. One that differs anywhere shows a rule to be wrong, whatever it was used for.
"""

import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from typing import Protocol

import flint

from derive.binding import replace
from derive.errors import Place, UndefinedError, UnsupportedError
from derive.expression import Index, Node, Size, Variable, number
from derive.formula import Claim, Definition, Formula
from derive.printing.text import text
from verify.arithmetic.balls import Work
from verify.arithmetic.comparison import LEVELS, Outcome, compared
from verify.arithmetic.evaluation import Evaluation
from verify.arithmetic.reach import Structure
from verify.sampling import Draw, draw, fits
from verify.section import DEEP, WHOLE, Program


class Step(Protocol):
    """Two expressions that a rule holds to be equal (or, with another operator, ordered)."""

    @property
    def rule(self) -> str: ...
    @property
    def before(self) -> Node: ...
    @property
    def after(self) -> Node: ...
    @property
    def operator(self) -> str: ...


_BITS = 240
_SMALL = (3, 2)  # what sizes are taken from: small, so that a step is cheap, and different where two are left
_STRATA = ("generic", "mixed")
_NOWHERE = Place("", 0, 0)
_VALUE = number(Fraction(5, 7))  # of a variable whose expectation is taken further out


@dataclass(frozen=True)
class Checked:
    """right: how many steps were compared.  open: those that could not be.  wrong: the first that differs, in words."""

    right: int = 0
    open: int = 0
    wrong: str = ""

    def __add__(self, other: "Checked") -> "Checked":
        return Checked(self.right + other.right, self.open + other.open, self.wrong or other.wrong)


def checked(
    formula: Formula, program: Sequence[Definition], steps: Iterable[Step], seed: int = 0, points: int = 2
) -> Checked:
    """Compare the two sides of steps, each at one or two points of small sizes.

    program: what the steps name beside the formula's own tensors, derivatives as definitions, in order; one of the
    formula's own that holds a derivative may be among them without it.
    """
    made = {definition.tensor: definition for definition in program}
    own = [made.pop(definition.tensor, definition) for definition in formula.definitions]
    whole = dataclasses.replace(formula, definitions=(*own, *made.values()))
    claims = [Claim(step.before, step.operator, step.after, step.rule, _NOWHERE) for step in steps]
    parts = (
        [Program.of(whole).part(claim) for claim in claims] if len(whole.definitions) > DEEP else [None] * len(claims)
    )
    found = [_found(part.formula, [part.claim], seed, points)[0] if part else Checked() for part in parts]
    if len(whole.definitions) > WHOLE:
        return sum((one if one.right else Checked(open=1) for one in found), Checked())
    rest = iter(_found(whole, [c for c, one in zip(claims, found, strict=True) if not one.right], seed, points))
    return sum((one if one.right else next(rest) for one in found), Checked())


def _found(formula: Formula, claims: Sequence[Claim], seed: int, points: int) -> list[Checked]:
    structure = Structure(formula, claims)
    places = list(islice(_points(formula, seed), points))
    there = [Evaluation(formula, at, structure.targets, structure.together) for at in places]
    return [_outcome(claim, structure, there) for claim in claims]


def compared_steps(formula: Formula, program: Sequence[Definition], steps: Sequence[Step]) -> str:
    """The first step that differs, in words; "" if none does."""
    return checked(formula, program, steps).wrong


def _points(formula: Formula, seed: int) -> Iterator[Draw]:
    for place, stratum in enumerate(_STRATA):
        for more in range(4):
            sizes = _sizes(formula, place, more)
            if fits(formula, sizes):
                yield draw(formula, seed, place, sizes, stratum)
                break


def _sizes(formula: Formula, place: int, more: int) -> dict[Size, int]:
    return {size: _SMALL[(at + place) % len(_SMALL)] + more for at, size in enumerate(formula.sizes)}


def _outcome(claim: Claim, structure: Structure, points: Sequence[Evaluation]) -> Checked:
    is_right = False
    for at in points:
        outcome = _compared(claim, structure, at)
        if outcome is not None and outcome.says == "differs" and outcome.right.is_finite():
            sides = f"{text(claim.left)} {claim.operator} {text(claim.right)}"
            return Checked(wrong=f"{claim.text}: {sides}: {outcome.left} is not {outcome.right}")
        is_right |= outcome is not None and outcome.says == "agrees"
    return Checked(right=1) if is_right else Checked(open=1)


def _compared(claim: Claim, structure: Structure, at: Evaluation) -> Outcome | None:
    """What both sides are at a point; None where that has no answer."""
    Work.start()
    try:
        claim = _grounded(claim, at)
        with flint.ctx.workprec(_BITS * LEVELS[1]):
            outcome = compared(claim, at.value(claim.left), at.value(claim.right), at, level=1, is_first=False)
    except (UnsupportedError, UndefinedError, RecursionError, OverflowError):
        return None
    is_at_a_tie = not at.truths.ties.isdisjoint(structure.reach(claim).nodes) if at.truths.ties else False
    return None if is_at_a_tie else outcome


def _grounded(claim: Claim, at: Evaluation) -> Claim:
    """The claim with numbers for what has no axis of its own: an index that ends another's axis, a free variable."""
    while True:
        free = claim.left.free | claim.right.free
        ends = {i for leaf in free if isinstance(leaf, Index) for i in leaf.axis.free}
        found = next(
            (
                leaf
                for leaf in sorted(free, key=lambda leaf: str(leaf.name))
                if isinstance(leaf, Variable) or (leaf in ends and not leaf.axis.free)
            ),
            None,
        )
        if found is None:
            if any(at.integer(leaf.axis.size) < 1 for leaf in free if isinstance(leaf, Index)):
                raise UnsupportedError("an index without values")
            return claim
        value: Node = _VALUE
        if isinstance(found, Index):  # late on its axis, so that what ends there has a length
            value = number(at.integer(found.axis.start) + max(at.integer(found.axis.size) - 1 - at.draw.number, 0))
        claim = dataclasses.replace(
            claim, left=replace(claim.left, {found: value}), right=replace(claim.right, {found: value})
        )
