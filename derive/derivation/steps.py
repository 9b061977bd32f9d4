"""Derivations: how a derivative comes about, line by line, each with its rule and none shown that a check refutes."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

from derive.adjoints import Adjoint, Reverse
from derive.algebra.normal import Normalizer
from derive.binding import rebuilt, replace, total, walk
from derive.derivation.deltas import contracted
from derive.derivation.reading import folded, letters, tidy
from derive.derivation.rules import rules
from derive.errors import UndefinedError, UnsupportedError
from derive.expression import (
    ZERO,
    Add,
    Delta,
    Derivative,
    Element,
    Index,
    Multiply,
    Node,
    Tensor,
    add,
    element,
    multiply,
)
from derive.formula import Claim, Definition, Formula, mentioned, renaming
from derive.printing.display import DEFINITION, Display, Words
from derive.printing.letters import letter, unused
from derive.printing.text import text
from derive.proof import Algebra, derived

SMALL = 30  # nodes up to which a step is shown in the engine's form beside the proved one


@dataclass(frozen=True)
class Checked:
    """What exact arithmetic says of a step. reason: where it differs, or why it cannot tell."""

    says: Literal["agrees", "differs", "cannot tell"]
    reason: str = ""


Check = Callable[[Claim], Checked]


def derivation(formula: Formula, check: Check | None = None, wanted: Iterable[Derivative] | None = None) -> Display:
    """How derivatives come about: the adjoints of each target, from the last definition to the first.

    wanted: those to derive (default: all that the formula claims).  check: is asked about every line but the
    definitions; one that differs is not shown and stands among the display's failures, one of which the check cannot
    tell is not shown and stands among its notes. Without a check every line is shown as derived.
    """
    display = Display(formula.name, formula.title, letters(formula), is_derivation=True)
    algebra = Algebra(formula)
    lines = Lines(display, formula, check)
    chosen = _claimed(formula) if wanted is None else list(dict.fromkeys(wanted))
    definitions = {definition.tensor: definition for definition in formula.definitions}
    read = needed(definitions, [tensor for node in chosen for tensor in mentioned(node)])
    for definition in formula.definitions:
        if definition.tensor in read:
            lines.define(definition)
    targets: dict[Node, dict[Derivative, list[tuple[Node, Words]]]] = {}
    for derivative in chosen:
        if len(derivative.by) == 1:
            targets.setdefault(derivative.body, {})[derivative] = proved_forms(formula, algebra, derivative)
    for target, forms in targets.items():
        Chain(lines, formula, Reverse(target, formula.definitions), forms).show()
    for derivative in chosen:
        if len(derivative.by) > 1:
            lines.repeated(derivative, proved_forms(formula, algebra, derivative))
    return display


def _claimed(formula: Formula) -> list[Derivative]:
    claims = [claim for claim in formula.claims if claim.origin == "claim"] or formula.claims
    return list(dict.fromkeys(claim.left for claim in claims if isinstance(claim.left, Derivative)))


def needed(definitions: Mapping[Tensor, Definition], read: Iterable[Tensor]) -> set[Tensor]:
    """The tensors that some depend on, themselves included."""
    found: set[Tensor] = set()
    waiting = set(read)
    while waiting:
        tensor = waiting.pop()
        found.add(tensor)
        if tensor in definitions:
            waiting |= _reads(definitions[tensor]) - found
    return found


def _reads(definition: Definition) -> frozenset[Tensor]:
    return mentioned(definition.body).union(*(mentioned(body) for _, body in definition.bases))


def since(words: str, facts: Iterable[str]) -> str:
    """A rule with the side relations that it uses."""
    told = "; ".join(facts)
    return f"{words}, since {told}" if told else words


def size(node: Node) -> int:
    return sum(1 for _ in walk(node))


def proved_forms(formula: Formula, algebra: Algebra, wanted: Node) -> list[tuple[Node, Words]]:
    """The forms that the formula claims of an expression and the algebra proves, with what the proofs rest on."""
    forms = dict[Node, Words]()
    for claim in formula.claims:
        names = renaming(wanted, claim.left) if claim.operator == "==" else None
        if names is not None:
            proof = algebra.prove(claim)
            if proof.equal:
                forms.setdefault(replace(claim.right, names), (since("the claimed form", proof.facts),))
    return list(forms.items())


class Lines:
    """The lines of a display, each checked before it is added."""

    def __init__(self, display: Display, formula: Formula, check: Check | None) -> None:
        self.display, self.formula, self.check = display, formula, check

    def define(self, definition: Definition) -> None:
        for subscripts, body in definition.bases:
            self.display.add(element(definition.tensor, *subscripts), body, rule=DEFINITION)
        self.display.add(element(definition.tensor, *definition.indices), definition.body, rule=DEFINITION)

    def add(self, left: Node, right: Node, rule: Words = ()) -> None:
        """A step, if the check finds nothing against it."""
        claim = Claim(left, "==", right, f"{text(left)} == {text(right)}", self.formula.place)
        checked = self.check(claim) if self.check else Checked("agrees")
        match checked.says:
            case "agrees":
                self.display.add(left, right, rule=rule)
            case "differs":
                self.display.failures.append(f"a step fails its check and is not shown: {claim.text}: {checked.reason}")
            case _:
                self.display.notes.append(f"not checked, so not shown: {claim.text}: {checked.reason}")

    def repeated(self, wanted: Derivative, forms: list[tuple[Node, Words]]) -> None:
        """A derivative of higher order: the derivative of the one before."""
        *before, final = wanted.by
        once = Derivative(wanted.body, tuple(before))
        try:
            first = tidy(derived(self.formula, once))
            own = tidy(derived(self.formula, wanted))
        except (UnsupportedError, UndefinedError, RecursionError) as error:
            self.display.notes.append(f"no derivation of {text(wanted)}: {error}")
            return
        if first is not ZERO:
            self.add(wanted, Derivative(first, (final,)), ("the derivative of the derivative",))
        if not forms or size(own) <= SMALL:
            self.add(wanted, own, ("differentiated and collected",))
        for form, rule in forms:
            if form is not own:
                self.add(wanted, form, rule)


class Chain:
    """The adjoints of one target: the chain rule over the users of a value, their derivatives, then what it comes to.

    forms: the derivatives wanted, each with the proved forms that its claims give.
    """

    def __init__(
        self,
        lines: Lines,
        formula: Formula,
        reverse: Reverse,
        forms: Mapping[Derivative, list[tuple[Node, Words]]],
    ) -> None:
        self.lines, self.reverse, self.forms = lines, reverse, forms
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
                self.lines.display.notes.append(f"no derivation by {wanted.by[0].tensor.name}: {error}")
        self.made = {adjoint.tensor: adjoint for adjoint in self.reverse.made.values()}
        waiting = dict(self.forms)
        for adjoint in self.made.values():
            if not self._is_target(adjoint.of) and adjoint.body is not ZERO:
                self._step(adjoint, waiting)
        for wanted, forms in waiting.items():
            for form, rule in forms:
                self.lines.add(wanted, form, rule)

    def _step(self, adjoint: Adjoint, waiting: dict[Derivative, list[tuple[Node, Words]]]) -> None:
        wanted = next((w for w in waiting if _is_plain(w, adjoint.of)), None)
        named = self._named(adjoint.indices, self._own(adjoint.of), adjoint.outer)
        if wanted is not None:
            named = [index for index in wanted.by[0].subscripts if isinstance(index, Index)]
        left = Derivative(self.reverse.target, (element(adjoint.of, *named),))
        reached = waiting.pop(left, [])
        shown = set[object]()
        claimed = {_unordered(right) for right, _ in reached}
        for right, rule in self._derived(adjoint, left, named, is_final=not reached):
            if _unordered(right) not in shown | claimed:
                shown.add(_unordered(right))
                self.lines.add(left, right, rule)
        for right, rule in reached:
            self.lines.add(left, right, rule)

    def _derived(
        self, adjoint: Adjoint, left: Derivative, named: list[Index], is_final: bool
    ) -> Iterator[tuple[Node, Words]]:
        """The chain rule; the users' derivatives in it; their sums over deltas gone; and the normal form."""
        body = replace(adjoint.body, dict(zip(adjoint.indices, named, strict=True)))
        through = [user for user in adjoint.users if user is not None and not self._is_target(user)]
        words: list[str | Tensor] = [
            "chain rule through ",
            *[part for user in through for part in (", ", user)][1:],
            "; ",
        ]
        if len(through) < len(adjoint.users):
            words = []
        elif all(self._is_direct(user, adjoint.of) for user in through):
            yield add(*(self._through(user, left.by[0], named) for user in through)), tuple(words[:-1])
            words = []
        raw = tidy(folded(self._written(body)))
        yield raw, (*words, ", ".join(self._rules(adjoint)))
        short = tidy(contracted(raw))
        deltas = "sums over a delta keep one term" if _has_delta(raw) and not _has_delta(short) else "simplified"
        yield short, (deltas,)
        # Without a normal form, the chain rule as it stands is a derivation too.
        with suppress(UnsupportedError, UndefinedError):
            self.normal.facts.clear()
            final = tidy(self._written(self.normal.canonical(body)))
            if is_final or size(final) < size(short):
                yield final, (since("collected", self.normal.facts),)

    def _is_direct(self, user: Tensor, of: Tensor) -> bool:
        """Whether a definition reads a tensor by itself alone, so that its total derivative is its own slope."""
        read = _reads(self.definitions[user])
        return of not in needed(self.definitions, read - {of})

    def _rules(self, adjoint: Adjoint) -> list[str]:
        found: dict[str, None] = {}
        for user in adjoint.users:
            body = (
                self.reverse.target
                if user is None
                else self.definitions[user].body
                if user in self.definitions
                else None
            )
            found.update(dict.fromkeys(rules(body, adjoint.of) if body is not None else ()))
        return list(found) or ["linear"]

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
        """Adjoints as the derivatives that they are; that of the target by itself worked out."""
        if isinstance(node, Element) and node.tensor in self.made:
            seed = self._seed(node)
            if seed is not None:
                return seed
            adjoint = self.made[node.tensor]
            outer = dict(zip(adjoint.outer, node.subscripts, strict=False))
            of = element(adjoint.of, *map(self._written, node.subscripts[len(outer) :]))
            return Derivative(replace(self.reverse.target, outer), (of,))
        return rebuilt(node, self._written) if node.children() else node


def _has_delta(node: Node) -> bool:
    return any(isinstance(part, Delta) for part in walk(node))


def _unordered(node: Node) -> object:
    """What two forms share that differ in the order of terms or factors."""
    match node:
        case Add(parts) | Multiply(parts):
            return type(node), frozenset(Counter(map(_unordered, parts)).items())
    return node


def _is_plain(wanted: Derivative, of: Tensor) -> bool:
    """Whether this is a derivative by an element of `of` under indices, all different."""
    subscripts = wanted.by[0].subscripts
    return (
        wanted.by[0].tensor is of
        and all(isinstance(s, Index) for s in subscripts)
        and len(set(subscripts)) == len(subscripts)
    )
