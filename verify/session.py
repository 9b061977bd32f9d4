"""The points at which the claims of one formula are tried, and what both sides of a claim are there."""

from collections.abc import Iterator
from itertools import islice

import flint

from derive.expression import Node
from derive.formula import Claim, Formula
from verify.arithmetic.branches import Pair, Truths
from verify.arithmetic.comparison import LEVELS, Outcome, compared
from verify.arithmetic.evaluation import Evaluation
from verify.arithmetic.reach import Structure
from verify.arithmetic.straddling import meeting, straddled
from verify.arithmetic.ties import Sides, is_a_choice, resolved
from verify.corners import CORNERS, again, level, sided
from verify.sampling import Draw, draw, draws
from verify.testimony import Settings
from verify.turning import turning

_GUARD = 40  # bits beyond the digits asked for


class Session:
    """The points of one formula and what was evaluated there, shared by its claims."""

    def __init__(self, formula: Formula, settings: Settings, claim: Claim) -> None:
        self.formula, self.seed, self.digits = formula, settings.seed, settings.digits
        self.structure = Structure(formula, [claim])
        self.bits = int(settings.digits * 3.33) + _GUARD
        self._source = draws(formula, settings.seed)
        self._draws: list[Draw] = []
        self._again: list[Draw] = []
        self._sided: list[Draw] = []
        self._at_sizes: dict[tuple[int, ...], Draw] = {}
        self._shared: dict[int, Draw] = {}
        self._evaluations: dict[tuple[int, int], Evaluation] = {}
        self._straddled: dict[tuple[Pair, tuple[int, ...]], tuple[Draw, ...]] = {}

    def draws(self) -> Iterator[Draw]:
        """The points in order, each made once."""
        at = 0
        while True:
            if at == len(self._draws):
                found = list(islice(self._source, 1))
                if not found:
                    return
                self._draws += found
                self._shared.update((id(draw), draw) for draw in found)
            yield self._draws[at]
            at += 1

    def evaluation(self, draw: Draw, level: int = 0) -> Evaluation:
        """What was evaluated at a point so far; kept for the points that all claims share."""
        known = self._evaluations.get((id(draw), level))
        if known is None:
            known = self._fresh(draw)
            if id(draw) in self._shared:
                self._evaluations[id(draw), level] = known
        return known

    def _fresh(self, draw: Draw) -> Evaluation:
        return Evaluation(self.formula, draw, self.structure.targets, self.structure.together)

    def judged(self, claim: Claim, draw: Draw, level: int = 0, is_first: bool = False) -> tuple[Outcome, Truths]:
        """What both sides are at a point; the precision rises until that is clear, or the ceiling is reached."""
        reach = self.structure.reach(claim)
        while True:
            with flint.ctx.workprec(self.bits * LEVELS[level]):
                at, left, right = self._sides(claim, self.evaluation(draw, level))
                outcome = compared(claim, left, right, at, level, is_first)
            ties = at.truths.ties & reach.nodes.keys()
            if ties:
                outcome = Outcome("boundary")
                if level:
                    found = self._at_ties(claim, draw, level, ties)
                    return found or (Outcome("tie") if is_a_choice(ties) else outcome, at.truths)
            if outcome.says not in ("unclear", "boundary") or level + 1 == len(LEVELS):
                return outcome, at.truths
            level += 1

    def _sides(self, claim: Claim, at: Evaluation) -> Sides:
        reach = self.structure.reach(claim)
        for definition in self.formula.definitions:  # in order, so that a long chain is not a deep one
            if definition.tensor in reach.nodes:
                at.stored(definition.tensor)
        return at, at.value(claim.left), at.value(claim.right)

    def _at_ties(self, claim: Claim, draw: Draw, level: int, ties: set[Node]) -> tuple[Outcome, Truths] | None:
        """What both sides are where it makes no difference which way the ties go; None at a kink."""

        def taken(ways: dict[Node, int]) -> Sides:
            at = self._fresh(draw)
            at.truths.taken = ways
            return self._sides(claim, at)

        with flint.ctx.workprec(self.bits * LEVELS[level]):
            found = resolved(ties, taken)
            return found and (compared(claim, found[1], found[2], found[0], level, False), found[0].truths)

    def again(self) -> list[Draw]:
        """More points of the planned kinds."""
        if not self._again:
            self._again = list(again(self.formula, self.seed))
            self._shared.update((id(draw), draw) for draw in self._again)
        return self._again

    def sided(self) -> list[Draw]:
        """Points at which all reals lie on one side of 0, or close together, or far away."""
        if not self._sided:
            self._sided = list(sided(self.formula, self.seed))
            self._shared.update((id(draw), draw) for draw in self._sided)
        return self._sided

    def level(self) -> Iterator[Draw]:
        """Points at which all sizes are equal, if there is more than one."""
        for found in level(self.formula, self.seed):
            yield self._kept_at(found)

    def turning(self, claim: Claim, seen: list[tuple[Draw, Truths]]) -> Iterator[Draw]:
        """Points of sizes at which a condition, a floor or a denominator of sizes is what it was nowhere before."""
        for sizes in turning(self.formula, self.structure.reach(claim), [at.sizes for at, _ in seen]):
            yield self._kept_at(draw(self.formula, self.seed, CORNERS, sizes, "generic"))

    def _kept_at(self, found: Draw) -> Draw:
        kept = self._at_sizes.setdefault(tuple(found.sizes.values()), found)
        self._shared[id(kept)] = kept
        return kept

    def straddling(self, margin: Pair, seen: list[tuple[Draw, Truths]]) -> tuple[Draw, ...]:
        """Two points on either side of where two expressions meet, if such were found."""
        key = margin, tuple(draw.number for draw, _ in seen)
        known = self._straddled.get(key)
        if known is None:
            with flint.ctx.workprec(self.bits):
                known = self._straddled[key] = straddled(self.formula, self.seed, margin, seen, self._fresh)
            self._shared.update((id(draw), draw) for draw in known)
        return known

    def meeting(self, margin: Pair, seen: list[tuple[Draw, Truths]]) -> list[Draw]:
        """Points at which two expressions of whole numbers are equal."""
        with flint.ctx.workprec(self.bits):
            return list(meeting(margin, seen, self._fresh))


_latest: list[Session] = []


def session_of(formula: Formula, settings: Settings, claim: Claim) -> Session:
    """The session of this formula; one is kept, as claims come formula by formula."""
    for session in _latest:
        is_same = (session.seed, session.digits) == (settings.seed, settings.digits)
        if session.formula is formula and is_same and session.structure.is_made_for(claim):
            return session
    _latest[:] = [Session(formula, settings, claim)]
    return _latest[0]
