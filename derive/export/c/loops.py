"""The statements of one C function: loops over elements, sums in a variable, arrays that are read again stored."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from fractions import Fraction
from types import MappingProxyType

from derive.errors import UnsupportedError
from derive.export.integers import Integers
from derive.export.naming import Names
from derive.export.program import Recurrence, Value, reached
from derive.export.subscripts import tidy
from derive.expression import Index, Node, Size

INFIX = {"add": "({0} + {1})", "sub": "({0} - {1})", "mul": "({0} * {1})", "div": "({0} / {1})", "neg": "(-{0})",
         "and": "({0} && {1})", "or": "({0} || {1})", "not": "(!{0})", "where": "({0} ? {1} : {2})", "copy": "{0}",
         "abs": "fabs({0})", "maximum": "fmax({0}, {1})", "minimum": "fmin({0}, {1})", "relu": "fmax(0.0, {0})",
         **{op: f"({{0}} {op} {{1}})" for op in ("<", "<=", ">", ">=", "==", "!=")}}  # fmt: skip
DEAR = {"div", "sqrt", "exp", "expm1", "log", "log1p", "pow", "tanh", "sigmoid", "logistic_density", "softplus", "erf",
        "sin", "cos"}  # fmt: skip
TRUTHS = {"<", "<=", ">", ">=", "==", "!=", "and", "or", "not"}


class Whole(Integers):
    """Integer expressions in C: quotients are rounded down, as everywhere else."""

    divided = "divided({0}, {1})"
    outer = MappingProxyType({"max": "larger({0}, {1})", "min": "smaller({0}, {1})"})
    larger, smaller = "larger({0}, {1})", "smaller({0}, {1})"


class Body:
    """The statements of one function."""

    def __init__(self, names: Names, sizes: Mapping[Size, str], real: str) -> None:
        self.names, self.sizes, self.real = names, sizes, real
        self.known: dict[Value, str] = {}
        self.steps: dict[Index, str] = {}
        self.lines: list[str] = []
        self.indent = "    "
        self.work: list[tuple[str, str]] = []
        self.uses: dict[Value, int] = {}

    def line(self, text: str) -> None:
        self.lines.append(self.indent + text)

    def fill(self, wanted: Sequence[tuple[Value, str]]) -> None:
        """Statements that write each wanted value into the array of that name."""
        needed = list(reached([value for value, _ in wanted]))
        for value in needed:
            for operand, axes in value.operands:
                # What has fewer axes than the loops around it would be worked out again and again inside.
                is_spread = len(axes) < len(value.extents) and operand.op == "map" and operand.detail in DEAR
                self.uses[operand] = self.uses.get(operand, 0) + 1 + is_spread
        for value in needed:
            if not value.steps:
                self.settle(value)
        for value, name in wanted:
            with self.loops(value.shape) as at:
                self.line(f"{name}[{self.flat(value.shape, at)}] = {self.text(value, at)};")

    def settle(self, value: Value) -> None:
        """Store a value that is read more than once, or that is no expression of its elements."""
        if value in self.known or value.op in ("input", "number", "constant", "size", "range", "state"):
            return
        if value.op == "loop":
            self.recurrence(value)
        elif value.op in ("contract", "fold", "stack") or (self.uses.get(value, 0) > 1 and value.op != "read"):
            self.store(value)

    def store(self, value: Value) -> None:
        name = self.names.new(value.name or {"contract": "total", "fold": "extreme"}.get(value.op, "t"))
        if value.rank:
            self.reserve(name, value.shape)
            with self.loops(value.shape) as at:
                self.assign(value, at, f"{name}[{self.flat(value.shape, at)}]", value.op == "stack")
        else:
            self.line(f"{self.real} {name};")
            self.assign(value, [], name, False)
        self.known[value] = name

    def reserve(self, name: str, shape: Sequence[Node]) -> None:
        self.work.append((name, " * ".join(self.whole(()).held(extent) for extent in shape)))

    def assign(self, value: Value, at: Sequence[str], target: str, is_table: bool) -> None:
        match value.op:
            case "contract" | "fold":
                self.gather(value, at, target)
            case "stack":
                inner = at[len(value.detail) :]
                places = self.flat(value.extents[: len(value.detail)], at[: len(value.detail)])
                self.line(f"switch ({places}) {{")
                for k, (operand, axes) in enumerate(value.operands):
                    own = [inner[a - len(value.detail)] for a in axes]
                    self.line(f"case {k}: {target} = {self.text(operand, own)}; break;")
                self.line("}")
            case _:
                self.line(f"{target} = {self.text(value, at, is_stored=True)};")

    def gather(self, value: Value, at: Sequence[str], target: str) -> None:
        """A sum of products, or an extremum, over the inner axes."""
        kind = value.detail if value.op == "fold" else "sum"
        whole = self.names.new("whole")
        start = {"sum": "0", "prod": "1", "max": "-INFINITY", "min": "INFINITY"}[kind]
        self.line(f"double {whole} = {start};")
        with self.loops(value.extents[value.rank :]) as inner:
            every = [*at, *inner]
            term = " * ".join(self.text(operand, [every[a] for a in axes]) for operand, axes in value.operands)
            rule = {"sum": "{0} += {1};", "prod": "{0} *= {1};", "max": "{0} = fmax({0}, {1});",
                    "min": "{0} = fmin({0}, {1});"}[kind]  # fmt: skip
            self.line(rule.format(whole, term))
        self.line(f"{target} = {whole};")

    def recurrence(self, value: Value) -> None:
        about: Recurrence = value.detail
        *bases, (body, _) = value.operands
        name = self.names.new(value.name or "state")
        self.reserve(name, value.shape)
        self.known[value] = name
        for part in reached([body]):
            if part.op == "state" and part.detail is about:
                self.known[part] = name
        others = [extent for k, extent in enumerate(value.shape) if k != about.position]
        for at, (base, _) in zip(about.starts, bases, strict=True):
            self.put(value, about, self.whole(()).text(at), base, others)
        step = self.names.new("step")
        self.steps[about.step] = step
        over, whole = about.step.axis, self.whole(())
        first, stop = whole.text(over.start), whole.text(tidy(over.start + over.size))
        self.line(f"for (long {step} = {first}; {step} < {stop}; {step}++) {{")
        self.indent += "    "
        for part in reached([body]):
            if about.step in part.steps:
                self.settle(part)
        place = tidy(about.step - about.tensor.axes[about.position].start)
        self.put(value, about, self.whole(()).text(place), body, others)
        self.indent = self.indent[4:]
        self.line("}")

    def put(self, value: Value, about: Recurrence, at: str, part: Value, others: Sequence[Node]) -> None:
        with self.loops(others) as inner:
            places = [*inner[: about.position], at, *inner[about.position :]]
            self.line(f"{self.known[value]}[{self.flat(value.shape, places)}] = {self.text(part, inner)};")

    @contextmanager
    def loops(self, extents: Sequence[Node]) -> Iterator[list[str]]:
        """Loops around what is written inside; yields their variables."""
        names = [self.names.new("i") for _ in extents]
        for name, extent in zip(names, extents, strict=True):
            self.line(f"for (long {name} = 0; {name} < {self.whole(()).text(extent)}; {name}++) {{")
            self.indent += "    "
        yield names
        for _ in names:
            self.indent = self.indent[4:]
            self.line("}")
        self.names.taken.difference_update(names)

    def flat(self, extents: Sequence[Node], at: Sequence[str]) -> str:
        """The place of an element in its array."""
        text = "0"
        for place, extent in zip(at, extents, strict=True):
            place = place if re.fullmatch(r"\w+", place) else f"({place})"
            text = place if text == "0" else f"({text}) * {self.whole(()).held(extent)} + {place}"
        return re.sub(r"\((\w+)\)", r"\1", text)

    def whole(self, loops: Sequence[str]) -> Whole:
        return Whole(self.sizes, self.steps, [t if re.fullmatch(r"\w+", t) else f"({t})" for t in loops])

    # -------------------------------------------------------------------------- expressions

    def text(self, value: Value, at: Sequence[str], is_stored: bool = False) -> str:
        """One element of a value, at the texts of its places."""
        if value in self.known:
            name = self.known[value]
            text = f"{name}[{self.flat(value.shape, at)}]" if at else name
            return f"({text} != 0)" if value.op == "map" and value.detail in TRUTHS else text
        match value.op:
            case "number":
                return literal(value.detail)
            case "constant":
                return "3.14159265358979323846"
            case "size":
                return f"(double)({self.whole(()).text(value.detail)})"
            case "range":
                return f"(double)({self.whole(()).text(value.detail)} + {at[0]})"
            case "map":
                parts = [self.text(operand, [at[a] for a in axes]) for operand, axes in value.operands]
                return INFIX.get(value.detail, f"{value.detail}({', '.join(parts)})").format(*parts)
            case "read":
                ((operand, _),) = value.operands
                integers = self.whole(at)
                return self.text(operand, [integers.text(node) for node in value.detail.nodes])
        raise UnsupportedError(f"no element of {value.op}")


def literal(value: Fraction) -> str:
    text = repr(float(value))
    if value.denominator == 1 or Fraction(float(value)) == value or Fraction(text) == value:
        return text if value >= 0 else f"({text})"
    return f"({value.numerator}.0 / {value.denominator}.0)"
