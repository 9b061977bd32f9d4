"""Dropout: which numbers are dropped, and the scaling that keeps the mean."""

from itertools import product
from math import prod
from random import Random

import numpy as np
from numpy.typing import ArrayLike

from verify.algorithms.domain import Numbers, numbers, require, scalar
from verify.algorithms.laws import Case, Run, Subject, integers, law, reals, unlike


def dropout(x: ArrayLike, uniforms: ArrayLike, rate: float) -> Numbers:
    """Inverted dropout, as in training; nothing is left to do at inference.

        y[i] = x[i]/(1 - rate) if uniforms[i] >= rate else 0

    x: shape (n,).  uniforms: random numbers, uniform from 0 to 1, shape (n,).  rate: the share that is dropped,
    from 0 to below 1.  Returns y, shape (n,).  Raises DomainError otherwise.
    Source: Srivastava, Hinton, Krizhevsky, Sutskever and Salakhutdinov 2014, section 10.

    >>> dropout([1, 2, 3], [0.1, 0.7, 0.5], 0.5)
    array([0., 4., 6.])
    """
    values, kept = _kept(x, uniforms, rate)
    return values * kept / (1 - rate)


def plain_dropout(x: ArrayLike, uniforms: ArrayLike, rate: float) -> Numbers:
    """Dropout as in its first paper: unscaled in training, so that inference takes (1 - rate)*x.

        y[i] = x[i] if uniforms[i] >= rate else 0

    Arguments and errors: see `dropout`.  Returns y, shape (n,).
    Source: Srivastava, Hinton, Krizhevsky, Sutskever and Salakhutdinov 2014, section 4.

    >>> plain_dropout([1, 2, 3], [0.1, 0.7, 0.5], 0.5)
    array([0., 2., 3.])
    """
    values, kept = _kept(x, uniforms, rate)
    return values * kept


def dropout_backward(g: ArrayLike, uniforms: ArrayLike, rate: float) -> Numbers:
    """Pull g back through inverted dropout, whose mask stays as it was.

        dL/dx[i] = g[i]/(1 - rate) if uniforms[i] >= rate else 0

    g: dL/dy, shape (n,).  uniforms, rate, errors: see `dropout`.  Returns dL/dx, shape (n,).
    Source: Srivastava, Hinton, Krizhevsky, Sutskever and Salakhutdinov 2014, section 5.1.

    >>> dropout_backward([1, 1, 1], [0.1, 0.7, 0.5], 0.75)
    array([0., 0., 0.])
    """
    values, kept = _kept(g, uniforms, rate, "g")
    return values * kept / (1 - rate)


def _kept(x: ArrayLike, uniforms: ArrayLike, rate: float, name: str = "x") -> tuple[Numbers, Numbers]:
    values, chances = numbers(x, name, 1), numbers(uniforms, "uniforms", 1)
    require(values.shape == chances.shape, f"{name} and uniforms have the same length")
    require((chances >= 0) & (chances <= 1), "uniforms are numbers from 0 to 1")
    require(scalar(rate, "rate", 0, 1) < 1, "a rate of 1 leaves nothing")
    return values, (chances >= rate).astype(float)


# ------------------------------------------------------------------------------------------------- laws


def _draw(random: Random, size: int) -> Case:
    return {"x": integers(random, size), "uniforms": reals(random, size, low=0, high=1), "rate": _rate(random)}


def _rate(random: Random) -> float:
    return round(random.choice([0.1, 0.2, 0.3, 0.6, 0.75, 0.9]), 3)


def _masks(x: Numbers, rate: float) -> list[tuple[float, Numbers]]:
    """Uniforms for every mask, each with its probability."""
    choices = ((rate, rate / 2), (1 - rate, (1 + rate) / 2))
    every = product(choices, repeat=len(x))
    return [(prod(chance for chance, _ in mask), np.array([number for _, number in mask])) for mask in every]


def _mean(run: Run, x: Numbers, rate: float, power: int = 1) -> Numbers:
    return sum((chance * run(x, mask, rate) ** power for chance, mask in _masks(x, rate)), np.zeros(len(x)))


@law("the mean over all masks, each with its probability, is x itself", largest=5)
def unbiased(run: Run, x: Numbers, uniforms: Numbers, rate: float) -> str | None:
    return unlike(_mean(run, x, rate), x)


@law("the mean over all masks, each with its probability, is (1 - rate)*x, which inference takes", largest=5)
def mean_at_inference(run: Run, x: Numbers, uniforms: Numbers, rate: float) -> str | None:
    return unlike(_mean(run, x, rate), (1 - rate) * x)


@law("the variance over all masks is x**2*rate/(1 - rate)", largest=5)
def variance(run: Run, x: Numbers, uniforms: Numbers, rate: float) -> str | None:
    return unlike(_mean(run, x, rate, 2) - _mean(run, x, rate) ** 2, x**2 * rate / (1 - rate))


@law("of n numbers with evenly spread uniforms, n*rate are dropped")
def share(run: Run, x: Numbers, uniforms: Numbers, rate: float) -> str | None:
    kept = run(np.ones(20), (np.arange(20) + 0.5) / 20, rate) != 0
    return unlike(20 - int(kept.sum()), round(20 * rate))


@law("a rate of 0 changes nothing, whatever the uniforms")
def no_dropout(run: Run, x: Numbers, uniforms: Numbers, rate: float) -> str | None:
    return unlike(run(x, np.where(uniforms < 0.5, 0.0, uniforms), 0), x)


@law("what is kept is scaled alike, and more is dropped at a higher rate")
def monotony(run: Run, x: Numbers, uniforms: Numbers, rate: float) -> str | None:
    less, more = run(x, uniforms, rate / 2), run(x, uniforms, rate)
    if any((more != 0) & (less == 0)):
        return "dropped at the lower rate alone"
    factors = set(np.round(more[more != 0] / x[more != 0], 9))
    return f"factors {sorted(factors)}" if len(factors) > 1 else None


@law("g times the output of dropout is x times what g is pulled back to")
def adjoint(run: Run, g: Numbers, uniforms: Numbers, rate: float) -> str | None:
    basis = np.eye(len(g))
    return unlike(run(g, uniforms, rate), [g @ dropout(column, uniforms, rate) for column in basis])


_SHARED = ((("x", 0), ("uniforms", 0)),)

SUBJECTS = (
    Subject(dropout, _draw, (unbiased, variance, share, no_dropout, monotony), _SHARED),
    Subject(plain_dropout, _draw, (mean_at_inference, share, no_dropout, monotony), _SHARED),
    Subject(
        dropout_backward,
        lambda random, size: {("g" if name == "x" else name): value for name, value in _draw(random, size).items()},
        (adjoint,),
        ((("g", 0), ("uniforms", 0)),),
    ),
)
