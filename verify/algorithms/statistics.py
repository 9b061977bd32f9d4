"""What batch normalization takes at inference: statistics over all batches, or running averages of them."""

from itertools import product
from random import Random

import numpy as np
from numpy.typing import ArrayLike

from verify.algorithms.domain import Numbers, numbers, require, scalar
from verify.algorithms.laws import Case, Run, Subject, brute_force, integers, law, reals, unlike


def bn_inference_statistics(batches: ArrayLike) -> tuple[float, float]:
    """Mean and variance of one neuron for inference, from all batches of a training set.

    With mu[b] and var[b] the mean and the variance (divided by m) of batch b of m numbers:

        mean = mean(mu[b], b)        variance = m/(m - 1)*mean(var[b], b)

    batches: shape (number of batches, m), m > 1.  Returns the two.  Raises DomainError otherwise.
    Source: Ioffe and Szegedy 2015, algorithm 2.

    >>> bn_inference_statistics([[1, 3], [2, 6]])
    (3.0, 5.0)
    """
    values = numbers(batches, "batches", 2)
    require(len(values) > 0, "there are no batches")
    size = values.shape[1]
    require(size > 1, "a batch of one number has no variance")
    return float(values.mean(axis=1).mean()), float(values.var(axis=1).mean() * size / (size - 1))


def bn_inference(x: ArrayLike, mean: float, variance: float, gamma: float, beta: float, epsilon: float) -> Numbers:
    """Batch normalization at inference: a line, whose constants come from training.

        y[i] = gamma*(x[i] - mean)/sqrt(variance + epsilon) + beta

    x: shape (n,).  variance: at least 0.  epsilon: > 0.  Returns shape (n,).  Raises DomainError otherwise.
    Source: Ioffe and Szegedy 2015, algorithm 2.

    >>> bn_inference([1, 5], 3, 3, 2, 10, 1)
    array([ 8., 12.])
    """
    values, center, factor, offset = (
        numbers(x, "x", 1), scalar(mean, "mean"), scalar(gamma, "gamma"), scalar(beta, "beta")
    )  # fmt: skip
    require(scalar(epsilon, "epsilon", 0) > 0, "epsilon is > 0")
    deviation = float(np.sqrt(scalar(variance, "variance", 0) + epsilon))
    return factor * (values - center) / deviation + offset


def running_average(values: ArrayLike, momentum: float, start: float) -> Numbers:
    """The running average of a statistic, batch after batch.

        moving := momentum*moving + (1 - momentum)*values[t]

    values: shape (T,).  momentum: from 0 to 1.  start: the average before the first batch.
    Returns the average after each batch, shape (T,).  Raises DomainError otherwise.
    Source: Ioffe and Szegedy 2015, section 3.1.

    >>> running_average([10, 10], 0.5, 0)
    array([5. , 7.5])
    """
    batch, keep, moving = numbers(values, "values", 1), scalar(momentum, "momentum", 0, 1), scalar(start, "start")
    averages = []
    for value in batch:
        moving = keep * moving + (1 - keep) * float(value)
        averages.append(moving)
    return np.array(averages)


# ------------------------------------------------------------------------------- laws of the statistics


def _draw(random: Random, size: int) -> Case:
    return {"batches": integers(random, random.randint(1, size + 1), random.randint(2, 5))}


@law("the mean over equal batches of their means is the mean of all")
def mean_of_all(run: Run, batches: Numbers) -> str | None:
    return unlike(run(batches)[0], sum(batches.flatten()) / batches.size)


@law("variance of all = mean variance in the batches + variance of their means")
def within_and_between(run: Run, batches: Numbers) -> str | None:
    size = batches.shape[1]
    within = run(batches)[1] * (size - 1) / size
    means = [sum(batch) / size for batch in batches]
    center = sum(means) / len(means)
    between = sum((mean - center) ** 2 for mean in means) / len(means)
    return unlike(within + between, sum((value - center) ** 2 for value in batches.flatten()) / batches.size)


