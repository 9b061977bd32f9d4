"""What a report has to say of places in catalogs: the claims that are not as expected, and what was refused."""

from collections.abc import Iterator

from derive.codes import FALLBACK, TABLE, of_verdict
from derive.findings import Finding, Level, parted
from derive.selection import visible
from verify.report import Entry, Judged, Refused, Report
from verify.terminal import details


def findings(report: Report) -> list[Finding]:
    """The findings of a report, in its order; those of its errors first."""
    return [*map(of_refused, report.errors or ()), *_of_claims(report)]


def _of_claims(report: Report) -> Iterator[Finding]:
    for entry in report.formulas:
        for claim in entry.claims:
            if not claim.as_expected:
                yield of_claim(entry, claim)


def of_claim(entry: Entry, claim: Judged) -> Finding:
    """A claim that is not as expected."""
    code = of_verdict(claim.verdict, claim.expected, claim.reason)
    level: Level = "warning" if code.meaning.startswith("undecided") else "error"
    lines = tuple(f"{name:<8} {visible(text)}".rstrip() for name, text in details(claim))
    return Finding(
        code.name, level, f"{visible(claim.claim)}: {code.meaning}", *_place(claim.where), visible(entry.name), lines
    )


def of_refused(refused: Refused) -> Finding:
    """A part of a catalog that could not be read."""
    # The first line of the message begins with the place and ends in the code, as the terminal shows it.
    first, *more = refused.message.split("\n")
    name = refused.code if isinstance(refused.code, str) and refused.code in TABLE else FALLBACK.name
    message = first.removeprefix(f"{refused.where}: ").removesuffix(f"  [{name}]")
    return Finding(name, "error", visible(message), *_place(refused.where), details=tuple(map(visible, more)))


def _place(where: str) -> tuple[str, int, int]:
    file, line, column = parted(where)
    return visible(file), line, column
