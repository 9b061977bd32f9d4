"""Formulas and derivatives handed out as SymPy expressions: for every size, or written out at given sizes."""

from collections.abc import Callable, Mapping
from itertools import chain, count, product
from typing import Any

import sympy

from derive import functions
from derive.binding import opened, replace, walk
from derive.errors import UnsupportedError
from derive.exchange.counterparts import LOGIC, RELATIONS, Scalar, assumptions, power, sympy_function
from derive.exchange.scalars import Scalars
from derive.expression import (
    Add,
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
)
from derive.formula import Formula
from derive.language.source import NAME


def to_sympy(node: Node, formula: Formula | None = None) -> Scalar:
    """The expression for every size: Sum, Product, Indexed, KroneckerDelta, Piecewise.

    A tensor x[n] is IndexedBase x over its real elements, a size and an index are integer symbols, all
    by their names; an index that is bound gets a name that occurs nowhere else. With a formula, its
    definitions are put in for their names (not those that recur) and derivatives are derived; without
    one, a defined name stands for itself and a derivative is an unevaluated sympy.Derivative.
    SymPy's own `doit` takes u for a real number in a sum over KroneckerDelta(2*u + a, r): to have numbers
    of strided sums, write them out.
    Raises UnsupportedError for a maximum over an index, which SymPy has no form of.
    """
    return Exchange(node, formula)(node)


def written_out(formula: Formula, node: Node, sizes: Mapping[Size, int]) -> dict[tuple[int, ...], Scalar]:
    """The expression at given sizes, one plain scalar for each value of its free indices, by name.

    An element x[1, 0] is the symbol x_1_0, with the assumptions of its domain.
    """

    def element(tensor: Tensor, place: tuple[int, ...]) -> Scalar:
        return sympy.Symbol("_".join([tensor.name, *map(str, place)]), **assumptions(tensor))

    scalars = Scalars(formula, sizes, element)
    free = sorted((i for i in node.free if isinstance(i, Index)), key=lambda i: str(i.name))
    ranges = [scalars.range(index, {}) for index in free]
    return {at: scalars(node, dict(zip(free, at, strict=True))) for at in product(*ranges)}


