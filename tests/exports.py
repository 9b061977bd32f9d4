"""The plans of all catalog entries, made once, and the exact values that their code must return."""

import functools
import warnings

import numpy as np

from derive.catalog import read, shipped
from derive.cli.known import known
from derive.errors import UnsupportedError
from derive.export import plan

# Entries for which there is no code, with the reason that the exporter gives.
REFUSED = {
    "box_sum": "a sum whose range depends on another index",
    "vae_elbo": "an expectation has no finite sum",
    "gan_generator_input": "an expectation has no finite sum",
}


@functools.cache
def catalog():
    return read(shipped()).formulas


def with_definitions():
    return [name for name, formula in catalog().items() if formula.definitions]


def exported():
    return [name for name in with_definitions() if name not in REFUSED]


@functools.cache
def module_of(name):
    return plan(catalog()[name])


@functools.cache
def points_of(name):
    """Each routine of an entry with what it must return at a point."""
    module = module_of(name)
    points = []
    for routine in module.routines:
        try:
            points.append((routine, known(module.formula, routine)))
        except UnsupportedError:  # the exact witness has no value, as for the slope of a floor
            continue
    return points


def run(text, name):
    """The names that a source text defines."""
    scope = {"__name__": name}
    exec(compile(text, f"<{name}>", "exec"), scope)
    return scope


def differences(routine, point, value, gradients, tolerance=1e-9):
    """What of the results of a routine is not what exact arithmetic says, in words."""
    found = [("value", value, point.value)]
    names = [f"by {tensor.name}" for tensor, _ in routine.gradients]
    found += zip(names, gradients, point.gradients, strict=True)
    wrong = []
    for what, got, want in found:
        got, want = np.asarray(got, float), np.asarray(want)
        if got.shape != want.shape:
            wrong.append(f"{routine.target.name} {what}: shape {got.shape}, not {want.shape}")
            continue
        scale = max(1.0, np.max(np.abs(want), initial=0.0))
        if not np.all(np.abs(got - want) <= tolerance * scale):
            wrong.append(f"{routine.target.name} {what}: {got.ravel()[:3]}, not {want.ravel()[:3]}")
    return wrong


def called(scope, writer, routine, point):
    """The value and the gradients that the written functions return at a point."""
    sizes = [point.sizes[size] for size in writer.parameters(routine)]
    forward = scope[writer.name("forward", routine)]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        if not routine.gradients:
            return forward(*point.inputs, *sizes), ()
        value, saved = forward(*point.inputs, *sizes)
        gradients = scope[writer.name("backward", routine)](saved, point.incoming)
    return value, gradients if len(routine.gradients) > 1 else (gradients,)
