"""Code from formulas: forward and backward passes for NumPy, PyTorch, JAX and C.

A formula goes through it in this order. `targets` says which values are computed and by which inputs they are
differentiated; `plan` has for each gradient the proved claims and what `backward` derives, makes every form numerically
stable (`stable`: named rewritings, each proved), contracts its `deltas`, and takes the form that costs least (`cost`).
`lowering` turns index expressions into array statements, with `arithmetic`, `sums` as contractions and safe `branches`;
they are interned in a `program`, so that equal parts are computed once. `python` and `c` print that program, with
`integers` for lengths and `subscripts` and `naming` for what may be called what; their `testing` writes the test beside
it, of results that are `known`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from derive.errors import UnsupportedError
from derive.export.known import Known
from derive.export.plan import Module, Planner, Routine
from derive.formula import Findings, Formula

_WRITERS = {
    "numpy": "derive.export.python.numpy",
    "torch": "derive.export.python.torch",
    "jax": "derive.export.python.jax",
    "c": "derive.export.c.functions",
}
TARGETS = tuple(_WRITERS)


@dataclass(frozen=True)
class Options:
    """What to write: for which library, which values, the gradients by which inputs (all that claims speak of)."""

    target: str = "numpy"
    of: tuple[str, ...] = ()
    by: tuple[str, ...] = ()
    is_single: bool = False


def plan(
    formula: Formula,
    of: tuple[str, ...] = (),
    by: tuple[str, ...] = (),
    known: Findings | None = None,
) -> Module:
    """The program of a formula's functions. Raises UnsupportedError where a part of it has no code, and says which.

    known: claims that are not proved again.
    """
    try:
        return Planner(formula, by, of, known).module()
    except RecursionError:
        raise UnsupportedError("the formula is nested too deeply") from None


def source(formula: Formula, options: Options) -> str:
    """The source text for one library, self-contained. Raises UnsupportedError as `plan` does."""
    return printed(plan(formula, options.of, options.by), options.target, options.is_single)


def printed(module: Module, target: str, is_single: bool = False) -> str:
    """A program as source text for one of TARGETS."""
    text: str = writer(module, target, is_single).source()
    return text


def writer(module: Module, target: str, is_single: bool = False) -> Any:
    """What writes a program for one of TARGETS."""
    return import_module(_WRITERS[target]).writer(module, is_single)


def tested(module: Module, target: str, name: str, points: Sequence[tuple[Routine, Known]], is_single: bool) -> str:
    """The text of a test for the source written as `name`.py or `name`.c, at points with their exact results."""
    testing = import_module(f"derive.export.{'c' if target == 'c' else 'python'}.testing")
    text: str = testing.source(writer(module, target, is_single), target, name, points, is_single)
    return text
