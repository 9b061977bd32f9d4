"""Whether numbers lie in a domain that an input declares."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from derive import domains
from derive.expression import Tensor


def is_inside(tensor: Tensor, array: NDArray[Any]) -> bool:
    """Whether an array of rationals lies in the domain that the tensor declares."""
    domain = domains.TABLE[tensor.domain]
    flat = list(array.ravel())
    if domain.integer and any(value.denominator != 1 for value in flat):
        return False
    if domain.nonzero and any(value == 0 for value in flat):
        return False
    if domain.values and any(value not in domain.values for value in flat):
        return False
    alone = domain.relation == "simplex" and array.shape[-1] == 1
    if domain.low is not None and any(value < domain.low for value in flat):
        return False
    if domain.high is not None and not alone and any(value >= domain.high for value in flat):
        return False
    return _is_related(domain.relation, array)


def _is_related(relation: str, array: NDArray[Any]) -> bool:
    if relation in ("simplex", "onehot"):
        return all(row == 1 for row in np.atleast_1d(array.sum(axis=-1)).ravel())
    if relation in ("symmetric", "spd"):
        squares = array.reshape(-1, *array.shape[-2:])
        return all((s == s.T).all() and (relation == "symmetric" or _is_definite(s.copy())) for s in squares)
    return True


def _is_definite(square: NDArray[Any]) -> bool:
    """By elimination in exact rationals: every pivot is positive."""
    for step in range(len(square)):
        pivot = square[step, step]
        if pivot <= 0:
            return False
        for row in range(step + 1, len(square)):
            square[row] = square[row] - square[step] * (square[row, step] / pivot)
    return True
