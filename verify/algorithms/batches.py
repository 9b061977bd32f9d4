"""One pass over the data in batches: the partition, the number of updates, and gradient descent on each batch."""

from random import Random

import numpy as np
from numpy.typing import ArrayLike

from verify.algorithms.domain import Numbers, numbers, require, scalar, whole
from verify.algorithms.laws import Case, Run, Subject, brute_force, integers, law, reals, unlike


def batches(order: ArrayLike, size: int) -> list[list[int]]:
    """The samples of one pass, cut in batches; the last one takes what is left.

    order: the numbers of the samples as they come, shape (n,), whole.  size: of a batch, at least 1.
    Returns the batches.  Raises DomainError otherwise.
    Source: Goodfellow, Bengio and Courville 2016, section 8.1.3.

    >>> batches([3, 0, 4, 1, 2], 2)
    [[3, 0], [4, 1], [2]]
    """
    samples, count = numbers(order, "order", 1), whole(size, "size")
    require(samples == np.round(samples), "order has whole numbers")
    return [[int(sample) for sample in samples[start : start + count]] for start in range(0, len(samples), count)]


def updates_per_pass(samples: int, size: int) -> int:
    """How many batches, and so updates, one pass over the data has.

        ceil(samples/size)

    samples, size: whole numbers from 1.  Returns a whole number.  Raises DomainError otherwise.
    Source: Goodfellow, Bengio and Courville 2016, section 8.1.3.

    >>> updates_per_pass(1000000, 100000)
    10
    """
    return -(-whole(samples, "samples") // whole(size, "size"))


def batch_gradient(x: ArrayLike, y: ArrayLike, w: ArrayLike) -> Numbers:
    """The gradient of the mean squared error of a linear model over a batch.

        dL/dw[j] = 2*mean((sum(x[s, i]*w[i], i) - y[s])*x[s, j], s)

    x: samples, shape (n, d), n > 0.  y: targets, shape (n,).  w: weights, shape (d,).
    Returns shape (d,).  Raises DomainError for other shapes.
    Source: Goodfellow, Bengio and Courville 2016, sections 5.1.4 and 5.9.

    >>> batch_gradient([[1, 0], [0, 1]], [1, 1], [0, 3])
    array([-1.,  2.])
    """
    inputs, targets, weights = numbers(x, "x", 2), numbers(y, "y", 1), numbers(w, "w", 1)
    require(len(inputs) > 0, "there are no samples")
    require(inputs.shape == (len(targets), len(weights)), "x has a row for each target, a column for each weight")
    slope: Numbers = 2 * (inputs * (inputs @ weights - targets)[:, None]).mean(axis=0)
    return slope


def minibatch_gradient_descent(x: ArrayLike, y: ArrayLike, w: ArrayLike, rate: float, size: int) -> Numbers:
    """The weights of a linear model after one pass, with one step for each batch.

        w := w - rate*batch_gradient(batch, w)

    x, y, w: see `batch_gradient`; the samples come in the order given.  rate: > 0.  size: of a batch: 1 is
    stochastic gradient descent, n or more is batch gradient descent.
    Returns the weights, shape (d,).  Raises DomainError otherwise.
    Source: Bottou, Curtis and Nocedal 2018, section 3.1; Goodfellow, Bengio and Courville 2016, section 8.1.3.

    >>> minibatch_gradient_descent([[1], [1]], [1, 3], [0], 0.25, 1)
    array([1.75])
    """
    inputs, targets, weights = numbers(x, "x", 2), numbers(y, "y", 1), numbers(w, "w", 1)
    require(scalar(rate, "rate", 0) > 0, "rate is > 0")
    require(len(inputs) == len(targets), "x has a row for each target")
    for batch in batches(np.arange(len(targets)), size):
        weights = weights - rate * batch_gradient(inputs[batch], targets[batch], weights)
    return weights


# ------------------------------------------------------------------------------------- laws of the partition


def _draw_order(random: Random, size: int) -> Case:
    return {"order": np.array(random.sample(range(size), size), dtype=float), "size": random.randint(1, 4)}


@law("every sample is in exactly one batch, and they come in order")
def partition(run: Run, order: Numbers, size: int) -> str | None:
    return unlike([sample for batch in run(order, size) for sample in batch], order.tolist())


@law("every batch has the given size but the last, which has at least one sample and no more")
def sizes(run: Run, order: Numbers, size: int) -> str | None:
    found = [len(batch) for batch in run(order, size)]
    is_right = all(length == size for length in found[:-1]) and all(1 <= length <= size for length in found[-1:])
    return None if is_right else f"sizes {found}"


def _draw_counts(random: Random, size: int) -> Case:
    return {"samples": random.randint(1, 5 * size + 2), "size": random.randint(1, 2 * size + 2)}


def _taken(samples: int, size: int) -> int:
    """By taking batches until nothing is left."""
    updates = 0
    while samples > 0:
        samples, updates = samples - size, updates + 1
    return updates


@law("smaller batches never give fewer updates")
def more_updates(run: Run, samples: int, size: int) -> str | None:
    found = run(samples, size), run(samples, size + 1)
    return None if found[0] >= found[1] else f"{found[0]} with {size}, {found[1]} with {size + 1}"


@law("batches of one sample give an update for each, a batch of all of them gives one")
def extremes(run: Run, samples: int, size: int) -> str | None:
    return unlike([run(samples, 1), run(samples, samples), run(samples, samples + size)], [samples, 1, 1])


# --------------------------------------------------------------------------------------- laws of the descent


def _draw_data(random: Random, size: int) -> Case:
    count, width = size + 1, random.randint(1, 3)
    return {"x": integers(random, count, width), "y": integers(random, count), "w": reals(random, width)}


def _draw_pass(random: Random, size: int) -> Case:
    return {**_draw_data(random, size), "rate": random.choice([0.01, 0.1]), "size": random.randint(1, size + 2)}


def _error(x: Numbers, y: Numbers, w: Numbers) -> float:
    predictions = [sum(a * b for a, b in zip(row, w, strict=True)) for row in x]
    return float(sum((p - t) ** 2 for p, t in zip(predictions, y, strict=True))) / len(y)


def _by_differences(x: Numbers, y: Numbers, w: Numbers) -> list[float]:
    """The slope of a quadratic is its central difference, whatever the step."""
    return [(_error(x, y, w + step) - _error(x, y, w - step)) / 2 for step in np.eye(len(w))]


@law("the gradient over all is the mean of the gradients of the single samples")
def mean_of_samples(run: Run, x: Numbers, y: Numbers, w: Numbers) -> str | None:
    single = [run(x[s : s + 1], y[s : s + 1], w) for s in range(len(y))]
    return unlike(run(x, y, w), np.mean(single, axis=0))


@law("the mean of the gradients of equal batches is the gradient over all")
def mean_of_batches(run: Run, x: Numbers, y: Numbers, w: Numbers) -> str | None:
    x, y = np.concatenate([x, 2 * x]), np.concatenate([y, 1 - y])
    half = len(y) // 2
    return unlike((run(x[:half], y[:half], w) + run(x[half:], y[half:], w)) / 2, run(x, y, w))


@law("one batch of all samples is one step of gradient descent on the whole error")
def whole_batch(run: Run, x: Numbers, y: Numbers, w: Numbers, rate: float, size: int) -> str | None:
    return unlike(run(x, y, w, rate, len(y)), w - rate * np.array(_by_differences(x, y, w)))


@law("a pass over a batch and then over the rest is a pass over all")
def pass_in_parts(run: Run, x: Numbers, y: Numbers, w: Numbers, rate: float, size: int) -> str | None:
    if size >= len(y):
        return None
    first = run(x[:size], y[:size], w, rate, size)
    return unlike(run(x, y, w, rate, size), run(x[size:], y[size:], first, rate, size))


@law("weights without error stay", _draw_pass)
def fixed_point(run: Run, x: Numbers, y: Numbers, w: Numbers, rate: float, size: int) -> str | None:
    return unlike(run(x, x @ w, w, rate, size), w)


def _step_by_step(x: Numbers, y: Numbers, w: Numbers, rate: float, size: int) -> Numbers:
    """By taking samples off the front until nothing is left."""
    while len(y):
        w = w - rate * np.array(_by_differences(x[:size], y[:size], w))
        x, y = x[size:], y[size:]
    return w


_ROWS = (("x", 0), ("y", 0))
_COLUMNS = (("x", 1), ("w", 0))

SUBJECTS = (
    Subject(batches, _draw_order, (partition, sizes), ((("order", 0),),)),
    Subject(
        updates_per_pass,
        _draw_counts,
        (more_updates, extremes, brute_force("it is how often a batch can be taken until nothing is left", _taken)),
    ),
    Subject(
        batch_gradient,
        _draw_data,
        (
            mean_of_samples,
            mean_of_batches,
            brute_force("it is the slope of the error, by differences", _by_differences),
        ),
        (_ROWS, _COLUMNS),
    ),
    Subject(
        minibatch_gradient_descent,
        _draw_pass,
        (
            whole_batch,
            pass_in_parts,
            fixed_point,
            brute_force(
                "batch after batch, it goes down the slope of the batch's error, by differences", _step_by_step
            ),
        ),
        (_ROWS, _COLUMNS),
    ),
)
