"""Expressions and displays as MathML of a page."""

from derive.expression import Index, Node, Tensor, element
from derive.formula import Claim, Formula
from derive.printing.display import Display
from derive.printing.mathml import mathml
from verify.book.html import Markup, admitted, tag


def shown(display: Display) -> Markup:
    """The lines of a display; nothing where it has none."""
    source = display.mathml()
    return (
        tag("div", admitted(source), class_="math", tabindex=0, role="group", aria_label="formula")
        if source
        else Markup("")
    )


def inline(node: Node) -> Markup:
    return admitted(mathml(node, "inline"))


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