class Exchange:
    """Called with a part of an expression: that part in SymPy."""

    def __init__(self, node: Node, formula: Formula | None) -> None:
        self.formula = formula
        self.definitions = {d.tensor: d for d in formula.definitions if not d.bases} if formula else {}
        self._memo: dict[Node, Scalar] = {}
        parts = [node, *(d.body for d in self.definitions.values())]
        self._taken = {
            part.name
            for start in parts
            for part in walk(start)
            if isinstance(part, (Size, Tensor, Index, Variable)) and isinstance(part.name, str)
        }

    def __call__(self, node: Node) -> Scalar:
        found = self._memo.get(node)
        if found is None:
            rule = _RULES.get(type(node))
            if rule is None:
                raise UnsupportedError(f"no SymPy form of {type(node).__name__}")
            found = self._memo[node] = rule(self, node)
        return found

    def _named(self, hint: str, letters: str) -> str:
        """A new name: the one first read, else a letter, else the name with the first number that makes it new."""
        wanted = [hint] if NAME.fullmatch(hint) else list(letters)
        numbered = (f"{wanted[0]}_{number}" for number in count(1))
        name: str = next(name for name in chain(wanted, numbered) if name not in self._taken)
        self._taken.add(name)
        return name

    def number(self, node: Number) -> Scalar:
        return sympy.Rational(node.numerator, node.denominator)

    def constant(self, node: Constant) -> Scalar:
        return sympy.pi

    def size(self, node: Size) -> Scalar:
        return sympy.Symbol(node.name, integer=True, positive=True)

    def index(self, node: Index) -> Scalar:
        return sympy.Symbol(str(node.name), integer=True)

    def variable(self, node: Variable) -> Scalar:
        return sympy.Symbol(str(node.name), real=True)

    def element(self, node: Element) -> Scalar:
        definition = self.definitions.get(node.tensor)
        if definition is not None:
            return self(replace(definition.body, dict(zip(definition.indices, node.subscripts, strict=True))))
        symbol = sympy.Symbol(node.tensor.name, **assumptions(node.tensor))
        if not node.subscripts:
            return symbol
        return sympy.IndexedBase(symbol)[tuple(self(subscript) for subscript in node.subscripts)]

    def sum(self, node: Add) -> Scalar:
        return sympy.Add(*map(self, node.terms))

    def product(self, node: Multiply) -> Scalar:
        return sympy.Mul(*map(self, node.factors))

    def power(self, node: Power) -> Scalar:
        return power(self(node.base), self(node.exponent))

    def call(self, node: Call) -> Scalar:
        form, value = sympy_function(node.function), functions.TABLE[node.function].value
        if form is not None:
            return form(self(node.argument))
        if value is None:
            raise UnsupportedError(f"no SymPy form of {node.function}")
        return self(replace(value, {functions.x: node.argument}))

    def extremum(self, node: Extremum) -> Scalar:
        return (sympy.Max if node.kind == "max" else sympy.Min)(*map(self, node.arguments))

    def comparison(self, node: Compare) -> Scalar:
        return RELATIONS[node.operator](self(node.left), self(node.right))

    def logic(self, node: Logic) -> Scalar:
        return LOGIC[node.operator](*map(self, node.conditions))

    def case(self, node: Where) -> Scalar:
        return sympy.Piecewise((self(node.then), self(node.condition)), (self(node.otherwise), sympy.true))

    def delta(self, node: Delta) -> Scalar:
        return sympy.KroneckerDelta(self(node.left), self(node.right))

    def table(self, node: Table) -> Scalar:
        """The entry at each place, times 1 where the subscripts name that place."""
        entries: list[tuple[Scalar, Any]] = [(sympy.Integer(1), node.entries)]
        for subscript in map(self, node.subscripts):
            entries = [
                (factor * sympy.KroneckerDelta(subscript, place), entry)
                for factor, row in entries
                for place, entry in enumerate(row)
            ]
        return sympy.Add(*(factor * self(entry) for factor, entry in entries if factor != 0))

    def reduction(self, node: Reduce) -> Scalar:
        if node.kind in ("max", "min"):
            raise UnsupportedError(f"{node.kind} over an index has no SymPy form; write it out at given sizes")
        body, bound = opened(node)
        limits, length = [], sympy.Integer(1)
        for index, hint in zip(bound, node.hint or ("",) * len(bound), strict=True):
            symbol = self._memo[index] = sympy.Symbol(self._named(hint, "ijklmnpqrs"), integer=True)
            start, size = self(index.axis.start), self(index.axis.size)
            limits.append((symbol, start, start + size - 1))
            length *= size
        if node.kind == "prod":
            return sympy.Product(self(body), *limits)
        whole = sympy.Sum(self(body), *limits)
        return whole / length if node.kind == "mean" else whole

    def derivative(self, node: Derivative) -> Scalar:
        if self.formula is None:
            return sympy.Derivative(self(node.body), *map(self, node.by))
        from derive.proof import derived

        return self(derived(self.formula, node))

    def expectation(self, node: Expect) -> Scalar:
        body, (variable,) = opened(node)
        symbol = self._memo[variable] = sympy.Symbol(self._named((node.hint or ("",))[0], "zuvw"), real=True)
        mean, deviation = self(node.mean), self(node.deviation)
        density = sympy.exp(-((symbol - mean) ** 2) / (2 * deviation**2)) / (deviation * sympy.sqrt(2 * sympy.pi))
        return sympy.Integral(self(body) * density, (symbol, -sympy.oo, sympy.oo))


_RULES: dict[type[Node], Callable[[Exchange, Any], Scalar]] = {
    Number: Exchange.number,
    Constant: Exchange.constant,
    Size: Exchange.size,
    Index: Exchange.index,
    Variable: Exchange.variable,
    Element: Exchange.element,
    Add: Exchange.sum,
    Multiply: Exchange.product,
    Power: Exchange.power,
    Call: Exchange.call,
    Extremum: Exchange.extremum,
    Compare: Exchange.comparison,
    Logic: Exchange.logic,
    Where: Exchange.case,
    Delta: Exchange.delta,
    Table: Exchange.table,
    Reduce: Exchange.reduction,
    Derivative: Exchange.derivative,
    Expect: Exchange.expectation,
}
