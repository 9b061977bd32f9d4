"""A run on the terminal: progress, the table by group, and for each claim that failed what to do about it."""

import shlex
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from derive.selection import visible
from verify.report import WITNESSES, Entry, Judged, Point, Report, Summary, summary
from verify.watch import UNWATCHED, Watcher

COLORS = {"proved": "green", "agrees": "cyan", "refuted": "red", "undecided": "yellow", "conflict": "bold red"}
COLUMNS = ("formulas", "claims", "proved", "agrees", "refuted", "undecided", "conflicts", "as_expected", "unexpected")
NARROW = {
    "formulas": "for-\nmulas",
    "undecided": "unde-\ncided",
    "conflicts": "con-\nflicts",
    "as_expected": "as ex-\npected",
    "unexpected": "unex-\npected",
}
WIDE = 110  # columns in which the table fits with its headings on one line
DIGITS = 12


def console(stream: TextIO, color: str) -> Console:
    """A console that prints text as it is. color: auto (a terminal, and no NO_COLOR), always or never."""
    return Console(
        file=stream,
        force_terminal=True if color == "always" else None,
        no_color={"always": False, "never": True}.get(color),
        color_system="standard" if color == "always" else "auto",
        width=None if stream.isatty() else WIDE,
        markup=False,
        highlight=False,
        emoji=False,
        soft_wrap=True,
        legacy_windows=False,
    )


# ------------------------------------------------------------------------------------------ progress


@contextmanager
def progress(out: Console, total: int, is_each: bool = True) -> Iterator[Watcher]:
    """A bar while the claims are judged, on a terminal only, as one whom the run tells.

    total: of the claims, or of the formulas.
    """
    if not out.is_terminal:
        yield UNWATCHED
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}", markup=False))
    # Refreshed by hand: a thread would not survive the forks of the workers.
    with Progress(*columns, console=out, transient=True, auto_refresh=False) as bar:
        task = bar.add_task("", total=total)
        bar.refresh()

        class Advance(Watcher):
            def hear(self, entry: Entry, claim: Judged) -> None:
                bar.update(task, advance=int(is_each), description=visible(entry.name))
                bar.refresh()

            def end(self, name: str) -> None:
                bar.update(task, advance=int(not is_each))
                bar.refresh()

        yield Advance()


# ------------------------------------------------------------------------------------------- results


def rendered(
    report: Report, stream: TextIO, color: str, again: Sequence[str], each: bool, groups: Iterable[str] = ()
) -> str:
    """The report as text for the stream.

    again: the words of a command that judges a formula of it again.  each: list every claim.  groups: those that
    come first in the table, in order.
    """
    out = console(stream, color)
    mark = "…" if out.encoding.lower().startswith("utf") else "..."
    with out.capture() as captured:
        if each:
            for entry in report.formulas:
                out.print(Text(visible(entry.name), style="bold"))
                for claim in entry.claims:
                    out.print(line(claim))
            out.print()
        out.print(table(report.formulas, out.width, groups))
        for entry in report.formulas:
            for claim in entry.claims:
                if not claim.as_expected:
                    out.print()
                    out.print(block(entry, claim, report.seed, again, mark))
    return captured.get()


def line(claim: Judged, indent: str = "  ") -> Text:
    """A claim with its verdict, on one line."""
    line = Text(indent).append(f"{claim.verdict:<10}", COLORS[claim.verdict]).append(visible(claim.claim))
    notes: list[str] = [] if claim.origin == "claim" else [claim.origin]
    expected = f"holds {claim.condition}" if isinstance(claim.condition, str) else claim.expected
    notes += [f"expected: {expected}"] if claim.expected == "fails" or not claim.as_expected else []
    notes += [f"{claim.seconds:.3f} s"] if isinstance(claim.seconds, float) else []
    return line.append(f"   ({', '.join(notes)})" if notes else "", "dim")


