"""Derivatives of functions known at points: central differences at falling steps, extrapolated, with their errors."""

from typing import NamedTuple

import numpy as np

from verify.floats.labelled import Array

WORST_OF_EXTRAPOLATION = 2
"""The noise of a central difference grows by less than this, whatever the order of extrapolation by halves."""


class Estimate(NamedTuple):
    """error: what the value may be off by, never less than it is, as far as the samples tell; NaN if they do not."""

    value: Array
    error: Array


def offsets(levels: int, largest: Array) -> Array:
    """For each largest step h a row h, -h, h/2, -h/2, …"""
    halves = np.exp2(-np.repeat(np.arange(levels), 2)).astype(largest.dtype)
    signs = np.where(np.arange(2 * levels) % 2, -1, 1).astype(largest.dtype)
    return np.asarray(largest[..., None] * (halves * signs))


def extrapolated(samples: Array, steps: Array, noise: Array, drift: Array, usable: Array) -> Estimate:
    """The derivative from samples at `offsets`, by the entry of Richardson's tableau whose error is least.

    samples: the function, first axis as `offsets`.  steps: the positive steps, falling by halves along the
    first axis.  noise: of one sample.  drift: by how much the place of a sample was rounded.  usable: which
    steps cross no kink.  All but samples broadcast.
    """
    column = (samples[0::2] - samples[1::2]) / (2 * steps)
    column = np.where(usable, column, np.asarray(np.nan, column.dtype))
    floor = WORST_OF_EXTRAPOLATION * (noise + drift * np.abs(column[-1])) / steps
    values, errors = [], []
    for order in range(1, len(column)):
        before, after = column[:-1], column[1:]
        column = after + (after - before) / column.dtype.type(4**order - 1)
        values.append(column)
        errors.append(np.maximum(np.abs(column - after), np.abs(column - before)) + floor[order:])
    found, bounds = np.concatenate(values), np.concatenate(errors)
    best = np.where(np.isnan(bounds), np.inf, bounds).argmin(axis=0)[None]
    value, error = np.take_along_axis(found, best, 0)[0], np.take_along_axis(bounds, best, 0)[0]
    return Estimate(np.where(np.isnan(error), error, value), error)
