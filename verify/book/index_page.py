"""The index of the book: the formulas by group, with a search and filters by verdict for those who run scripts."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from verify.book.formula_page import anchor
from verify.book.frame import badge
from verify.book.frame import contents as beside
from verify.book.html import Markup, join, tag
from verify.report import VERDICTS, Entry, Report


@dataclass(frozen=True)
class Listed:
    """A line of the index: where the page is, and what it is about."""

    page: str
    title: str
    entry: Entry
    aliases: Sequence[str] = ()


def content(report: Report, groups: Sequence[tuple[str, Sequence[Listed]]], introductions: Mapping[str, str]) -> Markup:
    """The index. groups: in the order of the book."""
    counts = report.summary
    known = ((f"{counts.proved} proved", "proved"), (f"{counts.agrees} agree", "agrees"),
             (f"{counts.refuted} refuted", "refuted"), (f"{counts.undecided} undecided", "undecided"),
             (f"{counts.conflicts} in conflict", "conflict"))  # fmt: skip
    head = tag(
        "hgroup",
        tag("h1", "The formula book"),
        tag("p", f"{counts.formulas} formulas with {counts.claims} claims: ",
            join(*(tag("span", words, class_=f"tally {verdict}") for words, verdict in known
                   if not words.startswith("0 ")), by=", "), ". ", _as_expected(report), class_="under"),
    )  # fmt: skip
    refused = [tag("li", f"{error.where}: {error.message}") for error in report.errors or ()]
    wrong = join(tag("h2", "What could not be read"), tag("ul", *refused)) if refused else ""
    return join(head, _finder(), *(_group(group, listed, introductions) for group, listed in groups), wrong)


def _as_expected(report: Report) -> str:
    """What to think of what is refuted: a source may print what is wrong, and the catalog know it."""
    if wrong := report.summary.unexpected:
        return f"{wrong} verdict{' is' if wrong == 1 else 's are'} not as the catalog expects."
    if report.summary.refuted:
        return "All as the catalog expects: what is refuted is printed in a source, and wrong."
    return ""


def contents(groups: Sequence[tuple[str, Sequence[Listed]]]) -> Markup:
    """The list of groups that stands beside."""
    return beside(((anchor(group), group.replace("_", " ")) for group, _ in groups), "Groups")


def _finder() -> Markup:
    """Search and filters; hidden until a script makes them work."""
    boxes = [
        tag("label", tag("input", type="checkbox", name="verdict", value=verdict), " ", badge(verdict))
        for verdict in VERDICTS
    ]
    return tag(
        "form",
        tag("label", "Search", for_="search"),
        tag("input", type="search", id="search", autocomplete="off", placeholder="name, title or group",
            spellcheck="false"),
        tag("fieldset", tag("legend", "Formulas with a claim that is"), *boxes),
        tag("p", "", id="found", role="status", aria_live="polite"),
        id="finder", role="search", hidden=True, aria_label="Formulas",
    )  # fmt: skip


def _group(group: str, listed: Sequence[Listed], introductions: Mapping[str, str]) -> Markup:
    about = introductions.get(group, "")
    return tag(
        "section",
        tag("h2", group.replace("_", " ")),
        tag("p", about) if about else "",
        tag("ul", *(_line(one) for one in listed), class_="formulas"),
        id=anchor(group), class_="group", aria_label=group.replace("_", " "),
    )  # fmt: skip


def _line(one: Listed) -> Markup:
    counts = {verdict: sum(claim.verdict == verdict for claim in one.entry.claims) for verdict in VERDICTS}
    verdicts = " ".join(verdict for verdict, count in counts.items() if count)
    words = " ".join([one.entry.name, one.title, one.entry.group.replace("_", " "), *one.aliases]).casefold()
    return tag(
        "li",
        tag("a", one.title or one.entry.name, href=f"formulas/{one.page}"),
        tag("span", one.entry.name, class_="name"),
        tag("span", *_marks(counts), class_="marks"),
        data_verdicts=verdicts, data_words=words,
    )  # fmt: skip


def _marks(counts: Mapping[str, int]) -> Iterator[Markup]:
    for verdict, count in counts.items():
        if count:
            word = "agree" if verdict == "agrees" and count > 1 else verdict
            yield tag("span", f"{count} {word}", class_=f"tally {verdict}")
