"""A run: the selected formulas are read, judged by worker processes, and put together in the catalog's order."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from msgspec import UNSET

from derive.catalog import read
from derive.errors import CatalogError
from derive.formula import Formula
from derive.selection import Selection, visible
from verify.judge import items, unheard
from verify.pool import Job, run, use_one_thread
from verify.report import Entry, Judged, Refused, Report, report
from verify.testimony import Settings
from verify.watch import UNWATCHED, Watcher

OK, UNEXPECTED, REFUSED, BROKEN, NOTHING = 0, 1, 2, 3, 5


@dataclass(frozen=True)
class Limits:
    """workers: processes.  timeout: seconds for one claim."""

    workers: int
    timeout: float


Keep = Callable[[Formula, int], bool]


class Run:
    """The formulas of a selection, read; `judged` asks the witnesses about them."""

    def __init__(self, selection: Selection, settings: Settings, keep: Keep | None = None) -> None:
        """keep: whether a claim is judged, by its formula and its number there; without it all are."""
        self.settings, self.keep = settings, keep
        self.errors: list[CatalogError] = list(selection.errors)
        self.formulas: list[tuple[Path, str, Formula]] = []
        self.groups: dict[str, str] = {}
        for file in selection.files:
            only = None if selection.is_whole else {entry.name for entry in file.entries}
            catalog = read(file.path, file.shown, only)
            self.errors += catalog.errors
            self.groups.update(catalog.groups)
            self.formulas += [(file.path, file.shown, formula) for formula in catalog.formulas.values()]
        use_one_thread()  # the laws of algorithms bring NumPy into this process, which is forked
        self.claims = [list(items(formula, settings)) for _, _, formula in self.formulas]

    def judged(self, limits: Limits, watch: Watcher = UNWATCHED, timings: bool = False) -> Report:
        """The report: the same settings give the same, whatever the workers do.

        watch: told of what happens, and may end the run; what was not judged then is not in the report.
        """
        before = time.perf_counter()
        found: list[list[Judged | None]] = [[None] * len(claims) for claims in self.claims]
        known = {(str(path), formula.name): formula for path, _, formula in self.formulas}
        verdicts = run(self._jobs(), known, self.settings, limits.workers, limits.timeout, timings, watch.begin)
        for verdict in verdicts:
            number = verdict.job.number
            judged = verdict.judged or unheard(self.claims[number][verdict.claim], verdict.reason)
            found[number][verdict.claim] = judged
            watch.hear(self._entry(number, found[number]), judged)
            if watch.is_over:
                verdicts.close()
                break
        entries = [self._entry(number, claims) for number, claims in enumerate(found)]
        if self.keep or watch.is_over:
            entries = [entry for entry in entries if entry.claims]
        seconds = round(time.perf_counter() - before, 3) if timings else UNSET
        return report(self.settings.seed, entries, map(refused, self.errors), seconds)

    def _entry(self, number: int, claims: list[Judged | None]) -> Entry:
        formula = self.formulas[number][2]
        return Entry(formula.name, formula.group, str(formula.place), [claim for claim in claims if claim is not None])

    def wanted(self, number: int) -> list[int]:
        """The claims to judge of a formula."""
        formula = self.formulas[number][2]
        return [claim for claim in range(len(self.claims[number])) if not self.keep or self.keep(formula, claim)]

    def _jobs(self) -> list[Job]:
        """The longest first, so that no long one is left for the end; claims in a row make one job."""
        jobs = []
        for number, (path, shown, formula) in enumerate(self.formulas):
            for _, row in groupby(enumerate(self.wanted(number)), lambda pair: pair[1] - pair[0]):
                claims = [claim for _, claim in row]
                jobs.append(Job(number, str(path), shown, formula.name, claims[-1] + 1, claims[0]))
        return sorted(jobs, key=lambda job: -len(self.formulas[job.number][2].text) * job.claims)


def refused(error: CatalogError) -> Refused:
    """An error of a catalog, its text made safe line by line."""
    where = str(error.place) if error.place else ""
    return Refused(visible(where), "\n".join(map(visible, str(error).splitlines())))


def status(found: Report) -> int:
    """The exit status of a run; the gravest of what happened."""
    claims = [claim for entry in found.formulas for claim in entry.claims]
    if any(claim.verdict == "conflict" or any(_defects(claim)) for claim in claims):
        return BROKEN
    if found.errors:
        return REFUSED
    if not claims:
        return NOTHING
    return OK if all(claim.as_expected for claim in claims) else UNEXPECTED


def defects(found: Report) -> list[str]:
    """What broke in the engine itself, in words."""
    return [
        f"{entry.name}: {visible(claim.claim)}: {visible(defect)}"
        for entry in found.formulas
        for claim in entry.claims
        for defect in _defects(claim)
    ]


def _defects(claim: Judged) -> Iterator[str]:
    if claim.reason and claim.reason.startswith("internal error"):
        yield claim.reason
    for name in ("algebra", "exact", "sympy", "differences"):
        said = getattr(claim.witnesses, name)
        if said.broken and said.reason != claim.reason:
            yield f"{name}: {said.reason}"
