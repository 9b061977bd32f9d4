"""What becomes of wrong twins: every claim is edited in every way, and the whole engine is asked about each twin."""

import dataclasses
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from random import Random
from typing import TextIO

import msgspec
from rich.table import Table
from rich.text import Text

from derive.fitting import NOTE, fitted
from derive.formula import Claim, Formula
from derive.selection import visible
from verify.journal import Fortune, Journal, key
from verify.outcome import BROKEN, NOTHING, OK, REFUSED, UNEXPECTED
from verify.report import Entry, Judged
from verify.run import Limits, Run
from verify.slips.mutation import KINDS, Mutant, is_edited, mutants
from verify.terminal import INDENT, console, hung, room
from verify.watch import UNWATCHED, Watcher, Watchers

FATES: dict[str, Fortune] = {
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
    fate: Fortune
    reason: str


@dataclass
class Survey:
    """fates: of every twin that was judged, in the order of the catalog.  errors: entries that were refused."""

    fates: list[Fate] = field(default_factory=list)
    errors: int = 0

    def counts(self, group: str | None = None, edit: str | None = None) -> Counter[str]:
        """How many twins of a group, made by an edit, met each fate; of all where that is not said."""
        chosen = (f for f in self.fates if group in (None, f.formula.group) and edit in (None, f.mutant.edit))
        return Counter(f.fate for f in chosen)

    def alive(self) -> Iterator[Fate]:
        """The twins that were neither refuted nor proved to be true."""
        return (f for f in self.fates if f.fate not in ("killed", "equal in truth"))


class Plan:
    """The twins of all equations that are expected to hold, and what a journal knows of them.

    sample: how many at most, chosen by the seed.
    """

    def __init__(self, run: Run, journal: Journal | None = None, sample: int | None = None) -> None:
        self.run, self.journal = run, journal
        found = [(place, m) for place, (_, _, f) in enumerate(run.formulas) for m in twins(f)]
        if sample is not None and sample < len(found):
            chosen = sorted(Random(run.settings.seed).sample(range(len(found)), sample))
            found = [found[number] for number in chosen]
        self.twins: list[list[Mutant]] = [[] for _ in run.formulas]
        for place, mutant in found:
            self.twins[place].append(mutant)
        self.formulas = [formula for _, _, formula in run.formulas]
        self._known: list[list[tuple[Fortune, str] | None]] = [
            [journal.get(self._key(f, m)) if journal else None for m in own]
            for f, own in zip(self.formulas, self.twins, strict=True)
        ]
        self.waiting = [
            [m for m, known in zip(own, fates, strict=True) if known is None]
            for own, fates in zip(self.twins, self._known, strict=True)
        ]

    @property
    def total(self) -> int:
        return sum(map(len, self.twins))

    @property
    def left(self) -> int:
        """How many are still to be judged."""
        return sum(map(len, self.waiting))

    def _key(self, formula: Formula, mutant: Mutant) -> str:
        return key(formula, mutant, self.run.settings.seed)

    def survey(self, limits: Limits, watch: Watcher = UNWATCHED) -> Survey:
        """Judge what is left; each fate goes to the journal as soon as it is known.

        A conflict is judged once more as `derive check` judges, at a counterexample that was made small: beside one
        that was not, SymPy and floats may not see a difference that balls see.
        A twin with which the witnesses agree is held against the claim that it was made from: what is proved to be the
        same is no wrong twin.
        """
        fates = self._asked(self.waiting, lambda m: m.claim, limits, watch, self._first)
        if any(at_odds := self._left_with("conflict", fates)):
            fates |= self._asked(at_odds, lambda m: m.claim, limits, UNWATCHED, lambda *given: None, is_shown=True)
            for formula, own in zip(self.formulas, at_odds, strict=True):
                for mutant in own:
                    self._keep(formula, mutant, *fates[mutant])
        if any(agreed := self._left_with("survived", fates)):
            same = self._asked(agreed, _sameness, limits, UNWATCHED, lambda *given: None)
            fates |= {mutant: fate for mutant, fate in same.items() if fate[0] == "equal in truth"}
            for formula, own in zip(self.formulas, agreed, strict=True):
                for mutant in own:
                    self._keep(formula, mutant, *fates[mutant])
        found = Survey(errors=len(self.run.errors))
        for formula, own, known in zip(self.formulas, self.twins, self._known, strict=True):
            for mutant, before in zip(own, known, strict=True):
                fate = before or fates.get(mutant)
                if fate is not None:
                    found.fates.append(Fate(formula, mutant, *fate))
        return found

    def _left_with(self, fate: Fortune, fates: dict[Mutant, tuple[Fortune, str]]) -> list[list[Mutant]]:
        return [[m for m in own if m in fates and fates[m][0] == fate] for own in self.waiting]

    def _asked(
        self,
        twins: list[list[Mutant]],
        question: Callable[[Mutant], Claim],
        limits: Limits,
        watch: Watcher,
        tell: Callable[[Formula, Mutant, Judged], None],
        is_shown: bool = False,
    ) -> dict[Mutant, tuple[Fortune, str]]:
        """What the witnesses say of a question about each twin. tell: called with each answer as it comes."""
        run, places = self.run, [(path, shown) for path, shown, _ in self.run.formulas]
        run.formulas = [
            (*place, dataclasses.replace(f, claims=tuple(map(question, own)), examples=(), algorithm=""))
            for place, f, own in zip(places, self.formulas, twins, strict=True)
        ]
        run.claims = [list(f.claims) for _, _, f in run.formulas]
        keeper, settings = _Keeper(self.formulas, twins, tell), run.settings
        run.settings = dataclasses.replace(settings, is_shown=is_shown or settings.is_shown)
        try:
            run.judged(limits, Watchers((keeper, watch)))
        finally:
            run.settings = settings
        return keeper.fates

    def _first(self, formula: Formula, mutant: Mutant, judged: Judged) -> None:
        """Keep a fate that is final; a twin that no witness spoke of, for want of time, is asked again another time."""
        fate, reason = fate_of(judged)
        if fate not in ("survived", "conflict") and judged.witnesses.exact.says != "not run":
            self._keep(formula, mutant, fate, reason)

    def _keep(self, formula: Formula, mutant: Mutant, fate: Fortune, reason: str) -> None:
        if self.journal:
            self.journal.add(self._key(formula, mutant), fate, reason)


def _sameness(mutant: Mutant) -> Claim:
    """That a twin says the same as the claim that it was made from."""
    return dataclasses.replace(mutant.claim, left=mutant.original.right)


class _Keeper(Watcher):
    """Keeps each fate as it comes; the twins of a formula come in order."""

    def __init__(
        self, formulas: list[Formula], twins: list[list[Mutant]], tell: Callable[[Formula, Mutant, Judged], None]
    ) -> None:
        self.tell = tell
        self.fates: dict[Mutant, tuple[Fortune, str]] = {}
        self._waiting = {_place(f): (f, iter(own)) for f, own in zip(formulas, twins, strict=True)}

    def hear(self, entry: Entry, claim: Judged) -> None:
        formula, waiting = self._waiting[entry.name, entry.where]
        mutant = next(waiting)
        self.fates[mutant] = fate_of(claim)
        self.tell(formula, mutant, claim)


def fate_of(judged: Judged) -> tuple[Fortune, str]:
    return FATES[judged.verdict], judged.reason or ""


def _place(formula: Formula) -> tuple[str, str]:
    return formula.name, str(formula.place)


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
    """The survey as JSON: counts by group and by edit, and every twin that is left."""
    groups = {group: dict(found.counts(group)) for group in _groups(found)}
    edits = {edit: dict(found.counts(edit=edit)) for edit in _edits(found)}
    alive = [
        {"formula": f.formula.name, "claim": f.mutant.original.text, "edit": f.mutant.edit, "twin": f.mutant.claim.text,
         "fate": f.fate, "reason": f.reason or None}
        for f in found.alive()
    ]  # fmt: skip
    document = {"schema": "derive-survey/1", "seed": seed, "twins": len(found.fates), "counts": found.counts(),
                "edits": edits, "groups": groups, "alive": alive}  # fmt: skip
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


def rendered(found: Survey, stream: TextIO, color: str) -> str:
    """The survey as a table by edit, and every twin that is left."""
    out = console(stream, color)
    shown = Table(box=None, pad_edge=False, header_style="bold")
    shown.add_column("edit")
    for heading in ("twins", *FATES.values()):
        shown.add_column(heading, justify="right")
    for edit in (*_edits(found), None):
        counts = found.counts(edit=edit)
        cells = [counts.total(), *(counts[fate] for fate in FATES.values())]
        shown.add_row(Text(edit or "all"), *(f"{n:,}" if n else "-" for n in cells), style="" if edit else "bold")
    with out.capture() as captured:
        out.print(shown)
        for f in found.alive():
            head = f"{visible(f.formula.name)}  {visible(f.mutant.original.text)}   {f.fate}"
            out.print()
            out.print(hung(Text(head, style="bold"), room(out), NOTE))
            for name, text in (("edit", f.mutant.edit), ("twin", f.mutant.claim.text), ("because", f.reason)):
                if text:
                    out.print(Text(f"  {name:<8} {fitted(visible(text), room(out), INDENT)}"))
    return captured.get()


def _edits(found: Survey) -> list[str]:
    """The kinds of edits that were made, in their own order."""
    made = {f.mutant.edit for f in found.fates}
    return [edit for edit in KINDS if edit in made]


def _groups(found: Survey) -> list[str]:
    return list(dict.fromkeys(f.formula.group for f in found.fates))


def twins(formula: Formula) -> list[Mutant]:
    """The twins of every equation of a formula that is expected to hold."""
    return [m for claim in formula.claims if is_edited(claim) for m in mutants(formula, claim)]
