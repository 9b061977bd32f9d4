"""What becomes of wrong twins: every claim is edited in every way, and the whole engine is asked about each twin."""

import dataclasses
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from random import Random

from derive.formula import Formula
from verify.mutation import Mutant, is_edited, mutants
from verify.report import Judged
from verify.run import Limits, Run

FATES = {
    "refuted": "killed",
    "proved": "equal in truth",
    "agrees": "survived",
    "undecided": "undecided",
    "conflict": "conflict",
}


@dataclass(frozen=True)
class Fate:
    """What the engine says of one twin: killed, equal in truth, survived, undecided or conflict."""

    formula: Formula
    mutant: Mutant
    fate: str
    reason: str


@dataclass
class Survey:
    """fates: of every twin, in the order of the catalog.  errors: entries that were refused."""

    fates: list[Fate] = field(default_factory=list)
    errors: int = 0

    def counts(self, group: str | None = None) -> Counter[str]:
        return Counter(f.fate for f in self.fates if group is None or f.formula.group == group)

    def alive(self) -> Iterator[Fate]:
        """The twins that were neither refuted nor proved to be true."""
        return (f for f in self.fates if f.fate not in ("killed", "equal in truth"))


def survey(run: Run, limits: Limits, advance: Callable[[str], None], sample: int | None = None) -> Survey:
    """Judge the twins of all equations that are expected to hold.

    sample: how many twins at most, chosen by the seed.  advance: called with the formula's name after each.
    """
    twins = [(place, m) for place, (_, _, f) in enumerate(run.formulas) for m in _twins(f)]
    if sample is not None and sample < len(twins):
        chosen = sorted(Random(run.settings.seed).sample(range(len(twins)), sample))
        twins = [twins[number] for number in chosen]
    by_formula: list[list[Mutant]] = [
        [m for place, m in twins if place == number] for number in range(len(run.formulas))
    ]
    originals = run.formulas
    run.formulas = [
        (path, shown, dataclasses.replace(f, claims=tuple(m.claim for m in own), examples=()))
        for (path, shown, f), own in zip(originals, by_formula, strict=True)
    ]
    run.claims = [list(f.claims) for _, _, f in run.formulas]
    report = run.judged(limits, advance)
    judged: dict[str, list[Judged]] = {entry.name: entry.claims for entry in report.formulas}
    found = Survey(errors=len(run.errors))
    for (_, _, formula), own in zip(originals, by_formula, strict=True):
        for mutant, verdict in zip(own, judged.get(formula.name, []), strict=False):
            found.fates.append(Fate(formula, mutant, FATES[verdict.verdict], verdict.reason or ""))
    return found


def count(run: Run) -> int:
    """How many twins there are."""
    return sum(len(_twins(formula)) for _, _, formula in run.formulas)


def _twins(formula: Formula) -> list[Mutant]:
    return [m for claim in formula.claims if is_edited(claim) for m in mutants(claim)]
