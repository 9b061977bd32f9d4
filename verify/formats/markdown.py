"""Markdown for the summary of a run in continuous integration: the table by group, then what is not as expected."""

from collections.abc import Iterable, Iterator

from verify.formats.findings import of_claim, of_refused
from verify.formats.markup import block, code, escaped
from verify.report import Entry, Judged, Report, Summary, broken_off, summary
from verify.terminal import COLUMNS, by_group


def rendered(report: Report, order: Iterable[str] = ()) -> str:
    """The document. order: the groups that come first in the table."""
    lines = [f"# derive: {_headline(report)}", "", *_table(report, order), ""]
    unexpected = [(entry, claim) for entry in report.formulas for claim in entry.claims if not claim.as_expected]
    if unexpected:
        lines += ["## Not as expected", ""]
    for entry, claim in unexpected:
        lines += [*_claim(entry, claim), ""]
    if report.errors:
        lines += ["## Could not be read", ""]
    for refused in report.errors or ():
        found = of_refused(refused)
        head = f"{found.place}: {found.message}  [{found.code}]"
        lines += [*block([head, *found.details]), ""]
    return "\n".join(lines)


def _headline(report: Report) -> str:
    counts, errors = report.summary, len(report.errors or ())
    parts = (
        [f"{counts.as_expected} as expected", f"{counts.unexpected} not"] if counts.claims else ["nothing was judged"]
    )
    parts += [f"{errors} could not be read"] if errors else []
    return ", ".join([*parts, *filter(None, [broken_off(report)])])


def _table(report: Report, order: Iterable[str]) -> Iterator[str]:
    yield "| group | " + " | ".join(column.replace("_", " ") for column in COLUMNS) + " |"
    yield "| :-- |" + " --: |" * len(COLUMNS)
    for group, entries in by_group(report.formulas, order):
        yield _row(escaped(group), summary(entries))
    yield _row("**all**", report.summary)


def _row(name: str, counts: Summary) -> str:
    cells = [getattr(counts, column) for column in COLUMNS]
    return " | ".join([f"| {name}", *(str(cell) if cell else "-" for cell in cells)]) + " |"


def _claim(entry: Entry, claim: Judged) -> Iterator[str]:
    found = of_claim(entry, claim)
    yield f"### {code(entry.name)}: {escaped(claim.verdict)}"
    yield ""
    yield f"{code(claim.claim)} ({escaped(found.meaning)}, {found.code}), at {code(found.place)}"
    yield ""
    yield from block(list(found.details))
