"""Derivations: how a derivative comes about, line by line, each with its rule and none shown that a check refutes."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress

from derive.adjoints import Adjoint, Reverse
from derive.algebra.normal import Normalizer
from derive.binding import rebuilt, replace, total, walk
from derive.derivation.deltas import contracted
from derive.derivation.lines import Check, Lines, needed, proved_forms, reads, since
from derive.derivation.reading import display_of, folded, letters, tidy
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
from derive.forms.style import cost
from derive.formula import Findings, Formula, mentioned
from derive.printing.display import Display, Words
from derive.printing.letters import letter, unused
from derive.proof import Algebra

SHORTER = 0.9  # of its length has a form that is worth a line of its own


def derivation(
    formula: Formula,
    check: Check | None = None,
    wanted: Iterable[Derivative] | None = None,
    known: Findings | None = None,
) -> Display:
    """How derivatives come about: the adjoints of each target, from the last definition to the first.

    wanted: those to derive (default: all that the formula claims).  check: is asked about every line but the
    definitions; one that differs is not shown and stands among the display's failures, one of which the check cannot
    tell is not shown and stands among its notes. Without a check every line is shown as derived.  known: claims
    that are not proved again.
    """
    display = display_of(formula)
    display.is_derivation = True
    algebra = Algebra(formula, known=known)
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
        claimed = {_unordered(right): (right, words) for right, words in reached}
        for right, rule in self._derived(adjoint, left, named, is_final=not reached):
            form = _unordered(right)
            if form in claimed:
                right, _ = claimed.pop(form)
                rule = (*rule, ": the claimed form")
            elif form in shown:
                continue
            shown.add(form)
            self.lines.add(left, right, rule)
        for right, words in claimed.values():
            self.lines.add(left, right, words)

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
        short = tidy(folded(contracted(raw)))
        deltas = "sums over a delta keep one term" if _has_delta(raw) and not _has_delta(short) else "simplified"
        yield short, (deltas,)
        # Without a normal form, the chain rule as it stands is a derivation too.
        with suppress(UnsupportedError, UndefinedError):
            self.normal.facts.clear()
            final = tidy(self._written(self.normal.canonical(body)))
            if cost(final) < SHORTER * cost(short) or (is_final and _has_delta(short)):
                yield final, (since("collected", self.normal.facts),)

    def _is_direct(self, user: Tensor, of: Tensor) -> bool:
        """Whether a definition reads a tensor by itself alone, so that its total derivative is its own slope."""
        read = reads(self.definitions[user])
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
