"""Reading arrays at positions, putting them together, and renaming their labels."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from flint import arb

from verify.arithmetic.balls import Array, Label, Labels, Pull, filled, onto, spread


def gather(a: Array, slots: Sequence[Label], positions: Sequence[Array]) -> Array:
    """a read at an array of positions (Python integers) for each of its slots."""
    pairs = [(slot, p) for slot, p in zip(slots, positions, strict=True) if slot in a.labels]
    if not pairs:
        return a
    labels = tuple(sorted({label for _, p in pairs for label in p.labels}))
    rest = tuple(label for label in a.labels if label not in slots)
    order = [a.labels.index(slot) for slot, _ in pairs] + [a.labels.index(label) for label in rest]
    data = a.data.transpose(order)[tuple(_places(p, labels) for _, p in pairs)]
    slots, positions = [slot for slot, _ in pairs], [p for _, p in pairs]
    data, all_labels = _sorted(data, labels + rest)
    pull = ((a, lambda g: scatter(g, slots, positions, labels)),)
    return Array(data, all_labels, a.exact, a.trouble, pull)


def scatter(g: Array, slots: Sequence[Label], positions: Sequence[Array], labels: Labels) -> Array:
    """The elements of g over `labels` summed into the positions that they were gathered from."""
    rest = tuple(label for label in g.labels if label not in labels)
    lengths = tuple(label[1] for label in labels)
    own = tuple(label for label in labels if label in g.labels)
    data = g.balls()
    if g.labels:
        data = data.transpose([g.labels.index(label) for label in own + rest])
        data = data.reshape(tuple(n if label in own else 1 for label, n in zip(labels, lengths, strict=True))
                            + data.shape[len(own) :])  # fmt: skip
    result = filled((*slots, *rest), arb(0))
    places = tuple(np.broadcast_to(_places(p, labels), lengths) for p in positions)
    np.add.at(result, places, np.broadcast_to(data, lengths + tuple(label[1] for label in rest)) if labels else data)
    result, all_labels = _sorted(result, (*slots, *rest))

    def pull(h: Array) -> Array:
        return onto(gather(h, slots, positions), tuple(sorted({*labels, *rest})), g.labels)

    return Array(result, all_labels, False, g.trouble, ((g, pull),))


def _places(positions: Array, labels: Labels) -> Any:
    if not positions.labels:
        return np.array(positions.data, dtype=np.intp).reshape((1,) * len(labels))
    return spread(positions.data, positions.labels, labels).astype(np.intp)


def _sorted(data: Any, labels: Labels) -> tuple[Any, Labels]:
    """The axes in the order of their ranks; one number where there is none."""
    if not labels:
        return data[()] if isinstance(data, np.ndarray) else data, ()
    order = sorted(range(len(labels)), key=labels.__getitem__)
    return data.transpose(order), tuple(labels[at] for at in order)


def relabel(a: Array, names: dict[Label, Label]) -> Array:
    """The same elements along other labels of the same lengths."""
    if not a.labels or all(old == new for old, new in names.items()):
        return a
    data, labels = _sorted(a.data, tuple(names.get(label, label) for label in a.labels))
    back = {new: old for old, new in names.items()}
    return Array(data, labels, a.exact, a.trouble, ((a, lambda g: relabel(g, back)),))


def stack(pieces: Sequence[Array], label: Label) -> Array:
    """The pieces one after the other along a new label."""
    labels: Labels = tuple(sorted({label, *(other for piece in pieces for other in piece.labels)}))
    is_exact = all(piece.exact for piece in pieces)
    data = np.empty(tuple(other[1] for other in labels), dtype=object)
    along = np.moveaxis(data, labels.index(label), 0)
    inner = tuple(other for other in labels if other != label)
    for place, piece in enumerate(pieces):
        along[place] = spread(piece.data if is_exact else piece.balls(), piece.labels, inner)
    pulls = tuple((piece, _taken(label, place, inner, piece.labels)) for place, piece in enumerate(pieces))
    return Array(data, labels, is_exact, max(piece.trouble for piece in pieces), pulls)


def _taken(label: Label, place: int, inner: Labels, own: Labels) -> Pull:
    return lambda g: onto(gather(g, [label], [Array(place, exact=True)]), inner, own)
