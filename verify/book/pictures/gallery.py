"""Which pictures there are: those of a formula, on its page, and those of the whole book."""

from collections.abc import Iterator, Sequence

from derive.formula import Findings, Formula
from verify.book.drawing import Drawing
from verify.book.html import Markup, join, tag
from verify.book.pictures import curves, evidence, graph, maps, paths
from verify.report import Report


def of_formula(formula: Formula, known: Findings | None = None) -> list[Drawing]:
    """The pictures of a formula, none where nothing about it can be drawn. known: claims that are not proved again."""
    return [*curves.drawn(formula, known), *graph.drawn(formula), *maps.jacobian(formula, known), *maps.masks(formula)]


def of_book(report: Report, formulas: Sequence[Formula]) -> Markup:
    """The page of pictures that are about more than one formula."""
    parts = [
        ("Optimizers", paths.drawn(formulas)),
        ("The step of a difference", _against_step(report, formulas)),
        ("The errors of a check", evidence.errors(report)),
        ("The times of a check", evidence.times(report)),
    ]
    sections = []
    for title, pictures in parts:
        drawn = list(pictures)
        sections += [tag("section", tag("h2", title), *(one.markup() for one in drawn))] if drawn else []
    none = "" if sections else tag("p", "Nothing in this catalog makes a picture of more than one formula.")
    head = tag("hgroup", tag("h1", "Pictures"), tag("p", "Curves, graphs and maps of one formula stand on its page."))
    return join(head, *sections, none)


def _against_step(report: Report, formulas: Sequence[Formula]) -> Iterator[Drawing]:
    """The V curve of the formula with the most definitions that has one."""
    proved = {claim.where for entry in report.formulas for claim in entry.claims if claim.verdict == "proved"}
    for formula in sorted(formulas, key=lambda f: (-len(f.definitions), f.name)):
        for claim in formula.claims:
            if str(claim.place) in proved and evidence.is_smooth(claim):
                drawn = list(evidence.against_step(formula, claim))
                if drawn:
                    yield drawn[0]
                    return
                break
