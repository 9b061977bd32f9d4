"""The page that says how to read the book."""

from collections.abc import Iterable

from verify.book.frame import badge, sections
from verify.book.html import Markup, join, tag

NOTATION = (
    "Every formula stands here as it was read from the catalog: inputs with their domains, definitions in index "
    "notation, and what is claimed of them. An index that stands alone means for every value; a size such as n stays a "
    "letter, so that one entry speaks for every size. Indices count from 0 where an axis does not say otherwise. The "
    "derivative of L by a name that is defined, ∂L/∂y, counts every way from y to L."
)
PRINTED = (
    "What a source prints is quoted as its LaTeX, read in the language of the catalog, and judged like any other "
    "claim. Where it does not hold, the numbers that show it stand below, and the likely slip. The catalog says "
    "which printed claims it takes to be wrong; a verdict that is not as it expects is marked."
)
PICTURES = (
    "Curves, paths and maps are drawn from the same expressions that the witnesses judge, evaluated by the engine, not "
    "from formulas typed a second time."
)
VERDICTS = {
    "proved": "For every size and every point of the stated domain, except where a comparison turns. Derived by named "
    "rules whose conditions are met, each step compared in exact arithmetic; every other witness agrees.",
    "agrees": "No difference was found at the points tried, in exact arithmetic at several sizes. This is no proof.",
    "refuted": "There is a point of the domain at which the two sides differ, and it stands there, with bounds on "
    "every rounding.",
    "undecided": "Nothing is claimed, for the reason that stands there. It never counts as passed.",
    "conflict": "One witness contradicts another: the engine has a defect.",
}

WITNESSES = {
    "algebra": "Derives the left side and brings both to a normal form, for every size at once. It can say that they "
    "are equal, or nothing. Definitions that it need not read stay names.",
    "exact": "Both sides at random rational points of several sizes, with bounds on every rounding; derivatives "
    "straight from the definitions. It can find a point where they differ, or agree to so many digits.",
    "sympy": "The formula written out at small sizes and differentiated by SymPy.",
    "differences": "The definitions alone, differentiated by finite differences. The error is relative, and allowed is "
    "what the estimate of their own error leaves open.",
    "reference": "The same operator in libraries that others wrote.",
    "trials": "Laws that an algorithm must obey, on random input.",
}


def content() -> tuple[Markup, Markup]:
    """The content of the page, and the list of its parts."""
    made, parts = sections(
        [
            ("notation", "The formulas", tag("p", NOTATION)),
            ("verdicts", "The verdicts", _terms((badge(name), words) for name, words in VERDICTS.items())),
            ("witnesses", "The witnesses", join(
                tag("p", "None of them trusts another. What each says of a claim stands in its evidence."),
                _terms(WITNESSES.items()))),
            ("printed", "As it is printed", tag("p", PRINTED)),
            ("pictures", "The pictures", tag("p", PICTURES)),
            ("type", "The type", tag("p", "STIX Two, under the ",
                tag("a", "SIL Open Font License", href="assets/OFL.txt"), ", reduced to what is used.")),
        ]
    )  # fmt: skip
    return join(tag("hgroup", tag("h1", "How to read it")), made), parts


def _terms(terms: Iterable[tuple[str, str]]) -> Markup:
    return tag("dl", *(tag("div", tag("dt", name), tag("dd", words)) for name, words in terms))


def without_pictures() -> Markup:
    return join(
        tag("hgroup", tag("h1", "Pictures")),
        tag("p", "This book was built without pictures, which need matplotlib and networkx: ",
            tag("code", "pip install matplotlib networkx"), "."),
    )  # fmt: skip
