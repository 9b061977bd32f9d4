"""Functions of one number with their derivatives: activations, and losses at one sample."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from derive.binding import walk
from derive.expression import Add, Derivative, Element, Expect, Index, Multiply, Node, Number, Reduce, Tensor
from derive.formula import Definition, Findings, Formula
from verify.book.drawing import Drawing
from verify.book.pictures.functions import FAILURES, Functions, functions
from verify.book.pictures.style import DASHES, INK, SERIES, SOFT, drawing, picture

POINTS = 241
TYPICAL = {"positive": 1.0, "nonnegative": 1.0, "unit": 0.3, "sign": 1.0, "binary": 1.0, "natural": 2.0,
           "integer": 2.0, "nonzero": 0.5, "real": 0.5, "onehot": 1.0}  # fmt: skip
RANGES = {"real": (-5.0, 5.0), "nonzero": (-5.0, 5.0), "positive": (0.02, 5.0), "nonnegative": (0.0, 5.0),
          "unit": (0.01, 0.99)}  # fmt: skip


@dataclass(frozen=True)
class Curve:
    """A definition as a function of one element of one input, all else held."""

    formula: Formula
    definition: Definition
    by: Tensor


def curves_of(formula: Formula) -> Iterator[Curve]:
    """The definitions that are functions of one element at a time; arrays first, then what is differentiated.

    A mean or a sum over samples is such a function at one sample.
    """
    if any(len(tensor.axes) > 1 for tensor in formula.tensors()) or any(d.bases for d in formula.definitions):
        return
    own = {definition.tensor: definition for definition in formula.definitions}
    bodies = [claim.left.body for claim in formula.claims if isinstance(claim.left, Derivative)]
    told = {body.tensor for body in bodies if isinstance(body, Element)}
    last_first = reversed(formula.definitions)
    for definition in sorted(last_first, key=lambda d: (not d.indices, d.tensor not in told)):
        wanted = [c.left.by[0].tensor for c in formula.claims if isinstance(c.left, Derivative) and len(c.left.by) == 1]
        read = _inputs(definition, own)
        fit = (t for t in wanted if t in read and t in formula.inputs and len(t.axes) == 1 and t.domain in RANGES)
        by = next(fit, None)
        if by is not None and _is_bent(definition.body) and _is_pointwise(definition, own):
            yield Curve(formula, definition, by)


def _inputs(definition: Definition, own: dict[Tensor, Definition]) -> set[Tensor]:
    found = {part.tensor for part in walk(definition.body) if isinstance(part, Element)}
    return found.union(*(_inputs(own[tensor], own) for tensor in found if tensor in own))


def _is_bent(body: Node) -> bool:
    """Whether this is more than a weighted sum of what it reads."""
    match body:
        case Element():
            return False
        case Reduce(kind, inside, _) if kind in ("sum", "mean"):
            return _is_bent(inside)
        case Add(parts):
            return any(map(_is_bent, parts))
        case Multiply(parts):
            return sum(not isinstance(part, Number) for part in parts) > 1 or any(map(_is_bent, parts))
    return bool(body.children())


def _is_pointwise(definition: Definition, own: dict[Tensor, Definition]) -> bool:
    """Whether each element is read at one index alone, and added up at most at the very end."""
    body = definition.body
    match body:
        case Multiply((Number(), Reduce() as whole)):
            body = whole
    if isinstance(body, Reduce) and not definition.indices:
        if body.kind not in ("sum", "mean") or len(body.bound) != 1:
            return False
        body = body.body
    for part in walk(body):
        if isinstance(part, Reduce | Expect | Derivative):
            return False
        if isinstance(part, Element) and part.subscripts and not isinstance(part.subscripts[0], Index):
            return False
    read = {part.tensor for part in walk(body) if isinstance(part, Element)}
    return all(own[tensor].indices and _is_pointwise(own[tensor], own) for tensor in read if tensor in own)


def drawn(formula: Formula, known: Findings | None = None) -> Iterator[Drawing]:
    """The first curve of a formula that can be drawn, with its derivative, by the code that is exported for it."""
    for curve in curves_of(formula):
        try:
            code = functions(formula, curve.definition.name, curve.by.name, known)
            held = _held(code, formula, curve.by)
            grid = np.linspace(*RANGES[curve.by.domain], POINTS)
            values, slopes = _table(code, curve, held, grid)
        except FAILURES:
            continue
        if np.isfinite(values).all() and np.isfinite(slopes).all() and np.ptp(values) > 0:
            yield _figure(curve, held, grid, values, slopes)
            return


def _figure(curve: Curve, held: dict[str, float], grid: Any, values: Any, slopes: Any) -> Drawing:
    name, by, formula = _plain(curve.definition.name), _plain(curve.by.name), curve.formula
    with drawing(size=(6.4, 3.1)) as (figure, axes):
        axes.axhline(0, color=SOFT, linewidth=0.7)
        axes.plot(grid, values, color=SERIES[0], linestyle=DASHES[0], label=name)
        axes.plot(grid, slopes, color=SERIES[1], linestyle=DASHES[1], label=f"its derivative by {by}")
        axes.set_xlabel(by)
        axes.set_ylabel("value")
        axes.legend(loc="best", labelcolor=INK)
        both = np.concatenate([values, slopes])
        at = f", at {text}" if (text := ", ".join(f"{_plain(n)} = {v:g}" for n, v in held.items())) else ""
        one = "" if curve.definition.indices else ", for one sample"
        return picture(
            figure, f"curve {formula.name}",
            f"{formula.title or formula.name}: {name} and its derivative by {by}{one}{at}.",
            f"Curves over {by} from {grid[0]:g} to {grid[-1]:g}: {name} runs from {values[0]:.3g} to {values[-1]:.3g}, "
            f"its derivative from {slopes[0]:.3g} to {slopes[-1]:.3g}; both lie between {both.min():.3g} and "
            f"{both.max():.3g}.",
        )  # fmt: skip


def _plain(name: str) -> str:
    return name.replace("_", " ")


def _held(code: Functions, formula: Formula, by: Tensor) -> dict[str, float]:
    """What else the function takes, held at one value that its domain allows."""
    inputs = {tensor.name: tensor for tensor in formula.inputs}
    return {name: TYPICAL[inputs[name].domain] for name in code.arguments if name != by.name}


def _table(code: Functions, curve: Curve, held: dict[str, float], grid: Any) -> tuple[Any, Any]:
    """Values and derivatives over the grid."""
    inputs = {tensor.name: tensor for tensor in curve.formula.inputs}

    def at(points: Any) -> tuple[Any, Any]:
        arguments = [
            points if name == curve.by.name else np.full_like(points, held[name]) if inputs[name].axes else held[name]
            for name in code.arguments
        ]
        value, saved = code.forward(*arguments)
        return value, code.backward(saved, np.ones_like(value) if curve.definition.indices else 1.0)

    if curve.definition.indices:
        return at(grid)
    pairs = [at(grid[number : number + 1]) for number in range(len(grid))]
    return np.array([float(value) for value, _ in pairs]), np.array([float(np.ravel(slope)[0]) for _, slope in pairs])
