"""The functions around a program in Python: signatures, shapes, docstrings, what is handed from one to the next."""

from collections.abc import Mapping, Sequence

from derive.binding import walk
from derive.export.descriptions import definitions, described, shape_text
from derive.export.integers import Integers
from derive.export.naming import Names, identifier, quoted
from derive.export.plan import Module, Routine, size_names
from derive.export.program import Value, reached
from derive.export.python.dialect import Dialect
from derive.export.python.lengths import Lengths
from derive.export.python.statements import Printer
from derive.expression import Axis, Node, Size, Tensor


class Python:
    """Source text of a module for one library; a subclass says how that library's functions are wrapped."""

    imports: tuple[str, ...] = ()
    helpers: Mapping[str, str] = {}
    reserved = ("np", "math", "torch", "jnp", "jax", "forward", "backward", "saved", "ctx", "name", "argument",
                "needed", "value", "SymbolicZero")  # fmt: skip

    def __init__(self, module: Module, dialect: Dialect) -> None:
        self.module, self.dialect = module, dialect
        self.used: set[str] = set()

    def source(self) -> str:
        """The whole file."""
        bodies = [self.routine(routine) for routine in self.module.routines]
        text = "\n\n".join(bodies)
        helpers = [self.helper(name) for name in sorted(self.used)]
        whole = "\n\n".join([*helpers, text])
        imports = ["import math", ""] if "math." in whole else []
        head = f'"""{self.module_docstring()}"""\n\n' + "\n".join([*imports, *self.imports]) + "\n\n\n"
        return head + whole

    def helper(self, name: str) -> str:
        return self.helpers[name]

    # ------------------------------------------------------------------------- docstrings

    def module_docstring(self) -> str:
        formula = self.module.formula
        lines = [formula.title, ""]
        lines += [f"    {line}" for line in definitions(formula)]
        latex = self.module.latex
        if latex:
            lines += ["", "As LaTeX:", "", *(f"    {line}" for line in latex)]
        if formula.source:
            lines += ["", f"Source: {formula.source}"]
        lines += ["", f"Written by derive from the entry {formula.name}."]
        return quoted("\n".join(lines)) + "\n"

    # -------------------------------------------------------------------------- functions

    def routine(self, routine: Routine) -> str:
        functions = [self.forward(routine)]
        if routine.gradients:
            functions.append(self.backward(routine))
        return "\n\n".join([*functions, *self.wrapped(routine)])

    def function(self, routine: Routine) -> str:
        """The name of what the library differentiates, "" where it differentiates nothing."""
        return ""

    def wrapped(self, routine: Routine) -> list[str]:
        """What joins forward and backward to the library's own differentiation."""
        return []

    def scope(self, routine: Routine) -> tuple[Names, dict[Tensor, str], dict[Size, str]]:
        names = Names(self.reserved)
        arguments = {tensor: names.new(tensor.name) for tensor in (*routine.inputs, routine.target.incoming)}
        sizes = size_names([routine.value, *(value for _, value in routine.gradients)])
        sizes += [s for t in routine.inputs for a in t.axes for s in sizes_in(a) if s not in sizes]
        return names, arguments, {size: names.new(size.name) for size in dict.fromkeys(sizes)}

    def name(self, which: str, routine: Routine) -> str:
        return f"{which}_{identifier(routine.name)}" if routine.name else which

    def parameters(self, routine: Routine) -> list[Size]:
        """The sizes that forward takes as arguments, behind its inputs."""
        _, _, sizes = self.scope(routine)
        return Lengths(routine.inputs, list(sizes)).parameters

    def forward(self, routine: Routine) -> str:
        names, arguments, sizes = self.scope(routine)
        lengths = Lengths(routine.inputs, list(sizes))
        first = arguments[routine.inputs[0]] if routine.inputs else names.new("like") if self.like else ""
        printer = Printer(self.dialect, names, sizes, self.used, first)
        if self.like and not routine.inputs:
            printer.line(f"{first} = {self.like}")
        for line in lengths.lines(arguments, sizes, self.taken, self.dialect.shape, first):
            printer.line(line)
        inputs = {v.detail: v for v in reached([routine.value, *routine.saved]) if v.op == "input"}
        for tensor in routine.inputs:
            if tensor.name in inputs:
                printer.known[inputs[tensor.name]] = arguments[tensor]
        own = [v for v in routine.saved if v.op != "input"]
        printer.body([routine.value], own)
        self.kept = {value: printer.known[value] for value in own}
        result = printer.text(routine.value)[0]
        if routine.value.is_static or routine.value.op in ("number", "constant") or not routine.inputs:
            result = self.returned(result, printer.like)
        saved = self.saved_names(routine, printer, arguments, sizes)
        if routine.gradients:
            printer.line(f"return {result}, ({', '.join(saved)}{',' if len(saved) == 1 else ''})")
        else:
            printer.line(f"return {result}")
        parameters = [*(arguments[t] for t in routine.inputs), *(sizes[s] for s in lengths.parameters)]
        doc = self.forward_docstring(routine, arguments, sizes, lengths)
        return f"def {self.name('forward', routine)}({', '.join(parameters)}):\n{doc}" + "\n".join(printer.lines) + "\n"

    def saved_sizes(self, routine: Routine, sizes: Mapping[Size, str]) -> list[Size]:
        """The sizes that backward names beyond what it is handed."""
        known = set(routine.saved)
        values = []
        waiting = [value for _, value in routine.gradients]
        while waiting:
            at = waiting.pop()
            if at not in known:
                known.add(at)
                values.append(at)
                waiting.extend(operand for operand, _ in at.operands)
        found: dict[Size, None] = {}
        for value in values:
            for size in own_sizes(value):
                found.setdefault(size)
        for label in routine.target.labels:
            for size in sizes_in(label.axis):
                found.setdefault(size)
        return [size for size in sizes if size in found]

    def saved_names(
        self, routine: Routine, printer: Printer, arguments: Mapping[Tensor, str], sizes: Mapping[Size, str]
    ) -> list[str]:
        names = [printer.known[value] for value in routine.saved if value in printer.known]
        missing = [value for value in routine.saved if value not in printer.known]
        assert all(v.op == "input" and v.detail == routine.target.incoming.name for v in missing), missing
        return [*names, *(sizes[size] for size in self.saved_sizes(routine, sizes))]

    def backward(self, routine: Routine) -> str:
        names, arguments, sizes = self.scope(routine)
        incoming = arguments[routine.target.incoming]
        printer = Printer(self.dialect, names, sizes, self.used, incoming)
        own: list[str] = []
        by_name = {tensor.name: tensor for tensor in routine.inputs}
        for value in routine.saved:
            if value.op == "input" and value.detail == routine.target.incoming.name:
                printer.known[value] = incoming
                continue
            name = arguments[by_name[value.detail]] if value.op == "input" else names.new(self.kept[value])
            printer.known[value] = name
            own.append(name)
        own += [sizes[size] for size in self.saved_sizes(routine, sizes)]
        if own:
            printer.line(f"{', '.join(own)}{',' if len(own) == 1 else ''} = saved")
        printer.line(self.taken(incoming, [i.axis for i in routine.target.labels], sizes, incoming))
        wanted = [value for _, value in routine.gradients]
        printer.body(wanted)
        results = []
        for tensor, value in routine.gradients:
            if value not in printer.known and value.op == "map" and value.rank and not value.is_static:
                value.name = f"d{arguments[tensor]}"
                printer.name(value)
            text = self.result(printer, value)
            if len(wanted) > 1 and not text.isidentifier():
                name = names.new(f"d{arguments[tensor]}")
                printer.line(f"{name} = {text}")
                text = name
            results.append(text)
        printer.line(f"return {', '.join(results)}")
        doc = self.backward_docstring(routine, arguments)
        return f"def {self.name('backward', routine)}(saved, {incoming}):\n{doc}" + "\n".join(printer.lines) + "\n"

    def result(self, printer: Printer, value: Value) -> str:
        text = printer.text(value)[0]
        if value.op == "map" and value.detail == "copy" and "broadcast" in text:
            return self.dialect.owned.format(text)
        return self.returned(text, printer.like) if value.is_static else text

    like = ""
    """An array whose type new ones get where there is no argument to take it from."""
    keeps_type = False
    """Whether arrays keep the type that they come with, and plain numbers take that of the first argument."""

    def taken(self, name: str, axes: Sequence[Axis], sizes: Mapping[Size, str], like: str) -> str:
        """The statement that makes an argument an array of the right type and shape."""
        self.used.add("_shaped")
        of_type = f", {like}" if self.keeps_type and like != name else ""
        integers = Integers(sizes, {}, ())
        shape = ", ".join(integers.text(a.size) for a in axes)
        return f'{name} = _shaped("{name}", {name}, ({shape}{"," if len(axes) == 1 else ""}){of_type})'

    def returned(self, text: str, like: str) -> str:
        """A plain number as an array of the type of `like` ("" where there is none)."""
        raise NotImplementedError

    # ------------------------------------------------------------------------- docstrings

    def forward_docstring(
        self, routine: Routine, arguments: Mapping[Tensor, str], sizes: Mapping[Size, str], lengths: Lengths
    ) -> str:
        shape = shape_text([i.axis for i in routine.target.labels])
        shape = f" of shape {shape}" if shape else ""
        lines = [f"The value {routine.target.name}{shape}{', and what backward needs' if routine.gradients else ''}."]
        lines += ["", *(f"{arguments[t]}: {described(t)}" for t in routine.inputs)]
        lines += [f"{sizes[s]}: a whole number, at least 1" for s in lengths.parameters]
        return docstring(lines)

    def backward_docstring(self, routine: Routine, arguments: Mapping[Tensor, str]) -> str:
        names = ", ".join(arguments[t] for t, _ in routine.gradients)
        g = arguments[routine.target.incoming]
        lines = [f"The derivatives of sum({g}*{routine.target.name}) by {names}.", ""]
        lines.append(f"{g}: the incoming gradient, of the shape of {routine.target.name}")
        for (tensor, _), how in zip(routine.gradients, routine.sources, strict=True):
            if how != "derived":
                lines.append(f"{arguments[tensor]}: in the form of {how} (proved)")
        return docstring(lines)


def docstring(lines: Sequence[str]) -> str:
    if len(lines) == 1:
        return f'    """{quoted(lines[0])}"""\n'
    body = "\n".join(f"    {line}".rstrip() for line in quoted("\n".join(lines[1:])).split("\n"))
    return f'    """{quoted(lines[0])}\n{body}\n    """\n'


def sizes_in(axis: Axis) -> list[Size]:
    return [part for node in (axis.size, axis.start) for part in walk(node) if isinstance(part, Size)]


def own_sizes(value: Value) -> list[Size]:
    """The sizes that the text of one statement may name."""
    nodes: list[Node] = []
    match value.op:
        case "size":
            nodes = [value.detail]
        case "range":
            nodes = [value.detail, value.extents[0]]
        case "read":
            nodes = [*value.detail.nodes, *value.extents]
        case "stack":
            nodes = [*value.extents]
        case "loop":
            nodes = [*value.extents, value.detail.step.axis.start, value.detail.step.axis.size, *value.detail.starts]
        case "map" if value.detail == "copy":
            nodes = [*value.extents]
    return [part for node in nodes for part in walk(node) if isinstance(part, Size)]
