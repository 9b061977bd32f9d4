"""Expressions and displays as MathML of a page."""

from derive.expression import ZERO, Axis, Index, Node, Tensor, element
from derive.formula import Claim, Formula
from derive.printing.display import Display
from derive.printing.mathml import mathml
from derive.ranges import last_of
from verify.book.html import Markup, admitted, join, rows, tag


def shown(display: Display) -> Markup:
    """The lines of a display; nothing where it has none."""
    source = display.mathml()
    return boxed(source, "formula") if source else Markup("")


def boxed(source: str, label: str) -> Markup:
    """Mathematics in a box that scrolls by itself where it is wider than the page, by keyboard as well."""
    return tag("div", admitted(source), class_="math", tabindex=0, role="group", aria_label=label)


def steps(source: str, label: str) -> Markup:
    """The lines of a derivation as a table: each with its rule, which breaks where the page is narrow."""
    lines: list[Markup] = []
    for cells in rows(source):
        left, right, *rule = cells
        start = not lines or bool(left)
        lines.append(tag("tr", tag("td", left), tag("td", right), tag("td", *rule),
                         class_="first" if start else None))  # fmt: skip
    heads = tag("tr", *(tag("th", word, scope="col") for word in ("of", "it is", "by")))
    table = tag("table", tag("thead", heads), tag("tbody", *lines), class_="steps")
    return tag("div", table, class_="wide", tabindex=0, role="group", aria_label=label)


def inline(node: Node) -> Markup:
    return admitted(mathml(node, "inline"))


def extent(over: Axis) -> Markup:
    """What an axis runs over: its size, or from where to where."""
    if over.start is ZERO:
        return inline(over.size)
    return join(inline(over.start), " to ", inline(last_of(over)))


def name_of(tensor: Tensor) -> Markup:
    """A tensor as it is named: with an index for each axis."""
    letters = "ijklmnpq"
    return inline(element(tensor, *(Index(letters[place], over) for place, over in enumerate(tensor.axes))))


def relation(display: Display, claim: Claim) -> Markup:
    """One claim as a display of its own, in the letters of its formula."""
    alone = Display(display.name, "", display.letters, display.taken)
    alone.add(claim.left, claim.right, claim.operator)
    return shown(alone)


def of_formula(formula: Formula) -> Display:
    """An empty display in the letters of a formula."""
    from derive.derivation.reading import display_of

    return display_of(formula)
