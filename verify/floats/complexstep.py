"""The complex step: the derivative of an analytic function as the imaginary part of its value, nothing subtracted.

f(x + i*h*v) = f(x) + i*h*(the derivative along v) + terms in h**2, which h = 2**-66 puts far below rounding. It is
silently wrong where a function is not analytic, so only such expressions are let through as are known to be.
"""

from collections.abc import Iterable, Mapping

import numpy as np

from derive.binding import walk
from derive.errors import UnsupportedError
from derive.expression import (
    Add,
    Axis,
    Call,
    Constant,
    Delta,
    Element,
    Index,
    Multiply,
    Node,
    Number,
    Power,
    Reduce,
    Size,
    Tensor,
)
from derive.formula import Formula
from verify.floats.arrays import Arrays, Reads
from verify.floats.labelled import Array, Labelled, Stored

STEP = 2.0**-66
STEP_IN_LOW = 2.0**-40
GAIN = float(np.finfo(np.float64).eps) / float(np.finfo(np.float32).eps)
"""What an error of rounding in single precision shrinks to in double precision."""

_ANALYTIC = {"exp", "log", "sin", "cos", "sinh", "cosh", "tanh"}
_PLAIN = (Add, Axis, Constant, Delta, Element, Index, Multiply, Number, Size, Tensor)


class ComplexStep:
    """One expression of a formula, to be differentiated along changes of one tensor at given sizes.

    Raises UnsupportedError for an expression that is not made of analytic functions alone.
    """

    def __init__(self, formula: Formula, body: Node, tensor: Tensor, sizes: Mapping[Size, int], reads: Reads) -> None:
        self.formula, self.body, self.tensor, self.sizes, self.reads = formula, body, tensor, sizes, reads
        needed = reads(body)
        definitions = [d for d in formula.definitions if d.tensor in needed and d.tensor is not tensor]
        if any(d.bases for d in definitions):
            raise UnsupportedError("a complex step through a recurrence")
        self._order = [d.tensor for d in definitions]
        self._positive = tuple(dict.fromkeys(_guarded([body, *(d.body for d in definitions)])))

    def values(self, values: Mapping[Tensor, Array], moved: Stored, is_low: bool) -> Labelled:
        """The imaginary part over the step, with an axis for each free index of the expression and each probe.

        values: real arrays.  moved: the tensor, its imaginary part the change in units of the step.  is_low: in single
        precision.  Raises UnsupportedError where a logarithm or a root leaves its real domain.
        """
        real, kind, step = (np.float32, np.complex64, STEP_IN_LOW) if is_low else (np.float64, np.complex128, STEP)
        place = moved.array.astype(kind)
        place.imag *= step
        at = Arrays(self.formula, {t: v.astype(real, copy=False) for t, v in values.items()}, self.sizes, kind,
                    reads=self.reads)  # fmt: skip
        at.stored[self.tensor] = Stored(moved.probes, place, moved.starts)
        for tensor in self._order:  # in order, so that a long chain of definitions nests nothing
            at.tensor(tensor)
        found = at(self.body)
        for node in self._positive:
            if not np.all(at(node).array.real > 0):
                raise UnsupportedError("a logarithm or a root of what is not positive")
        return Labelled(found.labels, np.asarray(found.array.imag / step))


def _guarded(nodes: Iterable[Node]) -> Iterable[Node]:
    """What has to be positive for all to be analytic; UnsupportedError for what never is."""
    for node in nodes:
        for part in walk(node):
            match part:
                case Power(_, Number(_, 1)):
                    continue
                case Power(base, _) | Call("log", base):
                    yield base
                case Call(name, _) if name in _ANALYTIC:
                    continue
                case Reduce("sum" | "mean"):
                    continue
                case _ if isinstance(part, _PLAIN):
                    continue
                case _:
                    raise UnsupportedError(f"a complex step through {type(part).__name__}")


def error_of(high: Array, low: Array) -> Array:
    """What a value in double precision may be off by, from how far single precision is."""
    scatter = np.abs(high - low)
    return bound_of(high, scatter, np.sqrt(np.mean(scatter**2)))


def bound_of(high: Array, scatter: Array, mean: Array) -> Array:
    """The same, of how far single precision is off, here and in the mean."""
    return np.asarray(GAIN * (scatter + mean) + np.finfo(np.float64).eps * np.abs(high))


def in_both(values: Mapping[Tensor, Array], step: ComplexStep, moved: Stored) -> tuple[Labelled, Labelled]:
    """The derivative in double precision, and its estimated error."""
    high, low = (step.values(values, moved, is_low) for is_low in (False, True))
    return high, Labelled(high.labels, error_of(high.array, low.array))
