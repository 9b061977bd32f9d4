"""The exact witness: both sides of a claim in ball arithmetic at random rational points.

A point at which the enclosures of both sides have nothing in common refutes the claim for certain.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from derive.domains import TABLE as DOMAINS
from derive.errors import UnsupportedError
from derive.expression import Axis, Call, Compare, Delta, Extremum, Index, Node, Number, Power, Size, Tensor
from derive.formula import Claim, Example, Formula
from derive.printing.text import text
from verify.arithmetic.balls import LimitError, Work
from verify.arithmetic.branches import Truths
from verify.arithmetic.comparison import Outcome
from verify.arithmetic.reach import Reach
from verify.arithmetic.straddling import is_counted
from verify.corners import CORNERS, FAR
from verify.counterexample import described, shrunk
from verify.descent import descents
from verify.examples import testimony
from verify.membership import is_inside
from verify.points import there
from verify.sampling import PLANNED, SMALL, Draw
from verify.session import Session, session_of
from verify.testimony import Settings, Testimony

_MOST_MARGINS = 12


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


def testify(formula: Formula, claim: Claim, settings: Settings) -> Testimony:
    """Say whether the claim differs somewhere (with the point), or agrees at all points tried.

    "cannot tell" carries the reason: a node that has no value in balls, a domain without points, a branch
    never reached, a boundary at every point, enclosures that overlap at the highest precision.
    """
    Work.start()
    try:
        session = session_of(formula, settings, claim)
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
    for draw in _further(session, claim, record):
        try:
            outcome, truths = session.judged(claim, draw)
        except LimitError:
            if draw.number < CORNERS:
                raise
            break
        if outcome.says == "differs":
            return _refutation(session, claim, draw, settings)
        record.note(draw, outcome, truths)
    if record.tied:  # a random point on a boundary has no probability: a whole region may have been passed over
        passed = f"{record.tied} of {len(PLANNED)} points were passed over"
        return Testimony("exact", "cannot tell", f"{passed}: two numbers that decide a case cannot be told apart")
    if missing := record.missing(reach):
        return Testimony("exact", "cannot tell", f"branch never reached: {'; '.join(map(text, missing[:3]))}")
    return Testimony("exact", "agrees", facts=_facts(record, reach, settings.digits))


def _further(session: Session, claim: Claim, record: Record) -> Iterator[Draw]:
    """Beyond the plan: more where inputs are whole numbers, what lies near boundaries, and corners of the domain."""
    reach = session.structure.reach(claim)
    if any(DOMAINS[tensor.domain].integer for tensor in reach.inputs):
        yield from session.again()
    yield from _near_boundaries(session, reach, record)
    if reach.choices or any(map(_depends_on_signs, reach.nodes)):
        is_rounded = any(isinstance(node, Call) and node.function == "floor" for node in reach.nodes)
        yield from (at for at in session.sided() if is_rounded or at.stratum not in FAR)
    if any(map(_compares_sizes, reach.nodes)):
        yield from session.level()
    yield from session.turning(claim, record.agreed)
    yield from descents(session.formula, claim, [draw for draw, _ in record.agreed])


def _depends_on_signs(node: Node) -> bool:
    """Whether this is a floor, or a logarithm or a power that has no value everywhere."""
    match node:
        case Call("floor" | "log" | "log1p"):
            return True
        case Power(_, Number(_, denominator)):
            return denominator != 1
        case Power():
            return True
    return False


def _compares_sizes(node: Node) -> bool:
    """Whether this is a condition, or reads a size as a number."""
    return isinstance(node, Compare | Delta) or (
        not isinstance(node, Axis | Index | Tensor) and any(isinstance(part, Size) for part in node.parts)
    )


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
