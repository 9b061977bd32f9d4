"""Code from formulas: array statements for forward and backward passes, printed for NumPy, PyTorch, JAX and C."""

from dataclasses import dataclass
from importlib import import_module
from typing import Any

from derive.errors import UnsupportedError
from derive.export.plan import Module, Planner
from derive.formula import Formula

TARGETS = ("numpy", "torch", "jax", "c")


@dataclass(frozen=True)
class Options:
    """What to write: for which library, which values, the gradients by which inputs (all that claims speak of)."""

    target: str = "numpy"
    of: tuple[str, ...] = ()
    by: tuple[str, ...] = ()
    is_single: bool = False


def plan(formula: Formula, of: tuple[str, ...] = (), by: tuple[str, ...] = ()) -> Module:
    """The program of a formula's functions. Raises UnsupportedError where a part of it has no code, and says which."""
    try:
        return Planner(formula, by, of).module()
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
    return import_module(f"derive.export.{target}").writer(module, is_single)
