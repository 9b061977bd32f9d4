"""Gradients cut to a largest norm or to largest components."""

from random import Random

import numpy as np
from numpy.typing import ArrayLike

from verify.algorithms.domain import Numbers, numbers, require, scalar
from verify.algorithms.laws import Case, Run, Subject, integers, law, reals, unlike


def gradient_clipping(gradient: ArrayLike, limit: float) -> Numbers:
    """A gradient shortened to a norm of at most `limit`, its direction kept.

        gradient * min(1, limit/norm(gradient))

    gradient: shape (n,); that of 0 stays.  limit: > 0.  Returns shape (n,).  Raises DomainError otherwise.
    Source: Pascanu, Mikolov and Bengio 2013, section 3.2.

    >>> gradient_clipping([3, 4], 1)
    array([0.6, 0.8])
    """
    values = numbers(gradient, "gradient", 1)
    require(scalar(limit, "limit", 0) > 0, "limit is > 0")
    norm = float(np.sqrt(np.sum(values**2)))
    return values * (limit / norm) if norm > limit else values


def value_clipping(gradient: ArrayLike, limit: float) -> Numbers:
    """A gradient with every component cut to one from -limit to limit.

        max(-limit, min(gradient[i], limit))

    gradient: shape (n,).  limit: > 0.  Returns shape (n,).  Raises DomainError otherwise.
    Source: Mikolov 2012 (Statistical language models based on neural networks), section 3.2.2.

    >>> value_clipping([3, -0.5, -4], 1)
    array([ 1. , -0.5, -1. ])
    """
    values = numbers(gradient, "gradient", 1)
    require(scalar(limit, "limit", 0) > 0, "limit is > 0")
    return np.maximum(-limit, np.minimum(values, limit))


# ------------------------------------------------------------------------------------------------- laws


def _draw(random: Random, size: int) -> Case:
    return {"gradient": integers(random, size), "limit": float(random.choice([0.5, 1, 2, 3, 5, 8]))}


@law("its norm is at most the limit")
def bounded(run: Run, gradient: Numbers, limit: float) -> str | None:
    found = float(np.linalg.norm(run(gradient, limit)))
    return None if found <= limit * (1 + 1e-12) else f"norm {found:g}, limit {limit:g}"


@law("a gradient whose norm is at most the limit is not changed")
def unchanged(run: Run, gradient: Numbers, limit: float) -> str | None:
    short = gradient / max(float(np.linalg.norm(gradient)), 1) * limit * 0.999
    return unlike(run(short, limit), short)


@law("the direction is kept")
def direction(run: Run, gradient: Numbers, limit: float) -> str | None:
    found = run(gradient, limit)
    cosine = float(found @ gradient - np.linalg.norm(found) * np.linalg.norm(gradient))
    return None if abs(cosine) < 1e-9 and bool(found.any()) == bool(gradient.any()) else f"to {found.tolist()}"


@law("what has been clipped is not changed by clipping again")
def idempotence(run: Run, gradient: Numbers, limit: float) -> str | None:
    return unlike(run(run(gradient, limit), limit), run(gradient, limit))


def _with_others(random: Random, size: int) -> Case:
    return {**_draw(random, size), "others": reals(random, 20, size, low=-1, high=1)}


@law("no gradient within the limit is nearer to the one that was given", _with_others)
def nearest_in_ball(run: Run, gradient: Numbers, limit: float, others: Numbers) -> str | None:
    found = run(gradient, limit)
    inside = others * limit / np.maximum(np.linalg.norm(others, axis=1, keepdims=True), 1)
    return _nearest(gradient, found, inside)


@law("no gradient whose components are within the limit is nearer to the one that was given", _with_others)
def nearest_in_cube(run: Run, gradient: Numbers, limit: float, others: Numbers) -> str | None:
    found = run(gradient, limit)
    return _nearest(gradient, found, others * limit)


def _nearest(gradient: Numbers, found: Numbers, inside: Numbers) -> str | None:
    """The nearest point of a convex set sees every other one of it at a right angle or more."""
    angles = (inside - found) @ (gradient - found)
    return None if (angles <= 1e-9).all() else f"{found.tolist()} is not the nearest"


@law("no component is beyond the limit")
def components_bounded(run: Run, gradient: Numbers, limit: float) -> str | None:
    found = run(gradient, limit)
    return None if (np.abs(found) <= limit).all() else f"{found.tolist()}"


@law("components within the limit are not changed")
def components_unchanged(run: Run, gradient: Numbers, limit: float) -> str | None:
    inside = np.abs(gradient) <= limit
    return unlike(run(gradient, limit)[inside], gradient[inside])


_SHARED = ((("gradient", 0),),)

SUBJECTS = (
    Subject(gradient_clipping, _draw, (bounded, unchanged, direction, idempotence, nearest_in_ball), _SHARED),
    Subject(value_clipping, _draw, (components_bounded, components_unchanged, idempotence, nearest_in_cube), _SHARED),
)
