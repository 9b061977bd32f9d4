"""Accuracy: exported float32 code and the formula as it is read, against exact arithmetic.

python benchmarks/accuracy.py [FILE]  prints the worst relative error in units in the last place of float32, over the
elements of value and gradients, for logits up to 1e4 and variances down to 1e-12, and writes it to FILE as JSON.
An element counts where the true value is a normal float32; one that comes out as NaN or infinite is counted apart.
The last column says how far the true values move when every input moves by half a unit in its last place, one way or
the other: no program whose inputs were rounded to float32 can promise less.
"""

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Any

import flint
import numpy as np

from derive import catalog
from derive.export import plan, printed
from derive.export.targets import formal
from derive.expression import Derivative, element
from derive.formula import Claim, Formula
from verify.arithmetic.balls import Work
from verify.arithmetic.evaluation import Evaluation
from verify.arithmetic.reach import Structure
from verify.sampling import Draw

ULP = 2.0**-23
SINGLE = np.float32
DRAWS = 4
CAPTION = """
Worst relative error of value and gradients. The exponentials of a softmax or log-sum-exp are shifted by the largest
logit, and x - max is rounded by up to half a unit in the last place of itself, which is that much of an absolute error
in the exponent: at logits of 100 the form as read, which does not shift, is more accurate, and from 89 on it overflows.
The shifted form stays below what rounding the logits to float32 does already (last column). p - y in the logistic loss
is as exact as p, which is right to half a unit: where y is close to p its relative error is p/(p - y) times that.
A complement 1 - p of a softmax, as p - y is at the label, has no such form as 1 - sigmoid(x) = sigmoid(-x) and
1 - tanh(x)^2 have: where p is near 1 its digits cancel (softmax cross-entropy at 100).
"""
BITS = 40_000  # exp(1e4) beside 1 needs 14 000 bits, and there are squares of it


def exact(formula: Formula, routine: Any, inputs: dict[str, Any], incoming: Any) -> list[Any]:
    """The value and the gradients at a point, as float64 with every digit right."""
    target = routine.target
    if target.incoming not in formula.inputs:
        formula = replace(formula, inputs=(*formula.inputs, target.incoming))
    values = {}
    for tensor in formula.inputs:
        array = incoming if tensor is target.incoming else inputs.get(tensor.name)
        if array is not None:
            exactly = [Fraction(float(v)) for v in np.ravel(array)]
            values[tensor] = np.array(exactly, dtype=object).reshape(np.shape(array))
    sizes = {}
    for tensor, array in values.items():
        for over, length in zip(tensor.axes, array.shape, strict=True):
            sizes[over.size] = length
    slopes = [Derivative(target.objective, (element(t, *formal(t)),)) for t, _ in routine.gradients]
    structure = Structure(formula, [Claim(s, "==", s, "", formula.place) for s in slopes])
    Work.start()
    found = []
    with flint.ctx.workprec(BITS):
        at = Evaluation(formula, Draw(sizes, values, "given", 0), structure.targets, structure.together)
        pairs = [
            (target.value, target.labels),
            *((s, formal(t)) for s, (t, _) in zip(slopes, routine.gradients, strict=True)),
        ]
        for node, labels in pairs:
            result = at.value(node)
            order = [result.labels.index(at.label_of(label)) for label in labels if at.label_of(label) in result.labels]
            balls = np.asarray(result.balls())
            found.append(np.vectorize(lambda ball: float(ball.mid()), otypes=[float])(balls.transpose(order)))
    return found


def measured(found: list[Any], truth: list[Any]) -> tuple[float, int]:
    """The worst error in units in the last place, and how many elements are not finite though they should be."""
    worst, lost = 0.0, 0
    for got, want in zip(found, truth, strict=True):
        got, want = np.broadcast_arrays(np.asarray(got, float), want)
        counts = (np.abs(want) >= np.finfo(SINGLE).tiny) & (np.abs(want) <= np.finfo(SINGLE).max)
        broken = (~np.isfinite(got)) & (np.abs(want) <= np.finfo(SINGLE).max)
        lost += int(broken.sum())
        good = counts & ~broken
        if good.any():
            worst = max(worst, float(np.max(np.abs(got - want)[good] / (np.abs(want)[good] * ULP))))
    return worst, lost


def inherent(formula: Formula, routine: Any, inputs: dict[str, Any], incoming: Any, truth: list[Any]) -> float:
    """How far the true values move, in units in the last place, when every input moves by half such a unit."""
    rng, worst = np.random.default_rng(2), 0.0

    def moved(array: Any) -> Any:
        return np.asarray(array, float) * (1 + rng.choice([-ULP, ULP], np.shape(array)) / 2)

    for _ in range(DRAWS):
        near = {name: moved(array) for name, array in inputs.items()}
        worst = max(worst, measured(exact(formula, routine, near, moved(incoming)), truth)[0])
    return worst


# ------------------------------------------------------------ the formulas as they are read, in float32


def naive_softmax_loss(z: Any, y: Any, g: Any) -> list[Any]:
    p = np.exp(z) / np.exp(z).sum(1, keepdims=True)
    return [-(y * np.log(p)).sum(1).mean(), g * (p - y) / SINGLE(len(z))]


def naive_softmax(x: Any, g: Any) -> list[Any]:
    p = np.exp(x) / np.exp(x).sum()
    return [p, p * (g - (g * p).sum())]


def naive_log_sum_exp(x: Any, g: Any) -> list[Any]:
    return [np.log(np.exp(x).sum()), g * np.exp(x) / np.exp(x).sum()]


