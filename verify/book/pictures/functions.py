"""The functions that pictures evaluate: what `derive export` writes for a formula, in this process."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from derive.compiled import UnexpectedCode, run
from derive.errors import CatalogError, UnsupportedError
from derive.export import Options, source
from derive.formula import Formula

FAILURES = (UnsupportedError, CatalogError, UnexpectedCode, ArithmeticError, LookupError, ValueError, TypeError,
            RecursionError)  # fmt: skip
"""Why a formula has no picture: it is not exported, or not evaluated where it is drawn."""


@dataclass(frozen=True)
class Functions:
    """forward: takes the arguments, gives the value and what backward needs.  backward: takes that and the incoming
    gradient, gives the gradient by one input.
    """

    arguments: tuple[str, ...]
    forward: Callable[..., Any]
    backward: Callable[..., Any]


def forward(formula: Formula, of: str) -> tuple[tuple[str, ...], Callable[..., Any]]:
    """The arguments and the function that gives the value of a definition. Raises one of FAILURES."""
    made = vars(run(source(formula, Options("numpy", (of,))), "numpy", formula.name))
    (function,) = (function for name, function in made.items() if name.startswith("forward"))
    has_gradient = any(name.startswith("backward") for name in made)  # then it saves what that needs
    value = (lambda *given: function(*given)[0]) if has_gradient else function
    return tuple(inspect.signature(function).parameters), value


def functions(formula: Formula, of: str, by: str) -> Functions:
    """The value of a definition and its gradient by one input. Raises one of FAILURES where there is no code."""
    made = vars(run(source(formula, Options("numpy", (of,), (by,))), "numpy", formula.name))
    (forward,) = (function for name, function in made.items() if name.startswith("forward"))
    (backward,) = (function for name, function in made.items() if name.startswith("backward"))
    return Functions(tuple(inspect.signature(forward).parameters), forward, backward)
