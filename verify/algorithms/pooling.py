"""Pooling of an image over square windows, and its backward pass."""

from random import Random
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike

from verify.algorithms.domain import Numbers, numbers, require, whole
from verify.algorithms.laws import Case, Run, Subject, brute_force, integers, law, unlike


def max_pool(image: ArrayLike, window: int, stride: int) -> Numbers:
    """The largest number of every window.

        y[p, q] = max(x[s*p + i, s*q + j] over i, j from 0 to window - 1)

    image: x, shape (n, m).  window: side of the square, at most n and m.  stride: s, from 1.
    Returns shape ((n - window)//s + 1, (m - window)//s + 1).  Raises DomainError otherwise.
    Source: Zhou and Chellappa 1988; Goodfellow, Bengio and Courville 2016, section 9.3.

    >>> max_pool([[1, 3, 2, 1], [2, 9, 1, 1]], 2, 2)
    array([[9., 2.]])
    """
    largest: Numbers = _windows(image, window, stride).max(axis=(2, 3))
    return largest


def average_pool(image: ArrayLike, window: int, stride: int) -> Numbers:
    """The mean of every window.

        y[p, q] = mean(x[s*p + i, s*q + j] over i, j from 0 to window - 1)

    Arguments, shape and errors: see `max_pool`.
    Source: LeCun, Bottou, Bengio and Haffner 1998; Goodfellow, Bengio and Courville 2016, section 9.3.

    >>> average_pool([[1, 3, 2, 1], [2, 9, 1, 1]], 2, 2)
    array([[3.75, 1.25]])
    """
    means: Numbers = _windows(image, window, stride).mean(axis=(2, 3))
    return means


def max_pool_backward(image: ArrayLike, g: ArrayLike, window: int, stride: int) -> Numbers:
    """Pull g back through max pooling: to the largest number of each window, the first of several in reading order.

    image, window, stride: see `max_pool`.  g: dL/dy, of the shape of its result.
    Returns dL/dx, shape (n, m).  Raises DomainError otherwise.
    Source: Goodfellow, Bengio and Courville 2016, section 9.3; Scherer, Mueller and Behnke 2010.

    >>> max_pool_backward([[1, 3], [2, 9]], [[5]], 2, 2)
    array([[0., 0.],
           [0., 5.]])
    """
    windows, slopes = _windows(image, window, stride), numbers(g, "g", 2)
    require(windows.shape[:2] == slopes.shape, "g has a number for each window")
    back = np.zeros_like(np.asarray(image, dtype=float))
    for (p, q), slope in np.ndenumerate(slopes):
        i, j = divmod(int(windows[p, q].argmax()), windows.shape[3])
        back[stride * p + i, stride * q + j] += slope
    return back


def _windows(image: ArrayLike, window: int, stride: int) -> Numbers:
    values, side, step = numbers(image, "image", 2), whole(window, "window"), whole(stride, "stride")
    require(min(values.shape) >= side, "the window is larger than the image")
    return sliding_window_view(values, (side, side))[::step, ::step]


# ------------------------------------------------------------------------------------------------- laws


def _draw(random: Random, size: int) -> Case:
    window, stride = random.randint(1, 3), random.randint(1, 3)
    image = integers(random, window + random.randint(0, size), window + random.randint(0, size), low=-9, high=9)
    return {"image": image, "window": window, "stride": stride}


def _draw_backward(random: Random, size: int) -> Case:
    """All numbers different, so that the largest one is too."""
    case: dict[str, Any] = _draw(random, size)
    rows, columns = case["image"].shape
    image = np.array(random.sample(range(-60, 61), rows * columns), dtype=float).reshape(rows, columns)
    g = integers(random, len(_starts(rows, case)), len(_starts(columns, case)))
    return case | {"image": image, "g": g}


def _starts(length: int, case: Case) -> list[int]:
    """Where windows start: by moving one on until it sticks out."""
    starts, at = [], 0
    while at + case["window"] <= length:
        starts.append(at)
        at += case["stride"]
    return starts


def _pooled(image: Numbers, window: int, stride: int, of: Any) -> list[list[float]]:
    case = {"window": window, "stride": stride}
    rows, columns = (_starts(length, case) for length in image.shape)

    def cell(top: int, left: int) -> float:
        return float(of([image[top + i, left + j] for i in range(window) for j in range(window)]))

    return [[cell(top, left) for left in columns] for top in rows]


def _largest(image: Numbers, window: int, stride: int) -> list[list[float]]:
    return _pooled(image, window, stride, max)


def _mean(image: Numbers, window: int, stride: int) -> list[list[float]]:
    return _pooled(image, window, stride, lambda cell: sum(cell) / len(cell))


@law("there are (n - window)//stride + 1 windows along an axis of n")
def shape(run: Run, image: Numbers, window: int, stride: int) -> str | None:
    return unlike(run(image, window, stride).shape, [(length - window) // stride + 1 for length in image.shape])


@law("adding a number to the image adds it to the result")
def shift(run: Run, image: Numbers, window: int, stride: int) -> str | None:
    return unlike(run(image + 3, window, stride), run(image, window, stride) + 3)


@law("windows of one cell, one after the other, give the image back")
def unit_window(run: Run, image: Numbers, window: int, stride: int) -> str | None:
    return unlike(run(image, 1, 1), image)


@law("the transposed image gives the transposed result")
def transposition(run: Run, image: Numbers, window: int, stride: int) -> str | None:
    return unlike(run(image.T, window, stride), run(image, window, stride).T)


@law("no gradient is lost: the sum stays")
def preserved(run: Run, image: Numbers, g: Numbers, window: int, stride: int) -> str | None:
    return unlike(run(image, g, window, stride).sum(), g.sum())


@law("what is no largest number of any window gets nothing")
def only_largest(run: Run, image: Numbers, g: Numbers, window: int, stride: int) -> str | None:
    values = {value for row in _largest(image, window, stride) for value in row}
    found = run(image, g, window, stride)
    wrong = [image[place] for place in np.ndindex(image.shape) if found[place] and image[place] not in values]
    return f"{wrong[0]:g} gets some" if wrong else None


def _slopes(image: Numbers, g: Numbers, window: int, stride: int) -> Numbers:
    """By moving each number a little, less than any two differ by."""
    slopes, step = np.zeros_like(image), 0.25
    for place in np.ndindex(image.shape):
        moved = image.copy()
        moved[place] += step
        change = np.array(_largest(moved, window, stride)) - np.array(_largest(image, window, stride))
        slopes[place] = (change * g).sum() / step
    return slopes


_COMMON = (shape, shift, unit_window, transposition)
_SHARED = ((("image", 0),), (("image", 1),))

SUBJECTS = (
    Subject(
        max_pool,
        _draw,
        (*_COMMON, brute_force("it is the largest number of each window, cell by cell", _largest)),
        _SHARED,
    ),
    Subject(
        average_pool,
        _draw,
        (*_COMMON, brute_force("it is the mean of each window, cell by cell", _mean)),
        _SHARED,
    ),
    Subject(
        max_pool_backward,
        _draw_backward,
        (
            preserved,
            only_largest,
            brute_force("it is the slope, found by moving each number", _slopes, largest=4),
        ),
        apt=lambda case: np.unique(np.round(case["image"])).size == case["image"].size,
    ),
)
