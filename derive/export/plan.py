"""From a formula to its functions: stable values, and gradients in the cheapest form that is proved."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from derive.binding import rebuilt, replace, walk
from derive.calculus import has_derivative
from derive.errors import UndefinedError, UnsupportedError, nearest
from derive.export.backward import Backward
from derive.export.cost import Cost
from derive.export.deltas import contracted
from derive.export.descriptions import latex_of
from derive.export.lowering import Lowering
from derive.export.program import Graph, Value, reached
from derive.export.stable import CHEAPER, Rewriting, Stable
from derive.export.subscripts import simplified
from derive.export.targets import Target, formal, targets
from derive.expression import (
    Derivative,
    Element,
    Expect,
    Node,
    Size,
    Tensor,
    element,
)
from derive.formula import Claim, Definition, Findings, Formula, mentioned
from derive.proof import Algebra
from derive.selection import visible


@dataclass
class Routine:
    """One value with its gradients.

    inputs: the arguments of forward.  parameters: sizes that no shape tells.  value: what forward returns.  gradients:
    what backward returns, by the input.  saved: the values that forward hands to backward.  sources: for each
    gradient, how it was found: the text of the claim, or "derived".
    """

    name: str
    target: Target
    inputs: tuple[Tensor, ...]
    value: Value
    gradients: tuple[tuple[Tensor, Value], ...]
    saved: tuple[Value, ...]
    sources: tuple[str, ...]


@dataclass
class Module:
    """All functions of one formula, and the stable rewritings that were made for them."""

    formula: Formula
    routines: tuple[Routine, ...]
    rewritings: tuple[Rewriting, ...]

    @cached_property
    def latex(self) -> list[str]:
        """The lines of the formula as LaTeX, none where there is no such form."""
        return latex_of(self.formula)


class Planner:
    """Plans the functions of one formula. Raises UnsupportedError where there is no code for it."""

    def __init__(
        self,
        formula: Formula,
        by: Sequence[str] = (),
        of: Sequence[str] = (),
        known: Findings | None = None,
    ) -> None:
        if not formula.definitions:
            raise UnsupportedError(
                f"the algorithm {formula.algorithm} is code already" if formula.algorithm else "it defines no value"
            )
        self.formula, self.by, self.of = formula, by, of
        self.algebra = Algebra(formula, known=known)
        self.definitions = {d.tensor: self._prepared(d) for d in formula.definitions}
        self.adjoints: dict[Tensor, Definition] = {}
        self.stable = Stable(self._body, self._equal)
        self.cheaper = Stable(self._body, self._equal, CHEAPER)
        self._ready: dict[Tensor, Definition | None] = {}
        self._backwards: dict[Node, Backward] = {}
        self._proofs: dict[tuple[Node, Node], bool] = {}

    # -------------------------------------------------------------------------- definitions

    def _prepared(self, definition: Definition) -> Definition:
        """Derivatives resolved; an expectation by its closed form, where a claim of it is proved."""
        body = definition.body
        if any(isinstance(part, Expect) for part in walk(body)):
            body = self._closed(definition)
        return Definition(
            definition.tensor, definition.indices, body, definition.text, definition.place, definition.bases
        )

    def _closed(self, definition: Definition) -> Node:
        for claim in self.formula.claims:
            left = claim.left
            if not (isinstance(left, Element) and left.tensor is definition.tensor and claim.operator == "=="):
                continue
            if any(isinstance(part, (Expect, Derivative)) for part in walk(claim.right)):
                continue
            if left.subscripts == definition.indices and self.algebra.prove(claim).equal:
                return claim.right
        return definition.body

    def _body(self, part: Element) -> Node | None:
        found = self.definitions.get(part.tensor)
        if found is None or found.bases:
            return None
        return replace(found.body, dict(zip(found.indices, part.subscripts, strict=True)))

    def _equal(self, left: Node, right: Node) -> bool:
        known = self._proofs.get((left, right))
        if known is None:
            claim = Claim(left, "==", right, "", self.formula.place)
            known = self._proofs[left, right] = self.algebra.prove(claim).equal
        return known

    def _definition(self, tensor: Tensor) -> Definition | None:
        """The definition of a tensor, stable, its deltas contracted; None for an input."""
        if tensor not in self._ready:
            found = self.definitions.get(tensor) or self.adjoints.get(tensor)
            if found is not None:
                bases = tuple((at, self._settled(base)) for at, base in found.bases)
                found = Definition(found.tensor, found.indices, self._settled(found.body), "", found.place, bases)
            self._ready[tensor] = found
        return self._ready[tensor]

    def _settled(self, node: Node) -> Node:
        return self.stable(simplified(contracted(self._resolved(node))))

    def _resolved(self, node: Node) -> Node:
        if not has_derivative(node):
            return node
        if isinstance(node, Derivative):
            body = self._resolved(node.body)
            for by in node.by:
                body = self._differentiated(body, by)
            return body
        return rebuilt(node, self._resolved)

    # ---------------------------------------------------------------------------- gradients

    def _differentiated(self, node: Node, by: Element) -> Node:
        """The derivative of an expression by an element, in terms of adjoints that become definitions."""
        known = self._backwards.get(node)
        if known is None:
            program = [self._without_derivatives(d) for d in self._needed(node)]
            known = self._backwards[node] = Backward(node, program, f"#{len(self._backwards)}")
        found = known.by(by)
        for adjoint in known.made.values():
            indices = (*adjoint.outer, *adjoint.indices)
            self.adjoints[adjoint.tensor] = Definition(adjoint.tensor, indices, adjoint.body, "", self.formula.place)
        for turned in getattr(known, "turned", ()):
            self.adjoints[turned.tensor] = turned
        return found

    def _needed(self, node: Node) -> list[Definition]:
        """The definitions and adjoints that an expression depends on, in order."""
        every = {**self.definitions, **self.adjoints}
        needed: set[Tensor] = set()
        waiting = set(mentioned(node))
        while waiting:
            tensor = waiting.pop()
            needed.add(tensor)
            if tensor in every:
                for body in (every[tensor].body, *(base for _, base in every[tensor].bases)):
                    waiting |= mentioned(body) - needed
        return [definition for tensor, definition in every.items() if tensor in needed]

    def _without_derivatives(self, definition: Definition) -> Definition:
        body = self._resolved(definition.body)
        if body is definition.body:
            return definition
        return Definition(
            definition.tensor, definition.indices, body, definition.text, definition.place, definition.bases
        )

    def _gradient_forms(self, target: Target, by: Tensor) -> list[tuple[str, Node]]:
        """Expressions for the gradient by an input, all equal, with where they come from."""
        found: list[tuple[str, Node]] = []
        for claim, right in target.forms.get(by, ()):
            if self.algebra.prove(claim).equal:
                found.append((claim.text, right))
        wanted = Derivative(target.objective, (element(by, *formal(by)),))
        try:
            found.append(("derived", self._resolved(wanted)))
        except (UnsupportedError, UndefinedError, RecursionError) as error:
            if not found:
                raise UnsupportedError(f"no gradient by {by.name}: {error}") from None
        return found

    # ------------------------------------------------------------------------------ program

    def module(self) -> Module:
        every = targets(self.formula)
        chosen = [t for t in every if not self.of or t.name in self.of]
        _expect("value", self.of, [t.name for t in every])
        _expect("gradient by", self.by, [tensor.name for t in chosen for tensor in t.possible])
        routines = tuple(self._routine(target, len(chosen) > 1) for target in chosen)
        return Module(self.formula, routines, tuple(self.stable.used))

    def _routine(self, target: Target, is_named: bool) -> Routine:
        graph = Graph()
        lower = Lowering(graph, self._definition, self._resolved)
        value = lower.laid_out(self._settled(target.value), target.labels)
        by = tuple(t for t in target.possible if t.name in self.by) if self.by else target.by
        gradients, sources = [], []
        cost = Cost([value])
        for tensor in by:
            forms = self._gradient_forms(target, tensor)
            choices: list[tuple[int, float, int, str, Value]] = []
            settled_forms = [(source, self._settled(form)) for source, form in forms]
            settled_forms += [(s, self.cheaper(f)) for s, f in settled_forms if self.cheaper(f) is not f]
            for source, settled in settled_forms:
                try:
                    made = lower.laid_out(settled, formal(tensor))
                except (UnsupportedError, RecursionError):
                    if settled is settled_forms[-1][1] and not choices:
                        raise
                    continue
                choices.append((cost.hazards(made), cost.of(made), len(choices), source, made))
            best = min(choices, key=lambda choice: choice[:3])
            cost.add(best[4])
            gradients.append((tensor, best[4]))
            sources.append(best[3])
        saved = _saved(value, [made for _, made in gradients], target.incoming)
        inputs = _inputs(self.formula, value, gradients, target)
        name = target.name if is_named else ""
        return Routine(name, target, inputs, value, tuple(gradients), saved, tuple(sources))


def _expect(what: str, asked: Sequence[str], known: Sequence[str]) -> None:
    """Raises UnsupportedError for a name that is asked for and not known."""
    for name in asked:
        if name not in known:
            there = f"there is {', '.join(dict.fromkeys(known))}" if known else "there is none"
            raise UnsupportedError(f"no {what} {visible(name)}{nearest(name, known)}; {there}")


def depends(value: Value, incoming: Tensor) -> bool:
    return any(part.op == "input" and part.detail == incoming.name for part in reached([value]))


def _saved(value: Value, gradients: Iterable[Value], incoming: Tensor) -> tuple[Value, ...]:
    """The values of the forward pass at which the backward pass begins."""
    made = set(reached([value]))
    found: dict[Value, None] = {}
    seen: set[Value] = set()
    waiting = list(gradients)
    while waiting:
        at = waiting.pop()
        if at in seen or at.is_static:
            continue
        seen.add(at)
        # A definition that backward needs is made in forward, as one would by hand: a softmax, a normalized input.
        is_defined = bool(at.name) and at.rank > 0 and not depends(at, incoming)
        if at.op == "input" or ((at in made or is_defined) and not at.steps and at.op != "range"):
            found.setdefault(at)
        else:
            waiting.extend(operand for operand, _ in at.operands)
    return tuple(sorted(found, key=lambda v: v.serial))


def _inputs(
    formula: Formula, value: Value, gradients: Iterable[tuple[Tensor, Value]], target: Target
) -> tuple[Tensor, ...]:
    names = {v.detail for v in reached([value, *(made for _, made in gradients)]) if v.op == "input"}
    return tuple(t for t in formula.inputs if t.name in names and t is not target.incoming)


def size_names(values: Iterable[Value]) -> list[Size]:
    """The sizes that a program names, in the order of the statements."""
    found: dict[Size, None] = {}
    for value in reached(list(values)):
        nodes: list[Node] = list(value.extents)
        match value.op, value.detail:
            case (("size" | "range"), Node()):
                nodes.append(value.detail)
            case "read", subscripts:
                nodes += subscripts.nodes
            case "loop", about:
                nodes += [about.step.axis.start, about.step.axis.size, *about.starts]
        for node in nodes:
            for part in walk(node):
                if isinstance(part, Size):
                    found.setdefault(part)
    return list(found)
