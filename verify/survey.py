"""What becomes of wrong twins: every claim is edited in every way, and the whole engine is asked about each twin."""

import dataclasses
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import TextIO

import msgspec
from rich.table import Table
from rich.text import Text

from derive.formula import Formula
from derive.printing.text import text
from derive.selection import visible
from verify.report import Judged
from verify.run import BROKEN, NOTHING, OK, REFUSED, UNEXPECTED, Limits, Run
from verify.slips.mutation import Mutant, is_edited, mutants
from verify.terminal import console
from verify.watch import Watcher

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


def survey(run: Run, limits: Limits, watch: Watcher, sample: int | None = None) -> Survey:
    """Judge the twins of all equations that are expected to hold.

    sample: how many twins at most, chosen by the seed.  watch: told of each.
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
    report = run.judged(limits, watch)
    judged: dict[str, list[Judged]] = {entry.name: entry.claims for entry in report.formulas}
    found = Survey(errors=len(run.errors))
    for (_, _, formula), own in zip(originals, by_formula, strict=True):
        for mutant, verdict in zip(own, judged.get(formula.name, []), strict=False):
            found.fates.append(Fate(formula, mutant, FATES[verdict.verdict], verdict.reason or ""))
    return found


def status(found: Survey) -> int:
    """The exit status, as of a run."""
    counts = found.counts()
    if counts["conflict"]:
        return BROKEN
    if found.errors:
        return REFUSED
    if not found.fates:
        return NOTHING
    return UNEXPECTED if any(found.alive()) else OK


def encoded(found: Survey, seed: int) -> bytes:
    """The survey as JSON: counts by group, and every twin that is left."""
    groups = {group: dict(found.counts(group)) for group in _groups(found)}
    alive = [
        {"formula": f.formula.name, "claim": f.mutant.claim.text, "edit": f.mutant.edit, "twin": twin(f.mutant),
         "fate": f.fate, "reason": f.reason or None}
        for f in found.alive()
    ]  # fmt: skip
    document = {"schema": "derive-survey/1", "seed": seed, "twins": len(found.fates), "counts": found.counts(),
                "groups": groups, "alive": alive}  # fmt: skip
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


def rendered(found: Survey, stream: TextIO, color: str) -> str:
    """The survey as a table by group, and every twin that is left."""
    out = console(stream, color)
    shown = Table(box=None, pad_edge=False, header_style="bold")
    shown.add_column("group")
    for heading in ("twins", *FATES.values()):
        shown.add_column(heading, justify="right")
    for group in (*_groups(found), None):
        counts = found.counts(group)
        cells = [counts.total(), *(counts[fate] for fate in FATES.values())]
        shown.add_row(
            Text(visible(group or "all")), *(str(n) if n else "-" for n in cells), style="" if group else "bold"
        )
    with out.capture() as captured:
        out.print(shown)
        for f in found.alive():
            out.print(Text(f"\n{visible(f.formula.name)}  {visible(f.mutant.claim.text)}   {f.fate}", style="bold"))
            out.print(Text(f"  edit     {f.mutant.edit}\n  twin     {visible(twin(f.mutant))}"))
            if f.reason:
                out.print(Text(f"  because  {visible(f.reason)}"))
    return captured.get()


def twin(mutant: Mutant) -> str:
    """The twin in the language."""
    taken = [str(i.name) for i in mutant.claim.indices]
    return f"{text(mutant.claim.left, taken)} {mutant.claim.operator} {text(mutant.claim.right, taken)}"


def _groups(found: Survey) -> list[str]:
    return list(dict.fromkeys(f.formula.group for f in found.fates))


def count(run: Run) -> int:
    """How many twins there are."""
    return sum(len(_twins(formula)) for _, _, formula in run.formulas)


def _twins(formula: Formula) -> list[Mutant]:
    return [m for claim in formula.claims if is_edited(claim) for m in mutants(claim)]
