"""What was found of a reference over all its points, in words and in figures."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from derive.formula import Reference
from derive.language.operators import Operator
from verify.references.comparison import Gap
from verify.references.libraries import version_of
from verify.sampling import Draw
from verify.testimony import Saying

LEAST = 2  # points at which half of the components of every array show something


@dataclass(frozen=True)
class Compared:
    """One reference: what it says, why, and the figures of the report."""

    reference: Reference
    says: Saying
    reason: str = ""
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def is_as_recorded(self) -> bool:
        """Whether this is what the entry says, or nothing could be tried."""
        return self.says in ("not run", "differs" if self.reference.differs else "agrees")

    def report(self) -> dict[str, Any]:
        """What the report shows of one operator."""
        library = self.reference.call.partition(".")[0]
        shown = {"operator": self.reference.call, "version": version_of(library), "says": self.says, **self.facts}
        if self.reference.differs:
            shown["differs"] = self.reference.differs
        return shown | ({"reason": self.reason} if self.reason else {})


class Record:
    """What was found of a reference over its points."""

    def __init__(self) -> None:
        self.points: list[tuple[Draw, list[Gap]]] = []
        self.problem = self.misfit = ""

    def add(self, draw: Draw, gaps: list[Gap]) -> None:
        self.points.append((draw, gaps))

    @property
    def gaps(self) -> list[Gap]:
        return [gap for _, gaps in self.points for gap in gaps]

    @property
    def says(self) -> Saying:
        """It agrees where no component is off, and half of every array shows so at two points, and at most points."""
        if self.misfit or any(gap.says == "differs" for gap in self.gaps):
            return "differs"
        shown = Counter(gap.what for gap in self.gaps if gap.says == "agrees" and 0 < gap.known <= 2 * gap.sharp)
        doubtful = Counter(gap.what for gap in self.gaps if gap.says != "agrees")
        is_shown = [shown[what] >= max(LEAST, doubtful[what] + 1) for what in {gap.what for gap in self.gaps}]
        return "agrees" if is_shown and all(is_shown) else "cannot tell"

    def told(self, reference: Reference, operator: Operator) -> Compared:
        says, name = self.says, f"{operator.name} ({operator.library} {version_of(operator.library)})"
        if says == "differs":
            off = ((draw, gap) for draw, gaps in self.points for gap in gaps if gap.says == "differs")
            reason = f"{name} differs: {self.misfit or difference(*next(off))}"
            if reference.differs:
                reason = f"{reason} ({reference.differs})"
        elif says == "agrees":
            reason = f"{name} agrees, where the entry says that it differs" if reference.differs else ""
        else:
            reason = f"{name} cannot be compared: {self.problem or 'the errors of floats are too large'}"
        return Compared(reference, says, reason, self.facts())

    def facts(self) -> dict[str, Any]:
        if not self.gaps:
            return {}
        worst = max(self.gaps, key=lambda gap: gap.gap / max(gap.allowed, 1e-300))
        scale = worst.value if worst.value > 0 else 1.0
        sizes = [{size.name: count for size, count in draw.sizes.items()} for draw, _ in self.points]
        compared = list(dict.fromkeys(gap.what for gap in self.gaps))
        return {
            "points": len(self.points),
            "max_error": worst.gap / scale,
            "allowed": worst.allowed / scale,
            "sizes": [size for at, size in enumerate(sizes) if size not in sizes[:at]],
            "compared": compared,
        }


def difference(draw: Draw, gap: Gap) -> str:
    """Where a result is off, in words: y[0, 1] is 0.3, the library has 0.5 (n = 2)."""
    place = f"[{', '.join(map(str, gap.place))}]" if gap.place else ""
    sizes = ", ".join(f"{size.name} = {count}" for size, count in draw.sizes.items())
    return f"{gap.what}{place} is {gap.ours:.12g} here and {gap.theirs:.12g} there" + (f" at {sizes}" if sizes else "")
