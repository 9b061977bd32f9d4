"""What changed between two reports: claims that came, went, or have another verdict, and whether that is worse."""

from collections.abc import Iterator, Sequence
from typing import Literal

import msgspec
from msgspec import Struct

from derive.fitting import fitted, message
from derive.selection import visible
from verify.formats.markup import cell, code, escaped
from verify.report import Judged, Report

SCHEMA: Literal["derive-changes/1"] = "derive-changes/1"
# From the strongest evidence that all is as expected to the strongest that it is not.
ORDER = {
    "holds": ("proved", "agrees", "undecided", "refuted", "conflict"),
    "fails": ("refuted", "undecided", "agrees", "proved", "conflict"),
}
Direction = Literal["worse", "better", "other"]


class Change(Struct, frozen=True, forbid_unknown_fields=True):
    """before, after: verdicts, None where the claim was not there."""

    formula: str
    claim: str
    origin: str
    before: str | None
    after: str | None
    direction: Direction
    where: str


class Changes(Struct, frozen=True, forbid_unknown_fields=True):
    """worse, better, other: how many of each.  same: claims with the same verdict."""

    schema: Literal["derive-changes/1"]
    worse: int
    better: int
    other: int
    same: int
    changes: list[Change]
    refused: list[str]


DIRECTION, STEPS = 8, 26  # columns for whether it is worse, and for both verdicts

Key = tuple[str, str, str, int]


def changes(before: Report, after: Report) -> Changes:
    """What changed. A claim is known by its formula, origin and text.  refused: errors that were not there before."""
    old, new = _claims(before), _claims(after)
    found = [_change(key, old.get(key), new.get(key)) for key in dict.fromkeys((*old, *new))]
    changed = [change for change in found if change]
    known = {error.message for error in before.errors or ()}
    refused = [error.message for error in after.errors or () if error.message not in known]
    counts = {name: sum(change.direction == name for change in changed) for name in ("worse", "better", "other")}
    return Changes(SCHEMA, **counts, same=len(found) - len(changed), changes=changed, refused=refused)


def _claims(report: Report) -> dict[Key, Judged]:
    found: dict[Key, Judged] = {}
    for entry in report.formulas:
        for claim in entry.claims:
            number = 0
            while (entry.name, claim.origin, claim.claim, number) in found:
                number += 1
            found[entry.name, claim.origin, claim.claim, number] = claim
    return found


def _change(key: Key, before: Judged | None, after: Judged | None) -> Change | None:
    if before and after and (before.verdict, before.as_expected) == (after.verdict, after.as_expected):
        return None
    there = after or before
    assert there is not None
    return Change(
        formula=key[0],
        claim=key[2],
        origin=key[1],
        before=before.verdict if before else None,
        after=after.verdict if after else None,
        direction=_direction(before, after),
        where=there.where,
    )


def _direction(before: Judged | None, after: Judged | None) -> Direction:
    if after is None:
        return "other"
    if before is None:
        return "other" if after.as_expected else "worse"
    if before.as_expected != after.as_expected:
        return "better" if after.as_expected else "worse"
    order = ORDER[after.expected]
    was, became = order.index(before.verdict), order.index(after.verdict)
    return "other" if was == became else "worse" if became > was else "better"


def is_worse(found: Changes) -> bool:
    """Whether something got worse, or can no longer be read."""
    return bool(found.worse or found.refused)


def encoded(found: Changes) -> str:
    """The changes as JSON."""
    return msgspec.json.format(msgspec.json.encode(found), indent=2).decode() + "\n"


def rendered(found: Changes, width: int = 0) -> str:
    """The changes as lines of text, the worst first. width: of a screen, where lines are broken; 0 for nowhere."""
    lines = [_line(change, width) for change in _sorted(found.changes)]
    for refused in found.refused:
        shown = "\n".join(map(visible, refused.split("\n")))
        lines.append(message(f"worse   could not be read: {shown}", width))
    return "".join(f"{line}\n" for line in [*lines, message(_counted(found), width)])


def _line(change: Change, width: int) -> str:
    steps = f"{change.before or '(not there)'} -> {change.after or '(not there)'}"
    head = f"{change.direction:<{DIRECTION}}{steps:<{STEPS}}"
    what = f"{visible(change.formula)}  {visible(change.claim)}"
    if width and width < 2 * len(head):
        return f"{head.rstrip()}\n{' ' * DIRECTION}{fitted(what, width, DIRECTION)}"
    return head + fitted(what, width, len(head))


def markdown(found: Changes) -> str:
    """The changes as a Markdown document."""
    lines = ["# Changed verdicts", "", escaped(_counted(found)), ""]
    if found.changes:
        lines += ["| | before | after | formula | claim |", "| :-- | :-- | :-- | :-- | :-- |"]
        lines += [
            f"| {c.direction} | {c.before or '-'} | {c.after or '-'} | {cell(c.formula)} | {cell(c.claim)} |"
            for c in _sorted(found.changes)
        ]
        lines.append("")
    lines += [f"- could not be read: {code(' '.join(text.split()))}" for text in found.refused]
    return "\n".join(lines) + ("\n" if found.refused else "")


def _sorted(found: Sequence[Change]) -> list[Change]:
    return sorted(found, key=lambda change: ("worse", "better", "other").index(change.direction))


def _counted(found: Changes) -> str:
    return ", ".join(_parts(found))


def _parts(found: Changes) -> Iterator[str]:
    yield f"{len(found.changes)} changed"
    for name in ("worse", "better", "other"):
        if getattr(found, name):
            yield f"{getattr(found, name)} {name}"
    if found.refused:
        yield f"{len(found.refused)} could not be read"
    yield f"{found.same} the same"


def schema() -> dict[str, object]:
    """The JSON Schema of the changes."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": SCHEMA, **msgspec.json.schema(Changes)}
