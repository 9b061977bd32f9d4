"""From text to index expressions: Python's tree, walked against a white list, one rule for each node type."""

import ast
from collections.abc import Callable, Mapping
from typing import Any

from derive import functions
from derive.domains import TABLE as DOMAINS
from derive.errors import CatalogError, nearest
from derive.expression import (
    HALF,
    ZERO,
    Add,
    Axis,
    Call,
    Compare,
    Constant,
    Delta,
    Derivative,
    Element,
    Extremum,
    Index,
    Logic,
    Multiply,
    Node,
    Number,
    Power,
    Size,
    Table,
    Tensor,
    Variable,
    Where,
    add,
    axis,
    element,
    expectation,
    multiply,
    number,
    power,
    reduce,
)  # fmt: skip
from derive.formula import mentioned
from derive.indices import Indices, Slot, subscripts_of
from derive.ranges import axis_between, constant, ends_of, extreme, is_nonnegative, last_of, polynomial
from derive.scope import CALLABLE, CONSTANTS, Scope
from derive.source import BITS, EXPONENT, Text, exact, run, tree, written
from derive.text import text as text_of

OPERATORS = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!="}


def expression(text: Text | str, scope: Scope, indices: Mapping[str, Index] | None = None) -> Node:
    """The expression that a text writes; CatalogError with its position if it writes none.

    indices: the axes of free indices that the text itself does not tell.
    """
    text = _stripped(text)
    parsed = tree(text)
    found = Indices(text, scope, {i: Slot(i, 0, index.axis, is_given=True) for i, index in (indices or {}).items()})
    found.find(parsed)
    return Reader(text, scope, found).node(parsed)


def claim_sides(text: Text | str, scope: Scope) -> tuple[Node, str, Node]:
    """The left side, the operator and the right side of a claim."""
    text = _stripped(text)
    parsed = tree(text)
    if not isinstance(parsed, ast.Compare) or len(parsed.ops) != 1:
        raise text.error("a claim is one equation: left == right, left <= right or left >= right")
    operator = OPERATORS.get(type(parsed.ops[0]), "")
    if operator not in ("==", "<=", ">="):
        raise text.error("a claim is left == right, left <= right or left >= right", parsed.left.end_col_offset or 0)
    found = Indices(text, scope)
    found.find(parsed.left, parsed.comparators[0])
    reader = Reader(text, scope, found)
    left, right = reader.node(parsed.left), reader.node(parsed.comparators[0])
    _check_both_sides(text, found, left, right)
    return left, operator, right


def _check_both_sides(text: Text, found: Indices, left: Node, right: Node) -> None:
    for name, slot in found.free.items():
        on_left, on_right = (any(i.name == name for i in side.free) for side in (left, right))
        if on_right and not on_left:
            raise text.error(f"index {name} is free on the right only", slot.offset)
        if on_left and not on_right and any(tensor.axes for tensor in mentioned(right)):
            raise text.error(f"index {name} is free on the left only", slot.offset)


def axis_of(text: Text, scope: Scope) -> Axis:
    """The axis that a declaration writes: n, 2, s*(U-1) + A, or a range 1..T; new names in it become sizes."""
    low, dots, _ = text.value.partition("..")
    if not dots:
        size = _length(text, scope)
        return scope.settled(axis(size))
    first = _length(text.part(0, len(low)), scope)
    final = _length(text.part(len(low) + 2, len(text.value)), scope)
    over = axis_between(first, final)
    if over is None:
        raise text.error("an axis is made of sizes and integers")
    return scope.settled(over)


def _length(text: Text, scope: Scope) -> Node:
    parsed = tree(text)
    names = [part for part in ast.walk(parsed) if isinstance(part, ast.Name)]
    for part in sorted(names, key=lambda part: part.col_offset):
        kind = scope.kind(part.id)
        if kind not in ("", "a size") or part.id in scope.indices:
            raise text.error(f"{part.id} is {kind or 'an index'}, not a size", part.col_offset)
        scope.size(part.id)
    reader = Reader(text, scope, Indices(text, scope))
    node = reader.node(parsed)
    if reader.polynomial(node, parsed) is None:
        raise text.error("an axis is made of sizes and integers with + - * and **", parsed.col_offset)
    return node


