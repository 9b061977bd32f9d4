"""The way back: cotangents pulled through all that a value was made of, to the targets of a derivative."""

from collections.abc import Sequence
from math import prod

import numpy as np

from verify.arithmetic.balls import ONE, ZERO, Array, Labels, add, as_balls, onto, spread


def marked(a: Array, bit: int, labels: Labels) -> Array:
    """A target of differentiation: its own node, with all its labels and a bit of its own."""
    data = np.broadcast_to(spread(a.balls(), a.labels, labels), [n for _, n in labels]) if labels else a.balls()
    target = Array(data, labels, False, a.trouble, ((a, lambda g: onto(g, labels, a.labels)),))
    target.reads |= bit
    return target


def identity(rows: Labels, columns: Labels) -> Array:
    """1 where each row label is at the position of its column label, else 0; all columns rank higher."""
    if not rows:
        return ONE
    shape = tuple(label[1] for label in rows)
    data = as_balls(np.eye(prod(shape), dtype=int).astype(object)).reshape(shape + shape)
    return Array(data, rows + columns)


def pulled_back(value: Array, seed: Array, targets: Sequence[Array], bits: int) -> list[Array]:
    """The cotangent of each target, when `value` has the cotangent `seed`; `bits` are the targets' own."""
    cotangents: dict[int, list[Array]] = {value.serial: [seed]}
    for node in _downwards(value, bits):
        g = _summed(cotangents.get(node.serial, ()))
        cotangents[node.serial] = [g]
        for parent, pull in node.parents:
            if parent.reads & bits:
                cotangents.setdefault(parent.serial, []).append(pull(g))
    return [_summed(cotangents.get(target.serial, ())) for target in targets]


def _summed(terms: Sequence[Array]) -> Array:
    result = terms[0] if terms else ZERO
    for term in terms[1:]:
        result = add(result, term)
    return result


def _downwards(value: Array, bits: int) -> list[Array]:
    """What value was made of and depends on the bits, each after all that was made of it."""
    found, waiting = {value.serial: value}, [value]
    while waiting:
        for parent, _ in waiting.pop().parents:
            if parent.reads & bits and parent.serial not in found:
                found[parent.serial] = parent
                waiting.append(parent)
    return [found[serial] for serial in sorted(found, reverse=True)]
