"""A run: the selected formulas are judged by worker processes, and put together in the catalog's order."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from derive.catalog import GROUPS, Catalog, may_hold, read, read_chunk, without_entries
from derive.errors import CatalogError
from derive.formula import Formula
from derive.language.document import Chunk
from derive.selection import File, Selection
from verify.report import Report, report, timeless
from verify.slot import Kept, Slot, refused
from verify.store import Store
from verify.testimony import Settings
from verify.watch import UNWATCHED, Watcher

if TYPE_CHECKING:  # what a run needs that finds every verdict in the store is little
    from verify.pool import Job

MEMORY = 4 << 30


@dataclass(frozen=True)
class Limits:
    """workers: processes.  timeout: seconds for one formula, or for each claim.  memory: bytes for one worker.

    cluster: the address of a Dask scheduler whose workers judge in place of processes here.
    """

    workers: int
    timeout: float
    memory: int = MEMORY
    is_each: bool = False
    cluster: str = ""


Keep = Callable[[Formula, int], bool]


class Interrupted(KeyboardInterrupt):
    """A run was interrupted. report: on the claims that were judged.  left: how many formulas were not through."""

    def __init__(self, known: Report, left: int) -> None:
        super().__init__()
        self.report, self.left = known, left


class Run:
    """The formulas of a selection; `judged` asks the witnesses about them.

    keep: whether a claim is judged, by its formula and its number there; without it all are.  store: knows the
    verdicts of earlier runs; without it, or with `keep`, every claim is judged.
    """

    def __init__(
        self, selection: Selection, settings: Settings, keep: Keep | None = None, store: Store | None = None
    ) -> None:
        self.selection, self.settings, self.keep, self.store = selection, settings, keep, store

    @cached_property
    def _catalogs(self) -> list[tuple[File, Catalog]]:
        """Everything read in this process, for a caller who needs the formulas or edits them."""
        whole = self.selection.is_whole
        return [
            (file, read(file.path, file.shown, None if whole else {entry.name for entry in file.entries}))
            for file in self.selection.files
        ]

    @cached_property
    def formulas(self) -> list[tuple[Path, str, Formula]]:
        """The formulas; to ask for them reads them here, else workers do."""
        return [(file.path, file.shown, f) for file, catalog in self._catalogs for f in catalog.formulas.values()]

    @cached_property
    def claims(self) -> list[Sequence[object]]:
        """What is judged of each formula."""
        from verify.judge import items
        from verify.worker import use_one_thread

        use_one_thread()  # the laws of algorithms bring NumPy into this process, which is forked
        return [list(items(formula, self.settings)) for _, _, formula in self.formulas]

    @property
    def errors(self) -> list[CatalogError]:
        """What could not be read; to ask for it reads everything here."""
        return [*self.selection.errors, *(error for _, catalog in self._catalogs for error in catalog.errors)]

    @cached_property
    def groups(self) -> dict[str, str]:
        """The introductions of groups."""
        return {group: text for catalog in self._introduced for group, text in catalog.groups.items()}

    @cached_property
    def _introduced(self) -> list[Catalog]:
        """Of each file what is no formula: introductions, and the mistakes beside the entries."""
        found = []
        for file in self.selection.files:
            catalog = Catalog()
            names = [entry.name for entry in file.entries]
            for chunk in file.rest:
                if self.selection.is_whole or may_hold(chunk, (*names, GROUPS)):
                    read_chunk(chunk, None, catalog)
            for chunk in dict.fromkeys(entry.chunk for entry in file.entries if not entry.is_alone):
                read_chunk(chunk, {GROUPS}, catalog)
            if not file.rest and not file.entries:
                catalog.errors.append(without_entries(file.shown))
            found.append(catalog)
        return found

    @property
    def total(self) -> int:
        """How many formulas there are, as far as a glance tells."""
        return sum(len(file.entries) for file in self.selection.files)

    @property
    def chosen(self) -> int:
        """How many formulas have a claim that is kept; to ask for it reads them here."""
        return sum(bool(self.wanted(number)) for number in range(len(self.formulas)))

    def judged(self, limits: Limits, watch: Watcher = UNWATCHED, timings: bool = False) -> Report:
        """The report: the same settings give the same, whatever the workers do and the store knows.

        watch: told of what happens, and may end the run; what was not judged then is not in the report.
        timings: whether the report tells how long each claim took when it was judged.
        Raises Interrupted with the report so far.
        """
        before = time.perf_counter()
        slots = self._slots()
        try:
            self._recall(slots, watch)
            self._ask(slots, limits, watch)
        except KeyboardInterrupt:
            known = self._report([slot for slot in slots if slot.is_through or slot.claims], UNSET)
            left = sum(not slot.is_through for slot in slots)
            raise Interrupted(replace(known, interrupted=left), left) from None
        if self.keep or watch.is_over:
            slots = [slot for slot in slots if slot.claims or (slot.read and slot.read.errors)]
        return self._report(slots, round(time.perf_counter() - before, 3) if timings else UNSET)

    @property
    def _is_read(self) -> bool:
        """Whether the formulas are read in this process; they may have been edited since."""
        return self.keep is not None or "formulas" in self.__dict__

    def _slots(self) -> list[Slot]:
        if self._is_read:
            numbers = {file.path: number for number, file in enumerate(self.selection.files)}
            return [
                Slot(numbers[path], path, Chunk(shown, formula.place.line, formula.text), formula.name)
                for path, shown, formula in self.formulas
            ]
        return [
            Slot(number, file.path, entry.chunk, entry.name, entry.is_alone)
            for number, file in enumerate(self.selection.files)
            for entry in file.entries
        ]

    def _recall(self, slots: list[Slot], watch: Watcher) -> None:
        """Take from the store what it knows."""
        if self.store is None or self._is_read:
            return
        key = self.store.key_of(self.settings)
        for slot in slots:
            slot.key = key(slot.chunk.text, "" if slot.is_alone else slot.name)
        known = self.store.find([slot.key for slot in slots])
        for slot in slots:
            if watch.is_over:
                return
            if slot.key in known:
                slot.read, claims = known[slot.key].placed(slot.chunk)
                slot.is_through = True
                watch.begin(slot.name)
                for number, claim in enumerate(claims):
                    slot.claims[number] = claim
                    watch.hear(slot.entry(), claim)
                    if watch.is_over:
                        return
                watch.end(slot.name)

    def _ask(self, slots: list[Slot], limits: Limits, watch: Watcher) -> None:
        """Ask the workers about the rest; each formula that is through goes to the store."""
        if watch.is_over or all(slot.is_through for slot in slots):
            return
        from verify.pool import Verdict, run
        from verify.worker import use_one_thread

        use_one_thread()
        jobs = self._jobs(slots)
        if limits.cluster and not self._is_read:
            from verify.cluster import run_on

            events = run_on(limits.cluster, jobs, self.settings, limits.timeout, limits.memory, True, watch.begin)
        else:
            known = {(str(path), f.name): f for path, _, f in self.formulas} if self._is_read else {}
            events = run(jobs, known, self.settings, limits.workers, limits.timeout, limits.memory, True,
                         limits.is_each, watch.begin)  # fmt: skip
        with closing(events):
            for event in events:
                slot = slots[event.job.number]
                slot.read = event.job.read
                if isinstance(event, Verdict):
                    slot.claims[event.claim] = event.judged
                    slot.is_lost |= event.is_lost
                    watch.hear(slot.entry(), event.judged)
                    if watch.is_over:
                        return
                else:
                    slot.is_through, slot.reason = True, event.reason
                    self._keep(slot)
                    watch.end(slot.name)

    def _keep(self, slot: Slot) -> None:
        if self.store is not None and slot.key and slot.read is not None and not slot.is_lost:
            kept = Kept.of(slot.read, list(slot.entry().claims), slot.chunk)
            if kept is not None:
                self.store.keep(slot.key, kept)

    def _jobs(self, slots: list[Slot]) -> "list[Job]":
        """What is to be asked, the longest first, so that no long one is left for the end.

        Claims in a row make one job.
        """
        from verify.pool import Job

        jobs = []
        for number, slot in enumerate(slots):
            if slot.is_through:
                continue
            rows: list[tuple[int, int | None]] = [(0, None)]
            if self._is_read:
                rows = [(row[0], row[-1] + 1) for row in _rows(self.wanted(number))]
            jobs += [
                Job(number, str(slot.path), slot.chunk, slot.name, slot.is_alone, start, stop) for start, stop in rows
            ]
        return sorted(jobs, key=lambda job: -len(job.chunk.text) * (1 + job.chunk.text.count("==")))

    def wanted(self, number: int) -> list[int]:
        """The claims to judge of a formula."""
        formula = self.formulas[number][2]
        return [claim for claim in range(len(self.claims[number])) if not self.keep or self.keep(formula, claim)]

    def _report(self, slots: list[Slot], seconds: float | UnsetType) -> Report:
        """Without seconds, which are of one run, the report is the same each time."""
        read = [slot for slot in slots if slot.read]
        made = {id(slot): slot.entry() if isinstance(seconds, float) else timeless(slot.entry()) for slot in read}
        errors = list(map(refused, self.selection.errors))
        if self._is_read:
            errors += [refused(error) for _, catalog in self._catalogs for error in catalog.errors]
            return report(self.settings.seed, list(made.values()), errors, seconds)
        entries = []
        for number, catalog in enumerate(self._introduced):
            found = [(error.place.line if error.place else 0, refused(error)) for error in catalog.errors]
            taken: dict[str, int] = {}
            for slot in (slot for slot in slots if slot.file == number):
                wrong = slot.wrong(taken)
                found += [(slot.chunk.line, error) for error in wrong]
                entries += [] if wrong else [made[id(slot)]]
            errors += [error for _, error in sorted(found, key=lambda pair: pair[0])]
        return report(self.settings.seed, entries, errors, seconds)


def _rows(numbers: list[int]) -> Iterator[list[int]]:
    """Numbers in a row together."""
    for _, row in groupby(enumerate(numbers), lambda pair: pair[1] - pair[0]):
        yield [number for _, number in row]