@law("over every batch that can be drawn from a population, they are its own mean and variance", largest=3)
def unbiased(run: Run, batches: Numbers) -> str | None:
    population, size = batches[0], min(batches.shape[1], 3)
    every = np.array(list(product(population, repeat=size)))
    center = sum(population) / len(population)
    return unlike(run(every), [center, sum((value - center) ** 2 for value in population) / len(population)])


@law("a number added to all adds to the mean, and a factor on all goes to the variance as its square")
def affine(run: Run, batches: Numbers) -> str | None:
    mean, variance = run(batches)
    return unlike(run(3 * batches + 2), [3 * mean + 2, 9 * variance])


def _draw_line(random: Random, size: int) -> Case:
    mean, gamma, beta = (float(number) for number in reals(random, 3))
    variance, epsilon = (float(number) for number in reals(random, 2, low=0.1))
    x = integers(random, size + 1)
    return {"x": x, "mean": mean, "variance": variance, "gamma": gamma, "beta": beta, "epsilon": epsilon}


@law("with the statistics of the batch itself it is what training computes")
def training(
    run: Run, x: Numbers, gamma: float, beta: float, epsilon: float, mean: float, variance: float
) -> str | None:
    center = sum(x) / len(x)
    spread = sum((value - center) ** 2 for value in x) / len(x)
    found = run(x, center, spread, gamma, beta, epsilon)
    average = sum(found) / len(x)
    moments = [average, sum((value - average) ** 2 for value in found) / len(x)]
    return unlike(moments, [beta, gamma**2 * spread / (spread + epsilon)])


@law("it is a line: the same number gets the same result in any batch")
def line(run: Run, x: Numbers, **more: float) -> str | None:
    return unlike(run(x, **more), [run(x[place : place + 1], **more)[0] for place in range(len(x))])


@law("the mean becomes beta, and one deviation above it beta + gamma, but for epsilon")
def anchors(
    run: Run, x: Numbers, mean: float, variance: float, gamma: float, beta: float, epsilon: float
) -> str | None:
    at = np.array([mean, mean + (variance + epsilon) ** 0.5])
    return unlike(run(at, mean, variance, gamma, beta, epsilon), [beta, beta + gamma])


# ---------------------------------------------------------------------------- laws of the running average


def _draw_values(random: Random, size: int) -> Case:
    return {
        "values": integers(random, size),
        "momentum": random.choice([0.1, 0.5, 0.9, 0.99]),
        "start": float(random.randint(-5, 5)),
    }


@law("a statistic that never changes is its own running average")
def fixed_point(run: Run, values: Numbers, momentum: float, start: float) -> str | None:
    return unlike(run(np.full(3, start), momentum, start), [start] * 3)


@law("it stays between the smallest and the largest of what it averages")
def between(run: Run, values: Numbers, momentum: float, start: float) -> str | None:
    found = run(values, momentum, start)
    low, high = min([start, *values]), max([start, *values])
    return None if ((low - 1e-9 <= found) & (found <= high + 1e-9)).all() else f"{found.tolist()}"


@law("what a batch adds fades by the factor momentum with every later one")
def fading(run: Run, values: Numbers, momentum: float, start: float) -> str | None:
    found = run([start + 1, start, start, start], momentum, start) - start
    return unlike(found[1:], momentum * found[:-1])


def _weighted(values: Numbers, momentum: float, start: float) -> list[float]:
    """By the weights of all that came before."""
    return [
        momentum**t * start + sum((1 - momentum) * momentum ** (t - s) * values[s - 1] for s in range(1, t + 1))
        for t in range(1, len(values) + 1)
    ]


SUBJECTS = (
    Subject(
        bn_inference_statistics,
        _draw,
        (mean_of_all, within_and_between, unbiased, affine),
        ((("batches", 0),), (("batches", 1),)),
    ),
    Subject(bn_inference, _draw_line, (training, line, anchors), ((("x", 0),),)),
    Subject(
        running_average,
        _draw_values,
        (fixed_point, between, fading, brute_force("it is the sum of all values by their weights", _weighted)),
        ((("values", 0),),),
    ),
)
