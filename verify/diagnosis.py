"""The likely slip of a claim that is refuted: the small edit after which the exact witness agrees.

Every edit is tried at two points, and what holds there is judged as any other claim. The effort is counted in
edits, not in seconds, so that the same claim gets the same diagnosis everywhere.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice

import flint

from derive.catalog import scope_of
from derive.errors import CatalogError, UndefinedError, UnsupportedError
from derive.expression import Node
from derive.formula import Claim, Formula
from derive.language.notation import claim_sides
from derive.printing.text import text
from verify import exact
from verify.arithmetic.balls import Array, LimitError, Work
from verify.arithmetic.comparison import compared
from verify.arithmetic.evaluation import Evaluation
from verify.arithmetic.reach import Structure
from verify.sampling import draws
from verify.slips.repairs import Repair, Repairs
from verify.slips.variants import TURNED
from verify.testimony import Settings

LONGEST = 200  # characters of a claim that is told in place of another
MOST_EDITS = 6000
MOST_JUDGED = 8  # edits that hold at the points tried and are then judged as claims
ALLOWED = 4_000_000  # elements that all trials together may make
_POINTS = (0, 3)  # of the planned draws: the generic ones, where nothing saturates
_MOST_POINTS = 24  # that are looked through for one at which the claim fails
_BITS = 240
_SEEDS = 3
_FAILURES = (UnsupportedError, UndefinedError, ArithmeticError, LookupError, ValueError, RecursionError)


@dataclass(frozen=True)
class Slip:
    """says: what is wrong in words.  claim: what is claimed without it, with which the exact witness agrees."""

    says: str
    claim: Claim


def slip(formula: Formula, claim: Claim, settings: Settings) -> Slip | None:
    """The likeliest slip of a refuted claim; None where no small edit repairs it."""
    if claim.operator != "==" and not (claim.left.mentions or claim.right.mentions):
        return None  # of two numbers one is the larger, which is no slip
    if claim.operator != "==":
        turned = replace(claim, operator=TURNED[claim.operator])
        found = _accepted(formula, turned, turned.right, settings)
        return Slip(f"{claim.operator} in place of {turned.operator}", found) if found else None
    for edit in islice(_holding(formula, claim, settings), MOST_JUDGED):
        found = _accepted(formula, claim, edit.node, settings)
        if found is not None:
            return Slip(edit.says, found)
    return None


def mended(formula: Formula, claim: Claim, right: Node, settings: Settings) -> Claim | None:
    """The claim with a right side that was found in another way; None unless the exact witness agrees with it."""
    found = _accepted(formula, claim, right, settings)
    return found if found is not None and len(found.text) <= LONGEST else None


def _accepted(formula: Formula, claim: Claim, right: Node, settings: Settings) -> Claim | None:
    """The claim with another right side, if its text can be read and the exact witness agrees.

    Of thousands of edits some hold at a few points by chance, so that the points of three seeds are asked.
    """
    shown = f"{text(claim.left)} {claim.operator} {text(right, taken=[str(i.name) for i in claim.indices])}"
    try:
        left, operator, right = claim_sides(shown, scope_of(formula))
    except CatalogError:
        return None
    repaired = replace(claim, left=left, operator=operator, right=right, text=shown)
    seeds = (replace(settings, seed=settings.seed + more) for more in range(_SEEDS))
    return repaired if all(exact.testify(formula, repaired, one).says == "agrees" for one in seeds) else None


def _holding(formula: Formula, claim: Claim, settings: Settings) -> Iterator[Repair]:
    """The edits after which both sides are the same at the points tried."""
    trials = _trials(formula, claim, settings)
    spent = 0
    for edit in islice(Repairs(formula, claim), MOST_EDITS) if trials else ():
        Work.start()
        holds = all(trial.holds(edit.node) for trial in trials)
        spent += Work.spent
        if spent > ALLOWED:
            return
        if holds:
            yield edit


def _trials(formula: Formula, claim: Claim, settings: Settings) -> list["_Trial"]:
    """The claim at two points; where it holds at both, as where they do not reach a case, at one where it fails."""
    structure = Structure(formula, [claim])
    found: list[_Trial] = []
    planned = list(islice(draws(formula, settings.seed), _MOST_POINTS))
    rest = [number for number in range(len(planned)) if number not in _POINTS]
    for number in (*_POINTS, *rest):
        if number not in _POINTS and not (found and all(trial.holds(claim.right) for trial in found)):
            break
        Work.start()
        at = Evaluation(formula, planned[number], structure.targets, structure.together)
        try:
            with flint.ctx.workprec(_BITS):
                trial = _Trial(claim, at, at.value(claim.left))
        except _FAILURES:
            continue
        if number in _POINTS or not trial.holds(claim.right):
            found.append(trial)
    return found


@dataclass(frozen=True)
class _Trial:
    """A point, and the value of the left side there."""

    claim: Claim
    at: Evaluation
    left: Array

    def holds(self, right: Node) -> bool:
        edited = replace(self.claim, right=right)
        try:
            with flint.ctx.workprec(_BITS):
                return compared(edited, self.left, self.at.value(right), self.at, 1, False).says == "agrees"
        except LimitError:
            raise
        except _FAILURES:
            return False
