"""The page of a formula: what it is for, what it claims, what is known of that and why."""

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from derive.domains import TABLE as DOMAINS
from derive.formula import Claim, Formula
from verify.book.chapters import Chapters, Told
from verify.book.code import tabs
from verify.book.frame import badge, sections
from verify.book.html import Markup, join, tag
from verify.book.mathematics import extent, inline, name_of, of_formula, relation, shown, steps
from verify.book.proofs import proofs
from verify.book.testimony import witnesses, wrong
from verify.report import Entry, Judged


@dataclass(frozen=True)
class Linked:
    """A formula that belongs to another one. page: its file.  how: it does."""

    page: str
    title: str
    how: str


@dataclass(frozen=True)
class Subject:
    """What a page is about. introduction: of its group.  links: to what belongs to it.

    words, seed: of the command that checks it again: catalogs that are not the shipped one.
    """

    formula: Formula
    entry: Entry
    chapters: Chapters
    introduction: str = ""
    links: Sequence[Linked] = ()
    words: Sequence[str] = ()
    seed: int = 0


def content(subject: Subject) -> tuple[Markup, Markup]:
    """The content of the page, and the list of its parts."""
    made, parts = sections((key, title, body) for key, title, body in _sections(subject) if body)
    formula = subject.formula
    head = tag(
        "hgroup",
        tag(
            "p", tag("a", formula.group.replace("_", " "), href=f"../index.html#{anchor(formula.group)}"), class_="over"
        ),
        tag("h1", formula.title or formula.name),
        tag("p", tag("code", formula.name), *_counts(subject.entry), class_="under"),
    )
    return join(head, made), parts


def anchor(group: str) -> str:
    """The id of a group in the index, which may be called anything: no two alike."""
    letters = (letter if letter.isascii() and (letter.isalnum() or letter == "_") else f"-{ord(letter):x}-"
               for letter in group)  # fmt: skip
    return "group-" + "".join(letters)


def _counts(entry: Entry) -> Iterator[Markup]:
    counts: dict[str, int] = {}
    for claim in entry.claims:
        counts[claim.verdict] = counts.get(claim.verdict, 0) + 1
    for verdict, count in counts.items():
        yield join(" ", tag("span", badge(verdict), f" {count}"))
    wrong = sum(not claim.as_expected for claim in entry.claims)
    if wrong:
        yield join(" ", tag("strong", f"{wrong} not as expected"))
    elif counts.get("refuted"):
        yield join(" ", tag("span", "as the catalog expects"))


def _sections(subject: Subject) -> Iterator[tuple[str, str, Markup | None]]:
    formula, entry, told = subject.formula, subject.entry, subject.chapters
    yield "purpose", "What it is for", _purpose(subject)
    yield "inputs", "Inputs", _inputs(formula)
    yield "definition", "Definition", _definition(formula)
    yield "pictures", "Pictures", join(*(one.markup() for one in told.pictures)) or None
    yield "claims", "Claims", _claims(subject, "claim", "algorithm")
    yield "derivation", "Derivation, step by step", _told(told.steps)
    yield "proofs", "What the proofs rest on", proofs(formula, entry, subject.words)
    yield "printed", "As it is printed", _claims(subject, "printed")
    yield "examples", "Worked examples", _claims(subject, "example")
    yield "code", "Code", tabs(formula, told.code)
    yield "sources", "Sources", _sources(formula)
    yield "related", "Formulas that belong together", _links(subject.links)
    yield "again", "Check it again", _again(subject, entry)


def _purpose(subject: Subject) -> Markup | None:
    paragraphs = [text for text in (subject.introduction, subject.formula.note) if text]
    names = ", ".join(subject.formula.aliases)
    paragraphs += [f"Also known as {names}."] if names else []
    return join(*(tag("p", text) for text in paragraphs)) or None


def _inputs(formula: Formula) -> Markup | None:
    if not formula.inputs:
        return None
    rows = []
    for tensor in formula.inputs:
        domain = DOMAINS.get(tensor.domain)
        shape = join(*map(extent, tensor.axes), by=" × ") if tensor.axes else "a number"
        meaning = domain.meaning if domain else ""
        rows.append(tag("tr", tag("th", name_of(tensor), scope="row"), tag("td", tag("code", tensor.domain)),
                        tag("td", meaning), tag("td", shape)))  # fmt: skip
    head = tag("tr", *(tag("th", word, scope="col") for word in ("input", "domain", "each element", "shape")))
    sizes = join(*map(inline, formula.sizes), by=", ")
    note = tag("p", "All of it for every size ", sizes, ".", class_="note") if sizes else ""
    return join(_wide(tag("table", tag("thead", head), tag("tbody", *rows)), "Inputs"), note)