def table(entries: Sequence[Entry], width: int = WIDE, order: Iterable[str] = ()) -> Table:
    """How many of each verdict, by group."""
    shown = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 1, 0, 0) if width < WIDE else (0, 1))
    shown.add_column("group", vertical="bottom")
    for column in COLUMNS:
        heading = NARROW.get(column) if width < WIDE else None
        shown.add_column(heading or column.replace("_", " "), justify="right", vertical="bottom")
    groups = by_group(entries, order)
    for group, members in groups:
        _row(shown, visible(group), summary(members))
    if len(groups) != 1:
        _row(shown, "all", summary(entries), "bold")
    return shown


def by_group(entries: Sequence[Entry], order: Iterable[str] = ()) -> list[tuple[str, list[Entry]]]:
    """The entries of each group; those of `order` come first, the others as they appear."""
    members: dict[str, list[Entry]] = {group: [] for group in order}
    for entry in entries:
        members.setdefault(entry.group, []).append(entry)
    return [(group, own) for group, own in members.items() if own]


def _row(shown: Table, name: str, counts: Summary, style: str = "") -> None:
    cells = [Text(name)]
    for column in COLUMNS:
        count = getattr(counts, column)
        warn = {"undecided": "yellow", "conflicts": "bold red", "unexpected": "red"}.get(column, "") if count else ""
        cells.append(Text(str(count) if count or column in COLUMNS[:2] else "-", style=warn))
    shown.add_row(*cells, style=style)


def block(entry: Entry, claim: Judged, seed: int, again: Sequence[str], mark: str = "…") -> Text:
    """A claim that is not as expected: what was found, where, and the command that finds it again.

    An entry without a name is no catalog's: `again` says all.
    """
    head = Text(f"{visible(entry.name)}  " if entry.name else "", style="bold")
    head.append(f"{visible(claim.claim)}   ", "not bold")
    text = head.append(claim.verdict, COLORS[claim.verdict])
    for name, line in details(claim, mark):
        text.append(f"\n  {name:<8} ").append(visible(line).replace("…", mark))
    words = ["derive", "check", *again, *filter(None, [entry.name]), "--seed", str(seed)]
    return text.append("\n  again    ").append(visible(shlex.join(words)))


def details(claim: Judged, mark: str = "…") -> Iterator[tuple[str, str]]:
    """What there is to say of a claim that is not as expected: a word, and what it stands before."""
    found = claim.counterexample
    if found:
        yield "at", placed(found)
    if found and found.derived:
        sides = f"{shortened(found.derived, mark)}     claimed  {shortened(found.claimed, mark)}"
        certified = " (certified)" if found.certified else ""
        yield "derived", f"{sides}     differ by {found.difference}{certified}"
    if claim.expected == "fails":
        yield "expected", f"holds {claim.condition}" if isinstance(claim.condition, str) else "fails"
    if claim.reason:
        yield "because", claim.reason
    if claim.verdict == "conflict":
        for name in WITNESSES:
            said = getattr(claim.witnesses, name)
            if said.says != "not run":
                yield name, " ".join([said.says, *([f"({said.reason})"] if isinstance(said.reason, str) else [])])
    if isinstance(claim.diagnosis, str):
        yield "perhaps", claim.diagnosis + (f": {claim.repaired}" if isinstance(claim.repaired, str) else "")


def placed(found: Point) -> str:
    """A point on one line: sizes, values of the inputs, indices."""
    parts = [f"{name} = {size}" for name, size in found.sizes.items()]
    parts += [f"{name} = {nested(value)}" for name, value in found.values.items()]
    parts += [f"{name} = {index}" for name, index in found.indices.items()]
    return "   ".join(parts)


def nested(value: Any) -> str:
    """An array as written on a line: (1/3, -5/7), ((1, 2), (3, 4))."""
    return f"({', '.join(map(nested, value))})" if isinstance(value, list) else str(value)


def shortened(number: str, mark: str = "…") -> str:
    """Decimal text cut after a few digits, which the mark shows: 0.340312345678… (an exponent stays)."""
    digits, letter, exponent = number.partition("e")
    kept = digits.rstrip("…")[: DIGITS + 2]
    is_number = kept[-1:].isdigit() or kept.endswith(".")
    return f"{kept}{mark}{letter}{exponent}" if is_number and kept != digits else number
