"""A formula written out at given sizes, element by element, as plain SymPy scalars."""

from collections.abc import Callable, Mapping
from itertools import product
from typing import Any

import sympy

from derive import functions
from derive.binding import walk
from derive.errors import UnsupportedError
from derive.exchange.counterparts import LOGIC, RELATIONS, Scalar, assumptions, power, sympy_function
from derive.exchange.dependence import Dependence
from derive.exchange.places import Names, Places
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
)
from derive.formula import Definition, Formula

Place = tuple[Tensor, tuple[int, ...]]


class Scalars(Places):
    """Called with an expression and the values of its free indices: that expression as one scalar.

    sizes: by symbol.  element: the scalar that stands for an element of an input.  A child (see `child`) has
    a symbol in place of one element of a tensor, whose definition is cut, and shares what does not depend on it.
    """

    def __init__(
        self, formula: Formula, sizes: Mapping[Size, int], element: Callable[[Tensor, tuple[int, ...]], Scalar]
    ) -> None:
        self.formula, self.sizes, self._input = formula, sizes, element
        self.definitions: dict[Tensor, Definition] = {d.tensor: d for d in formula.definitions}
        self.depends = Dependence(formula)
        self.parent: Scalars | None = None
        self.symbol: tuple[Place, Scalar] | None = None
        self._elements: dict[Place, Scalar] = {}
        self._memo: dict[tuple[Any, ...], Scalar] = {}
        self._free: dict[Node, tuple[Index | Variable, ...]] = {}
        self._children: dict[Place, tuple[Scalar, Scalars]] = {}

    def child(self, place: Place, symbol: Scalar) -> "Scalars":
        other = object.__new__(type(self))
        other.__dict__.update(self.__dict__)
        other.parent, other.symbol, other._elements, other._memo = self, (place, symbol), {}, {}
        other._children = {}
        return other

    def __call__(self, node: Node, names: Names | None = None) -> Scalar:
        names = names or {}
        free = self._free.get(node)
        if free is None:
            free = self._free[node] = tuple(sorted(node.free, key=lambda leaf: leaf.serial))
        key = (node, *(names[leaf] for leaf in free))
        found = self._memo.get(key)
        if found is None:
            if self.parent is not None and self.symbol is not None and self.symbol[0][0] not in self.depends(node):
                return self.parent(node, names)
            rule = _RULES.get(type(node))
            if rule is None:
                raise UnsupportedError(f"no SymPy form of {type(node).__name__}")
            self.count()
            found = self._memo[key] = self.settled(rule(self, node, names))
        return found

    def count(self) -> None:
        """Called at every step; a subclass may stop the work here."""

    def at_point(self, scalar: Scalar, symbol: Scalar, value: Scalar) -> Scalar:
        """A derivative where the symbol has that value."""
        return scalar.xreplace({symbol: value})

    def settled(self, scalar: Scalar) -> Scalar:
        """What is kept of a value; a subclass that knows the point may put a name for it."""
        return scalar

    def new_symbol(self, name: str, value: Scalar, **facts: bool) -> Scalar:
        """A symbol to differentiate by, for an element of that value, or to integrate over, of no value."""
        return sympy.Dummy(name, **facts)

    # ------------------------------------------------------------------------------ elements

    def element(self, tensor: Tensor, place: tuple[int, ...]) -> Scalar:
        """One element of an input or a definition."""
        if self.symbol is not None and self.parent is not None:
            (changed, where), symbol = self.symbol
            if tensor is changed:
                return symbol if place == where else self.parent.element(tensor, place)
            if changed not in self.depends(tensor) or self._is_cut(tensor):
                return self.parent.element(tensor, place)
        found = self._elements.get((tensor, place))
        if found is None:
            definition = self.definitions.get(tensor)
            if definition is None:
                self.check(tensor, place)
                found = self._input(tensor, place)
            else:
                found = self._defined(definition, place)
            self._elements[tensor, place] = found
        return found

    def _is_cut(self, tensor: Tensor) -> bool:
        """Whether an element of the tensor is a symbol further out."""
        outer = self.parent
        while outer is not None and outer.symbol is not None:
            if outer.symbol[0][0] is tensor:
                return True
            outer = outer.parent
        return False

    def _defined(self, definition: Definition, place: tuple[int, ...]) -> Scalar:
        for subscripts, body in definition.bases:
            names: dict[Index | Variable, Scalar] = {}
            for subscript, at in zip(subscripts, place, strict=True):
                if isinstance(subscript, Index):
                    names[subscript] = at
                elif self.integer(subscript, {}) != at:
                    break
            else:
                return self(body, names)
        for index, at in zip(definition.indices, place, strict=True):
            if at not in self.range(index, {}):
                raise UnsupportedError(f"{definition.name} at a place where it is not defined")
        return self(definition.body, dict(zip(definition.indices, place, strict=True)))

    def is_of_indices(self, node: Node) -> bool:
        """Whether it is a rational number made of indices and sizes alone."""
        return not self.depends(node) and all(isinstance(part, _OF_INDICES) for part in walk(node))

    # ------------------------------------------------------------------------ cases and moments

    def choice(self, node: Where, names: Names) -> Scalar:
        """The scalar of a case distinction; a subclass that knows the point decides it."""
        if self.is_of_indices(node.condition):
            return self(node.then if self(node.condition, names) == sympy.true else node.otherwise, names)
        return sympy.Piecewise(
            (self(node.then, names), self(node.condition, names)), (self(node.otherwise, names), sympy.true)
        )

    def extremum(self, kind: str, arguments: list[Scalar]) -> Scalar:
        return (sympy.Max if kind == "max" else sympy.Min)(*arguments)

    def call(self, function: str, argument: Scalar) -> Scalar:
        form = sympy_function(function)
        if form is not None:
            return form(argument)
        value = functions.TABLE[function].value
        if value is None:
            raise UnsupportedError(f"no SymPy form of {function}")
        return self(value, {functions.x: argument})

    def power(self, base: Scalar, exponent: Scalar) -> Scalar:
        return power(base, exponent)

    # --------------------------------------------------------------------------------- rules

    def _number(self, node: Number, names: Names) -> Scalar:
        return sympy.Rational(node.numerator, node.denominator)

    def _constant(self, node: Constant, names: Names) -> Scalar:
        if node.name != "pi":
            raise UnsupportedError(f"the constant {node.name}")
        return sympy.pi

    def _size(self, node: Size, names: Names) -> Scalar:
        return sympy.Integer(self.sizes[node])

    def _name(self, node: Index | Variable, names: Names) -> Scalar:
        value = names[node]
        return sympy.Integer(value) if isinstance(value, int) else value

    def _element(self, node: Element, names: Names) -> Scalar:
        return self.element(node.tensor, tuple(self.integer(s, names) for s in node.subscripts))

    def _sum(self, node: Add, names: Names) -> Scalar:
        return sympy.Add(*(self(term, names) for term in node.terms))

    def _product(self, node: Multiply, names: Names) -> Scalar:
        # The deltas first: what a zero multiplies need not be written out.
        for factor in node.factors:
            if isinstance(factor, Delta) and self(factor, names) == 0:
                return sympy.Integer(0)
        return sympy.Mul(*(self(factor, names) for factor in node.factors if not isinstance(factor, Delta)))

    def _power(self, node: Power, names: Names) -> Scalar:
        return self.power(self(node.base, names), self(node.exponent, names))

    def _call(self, node: Call, names: Names) -> Scalar:
        return self.call(node.function, self(node.argument, names))

    def _extremum(self, node: Extremum, names: Names) -> Scalar:
        return self.extremum(node.kind, [self(argument, names) for argument in node.arguments])

    def _comparison(self, node: Compare, names: Names) -> Scalar:
        return RELATIONS[node.operator](self(node.left, names), self(node.right, names))

    def _logic(self, node: Logic, names: Names) -> Scalar:
        return LOGIC[node.operator](*(self(condition, names) for condition in node.conditions))

    def _case(self, node: Where, names: Names) -> Scalar:
        return self.choice(node, names)

    def _delta(self, node: Delta, names: Names) -> Scalar:
        return sympy.Integer(int(self.integer(node.left, names) == self.integer(node.right, names)))

    def _table(self, node: Table, names: Names) -> Scalar:
        entry: Any = node.entries
        for subscript in node.subscripts:
            at = self.integer(subscript, names)
            if not 0 <= at < len(entry):
                raise UnsupportedError("an entry of a literal array that does not exist")
            entry = entry[at]
        return self(entry, names)

    def _reduction(self, node: Reduce, names: Names) -> Scalar:
        ranges = [self.range(index, names) for index in node.bound]
        parts = [self(node.body, {**names, **dict(zip(node.bound, at, strict=True))}) for at in product(*ranges)]
        if node.kind == "prod":
            return sympy.Mul(*parts)
        if node.kind in ("max", "min"):
            return self.extremum(node.kind, parts)
        return sympy.Add(*parts) if node.kind == "sum" else sympy.Add(*parts) / len(parts)

    def _derivative(self, node: Derivative, names: Names) -> Scalar:
        """By the last element, of the derivative by those before it: sympy.diff by a symbol for that element."""
        *before, last = node.by
        body = Derivative(node.body, tuple(before)) if before else node.body
        place = (last.tensor, tuple(self.integer(s, names) for s in last.subscripts))
        value = self.element(*place)
        if place not in self._children:  # shared by all that is differentiated by this element
            symbol = self.new_symbol(last.tensor.name, value, **assumptions(last.tensor))
            self._children[place] = symbol, self.child(place, symbol)
        symbol, child = self._children[place]
        return self.at_point(sympy.diff(child(body, names), symbol), symbol, value)

    def _expectation(self, node: Expect, names: Names) -> Scalar:
        """Term by term: E t**k of a standard normal t is (k - 1)!! for an even k and 0 for an odd one."""
        (variable,) = node.bound
        standard = self.new_symbol("t", None, real=True)
        value = self(node.mean, names) + self(node.deviation, names) * standard
        try:
            terms = sympy.Poly(self(node.body, {**names, variable: value}), standard).terms()
        except sympy.PolynomialError:
            raise UnsupportedError("the expectation of what is no polynomial") from None
        return sympy.Add(*(factor * sympy.factorial2(k - 1) for (k,), factor in terms if k % 2 == 0))


_OF_INDICES = (Number, Size, Index, Axis, Add, Multiply, Power, Call, Compare, Logic, Extremum, Delta)

_RULES: dict[type[Node], Callable[[Scalars, Any, Names], Scalar]] = {
    Number: Scalars._number,
    Constant: Scalars._constant,
    Size: Scalars._size,
    Index: Scalars._name,
    Variable: Scalars._name,
    Element: Scalars._element,
    Add: Scalars._sum,
    Multiply: Scalars._product,
    Power: Scalars._power,
    Call: Scalars._call,
    Extremum: Scalars._extremum,
    Compare: Scalars._comparison,
    Logic: Scalars._logic,
    Where: Scalars._case,
    Delta: Scalars._delta,
    Table: Scalars._table,
    Reduce: Scalars._reduction,
    Derivative: Scalars._derivative,
    Expect: Scalars._expectation,
}
