"""A report on the terminal: the table by group, and for each claim that failed what to do about it."""

import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from derive.codes import of_verdict
from derive.fitting import LEAST, NOTE, fitted, starts
from derive.selection import visible
from derive.verdict import WITNESSES
from verify.report import Entry, Judged, Point, Report, Said, Summary, broken_off, summary

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
TIGHT = 80  # columns below which what is nowhere has no place in the table
ROOMY = 160  # from which on the groups are introduced beside their numbers
TAKEN = 125  # columns that the numbers take
INDENT = 11  # columns before what there is to say of a failure
VERDICT, SAID, TIMED = 10, 16, 12  # before a claim, what a witness says of it, and one among the slowest
DIGITS = 12


def console(stream: TextIO, color: str) -> Console:
    """A console that prints text as it is. color: auto (a terminal, and no NO_COLOR), always or never."""
    return Console(
        file=stream,
        force_terminal=True if color == "always" else None,
        no_color={"always": False, "never": True}.get(color),
        # NO_COLOR takes the colours and leaves bold; `never` takes all, whatever FORCE_COLOR says.
        color_system={"always": "standard", "never": None}.get(color, "auto"),
        width=None if stream.isatty() else WIDE,
        markup=False,
        highlight=False,
        emoji=False,
        soft_wrap=True,
        legacy_windows=False,
    )


def room(out: Console) -> int:
    """The columns of its terminal; 0 where there is none, and lines are as long as they are for programs to read."""
    return out.width if out.file.isatty() else 0


def hung(text: Text, width: int, indent: int) -> Text:
    """A text on lines of that width, 0 for any, of which all but the first stand to the right, below its rest.

    >>> print(hung(Text("refuted  a[i] == b[i] + c[i] - d[i]"), 30, 9))
    refuted  a[i] == b[i] + c[i]
             - d[i]
    """
    if not width:
        return text
    places = starts(text.plain[indent:], max(width - indent, LEAST))
    lines = text.divide([indent + place for place in places])
    for line in lines:
        line.rstrip()
    return Text(f"\n{' ' * indent}").join(lines)


# ------------------------------------------------------------------------------------------- results


def rendered(
    report: Report,
    stream: TextIO,
    color: str,
    again: Sequence[str],
    each: bool,
    groups: Iterable[str] = (),
    *,
    volume: int = 0,
    slowest: int = 0,
) -> str:
    """The report as text for the stream.

    again: the words of a command that judges a formula of it again.  each: list every claim.  groups: those that
    come first in the table, in order; their introductions where they are given.  volume: above 0 each claim with what
    the witnesses say, below 0 only what is not as expected.  slowest: how many of the slowest claims to name.
    """
    out = console(stream, color)
    mark = "…" if out.encoding.lower().startswith("utf") else "..."
    with out.capture() as captured:
        if (each or volume > 0) and volume >= 0:
            for entry in report.formulas:
                out.print(Text(visible(entry.name), style="bold"))
                for claim in entry.claims:
                    out.print(line(claim, width=room(out)))
                    for said in spoken(claim, mark) if volume > 0 else ():
                        out.print(hung(Text(said, style="dim"), room(out), SAID))
            out.print()
        out.print(
            table(report.formulas, out.width, groups)
            if volume >= 0
            else hung(Text(counted(report.summary)), room(out), NOTE)
        )
        if not room(out) and broken_off(report):  # on a terminal a message says so
            out.print(broken_off(report))
        if slowest:
            out.print()
            for text in durations(report.formulas, slowest):
                out.print(hung(Text(text), room(out), TIMED))
        for entry in report.formulas:
            for claim in entry.claims:
                if not claim.as_expected:
                    out.print()
                    out.print(block(entry, claim, report.seed, again, mark, room(out)))
    return captured.get()


def counted(counts: Summary) -> str:
    """The summary on one line; what is not there is not mentioned."""
    nouns = {"formulas": "formula", "claims": "claim", "conflicts": "conflict"}
    found = [(name, getattr(counts, name)) for name in COLUMNS]
    parts = [f"{n} {(nouns.get(name, name) if n == 1 else name).replace('_', ' ')}" for name, n in found if n]
    return ", ".join(parts) or "nothing was judged"


def spoken(claim: Judged, mark: str) -> Iterator[str]:
    """What each witness says of a claim, a line each."""
    for name in claim.witnesses.__struct_fields__:
        said = getattr(claim.witnesses, name)
        if not isinstance(said, Said) or said.says == "not run":
            continue
        facts = [f"{said.points} point{'' if said.points == 1 else 's'}"] if isinstance(said.points, int) else []
        facts += [f"{said.digits} digits"] if isinstance(said.digits, int) else []
        facts += [f"error {said.max_error:.1e}"] if isinstance(said.max_error, float) else []
        facts += [visible(said.reason)] if isinstance(said.reason, str) else []
        shown = f"   ({', '.join(facts)})" if facts else ""
        yield f"    {name:<11} {said.says}{shown}".replace("…", mark)


