"""Derivatives of index expressions: forward by one rule per node type, reverse over the definitions.

The reverse pass is an adjoint program: for each definition, last to first, what its elements add to
the derivative, in terms of the adjoints of later ones. It is the derivation, step by step, and it
grows linearly with the number of definitions.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from derive import functions
from derive.errors import UnsupportedError
from derive.expression import (
    ONE,
    ZERO,
    Add,
    Call,
    Compare,
    Constant,
    Delta,
    Element,
    Expect,
    Extremum,
    Index,
    Multiply,
    Node,
    Number,
    Power,
    Reduce,
    Size,
    Table,
    Tensor,
    Variable,
    Where,
    add,
    element,
    expectation,
    fresh,
    multiply,
    opened,
    power,
    reduce,
    replace,
    total,
)
from derive.formula import Definition, Formula

Leaf = Callable[[Node], Node]


def differential(node: Node, leaf: Leaf, relevant: Callable[[Node], bool]) -> Node:
    """The derivative of node, where leaf gives that of an element (or variable).

    relevant: whether a node depends on what is differentiated by at all; where not, the result is 0.
    """

    def rule(part: Node) -> Node:
        if not relevant(part):
            return ZERO
        chosen = RULES.get(type(part))
        if chosen is None:
            raise UnsupportedError(f"no derivative of {type(part).__name__}")
        return chosen(part, rule)

    def element_rule(part: Node, _: Leaf) -> Node:
        return leaf(part)

    RULES = {**FORWARD, Element: element_rule, Variable: element_rule}
    return rule(node)


# ------------------------------------------------------------------- forward, one rule per node type


def derivative_of_constant(node: Node, d: Leaf) -> Node:
    return ZERO


def derivative_of_add(node: Node, d: Leaf) -> Node:
    assert isinstance(node, Add)
    return add(*map(d, node.terms))


def derivative_of_multiply(node: Node, d: Leaf) -> Node:
    assert isinstance(node, Multiply)
    terms = []
    for place, factor in enumerate(node.factors):
        slope = d(factor)
        if slope is not ZERO:
            terms.append(multiply(*node.factors[:place], slope, *node.factors[place + 1 :]))
    return add(*terms)


def derivative_of_power(node: Node, d: Leaf) -> Node:
    assert isinstance(node, Power)
    base, exponent = node.base, node.exponent
    by_base, by_exponent = d(base), d(exponent)
    terms = []
    if by_base is not ZERO:
        terms.append(multiply(exponent, power(base, add(exponent, -1)), by_base))
    if by_exponent is not ZERO:
        terms.append(multiply(node, functions.log(base), by_exponent))
    return add(*terms)


def derivative_of_call(node: Node, d: Leaf) -> Node:
    assert isinstance(node, Call)
    slope = functions.TABLE[node.function].slope
    return multiply(replace(slope, {functions.x: node.argument, functions.y: node}), d(node.argument))


def derivative_of_extremum(node: Node, d: Leaf) -> Node:
    """The slope of the argument that is chosen; at a tie there is none, which is a null set.

    (Where two arguments are equal on more than a null set, so are their slopes.)
    """
    assert isinstance(node, Extremum)
    operator = ">" if node.kind == "max" else "<"
    chosen, slope = node.arguments[0], d(node.arguments[0])
    for argument in node.arguments[1:]:
        other = d(argument)
        if isinstance(chosen, Number):  # max(0, x) turns as relu does: where x > 0
            slope = Where(Compare(operator, argument, chosen), other, slope)
        elif other is not slope:
            slope = Where(Compare(operator, chosen, argument), slope, other)
        chosen = Extremum(node.kind, (chosen, argument))
    return slope


def derivative_of_where(node: Node, d: Leaf) -> Node:
    assert isinstance(node, Where)
    then, otherwise = d(node.then), d(node.otherwise)
    return then if then is otherwise else Where(node.condition, then, otherwise)


def derivative_of_reduce(node: Node, d: Leaf) -> Node:
    assert isinstance(node, Reduce)
    body, indices = opened(node)
    slope = d(body)
    if slope is ZERO:
        return ZERO
    match node.kind:
        case "sum" | "mean":
            return reduce(node.kind, slope, *indices)
        case "prod":
            return multiply(node, reduce("sum", slope / body, *indices))
    return reduce("sum", Where(Compare("==", body, node), slope, ZERO), *indices)


def derivative_of_table(node: Node, d: Leaf) -> Node:
    assert isinstance(node, Table)

    def slopes(entries: tuple[object, ...]) -> tuple[object, ...]:
        return tuple(slopes(e) if isinstance(e, tuple) else d(e) for e in entries)  # type: ignore[arg-type]

    return Table(slopes(node.entries), node.subscripts)


def derivative_of_expectation(node: Node, d: Leaf) -> Node:
    """With z = mean + deviation*e for a fixed standard normal e, the derivative passes inside."""
    assert isinstance(node, Expect)
    body, (z,) = opened(node)
    by_z = differential(body, lambda part: ONE if part is z else ZERO, lambda part: z in part.free)
    movement = add(d(node.mean), multiply(z - node.mean, power(node.deviation, -1), d(node.deviation)))
    return expectation(add(d(body), multiply(by_z, movement)), z, node.mean, node.deviation)


FORWARD: dict[type[Node], Callable[[Node, Leaf], Node]] = {
    Number: derivative_of_constant,
    Constant: derivative_of_constant,
    Size: derivative_of_constant,
    Index: derivative_of_constant,
    Delta: derivative_of_constant,
    Add: derivative_of_add,
    Multiply: derivative_of_multiply,
    Power: derivative_of_power,
    Call: derivative_of_call,
    Extremum: derivative_of_extremum,
    Where: derivative_of_where,
    Reduce: derivative_of_reduce,
    Table: derivative_of_table,
    Expect: derivative_of_expectation,
}


# --------------------------------------------------------------------------- reverse, the adjoints


@dataclass(frozen=True)
class Adjoint:
    """tensor[outer, indices] = body: the derivative of the target by an element of `of`.

    outer: the free indices of the target (none if it is a scalar).  users: the definitions whose
    adjoints the body reads; None stands for the target itself.
    """

    of: Tensor
    tensor: Tensor
    outer: tuple[Index, ...]
    indices: tuple[Index, ...]
    body: Node
    users: tuple[Tensor | None, ...]


class Reverse:
    """The adjoints of one target by everything that it depends on, made as they are asked for."""

    def __init__(self, target: Node, definitions: Iterable[Definition], label: str = "L") -> None:
        self.target = target
        self.label = label
        self.outer = tuple(sorted((i for i in target.free if isinstance(i, Index)), key=lambda i: str(i.name)))
        self.definitions = {d.tensor: d for d in definitions}
        self.order = list(self.definitions)
        self.made: dict[Tensor, Adjoint] = {}

    def by(self, wanted: Element) -> Node:
        """The derivative of the target by an element, in terms of adjoints of later definitions."""
        adjoint = self.adjoint(wanted.tensor)
        return replace(adjoint.body, dict(zip(adjoint.indices, wanted.subscripts, strict=True)))

    def adjoint(self, tensor: Tensor) -> Adjoint:
        known = self.made.get(tensor)
        if known is None:
            known = self.made[tensor] = self._make(tensor)
        return known

    def _make(self, tensor: Tensor) -> Adjoint:
        indices = tuple(Index(f"${place}", axis) for place, axis in enumerate(tensor.axes))
        terms, users = [], list[Tensor | None]()
        direct = self._explicit(self.target, tensor, indices)
        if direct is not ZERO:
            terms.append(direct)
            users.append(None)
        for user in self._later(tensor):
            definition = self.definitions[user]
            if definition.bases:
                raise UnsupportedError(f"no adjoint through the recurrence {user.name}")
            freed = tuple(fresh(i) for i in definition.indices)
            body = replace(definition.body, dict(zip(definition.indices, freed, strict=True)))
            slope = self._explicit(body, tensor, indices)
            if slope is ZERO:
                continue
            if isinstance(body, Call):  # the slope of tanh is told by its value, which has a name here
                slope = replace(slope, {body: element(user, *freed)})
            own = self.adjoint(user)
            if own.body is ZERO:
                continue
            terms.append(total(multiply(element(own.tensor, *self.outer, *freed), slope), *freed))
            users.append(user)
        name = f"D({self.label}, {tensor.name})"
        made = Tensor(name, (*(i.axis for i in self.outer), *tensor.axes), "adjoint")
        return Adjoint(tensor, made, self.outer, indices, add(*terms), tuple(users))

    def _later(self, tensor: Tensor) -> list[Tensor]:
        """The definitions after that of the tensor (all, for an input) that read it."""
        start = self.order.index(tensor) + 1 if tensor in self.definitions else 0
        return [user for user in self.order[start:] if tensor in self._read_by(self.definitions[user])]

    @staticmethod
    def _read_by(definition: Definition) -> frozenset[Tensor]:
        return definition.body.mentions.union(*(body.mentions for _, body in definition.bases))

    def _explicit(self, body: Node, tensor: Tensor, indices: tuple[Index, ...]) -> Node:
        """The partial derivative of body by tensor[indices], other definitions held fixed."""

        def leaf(part: Node) -> Node:
            if isinstance(part, Element) and part.tensor is tensor:
                return multiply(*(Delta(s, i) for s, i in zip(part.subscripts, indices, strict=True)))
            return ZERO

        return differential(body, leaf, lambda part: tensor in part.mentions)


# ---------------------------------------------------------------- forward through recurrences


class Forward:
    """The derivatives of definitions by one tensor, first to last: that of a recurrence is a recurrence.

    made: for each definition that depends on the tensor, the definition of its derivative, whose
    subscripts are those of the definition and then those of the tensor.
    """

    def __init__(self, by: Tensor, definitions: Iterable[Definition], label: str) -> None:
        self.by, self.label = by, label
        self.formal = tuple(Index(f"$f{place}", axis) for place, axis in enumerate(by.axes))
        self.definitions = {d.tensor: d for d in definitions}
        self.dependent = {by}
        for tensor, definition in self.definitions.items():  # in order, so that one pass sees every dependence
            reads = definition.body.mentions.union(*(body.mentions for _, body in definition.bases))
            if tensor is not by and reads & self.dependent:
                self.dependent.add(tensor)
        self.made: dict[Tensor, Definition] = {}
        for tensor in self.dependent - {by}:
            self.made[tensor] = self._derived(self.definitions[tensor])

    def of(self, node: Node, wanted: Element) -> Node:
        """The derivative of node by an element of the tensor."""
        return replace(self._differential(node), dict(zip(self.formal, wanted.subscripts, strict=True)))

    def _tensor(self, of: Tensor) -> Tensor:
        return Tensor(f"d{self.label}({of.name}, {self.by.name})", of.axes + self.by.axes, "adjoint")

    def _derived(self, definition: Definition) -> Definition:
        bases = tuple(((*at, *self.formal), self._differential(body)) for at, body in definition.bases)
        body = self._differential(definition.body)
        if isinstance(definition.body, Call):
            body = replace(body, {definition.body: element(definition.tensor, *definition.indices)})
        indices = definition.indices + self.formal
        return Definition(self._tensor(definition.tensor), indices, body, "", definition.place, bases)

    def _differential(self, node: Node) -> Node:
        return differential(node, self._leaf, lambda part: not self.dependent.isdisjoint(part.mentions))

    def _leaf(self, part: Node) -> Node:
        if not isinstance(part, Element) or part.tensor not in self.dependent:
            return ZERO
        if part.tensor is self.by:
            return multiply(*(Delta(s, i) for s, i in zip(part.subscripts, self.formal, strict=True)))
        return element(self._tensor(part.tensor), *part.subscripts, *self.formal)


def adjoints(formula: Formula, target: Node, label: str) -> Reverse:
    return Reverse(target, formula.definitions, label)


def has_derivative(node: Node) -> bool:
    return "D" in node.mentions