def _stripped(text: Text | str) -> Text:
    text = written(text) if isinstance(text, str) else text
    return text.part(0, len(text.value))


class Reader:
    """The rules, one for each node type of Python's tree, over the indices found in it."""

    def __init__(self, text: Text, scope: Scope, found: Indices) -> None:
        self.text, self.scope, self.found = text, scope, found
        self.names: dict[str, Node] = {}
        self.recurrence: tuple[Tensor, int, Index] | None = None  # the tensor being defined, its step's position

    def node(self, part: ast.expr) -> Node:
        rule = RULES.get(type(part))
        if rule is None:
            raise self.error(part, f"{_described(part)} not part of the language")
        return rule(self, part)

    def error(self, part: ast.AST, message: str, *notes: str) -> CatalogError:
        return self.text.error(message, getattr(part, "col_offset", 0), *notes)

    def shown(self, part: ast.expr) -> str:
        return self.text.value[part.col_offset : part.end_col_offset]

    # ------------------------------------------------------------------------------ arithmetic

    def number(self, part: ast.Constant) -> Node:
        word = self.shown(part)
        if not isinstance(part.value, int | float) or isinstance(part.value, bool):
            raise self.error(part, f"{word} is not a number")
        return number(exact(self.text, word, part.col_offset))

    def sign(self, part: ast.UnaryOp) -> Node:
        if isinstance(part.op, ast.Not):
            raise self.error(part, "a condition stands only in where(condition, a, b)")
        value = self.node(part.operand)
        return multiply(-1, value) if isinstance(part.op, ast.USub) else value

    def arithmetic(self, part: ast.BinOp) -> Node:
        if isinstance(part.op, ast.Pow):
            return self.power(part)
        parts = run(part)
        if isinstance(part.op, ast.Add | ast.Sub):
            terms = [self.node(operand) for _, operand in parts]
            return self.bounded(part, add(*(
                multiply(-1, term) if isinstance(operator, ast.Sub) else term
                for (operator, _), term in zip(parts, terms, strict=True)
            )))  # fmt: skip
        value = self.node(parts[0][1])
        for operator, operand in parts[1:]:
            value = self.bounded(operand, self.product(operator, value, operand))
        return value

    def product(self, operator: ast.operator | None, left: Node, operand: ast.expr) -> Node:
        right = self.node(operand)
        if isinstance(operator, ast.Mult):
            return multiply(left, right)
        if right is ZERO:
            raise self.error(operand, "division by zero")
        match operator:
            case ast.Div():
                return multiply(left, power(right, -1))
            case ast.FloorDiv():
                return Call("floor", multiply(left, power(right, -1)))
            case ast.Mod():
                return left - right * Call("floor", multiply(left, power(right, -1)))
        raise self.error(operand, f"{type(operator).__name__} is not part of the language")

    def power(self, part: ast.BinOp) -> Node:
        base, exponent = self.node(part.left), self.node(part.right)
        if isinstance(exponent, Number):
            if abs(exponent.value) > EXPONENT and not isinstance(base, Number):
                raise self.error(part.right, f"a power beyond {EXPONENT}")
            if isinstance(base, Number):
                bits = max(abs(base.numerator), base.denominator).bit_length()
                if abs(exponent.value) * bits > BITS:
                    raise self.error(part, f"a number beyond {BITS} bits")
                if base is ZERO and exponent.value <= 0:
                    raise self.error(part, "0 to a power that is not positive is undefined")
        return power(base, exponent)

    def bounded(self, part: ast.expr, value: Node) -> Node:
        number = value.factors[0] if isinstance(value, Multiply) else value
        if isinstance(number, Number) and max(abs(number.numerator), number.denominator).bit_length() > BITS:
            raise self.error(part, f"a number beyond {BITS} bits")
        return value

    # ------------------------------------------------------------------------- names, subscripts

    def name(self, part: ast.Name) -> Node:
        name = part.id
        if name in self.names:
            return self.names[name]
        if name in CONSTANTS:
            return Constant(name)
        tensor = self.scope.tensors.get(name)
        if tensor is not None:
            return self.element(part, tensor, [])
        if name in self.scope.sizes:
            return self.scope.sizes[name]
        slot = self.found.free.get(name)
        if slot is None:
            raise self.error(part, self.unreadable(name))
        self.found.check([slot])
        return self.index(slot)

    def unreadable(self, name: str) -> str:
        kind = self.scope.kind(name)
        return f"{name} is {kind}, not a value" if kind else self.scope.undeclared(name)

    def index(self, slot: Slot) -> Node:
        """The free or bound index of a slot, from its first use on under its name."""
        assert slot.axis is not None
        self.scope.indices.add(slot.name)
        self.names[slot.name] = found = Index(slot.name, slot.axis)
        return found

    def subscript(self, part: ast.Subscript) -> Node:
        subscripts = subscripts_of(part)
        if isinstance(part.value, ast.List):
            return self.table(part.value, subscripts)
        if not isinstance(part.value, ast.Name):
            raise self.error(part, "only an input, a definition or a literal list has subscripts")
        tensor = self.scope.tensors.get(part.value.id)
        if tensor is None:
            raise self.error(part, self.unreadable(part.value.id))
        return self.element(part, tensor, subscripts)

    def element(self, part: ast.expr, tensor: Tensor, subscripts: list[ast.expr]) -> Element:
        if len(subscripts) != len(tensor.axes):
            raise self.error(
                part,
                f"{tensor.name} takes {_counted(len(tensor.axes), 'subscript')}, got {len(subscripts) or 'none'}"
                + (f" in {self.shown(part)}" if subscripts else ""),
                f"sizes: {tensor.name} is {self.scope.declared[tensor.name]}",
            )
        places = [self.subscript_over(p, over, part) for p, over in zip(subscripts, tensor.axes, strict=True)]
        if self.recurrence is not None and tensor is self.recurrence[0]:
            self.check_earlier(part, places)
        return element(tensor, *places)

    def check_earlier(self, part: ast.expr, places: list[Node]) -> None:
        """A recurrence reads itself at earlier steps alone."""
        assert self.recurrence is not None
        _, position, step = self.recurrence
        here, read = polynomial(step), polynomial(places[position])
        if here is None or read is None or not is_nonnegative(here - read - constant(1)):
            raise self.error(part, f"{self.shown(part)} is not shown to be an earlier step than {step.name}")

    def table(self, part: ast.List, subscripts: list[ast.expr]) -> Node:
        entries, shape = self.entries(part)
        if len(subscripts) != len(shape):
            raise self.error(part, f"a list {len(shape)} deep takes {_counted(len(shape), 'subscript')}")
        places = [self.subscript_over(p, axis(count), part) for p, count in zip(subscripts, shape, strict=True)]
        return Table(entries, tuple(places))

    def entries(self, part: ast.List) -> tuple[tuple[Any, ...], tuple[int, ...]]:
        """The expressions of a literal list, nested as it is, and its shape."""
        if not part.elts:
            raise self.error(part, "an empty list")
        if not isinstance(part.elts[0], ast.List):
            return tuple(self.node(entry) for entry in part.elts), (len(part.elts),)
        rows = []
        for entry in part.elts:
            if not isinstance(entry, ast.List):
                raise self.error(entry, "every row of a list is a list of the same length")
            rows.append(self.entries(entry))
            if rows[-1][1] != rows[0][1]:
                raise self.error(entry, "every row of a list has the same length")
        return tuple(row for row, _ in rows), (len(rows), *rows[0][1])

    def subscript_over(self, part: ast.expr, over: Axis, whole: ast.expr) -> Node:
        """A subscript that is shown to stay on its axis; one with a floor in it is left as it stands."""
        place = self.node(part)
        if isinstance(place, Index) and place.axis is over:
            return place
        value = self.polynomial(place, part)
        if value is None:
            if not _is_integer(place):
                raise self.error(part, "a subscript is made of indices, sizes and integers")
            return place
        ends = ends_of(over)
        if ends is None or not (is_nonnegative(value - ends[0]) and is_nonnegative(ends[1] - value)):
            low, high = extreme(value, -1), extreme(value, 1)
            bounds = (text_of(end.node()) if end is not None else "?" for end in (low, high))
            raise self.error(
                part,
                f"subscript {self.shown(part)} of {self.shown(whole)} may leave its axis",
                f"it runs from {' to '.join(bounds)}, the axis from {text_of(over.start)} to {text_of(last_of(over))}",
            )
        return place

    def polynomial(self, node: Node, part: ast.expr) -> Any:
        try:
            return polynomial(node)
        except OverflowError as problem:
            raise self.error(part, str(problem)) from None

    # ------------------------------------------------------------------------------------ calls

    def call(self, part: ast.Call) -> Node:
        if not isinstance(part.func, ast.Name):
            raise self.error(part, "only functions of the table are called, by their names")
        if part.keywords:
            raise self.error(part.keywords[0], "arguments are not named")
        name = part.func.id
        rule = CALLS.get(name)
        if rule is not None:
            return rule(self, part)
        if name in functions.TABLE:
            return Call(name, *self.arguments(part, 1))
        if name in self.scope.tensors:
            raise self.error(part, f"{name} is {self.scope.kind(name)}, not a function; its elements are {name}[i]")
        raise self.error(part, f"unknown function {name}{nearest(name, CALLABLE)}")

    def arguments(self, part: ast.Call, count: int) -> list[Node]:
        if len(part.args) != count:
            raise self.error(part, f"{self.shown(part.func)} takes {_counted(count, 'argument')}, got {len(part.args)}")
        return [self.node(argument) for argument in part.args]

    def square_root(self, part: ast.Call) -> Node:
        return power(self.arguments(part, 1)[0], HALF)

    def delta(self, part: ast.Call) -> Node:
        left, right = self.arguments(part, 2)
        for side, argument in ((left, part.args[0]), (right, part.args[1])):
            if self.polynomial(side, argument) is None and not _is_integer(side):
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
        if over is None:
            raise self.error(slot.bounds[0], "bounds are made of indices, sizes and integers")
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

    def misplaced_condition(self, part: ast.expr) -> Node:
        raise self.error(part, "a condition stands only in where(condition, a, b)")

    def misplaced_list(self, part: ast.expr) -> Node:
        raise self.error(part, "a literal list is the whole body of a definition, or has subscripts")


