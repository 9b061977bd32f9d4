"""Which pictures there are: those of a formula, on its page, and those of the whole book."""

from collections.abc import Iterator, Sequence

from derive.formula import Findings, Formula
from verify.book.drawing import Drawing
from verify.book.frame import sections
from verify.book.html import Markup, join, tag
from verify.book.pictures import curves, evidence, graph, maps, paths
from verify.report import Report


def of_formula(formula: Formula, known: Findings | None = None) -> list[Drawing]:
    """The pictures of a formula, none where nothing about it can be drawn. known: claims that are not proved again."""
    return [*curves.drawn(formula, known), *graph.drawn(formula), *maps.jacobian(formula, known), *maps.masks(formula)]


def of_book(report: Report, formulas: Sequence[Formula]) -> tuple[Markup, Markup]:
    """The content of the page of pictures that are about more than one formula, and the list of its parts."""
    parts = [
        ("optimizers", "Optimizers", paths.drawn(formulas)),
        ("step", "The step of a difference", _against_step(report, formulas)),
        ("errors", "The errors of a check", evidence.errors(report)),
        ("times", "The times of a check", evidence.times(report)),
    ]
    drawn = [(key, title, join(*(one.markup() for one in pictures))) for key, title, pictures in parts]
    made, beside = sections(part for part in drawn if part[2])
    none = "" if made else tag("p", "Nothing in this catalog makes a picture of more than one formula.")
    head = tag("hgroup", tag("h1", "Pictures"), tag("p", "Curves, graphs and maps of one formula stand on its page."))
    return join(head, made, none), beside


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
