"""A check of a gradient at any size: along random directions, at the cost of a few evaluations."""

from collections.abc import Mapping

import numpy as np

from derive.binding import walk
from derive.domains import TABLE as DOMAINS
from derive.errors import UnsupportedError
from derive.expression import Derivative, Element, Index, Node, Size, Tensor
from derive.formula import Claim, Formula
from verify.differences import BEYOND, SHARP, WITHIN
from verify.floats.labelled import Array, Labelled, Probe, Stored, aligned
from verify.floats.measurement import HIGH, Measurement
from verify.floats.stencils import extrapolated, offsets
from verify.sampling import shape
from verify.testimony import Saying, Testimony

LEVELS = 6
SAMPLES = 2
AT_ONCE = 2**18
"""Elements of the shifted copies held at one time, so that memory does not grow with the stencil."""


def directional(
    formula: Formula, claim: Claim, sizes: Mapping[Size, int], directions: int = 2, seed: int = 0
) -> Testimony:
    """Judge a claim D(L, x[k, …]) == …, of a scalar L by all elements of x, along random directions v.

    Compares sum(claimed*v) with the numerical derivative of L(x + t*v). Time and memory grow with the
    number of elements alone. "agrees", "differs" or "cannot tell" as in `verify.differences.testify`.
    Raises UnsupportedError for a claim of another shape.
    """
    body, by = gradient_of(claim)
    if any(isinstance(part, Derivative) for part in walk(claim.right)):
        raise UnsupportedError("a directional check of a claim with derivatives on the right")
    random = np.random.default_rng(seed)
    values = {tensor: random_values(tensor, shape(tensor, dict(sizes)), random) for tensor in formula.inputs}
    sayings: set[Saying] = set()
    worst = (-1.0, 0.0)
    with np.errstate(all="ignore"):
        at = Measurement(formula, sizes, values, samples=SAMPLES)
        base = at.high.tensor(by.tensor)
        claimed, error = at.measured(claim.right)
        _, (_, slope, blur) = aligned([Labelled(by.subscripts, base.array), claimed, error])
        for _ in range(directions):
            way = random.standard_normal(base.array.shape).astype(HIGH) * np.minimum(np.abs(base.array), 1)
            value, error_of_value = _along(at, body, by.tensor, base, way)
            other = (slope * way).sum()
            allowed = error_of_value + (blur * np.abs(way)).sum() + np.finfo(HIGH).eps * np.abs(slope * way).sum()
            sayings.add(_saying(value, other, allowed))
            scale = max(abs(value), abs(other)) or HIGH(1)
            worst = max(worst, (float(abs(value - other) / scale), float(WITHIN * allowed / scale)))
    says: Saying = "differs" if "differs" in sayings else "agrees" if sayings == {"agrees"} else "cannot tell"
    named = {size.name: number for size, number in sizes.items()}
    facts = {"points": directions, "max_error": worst[0], "allowed": worst[1], "sizes": [named]}
    return Testimony("differences", says, "" if says == "agrees" else f"along {directions} directions", facts)


def gradient_of(claim: Claim) -> tuple[Node, Element]:
    """The scalar that a claim differentiates, and by what; UnsupportedError for a claim of another shape."""
    match claim.left:
        case Derivative(body, (by,)) if claim.operator == "==" and not any(isinstance(i, Index) for i in body.free):
            if len(set(by.subscripts)) == len(by.subscripts) and all(isinstance(s, Index) for s in by.subscripts):
                return body, by
    raise UnsupportedError("a directional check is of D(L, x[k]) == … with a scalar L and plain indices")


def _saying(value: Array, other: Array, allowed: Array) -> Saying:
    gap, size = abs(value - other), max(abs(value), abs(other))
    if gap > BEYOND * allowed:
        return "differs"
    return "agrees" if gap <= WITHIN * allowed and allowed <= SHARP * size else "cannot tell"


def _along(at: Measurement, body: Node, tensor: Tensor, base: Stored, way: Array) -> tuple[Array, Array]:
    """The derivative of body at 0 along x + t*way, and its estimated error."""
    shifts = offsets(LEVELS, np.asarray(0.125, dtype=HIGH))
    samples, usable = np.empty(shifts.shape, HIGH), np.ones(LEVELS, bool)
    levels = max(1, AT_ONCE // max(2 * base.array.size, 1))
    for start in range(0, LEVELS, levels):
        part = slice(2 * start, 2 * (start + levels))
        steps = np.append(shifts[part], HIGH(0))
        moved = base.array + steps[(..., *(None,) * base.array.ndim)] * way
        point = Probe("point")
        child = at.high.child(stored={tensor: Stored((point,), moved, base.starts)})
        outcomes: list[Labelled] = []
        child.observe = outcomes.append
        samples[part] = child.value(body).array[..., : len(steps) - 1]
        for outcome in outcomes:
            if point in outcome.labels:
                array = np.moveaxis(outcome.array, outcome.labels.index(point), 0).reshape(len(steps), -1)
                same = (array == array[-1:]).all(axis=1)
                usable[start : start + levels] &= same[0:-1:2] & same[1:-1:2]
    usable = np.logical_and.accumulate(usable[::-1])[::-1]
    noise = 2 * at.measured(body).error.array
    # The place is rounded in every element on its own; the slope along each is bounded by that along the way.
    drift = np.asarray(np.finfo(HIGH).eps)
    estimate = extrapolated(samples, shifts[0::2], noise, drift, usable)
    return estimate.value, estimate.error


def random_values(tensor: Tensor, lengths: tuple[int, ...], random: np.random.Generator) -> Array:
    """Floats of the tensor's domain, of order 1."""
    domain = DOMAINS[tensor.domain]
    normal = random.standard_normal(lengths)
    match domain.relation:
        case "simplex":
            weights = np.exp(normal)
            return np.asarray(weights / weights.sum(axis=-1, keepdims=True))
        case "onehot":
            return np.asarray(normal == normal.max(axis=-1, keepdims=True)).astype(float)
        case "symmetric":
            return np.asarray(normal + normal.swapaxes(-1, -2))
        case "spd":
            return np.asarray(normal @ normal.swapaxes(-1, -2) / lengths[-1] + np.eye(lengths[-1]))
    if domain.values:
        return random.choice(domain.values, lengths).astype(float)
    if domain.integer:
        return random.integers(1 if domain.low is not None else -9, 10, lengths).astype(float)
    if domain.high is not None:
        return random.uniform(0.05, 0.95, lengths)
    return np.asarray(np.exp(normal / 2) if domain.low is not None else normal)