Rule = Callable[[Reader, Any], Node]
RULES: dict[type[ast.expr], Rule] = {
    ast.Constant: Reader.number,
    ast.Name: Reader.name,
    ast.UnaryOp: Reader.sign,
    ast.BinOp: Reader.arithmetic,
    ast.Subscript: Reader.subscript,
    ast.Call: Reader.call,
    ast.Compare: Reader.misplaced_condition,
    ast.BoolOp: Reader.misplaced_condition,
    ast.List: Reader.misplaced_list,
}
CALLS: dict[str, Rule] = {
    **dict.fromkeys(("sum", "mean", "prod", "max", "min"), Reader.reduction),
    "delta": Reader.delta,
    "where": Reader.where,
    "expect": Reader.expectation,
    "D": Reader.derivative,
    "sqrt": Reader.square_root,
}


def _is_integer(node: Node) -> bool:
    match node:
        case Number(_, denominator):
            return denominator == 1
        case Size() | Index():
            return True
        case Add(parts) | Multiply(parts):
            return all(map(_is_integer, parts))
        case Power(base, Number(exponent, 1)):
            return exponent > 0 and _is_integer(base)
        case Call("floor", _):
            return True
    return False


def _counted(count: int, noun: str) -> str:
    return f"{count or 'no'} {noun}{'' if count == 1 else 's'}"


def _described(part: ast.expr) -> str:
    names = {ast.Tuple: "a bare list of values is", ast.Starred: "a starred value is", ast.Attribute: "an attribute is",
             ast.Slice: "a slice is", ast.Lambda: "a lambda is"}  # fmt: skip
    return names.get(type(part), f"{type(part).__name__} is")
