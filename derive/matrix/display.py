"""The matrix forms of a formula as lines to show, each converted back into index notation and proved."""

from collections.abc import Iterable, Iterator, Sequence

from derive.derivation.deltas import contracted
from derive.derivation.lines import proved_forms
from derive.derivation.reading import display_of
from derive.errors import UndefinedError, UnsupportedError
from derive.expression import Add, Derivative, Element, Index, Multiply, Node, add, element, multiply
from derive.formula import Claim, Formula
from derive.matrix.forms import Form
from derive.matrix.products import LARGEST, weight
from derive.matrix.recognition import NoForm, matrix_form
from derive.printing.display import Display
from derive.printing.text import text
from derive.proof import Algebra


def matrices(formula: Formula, wanted: Node | None = None) -> Display:
    """The definitions and the claimed derivatives in matrices; with `wanted`, that alone.

    A form is shown only where the algebra proves it equal to what it stands for. Where there is none, a note says why.
    """
    display = display_of(formula)
    algebra = Algebra(formula)
    for left, rights in _sides(formula, algebra, wanted):
        try:
            shown, form = _best(formula, algebra, left, rights)
        except NoForm as why:
            display.notes.append(f"no matrix form of {text(left)}: {why}")
        else:
            display.draw(left, form.entry(*(*_out(left), None, None)[:2]), shown, form)
    return display


def _sides(formula: Formula, algebra: Algebra, wanted: Node | None) -> Iterator[tuple[Node, list[Node]]]:
    """What has a matrix form, perhaps, with the index expressions of it, best first."""
    asked: Sequence[Node]
    if wanted is None:
        for definition in formula.definitions:
            if not definition.bases:
                yield element(definition.tensor, *definition.indices), [definition.body]
        asked = [claim.left for claim in formula.claims if claim.origin == "claim"]
        asked = [left for left in asked if isinstance(left, Derivative)]
    else:
        asked = [wanted]
    for left in dict.fromkeys(asked):
        rights = [form for form, _ in proved_forms(formula, algebra, left)]
        yield left, [*rights, *_own(formula, left, rights)]


def _own(formula: Formula, left: Node, known: list[Node]) -> list[Node]:
    from derive.forms.shortest import shortest

    if not isinstance(left, Derivative):
        return [] if known else [left]
    try:
        return [shortest(formula, left).whole]
    except (UnsupportedError, UndefinedError, RecursionError):
        return []


def _best(formula: Formula, algebra: Algebra, left: Node, rights: Iterable[Node]) -> tuple[Form, Form]:
    """The left side and the right side as matrices. Raises NoForm with the first reason found."""
    out = _out(left)
    shown = matrix_form(left, out)
    found: list[Form] = []
    why: NoForm | None = None
    for right in rights:
        for written in dict.fromkeys((contracted(right), contracted(multiplied_out(right)))):
            try:
                found.append(matrix_form(written, out))
            except NoForm as reason:
                why = why or reason
    for form in sorted(found, key=weight):
        if weight(form) > LARGEST:
            raise NoForm("it is longer than the index notation")
        if is_right(formula, algebra, left, form, out):
            return shown, form
        why = NoForm("the form that was found is not proved equal")
    raise why or NoForm("the derivative has no form of its own")


def is_right(formula: Formula, algebra: Algebra, left: Node, form: Form, out: tuple[Index, ...]) -> bool:
    """Whether the form, converted back into index notation, is proved to be the left side."""
    r, c = (*out, None, None)[:2]
    back = form.entry(r, c)
    claim = Claim(left, "==", back, f"{text(left)} == {text(back)}", formula.place)
    return algebra.prove(claim).equal


def _out(left: Node) -> tuple[Index, ...]:
    """The free indices in the order in which the left side has them: rows, then columns."""
    elements = [left.body, *left.by] if isinstance(left, Derivative) else [left]
    found = [s for part in elements if isinstance(part, Element) for s in part.subscripts if isinstance(s, Index)]
    rest = sorted((i for i in left.free if isinstance(i, Index)), key=lambda i: str(i.name))
    return tuple(dict.fromkeys([*found, *rest]))


def multiplied_out(node: Node) -> Node:
    """A product with the sums in it multiplied out, once."""
    match node:
        case Add(terms):
            return add(*map(multiplied_out, terms))
        case Multiply(factors):
            for place, factor in enumerate(factors):
                if isinstance(factor, Add):
                    others = (*factors[:place], *factors[place + 1 :])
                    return add(*(multiplied_out(multiply(*others, term)) for term in factor.terms))
    return node
