"""Programs as array code in Python: what NumPy, PyTorch and JAX have in common; a `Dialect` says where they differ."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from derive.errors import UnsupportedError
from derive.export.integers import Integers
from derive.export.naming import Names
from derive.export.program import Operand, Recurrence, Subscripts, Value, place_of, reached
from derive.export.subscripts import tidy
from derive.expression import Index, Node, Size
from derive.ranges import polynomial

ATOM, POWER, UNARY, PRODUCT, SUM, COMPARE, LOGIC, LOOSE = range(8)
LONG = 88
ARITHMETIC = {"add", "sub", "mul", "div", "neg", "square"}
SWAPPED = "{0}.T"
Text = tuple[str, int]


@dataclass(frozen=True)
class Dialect:
    """How one library writes what is common.

    module: the prefix of its functions.  functions: templates by the name of a map where they differ from
    `module.name({0})`.  In every template {like} is an array whose type and device new arrays get.
    """

    name: str
    module: str
    functions: Mapping[str, str]
    shape: str
    arange: str
    places: str
    truth: str
    constant: str
    full: str
    spread: str
    stacked: str
    einsum: str
    planned: str
    empty: str
    folds: Mapping[str, str]
    owned: str = "{0}.copy()"
    transposed: str = "{0}.transpose({1})"
    at_least: str = ""
    at_most: str = ""
    has_assignment: bool = True
    in_place: bool = False


_INFIX = {"add": ("{0} + {1}", SUM), "sub": ("{0} - {1}", SUM), "mul": ("{0} * {1}", PRODUCT),
          "div": ("{0} / {1}", PRODUCT), "neg": ("-{0}", UNARY), "pow": ("{0} ** {1}", POWER),
          "and": ("{0} & {1}", LOGIC), "or": ("{0} | {1}", LOGIC), "not": ("~{0}", UNARY),
          **{op: (f"{{0}} {op} {{1}}", COMPARE) for op in ("<", "<=", ">", ">=", "==", "!=")}}  # fmt: skip
_STATIC = {"sqrt": "math.sqrt({0})", "exp": "math.exp({0})", "log": "math.log({0})", "square": "({0}) ** 2",
           "floor": "math.floor({0})", "abs": "abs({0})", "maximum": "max({0}, {1})", "minimum": "min({0}, {1})",
           "tanh": "math.tanh({0})", "log1p": "math.log1p({0})", "expm1": "math.expm1({0})", "sin": "math.sin({0})",
           "cos": "math.cos({0})", "where": "({1} if {0} else {2})", "sinh": "math.sinh({0})",
           "cosh": "math.cosh({0})", "and": "({0} and {1})", "or": "({0} or {1})", "not": "(not {0})",
           "erf": "math.erf({0})"}  # fmt: skip


class Printer:
    """Writes the statements of one function body.

    names: the scope.  sizes: names of sizes.  helpers: the helpers that were used.  like: an array whose type new ones
    get.  known: values that have a name already (arguments, what was saved).
    """

    def __init__(self, dialect: Dialect, names: Names, sizes: Mapping[Size, str], helpers: set[str], like: str) -> None:
        self.dialect, self.names, self.helpers, self.like = dialect, names, helpers, like
        self.known: dict[Value, str] = {}
        self.lines: list[str] = []
        self.indent = "    "
        self.steps: dict[Index, str] = {}
        self.sizes = sizes
        self._texts: dict[Value, Text] = {}
        self._uses: dict[Value, int] = {}
        self._inside: set[Value] = set()

    # --------------------------------------------------------------------------- statements

    def body(self, wanted: Sequence[Value], kept: Iterable[Value] = ()) -> None:
        """The statements that make the wanted values; `kept` get names too."""
        needed = list(self._needed([*wanted, *kept]))
        self._uses = {}
        for value in needed:
            if value not in self.known:
                for operand, _ in value.operands:
                    self._uses[operand] = self._uses.get(operand, 0) + 1
        for value in [*wanted, *kept]:
            self._uses[value] = self._uses.get(value, 0) + 1
        for value in kept:
            self._uses[value] = 2
        for value in needed:
            if value not in self.known and not value.steps:
                self._state(value)

    def _needed(self, wanted: Sequence[Value]) -> Iterable[Value]:
        """What has to be computed, operands first; what is known ends the way down."""
        seen: set[Value] = set()

        def visit(value: Value) -> Iterable[Value]:
            if value in seen:
                return
            seen.add(value)
            if value not in self.known:
                for operand, _ in value.operands:
                    yield from visit(operand)
            yield value

        for value in wanted:
            yield from visit(value)

    def _state(self, value: Value) -> None:
        """The statement of one value, if it gets a name."""
        if value.op == "loop":
            self._loop(value)
        elif self._is_named(value):
            self.name(value)

    def _is_named(self, value: Value) -> bool:
        if value.op in ("number", "constant", "size", "input", "state"):
            return False
        uses = self._uses.get(value, 0)
        if value.is_static:
            return uses > 1 and value.op == "map" and len(self.text(value)[0]) > 12
        return uses > 1 or (bool(value.name) and uses > 0) or len(self.text(value)[0]) > LONG

    def name(self, value: Value) -> str:
        """The value under a name of its own."""
        if value not in self.known:
            name = self.names.new(value.name or _usual(value))
            chain = self._chain(value)
            self.line(f"{name} = {self.text(chain[-1])[0]}")
            for part, after in zip(chain[-2::-1], chain[:0:-1], strict=True):
                self._in_place(name, part, after)
            self.known[value] = name
            self._texts[value] = (name, ATOM)
        return self.known[value]

    def _chain(self, value: Value) -> list[Value]:
        """The value, then the array that its last operation may be done in, and so on down."""
        chain = [value]
        while self.dialect.in_place and value.rank and value.op == "map" and value.detail in ARITHMETIC:
            inner = [o for o, axes in value.operands if self._is_scratch(o) and axes == tuple(range(value.rank))]
            if (
                not inner
                or inner[0].shape != value.shape
                or len({o for o, _ in value.operands}) == 1 < len(value.operands)
            ):
                break
            value = inner[0]
            chain.append(value)
        return chain

    def _is_scratch(self, value: Value) -> bool:
        """Whether a value is a new array that nothing else reads."""
        new = (value.op == "map" and value.detail in ARITHMETIC) or value.op == "contract"
        return new and value not in self.known and self._uses.get(value, 0) == 1 and not value.name

    def _in_place(self, name: str, value: Value, scratch: Value) -> None:
        """One operation done in the array of its operand."""
        parts = [name if o is scratch else self.aligned((o, axes), value.rank, LOOSE) for o, axes in value.operands]
        if value.detail in ("neg", "square"):
            function = {"neg": "negative", "square": "square"}[value.detail]
            self.line(f"{self.dialect.module}.{function}({name}, out={name})")
        elif value.operands[0][0] is scratch or value.detail in ("add", "mul"):
            sign = {"add": "+", "sub": "-", "mul": "*", "div": "/"}[value.detail]
            self.line(f"{name} {sign}= {parts[1] if value.operands[0][0] is scratch else parts[0]}")
        else:
            function = {"sub": "subtract", "div": "divide"}[value.detail]
            self.line(f"{self.dialect.module}.{function}({parts[0]}, {parts[1]}, out={name})")

    def line(self, text: str) -> None:
        self.lines.append(self.indent + text)

    def _loop(self, value: Value) -> None:
        about: Recurrence = value.detail
        *bases, body = value.operands
        name = self.names.new(value.name or "state")
        state = next((v for v in reached([body[0]]) if v.op == "state" and v.detail is about), None)
        self.known[value] = name
        if state is not None:
            self.known[state] = name
        step = self.names.new("t")
        self.steps[about.step] = step
        integers = self.integers(())
        first, size = integers.text(about.step.axis.start), integers.text(about.step.axis.size)
        self.line(f"{name} = {self.written(self.dialect.empty, self._shape(value.shape))}")
        for at, base in zip(about.starts, bases, strict=True):
            self.line(self._stored(name, about.position, integers.text(at), self.text(base[0])[0]))
        stop = integers.text(tidy(about.step.axis.start + about.step.axis.size))
        self.line(f"for {step} in range({first}, {stop}):" if first != "0" else f"for {step} in range({size}):")
        self.indent += "    "
        for part in self._needed([body[0]]):
            if part not in self.known and about.step in part.steps:
                self._state(part)
        self.line(self._stored(name, about.position, integers.text(_moved(about)), self.text(body[0])[0]))
        self.indent = self.indent[4:]

    def _stored(self, name: str, position: int, at: str, text: str) -> str:
        index = ", ".join([*[":"] * position, at])
        if self.dialect.has_assignment:
            return f"{name}[{index}] = {text}"
        return f"{name} = {name}.at[{index}].set({text})"

    def _shape(self, extents: Sequence[Node]) -> str:
        texts = [self.integers(()).text(extent) for extent in extents]
        return f"({texts[0]},)" if len(texts) == 1 else f"({', '.join(texts)})"

    def written(self, template: str, *parts: str) -> str:
        if template.startswith("_"):
            self.helpers.add(template.split("(")[0])
        return template.format(*parts, like=self.like)

    # -------------------------------------------------------------------------- expressions

    def text(self, value: Value) -> Text:
        """A value as an expression, with the strength of its outermost operator."""
        if value in self.known:
            return self.known[value], ATOM
        found = self._texts.get(value)
        if found is None:
            found = self._texts[value] = _RULES[value.op](self, value)
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
        if function in _INFIX:
            template, strength = _INFIX[function]
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
        if value.detail in _INFIX and value.detail not in ("and", "or", "not"):
            template, strength = _INFIX[value.detail]
            parts = [
                self.held(
                    operand, ATOM if value.detail == "pow" else strength - (k == 1 and value.detail in ("sub", "div"))
                )
                for k, (operand, _) in enumerate(value.operands)
            ]
            return template.format(*parts), strength
        template = _STATIC.get(value.detail, "")
        if not template:
            raise UnsupportedError(f"{value.detail} of sizes alone")
        return template.format(*(self.text(operand)[0] for operand, _ in value.operands)), ATOM

    def _of_copy(self, value: Value) -> Text:
        ((operand, axes),) = value.operands
        if len(axes) == value.rank:
            return self.turned(self.held(operand, ATOM), sorted(range(len(axes)), key=lambda k: axes[k])), ATOM
        inner = self.aligned(value.operands[0], value.rank, LOOSE)
        if operand.is_static:
            return self.written(self.dialect.full, inner, self._shape(value.shape)), ATOM
        return self.written(self.dialect.spread, inner, self._shape(value.shape)), ATOM

    def of_contract(self, value: Value) -> Text:
        if len(value.operands) == 1:
            ((operand, axes),) = value.operands
            gone = [k for k, at in enumerate(axes) if at >= value.rank]
            kept = [at for at in axes if at < value.rank]
            text = self._folded(self.dialect.folds["sum"], operand, gone)
            order = sorted(range(len(kept)), key=lambda k: kept[k])
            return (text if order == list(range(len(kept))) else self.turned(text, order)), ATOM
        return self._product(value) or self._einsum(value)

    def _product(self, value: Value) -> Text | None:
        """One axis gone and no batch: a product of matrices or vectors."""
        (a, of_a), (b, of_b) = value.operands
        gone = range(value.rank, len(value.extents))
        if len(gone) != 1 or set(of_a) & set(of_b) != set(gone) or len(of_a) > 2 or len(of_b) > 2:
            return None
        inner = gone[0]
        left = self.held(a, ATOM if len(of_a) == 2 and of_a[0] == inner else UNARY)
        right = self.held(b, ATOM if len(of_b) == 2 and of_b[1] == inner else UNARY)
        if len(of_a) == 2 and of_a[0] == inner:
            left = self.written(SWAPPED, left)
        if len(of_b) == 2 and of_b[1] == inner:
            right = self.written(SWAPPED, right)
        outer = [at for at in (*of_a, *of_b) if at != inner]
        if outer != sorted(outer):  # the result is asked for the other way round
            left, right = right, left
            if len(of_a) == 2 and len(of_b) == 2:
                left = self._turned_back(b, of_b, inner, first=True)
                right = self._turned_back(a, of_a, inner, first=False)
            else:
                return None
        return f"{left} @ {right}", PRODUCT

    def _turned_back(self, value: Value, axes: Sequence[int], inner: int, first: bool) -> str:
        is_turned = (axes[1] != inner) if first else (axes[0] != inner)
        text = self.held(value, ATOM if is_turned else UNARY)
        return self.written(SWAPPED, text) if is_turned else text

    def _einsum(self, value: Value) -> Text:
        letters = "abcdefghijklmnopqrstuvwxyz"
        (a, of_a), (b, of_b) = value.operands
        spelled = ["".join(letters[at] for at in axes) for axes in (of_a, of_b, range(value.rank))]
        text = f"{spelled[0]},{spelled[1]}->{spelled[2]}"
        # A product of matrices in disguise is worth planning, a sum along the axes of two alike is not.
        is_product = not set(of_a) >= set(of_b) and not set(of_b) >= set(of_a)
        template = self.dialect.planned if is_product else self.dialect.einsum
        return self.written(template, text, f"{self.text(a)[0]}, {self.text(b)[0]}"), ATOM

    def of_fold(self, value: Value) -> Text:
        ((operand, axes),) = value.operands
        gone = [k for k, at in enumerate(axes) if at >= value.rank]
        return self._folded(self.dialect.folds[value.detail], operand, gone), ATOM

    def _folded(self, template: str, operand: Value, gone: Sequence[int]) -> str:
        text = self.held(operand, ATOM)
        if len(gone) > 1 and "prod" in template:  # PyTorch multiplies along one axis at a time
            for axis in reversed(gone):
                text = template.format(text, axis)
            return text
        axes = f"({', '.join(map(str, gone))})" if len(gone) > 1 else str(gone[0])
        return template.format(text, "" if len(gone) == operand.rank else axes)

    def of_read(self, value: Value) -> Text:
        ((operand, _),) = value.operands
        subscripts: Subscripts = value.detail
        source = self.held(operand, ATOM)
        sliced = self._slices(value, subscripts.nodes)
        if sliced is not None:
            places, order = sliced
            text = f"{source}[{', '.join(places)}]"
            return (
                text if order == sorted(order) else self.turned(text, [order.index(k) for k in sorted(order)])
            ), ATOM
        # Axes that are read as they are, and stand first on both sides, are read as slices.
        plain = 0
        while (
            plain < len(subscripts.nodes)
            and isinstance(node := subscripts.nodes[plain], Index)
            and place_of(node) == plain
            and operand.shape[plain] is value.extents[plain]
            and not any(node in other.free for other in subscripts.nodes[plain + 1 :])
        ):
            plain += 1
        arrays = [":"] * plain
        for k in range(plain, value.rank):
            stop = self.integers(()).text(value.extents[k])
            tail = f"[:{', None' * (value.rank - 1 - k)}]" if k < value.rank - 1 else ""
            arrays.append(self.written(self.dialect.places, stop) + tail)
        integers = self.integers(arrays)
        if self.dialect.at_least:
            integers.larger, integers.smaller = self.dialect.at_least, self.dialect.at_most
        else:
            integers.larger = f"{self.dialect.module}.maximum({{0}}, {{1}})"
            integers.smaller = f"{self.dialect.module}.minimum({{0}}, {{1}})"
        return f"{source}[{', '.join(integers.text(node) for node in subscripts.nodes)}]", ATOM

    def _slices(self, value: Value, nodes: Sequence[Node]) -> tuple[list[str], list[int]] | None:
        """Slices, where each subscript is a number or one loop axis moved by a number, and no axis comes twice."""
        texts: list[str] = []
        order: list[int] = []
        integers = self.integers(())
        for node in nodes:
            form = polynomial(node)
            if form is None:
                return None
            own = [i for i in form.symbols() if isinstance(i, Index) and place_of(i) is not None]
            if not own:
                if node.level or any(isinstance(i, Index) and place_of(i) is not None for i in node.free):
                    return None
                texts.append(integers.text(node))
                continue
            parts = form.split(own[0])
            if len(own) > 1 or parts is None:
                return None
            k = place_of(own[0])
            assert k is not None
            if k in order or set(parts[0]) != {()} or parts[0][()] < 1:
                return None
            slope, start = parts[0][()], parts[1].node()
            begin = integers.text(start)
            extent = value.extents[k]
            end = integers.text(start + (extent - 1) * slope + 1 if slope != 1 else start + extent)
            if begin.startswith("-") and not begin[1:].isdigit():
                return None
            order.append(k)
            texts.append(f"{begin if begin != '0' else ''}:{end}" + (f":{slope}" if slope != 1 else ""))
        return (texts, order) if len(order) == value.rank else None

    def of_stack(self, value: Value) -> Text:
        shape: tuple[int, ...] = value.detail
        depth, inner = len(shape), value.rank - len(shape)
        if inner == 0:
            entries = [self.text(operand)[0] for operand, _ in value.operands]
            return self._stacked(entries, shape)
        entries = []
        lengths = self._shape(value.extents[depth:])
        for operand, axes in value.operands:
            text = self.aligned((operand, tuple(at - depth for at in axes)), inner, LOOSE)
            entries.append(self.written(self.dialect.spread, text, lengths))
        return self._stacked(entries, shape)

    def _stacked(self, entries: list[str], shape: tuple[int, ...]) -> Text:
        return self.written(self.dialect.stacked, _nested(entries, shape), str(shape), ", ".join(entries)), ATOM


_RULES: dict[str, Callable[[Printer, Value], Text]] = {
    "input": Printer.of_input,
    "number": Printer.of_number,
    "constant": Printer.of_constant,
    "size": Printer.of_size,
    "range": Printer.of_range,
    "map": Printer.of_map,
    "contract": Printer.of_contract,
    "fold": Printer.of_fold,
    "read": Printer.of_read,
    "stack": Printer.of_stack,
}


def _moved(about: Recurrence) -> Node:
    """The step's place on the axis of the tensor, counted from 0."""
    return tidy(about.step - about.tensor.axes[about.position].start)


def _nested(entries: list[str], shape: Sequence[int]) -> str:
    if len(shape) <= 1:
        return f"[{', '.join(entries)}]"
    stride = len(entries) // shape[0]
    rows = [_nested(entries[k * stride : (k + 1) * stride], shape[1:]) for k in range(shape[0])]
    return f"[{', '.join(rows)}]"


def number_text(value: Fraction) -> Text:
    """A rational as Python writes it: exact where a float is, a decimal where it was one, else a quotient."""
    if value.denominator == 1:
        return str(value.numerator), ATOM if value >= 0 else UNARY
    if Fraction(float(value)) == value or Fraction(repr(float(value))) == value:
        return repr(float(value)), ATOM if value >= 0 else UNARY
    return f"{value.numerator} / {value.denominator}", PRODUCT


def _usual(value: Value) -> str:
    match value.op, value.detail:
        case "contract", _:
            return "total"
        case "fold", "max":
            return "largest"
        case "fold", "min":
            return "smallest"
        case "map", ("exp" | "square" | "sqrt"):
            return {"exp": "power", "square": "squares", "sqrt": "root"}[value.detail]
        case "read", _:
            return "part"
    return "t"