def durations(entries: Sequence[Entry], number: int) -> Iterator[str]:
    """The slowest claims with their seconds."""
    timed = [(claim.seconds, entry, claim) for entry in entries for claim in entry.claims
             if isinstance(claim.seconds, float)]  # fmt: skip
    for seconds, entry, claim in sorted(timed, key=lambda item: -item[0])[:number]:
        yield f"{seconds:8.3f} s  {visible(entry.name)}  {visible(claim.claim)}"


def line(claim: Judged, indent: str = "  ", width: int = 0) -> Text:
    """A claim with its verdict, on one line or on lines of that width."""
    line = Text(indent).append(f"{claim.verdict:<{VERDICT}}", COLORS[claim.verdict]).append(visible(claim.claim))
    notes: list[str] = [] if claim.origin == "claim" else [claim.origin]
    expected = f"holds {visible(claim.condition)}" if isinstance(claim.condition, str) else claim.expected
    notes += [f"expected: {expected}"] if claim.expected == "fails" or not claim.as_expected else []
    notes += [f"{claim.seconds:.3f} s"] if isinstance(claim.seconds, float) else []
    line.append(f"   ({', '.join(notes)})" if notes else "", "dim")
    return hung(line, width, len(indent) + VERDICT)


def table(entries: Sequence[Entry], width: int = WIDE, order: Iterable[str] = ()) -> Table:
    """How many of each verdict, by group; on a wide terminal with the introductions, if `order` maps to them."""
    shown = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 1, 0, 0) if width < WIDE else (0, 1))
    total = summary(entries)
    columns = [column for column in COLUMNS if width >= TIGHT or column in COLUMNS[:2] or getattr(total, column)]
    headings = [NARROW.get(name, name) if width < WIDE else name.replace("_", " ") for name in columns]
    taken = sum(1 + max(map(len, heading.split("\n"))) for heading in headings) if width < WIDE else 0
    longest = max(min(30, width - taken), 5)
    shown.add_column("group", vertical="bottom", no_wrap=True, overflow="ellipsis", max_width=longest)
    for heading in headings:
        shown.add_column(heading, justify="right", vertical="bottom")
    texts = order if width >= ROOMY and isinstance(order, Mapping) else {}
    if texts:
        shown.add_column("", no_wrap=True, overflow="ellipsis", max_width=width - TAKEN, style="dim")
    groups = by_group(entries, order)
    for group, members in groups:
        about = visible(texts.get(group, "")) if texts else None
        _row(shown, columns, visible(group), summary(members), about=about)
    if len(groups) != 1:
        _row(shown, columns, "all", total, "bold", "" if texts else None)
    return shown


def by_group(entries: Sequence[Entry], order: Iterable[str] = ()) -> list[tuple[str, list[Entry]]]:
    """The entries of each group; those of `order` come first, the others as they appear."""
    members: dict[str, list[Entry]] = {group: [] for group in order}
    for entry in entries:
        members.setdefault(entry.group, []).append(entry)
    return [(group, own) for group, own in members.items() if own]


def _row(
    shown: Table, columns: Sequence[str], name: str, counts: Summary, style: str = "", about: str | None = None
) -> None:
    cells = [Text(name)]
    for column in columns:
        count = getattr(counts, column)
        warn = {"undecided": "yellow", "conflicts": "bold red", "unexpected": "red"}.get(column, "") if count else ""
        cells.append(Text(str(count) if count or column in COLUMNS[:2] else "-", style=warn))
    cells += [] if about is None else [Text(about)]
    shown.add_row(*cells, style=style)


def block(entry: Entry, claim: Judged, seed: int, again: Sequence[str], mark: str = "…", width: int = 0) -> Text:
    """A claim that is not as expected: what was found, where, and the command that finds it again.

    An entry without a name is no catalog's: `again` says all.  width: where lines break; 0 for nowhere.
    """
    head = Text().append(f"{visible(entry.name)}  " if entry.name else "", "bold")
    column = len(head) if len(head) * 3 <= width else NOTE
    head.append(f"{visible(claim.claim)}   ").append(claim.verdict, COLORS[claim.verdict])
    text = hung(head, width, column if entry.name else NOTE)
    for name, line in details(claim, mark):
        text.append(f"\n  {name:<8} ").append(fitted(visible(line).replace("…", mark), width, INDENT))
    words = ["derive", "check", *again, *filter(None, [entry.name]), "--seed", str(seed)]
    return text.append("\n  again    ").append(visible(shlex.join(words)))  # whole: it is there to be copied


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
        code = of_verdict(claim.verdict, claim.expected, claim.reason).name
        yield "because", f"{claim.reason}  [{code}]"
    if claim.verdict == "conflict":
        for name in WITNESSES:
            said = getattr(claim.witnesses, name)
            if said.says != "not run":
                yield name, " ".join([said.says, *([f"({said.reason})"] if isinstance(said.reason, str) else [])])
    if isinstance(claim.diagnosis, str):
        yield "perhaps", claim.diagnosis + (f": {claim.repaired}" if isinstance(claim.repaired, str) else "")
    if isinstance(claim.right, str):
        yield "right", claim.right


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
