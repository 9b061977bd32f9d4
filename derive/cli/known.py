"""What exported functions must return at a point, by exact arithmetic: for the tests that go with them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import isfinite
from typing import Any

from derive.errors import UnsupportedError
from derive.export.plan import Routine
from derive.export.targets import formal
from derive.expression import Derivative, Index, Node, Size, element
from derive.formula import Claim, Formula

_BITS = 240


@dataclass(frozen=True)
class Known:
    """A point and what belongs to it: nested lists of floats for each argument, and for each result."""

    inputs: tuple[Any, ...]
    sizes: dict[Size, int]
    incoming: Any
    value: Any
    gradients: tuple[Any, ...]


def known(formula: Formula, routine: Routine) -> Known:
    """The value and the gradients of a routine at the first generic draw at which all are defined.

    Raises UnsupportedError where the exact witness cannot tell.
    """
    for number in (0, 3, 2, 5):
        found = at_draw(formula, routine, number)
        if _is_finite([found.value, found.gradients]):
            return found
    raise UnsupportedError(f"{routine.target.name} or its slope has no value at the points drawn")


def _is_finite(values: Any) -> bool:
    return all(map(_is_finite, values)) if isinstance(values, (list, tuple)) else isfinite(values)


def at_draw(formula: Formula, routine: Routine, number: int) -> Known:
    """The value and the gradients of a routine at the draw of that number, to the last digit of a float."""
    import flint

    from verify.arithmetic.balls import Work
    from verify.arithmetic.evaluation import Evaluation
    from verify.arithmetic.reach import Structure
    from verify.sampling import draw

    target = routine.target
    if target.incoming not in formula.inputs:
        formula = replace(formula, inputs=(*formula.inputs, target.incoming))
    Work.start()
    point = draw(formula, 0, number)
    slopes = [Derivative(target.objective, (element(t, *formal(t)),)) for t, _ in routine.gradients]
    structure = Structure(formula, [Claim(slope, "==", slope, "", formula.place) for slope in slopes])
    with flint.ctx.workprec(_BITS):
        at = Evaluation(formula, point, structure.targets, structure.together)
        value = _floats(at, target.value, target.labels)
        gradients = tuple(
            _floats(at, slope, formal(t)) for slope, (t, _) in zip(slopes, routine.gradients, strict=True)
        )
    inputs = tuple(_rounded(point.values[t]) for t in routine.inputs)
    return Known(inputs, dict(point.sizes), _rounded(point.values[target.incoming]), value, gradients)


def _rounded(values: Any) -> Any:
    """Exact rationals as nested lists of floats."""
    return _each(values.tolist(), float)


def _each(values: Any, change: Any) -> Any:
    return [_each(value, change) for value in values] if isinstance(values, list) else change(values)


def _floats(at: Any, node: Node, labels: Sequence[Index]) -> Any:
    """The values of an expression over labels, as nested lists of floats; NaN where it is undefined."""
    import numpy as np

    found = at.value(node)
    balls: Any = np.asarray(found.balls())
    own = [at.label_of(label) for label in labels]
    lengths = [at.integer(label.axis.size) for label in labels]
    result = np.empty(lengths)
    for place in np.ndindex(*lengths):
        named = dict(zip(own, place, strict=True))
        ball = balls[tuple(named[label] for label in found.labels)]
        result[place] = float(ball.mid()) if ball.is_finite() else np.nan
    return result.tolist()
