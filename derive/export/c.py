"""C99: one function for the value and one for the gradients, with loops; sizes are parameters, arrays are dense."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from fractions import Fraction
from types import MappingProxyType

from derive.errors import UnsupportedError
from derive.export.functions import definitions, described, latex_of, shape_text
from derive.export.integers import Integers
from derive.export.naming import Names, commented, identifier
from derive.export.plan import Module, Routine, size_names
from derive.export.program import Recurrence, Value, reached
from derive.export.subscripts import tidy
from derive.expression import Index, Node, Size, Tensor

INFIX = {"add": "({0} + {1})", "sub": "({0} - {1})", "mul": "({0} * {1})", "div": "({0} / {1})", "neg": "(-{0})",
         "and": "({0} && {1})", "or": "({0} || {1})", "not": "(!{0})", "where": "({0} ? {1} : {2})", "copy": "{0}",
         "abs": "fabs({0})", "maximum": "fmax({0}, {1})", "minimum": "fmin({0}, {1})", "relu": "fmax(0.0, {0})",
         **{op: f"({{0}} {op} {{1}})" for op in ("<", "<=", ">", ">=", "==", "!=")}}  # fmt: skip
DEAR = {"div", "sqrt", "exp", "expm1", "log", "log1p", "pow", "tanh", "sigmoid", "softplus", "erf", "sin", "cos"}
TRUTHS = {"<", "<=", ">", ">=", "==", "!=", "and", "or", "not"}
HELPERS = {
    "square": "static double square(double x)\n{\n    return x * x;\n}\n",
    "sign": "static double sign(double x)\n{\n    return (x > 0) - (x < 0);\n}\n",
    "sigmoid": """static double sigmoid(double x)
{
    double tail = exp(-fabs(x));
    return (x >= 0 ? 1 : tail) / (1 + tail);
}
""",
    "softplus": "static double softplus(double x)\n{\n    return fmax(x, 0) + log1p(exp(-fabs(x)));\n}\n",
    "divided": """static long divided(long a, long b)
{
    return a / b - (a % b != 0 && (a < 0) != (b < 0));
}
""",
    "larger": "static long larger(long a, long b)\n{\n    return a > b ? a : b;\n}\n",
    "smaller": "static long smaller(long a, long b)\n{\n    return a < b ? a : b;\n}\n",
}


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


class C:
    """Writes the functions of a module."""

    def __init__(self, module: Module, is_single: bool) -> None:
        self.module, self.real = module, "float" if is_single else "double"

    def name(self, which: str, routine: Routine) -> str:
        return "_".join(
            filter(
                None, [identifier(self.module.formula.name), identifier(routine.name) if routine.name else "", which]
            )
        )

    def source(self) -> str:
        functions = []
        for routine in self.module.routines:
            functions.append(self.function("forward", routine))
            if routine.gradients:
                functions.append(self.function("backward", routine))
        text = "\n".join(functions)
        helpers = [code for name, code in HELPERS.items() if re.search(rf"\b{name}\(", text)]
        return f"/* {self.comment()} */\n\n#include <math.h>\n#include <stdlib.h>\n\n" + "\n".join([*helpers, text])

    def comment(self) -> str:
        formula = self.module.formula
        lines = [formula.title, "", *(f"    {line}" for line in definitions(formula))]
        if latex := latex_of(formula):
            lines += ["", "As LaTeX:", "", *(f"    {line}" for line in latex)]
        lines += ["", f"Source: {formula.source}"] if formula.source else []
        lines += ["", "Arrays are dense, the last axis first; the functions return 0, or 1 if there is no memory.",
                  f"Written by derive from the entry {formula.name}."]  # fmt: skip
        return commented("\n".join(lines)).strip()

    def sizes(self, routine: Routine) -> list[Size]:
        """The sizes that both functions take, in order."""
        found = size_names([routine.value, *(value for _, value in routine.gradients)])
        axes = [a for t in (*routine.inputs, routine.target.incoming) for a in t.axes]
        axes += [label.axis for label in routine.target.labels]
        for a in axes:
            found += [s for node in (a.start, a.size) for s in _sizes(node) if s not in found]
        order = {size: k for k, size in enumerate(self.module.formula.sizes)}
        return sorted(dict.fromkeys(found), key=lambda size: order.get(size, len(order)))

    def function(self, which: str, routine: Routine) -> str:
        names = Names(HELPERS | {"work": ""}, "c")
        sizes = {size: names.new(size.name) for size in self.sizes(routine)}
        incoming = routine.target.incoming
        tensors: list[Tensor] = [*routine.inputs, *([incoming] if which == "backward" else [])]
        arguments = {tensor: names.new(tensor.name) for tensor in tensors}
        if which == "forward":
            outputs = [(routine.value, names.new(routine.target.name))]
        else:
            outputs = [(value, names.new(f"d{tensor.name}")) for tensor, value in routine.gradients]
        body = Body(names, sizes, self.real)
        for value in reached([value for value, _ in outputs]):
            if value.op == "input":
                body.known[value] = next(arguments[t] for t in tensors if t.name == value.detail)
        body.fill(outputs)
        parameters = [f"long {name}" for name in sizes.values()]
        parameters += [
            f"const {self.real} *{arguments[t]}" if t.axes else f"{self.real} {arguments[t]}" for t in tensors
        ]
        parameters += [f"{self.real} *{name}" for _, name in outputs]
        written = "\n".join([*self.workspace(body), *body.lines])
        unused = [n for n in (*sizes.values(), *arguments.values()) if not re.search(rf"\b{re.escape(n)}\b", written)]
        head = [f"    (void){name};" for name in unused]
        tail = ["    free(work);"] if body.work else []
        return (
            f"{self.describe(which, routine, arguments, [name for _, name in outputs])}"
            f"int {self.name(which, routine)}({', '.join(parameters)})\n{{\n"
            + "\n".join([*head, written, *tail, "    return 0;", "}"])
            + "\n"
        )

    def workspace(self, body: Body) -> list[str]:
        """One block of memory for all arrays in between."""
        if not body.work:
            return []
        total = " + ".join(f"(size_t)({length})" for _, length in body.work)
        lines = [f"    {self.real} *work = malloc(({total} + 1) * sizeof({self.real}));"]
        lines += ["    if (!work) {", "        return 1;", "    }"]
        before = ""
        for name, length in body.work:
            lines.append(f"    {self.real} *{name} = {before or 'work'};")
            before = f"{name} + {length}"
        return lines

    def describe(self, which: str, routine: Routine, arguments: Mapping[Tensor, str], outputs: Sequence[str]) -> str:
        if which == "forward":
            lines = [f"The value {routine.target.name}{shape_text([i.axis for i in routine.target.labels])}."]
        else:
            g = arguments[routine.target.incoming]
            lines = [f"{', '.join(outputs)}: the derivatives of sum({g}*{routine.target.name})."]
        lines += [f"{name}: {described(t)}" for t, name in arguments.items()]
        return "/* " + commented("\n".join(lines)).replace("\n", "\n   ") + " */\n"


def _sizes(node: Node) -> list[Size]:
    from derive.binding import walk

    return [part for part in walk(node) if isinstance(part, Size)]


def writer(module: Module, is_single: bool = False) -> C:
    return C(module, is_single)