def _wide(content: Markup, label: str) -> Markup:
    """What may be wider than the page, and scrolls by itself."""
    return tag("div", content, class_="wide", tabindex=0, role="group", aria_label=label)


def _definition(formula: Formula) -> Markup | None:
    from derive.show import define

    display = of_formula(formula)
    for definition in formula.definitions:
        define(display, definition)
    if formula.algorithm:
        return tag("p", "An algorithm and no formula: ", tag("code", formula.algorithm), " of the registry.")
    lines = "\n".join(definition.text for definition in formula.definitions)
    source = tag("pre", tag("code", lines), tabindex=0, role="group", aria_label="Definition in the catalog")
    text = tag("details", tag("summary", "as the catalog has it"), source)
    return join(shown(display), text if lines else "") or None


# ------------------------------------------------------------------------------------------ claims


def _claims(subject: Subject, *origins: str) -> Markup | None:
    read = {str(claim.place): claim for claim in subject.formula.claims}
    items = [_claim(subject, claim, read.get(claim.where)) for claim in subject.entry.claims
             if claim.origin in origins]  # fmt: skip
    return tag("ol", *items, class_="claims") if items else None


def _claim(subject: Subject, judged: Judged, claim: Claim | None) -> Markup:
    parts: list[Markup | str] = []
    if isinstance(judged.latex, str):
        printed = tag("p", "printed as ", tag("code", judged.latex), class_="latex")
        parts += [printed]
    parts += [relation(of_formula(subject.formula), claim) if claim else tag("p", judged.claim)]
    facts: list[Markup | str] = [badge(judged.verdict)]
    if judged.expected == "fails" or not judged.as_expected:
        wanted = f"holds {judged.condition}" if isinstance(judged.condition, str) else judged.expected
        facts.append(tag("span", f"expected: {wanted}", class_="note"))
    if not judged.as_expected:
        facts.append(tag("strong", "not as expected"))
    if isinstance(judged.source, str) and judged.source:
        facts.append(tag("cite", judged.source))
    parts += [tag("p", join(*facts, by=" "), class_="facts")]
    parts += [wrong(judged)] if judged.counterexample or judged.reason or isinstance(judged.diagnosis, str) else []
    place = tag("p", "in the catalog ", tag("code", judged.claim), f" at {judged.where}") if claim else ""
    evidence = join(place, witnesses(judged, subject.formula, subject.chapters.met.get(judged.where)))
    if evidence:
        parts += [tag("details", tag("summary", "evidence"), evidence)]
    return tag("li", *parts, class_="claim")


# ------------------------------------------------------------------------------- derivation and code


def _told(told: Told) -> Markup | None:
    if not told.mathml and not told.notes:
        return None
    body = steps(told.mathml, "Derivation") if told.mathml else Markup("")
    checked = tag("p", "Every line below was compared in exact arithmetic before it was shown.", class_="note")
    notes = [tag("p", note, class_="note") for note in dict.fromkeys(told.notes)]
    wrong = [tag("p", tag("strong", failure)) for failure in told.failures]
    return join(checked if told.mathml else "", body, *notes, *wrong)


def _sources(formula: Formula) -> Markup | None:
    items = [tag("p", tag("cite", formula.source))] if formula.source else []
    calls = [tag("li", tag("code", one.call), f" {one.differs}" if one.differs else "") for one in formula.references]
    items += [tag("p", "The same operator in libraries:"), tag("ul", *calls)] if calls else []
    return join(*items) or None


def _links(links: Sequence[Linked]) -> Markup | None:
    items = [tag("li", tag("a", one.title, href=one.page), tag("span", f" {one.how}", class_="note"))
             for one in links]  # fmt: skip
    return tag("ul", *items, class_="links") if items else None


def _again(subject: Subject, entry: Entry) -> Markup:
    command = ["derive", "check", *subject.words, subject.formula.name, "--seed", str(subject.seed)]
    return join(
        tag("pre", tag("code", shlex.join(command)), tabindex=0, role="group", aria_label="Command"),
        tag("p", "The entry stands at ", tag("code", entry.where), ".", class_="note"),
    )
