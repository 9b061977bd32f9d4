r"""A formula as LaTeX: its definitions, its derivatives in index notation for every size, and how they are derived."""

from collections.abc import Iterable, Mapping
from contextlib import suppress

from derive.adjoints import Adjoint, Reverse
from derive.algebra.normal import Normalizer
from derive.binding import rebuilt, replace, total, walk
from derive.errors import UndefinedError, UnsupportedError
from derive.expression import (
    ZERO,
    Add,
    Axis,
    Call,
    Derivative,
    Element,
    Index,
    Multiply,
    Node,
    Number,
    Power,
    Tensor,
    add,
    element,
    multiply,
    power,
)
from derive.formula import Claim, Definition, Formula
from derive.printing.display import Display
from derive.printing.letters import letter, unused
from derive.proof import Algebra, derived

SMALL = 30  # nodes up to which a step is shown in the engine's form beside the proved one


def result(formula: Formula) -> Display:
    """The definitions, then every claimed derivative and every proved claim, for every size.

    A derivative stands in the claim's form where the algebra proves it, else in the engine's own.
    """
    display, algebra = _display(formula), Algebra(formula)
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


def _display(formula: Formula) -> Display:
    return Display(formula.name, formula.title, letters(formula))


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


def tidy(node: Node) -> Node:
    """A derived form in reading order: what is added, what is subtracted, numbers; derivatives behind factors.

    A power of an exponential is the exponential of a multiple.
    """
    changed = rebuilt(node, tidy) if node.children() else node
    match changed:
        case Add(terms):
            return add(*sorted(terms, key=_place))
        case Multiply(factors):
            return multiply(*sorted(factors, key=lambda factor: isinstance(factor, Derivative)))
        case Power(Call("exp", argument), Number() as times):
            return power(Call("exp", multiply(abs(times.value), argument)), -1 if times.numerator < 0 else 1)
    return changed


def _place(term: Node) -> int:
    if isinstance(term, Number):
        return 2
    first = term.factors[0] if isinstance(term, Multiply) else term
    return int(isinstance(first, Number) and first.numerator < 0)


def letters(formula: Formula) -> Mapping[Axis, list[str]]:
    """The index letters that the formula itself uses over each axis."""
    found: dict[Axis, list[str]] = {}
    claimed = [index for claim in formula.claims for index in claim.indices]
    for index in [*(i for d in formula.definitions for i in d.indices), *claimed]:
        found.setdefault(index.axis, []).append(str(index.name))
    return found


# -------------------------------------------------------------------------------------- derivations


def derivation(formula: Formula) -> Display:
    """How each claimed derivative comes about: the adjoints of its target, from the last definition to the first."""
    display, algebra = _display(formula), Algebra(formula)
    for definition in formula.definitions:
        define(display, definition)
    for target, claims in _by_target(formula.claims).items():
        forms: dict[Derivative, list[Node]] = {}
        for wanted, right in claims:
            forms.setdefault(wanted, [])
            if algebra.prove(right).equal:
                forms[wanted].append(right.right)
        Chain(display, formula, Reverse(target, formula.definitions), forms).show()
    return display


def _by_target(claims: Iterable[Claim]) -> dict[Node, list[tuple[Derivative, Claim]]]:
    """The claims of a first derivative, by what is differentiated."""
    found: dict[Node, list[tuple[Derivative, Claim]]] = {}
    for claim in claims:
        if isinstance(claim.left, Derivative) and len(claim.left.by) == 1:
            found.setdefault(claim.left.body, []).append((claim.left, claim))
    return found


