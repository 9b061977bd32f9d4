"""The reference of an algorithm: the library's own on the same random input."""

from inspect import signature
from random import Random
from typing import Any

import numpy as np

from derive.formula import Formula, Reference
from derive.language.operators import Operator
from verify.algorithms.domain import DomainError
from verify.algorithms.laws import LARGEST, Case, shown
from verify.algorithms.registry import SUBJECTS
from verify.references.calls import called
from verify.references.libraries import version_of
from verify.references.record import Compared
from verify.testimony import Settings

CASES = 60
ALLOWED = 1e-9
"""Relative: of whole numbers and short decimals few are added, so that all rounding is far less."""


def of_algorithm(formula: Formula, reference: Reference, operator: Operator, settings: Settings) -> Compared:
    """The algorithm beside the library's operator on random cases, small ones first."""
    subject = SUBJECTS[formula.algorithm]
    random = Random(f"{settings.seed} {formula.algorithm} {reference.call}")
    name = f"{operator.name} ({operator.library} {version_of(operator.library)})"
    worst, tried, problem = 0.0, 0, ""
    for number in range(CASES):
        case = subject.draw(random, number * (LARGEST + 1) // CASES)
        try:
            ours = subject.function(**case)
        except DomainError:
            continue
        try:
            outcome = called(operator, _arguments(operator, reference, case, subject.function))
        except (ImportError, MemoryError, RecursionError):
            raise
        except Exception as error:  # whatever a library may raise at what it does not take
            problem = f"it raises {type(error).__name__}: {' '.join(str(error).split())[:200]}"
            continue
        tried += 1
        mine = list(ours) if isinstance(ours, tuple) else [ours if reference.part is None else ours[reference.part]]
        off = max((_error(one, other) for one, other in zip(mine, outcome.results, strict=False)), default=np.inf)
        worst = max(worst, off)
        if off > ALLOWED:
            theirs = [np.asarray(result) for result in outcome.results]
            given = ", ".join(f"{key} = {_words(value)}" for key, value in case.items())
            reason = f"{name} differs: {shown(mine)} here and {shown(theirs)} there at {given}"
            if reference.differs:
                reason = f"{reason} ({reference.differs})"
            return Compared(reference, "differs", reason, {"points": tried, "max_error": worst, "allowed": ALLOWED})
    facts = {"points": tried, "max_error": worst, "allowed": ALLOWED}
    if 2 * tried < CASES:
        return Compared(reference, "cannot tell", f"{name} cannot be compared: {problem or 'too few cases'}", facts)
    reason = f"{name} agrees, where the entry says that it differs" if reference.differs else ""
    return Compared(reference, "agrees", reason, facts)


def _arguments(operator: Operator, reference: Reference, case: Case, function: Any) -> dict[str, Any]:
    """The arguments of the operator: those of the algorithm by name, numbers and words."""
    defaults = {name: one.default for name, one in signature(function).parameters.items()}
    found: dict[str, Any] = {}
    for name, given in reference.given.items():
        if name in operator.words:
            found[name] = {"yes": True, "no": False}.get(str(given), given)
            continue
        value: Any = case.get(given, defaults.get(given)) if isinstance(given, str) else float(given)
        if name in operator.plain:
            found[name] = int(value) if value == int(value) else float(value)
        elif isinstance(value, str) or (isinstance(value, list) and value and isinstance(value[0], str)):
            found[name] = value
        else:
            found[name] = np.asarray(value, dtype=np.int64 if name in operator.whole else float)
    return found


def _error(ours: Any, theirs: Any) -> float:
    """The greatest difference, relative to the greatest number; infinite for another shape."""
    one, other = np.asarray(ours, dtype=float), np.asarray(theirs, dtype=float)
    if one.shape != other.shape:
        return float("inf")
    scale = max(float(np.abs(one).max(initial=0)), 1.0)
    gap = np.abs(one - other).max(initial=0)
    return float("inf") if np.isnan(gap) else float(gap) / scale


def _words(value: Any) -> str:
    if isinstance(value, list) and value and isinstance(value[0], str):
        return f"[{', '.join(value)}]"
    return shown(value)
