"""The result of a run: what each witness said of each claim, the verdicts, and the JSON that other tools read."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Any, Literal

import msgspec
from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import replace

from verify.testimony import Counterexample, Testimony

SCHEMA: Literal["derive-report/1"] = "derive-report/1"
VERDICTS = ("proved", "agrees", "refuted", "undecided", "conflict")
BESIDE = ("reference", "trials")  # there only where they were asked, and of what they speak of
Verdict = Literal["proved", "agrees", "refuted", "undecided", "conflict"]


class Said(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What one witness says of a claim; a figure that it does not give is left out.

    reason: why it cannot tell.  rules: what a proof rests on.  points, digits, sizes: what was tried, and how
    closely.  max_error, allowed: of a float comparison.  more: anything else.  broken: it has a defect.
    """

    says: Literal["equal", "differs", "agrees", "cannot tell", "not run"]
    points: int | UnsetType = UNSET
    digits: int | UnsetType = UNSET
    sizes: list[dict[str, int]] | UnsetType = UNSET
    max_error: float | str | UnsetType = UNSET
    allowed: float | str | UnsetType = UNSET
    rules: list[str] | UnsetType = UNSET
    reason: str | UnsetType = UNSET
    more: dict[str, Any] | UnsetType = UNSET
    broken: bool = False


class Witnesses(Struct, frozen=True, forbid_unknown_fields=True):
    """trials: of an algorithm, on random input; there alone.

    reference: what libraries compute beside the definitions that the claim stands on, None unless it was asked.
    """

    algebra: Said
    exact: Said
    sympy: Said
    differences: Said
    reference: Said | None = None
    trials: Said | UnsetType = UNSET


class Point(Struct, frozen=True, forbid_unknown_fields=True):
    """A point at which the two sides differ. Values are rationals as text, nested like the input's axes."""

    sizes: dict[str, int]
    indices: dict[str, int]
    values: dict[str, Any]
    derived: str
    claimed: str
    difference: str
    certified: bool


class Judged(Struct, frozen=True, forbid_unknown_fields=True):
    """A claim and what is known of it.

    source, latex, condition: of what a source prints; where, its LaTeX, and "only if ..." for what holds under
    a condition.  diagnosis, repaired: the likely slip, where one was found, and the claim without it, which agrees.
    right: where none was found, a derivative with the engine's own form, which agrees.
    """

    claim: str
    origin: Literal["claim", "printed", "example", "algorithm"]
    expected: Literal["holds", "fails"]
    verdict: Verdict
    as_expected: bool
    where: str
    witnesses: Witnesses
    counterexample: Point | None = None
    reason: str | None = None
    source: str | UnsetType = UNSET
    latex: str | UnsetType = UNSET
    condition: str | UnsetType = UNSET
    diagnosis: str | UnsetType = UNSET
    repaired: str | UnsetType = UNSET
    right: str | UnsetType = UNSET
    seconds: float | UnsetType = UNSET


class Entry(Struct, frozen=True, forbid_unknown_fields=True):
    """A formula of the catalog with its claims."""

    name: str
    group: str
    where: str
    claims: list[Judged]


class Summary(Struct, frozen=True, forbid_unknown_fields=True):
    """How many of each; the counts of different verdicts are never added together."""

    formulas: int = 0
    claims: int = 0
    proved: int = 0
    agrees: int = 0
    refuted: int = 0
    undecided: int = 0
    conflicts: int = 0
    as_expected: int = 0
    unexpected: int = 0


class Engine(Struct, frozen=True, forbid_unknown_fields=True):
    """The versions that the verdicts rest on."""

    derive: str
    python: str
    sympy: str
    numpy: str


class Refused(Struct, frozen=True, forbid_unknown_fields=True):
    """A part of a catalog that could not be read. code: as `derive explain` has it."""

    where: str
    message: str
    code: str | UnsetType = UNSET


