"""Names and subscripts of an expression: what each stands for, and that a subscript stays on its axis."""

import ast
from typing import Any

from derive.errors import CatalogError
from derive.expression import (
    Add,
    Axis,
    Call,
    Constant,
    Element,
    Index,
    Multiply,
    Node,
    Number,
    Power,
    Size,
    Table,
    Tensor,
    axis,
    element,
)
from derive.language.indices import Indices, Slot, subscripts_of
from derive.language.scope import CALLABLE, CONSTANTS, Scope
from derive.language.source import Text
from derive.printing.text import text as text_of
from derive.ranges import constant, ends_of, extreme, is_nonnegative, last_of, polynomial


class Elements:
    """The rules for names, elements and literal arrays, over the indices found in a text.

    names: the indices and variables in force.  recurrence: the tensor being defined, the position of its
    step and that step.
    """

    def __init__(self, text: Text, scope: Scope, found: Indices) -> None:
        self.text, self.scope, self.found = text, scope, found
        self.names: dict[str, Node] = {}
        self.recurrence: tuple[Tensor, int, Index] | None = None

    def node(self, part: ast.expr) -> Node:
        """The expression that a part of the tree writes."""
        raise NotImplementedError

    def unknown_function(self, part: ast.expr, name: str) -> CatalogError:
        """What is wrong with a function of this name."""
        raise NotImplementedError

    def error(self, part: ast.AST, message: str, *notes: str) -> CatalogError:
        return self.text.error(message, getattr(part, "col_offset", 0), *notes)

    def shown(self, part: ast.expr) -> str:
        return self.text.value[part.col_offset : part.end_col_offset]

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
            kind = self.scope.kind(name)
            raise self.error(part, f"{name} is {kind}, not a value" if kind else self.scope.undeclared(name))
        self.found.check([slot])
        return self.index(slot)

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
            raise self.without_subscripts(part)
        tensor = self.scope.tensors.get(part.value.id)
        if tensor is None:
            kind = self.scope.kind(part.value.id)
            message = f"{part.value.id} is {kind} and has no subscripts" if kind else None
            raise self.error(part, message or self.scope.undeclared(part.value.id))
        return self.element(part, tensor, subscripts)

    def without_subscripts(self, part: ast.Subscript) -> CatalogError:
        """A subscript on what is no array, with where it belongs."""
        inside = self.shown(part)[len(self.shown(part.value)) :].lstrip()
        match part.value:
            case ast.Call(func=ast.Name(id=name)) if name not in CALLABLE and name not in self.scope.tensors:
                return self.unknown_function(part, name)
            case ast.Call(func=ast.Name(id=name), args=[ast.Name(id=array)]):
                better = f"; write {name}({array}{inside})"
            case ast.Subscript(value=ast.Name(id=name)):
                places = ", ".join(map(self.shown, (*subscripts_of(part.value), *subscripts_of(part))))
                better = f"; write {name}[{places}]"
            case _:
                better = ""
        return self.error(part, f"only an input, a definition or a literal list has subscripts{better}")

    def element(self, part: ast.expr, tensor: Tensor, subscripts: list[ast.expr]) -> Element:
        if len(subscripts) != len(tensor.axes):
            raise self.scope.miscounted(self.text, part.col_offset, tensor, len(subscripts), self.shown(part))
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
            raise self.error(part, f"a list {len(shape)} deep takes {counted(len(shape), 'subscript')}")
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
        value = polynomial(place)
        if value is None:
            if not is_integer(place):
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


def is_integer(node: Node) -> bool:
    """Whether a number, made of indices, sizes and floors, is seen to be an integer."""
    match node:
        case Number(_, denominator):
            return denominator == 1
        case Size() | Index():
            return True
        case Add(parts) | Multiply(parts):
            return all(map(is_integer, parts))
        case Power(base, Number(exponent, 1)):
            return exponent > 0 and is_integer(base)
        case Call("floor", _):
            return True
    return False


def counted(count: int, noun: str, plural: str = "") -> str:
    """ "2 subscripts", "1 subscript", "no subscripts"."""
    return f"{count or 'no'} {noun if count == 1 else plural or noun + 's'}"
