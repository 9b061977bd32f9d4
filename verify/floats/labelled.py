"""Arrays whose axes carry labels: the index, variable or probe that each axis runs over."""

from collections.abc import Hashable, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Label = Hashable


class Probe:
    """An axis of trials: perturbed copies of a point, samples of rounding."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"Probe({self.name})"


class Labelled(NamedTuple):
    """array has one axis for each label, in that order; no label comes twice."""

    labels: tuple[Label, ...]
    array: Array

    def lengths(self) -> dict[Label, int]:
        return dict(zip(self.labels, self.array.shape, strict=True))


class Stored(NamedTuple):
    """The elements of one tensor: probes first, then its own axes, which begin at `starts`."""

    probes: tuple[Label, ...]
    array: Array
    starts: tuple[int, ...]


def arranged(part: Labelled, labels: Sequence[Label]) -> Array:
    """The array of part with its axes in the order of labels, of length 1 where part has no such axis."""
    own = part.labels
    if own == tuple(labels):
        return part.array
    order = [own.index(label) for label in labels if label in own]
    turned = part.array if order == sorted(order) else part.array.transpose(order)
    return turned[tuple(slice(None) if label in own else None for label in labels)]


def aligned(parts: Sequence[Labelled]) -> tuple[tuple[Label, ...], list[Array]]:
    """The labels of all parts, and their arrays ready to be broadcast against one another."""
    labels = max((part.labels for part in parts), key=len)
    if all(part.labels == labels or not part.labels for part in parts):
        return labels, [part.array for part in parts]
    every = dict.fromkeys(label for part in parts for label in part.labels if label not in labels)
    labels = (*every, *labels)
    return labels, [arranged(part, labels) for part in parts]


def spread(part: Labelled, labels: Sequence[Label], lengths: dict[Label, int]) -> Array:
    """The array of part over all labels, repeated (without a copy) along those that it lacks."""
    shape = tuple(lengths[label] for label in labels)
    array = arranged(part, labels)
    return array if array.shape == shape else np.broadcast_to(array, shape)


def stacked(parts: Iterable[Stored]) -> tuple[tuple[Label, ...], Array]:
    """Tensors of one shape put side by side: their probes, and the array with the new axis after those."""
    parts = list(parts)
    lengths: dict[Label, int] = {}
    for part in parts:
        lengths.update(zip(part.probes, part.array.shape, strict=False))
    probes = tuple(lengths)
    whole = []
    for part in parts:
        own = tuple(range(part.array.ndim - len(part.probes)))
        lengths.update(zip(own, part.array.shape[len(part.probes) :], strict=True))
        whole.append(spread(Labelled(part.probes + own, part.array), probes + own, lengths))
    return probes, np.stack(whole, axis=len(probes))
