"""Our side of a comparison: arguments, results and gradients of a reference at a point, in balls.

Each is evaluated twice: to many digits, which is the value, and with the 53 bits of a float. The radius of the second
bounds what rounding does to the definition as the entry writes it, and to its derivative by reverse mode: it is what a
library that computes the same in float64 may be off by.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any, NamedTuple

import flint
import numpy as np

from derive.binding import total, walk
from derive.domains import TABLE as DOMAINS
from derive.errors import Place
from derive.exchange.dependence import Dependence
from derive.expression import Derivative, Element, Index, Node, Tensor, element
from derive.formula import Definition, Formula, Reference
from derive.language.operators import Operator
from verify.arithmetic import balls
from verify.arithmetic.evaluation import Evaluation
from verify.references.libraries import Array
from verify.sampling import Draw

BITS, DOUBLE = 160, 53


class Known(NamedTuple):
    """An array of values, and for each the radius that 53 bits give it (not finite where they cannot tell)."""

    value: Array
    radius: Array


class Point:
    """A formula and a reference of it at one draw."""

    def __init__(self, formula: Formula, reference: Reference, draw: Draw) -> None:
        self.reference, self.draw = reference, doubled(draw)
        mapped = (*reference.arguments.values(), *reference.results)
        self.formula = replace(formula, definitions=(*formula.definitions, *mapped))

    def known(self, definitions: Iterable[Definition]) -> list[Known]:
        return _known(self.formula, self.draw, [definition.tensor for definition in definitions], ())

    def gradients(
        self, by: Sequence[Tensor], incoming: Sequence[Array], pulled: Mapping[str, Array]
    ) -> list[tuple[Known, Known]]:
        """For each input our gradient, and the library's pulled back from its arguments to that input.

        incoming: a gradient for each result.  pulled: the library's for each of its array arguments.
        """
        arguments = [self.reference.arguments[name] for name in pulled]
        ours, ours_given = _contracted("result", self.reference.results, incoming)
        theirs, theirs_given = _contracted("argument", arguments, list(pulled.values()))
        slopes = [_slope(side, tensor) for tensor in by for side in (ours, theirs)]
        inputs = {**ours_given, **theirs_given}
        formula = replace(
            self.formula,
            inputs=(*self.formula.inputs, *inputs),
            definitions=(*self.formula.definitions, ours, theirs, *slopes),
        )
        draw = replace(self.draw, values={**self.draw.values, **inputs})
        found = _known(formula, draw, [slope.tensor for slope in slopes], by)
        return list(zip(found[::2], found[1::2], strict=True))


def doubled(draw: Draw) -> Draw:
    """The draw at the nearest floats, which both sides are given exactly."""
    as_float = np.frompyfunc(lambda value: Fraction(float(value)), 1, 1)
    return replace(draw, values={t: np.asarray(as_float(values), dtype=object) for t, values in draw.values.items()})


def compared_inputs(formula: Formula, reference: Reference, operator: Operator) -> list[Tensor]:
    """The inputs by which the library's gradient is known: they reach it through real arrays alone."""
    arguments = reference.arguments
    reads = Dependence(replace(formula, definitions=(*formula.definitions, *arguments.values())))
    smooth = {name for name in operator.arrays if name in arguments} - operator.whole - operator.fixed
    inside = {tensor for name in smooth for tensor in reads(arguments[name].tensor)}
    other = {tensor for name in arguments.keys() - smooth for tensor in reads(arguments[name].tensor)}
    return [t for t in formula.inputs if t in inside - other and not DOMAINS[t.domain].integer]


def _contracted(
    kind: str, definitions: Sequence[Definition], weights: Sequence[Array]
) -> tuple[Definition, dict[Tensor, Array]]:
    """The sum of all elements, each times its weight; and the weights as inputs. The names are none of the language."""
    given: dict[Tensor, Array] = {}
    terms: list[Node] = []
    for number, (definition, weight) in enumerate(zip(definitions, weights, strict=True)):
        tensor = Tensor(f"weight of {kind} {number}", definition.tensor.axes, "real")
        given[tensor] = _rationals(weight)
        indices = _indices(definition.tensor)
        terms.append(total(element(tensor, *indices) * element(definition.tensor, *indices), *indices))
    whole = sum(terms[1:], terms[0])
    return _defined(f"sum of {kind}s", (), whole), given


def _slope(side: Definition, tensor: Tensor) -> Definition:
    """The derivative of a scalar by every element of an input."""
    indices = _indices(tensor)
    by = Element(tensor, indices)
    return _defined(f"{side.name} by {tensor.name}", indices, Derivative(element(side.tensor), (by,)))


def _indices(tensor: Tensor) -> tuple[Index, ...]:
    return tuple(Index(f"place {number}", axis) for number, axis in enumerate(tensor.axes))


def _defined(name: str, indices: tuple[Index, ...], body: Node) -> Definition:
    return Definition(Tensor(name, tuple(i.axis for i in indices), "defined"), indices, body, name, Place("", 0, 0))


def _rationals(array: Array) -> Array:
    return np.asarray(np.frompyfunc(lambda value: Fraction(float(value)), 1, 1)(array), dtype=object)


# ------------------------------------------------------------------------------------- evaluation


def _known(formula: Formula, draw: Draw, tensors: Sequence[Tensor], targets: Iterable[Tensor]) -> list[Known]:
    bodies = [body for d in formula.definitions for body in (d.body, *(base for _, base in d.bases))]
    slopes = [part for body in bodies if "D" in body.mentions for part in walk(body) if isinstance(part, Derivative)]
    targets = tuple(dict.fromkeys([*targets, *(by.tensor for slope in slopes for by in slope.by)]))
    with flint.ctx.workprec(BITS):
        sharp = _evaluated(formula, draw, tensors, targets)
    with flint.ctx.workprec(DOUBLE):
        blurred = _evaluated(formula, draw, tensors, targets)
    return [Known(_floats(fine, "mid"), _floats(coarse, "rad")) for fine, coarse in zip(sharp, blurred, strict=True)]


def _evaluated(formula: Formula, draw: Draw, tensors: Sequence[Tensor], targets: tuple[Tensor, ...]) -> list[Any]:
    """The balls of each tensor, its axes in order."""
    at = Evaluation(formula, draw, targets)
    for definition in formula.definitions:  # in order, so that a long chain is not a deep one
        at.stored(definition.tensor)
    return [_laid_out(at, tensor) for tensor in tensors]


def _laid_out(at: Evaluation, tensor: Tensor) -> Any:
    array = at.stored(tensor)
    slots = at.slots[tensor]
    whole = tuple(sorted(slots))
    data = balls.spread(array.balls(), array.labels, whole)
    shape = tuple(length for _, length in slots)
    if not slots:
        return np.asarray(data, dtype=object).reshape(())
    data = np.broadcast_to(data, [length for _, length in whole])
    return data.transpose([whole.index(slot) for slot in slots]).reshape(shape)


def _floats(array: Any, part: str) -> Array:
    """The middles or the radii; a middle that is not finite is nan, a radius infinite."""

    def of(ball: Any) -> float:
        if not ball.is_finite():
            return float("nan" if part == "mid" else "inf")
        return float(getattr(ball, part)())

    return np.asarray(np.frompyfunc(of, 1, 1)(array), dtype=float)
