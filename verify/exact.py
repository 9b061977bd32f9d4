"""The exact witness: both sides of a claim in ball arithmetic at random rational points.

A point at which the enclosures of both sides have nothing in common refutes the claim for certain.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

import flint

from derive.domains import TABLE as DOMAINS
from derive.errors import UnsupportedError
from derive.expression import Compare, Extremum, Node
from derive.formula import Claim, Example, Formula
from derive.printing.text import text
from verify.arithmetic.balls import LimitError, Work
from verify.arithmetic.branches import Pair, Truths
from verify.arithmetic.comparison import LEVELS, Outcome, compared
from verify.arithmetic.evaluation import Evaluation
from verify.arithmetic.reach import Reach, Structure
from verify.arithmetic.straddling import is_counted, meeting, straddled
from verify.arithmetic.ties import Sides, is_a_choice, resolved
from verify.counterexample import described, shrunk
from verify.examples import testimony
from verify.membership import is_inside
from verify.points import there
from verify.sampling import PLANNED, SMALL, Draw, again, draws
from verify.testimony import Settings, Testimony

_GUARD = 40  # bits beyond the digits asked for
_MOST_MARGINS = 12


class Session:
    """The points of one formula and what was evaluated there, shared by its claims."""

    def __init__(self, formula: Formula, settings: Settings, claim: Claim) -> None:
        self.formula, self.seed, self.digits = formula, settings.seed, settings.digits
        self.structure = Structure(formula, [claim])
        self.bits = int(settings.digits * 3.33) + _GUARD
        self._source = draws(formula, settings.seed)
        self._draws: list[Draw] = []
        self._again: list[Draw] = []
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


@dataclass
class Record:
    """What was found of a claim so far."""

    agreed: list[tuple[Draw, Truths]] = field(default_factory=list)
    digits: int = 10**9
    planned: int = 0
    tied: int = 0
    others: dict[str, int] = field(default_factory=dict)

    def note(self, draw: Draw, outcome: Outcome, truths: Truths) -> None:
        if outcome.says != "agrees":
            self.others[outcome.says] = self.others.get(outcome.says, 0) + 1
            self.tied += outcome.says == "tie" and draw.number < len(PLANNED)
            return
        self.agreed.append((draw, truths))
        self.digits = min(self.digits, outcome.digits)
        self.planned += draw.number != SMALL

    def missing(self, reach: Reach, where_all_differ: bool = False) -> list[Node]:
        """The choices that did not yet go both ways; where one size is 1 many a slip does not show."""
        truths = [truth for draw, truth in self.agreed if not where_all_differ or draw.number != SMALL]
        return [node for node in reach.choices if not _went_both_ways(node, truths)]


def _went_both_ways(node: Node, truths: list[Truths]) -> bool:
    outcomes = {outcome for truth in truths for outcome in truth.outcomes.get(node, ())}
    if isinstance(node, Compare):
        signs = {sign for truth in truths for sign in truth.signs.get((node.left, node.right), ())}
        return len(outcomes) == 2 or len(signs) == 2 or (bool(signs) and node.operator in ("==", "!="))
    return len(outcomes) >= (len(node.arguments) if isinstance(node, Extremum) else 2)


_latest: list[Session] = []


def _session(formula: Formula, settings: Settings, claim: Claim) -> Session:
    """The session of this formula; one is kept, as claims come formula by formula."""
    for session in _latest:
        is_same = (session.seed, session.digits) == (settings.seed, settings.digits)
        if session.formula is formula and is_same and session.structure.is_made_for(claim):
            return session
    _latest[:] = [Session(formula, settings, claim)]
    return _latest[0]


def testify(formula: Formula, claim: Claim, settings: Settings) -> Testimony:
    """Say whether the claim differs somewhere (with the point), or agrees at all points tried.

    "cannot tell" carries the reason: a node that has no value in balls, a domain without points, a branch
    never reached, a boundary at every point, enclosures that overlap at the highest precision.
    """
    Work.start()
    try:
        session = _session(formula, settings, claim)
        session.structure.check(claim)
        if settings.at is not None:
            return _at_one_point(session, claim, settings)
        return _at_many_points(session, claim, settings)
    except UnsupportedError as error:
        return Testimony("exact", "cannot tell", str(error))
    except (RecursionError, OverflowError) as error:
        return Testimony("exact", "cannot tell", f"the claim is too large to evaluate ({type(error).__name__})")


def _at_one_point(session: Session, claim: Claim, settings: Settings) -> Testimony:
    assert settings.at is not None
    draw = there(session.formula, settings.at)
    outcome, _ = session.judged(claim, draw)
    if outcome.says == "differs":
        found = described(draw, outcome, session.structure.reach(claim))
        return Testimony("exact", "differs", counterexample=found)
    if outcome.says == "agrees":
        return Testimony("exact", "agrees", facts={"points": 1, "digits": min(outcome.digits, settings.digits)})
    return Testimony("exact", "cannot tell", _REASONS[outcome.says])


def _at_many_points(session: Session, claim: Claim, settings: Settings) -> Testimony:
    reach, record = session.structure.reach(claim), Record()
    for draw in session.draws():
        is_done = record.planned >= settings.draws and draw.number > max(SMALL, settings.draws)
        if is_done and claim.operator == "==" and not record.missing(reach, where_all_differ=True):
            break
        try:
            outcome, truths = session.judged(claim, draw, is_first=not record.agreed)
        except LimitError:
            if draw.number < len(PLANNED):
                raise
            break
        if outcome.says == "differs":
            return _refutation(session, claim, draw, settings)
        record.note(draw, outcome, truths)
    if record.planned < settings.draws:
        return Testimony("exact", "cannot tell", _too_few(record, settings))
    for draw in _further(session, reach, record):
        outcome, truths = session.judged(claim, draw)
        if outcome.says == "differs":
            return _refutation(session, claim, draw, settings)
        record.note(draw, outcome, truths)
    if record.tied:  # a random point on a boundary has no probability: a whole region may have been passed over
        passed = f"{record.tied} of {len(PLANNED)} points were passed over"
        return Testimony("exact", "cannot tell", f"{passed}: two numbers that decide a case cannot be told apart")
    if missing := record.missing(reach):
        return Testimony("exact", "cannot tell", f"branch never reached: {'; '.join(map(text, missing[:3]))}")
    return Testimony("exact", "agrees", facts=_facts(record, reach, settings.digits))


def _further(session: Session, reach: Reach, record: Record) -> Iterator[Draw]:
    """Beyond the plan: more of the same where inputs are whole numbers, then what lies near boundaries."""
    if any(DOMAINS[tensor.domain].integer for tensor in reach.inputs):
        yield from session.again()
    yield from _near_boundaries(session, reach, record)


def _near_boundaries(session: Session, reach: Reach, record: Record) -> Iterator[Draw]:
    """Points on either side of where reals meet, and those at which whole numbers do."""
    seen = list(record.agreed)
    real, whole = reach.margins(truth for _, truth in seen)
    for margin in real[:_MOST_MARGINS]:
        yield from session.straddling(margin, seen)
    if any(is_counted(tensor) for tensor in reach.inputs):
        for margin in whole[:_MOST_MARGINS]:
            yield from session.meeting(margin, seen)


def _refutation(session: Session, claim: Claim, draw: Draw, settings: Settings) -> Testimony:
    reach = session.structure.reach(claim)

    def judge(at: Draw) -> Outcome | None:
        """The outcome at twice the precision, where it is still a difference."""
        try:
            Work.start()
            found, _ = session.judged(claim, at, level=1, is_first=True)
        except UnsupportedError:
            return None
        return found if found.says == "differs" else None

    if settings.is_shown:
        found = shrunk(session.formula, session.seed, reach, draw, judge)
    else:
        outcome = judge(draw)
        found = (draw, outcome) if outcome else None
    if found is None:
        return Testimony("exact", "cannot tell", "a difference was not confirmed at a higher precision")
    if not all(is_inside(tensor, values) for tensor, values in found[0].values.items()):
        return Testimony(
            "exact", "cannot tell", "the point that was drawn is outside the declared domain", {"broken": True}
        )
    return Testimony("exact", "differs", counterexample=described(*found, reach))


_REASONS = {
    "undefined": "the left side is undefined there",
    "boundary": "it is at a boundary",
    "tie": "it is at a boundary",
    "unclear": "the enclosures of both sides overlap at the highest precision",
}


def _too_few(record: Record, settings: Settings) -> str:
    why = [f"{_REASONS[says]} ({count} times)" for says, count in sorted(record.others.items())]
    return f"only {record.planned} of {settings.draws} points counted: {'; '.join(why)}"


def _facts(record: Record, reach: Reach, digits: int) -> dict[str, object]:
    sizes: list[dict[str, int]] = []
    for draw, _ in record.agreed:
        named = {size.name: value for size, value in draw.sizes.items()}
        if named not in sizes:
            sizes.append(named)
    return {
        "points": len(record.agreed),
        "digits": min(record.digits, digits),
        "sizes": sizes,
        "branches": len(reach.choices),
    }


def check_example(formula: Formula, example: Example, settings: Settings | None = None) -> Testimony:
    """Whether the printed numbers of a worked example follow from those given (see `verify.examples`)."""
    Work.start()
    try:
        return testimony(formula, example)
    except UnsupportedError as error:
        return Testimony("exact", "cannot tell", str(error))
