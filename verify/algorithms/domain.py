"""Arguments of the algorithms: arrays of finite numbers of a stated shape, or an error that says what is wrong."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Numbers = NDArray[np.float64]


class DomainError(ValueError):
    """An argument that an algorithm has no answer to."""


def numbers(value: ArrayLike, name: str, axes: int) -> Numbers:
    """An array of finite numbers with so many axes; DomainError otherwise.

    >>> numbers([1, 2], "x", 1)
    array([1., 2.])
    """
    try:
        array = np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        raise DomainError(f"{name} is an array of numbers") from None
    if array.ndim != axes:
        raise DomainError(f"{name} has {array.ndim} axes, not {axes}")
    if not np.isfinite(array).all():
        raise DomainError(f"{name} has a number that is not finite")
    return array


def scalar(value: Any, name: str, low: float = -np.inf, high: float = np.inf) -> float:
    """A finite number from low to high; DomainError otherwise."""
    number = float(numbers(value, name, 0))
    if not low <= number <= high:
        raise DomainError(f"{name} is {number:g}, not a number from {low:g} to {high:g}")
    return number


def whole(value: Any, name: str, low: int = 1) -> int:
    """A whole number from low up; DomainError otherwise."""
    number = scalar(value, name, low)
    if number != int(number):
        raise DomainError(f"{name} is {number:g}, not a whole number")
    return int(number)


def require(condition: Any, message: str) -> None:
    """DomainError with the message unless the condition holds (all of it, for an array)."""
    if not np.all(condition):
        raise DomainError(message)
