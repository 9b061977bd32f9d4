"""The test that goes with exported C: a program that compares known values, and forward with backward."""

from collections.abc import Iterator, Sequence
from typing import Any

from derive.export.c.functions import HELPERS, C
from derive.export.known import Known
from derive.export.naming import Names
from derive.export.plan import Routine

HEAD = """/* Known values of {name}, worked out in exact arithmetic{and_differences}.

   cc -std=c99 -O2 -o test_{name} test_{name}.c {name}.c -lm && ./test_{name}

   It returns 0 if all is well, else 1, and says what is not. */

#include <math.h>
#include <stdio.h>

{prototypes}

static int failures = 0;

/* Whether numbers agree to the digits that are left after rounding, measured by the largest of them. */
static void compare(const char *what, const {real} *found, const double *expected, int count)
{{
    double scale = 1;
    for (int k = 0; k < count; k++) {{
        scale = fmax(scale, fabs(expected[k]));
    }}
    for (int k = 0; k < count; k++) {{
        if (!(fabs(found[k] - expected[k]) <= {tolerance} * scale)) {{
            printf("%s: element %d is %.9g, not %.9g\\n", what, k, (double)found[k], expected[k]);
            failures++;
            return;
        }}
    }}
}}
"""
DIFFERENCES = """
/* Whether a slope of forward is what backward says. */
static void compare_slope(const char *what, double lower, double upper, double step, double expected)
{{
    double slope = (upper - lower) / (2 * step);
    double scale = fmax(fmax(1, fabs(slope)), fmax(fabs(lower), fabs(upper)));
    if (!(fabs(slope - expected) <= 1e-5 * scale)) {{
        printf("%s: the slope of forward is %.9g, backward says %.9g\\n", what, slope, expected);
        failures++;
    }}
}}
"""
SLOPE = """
    size = 1;
    for (int k = 0; k < {count}; k++) {{
        size = fmax(size, fabs({argument}[k]));
    }}
    for (int side = 0; side < 2; side++) {{
        {real} moved[{count}];
        for (int k = 0; k < {count}; k++) {{
            moved[k] = {argument}[k] + (side ? 1e-6 : -1e-6) * size * cos(1.0 + k);
        }}
        if ({forward}) {{
            failures++;
        }}
        sides[side] = 0;
        for (int k = 0; k < {total}; k++) {{
            sides[side] += {incoming}[k] * {value}[k];
        }}
    }}
    slope = 0;
    for (int k = 0; k < {count}; k++) {{
        slope += {gradient}[k] * cos(1.0 + k);
    }}
    compare_slope("{what}", sides[0], sides[1], 1e-6 * size, slope);"""


_OWN = ("compare", "compare_slope", "failures", "size", "sides", "slope", "side", "moved", "k", "printf", "puts")


def source(writer: C, target: str, name: str, points: Sequence[tuple[Routine, Known]], is_single: bool) -> str:
    """The text of a test program for the source that was written as `name`.c."""
    has_differences = not is_single and any(routine.gradients for routine, _ in points)
    head = HEAD.format(
        name=name,
        and_differences=", and differences of forward against backward" if has_differences else "",
        prototypes="\n".join(
            f"{writer.signature(which, routine)};"
            for routine, _ in points
            for which in ("forward", "backward")
            if which == "forward" or routine.gradients
        ),
        real=writer.real,
        tolerance="1e-3" if is_single else "1e-9",
    )
    tests, called = [], []
    for place, (routine, known) in enumerate(points):
        called.append(f"test_{place}")
        lines = list(_test(writer, routine, known, is_single))
        tests.append(f"\nstatic void test_{place}(void)\n{{\n" + "\n".join(lines) + "\n}\n")
    main = "".join(f"    {test}();\n" for test in called)
    end = f"\nint main(void)\n{{\n{main}    return failures > 0;\n}}\n"
    return head + (DIFFERENCES.format() if has_differences else "") + "".join(tests) + end


def _test(writer: C, routine: Routine, known: Known, is_single: bool) -> Iterator[str]:
    """The statements that test one routine; arguments without axes are arrays of one number here."""
    names = Names(
        {*HELPERS, "compare", "compare_slope", "failures", "size", "sides", "slope", "side", "moved", "k"}, "c"
    )
    target = routine.target
    arguments = {tensor: names.new(tensor.name) for tensor in (*routine.inputs, target.incoming)}
    value, expected = names.new(target.name), names.new(f"expected_{target.name}")
    results = {tensor: names.new(f"d{tensor.name}") for tensor, _ in routine.gradients}
    truths = {tensor: names.new(f"expected_d{tensor.name}") for tensor, _ in routine.gradients}
    sizes = [str(known.sizes[size]) for size in writer.sizes(routine)]
    flat = {tensor: _flat(values) for tensor, values in zip(routine.inputs, known.inputs, strict=True)}
    if routine.gradients:
        flat[target.incoming] = _flat(known.incoming)

    def call(which: str, moved: str = "", by: object = None) -> str:
        given = [*routine.inputs, *([target.incoming] if which == "backward" else [])]
        texts = [(moved if t is by else arguments[t]) + ("" if t.axes else "[0]") for t in given]
        out = [value] if which == "forward" else list(results.values())
        return f"{writer.name(which, routine)}({', '.join([*sizes, *texts, *out])})"

    for tensor, numbers in flat.items():
        yield _array(writer.real, arguments[tensor], numbers)
    yield _array("double", expected, _flat(known.value))
    for tensor, truth in zip(truths, known.gradients, strict=True):
        yield _array("double", truths[tensor], _flat(truth))
    total = len(_flat(known.value))
    yield f"    {writer.real} {value}[{total}];"
    for tensor, name in results.items():
        yield f"    {writer.real} {name}[{len(flat[tensor])}];"
    is_sloped = bool(results) and not is_single
    if is_sloped:
        yield "    double sides[2], size, slope;"
    calls = " || ".join([call("forward"), *([call("backward")] if results else [])])
    yield f'    if ({calls}) {{\n        puts("no memory");\n        failures++;\n        return;\n    }}'
    yield f'    compare("{value}", {value}, {expected}, {total});'
    for tensor, name in results.items():
        yield f'    compare("{name}", {name}, {truths[tensor]}, {len(flat[tensor])});'
    for tensor, name in results.items() if is_sloped else ():
        yield SLOPE.format(
            count=len(flat[tensor]), argument=arguments[tensor], real=writer.real, total=total, what=name,
            forward=call("forward", "moved", tensor), incoming=arguments[target.incoming], value=value, gradient=name,
        )  # fmt: skip


def _flat(values: Any) -> list[float]:
    return [leaf for part in values for leaf in _flat(part)] if isinstance(values, (list, tuple)) else [float(values)]


def _array(real: str, name: str, numbers: Sequence[float]) -> str:
    """A constant array, in lines of readable length."""
    lines = [""]
    for number in numbers:
        text = f"{number!r}, "
        if len(lines[-1]) + len(text) > 100:
            lines.append("")
        lines[-1] += text
    inside = "\n".join(f"        {line.rstrip()}" for line in lines).rstrip(",")
    return f"    static const {real} {name}[] = {{\n{inside}\n    }};"
