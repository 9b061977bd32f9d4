"""Calls: the functions of the table, sums and their like, derivatives, cases and expectations."""

import ast
from collections.abc import Callable
from typing import Any

from derive import functions
from derive.binding import expectation, reduce
from derive.domains import TABLE as DOMAINS
from derive.errors import CatalogError, nearest
from derive.expression import (
    HALF,
    Axis,
    Call,
    Compare,
    Delta,
    Derivative,
    Element,
    Extremum,
    Index,
    Logic,
    Node,
    Number,
    Variable,
    Where,
    power,
)
from derive.formula import mentioned
from derive.language.elements import Elements, counted, is_integer
from derive.language.indices import Slot
from derive.language.scope import CALLABLE
from derive.ranges import LARGEST, axis_between, is_nonnegative, polynomial

OPERATORS = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!="}


class Calls(Elements):
    """The rules for what is called, and for the conditions of its cases."""

    def call(self, part: ast.Call) -> Node:
        if not isinstance(part.func, ast.Name):
            raise self.error(
                part, "only functions of the table are called, by their names; a product is written with *"
            )
        if part.keywords:
            raise self.error(part.keywords[0], "arguments are not named")
        name = part.func.id
        rule = CALLS.get(name)
        if rule is not None:
            return rule(self, part)
        if name in functions.TABLE:
            return Call(name, *self.arguments(part, 1))
        if name in self.scope.tensors:
            hint = f"; its elements are {name}[i]" if self.scope.tensors[name].axes else "; a product is written with *"
            raise self.error(part, f"{name} is {self.scope.kind(name)}, not a function{hint}")
        raise self.unknown_function(part, name)

    def unknown_function(self, part: ast.expr, name: str) -> CatalogError:
        """A function that the table does not have: how it is written, or the nearest one."""
        from derive.language.spelling import ELSEWHERE  # not at the top: few texts are refused

        here = ELSEWHERE.get(name)
        return self.error(part, f"unknown function {name}" + (f"; write {here}" if here else nearest(name, CALLABLE)))

    def arguments(self, part: ast.Call, count: int) -> list[Node]:
        if len(part.args) != count:
            raise self.error(part, f"{self.shown(part.func)} takes {counted(count, 'argument')}, got {len(part.args)}")
        return [self.node(argument) for argument in part.args]

    def square_root(self, part: ast.Call) -> Node:
        return power(self.arguments(part, 1)[0], HALF)

    def delta(self, part: ast.Call) -> Node:
        left, right = self.arguments(part, 2)
        for side, argument in ((left, part.args[0]), (right, part.args[1])):
            if not is_integer(side):
                raise self.error(argument, "delta compares integers: indices, sizes and numbers")
        return Delta(left, right)

    def reduction(self, part: ast.Call) -> Node:
        kind = self.shown(part.func)
        slots = self.found.bound.get(part)
        if slots is None:
            if kind in ("max", "min") and len(part.args) >= 2:
                return Extremum(kind, tuple(self.node(argument) for argument in part.args))
            raise self.error(part, f"{kind} runs over indices: {kind}(e, i)")
        axes = [self.axis_of_slot(slot) for slot in slots]
        for slot, over in zip(slots, axes, strict=True):
            slot.axis = over
        indices = [self.index(slot) for slot in slots]
        body = self.node(part.args[0])
        for slot in slots:
            del self.names[slot.name]
        return reduce(kind, body, *indices)  # type: ignore[arg-type]

    def axis_of_slot(self, slot: Slot) -> Axis:
        if slot.bounds is None:
            assert slot.axis is not None
            return slot.axis
        low, high = (self.node(bound) for bound in slot.bounds)
        over = axis_between(low, high)
        length = polynomial(over.size) if over else None
        if over is None or length is None:
            raise self.error(slot.bounds[0], "bounds are made of indices, sizes and integers")
        if not is_nonnegative(length):
            first, final = map(self.shown, slot.bounds)
            raise self.error(
                slot.bounds[0],
                f"the range from {first} to {final} is not shown to run forwards",
                "it may be empty, as from 1 to 0, and not less",
            )
        if sum(map(abs, length.values())) > LARGEST:
            raise self.error(slot.bounds[0], f"a range of more than {LARGEST} values")
        return self.scope.settled(over)

    def expectation(self, part: ast.Call) -> Node:
        match part.args:
            case [body, ast.Name(id=name), ast.Call(func=ast.Name(id="Normal"), args=[mean, deviation], keywords=[])]:
                center, width = self.node(mean), self.node(deviation)
                variable = Variable(name)
                self.scope.indices.add(name)
                self.names[name] = variable
                inside = self.node(body)
                del self.names[name]
                return expectation(inside, variable, center, width)
        raise self.error(part, "an expectation is written expect(e, z, Normal(mean, deviation))")

    def where(self, part: ast.Call) -> Node:
        if len(part.args) != 3:
            raise self.error(part, "cases are written where(condition, a, b)")
        return Where(self.condition(part.args[0]), self.node(part.args[1]), self.node(part.args[2]))

    def derivative(self, part: ast.Call) -> Node:
        if len(part.args) < 2:
            raise self.error(part, "a derivative is written D(f, x) or D(f, x[i])")
        body = self.node(part.args[0])
        if not mentioned(body):
            raise self.error(part.args[0], f"nothing to differentiate: {self.shown(part.args[0])} reads no input")
        return Derivative(body, tuple(self.direction(argument) for argument in part.args[1:]))

    def direction(self, part: ast.expr) -> Element:
        by = self.node(part)
        if not isinstance(by, Element):
            raise self.error(part, f"a derivative is by an input or a definition, not by {self.shown(part)}")
        domain = DOMAINS.get(by.tensor.domain)
        if domain and domain.integer and not domain.relation:
            raise self.error(part, f"no derivative by {by.tensor.name}, which is {self.scope.declared[by.tensor.name]}")
        if not all(isinstance(place, Index | Number) for place in by.subscripts):
            raise self.error(part, "a derivative is by an element whose subscripts are plain indices or numbers")
        return by

    # -------------------------------------------------------------------------------- conditions

    def condition(self, part: ast.expr) -> Node:
        match part:
            case ast.Compare():
                sides = [self.node(side) for side in (part.left, *part.comparators)]
                links = []
                for operator, left, right in zip(part.ops, sides, sides[1:], strict=False):
                    if type(operator) not in OPERATORS:
                        raise self.error(part, "a comparison is one of < <= > >= == !=")
                    links.append(Compare(OPERATORS[type(operator)], left, right))
                return links[0] if len(links) == 1 else Logic("and", tuple(links))
            case ast.BoolOp(op=op, values=values):
                return Logic("and" if isinstance(op, ast.And) else "or", tuple(map(self.condition, values)))
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return Logic("not", (self.condition(operand),))
        raise self.error(part, "a condition is a comparison such as x > 0, or several joined by and, or, not")


Rule = Callable[[Any, ast.Call], Node]
CALLS: dict[str, Rule] = {
    **dict.fromkeys(("sum", "mean", "prod", "max", "min"), Calls.reduction),
    "delta": Calls.delta,
    "where": Calls.where,
    "expect": Calls.expectation,
    "D": Calls.derivative,
    "sqrt": Calls.square_root,
}
