"""Which axis each index of a text runs over, found as in einsum from the axes that it subscripts."""

import ast
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import msgspec

from derive.errors import CatalogError
from derive.expression import Axis, axis
from derive.language.scope import BINDERS, Scope
from derive.language.source import Text
from derive.printing.text import axis_text


class Slot(msgspec.Struct):
    """An index whose axis is sought.

    offset: where it was met.  use: the subscripted name that gave the axis.  bounds: the first and the last
    value where a sum writes them out.  step: the axis that it may still be narrowed to, because all that it
    subscripts so far is recurrences.  is_given: the axis is written on the left side.  is_subscript: it was
    met in a subscript or a delta, as only an index is.  is_variable: the real number of an expectation.
    """

    name: str
    offset: int
    axis: Axis | None = None
    use: ast.Subscript | None = None
    bounds: tuple[ast.expr, ast.expr] | None = None
    step: Axis | None = None
    is_given: bool = False
    is_subscript: bool = False
    is_variable: bool = False


class Indices(msgspec.Struct):
    """The free indices of a text by name, and for each call that binds some the slots of those.

    Indices of a left-hand side are put into `free` before `find`. `itself` names a tensor whose axes are
    not known yet, because this text is its recurrence.
    """

    text: Text
    scope: Scope
    free: dict[str, Slot] = {}
    bound: dict[ast.Call, list[Slot]] = {}
    itself: str = ""
    _around: dict[str, Slot] = {}
    _in_bounds: list[ast.Name] = []

    def find(self, *trees: ast.expr) -> None:
        """Type every index of the trees; CatalogError where one runs over two axes."""
        on_left = set(self.free)
        for tree in trees:
            self._visit(tree)
        for slots in self.bound.values():
            for slot in slots:
                if slot.name in self.free:
                    raise self.text.error(
                        f"{slot.name} is bound here and free elsewhere in the same line; rename one", slot.offset
                    )
        # A name in the bounds of a sum is a size, unless it is an index elsewhere in the line.
        for name in self._in_bounds:
            seen = self.free.get(name.id)
            if seen is not None and seen.axis is None and not seen.is_subscript and name.id not in on_left:
                del self.free[name.id]
            if name.id not in self.free and not self.scope.kind(name.id):
                self.scope.size(name.id)

    def check(self, slots: Iterable[Slot], bound: bool = False) -> None:
        """CatalogError if a slot has found no axis. bound: of what is bound, so that the name is surely an index."""
        for slot in slots:
            if slot.axis is None and slot.bounds is None and not slot.is_variable:
                raise self._without_axis(slot, bound or slot.is_subscript)

    def _without_axis(self, slot: Slot, is_index: bool) -> CatalogError:
        name = slot.name
        if is_index:
            from derive.language.spelling import respelled  # not at the top: few texts are refused

            offer = respelled(self.text.value)
            return self.text.error(
                f"nothing says what index {name} runs over", slot.offset, *([f"perhaps {offer}"] if offer else []),
                f"subscript an axis by {name} alone, give its axis on the left as [{name}:n], "
                f"or write the bounds in the sum as ({name}, 0, n - 1)",
            )  # fmt: skip
        return self.text.error(self.scope.undeclared(name), slot.offset)

    def _visit(self, tree: ast.AST) -> None:
        match tree:
            case ast.Name():
                self._visit_name(tree)
            case ast.Subscript():
                self._visit_subscript(tree)
            case ast.Call(func=ast.Name(id=function), args=args) if is_binder(tree, self._is_index):
                self._visit_binder(tree, function, args)
            case ast.Call(func=ast.Name(id="expect"), args=[body, ast.Name() as variable, *rest]):
                self._check_new(variable)
                for argument in rest:
                    self._visit(argument)
                with self._inside(tree, [Slot(variable.id, variable.col_offset, is_variable=True)]):
                    self._visit(body)
            case ast.Call(func=ast.Name(id=function), args=args):
                for argument in args:
                    self._visit(argument)
                    if function == "delta":
                        self._mark(argument)
            case _:
                for part in ast.iter_child_nodes(tree):
                    self._visit(part)

    def _visit_name(self, tree: ast.Name) -> None:
        if tree.id in self.scope.later and tree.id not in self._around:
            raise self.text.error(self.scope.undeclared(tree.id), tree.col_offset)
        if not self.scope.kind(tree.id) and tree.id not in self._around and tree.id != self.itself:
            self.free.setdefault(tree.id, Slot(tree.id, tree.col_offset))

    def _is_index(self, name: str) -> bool:
        around = self._around.get(name)
        return not self.scope.kind(name) and name != self.itself and not (around and around.is_variable)

    def _visit_binder(self, tree: ast.Call, function: str, args: list[ast.expr]) -> None:
        slots = []
        for part in args[1:]:
            match part:
                case ast.Name():
                    self._check_new(part)
                    slots.append(Slot(part.id, part.col_offset))
                case ast.Tuple(elts=[ast.Name() as name, low, high]):
                    self._check_new(name)
                    self._visit_bounds(low)
                    self._visit_bounds(high)
                    slots.append(Slot(name.id, name.col_offset, bounds=(low, high)))
                case _:
                    raise self.text.error(f"{function} runs over indices: {function}(e, i) or {function}(e, (i, 1, n))",
                                          part.col_offset)  # fmt: skip
        names = [slot.name for slot in slots]
        for slot in slots:
            if names.count(slot.name) > 1:
                raise self.text.error(f"{slot.name} is bound twice by one {function}", slot.offset)
        with self._inside(tree, slots):
            self._visit(args[0])

    def _visit_bounds(self, tree: ast.expr) -> None:
        for part in ast.walk(tree):
            if isinstance(part, ast.Name) and part.id not in self._around:
                self._in_bounds.append(part)

    def _check_new(self, tree: ast.Name) -> None:
        name = tree.id
        kind = "being defined" if name == self.itself else self.scope.kind(name)
        if kind:
            raise self.text.error(f"{name} is {kind}, not an index; choose another name", tree.col_offset)
        if name in self._around:
            raise self.text.error(f"{name} is bound around this already; choose another name", tree.col_offset)

    @contextmanager
    def _inside(self, tree: ast.Call, slots: list[Slot]) -> Iterator[None]:
        self.bound[tree] = slots
        around = self._around
        self._around = around | {slot.name: slot for slot in slots}
        yield
        self._around = around
        self.check(slots, bound=True)

    def _visit_subscript(self, tree: ast.Subscript) -> None:
        subscripts = subscripts_of(tree)
        tensor = self.scope.tensors.get(tree.value.id) if isinstance(tree.value, ast.Name) else None
        if tensor is not None and len(tensor.axes) != len(subscripts):
            raise self.scope.miscounted(self.text, tree.col_offset, tensor, len(subscripts), self._shown(tree))
        for position, part in enumerate(subscripts):
            self._visit(part)
            self._mark(part)
            slot = self._slot(part)
            over = self._axis_of(tree.value, position, len(subscripts))
            if slot is not None and over is not None and slot.bounds is None and not slot.is_given:
                step = self.scope.steps.get((tree.value.id, position)) if isinstance(tree.value, ast.Name) else None
                self._unify(slot, over, step, tree)

    def _mark(self, tree: ast.expr) -> None:
        for part in ast.walk(tree):
            slot = self._slot(part)
            if slot is not None:
                slot.is_subscript = True

    def _slot(self, tree: ast.AST) -> Slot | None:
        if not isinstance(tree, ast.Name):
            return None
        return self._around.get(tree.id) or self.free.get(tree.id)

    def _axis_of(self, value: ast.expr, position: int, count: int) -> Axis | None:
        """The axis at a position; None where the number of subscripts is wrong, which is found later."""
        match value:
            case ast.Name(id=name):
                tensor = self.scope.tensors.get(name)
                return tensor.axes[position] if tensor and len(tensor.axes) == count else None
            case ast.List(elts=entries) if position == 0:
                return axis(len(entries))
            case ast.List(elts=[first, *_]):
                return self._axis_of(first, position - 1, count - 1)
        return None

    def _unify(self, slot: Slot, over: Axis, step: Axis | None, tree: ast.Subscript) -> None:
        if slot.axis is None or slot.step is over:
            slot.axis, slot.use, slot.step = over, tree, step if slot.axis is None else None
        elif slot.axis is over:
            slot.step = step and slot.step
        elif slot.axis is not step:
            raise self._two_axes(slot, slot.axis, over, tree)

    def _two_axes(self, slot: Slot, first: Axis, over: Axis, tree: ast.Subscript) -> CatalogError:
        assert slot.use is not None
        return self.text.error(
            f"index {slot.name} runs over {axis_text(over)} in {self._shown(tree)} "
            f"but over {axis_text(first)} in {self._shown(slot.use)}",
            slot.use.col_offset,
            *self._sizes(tree, slot.use), *self._exchanged(slot, first, tree), *self._exchanged(slot, over, slot.use),
        )  # fmt: skip

    def _exchanged(self, slot: Slot, over: Axis, tree: ast.Subscript) -> list[str]:
        """What is offered where an index would fit if it changed places with another subscript."""
        tensor = self.scope.tensors.get(tree.value.id) if isinstance(tree.value, ast.Name) else None
        places = [self._shown(part) for part in subscripts_of(tree)]
        if tensor is None or slot.name not in places:
            return []
        here = places.index(slot.name)
        for there, other in enumerate(tensor.axes):
            if other is over and places[there] != places[here]:
                places[here], places[there] = places[there], places[here]
                return [f"perhaps {tensor.name}[{', '.join(places)}]"]
        return []

    def _shown(self, tree: ast.expr) -> str:
        return self.text.value[tree.col_offset : tree.end_col_offset]

    def _sizes(self, *trees: ast.Subscript) -> list[str]:
        names = dict.fromkeys(tree.value.id for tree in trees if isinstance(tree.value, ast.Name))
        return [f"sizes: {', '.join(f'{name} is {self.scope.declared[name]}' for name in names)}"] if names else []


def subscripts_of(tree: ast.Subscript) -> list[ast.expr]:
    return tree.slice.elts if isinstance(tree.slice, ast.Tuple) else [tree.slice]


def is_binder(tree: ast.Call, is_index: Callable[[str], bool]) -> bool:
    """Whether a call binds indices: always for sum, mean and prod, and for max(e, i) but not for max(a, b)."""
    if not isinstance(tree.func, ast.Name) or tree.func.id not in BINDERS or len(tree.args) < 2:
        return False
    if tree.func.id in ("sum", "mean", "prod"):
        return True
    inside = _in_subscripts(tree.args[0])
    return all(
        is_index(part.id) and part.id in inside if isinstance(part, ast.Name) else isinstance(part, ast.Tuple)
        for part in tree.args[1:]
    )


def _in_subscripts(body: ast.expr) -> set[str]:
    """The names in subscripts and deltas, where only an index stands."""
    places: list[ast.expr] = []
    for part in ast.walk(body):
        if isinstance(part, ast.Subscript):
            places.append(part.slice)
        elif isinstance(part, ast.Call) and isinstance(part.func, ast.Name) and part.func.id == "delta":
            places += part.args
    return {name.id for place in places for name in ast.walk(place) if isinstance(name, ast.Name)}
