"""The algebra: shows that the two sides of a claim are equal for every size and every point, or says nothing."""

from collections.abc import Callable

import msgspec

from derive.algebra import induction
from derive.algebra.lemmas import by_lemmas, is_lemma
from derive.algebra.normal import Normalizer
from derive.algebra.ordering import is_at_least, is_equal
from derive.algebra.polynomial import Polynomial, node_of
from derive.algebra.recurrences import step_place, stepped
from derive.algebra.singular import beyond, place_text, singular_places
from derive.algebra.steps import Steps
from derive.algebra.zero import is_zero
from derive.binding import replace
from derive.calculus import has_derivative
from derive.errors import UndefinedError, UnsupportedError
from derive.expression import Axis, Derivative, Element, Index, Node, Number, Tensor, number
from derive.formula import Claim, Definition, Findings, Formula, mentioned
from derive.links import Links, links
from derive.readings import readings
from derive.resolution import Resolution, at

MAX_CASES = 64
MAX_STEPS = 16


class Proof(msgspec.Struct, frozen=True):
    """equal: whether left == right was shown.  reason: why not.  facts: what the proof relies on.

    opened: the definitions that were read, the others being names; None for a proof that is no single comparison.
    links: the derivatives that stayed names, None if all were worked out.
    """

    equal: bool
    reason: str = ""
    facts: tuple[str, ...] = ()
    opened: frozenset[Tensor] | None = None
    links: Links | None = None


