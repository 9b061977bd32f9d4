"""What a report has to say of places in catalogs: the claims that are not as expected, and what was refused."""

from collections.abc import Iterator

from derive.codes import FALLBACK, TABLE, of_verdict
from derive.codes.verdicts import INTERRUPTED
from derive.findings import Finding, Level, parted
from derive.selection import visible
from verify.report import Entry, Judged, Refused, Report, broken_off
from verify.terminal import details


def findings(report: Report) -> list[Finding]:
    """The findings of a report, in its order; that it was interrupted and those of its errors first."""
    return [*of_interruption(report), *map(of_refused, report.errors or ()), *_of_claims(report)]


def of_interruption(report: Report) -> list[Finding]:
    """That there is more than the report tells, if it was interrupted."""
    told = broken_off(report)
    return [Finding(INTERRUPTED.name, "error", told, "")] if told else []


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
