"""The array form of sums, means, products and extrema over indices."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from derive.expression import ONE, Add, Delta, Index, Multiply, Node, Reduce
from verify.floats.labelled import Array, Label, Labelled, aligned

if TYPE_CHECKING:
    from verify.floats.arrays import Arrays

SMALL = 4096
"""Elements below which planning the order of an einsum costs more than it saves."""


def value_of_reduction(at: "Arrays", node: Reduce) -> Labelled:
    if node.kind == "sum":
        return summed(at, node.body, node.bound)
    if node.kind == "mean":
        labels, (above, below) = aligned([summed(at, node.body, node.bound), summed(at, ONE, node.bound)])
        return Labelled(labels, above / below)
    if node.kind == "prod":
        kept, array = _flat(at, node, 1)
        return Labelled(kept, array.prod(axis=-1))
    kept, array = _flat(at, node, -np.inf if node.kind == "max" else np.inf)
    if at.observe is not None:
        at.tell(Labelled(kept, array.argmax(axis=-1) if node.kind == "max" else array.argmin(axis=-1)))
    return Labelled(kept, np.asarray(array.max(axis=-1) if node.kind == "max" else array.min(axis=-1)))


def summed(at: "Arrays", body: Node, bound: tuple[Index, ...]) -> Labelled:
    """The sum of body over indices, as one einsum of its factors."""
    if any(at.subscripts.range(i) is None for i in bound):
        labels, array = _masked(at, at(body), bound, 0)
        kept = tuple(label for label in labels if label not in bound)
        return Labelled(kept, np.asarray(array.sum(axis=tuple(labels.index(i) for i in bound))))
    if isinstance(body, Add) and _is_cheaper_apart(at, body):
        labels, arrays = aligned([summed(at, term, bound) for term in body.terms])
        return Labelled(labels, np.asarray(sum(arrays[1:], arrays[0])))
    merged, factors = _contracted(at, body.factors if isinstance(body, Multiply) else (body,), set(bound))
    parts = []
    for factor in factors:
        labels, array = at(factor)
        parts.append(Labelled(tuple(merged.get(label, label) for label in labels), array))
    gone = set(bound) - merged.keys()
    present = dict.fromkeys(label for part in parts for label in part.labels)
    kept = tuple(label for label in present if label not in gone)
    whole = _einsum(parts, kept)
    for index in gone - present.keys():
        whole = whole * at.dtype.type(at.subscripts.length(index))
    return Labelled(kept, np.asarray(whole))


def _contracted(at: "Arrays", factors: tuple[Node, ...], bound: set[Index]) -> tuple[dict[Label, Label], list[Node]]:
    """A delta of a summed index and another over the same range only renames the one to the other."""
    merged: dict[Label, Label] = {}
    kept: list[Node] = []
    for factor in factors:
        match factor:
            case Delta(Index() as one, Index() as other) if one is not other:
                if one not in bound or one in merged:
                    one, other = other, one
                alike = at.subscripts.range(one) == at.subscripts.range(other) is not None
                untouched = one not in merged and other not in merged and one not in merged.values()
                if one in bound and alike and untouched and other not in at.subscripts.fixed:
                    merged[one] = other
                    continue
        kept.append(factor)
    return merged, kept or [ONE]


def _is_cheaper_apart(at: "Arrays", body: Add) -> bool:
    """Whether some term, a product, would fill a larger array than any of its factors does."""

    def area(node: Node) -> int:
        free = (i for i in node.free if isinstance(i, Index) and i not in at.subscripts.fixed)
        return int(np.prod([at.subscripts.length(i) for i in free], dtype=object))

    return any(isinstance(term, Multiply) and area(term) > max(SMALL, *map(area, term.factors)) for term in body.terms)


def _einsum(parts: list[Labelled], kept: tuple[Label, ...]) -> Array:
    if len(parts) == 1 and len(set(parts[0].labels)) == len(parts[0].labels):
        labels, array = parts[0]
        gone = tuple(axis for axis, label in enumerate(labels) if label not in kept)
        return np.asarray(array.sum(axis=gone)) if gone else array
    places: dict[Label, int] = {}
    area = 1
    for labels, array in parts:
        for label, length in zip(labels, array.shape, strict=True):
            if label not in places:
                places[label] = len(places)
                area *= length
    planned = area > SMALL and len(parts) > 1

    def contracted(arrays: Iterable[Array]) -> Array:
        operands: list[Any] = []
        for (labels, _), array in zip(parts, arrays, strict=True):
            operands += [array, [places[label] for label in labels]]
        return np.asarray(np.einsum(*operands, [places[label] for label in kept], optimize=planned))

    arrays = [array for _, array in parts]
    of_complex = [place for place, array in enumerate(arrays) if np.iscomplexobj(array)]
    if not planned or len(of_complex) != 1:
        return contracted(arrays)
    # One complex factor: each of its parts by itself is half the work of a complex product of matrices.
    (place,) = of_complex
    one, other = (
        contracted([*arrays[:place], part, *arrays[place + 1 :]]) for part in (arrays[place].real, arrays[place].imag)
    )
    return np.asarray(one + np.multiply(other, arrays[place].dtype.type(1j)))


def _flat(at: "Arrays", node: Reduce, empty: float) -> tuple[tuple[Label, ...], Array]:
    """The body with all bound indices along one last axis."""
    labels, array = _masked(at, at(node.body), node.bound, empty)
    kept = tuple(label for label in labels if label not in node.bound)
    order = [labels.index(label) for label in (*kept, *node.bound)]
    turned = array.transpose(order)
    return kept, turned.reshape(*turned.shape[: len(kept)], -1)


def _masked(at: "Arrays", value: Labelled, bound: tuple[Index, ...], empty: float) -> Labelled:
    """A value with an axis for every bound index, `empty` where an index is outside an axis that varies."""
    within = [mask for mask in map(at.subscripts.inside, bound) if mask]
    within += [Labelled((i,), np.ones(at.subscripts.length(i), bool)) for i in bound if i not in value.labels]
    if not within:
        return value
    labels, (array, *masks) = aligned([value, *within])
    inside = masks[0]
    for mask in masks[1:]:
        inside = inside & mask
    return Labelled(labels, np.where(inside, array, np.asarray(empty, dtype=at.dtype)))
