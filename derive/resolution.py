"""What the derivatives in a formula stand for: expressions without D, by way of adjoints or of recurrences."""

from derive.adjoints import Forward, Reverse
from derive.algebra.steps import Steps
from derive.binding import rebuilt, replace
from derive.calculus import has_derivative
from derive.expression import Derivative, Element, Index, Node, Tensor, element
from derive.formula import Definition, Formula, mentioned


class Resolution:
    """The derivatives of one formula, each worked out once.

    definitions: by tensor; those of the derivatives of recurrences come to them.  adjoints: indices and body of
    each adjoint made.  steps: where each is told, None if nobody reads it.  told: what the steps name beside the
    formula's own tensors, as definitions, in order; and those of its own that hold derivatives, without.
    """

    def __init__(self, formula: Formula, steps: Steps | None = None) -> None:
        self.formula, self.steps = formula, steps
        self.definitions = {d.tensor: d for d in formula.definitions}
        self.adjoints: dict[Tensor, tuple[tuple[Index, ...], Node]] = {}
        self.told: dict[Tensor, Definition] = {}
        self._reverses: dict[Node, Reverse] = {}
        self._programs: dict[Node, list[Definition]] = {}
        self._resolved: dict[Derivative, Node] = {}

    def resolve(self, node: Derivative) -> Node:
        """The derivative as an expression that reads inputs, definitions and adjoints."""
        known = self._resolved.get(node)
        if known is None:
            body = self.without_derivatives(node.body)
            for by in node.by:
                body = self._step(body, by)
            known = self._resolved[node] = body
        return known

    def _step(self, target: Node, by: Element) -> Node:
        program = self.program(target)
        if any(d.bases for d in program):
            return self._forward(Forward(by.tensor, program, str(len(self._reverses))), target, by)
        reverse = self.reverse(target)
        value = reverse.by(by)
        for adjoint in reverse.made.values():
            if adjoint.tensor in self.adjoints:
                continue
            indices = (*adjoint.outer, *adjoint.indices)
            self.adjoints[adjoint.tensor] = (indices, adjoint.body)
            if self.steps is not None:
                derivative = Derivative(target, (element(adjoint.of, *adjoint.indices),))
                self._tell("chain rule", derivative, self.define(adjoint.tensor, indices, adjoint.body))
        return value

    def _forward(self, forward: Forward, target: Node, by: Element) -> Node:
        for of, made in forward.made.items():
            if made.bases:
                self.definitions[made.tensor] = made
            else:
                self.adjoints[made.tensor] = (made.indices, made.body)
            own = made.indices[: len(of.axes)]
            by_any = element(forward.by, *forward.formal)
            self._tell("derivative of a recurrence", Derivative(element(of, *own), (by_any,)), made)
        value = forward.of(target, by)
        if self.steps is not None:
            self.steps.add("chain rule", Derivative(target, (by,)), value)
        return value

    def _tell(self, rule: str, derivative: Node, made: Definition) -> None:
        """Record what a derivative is, as the element of a tensor that has a definition of its own."""
        if self.steps is not None and made.tensor not in self.told:
            self.told[made.tensor] = made
            self.steps.add(rule, derivative, element(made.tensor, *made.indices))

    def name(self, node: Derivative) -> Element | None:
        """The element of an adjoint that a derivative is, None where none has been made."""
        (by, *more), reverse = node.by, self._reverses.get(node.body)
        adjoint = None if reverse is None or more else reverse.made.get(by.tensor)
        return None if adjoint is None else Element(adjoint.tensor, (*adjoint.outer, *by.subscripts))

    def reverse(self, target: Node) -> Reverse:
        """The adjoints of a target that no recurrence leads to."""
        known = self._reverses.get(target)
        if known is None:
            label = f"#{len(self._reverses)}"
            known = self._reverses[target] = Reverse(target, self.program(target), label, is_contracted=True)
        return known

    def program(self, target: Node) -> list[Definition]:
        """The formula's definitions, derivatives in them resolved, and all adjoints read, each after what it reads."""
        known = self._programs.get(target)
        if known is not None:
            return known
        program: dict[Tensor, Definition] = {}

        def enter_adjoints(node: Node) -> None:
            for tensor in self._adjoints_read(node):
                if tensor not in program:
                    program[tensor] = self.define(tensor, *self.adjoints[tensor])

        for definition in self.needed(target):
            body = self.without_derivatives(definition.body)
            enter_adjoints(body)
            if body is not definition.body:
                read, definition = definition.body, self.define(definition.tensor, definition.indices, body)
                if self.steps is not None and definition.tensor not in self.told:
                    self.told[definition.tensor] = definition
                    self.steps.add("derivative in a definition", read, body)
            program[definition.tensor] = definition
        enter_adjoints(target)
        made = list(program.values())
        if not any(d.bases for d in made):  # a recurrence may yet be read in closed form
            self._programs[target] = made
        return made

    def define(self, tensor: Tensor, indices: tuple[Index, ...], body: Node) -> Definition:
        return Definition(tensor, indices, body, "", self.formula.place)

    def needed(self, *targets: Node) -> list[Definition]:
        """The definitions that the targets depend on, in order."""
        needed: set[Tensor] = set()
        waiting = set[Tensor]().union(*map(mentioned, targets))
        while waiting:
            tensor = waiting.pop()
            needed.add(tensor)
            if tensor in self.adjoints:
                waiting |= mentioned(self.adjoints[tensor][1]) - needed
            if tensor in self.definitions:
                definition = self.definitions[tensor]
                for body in (definition.body, *(base for _, base in definition.bases)):
                    waiting |= mentioned(body) - needed
        return [d for tensor, d in self.definitions.items() if tensor in needed]

    def _adjoints_read(self, node: Node) -> list[Tensor]:
        """The adjoint tensors below an expression, each after those that its own body reads."""
        found: dict[Tensor, None] = {}
        waiting = [(tensor, False) for tensor in self._adjoints_in(node)]
        while waiting:
            tensor, entered = waiting.pop()
            if entered:
                found.setdefault(tensor)
            elif tensor not in found:
                waiting.append((tensor, True))
                waiting.extend((part, False) for part in self._adjoints_in(self.adjoints[tensor][1]))
        return list(found)

    def _adjoints_in(self, node: Node) -> list[Tensor]:
        return sorted(mentioned(node) & self.adjoints.keys(), key=lambda tensor: -tensor.serial)

    def without_derivatives(self, node: Node) -> Node:
        """The expression with what its derivatives stand for in their places."""
        if not has_derivative(node):
            return node
        if isinstance(node, Derivative):
            return self.resolve(node)
        return rebuilt(node, self.without_derivatives)

    def adjoint(self, part: Element) -> Node | None:
        """What an element of an adjoint stands for, None for one of another tensor."""
        known = self.adjoints.get(part.tensor)
        return None if known is None else at(part, *known)


def at(part: Element, indices: tuple[Index, ...], body: Node) -> Node:
    """The body with the subscripts of an element for its indices."""
    return replace(body, dict(zip(indices, part.subscripts, strict=True)))