def naive_softplus(x: Any, g: Any) -> list[Any]:
    return [np.log(1 + np.exp(x)), g * np.exp(x) / (1 + np.exp(x))]


def naive_tanh(x: Any, g: Any) -> list[Any]:
    y = np.tanh(x)
    return [y, g * (1 - y**2)]


def naive_sigmoid(x: Any, g: Any) -> list[Any]:
    y = 1 / (1 + np.exp(-x))
    return [y, g * y * (1 - y)]


def naive_logistic_loss(z: Any, y: Any, g: Any) -> list[Any]:
    p = 1 / (1 + np.exp(-z))
    return [-(y * np.log(p) + (1 - y) * np.log(1 - p)).mean(), g * (p - y) / SINGLE(len(z))]


def naive_batch_norm(x: Any, gamma: Any, beta: Any, epsilon: Any, g: Any) -> list[Any]:
    mu, var = x.mean(0), (x**2).mean(0) - x.mean(0) ** 2
    xhat = (x - mu) / np.sqrt(var + epsilon)
    dx = gamma / np.sqrt(var + epsilon) * (g - g.mean(0) - xhat * (g * xhat).mean(0))
    return [gamma * xhat + beta, dx, (g * xhat).sum(0), g.sum(0)]


def points() -> list[tuple[str, str, list[Any], Any, Callable[..., list[Any]]]]:
    """What is measured: its name, the entry, the arguments, the incoming gradient, the naive form."""
    rng = np.random.default_rng(1)
    found: list[tuple[str, str, list[Any], Any, Callable[..., list[Any]]]] = []
    for size in (1.0, 1e2, 1e4):
        z, g = (size * rng.uniform(-1, 1, (4, 6))).astype(SINGLE), rng.normal(size=6).astype(SINGLE)
        onehot, row = np.eye(6, dtype=SINGLE)[rng.integers(0, 6, 4)], z[0]
        target = rng.uniform(0.1, 0.9, 6).astype(SINGLE)
        one = SINGLE(1.5)
        found += [
            (f"softmax cross-entropy, logits to {size:g}", "softmax_ce_batch", [z, onehot], one, naive_softmax_loss),
            (f"softmax, logits to {size:g}", "softmax", [row], g, naive_softmax),
            (f"log-sum-exp, logits to {size:g}", "log_sum_exp", [row], one, naive_log_sum_exp),
            (f"softplus, logits to {size:g}", "softplus", [row], g, naive_softplus),
            (f"logistic loss, logits to {size:g}", "bce_logit_gradient", [row, target], one, naive_logistic_loss),
        ]
    for size in (1.0, 10.0, 40.0):
        x, g = (size * rng.uniform(-1, 1, 8)).astype(SINGLE), rng.normal(size=8).astype(SINGLE)
        found += [
            (f"tanh, to {size:g}", "tanh", [x], g, naive_tanh),
            (f"logistic function, to {size:g}", "sigmoid", [x], g, naive_sigmoid),
        ]
    for variance in (1.0, 1e-6, 1e-12):
        x = (1 + np.sqrt(variance) * rng.normal(size=(8, 3))).astype(SINGLE)
        if variance < 1e-10:  # the numbers of float32 beside 1 are too far apart for such a variance
            x = (np.sqrt(variance) * rng.normal(size=(8, 3))).astype(SINGLE)
        affine = [x, np.ones(3, SINGLE), np.zeros(3, SINGLE), SINGLE(variance / 100)]
        g = rng.normal(size=(8, 3)).astype(SINGLE)
        found.append((f"batch norm, variance {variance:g}", "batch_norm", affine, g, naive_batch_norm))
    return found


def main() -> None:
    rows = []
    formulas = catalog.read(catalog.shipped()).formulas
    for title, entry, arguments, g, naive in points():
        module = plan(formulas[entry])
        scope: dict[str, Any] = {}
        exec(compile(printed(module, "numpy", True), entry, "exec"), scope)
        (routine,) = [r for r in module.routines if len(r.inputs) == len(arguments)][:1]
        suffix = f"_{routine.name}" if routine.name else ""
        names = [tensor.name for tensor in routine.inputs]
        given = dict(zip(names, arguments, strict=True))
        truth = exact(formulas[entry], routine, given, g)
        value, saved = scope[f"forward{suffix}"](*arguments)
        gradients = scope[f"backward{suffix}"](saved, g)
        ours = [value, *(gradients if isinstance(gradients, tuple) else (gradients,))]
        assert all(np.asarray(part).dtype == SINGLE for part in ours), title
        with np.errstate(all="ignore"):
            theirs = naive(*arguments, g)
        order = [0, *(1 + k for k in range(len(routine.gradients)))]
        mine, other = (
            measured(ours, truth),
            measured([theirs[k] for k in order if k < len(theirs)], truth[: len(theirs)]),
        )
        rows.append(
            {
                "what": title,
                "exported": mine[0],
                "not finite": mine[1],
                "naive": other[0],
                "naive lost": other[1],
                "inputs rounded": inherent(formulas[entry], routine, given, g, truth),
            }
        )
    print("| float32 | exported, ulp | not finite | as read, ulp | not finite | inputs rounded, ulp |")
    print("|---|---|---|---|---|---|")
    for row in rows:
        what, mine_, lost, other_, gone, rounded = row.values()
        print(f"| {what} | {mine_:.1f} | {lost} | {other_:.3g} | {gone} | {rounded:.3g} |")
    print(CAPTION)
    if len(sys.argv) > 1:
        with open(sys.argv[1], "w") as file:
            json.dump(rows, file, indent=1)


if __name__ == "__main__":
    main()
