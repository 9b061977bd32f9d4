"""The functions that pictures evaluate: what `derive export` writes for a formula, in this process."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from derive.compiled import UnexpectedCode, run
from derive.errors import CatalogError, UnsupportedError
from derive.export import plan, printed
from derive.formula import Findings, Formula

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
    made = _made(formula, of)
    (function,) = (function for name, function in made.items() if name.startswith("forward"))
    has_gradient = any(name.startswith("backward") for name in made)  # then it saves what that needs
    value = (lambda *given: function(*given)[0]) if has_gradient else function
    return tuple(inspect.signature(function).parameters), value


def functions(formula: Formula, of: str, by: str, known: Findings | None = None) -> Functions:
    """The value of a definition and its gradient by one input. Raises one of FAILURES where there is no code.

    known: claims that are not proved again.
    """
    made = _made(formula, of, (by,), known)
    (forward,) = (function for name, function in made.items() if name.startswith("forward"))
    (backward,) = (function for name, function in made.items() if name.startswith("backward"))
    return Functions(tuple(inspect.signature(forward).parameters), forward, backward)


def _made(formula: Formula, of: str, by: tuple[str, ...] = (), known: Findings | None = None) -> dict[str, Any]:
    """The functions that are exported, by name; nobody reads what they are about."""
    planned = plan(formula, (of,), by, known)
    brief = replace(planned, formula=replace(formula, claims=()))
    brief.latex = []
    return vars(run(printed(brief, "numpy"), "numpy", formula.name))
