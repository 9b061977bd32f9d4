"""The test that goes with exported Python code: known values, and differences of forward against backward."""

from collections.abc import Sequence
from pprint import pformat
from typing import Any

from derive.export.known import Known
from derive.export.plan import Routine
from derive.export.python.functions import Python

HEAD = '''"""Known values of {name}, worked out in exact arithmetic, and differences of forward against backward."""

import numpy as np
import pytest
{imports}
import {name} as exported

CASES = {cases}


def close(found, expected):
    """Whether numbers agree to the digits that are left after rounding, measured by the largest of them."""
    found, expected = np.asarray(found), np.asarray(expected)
    scale = np.max(np.abs(expected), initial=1.0)
    return found.shape == expected.shape and np.all(np.abs(found - expected) <= {tolerance} * scale)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_the_values_are_those_of_exact_arithmetic(case):
    value, gradients = run(case, case["inputs"])
    assert close(value, case["value"])
    assert len(gradients) == len(case["gradients"])
    for found, expected in zip(gradients, case["gradients"]):
        assert close(found, expected)
'''

DIFFERENCES = """

@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_backward_is_the_slope_of_forward(case):
    inputs = [np.asarray(array, float) for array in case["inputs"]]
    g = np.asarray(case["incoming"])
    for place, gradient in zip(case["by"], run(case, inputs)[1]):
        direction = np.cos(1 + np.arange(inputs[place].size)).reshape(inputs[place].shape)
        step = 1e-6 * max(1.0, float(np.max(np.abs(inputs[place]))))
        sides = []
        for sign in (1, -1):
            moved = list(inputs)
            moved[place] = inputs[place] + sign * step * direction
            sides.append(np.sum(g * run(case, moved)[0]))
        slope = (sides[0] - sides[1]) / (2 * step)
        size = max(1.0, abs(slope), float(np.max(np.abs(sides))))
        assert abs(slope - np.sum(np.asarray(gradient) * direction)) <= 1e-5 * size
"""

RUN = {
    "numpy": '''

def run(case, inputs):
    """The value and the gradients at a point."""
    forward = getattr(exported, case["forward"])
    if not case["gradients"]:
        return forward(*inputs, *case["sizes"]), ()
    value, saved = forward(*inputs, *case["sizes"])
    gradients = getattr(exported, case["backward"])(saved, case["incoming"])
    return value, gradients if len(case["gradients"]) > 1 else (gradients,)
''',
    "torch": '''

def run(case, inputs):
    """The value and the gradients at a point."""
    tensors = [torch.tensor(np.asarray(array), dtype=torch.float64) for array in inputs]
    if not case["gradients"]:
        return getattr(exported, case["forward"])(*tensors, *case["sizes"]).numpy(), ()
    wanted = [tensors[place].requires_grad_() for place in case["by"]]
    value = getattr(exported, case["function"]).apply(*tensors, *case["sizes"])
    gradients = torch.autograd.grad(value, wanted, torch.tensor(case["incoming"], dtype=torch.float64))
    return value.detach().numpy(), [gradient.numpy() for gradient in gradients]
''',
    "jax": '''

def run(case, inputs):
    """The value and the gradients at a point."""
    with jax.enable_x64(True):
        arrays = [jax.numpy.asarray(array, float) for array in inputs]
        if not case["gradients"]:
            return getattr(exported, case["forward"])(*arrays, *case["sizes"]), ()

        def function(*moved):
            every = list(arrays)
            for place, array in zip(case["by"], moved):
                every[place] = array
            return getattr(exported, case["function"])(*every, *case["sizes"])

        value, pull = jax.vjp(function, *(arrays[place] for place in case["by"]))
        gradients = pull(jax.numpy.asarray(case["incoming"], float))
        return np.asarray(value), [np.asarray(gradient) for gradient in gradients]
''',
}


def case_of(writer: Python, routine: Routine, known: Known) -> dict[str, Any]:
    """One point of one routine, as literals."""
    order = {tensor: place for place, tensor in enumerate(routine.inputs)}
    return {
        "name": routine.target.name,
        "forward": writer.name("forward", routine),
        "backward": writer.name("backward", routine),
        "function": writer.function(routine),
        "inputs": list(known.inputs),
        "sizes": [known.sizes[size] for size in writer.parameters(routine)],
        "incoming": known.incoming,
        "by": [order[tensor] for tensor, _ in routine.gradients],
        "value": known.value,
        "gradients": list(known.gradients),
    }


def source(writer: Python, target: str, name: str, points: Sequence[tuple[Routine, Known]], is_single: bool) -> str:
    """The text of a test file for the module that was written as `name`.py."""
    cases = pformat([case_of(writer, routine, known) for routine, known in points], width=110, sort_dicts=False)
    text = HEAD.format(
        name=name,
        imports="" if target == "numpy" else f"import {target}\n",
        cases=cases,
        tolerance="1e-3" if is_single else "1e-9",
    )
    return text + RUN[target] + ("" if is_single else DIFFERENCES)
