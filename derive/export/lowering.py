"""From index expressions to array statements: an index is an axis, a definition is lowered once."""

from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import count
from typing import Any

from derive.binding import replace
from derive.errors import UnsupportedError
from derive.export import sums
from derive.export.arithmetic import Arithmetic, labels_of
from derive.export.branches import guarded
from derive.export.program import Graph, Recurrence, Ref, Subscripts, Value, place
from derive.export.subscripts import is_step, rational, running, step_named, tidy
from derive.expression import (
    Add,
    Axis,
    Call,
    Compare,
    Constant,
    Delta,
    Derivative,
    Element,
    Expect,
    Extremum,
    Index,
    Logic,
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
    axis,
    multiply,
    number,
    power,
)
from derive.formula import Definition

_FRESH = count(1)


class Lowering(Arithmetic):
    """Lowers expressions into one graph.

    definitions: the body of each defined tensor, stable and with its deltas contracted.  resolve: gives a derivative
    as an expression.
    """

    def __init__(
        self,
        graph: Graph,
        definitions: Callable[[Tensor], Definition | None],
        resolve: Callable[[Derivative], Node],
    ) -> None:
        super().__init__(graph)
        self.definitions, self.resolve = definitions, resolve
        self._memo: dict[Node, Ref] = {}
        self._tensors: dict[Tensor, Value] = {}

    # ----------------------------------------------------------------------------- tensors

    def laid_out(self, node: Node, labels: Sequence[Index]) -> Value:
        """The value of an expression with exactly these axes, in this order."""
        return self.spread(self(node), labels).value

    def spread(self, ref: Ref, labels: Sequence[Index]) -> Ref:
        """The same with these labels, in this order, repeated along those that it lacks."""
        if ref.labels == tuple(labels):
            return ref
        return self.graph.make("map", (ref,), labels, detail="copy")

    def tensor(self, tensor: Tensor) -> Value:
        """All elements of an input or a definition."""
        found = self._tensors.get(tensor)
        if found is None:
            definition = self.definitions(tensor)
            if definition is None:
                found = self.graph.input(tensor.name, tensor.axes)
            elif definition.bases:
                found = self._recurrence(definition)
            else:
                found = self.laid_out(definition.body, definition.indices)
            if definition is not None and not found.name and found.op not in ("input", "number", "size"):
                found.name = tensor.name
            self._tensors[tensor] = found
        return found

    def _recurrence(self, definition: Definition) -> Value:
        subscripts = [subs for subs, _ in definition.bases]
        position = next(p for p, s in enumerate(subscripts[0]) if isinstance(s, Number))
        start = definition.tensor.axes[position].start
        step = step_named(next(_FRESH), definition.indices[position])
        others = [i for p, i in enumerate(definition.indices) if p != position]
        about = Recurrence(definition.tensor, step, position, tuple(tidy(s[position] - start) for s in subscripts))
        labels = tuple(Index(f"#{k}", over) for k, over in enumerate(definition.tensor.axes))
        self._tensors[definition.tensor] = self.graph.make("state", (), labels, detail=about).value
        body = replace(definition.body, {definition.indices[position]: step})
        parts = []
        for subs, base in definition.bases:
            names = [s for p, s in enumerate(subs) if p != position]
            parts.append(self.spread(self(base), [n for n in names if isinstance(n, Index)]))
        parts.append(self.spread(self(body), others))
        axes = [k for p, k in enumerate(labels) if p != position]
        operands = [Ref(part.value, tuple(axes)) for part in parts]
        return self.graph.make("loop", operands, labels, detail=about).value

    # ------------------------------------------------------------------------- expressions

    def __call__(self, node: Node) -> Ref:
        found = self._memo.get(node)
        if found is None:
            rule = _RULES.get(type(node))
            if rule is None:
                raise UnsupportedError(f"no array form of {type(node).__name__}")
            found = self._memo[node] = rule(self, node)
        return found

    # ------------------------------------------------------------------------------ leaves

    def of_number(self, node: Number) -> Ref:
        return self.number(node.value)

    def of_constant(self, node: Constant) -> Ref:
        return self.graph.make("constant", (), (), detail=node.name)

    def of_size(self, node: Size) -> Ref:
        return self.graph.make("size", (), (), detail=node)

    def of_index(self, node: Index) -> Ref:
        if is_step(node):
            return self.graph.make("size", (), (), detail=node)
        if running(node.axis):
            raise UnsupportedError("an index whose range depends on another index")
        return self.graph.make("range", (), (node,), detail=node.axis.start)

    def of_element(self, node: Element) -> Ref:
        return self.read(self.tensor(node.tensor), node.tensor.axes, node.subscripts)

    def read(self, source: Value, axes: Sequence[Axis], subscripts: Sequence[Node]) -> Ref:
        """The elements of a value at integer subscripts; the value itself where they are its own axes."""
        subscripts = [tidy(s) for s in subscripts]
        covered = all(_covers(s, over) for s, over in zip(subscripts, axes, strict=True))
        if covered and len(set(subscripts)) == len(subscripts):
            return Ref(source, tuple(s for s in subscripts if isinstance(s, Index)))
        labels = tuple(dict.fromkeys(i for s in subscripts for i in running(s)))
        if any(running(label.axis) for label in labels):
            raise UnsupportedError("an index whose range depends on another index")
        places = {i: add(place(k, i.axis.size), i.axis.start) for k, i in enumerate(labels)}
        nodes = [tidy(replace(s, places) - over.start) for s, over in zip(subscripts, axes, strict=True)]
        return self.graph.make("read", (Ref(source, ()),), labels, detail=Subscripts(tuple(nodes)))

    def of_table(self, node: Table) -> Ref:
        shape: list[int] = []
        entries: Any = node.entries
        while isinstance(entries, tuple):
            shape.append(len(entries))
            entries = entries[0]
        flat = _flattened(node.entries)
        refs = [self(entry) for entry in flat]
        inner = labels_of(refs)
        rows = tuple(Index(f"!row{k}", axis(length)) for k, length in enumerate(shape))
        whole = self.graph.make("stack", refs, (*rows, *inner), detail=tuple(shape))
        subscripts = (*node.subscripts, *inner)
        return self.read(whole.value, tuple(i.axis for i in (*rows, *inner)), subscripts)

    # -------------------------------------------------------------------- sums and products

    def of_add(self, node: Add) -> Ref:
        refs = []
        for term in node.terms:
            rest, negative = _signed(term)
            refs.append(self.unsigned(self(rest), negative))
        return self.added(refs)

    def of_multiply(self, node: Multiply) -> Ref:
        coefficient = Fraction(1)
        above: list[Ref] = []
        below: list[Ref] = []
        for factor in node.factors:
            match factor:
                case Number():
                    coefficient *= factor.value
                case Power(base, Number() as exponent) if exponent.numerator < 0:
                    below.append(self(power(base, -exponent.value)))
                case _:
                    above.append(self(factor))
        return self.product(coefficient, above, below)

    def of_power(self, node: Power) -> Ref:
        exponent = rational(node.exponent)
        base = self(node.base)
        match node.exponent if exponent is None else number(exponent):
            case Number(numerator, denominator) if numerator < 0:
                return self.map(
                    "div", self.number(1), self(power(node.base, number(Fraction(-numerator, denominator))))
                )
            case Number(0, 1):
                return self.number(1)
            case Number(1, 1):
                return base
            case Number(2, 1):
                return self.map("square", base)
            case Number(1, 2):
                return self.map("sqrt", base)
            case Number(3, 2):
                return self.map("mul", base, self.map("sqrt", base))
            case Number(numerator, 1) if numerator <= 4:
                whole = self.map("square", base)
                return self.map("mul", whole, base) if numerator == 3 else self.map("square", whole)
        return self.map("pow", base, self(node.exponent))

    def of_reduce(self, node: Reduce) -> Ref:
        return sums.reduction(self, node)

    # ------------------------------------------------------------------- functions, choices

    def of_call(self, node: Call) -> Ref:
        return self.map(node.function, self(node.argument))

    def of_extremum(self, node: Extremum) -> Ref:
        whole = self(node.arguments[0])
        for argument in node.arguments[1:]:
            whole = self.map("maximum" if node.kind == "max" else "minimum", whole, self(argument))
        return whole

    def of_compare(self, node: Compare) -> Ref:
        return self.map(node.operator, self(node.left), self(node.right))

    def of_logic(self, node: Logic) -> Ref:
        whole = self(node.conditions[0])
        if node.operator == "not":
            return self.map("not", whole)
        for condition in node.conditions[1:]:
            whole = self.map(node.operator, whole, self(condition))
        return whole

    def of_where(self, node: Where) -> Ref:
        inside = self(guarded(node.then, node.condition, True))
        outside = self(guarded(node.otherwise, node.condition, False))
        return self.map("where", self(node.condition), inside, outside)

    def of_delta(self, node: Delta) -> Ref:
        if node.left is node.right:
            return self.number(1)
        return self.map("where", self.map("==", self(node.left), self(node.right)), self.number(1), self.number(0))

    def of_derivative(self, node: Derivative) -> Ref:
        return self(self.resolve(node))

    def of_expectation(self, node: Expect | Variable) -> Ref:
        raise UnsupportedError("an expectation has no finite sum; a closed form of it is not proved")