class Report(Struct, frozen=True, forbid_unknown_fields=True):
    """One run. errors is left out where the whole catalog could be read, seconds unless it was asked for.

    interrupted: of a run that was ended from outside, how many formulas were not through; of these some claims, or
    all, are missing.
    """

    schema: Literal["derive-report/1"]
    seed: int
    engine: Engine
    summary: Summary
    formulas: list[Entry]
    errors: list[Refused] | UnsetType = UNSET
    seconds: float | UnsetType = UNSET
    interrupted: int | UnsetType = UNSET


# ---------------------------------------------------------------------------------- from witnesses


def said(testimony: Testimony | None) -> Said:
    """A testimony as it stands in the report; None for a witness that was not asked."""
    if testimony is None:
        return Said("not run")
    facts = {name: plain(value) for name, value in testimony.facts.items()}
    known = {name: facts.pop(name) for name in tuple(facts) if name in Said.__struct_fields__ and name != "more"}
    if testimony.reason:
        known["reason"] = testimony.reason
    return msgspec.convert({**known, "says": testimony.says, **({"more": facts} if facts else {})}, Said)


def point(found: Counterexample) -> Point:
    return Point(
        dict(found.sizes),
        dict(found.indices),
        {name: plain(value) for name, value in found.values.items()},
        found.derived,
        found.claimed,
        found.difference,
        found.certified,
    )


def plain(value: Any) -> Any:
    """A value as JSON: rationals and numbers that are not finite as text, arrays as lists."""
    match value:
        case bool() | int() | str() | None:
            return value
        case Fraction():
            return str(value)
        case float():
            return value if math.isfinite(value) else str(value)
        case dict():
            return {str(key): plain(item) for key, item in value.items()}
        case list() | tuple() | set() | frozenset():
            return [plain(item) for item in value]
    return plain(value.item() if hasattr(value, "item") else str(value))


# ------------------------------------------------------------------------------------ whole reports


def summary(entries: Sequence[Entry]) -> Summary:
    claims = [claim for entry in entries for claim in entry.claims]
    counts = Counter(claim.verdict for claim in claims)
    expected = sum(claim.as_expected for claim in claims)
    return Summary(
        formulas=len(entries),
        claims=len(claims),
        proved=counts["proved"],
        agrees=counts["agrees"],
        refuted=counts["refuted"],
        undecided=counts["undecided"],
        conflicts=counts["conflict"],
        as_expected=expected,
        unexpected=len(claims) - expected,
    )


def report(
    seed: int, entries: Sequence[Entry], errors: Iterable[Refused] = (), seconds: float | UnsetType = UNSET
) -> Report:
    """The report of a run over these entries."""
    return Report(SCHEMA, seed, engine(), summary(entries), list(entries), list(errors) or UNSET, seconds)


def timeless(entry: Entry) -> Entry:
    """What is known of an entry without how long that took."""
    return replace(entry, claims=[replace(claim, seconds=UNSET) for claim in entry.claims])


def untimed(found: Report) -> Report:
    """A report that is the same each time."""
    return replace(found, formulas=[timeless(entry) for entry in found.formulas], seconds=UNSET)


def broken_off(found: Report) -> str:
    """That the run was interrupted, in words; "" where it was not."""
    left = found.interrupted
    return "" if left is UNSET else f"interrupted with {left} formula{'' if left == 1 else 's'} to go"


def engine() -> Engine:
    """The versions in use, read without importing the packages."""
    import platform
    from importlib.metadata import version

    from derive import __version__

    return Engine(__version__, platform.python_version(), version("sympy"), version("numpy"))


def encoded(value: Report) -> bytes:
    """The report as JSON text: the same report gives the same bytes."""
    return msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n"


def decoded(text: bytes) -> Report:
    """The report that a JSON text holds. Raises msgspec.ValidationError where it does not follow the schema."""
    return msgspec.json.decode(text, type=Report)


def schema() -> dict[str, Any]:
    """The JSON Schema of a report."""
    found = msgspec.json.schema(Report)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": SCHEMA, **found}
