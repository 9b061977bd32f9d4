"""Trials of algorithms: their laws on random input, and the worked examples of a catalog."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np

from derive.errors import Place
from derive.formula import Case, Formula
from verify.algorithms.domain import DomainError
from verify.algorithms.laws import CASES, Law, Run, Subject, shown, tried
from verify.algorithms.registry import SUBJECTS
from verify.testimony import Counterexample, Settings, Testimony


@dataclass(frozen=True)
class Trial:
    """A law or a worked example of an algorithm, as something to be judged.

    expected, source, condition: as in a claim.
    """

    subject: Subject
    what: Law | Case
    text: str
    place: Place
    expected: str = "holds"
    source: str = ""
    condition: str = ""


def trials(formula: Formula, settings: Settings) -> Sequence[Trial]:
    """The laws of the algorithm that a formula names, unless only print is wanted, then its worked examples."""
    subject = SUBJECTS[formula.algorithm]
    laws = [Trial(subject, law, law.text, formula.place) for law in subject.laws if not settings.printed_only]
    cases = [Trial(subject, case, case.text, case.place, case.expected, case.source, case.condition)
             for case in formula.cases]  # fmt: skip
    return [*laws, *cases]


def testify(trial: Trial, settings: Settings) -> Testimony:
    """Whether a trial comes out well: "differs" with the input where it does not."""
    if isinstance(trial.what, Case):
        return _case(trial.what, trial.subject.function)
    return _law(trial.what, trial.subject, settings)


def _law(law: Law, subject: Subject, settings: Settings) -> Testimony:
    failure = tried(law, subject, subject.function, f"{settings.seed} {subject.function.__name__}")
    if failure is None:
        return Testimony("trials", "agrees", facts={"cases": CASES, "seed": settings.seed})
    return Testimony("trials", "differs", failure.reason, {"seed": settings.seed}, _at(failure.case))


def _case(case: Case, run: Run) -> Testimony:
    given = {name: _argument(value) for name, value in case.given.items()}
    try:
        found = run(**given)
    except DomainError as error:
        return Testimony("trials", "cannot tell", str(error))
    if _agree(found, case.then):
        return Testimony("trials", "agrees", facts={"cases": 1})
    reason = f"{shown(found)} instead of {_printed(case.then)}"
    return Testimony("trials", "differs", reason, {}, _at(given))


def _argument(value: Any) -> Any:
    """Whole numbers and floats; rectangular lists as arrays, others as lists of arrays."""
    if isinstance(value, list):
        items = [_argument(item) for item in value]
        shapes = {np.shape(item) for item in items}
        is_array = len(shapes) < 2 and not any(isinstance(item, (str, list)) for item in items)
        return np.array(items, dtype=float) if is_array else items
    if isinstance(value, str):
        return value
    return int(value) if value == int(value) else float(value)


def _agree(found: Any, printed: Any) -> bool:
    """Whether a result is the printed one, rounded or cut to its decimals; one without decimals is exact."""
    if isinstance(printed, list):
        items = list(found) if isinstance(found, (list, tuple)) or np.ndim(found) else None
        return items is not None and len(items) == len(printed) and all(map(_agree, items, printed))
    if isinstance(found, (list, tuple)) or np.ndim(found) or not np.isfinite(found):
        return False
    decimals = -int(printed.as_tuple().exponent) if isinstance(printed, Decimal) else 0
    unit = Fraction(1, 10**decimals) if decimals > 0 else Fraction(0)
    value, right = Fraction(float(found)), Fraction(printed)
    noise = max(Fraction(1), abs(right)) / 10**9
    is_cut = abs(right) <= abs(value) < abs(right) + unit and value * right >= 0
    return is_cut or abs(value - right) <= unit / 2 + noise


def _printed(value: Any) -> str:
    return f"[{', '.join(map(_printed, value))}]" if isinstance(value, list) else str(value)


def _at(case: dict[str, Any]) -> Counterexample:
    """The input as it stands in the report; what comes of it is in the reason."""
    return Counterexample({}, {}, {name: _plain(value) for name, value in case.items()}, "", "", "", certified=False)


def _plain(value: Any) -> Any:
    if isinstance(value, (list, np.ndarray)):
        return [_plain(item) for item in value]
    return value if isinstance(value, str) else int(value) if value == int(value) else float(value)
