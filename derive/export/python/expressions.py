"""A value as an expression of array code, in brackets where an operator around it is stronger."""

from collections.abc import Callable, Mapping, Sequence

from derive.errors import UnsupportedError
from derive.export.integers import Integers
from derive.export.program import Operand, Value
from derive.export.python import places, products
from derive.export.python.dialect import (
    ATOM,
    COMPARE,
    INFIX,
    LOGIC,
    LOOSE,
    PRODUCT,
    STATIC,
    SUM,
    SWAPPED,
    UNARY,
    Dialect,
    Text,
    number_text,
)
from derive.expression import Index, Node, Size


class Expressions:
    """Writes values as expressions.

    sizes: names of sizes.  helpers: the helpers that were used.  like: an array whose type new ones get.  known:
    values that have a name already (arguments, what was saved).  steps: the names of what runs in the loops around.
    """

    def __init__(self, dialect: Dialect, sizes: Mapping[Size, str], helpers: set[str], like: str) -> None:
        self.dialect, self.sizes, self.helpers, self.like = dialect, sizes, helpers, like
        self.known: dict[Value, str] = {}
        self.steps: dict[Index, str] = {}
        self.texts: dict[Value, Text] = {}

    def text(self, value: Value) -> Text:
        """A value as an expression, with the strength of its outermost operator."""
        if value in self.known:
            return self.known[value], ATOM
        found = self.texts.get(value)
        if found is None:
            found = self.texts[value] = _RULES[value.op](self, value)
        return found

    def held(self, value: Value, strength: int) -> str:
        """The expression of a value in brackets where an operator around it is stronger."""
        text, own = self.text(value)
        return f"({text})" if own > strength else text

    def aligned(self, operand: Operand, rank: int, strength: int) -> str:
        """An operand with its axes in the order of the loops and a length of 1 where it has none."""
        value, axes = operand
        if not axes:
            return self.held(value, strength)
        order = sorted(range(len(axes)), key=lambda k: axes[k])
        places = sorted(axes)
        is_turned = order != list(range(len(axes)))
        first = places[0]
        is_spread = len(places) < rank - first
        text = self.held(value, ATOM if is_turned or is_spread else strength)
        if is_turned:
            text = self.turned(text, order)
        if is_spread:
            text += f"[{', '.join(':' if k in places else 'None' for k in range(first, rank))}]"
        return text

    def turned(self, text: str, order: Sequence[int]) -> str:
        if list(order) == [1, 0]:
            return self.written(SWAPPED, text)
        return self.written(self.dialect.transposed, text, ", ".join(map(str, order)))

    def integers(self, names: Sequence[str]) -> Integers:
        return Integers(self.sizes, self.steps, names)

    def shape(self, extents: Sequence[Node]) -> str:
        texts = [self.integers(()).text(extent) for extent in extents]
        return f"({texts[0]},)" if len(texts) == 1 else f"({', '.join(texts)})"

    def written(self, template: str, *parts: str) -> str:
        if template.startswith("_"):
            self.helpers.add(template.split("(")[0])
        return template.format(*parts, like=self.like)

    # ------------------------------------------------------------------ one rule per operation

    def of_number(self, value: Value) -> Text:
        return number_text(value.detail)

    def of_constant(self, value: Value) -> Text:
        return f"math.{value.detail}", ATOM

    def of_size(self, value: Value) -> Text:
        text = self.integers(()).text(value.detail)
        return text, ATOM if text.isidentifier() or text.isdigit() else LOOSE

    def of_input(self, value: Value) -> Text:
        raise UnsupportedError(f"the argument {value.detail} has no name here")

    def of_range(self, value: Value) -> Text:
        integers = self.integers(())
        start, stop = integers.text(value.detail), integers.text(value.detail + value.extents[0])
        return self.written(self.dialect.arange, start, stop), ATOM

    def of_map(self, value: Value) -> Text:
        function = value.detail
        if value.is_static:
            return self._of_static(value)
        if function == "copy":
            return self._of_copy(value)
        if function in INFIX:
            template, strength = INFIX[function]
            left_is_loose = function in ("pow",)
            parts = []
            for k, operand in enumerate(value.operands):
                limit = strength
                if left_is_loose and k == 0:
                    limit = ATOM
                elif k == 1 and function in ("sub", "div", "mul"):
                    limit = strength - 1
                elif strength in (LOGIC, COMPARE):
                    limit = SUM if strength == COMPARE else UNARY
                parts.append(self.aligned(operand, value.rank, limit))
            return template.format(*parts), strength
        template = self.dialect.functions.get(function, f"{self.dialect.module}.{function}({{0}})")
        if template.startswith("_"):
            self.helpers.add(template.split("(")[0])
        if function == "square" and template == "{0} * {0}":
            text = self.aligned(value.operands[0], value.rank, ATOM)
            if text.isidentifier():
                return f"{text} * {text}", PRODUCT
            template = f"{self.dialect.module}.square({{0}})"
        if self.dialect.at_least and function in ("maximum", "minimum"):
            bound = self._bounded(value)
            if bound is not None:
                return bound
        if function == "where":
            return self._of_choice(value, template)
        return template.format(*(self.aligned(o, value.rank, LOOSE) for o in value.operands)), ATOM

    def _bounded(self, value: Value) -> Text | None:
        """The larger or smaller of an array and a plain number, where the library has a function of its own for it."""
        template = self.dialect.at_least if value.detail == "maximum" else self.dialect.at_most
        for number, array in (value.operands, value.operands[::-1]):
            if number[0].is_static:
                return self.written(template, self.text(number[0])[0], self.aligned(array, value.rank, LOOSE)), ATOM
        return None

    def _of_choice(self, value: Value, template: str) -> Text:
        parts = [self.aligned(o, value.rank, LOOSE) for o in value.operands]
        if value.operands[0][0].is_static:
            if not value.rank:  # PyTorch and JAX choose by arrays alone
                for k in (1, 2):
                    if value.operands[k][0].is_static:
                        parts[k] = self.written(self.dialect.constant, parts[k])
                return f"({parts[1]} if {parts[0]} else {parts[2]})", ATOM
            parts[0] = self.dialect.functions.get("condition", "{0}").format(parts[0])
        if value.operands[1][0].is_static and value.operands[2][0].is_static:
            if parts[1:] == ["1", "0"]:
                return self.written(self.dialect.truth, parts[0]), ATOM
            parts[1:] = [self.written(self.dialect.constant, part) for part in parts[1:]]
        return template.format(*parts), ATOM

    def _of_static(self, value: Value) -> Text:
        if value.detail in INFIX and value.detail not in ("and", "or", "not"):
            template, strength = INFIX[value.detail]
            parts = [
                self.held(
                    operand, ATOM if value.detail == "pow" else strength - (k == 1 and value.detail in ("sub", "div"))
                )
                for k, (operand, _) in enumerate(value.operands)
            ]
            return template.format(*parts), strength
        template = STATIC.get(value.detail, "")
        if not template:
            raise UnsupportedError(f"{value.detail} of sizes alone")
        return template.format(*(self.text(operand)[0] for operand, _ in value.operands)), ATOM

    def _of_copy(self, value: Value) -> Text:
        ((operand, axes),) = value.operands
        if len(axes) == value.rank:
            return self.turned(self.held(operand, ATOM), sorted(range(len(axes)), key=lambda k: axes[k])), ATOM
        inner = self.aligned(value.operands[0], value.rank, LOOSE)
        if operand.is_static:
            return self.written(self.dialect.full, inner, self.shape(value.shape)), ATOM
        return self.written(self.dialect.spread, inner, self.shape(value.shape)), ATOM

    def of_stack(self, value: Value) -> Text:
        shape: tuple[int, ...] = value.detail
        depth, inner = len(shape), value.rank - len(shape)
        if inner == 0:
            entries = [self.text(operand)[0] for operand, _ in value.operands]
            return self._stacked(entries, shape)
        entries = []
        lengths = self.shape(value.extents[depth:])
        for operand, axes in value.operands:
            text = self.aligned((operand, tuple(at - depth for at in axes)), inner, LOOSE)
            entries.append(self.written(self.dialect.spread, text, lengths))
        return self._stacked(entries, shape)

    def _stacked(self, entries: list[str], shape: tuple[int, ...]) -> Text:
        return self.written(self.dialect.stacked, _nested(entries, shape), str(shape), ", ".join(entries)), ATOM


_RULES: dict[str, Callable[[Expressions, Value], Text]] = {
    "input": Expressions.of_input,
    "number": Expressions.of_number,
    "constant": Expressions.of_constant,
    "size": Expressions.of_size,
    "range": Expressions.of_range,
    "map": Expressions.of_map,
    "contract": products.of_contract,
    "fold": products.of_fold,
    "read": places.of_read,
    "stack": Expressions.of_stack,
}


def _nested(entries: list[str], shape: Sequence[int]) -> str:
    if len(shape) <= 1:
        return f"[{', '.join(entries)}]"
    stride = len(entries) // shape[0]
    rows = [_nested(entries[k * stride : (k + 1) * stride], shape[1:]) for k in range(shape[0])]
    return f"[{', '.join(rows)}]"
