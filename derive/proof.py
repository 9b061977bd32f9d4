"""The algebra: shows that the two sides of a claim are equal for every size and every point, or says nothing."""

from dataclasses import dataclass

from derive.calculus import Reverse, has_derivative
from derive.errors import UndefinedError, UnsupportedError
from derive.expression import (
    Derivative,
    Element,
    Index,
    Node,
    Number,
    Tensor,
    number,
    rebuilt,
    replace,
    walk,
)
from derive.formula import Claim, Definition, Formula
from derive.normal import Normalizer
from derive.polynomial import Polynomial, node_of
from derive.zero import is_zero

MAX_CASES = 64


@dataclass(frozen=True)
class Proof:
    """equal: whether left == right was shown.  reason: why not.  facts: what the proof relies on."""

    equal: bool
    reason: str = ""
    facts: tuple[str, ...] = ()


class Algebra:
    """What the proofs of one formula's claims share: derivations and normal forms."""

    def __init__(self, formula: Formula) -> None:
        self.formula = formula
        self.definitions = {d.tensor: d for d in formula.definitions}
        self.reverses: dict[Node, Reverse] = {}
        self.synthetic: dict[Tensor, tuple[tuple[Index, ...], Node]] = {}
        self.resolved: dict[Derivative, Node] = {}
        self.rings: dict[bool, Normalizer] = {}

    def ring(self, expanded: bool) -> Normalizer:
        """A normal form in which definitions are atoms, or in which they are expanded to the inputs."""
        known = self.rings.get(expanded)
        if known is None:
            known = self.rings[expanded] = Normalizer(self._every if expanded else self._only_adjoints, self.resolve)
        return known

    def _only_adjoints(self, tensor: Tensor) -> tuple[tuple[Index, ...], Node] | None:
        return self.synthetic.get(tensor)

    def _every(self, tensor: Tensor) -> tuple[tuple[Index, ...], Node] | None:
        found = self.definitions.get(tensor)
        if found is None:
            return self.synthetic.get(tensor)
        return None if found.bases else (found.indices, found.body)

    # ------------------------------------------------------------------------- derivatives

    def resolve(self, node: Derivative) -> Node:
        """The derivative as an expression that reads inputs, definitions and adjoints."""
        known = self.resolved.get(node)
        if known is None:
            body = self._without_derivatives(node.body)
            for by in node.by:
                body = self._step(body, by)
            known = self.resolved[node] = body
        return known

    def _step(self, target: Node, by: Element) -> Node:
        reverse = self._reverse(target)
        value = reverse.by(by)
        for adjoint in reverse.made.values():
            self.synthetic[adjoint.tensor] = ((*adjoint.outer, *adjoint.indices), adjoint.body)
        return value

    def _reverse(self, target: Node) -> Reverse:
        known = self.reverses.get(target)
        if known is None:
            known = self.reverses[target] = Reverse(target, self._program(target), f"#{len(self.reverses)}")
        return known

    def _program(self, target: Node) -> list[Definition]:
        """The formula's definitions, derivatives in them resolved, and the adjoints that the target reads, in order."""
        program = []
        for definition in self.formula.definitions:
            body = self._without_derivatives(definition.body)
            program.append(
                definition
                if body is definition.body
                else _with_body(definition, definition.tensor, definition.indices, body)
            )
        pattern = program[0] if program else None
        for tensor in self._adjoints_read(target):
            indices, body = self.synthetic[tensor]
            assert pattern is not None
            program.append(_with_body(pattern, tensor, indices, body))
        return program

    def _adjoints_read(self, node: Node) -> list[Tensor]:
        """The adjoint tensors below a node, each after those that its own body reads."""
        found: dict[Tensor, None] = {}

        def visit(part: Node) -> None:
            for tensor in sorted({p for p in walk(part) if isinstance(p, Tensor)}, key=lambda t: t.serial):
                if tensor in self.synthetic and tensor not in found:
                    visit(self.synthetic[tensor][1])
                    found.setdefault(tensor)

        visit(node)
        return list(found)

    def _without_derivatives(self, node: Node) -> Node:
        if not has_derivative(node):
            return node
        if isinstance(node, Derivative):
            return self.resolve(node)
        return rebuilt(node, self._without_derivatives)

    # ------------------------------------------------------------------------------ claims

    def prove(self, claim: Claim) -> Proof:
        """Definitions as atoms first, then expanded; then value by value where an axis is a small number."""
        if claim.operator != "==":
            return Proof(False, "inequalities are not proved")
        reason = ""
        for expanded in (False, True):
            try:
                if self._is_zero(claim.left - claim.right, expanded):
                    return self._proof(expanded)
                reason = "the normal forms of the two sides differ"
            except UnsupportedError as error:
                reason = str(error)
            except UndefinedError as error:
                return Proof(False, f"undefined: {error}")
            except RecursionError:
                reason = "the expression is nested too deeply"
        try:
            if self._by_values(claim):
                return self._proof(True)
        except (UnsupportedError, UndefinedError):
            pass
        return Proof(False, reason)

    def _proof(self, expanded: bool) -> Proof:
        facts = [*self.ring(False).facts, *(self.ring(True).facts if expanded else ())]
        return Proof(True, "", tuple(dict.fromkeys(facts)))

    def _is_zero(self, difference: Node, expanded: bool) -> bool:
        ring = self.ring(expanded)
        return is_zero(ring, ring(difference))

    def _by_values(self, claim: Claim) -> bool:
        """Every value of the free indices that run over a literal axis, one by one."""
        fixed = [i for i in claim.indices if isinstance(i.axis.size, Number) and isinstance(i.axis.start, Number)]
        count = 1
        for index in fixed:
            count *= index.axis.size.numerator  # type: ignore[attr-defined]
        if not fixed or count > MAX_CASES:
            return False
        cases: list[dict[Index, Node]] = [{}]
        for index in fixed:
            start = index.axis.start.numerator  # type: ignore[attr-defined]
            values = range(start, start + index.axis.size.numerator)  # type: ignore[attr-defined]
            cases = [{**case, index: number(v)} for case in cases for v in values]
        difference = claim.left - claim.right
        return all(self._is_zero(replace(difference, case), True) for case in cases)


def _with_body(like: Definition, tensor: Tensor, indices: tuple[Index, ...], body: Node) -> Definition:
    return Definition(tensor, indices, body, like.text, like.place, ())


def prove(formula: Formula, claim: Claim) -> Proof:
    return Algebra(formula).prove(claim)


def derived(formula: Formula, node: Derivative) -> Node:
    """The derivative in the engine's own normal form, definitions kept by name."""
    algebra = Algebra(formula)
    result: Polynomial = algebra.ring(False)(node)
    return node_of(result)
