"""The exit status of a run, and what broke in the engine itself, read from its report."""

from collections.abc import Iterator

from derive.selection import visible
from verify.report import Judged, Report

OK, UNEXPECTED, REFUSED, BROKEN, NOTHING = 0, 1, 2, 3, 5


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
