"""A reference at one point: values and gradients of both sides, and by how much each component may differ."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from derive.formula import Definition, Formula, Reference
from derive.language.operators import Operator
from verify.elements import Stream
from verify.references.calls import called
from verify.references.libraries import Array
from verify.references.values import Known, Point, compared_inputs
from verify.sampling import Draw

WITHIN = 64
"""Agreement: up to this many times the radius that 53 bits give the definition, plus as many units of the last bit.

A library sums in another order and shifts before it exponentiates; what it rounds is of the same kind and number. The
last bit is that of the greatest component, and for a gradient of the mean slope, if that is greater: 1 - p loses what p
rounds away.
"""
BEYOND = 10_000
"""Off by this many times what is allowed is another function, not another rounding; in between nothing is said."""
SHARP = 1e-6
"""Where more than this part of a value is allowed, agreement shows little."""
UNIT = float(np.finfo(float).eps) / 2
LEAST = float(np.finfo(float).tiny)


class Gap(NamedTuple):
    """One array of both sides. what: its name.  gap, allowed: of the worst component, absolute.

    value: the greatest absolute value.  place, ours, theirs: of the worst component.  sharp, known: how many components
    show something, and how many could be told at all.
    """

    what: str
    gap: float
    allowed: float
    value: float
    place: tuple[int, ...]
    ours: float
    theirs: float
    sharp: int
    known: int
    says: str


def compare(formula: Formula, reference: Reference, operator: Operator, draw: Draw) -> list[Gap]:
    """Each result, then the gradient by each input through which the library can be differentiated.

    Raises what the library raises, UnsupportedError where our side has no value in balls, and ShapeError.
    """
    at = Point(formula, reference, draw)
    definitions = reference.arguments
    arguments = {
        name: _given(operator, name, known.value)
        for name, known in zip(definitions, at.known(definitions.values()), strict=True)
    }
    arguments.update({name: _word(word) for name, word in reference.words.items()})
    outcome = called(operator, arguments)
    truths = at.known(reference.results)
    if len(outcome.results) < len(truths):
        raise ShapeError(f"it gives {len(outcome.results)} results, not {len(truths)}")
    gaps = [
        _gap(_name(definition), ours, theirs, 0.0)
        for definition, ours, theirs in zip(reference.results, truths, outcome.results, strict=False)
    ]
    by = compared_inputs(formula, reference, operator)
    if outcome.pull is None or not by:
        return gaps
    stream = Stream(formula.text or formula.name, "incoming", draw.number)
    # A gradient for a result that the entry does not name is 0: nothing is said of it.
    incoming = [_incoming(stream, result.shape) for result in outcome.results[: len(truths)]]
    unnamed = [np.zeros(result.shape) for result in outcome.results[len(truths) :]]
    pulled = outcome.pull([*incoming, *unnamed])
    if not all(np.all(np.isfinite(g)) for g in pulled.values()):
        return gaps if not all(g.known for g in gaps) else [*gaps, _broken(pulled)]
    height = sum(float(np.abs(g * truth.value).sum()) for g, truth in zip(incoming, truths, strict=True))
    for tensor, (ours, back) in zip(by, at.gradients(by, incoming, pulled), strict=True):
        blurred = Known(ours.value, ours.radius + back.radius)
        slope = height / max(abs(float(x)) for x in at.draw.values[tensor].flat)
        gaps.append(_gap(f"gradient by {tensor.name}", blurred, back.value, slope))
    return gaps


class ShapeError(ValueError):
    """What the library gives has another shape than the definition."""


def _given(operator: Operator, name: str, value: Array) -> Any:
    """An argument as the library takes it: an array of floats or whole numbers, a plain number or a list of them."""
    if name in operator.plain:
        return _plain(value.tolist())
    return np.rint(value).astype(np.int64) if name in operator.whole else value


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return int(value) if value == int(value) else value


def _word(word: str) -> Any:
    return {"yes": True, "no": False}.get(word, word)


def _incoming(stream: Stream, shape: tuple[int, ...]) -> Array:
    """Numbers of either sign and of order 1, none alike by plan."""
    size = int(np.prod(shape, dtype=int))
    flat = [(1 + stream.below(4095)) / 2048 * (1 if stream.below(2) else -1) for _ in range(size)]
    return np.array(flat).reshape(shape)


def _name(definition: Definition) -> str:
    return definition.name.removeprefix("result_")


def _gap(what: str, ours: Known, theirs: Array, slope: float) -> Gap:
    if ours.value.shape != theirs.shape:
        raise ShapeError(f"its result has the shape {theirs.shape}, {what} has {ours.value.shape}")
    size = np.abs(ours.value)
    known = np.isfinite(ours.value) & np.isfinite(ours.radius)
    greatest = float(np.where(known, size, 0).max(initial=0))
    allowed = WITHIN * (ours.radius + UNIT * max(greatest, slope if np.isfinite(slope) else 0.0))
    with np.errstate(all="ignore"):
        gap = np.where(known, np.abs(ours.value - theirs), 0.0)
        gap = np.where(np.isnan(gap), np.inf, gap)
        excess = np.where(gap > 0, gap / np.maximum(allowed, LEAST), 0.0)
    sharp = known & (allowed <= SHARP * np.where(size > allowed, size, max(greatest, slope)))
    most = float(excess.max(initial=0))
    worst = np.unravel_index(int(np.where(known, excess, -1).argmax()), size.shape) if size.size else ()
    says = "agrees" if most <= 1 else "differs" if most > BEYOND else "cannot tell"
    place, at = tuple(int(p) for p in worst), worst if size.size else ...
    return Gap(
        what, float(gap[at]), float(allowed[at]), greatest, place, float(ours.value[at]), float(theirs[at]),
        int(sharp.sum()), int(known.sum()), says,
    )  # fmt: skip


def _broken(pulled: Mapping[str, Array]) -> Gap:
    """The library's gradient has no value where ours has."""
    name = next(name for name, g in pulled.items() if not np.all(np.isfinite(g)))
    nan = float("nan")
    return Gap(f"gradient by {name}", float("inf"), 0.0, nan, (), nan, nan, 0, 1, "differs")