class Chain:
    """The adjoints of one target as lines: the chain rule over the users of a value, then what it comes to.

    forms: the derivatives wanted, each with the proved forms that its claims give.
    """

    def __init__(
        self, display: Display, formula: Formula, reverse: Reverse, forms: Mapping[Derivative, list[Node]]
    ) -> None:
        self.display, self.reverse, self.forms = display, reverse, forms
        self.letters = letters(formula)
        self.taken = {letter(tensor.name) for tensor in formula.tensors()}
        self.definitions = {definition.tensor: definition for definition in formula.definitions}
        self.made: dict[Tensor, Adjoint] = {}
        self.normal = Normalizer(self._seed)

    def _seed(self, part: Element) -> Node | None:
        """The derivative of the target by itself."""
        found = self.made.get(part.tensor)
        if found is None or not self._is_target(found.of):
            return None
        return replace(found.body, dict(zip((*found.outer, *found.indices), part.subscripts, strict=True)))

    def show(self) -> None:
        for wanted in self.forms:
            try:
                self.reverse.adjoint(wanted.by[0].tensor)
            except (UnsupportedError, UndefinedError, RecursionError) as error:
                self.display.notes.append(f"no derivation by {wanted.by[0].tensor.name}: {error}")
        self.made = {adjoint.tensor: adjoint for adjoint in self.reverse.made.values()}
        waiting = dict(self.forms)
        for adjoint in self.made.values():
            if not self._is_target(adjoint.of) and adjoint.body is not ZERO:
                self._step(adjoint, waiting)
        for wanted, forms in waiting.items():
            for form in forms:
                self.display.add(wanted, form)

    def _step(self, adjoint: Adjoint, waiting: dict[Derivative, list[Node]]) -> None:
        wanted = next((w for w in waiting if _is_plain(w, adjoint.of)), None)
        named = self._named(adjoint.indices, self._own(adjoint.of), adjoint.outer)
        if wanted is not None:
            named = [index for index in wanted.by[0].subscripts if isinstance(index, Index)]
        left = Derivative(self.reverse.target, (element(adjoint.of, *named),))
        users = [user for user in adjoint.users if user is not None]
        lines = []
        if len(users) == len(adjoint.users) and not any(map(self._is_target, users)):
            lines.append(add(*(self._through(user, left.by[0], named) for user in users)))
        body = replace(adjoint.body, dict(zip(adjoint.indices, named, strict=True)))
        # Without a normal form, the chain rule as it stands is a derivation too.
        with suppress(UnsupportedError, UndefinedError):
            body = self.normal.canonical(body)
        reached = waiting.pop(left, [])
        if not reached or sum(1 for _ in walk(body)) <= SMALL:
            lines.append(tidy(self._written(body)))
        lines += reached
        if body is not ZERO or wanted is not None:
            for right in dict.fromkeys(lines):
                self.display.add(left, right)

    def _is_target(self, user: Tensor) -> bool:
        return isinstance(self.reverse.target, Element) and self.reverse.target.tensor is user

    def _own(self, tensor: Tensor) -> list[str]:
        found = self.definitions.get(tensor)
        return [str(index.name) for index in found.indices] if found else []

    def _named(self, indices: Iterable[Index], own: list[str], around: Iterable[Index]) -> list[Index]:
        """The indices under letters that are free here: their definition's own, or those of their axis."""
        taken = self.taken | {letter(str(index.name)) for index in around}
        named = []
        for place, index in enumerate(indices):
            wanted = [*own[place : place + 1], *self.letters.get(index.axis, ())]
            named.append(Index(unused(wanted, taken), index.axis))
            taken.add(letter(str(named[-1].name)))
        return named

    def _through(self, user: Tensor, by: Element, outside: list[Index]) -> Node:
        """The part of the chain rule that goes through one user of the value."""
        around = [*outside, *self.reverse.outer]
        definition = self.definitions[user]
        inside = self._named(definition.indices, self._own(user), around)
        value = element(user, *inside)
        slope = Derivative(value, (by,))
        return total(multiply(Derivative(self.reverse.target, (value,)), slope), *inside)

    def _written(self, node: Node) -> Node:
        """Adjoints as the derivatives that they are."""
        if isinstance(node, Element) and node.tensor in self.made:
            adjoint = self.made[node.tensor]
            outer = dict(zip(adjoint.outer, node.subscripts, strict=False))
            of = element(adjoint.of, *map(self._written, node.subscripts[len(outer) :]))
            return Derivative(replace(self.reverse.target, outer), (of,))
        return rebuilt(node, self._written) if node.children() else node


def _is_plain(wanted: Derivative, of: Tensor) -> bool:
    """Whether this is a derivative by an element of `of` under indices, all different."""
    subscripts = wanted.by[0].subscripts
    return (
        wanted.by[0].tensor is of
        and all(isinstance(s, Index) for s in subscripts)
        and len(set(subscripts)) == len(subscripts)
    )