_RULES: dict[type[Node], Callable[[Lowering, Any], Ref]] = {
    Number: Lowering.of_number,
    Constant: Lowering.of_constant,
    Size: Lowering.of_size,
    Index: Lowering.of_index,
    Element: Lowering.of_element,
    Table: Lowering.of_table,
    Add: Lowering.of_add,
    Multiply: Lowering.of_multiply,
    Power: Lowering.of_power,
    Reduce: Lowering.of_reduce,
    Call: Lowering.of_call,
    Extremum: Lowering.of_extremum,
    Compare: Lowering.of_compare,
    Logic: Lowering.of_logic,
    Where: Lowering.of_where,
    Delta: Lowering.of_delta,
    Derivative: Lowering.of_derivative,
    Expect: Lowering.of_expectation,
    Variable: Lowering.of_expectation,
}


def _signed(term: Node) -> tuple[Node, bool]:
    """A term without its sign, and whether it was negative."""
    match term:
        case Number() if term.numerator < 0:
            return number(-term.value), True
        case Multiply((Number() as first, *rest)) if first.numerator < 0:
            return multiply(-first.value, *rest), True
    return term, False


def _covers(subscript: Node, over: Axis) -> bool:
    return isinstance(subscript, Index) and subscript.axis is over and not is_step(subscript)


def _flattened(entries: Any) -> list[Node]:
    return [leaf for part in entries for leaf in _flattened(part)] if isinstance(entries, tuple) else [entries]
