"""C99: one function for the value and one for the gradients, with loops; sizes are parameters, arrays are dense."""

import re
from collections.abc import Mapping, Sequence

from derive.binding import walk
from derive.export.c.loops import Body
from derive.export.descriptions import definitions, described, shape_text
from derive.export.naming import Names, commented, identifier
from derive.export.plan import Module, Routine, size_names
from derive.export.program import Value, reached
from derive.expression import Node, Size, Tensor

HELPERS = {
    "square": "static double square(double x)\n{\n    return x * x;\n}\n",
    "sign": "static double sign(double x)\n{\n    return (x > 0) - (x < 0);\n}\n",
    "sigmoid": """static double sigmoid(double x)
{
    double tail = exp(-fabs(x));
    return (x >= 0 ? 1 : tail) / (1 + tail);
}
""",
    "logistic_density": """static double logistic_density(double x)
{
    double tail = exp(-fabs(x));
    return tail / ((1 + tail) * (1 + tail));
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
        if latex := self.module.latex:
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

    def outputs(self, which: str, routine: Routine) -> list[tuple[Value, str]]:
        """What a function writes, and under which name it would like to."""
        if which == "forward":
            return [(routine.value, routine.target.name)]
        return [(value, f"d{tensor.name}") for tensor, value in routine.gradients]

    def scope(
        self, which: str, routine: Routine
    ) -> tuple[Names, dict[Size, str], dict[Tensor, str], list[tuple[Value, str]]]:
        """The names of a function, and of its sizes, of its arguments and of what it writes."""
        names = Names(HELPERS | {"work": ""}, "c")
        sizes = {size: names.new(size.name) for size in self.sizes(routine)}
        tensors = [*routine.inputs, *([routine.target.incoming] if which == "backward" else [])]
        arguments = {tensor: names.new(tensor.name) for tensor in tensors}
        return names, sizes, arguments, [(value, names.new(name)) for value, name in self.outputs(which, routine)]

    def signature(self, which: str, routine: Routine) -> str:
        """The head of a function, as its prototype says it too."""
        _, sizes, arguments, outputs = self.scope(which, routine)
        parameters = [f"long {name}" for name in sizes.values()]
        parameters += [
            f"const {self.real} *{name}" if tensor.axes else f"{self.real} {name}" for tensor, name in arguments.items()
        ]
        parameters += [f"{self.real} *{name}" for _, name in outputs]
        return f"int {self.name(which, routine)}({', '.join(parameters)})"

    def function(self, which: str, routine: Routine) -> str:
        names, sizes, arguments, outputs = self.scope(which, routine)
        body = Body(names, sizes, self.real)
        for value in reached([value for value, _ in outputs]):
            if value.op == "input":
                body.known[value] = next(name for tensor, name in arguments.items() if tensor.name == value.detail)
        body.fill(outputs)
        written = "\n".join([*self.workspace(body), *body.lines])
        unused = [n for n in (*sizes.values(), *arguments.values()) if not re.search(rf"\b{re.escape(n)}\b", written)]
        head = [f"    (void){name};" for name in unused]
        tail = ["    free(work);"] if body.work else []
        return (
            f"{self.describe(which, routine, arguments, [name for _, name in outputs])}"
            f"{self.signature(which, routine)}\n{{\n" + "\n".join([*head, written, *tail, "    return 0;", "}"]) + "\n"
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
    return [part for part in walk(node) if isinstance(part, Size)]


def writer(module: Module, is_single: bool = False) -> C:
    return C(module, is_single)
