r"""A formula as lines to show: its definitions, and its derivatives in index notation for every size."""

from derive.algebra.polynomial import node_of
from derive.calculus import has_derivative
from derive.derivation.lines import Check, Lines, proved_forms
from derive.derivation.reading import display_of, tidy
from derive.errors import UndefinedError, UnsupportedError
from derive.expression import Derivative, Node, element
from derive.formula import Definition, Formula
from derive.printing.display import Display
from derive.printing.text import text
from derive.proof import Algebra, derived


def result(formula: Formula) -> Display:
    """The definitions, then every claimed derivative and every proved claim, for every size.

    A derivative stands in the claim's form where the algebra proves it, else in the engine's own.
    """
    display, algebra = display_of(formula), Algebra(formula)
    for definition in formula.definitions:
        define(display, definition)
    # What sources print is for `--printed`, unless there is nothing else.
    claims = [claim for claim in formula.claims if claim.origin == "claim"] or formula.claims
    proved = {claim: algebra.prove(claim).equal for claim in claims}
    shown = {claim.left for claim in claims if proved[claim]}
    for claim in claims:
        if proved[claim]:
            display.add(claim.left, claim.right, claim.operator)
        elif claim.left not in shown and isinstance(claim.left, Derivative):
            shown.add(claim.left)
            derive(display, formula, claim.left)
        elif claim.left not in shown:
            display.notes.append(f"not proved, so not shown: {claim.text}")
    if formula.algorithm and not display.lines:
        display.notes.append(f"the algorithm {formula.algorithm} has no formula; `derive check` tells its laws")
    return display


def expressed(formula: Formula, node: Node, check: Check | None = None) -> Display:
    """One expression: what its derivatives come to; one without derivatives, written out in the inputs.

    A derivative stands in the forms that are claimed and proved, if there are any.  check: as in `derivation`.
    """
    display = display_of(formula)
    lines = Lines(display, formula, check)
    forms = proved_forms(formula, Algebra(formula), node)
    if not forms:
        from derive.forms.shortest import shortest  # which reads this module

        try:
            if isinstance(node, Derivative):
                forms = [(shortest(formula, node).whole, ())]
            else:
                ring = Algebra(formula).ring(expanded=not has_derivative(node))
                forms = [(tidy(node_of(ring(node))), ())]
        except (UnsupportedError, UndefinedError, RecursionError) as error:
            display.notes.append(f"no derived form of {text(node)}: {error}")
    for form, _ in forms:
        lines.add(node, form)
    return display


def define(display: Display, definition: Definition) -> None:
    """The lines of one definition: its starting values, then its body; a literal array stands as a whole."""
    for subscripts, body in definition.bases:
        display.add(element(definition.tensor, *subscripts), body)
    display.add(element(definition.tensor, *definition.indices), definition.body)


def derive(display: Display, formula: Formula, wanted: Derivative) -> None:
    try:
        display.add(wanted, tidy(derived(formula, wanted)))
    except (UnsupportedError, UndefinedError, RecursionError) as error:
        display.notes.append(f"no derived form: {error}")


def own_form(formula: Formula, wanted: Derivative) -> Node | None:
    """A derivative in the engine's own form, None where it has none."""
    try:
        return tidy(derived(formula, wanted))
    except (UnsupportedError, UndefinedError, RecursionError):
        return None
