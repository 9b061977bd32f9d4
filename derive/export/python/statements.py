"""The statements of one function body: what gets a name, what is done in place, and the loops of recurrences."""

from collections.abc import Iterable, Mapping, Sequence

from derive.export.naming import Names
from derive.export.program import Recurrence, Value, reached
from derive.export.python.dialect import ATOM, LOOSE, Dialect
from derive.export.python.expressions import Expressions
from derive.export.subscripts import tidy
from derive.expression import Node, Size

LONG = 88
ARITHMETIC = {"add", "sub", "mul", "div", "neg", "square"}


class Printer(Expressions):
    """Writes the statements of one function body.

    names: the scope.  lines: what is written so far.
    """

    def __init__(self, dialect: Dialect, names: Names, sizes: Mapping[Size, str], helpers: set[str], like: str) -> None:
        super().__init__(dialect, sizes, helpers, like)
        self.names = names
        self.lines: list[str] = []
        self.indent = "    "
        self._uses: dict[Value, int] = {}

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
            self.texts[value] = (name, ATOM)
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
        self.line(f"{name} = {self.written(self.dialect.empty, self.shape(value.shape))}")
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


def _moved(about: Recurrence) -> Node:
    """The step's place on the axis of the tensor, counted from 0."""
    return tidy(about.step - about.tensor.axes[about.position].start)


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
