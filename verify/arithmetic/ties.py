"""Ties that are no kinks: a choice between what is the same, and has the same slopes, on a whole region.

min(r*A, clip(r)*A) is a tie wherever nothing is clipped. There the claim is evaluated once for each way that its ties
can go. Where both sides come out the same each time, values and slopes of the choices agree, and the point counts; a
kink, where they do not, is a boundary.
"""

from collections.abc import Callable, Iterable
from itertools import product

import numpy as np
from flint import arb, fmpq

from derive.expression import Compare, Extremum, Node, Reduce
from verify.arithmetic import balls
from verify.arithmetic.balls import Array
from verify.arithmetic.branches import MOST_TIED
from verify.arithmetic.evaluation import Evaluation

_MOST_WAYS = 9

Sides = tuple[Evaluation, Array, Array]


def resolved(ties: Iterable[Node], evaluate: Callable[[dict[Node, int]], Sides]) -> Sides | None:
    """Both sides where they do not depend on how the ties go, None at a kink or where that cannot be told.

    evaluate: both sides with the ties of each node taken the way of that number.
    """
    nodes = sorted(ties, key=lambda node: node.serial)
    ways = [_ways(node) for node in nodes]
    if 0 in ways or np.prod(ways) > _MOST_WAYS:
        return None
    found: Sides | None = None
    for choice in product(*map(range, ways)):
        sides = evaluate(dict(zip(nodes, choice, strict=True)))
        if not sides[0].truths.ties.isdisjoint(nodes):
            return None
        if found is not None and not all(_is_same(a, b) for a, b in zip(found[1:], sides[1:], strict=True)):
            return None
        found = found or sides
    return found


def is_a_choice(ties: Iterable[Node]) -> bool:
    """Whether one of the ties is a choice between cases, and not a jump or the end of a domain."""
    return any(_ways(node) for node in ties)


def _ways(node: Node) -> int:
    """How many ways the ties of a node can go; 0 for a jump or the end of a domain."""
    match node:
        case Compare():
            return 2
        case Extremum(_, arguments):
            return len(arguments)
        case Reduce():
            return MOST_TIED
    return 0


def _is_same(a: Array, b: Array) -> bool:
    """Whether all elements are finite and cannot be told apart."""
    x, y, _ = balls.fit(a, b)
    return bool(np.all(np.frompyfunc(_overlap, 2, 1)(x, y)))


def _overlap(x: arb | fmpq, y: arb | fmpq) -> bool:
    x, y = arb(x), arb(y)
    return bool(x.is_finite() and y.is_finite() and x.overlaps(y))
