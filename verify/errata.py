"""The errata of the sources: every printed claim and worked number that does not hold, and what would be right."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal

import msgspec
from msgspec import UNSET, Struct, UnsetType

from derive.catalog import read_anew, scope_of
from derive.expression import Derivative, Node
from derive.formula import Claim, Formula
from derive.language.entry import read_claim
from derive.language.source import written
from derive.printing.latex import RELATIONS, Printer
from derive.printing.text import text
from verify import exact
from verify.report import Engine, Entry, Judged, Point, Refused, Report, Verdict, engine
from verify.slips.forms import known_forms
from verify.testimony import Settings

SCHEMA: Literal["derive-errata/1"] = "derive-errata/1"
HOLDS = ("proved", "agrees")
EngineForm = Callable[[Formula, Derivative], Node | None]


class Right(Struct, frozen=True, forbid_unknown_fields=True):
    """What would be right. basis: the definition, the entry's own claim, the claim repaired, or the engine's form."""

    claim: str
    latex: str
    basis: Literal["definition", "claim", "repaired", "derived"]
    verdict: Literal["proved", "agrees", "defined"]


class Slip(Struct, frozen=True, forbid_unknown_fields=True):
    """What is wrong in words, and the claim without it."""

    says: str
    claim: str
    latex: str


class Erratum(Struct, frozen=True, forbid_unknown_fields=True):
    """A printed claim that does not hold, or of which something else was expected.

    source: where it is printed.  printed: its LaTeX there.  claim, latex: what that says.  condition: "only if
    ..." where it holds under one.  expected, verdict, as_expected, counterexample, reason: as in a report.
    """

    name: str
    title: str
    group: str
    where: str
    source: str
    printed: str
    claim: str
    latex: str
    expected: Literal["holds", "fails"]
    verdict: Verdict
    as_expected: bool
    condition: str | None = None
    counterexample: Point | None = None
    right: Right | None = None
    slip: Slip | None = None
    reason: str | None = None


class Number(Struct, frozen=True, forbid_unknown_fields=True):
    """A worked number that is not the value as rounded. holds: "cut" where right digits are cut off, or "differs"."""

    name: str
    title: str
    group: str
    where: str
    source: str
    what: str
    indices: dict[str, int]
    printed: str
    value: str
    holds: Literal["cut", "differs"]
    as_expected: bool


class Summary(Struct, frozen=True, forbid_unknown_fields=True):
    """Of the printed claims how many hold, fail, hold under a condition only, or are open; the same of numbers."""

    printed: int = 0
    hold: int = 0
    fail: int = 0
    conditional: int = 0
    undecided: int = 0
    conflicts: int = 0
    numbers: int = 0
    rounded: int = 0
    cut: int = 0
    differ: int = 0
    as_expected: int = 0
    unexpected: int = 0


class Errata(Struct, frozen=True, forbid_unknown_fields=True):
    """One run. groups: the introductions of those groups that have any.  errors: as in a report."""

    schema: Literal["derive-errata/1"]
    seed: int
    engine: Engine
    summary: Summary
    groups: dict[str, str]
    errata: list[Erratum]
    numbers: list[Number]
    errors: list[Refused] | UnsetType = UNSET


def errata(report: Report, formulas: Mapping[str, Formula], groups: Mapping[str, str], form: EngineForm) -> Errata:
    """The errata of a run that judged what is printed.

    formulas: by the place of their entry.  groups: introductions, in the order in which groups follow each
    other.  form: the engine's own form of a derivative, None where it has none.
    """
    entries = ordered(report.formulas, groups)
    found: list[Erratum] = []
    numbers: list[Number] = []
    for entry in entries:
        formula = read_anew(formulas[entry.where])
        found += [_erratum(entry, formula, one, form, report.seed) for one in entry.claims if _is_listed(one)]
        numbers += [number for one in entry.claims for number in _numbers(entry, formula, one)]
    named = {erratum.group for erratum in found} | {number.group for number in numbers}
    return Errata(
        SCHEMA, report.seed, engine(), _summary(entries), {g: t for g, t in groups.items() if g in named},
        found, numbers, report.errors,
    )  # fmt: skip


def ordered(entries: list[Entry], groups: Mapping[str, str]) -> list[Entry]:
    """The entries group by group: those that are introduced first, then by first appearance."""
    places = {group: at for at, group in enumerate(dict.fromkeys([*groups, *(entry.group for entry in entries)]))}
    return sorted(entries, key=lambda entry: places[entry.group])


def _is_listed(claim: Judged) -> bool:
    return claim.origin == "printed" and not (claim.verdict in HOLDS and claim.as_expected)


def _summary(entries: list[Entry]) -> Summary:
    printed = [claim for entry in entries for claim in entry.claims if claim.origin == "printed"]
    worked = [claim for entry in entries for claim in entry.claims if claim.origin == "example"]
    verdicts = Counter(claim.verdict for claim in printed)
    conditional = sum(claim.verdict == "refuted" and isinstance(claim.condition, str) for claim in printed)
    numbers = sum(_fact(claim, "points", 0) for claim in worked)
    holds = Counter(number["holds"] for claim in worked for number in _fact(claim, "numbers", ()))
    expected = sum(claim.as_expected for claim in (*printed, *worked))
    return Summary(
        printed=len(printed),
        hold=verdicts["proved"] + verdicts["agrees"],
        fail=verdicts["refuted"] - conditional,
        conditional=conditional,
        undecided=verdicts["undecided"],
        conflicts=verdicts["conflict"],
        numbers=numbers,
        rounded=numbers - holds["cut"] - holds["differs"],
        cut=holds["cut"],
        differ=holds["differs"],
        as_expected=expected,
        unexpected=len(printed) + len(worked) - expected,
    )


def _fact(claim: Judged, name: str, default: Any) -> Any:
    said = claim.witnesses.exact
    found = getattr(said, name, UNSET) if name in said.__struct_fields__ else UNSET
    if found is UNSET and isinstance(said.more, dict):
        found = said.more.get(name, UNSET)
    return default if found is UNSET else found


def _numbers(entry: Entry, formula: Formula, claim: Judged) -> Iterator[Number]:
    for number in _fact(claim, "numbers", ()) if claim.origin == "example" else ():
        yield Number(
            entry.name, formula.title, entry.group, claim.where, claim.source or "", number["what"],
            number["indices"], number["printed"], number["value"], number["holds"], claim.as_expected,
        )  # fmt: skip


def _erratum(entry: Entry, formula: Formula, found: Judged, form: EngineForm, seed: int) -> Erratum:
    claim = next(c for c in formula.claims if str(c.place) == found.where)
    fails = found.verdict == "refuted"
    slip = _reread(formula, found.repaired) if fails and isinstance(found.repaired, str) else None
    return Erratum(
        name=entry.name, title=formula.title, group=entry.group, where=found.where, source=claim.source,
        printed=claim.latex, claim=found.claim, latex=latex(claim), expected=found.expected, verdict=found.verdict,
        as_expected=found.as_expected, condition=claim.condition or None, counterexample=found.counterexample,
        right=_right(entry, formula, claim, slip, form, seed) if fails else None,
        slip=Slip(str(found.diagnosis), slip.text, latex(slip)) if slip else None, reason=found.reason,
    )  # fmt: skip


def _reread(formula: Formula, shown: str) -> Claim:
    return read_claim(written(shown, "repaired"), scope_of(formula))


def _right(
    entry: Entry, formula: Formula, claim: Claim, slip: Claim | None, form: EngineForm, seed: int
) -> Right | None:
    """The definition of the same left side, the entry's own claim that holds, the claim without its slip, or the
    engine's form of a derivative, whichever comes first.
    """
    verdicts = {one.where: one.verdict for one in entry.claims if one.origin == "claim"}
    forms = list(known_forms(formula, claim))
    for own in forms:
        if own.origin == "definition":
            return Right(shown(own), latex(own), "definition", "defined")
    for verdict in HOLDS:
        for own in forms:
            if verdicts.get(str(own.place)) == verdict:
                return Right(shown(own), latex(own), "claim", verdict)  # type: ignore[arg-type]
    if slip is not None:
        return Right(slip.text, latex(slip), "repaired", "agrees")
    if isinstance(claim.left, Derivative) and claim.operator == "==":
        body = form(formula, claim.left)
        if body is not None:
            own = Claim(claim.left, "==", body, "", claim.place)
            if exact.testify(formula, own, Settings(seed=seed)).says == "agrees":
                return Right(shown(own), latex(own), "derived", "agrees")
    return None


def shown(claim: Claim) -> str:
    """A claim in the language."""
    taken = [str(index.name) for index in claim.indices]
    return f"{text(claim.left, taken)} {claim.operator} {text(claim.right, taken)}"


def latex(claim: Claim) -> str:
    """A claim as LaTeX, without alignment."""
    printer = Printer((claim.left, claim.right))
    return f"{printer.text(claim.left)} {RELATIONS[claim.operator]} {printer.text(claim.right)}"


def encoded(value: Errata) -> bytes:
    """The errata as JSON text: the same errata give the same bytes."""
    return msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n"


def schema() -> dict[str, Any]:
    """The JSON Schema of the errata."""
    found = msgspec.json.schema(Errata)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": SCHEMA, **found}