class Algebra:
    """What the proofs of one formula's claims share: derivations and normal forms.

    steps: every step of the proofs, for whoever checks or reads them; None unless they are to be recorded.
    derivatives: what the steps name beside the formula's own tensors, derivatives as programs of definitions.
    known: claims that are not tried again.
    """

    def __init__(self, formula: Formula, is_recorded: bool = False, known: Findings | None = None) -> None:
        self.formula, self.known = formula, known or {}
        self.steps = Steps() if is_recorded else None
        self.resolution = Resolution(formula, self.steps)
        self.definitions, self.resolve = self.resolution.definitions, self.resolution.resolve
        self.derivatives = self.resolution.told
        self.inner = False  # while a lemma is proved, which uses no lemma itself
        self.rings: dict[tuple[frozenset[Tensor], frozenset[Tensor]], Normalizer] = {}
        self.closed: dict[Tensor, tuple[Index, ...]] = {}
        self.shown: dict[Claim, tuple[str, ...]] = {}
        self._close()

    def ring(self, expanded: bool) -> Normalizer:
        """A normal form in which definitions are atoms, or in which they are expanded to the inputs."""
        return self._ring(frozenset(self.definitions) if expanded else frozenset())

    def _ring(self, expanded: frozenset[Tensor], named: Links | None = None) -> Normalizer:
        """The normal form that expands some definitions and keeps the others, and the links, as atoms."""
        kept = named.kept if named else frozenset[Tensor]()
        known = self.rings.get((expanded, kept))
        if known is None:

            def definition(part: Element) -> Node | None:
                if part.tensor in kept:
                    return None
                return self.expansion(part) if part.tensor in expanded else self.resolution.adjoint(part)

            def resolve(node: Derivative) -> Node:
                name = self.resolution.name(node) if kept else None
                return name if name is not None and name.tensor in kept else self.resolve(node)

            known = self.rings[expanded, kept] = Normalizer(definition, resolve, self.steps)
        return known

    def expansion(self, part: Element) -> Node | None:
        """What an element stands for by its definition; a recurrence stays as it is."""
        found = self.definitions.get(part.tensor)
        if found is None:
            return self.resolution.adjoint(part)
        return self._recurrence_at(part, found) if found.bases else at(part, found.indices, found.body)

    def _recurrence_at(self, part: Element, definition: Definition) -> Node | None:
        """A recurrence at a step that is a number is written out; elsewhere it stays."""
        place = step_place(definition)
        step = part.subscripts[place]
        if isinstance(step, Number) and step.numerator <= MAX_STEPS:
            return stepped(definition, part)
        return None

    # ------------------------------------------------------------------------- closed forms

    def _close(self) -> None:
        """Show the claims that give a recurrence in closed form; later proofs then read that form.

        Such a claim has an element of the recurrence alone on the left, and on the right no recurrence
        but those already closed.
        """
        recurrences = {d.tensor for d in self.formula.definitions if d.bases}
        for claim in self.formula.claims if recurrences else ():
            left = claim.left
            if not isinstance(left, Element) or left.tensor not in recurrences or left.tensor in self.closed:
                continue
            indices = tuple(s for s in left.subscripts if isinstance(s, Index))
            covered = tuple(i.axis for i in indices) == left.tensor.axes and len(set(indices)) == len(indices)
            others = mentioned(claim.right) & recurrences
            if claim.operator != "==" or not covered or not others <= self.closed.keys():
                continue
            facts = self._quietly(self._closed_form, claim)
            if facts is not None:
                self.shown[claim] = facts
                self.closed[left.tensor] = indices
                self.definitions[left.tensor] = self.resolution.define(left.tensor, indices, claim.right)
                self.rings.clear()

    def _closed_form(self, claim: Claim) -> tuple[str, ...] | None:
        """The facts of a proof by induction, None too where the form has no value though the recurrence has one."""
        facts = self._by_induction(claim)
        return None if facts is None or self._undefined(claim) else facts

    @staticmethod
    def _quietly(way: Callable[[Claim], tuple[str, ...] | None], claim: Claim) -> tuple[str, ...] | None:
        try:
            return way(claim)
        except (UnsupportedError, UndefinedError, RecursionError):
            return None

    # ------------------------------------------------------------------------------ claims

    def prove(self, claim: Claim) -> Proof:
        """Definitions as atoms first, then expanded; then value by value where an axis is a small number."""
        if claim in self.known:
            facts = self.known[claim]
            return Proof(facts is not None, "" if facts is not None else "no proof was found before", facts or ())
        if claim in self.shown:
            return Proof(True, "", self.shown[claim])
        try:
            proof = self._shown(claim)
            undefined = self._undefined(claim, proof.opened == self.definitions.keys()) if proof.equal else ""
        except (UnsupportedError, RecursionError) as error:
            return Proof(False, str(error))
        except UndefinedError as error:
            return Proof(False, f"undefined: {error}")
        return Proof(False, undefined) if undefined else proof

    def _shown(self, claim: Claim) -> Proof:
        reason, has_links, done = "", False, set[frozenset[Tensor]]()
        for opened, named, effort in readings(self.resolution, claim):
            if opened in done and not named:
                continue
            has_links = has_links or named is not None
            ring = self._ring(opened, named)
            ring.facts.clear()
            ring.effort, ring.most = 0, effort
            try:
                if self._holds(ring, claim):
                    return Proof(True, "", tuple(ring.facts), opened, named)
                reason = "the normal forms of the two sides differ"
            except UnsupportedError as error:
                reason = str(error)
            except RecursionError:
                reason = "the expression is nested too deeply"
            if ring.effort <= effort:
                done |= set() if named else {opened}
            elif has_links:
                break  # with more definitions read it is no less work
        ways = (self._by_values, self._by_induction, self._by_lemmas)
        for other in ways if claim.operator == "==" else (self._by_ordered_induction,):
            facts = self._quietly(other, claim)
            if facts is not None:
                return Proof(True, "", facts)
        return Proof(False, reason)

    def forms(self, claim: Claim, proof: Proof) -> tuple[Node, Node]:
        """The normal forms of both sides, compared once more, with the definitions read that the proof opened."""
        ring = self._ring(proof.opened or frozenset(), links(self.resolution, claim) if proof.links else None)
        self._holds(ring, claim)
        return ring.canonical(claim.left), ring.canonical(claim.right)

    @staticmethod
    def _holds(ring: Normalizer, claim: Claim) -> bool:
        """Equal sides have a difference of 0; ordered ones a difference of no negative term or factor."""
        if claim.operator == "==":
            return is_equal(ring, claim.left, claim.right)
        more, less = (claim.left, claim.right) if claim.operator == ">=" else (claim.right, claim.left)
        return is_at_least(ring, more, less)

    def _undefined(self, claim: Claim, expanded_first: bool = False) -> str:
        """Where the right side may be undefined though the left is not, "" if nowhere.

        Asked with definitions read and with definitions as names, first as the proof had them.
        """
        left, right = self._bodies(claim.left), self._bodies(claim.right)
        for expanded in (expanded_first, not expanded_first):
            ring = self.ring(expanded)
            of_right = singular_places(ring, right - left, 2 * has_derivative(claim.right))
            more = of_right and beyond(ring, of_right, singular_places(ring, left, int(has_derivative(claim.left))))
            if not more:
                return ""
            reason = f"the right side may be undefined where {min(map(place_text, more))}"
        return reason

    def _bodies(self, node: Node) -> set[Node]:
        """The expression and the bodies of all definitions that it depends on."""
        bodies = {node}
        for definition in self.resolution.needed(node):
            bodies |= {definition.body, *(base for _, base in definition.bases)}
        return bodies

    def _by_induction(self, claim: Claim) -> tuple[str, ...] | None:
        return induction.by_induction(claim, self.definitions, self.expansion, self.resolve, self.steps)

    def _by_ordered_induction(self, claim: Claim) -> tuple[str, ...] | None:
        return induction.by_ordered_induction(claim, self.definitions, self.expansion, self.resolve, self.steps)

    def _by_lemmas(self, claim: Claim) -> tuple[str, ...] | None:
        """With the derivatives of recurrences that other claims have in closed form, proved without this one."""
        if self.inner or not (has_derivative(claim.left) or has_derivative(claim.right)):
            return None
        self.inner = True
        try:
            others = [c for c in self.formula.claims if c is not claim and self._tells_a_recurrence(c)]
            shown = [(c, proof.facts) for c in others if (proof := self.prove(c)).equal]
        finally:
            self.inner = False
        return by_lemmas(claim, shown, self.expansion, self.resolve, self.steps)

    def _tells_a_recurrence(self, claim: Claim) -> bool:
        return is_lemma(claim) and any(d.bases for d in self.resolution.needed(claim.left))

    def _by_values(self, claim: Claim) -> tuple[str, ...] | None:
        """Every value of the free indices that run over a literal axis, one by one."""
        cases: list[dict[Index, Node]] = [{}]
        for index in claim.indices:
            match index.axis:
                case Axis(Number(start), Number(size)) if len(cases) * size <= MAX_CASES:
                    cases = [{**case, index: number(v)} for case in cases for v in range(start, start + size)]
        if len(cases) == 1:
            return None
        difference = claim.left - claim.right
        ring = self.ring(True)
        ring.facts.clear()
        return tuple(ring.facts) if all(is_zero(ring, ring(replace(difference, case))) for case in cases) else None


def prove(formula: Formula, claim: Claim) -> Proof:
    return Algebra(formula).prove(claim)


def derived(formula: Formula, node: Derivative) -> Node:
    """The derivative in the engine's own normal form, definitions kept by name."""
    algebra = Algebra(formula)
    result: Polynomial = algebra.ring(False)(node)
    return node_of(result)
