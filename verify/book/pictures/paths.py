"""Optimizers' paths over two hills, by the update rules of the catalog."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from derive.catalog import quick
from derive.expression import Element, Tensor
from derive.formula import Formula
from verify.book.drawing import Drawing
from verify.book.pictures.functions import FAILURES, forward, functions
from verify.book.pictures.style import DASHES, FAINT, INK, SERIES, drawing, picture

USUAL = {"beta": 0.9, "mu": 0.9, "gamma": 0.9, "rho": 0.9, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-6}
"""What these hyperparameters are usually set to, by the names that textbooks give them."""
RATES = ("alpha", "eta", "lr")
STEPS = (1.0, 0.3, 0.1, 0.03, 0.01, 0.003, 0.001, 0.0003)
LENGTH = 60
HILLS = {
    "a quadratic": ("(x**2 + 12*y**2)/2", (-4.2, 1.6), ((-5.0, 3.0), (-2.6, 2.6)), (0.0, 0.0)),
    "Rosenbrock's function": ("(1 - x)**2 + 100*(y - x**2)**2", (-1.3, 1.0), ((-2.2, 2.2), (-0.9, 2.9)), (1.0, 1.0)),
}
"""Each hill: its formula, where the paths start, the window, and where it is lowest."""


@dataclass(frozen=True)
class Rule:
    """An update rule: the weights after the gradients so far."""

    formula: Formula
    rate: str
    arguments: tuple[str, ...]
    value: Callable[..., Any]
    held: dict[str, float]

    def after(self, start: float, gradients: Any, rate: float) -> float:
        known = {"start": start, "g": gradients, self.rate: rate, **self.held}
        return float(self.value(*(known[name] for name in self.arguments))[-1])


def rules_of(formula: Formula) -> Iterator[Rule]:
    """Weights that begin at an input, and follow from a gradient for each step and known hyperparameters."""
    inputs = {tensor.name: tensor for tensor in formula.inputs}
    if "start" not in inputs or "g" not in inputs or len(inputs["g"].axes) != 1:
        return
    for definition in formula.definitions:
        if len(definition.tensor.axes) != 1 or not any(_is(body, inputs["start"]) for _, body in definition.bases):
            continue
        try:
            arguments, value = forward(formula, definition.name)
        except FAILURES:
            continue
        others = [name for name in arguments if name not in ("start", "g")]
        rates = [name for name in others if name in RATES]
        held = {name: USUAL[name] for name in others if name in USUAL}
        if {"start", "g"} <= {*arguments} and len(rates) <= 1 and {*others} == {*rates, *held}:
            yield Rule(formula, "".join(rates), arguments, value, held)


def _is(body: Any, tensor: Tensor) -> bool:
    return isinstance(body, Element) and body.tensor is tensor


def rules(formulas: Sequence[Formula]) -> list[Rule]:
    """One rule of each formula, those that differ in what they do, as many as there are colours."""
    found: list[Rule] = []
    seen: set[tuple[float, ...]] = set()
    tried = np.array([0.5, -0.3, 0.9, 0.2])
    for rule in (rule for formula in formulas for rule in rules_of(formula)):
        try:
            mark = tuple(round(rule.after(1.0, tried[:n], 0.1), 4) for n in (1, 2, 4))
        except FAILURES:
            continue
        if mark not in seen and np.isfinite(mark).all() and rule.formula not in [known.formula for known in found]:
            seen.add(mark)
            found.append(rule)
    return found[: len(SERIES)]


def drawn(formulas: Sequence[Formula]) -> Iterator[Drawing]:
    """The paths of every rule over each hill, with the step that leads lowest of those tried."""
    chosen = rules(formulas)
    if not chosen:
        return
    with drawing(1, 2, size=(8.2, 4.0)) as (figure, axes):
        told, ends = [], []
        for place, (name, (text, start, window, lowest)) in zip(axes, HILLS.items(), strict=True):
            hill = _hill(text)
            _contours(place, hill, window)
            for rule, color, dash in zip(chosen, SERIES, DASHES, strict=False):
                rate, path = _best(rule, hill, start, window)
                place.plot(path[:, 0], path[:, 1], color=color, linestyle=dash, linewidth=1.4,
                           label=f"{_title(rule.formula)}")  # fmt: skip
                place.plot(*path[-1], "o", color=color, markersize=4)
                told.append(f"{_title(rule.formula)} {rate:g}" if rule.rate else f"{_title(rule.formula)} (has none)")
                ends.append(f"{_title(rule.formula)} ends on {name} at height {hill.value(*path[-1]):.2g}")
            place.plot(*lowest, "+", color=INK, markersize=10)
            place.set(xlim=window[0], ylim=window[1], xlabel="x", ylabel="y", title=name)
            told.append("") if place is not axes[-1] else None
        figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=3, labelcolor=INK)
        first, second = (", ".join(part) for part in _split(told))
        yield picture(
            figure, "paths",
            f"{LENGTH} steps of each update rule, as the catalog defines it, each with the learning rate of "
            f"{', '.join(f'{step:g}' for step in STEPS)} that leads lowest within the "
            f"picture: left {first}; right {second}. Other hyperparameters at their usual "
            "values; a dot is the end, the cross is the lowest point.",
            "Paths over contours. " + "; ".join(ends) + ".",
        )  # fmt: skip


def _split(told: list[str]) -> tuple[list[str], list[str]]:
    middle = told.index("")
    return told[:middle], told[middle + 1 :]


def _title(formula: Formula) -> str:
    return formula.name.replace("_", " ")


@dataclass(frozen=True)
class Hill:
    value: Callable[[Any, Any], Any]
    slopes: Callable[[float, float], tuple[float, float]]


def _hill(text: str) -> Hill:
    """A function of two numbers, with the gradient that the engine derives."""
    formula = quick(["D(f, x) == D(f, x)", "D(f, y) == D(f, y)"], define={"f": text}, x="real", y="real")
    by_x, by_y = functions(formula, "f", "x"), functions(formula, "f", "y")

    def value(x: Any, y: Any) -> Any:
        return by_x.forward(x, y)[0]

    def slopes(x: float, y: float) -> tuple[float, float]:
        return (float(by_x.backward(by_x.forward(x, y)[1], 1.0)), float(by_y.backward(by_y.forward(x, y)[1], 1.0)))

    return Hill(value, slopes)


def _contours(place: Any, hill: Hill, window: Any) -> None:
    (left, right), (low, high) = window
    xs, ys = np.linspace(left, right, 60), np.linspace(low, high, 50)
    heights = np.array([[float(hill.value(x, y)) for x in xs] for y in ys])
    levels = np.quantile(heights, (0.02, 0.08, 0.18, 0.32, 0.5, 0.7, 0.88))
    place.contour(xs, ys, heights, levels=levels, colors=FAINT, linewidths=0.8)
    place.grid(False)


def _best(rule: Rule, hill: Hill, start: tuple[float, float], window: Any) -> tuple[float, Any]:
    """The learning rate whose path ends lowest, and that path: of those that stay in the window, where any does."""
    found = [(rate, _path(rule, hill, start, rate)) for rate in (STEPS if rule.rate else STEPS[:1])]
    ended = [(not _stays(path, window), float(hill.value(*path[-1])), -rate, path) for rate, path in found
             if np.isfinite(path).all()]  # fmt: skip
    _, _, negative, path = min(ended, key=lambda one: one[:3])
    return -negative, path


def _stays(path: Any, window: Any) -> bool:
    return all(bool(((low < part) & (part < high)).all()) for part, (low, high) in zip(path.T, window, strict=True))


def _path(rule: Rule, hill: Hill, start: tuple[float, float], rate: float) -> Any:
    at, gradients, path = start, np.zeros((2, 0)), [start]
    with np.errstate(all="ignore"):
        for _ in range(LENGTH):
            gradients = np.column_stack([gradients, hill.slopes(*at)])
            at = (rule.after(start[0], gradients[0], rate), rule.after(start[1], gradients[1], rate))
            path.append(at)
            if not np.isfinite(at).all() or max(map(abs, at)) > 50:
                return np.array([*path, (np.nan, np.nan)])
    return np.array(path)
