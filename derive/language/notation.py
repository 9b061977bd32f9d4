"""From text to index expressions: Python's tree, walked against a white list, one rule for each node type."""

import ast
from collections.abc import Callable, Mapping
from math import ceil
from typing import Any

from derive.binding import walk
from derive.expression import (
    ZERO,
    Add,
    Axis,
    Call,
    Constant,
    Index,
    Multiply,
    Node,
    Number,
    Power,
    add,
    axis,
    multiply,
    number,
    power,
)
from derive.formula import mentioned
from derive.language.calls import OPERATORS, Calls
from derive.language.indices import Indices, Slot
from derive.language.scope import Scope
from derive.language.source import BITS, EXPONENT, Text, exact, run, tree, written
from derive.ranges import axis_between, polynomial


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
    parsed = tree(text, is_claim=True)
    if not isinstance(parsed, ast.Compare) or len(parsed.ops) != 1:
        raise text.error("a claim is one equation: left == right, left <= right or left >= right")
    operator = OPERATORS.get(type(parsed.ops[0]), "")
    if operator not in ("==", "<=", ">="):
        gap = text.value[parsed.left.end_col_offset or 0 :]
        offset = len(text.value) - len(gap.lstrip())
        raise text.error("a claim is left == right, left <= right or left >= right", offset)
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
            alike = [i.name for i in right.free if isinstance(i, Index) and i.axis is slot.axis]
            notes = [f"perhaps the factor delta({other}, {name}) is missing on the right" for other in alike[:1]]
            raise text.error(f"index {name} is free on the left only", slot.offset, *notes)


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
    node = Reader(text, scope, Indices(text, scope)).node(parsed)
    try:
        if polynomial(node) is not None:
            return node
    except OverflowError as problem:
        raise text.error(str(problem)) from None
    raise text.error("an axis is made of sizes and integers with + - * and **", parsed.col_offset)


def _stripped(text: Text | str) -> Text:
    text = written(text) if isinstance(text, str) else text
    return text.part(0, len(text.value))


class Reader(Calls):
    """The rules, one for each node type of Python's tree."""

    def node(self, part: ast.expr) -> Node:
        rule = RULES.get(type(part))
        if rule is None:
            raise self.error(part, f"{_described(part)} not part of the language")
        try:
            return rule(self, part)
        except OverflowError as problem:
            raise self.error(part, str(problem)) from None

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
        if base is ZERO and isinstance(exponent, Number) and exponent.value <= 0:
            raise self.error(part, "0 to a power that is not positive is undefined")
        if isinstance(exponent, Number) and abs(exponent.value) > EXPONENT and not isinstance(base, Number):
            raise self.error(part.right, f"a power beyond {EXPONENT}")
        if _weight(Power(base, exponent)) > BITS or (
            _is_numeric(exponent) and _weight(exponent) > 2 * EXPONENT.bit_length()
        ):
            raise self.error(part, f"a power beyond {BITS} bits")
        return power(base, exponent)

    def bounded(self, part: ast.expr, value: Node) -> Node:
        head = value.factors[0] if isinstance(value, Multiply) else value
        if isinstance(head, Number) and _weight(head) > BITS:
            raise self.error(part, f"a number beyond {BITS} bits")
        return value

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


def _weight(node: Node) -> int:
    """The bits of a number, and a bound for what powers of numbers and powers of powers make of them."""
    match node:
        case Number(numerator, denominator):
            return max(abs(numerator), denominator).bit_length()
        case Power(base, Number() as exponent):
            return _weight(base) * max(1, ceil(abs(exponent.value)))
        case Power(base, exponent):
            # Two levels of powers are in use, x**(2**k); more have no meaning but to be large.
            return _weight(base) + (BITS + 1 if _is_tower(exponent) else _weight(exponent))
        case Multiply(factors):
            return sum(map(_weight, factors))
    return max((_weight(child) for child in node.children()), default=1)


def _is_tower(node: Node) -> bool:
    return (
        isinstance(node, Power) and isinstance(node.exponent, Power) and not isinstance(node.exponent.exponent, Number)
    )


def _is_numeric(node: Node) -> bool:
    """Whether a node that is no number itself is made of numbers alone."""
    return not isinstance(node, Number) and all(
        isinstance(part, Number | Constant | Power | Multiply | Add) for part in walk(node)
    )


def _described(part: ast.expr) -> str:
    names = {ast.Tuple: "a bare list of values is", ast.Starred: "a starred value is", ast.Attribute: "an attribute is",
             ast.Slice: "a slice is", ast.Lambda: "a lambda is"}  # fmt: skip
    return names.get(type(part), f"{type(part).__name__} is")
