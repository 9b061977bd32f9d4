"""The readings of a claim: which definitions are read, and which derivatives worked out, before its sides are compared.

With names kept a proof is short, and two sides that name different things meet only where those are read.
"""

from collections.abc import Iterator
from typing import NamedTuple

from derive.algebra.normal import MAX_EFFORT
from derive.binding import walk
from derive.calculus import has_derivative
from derive.errors import UnsupportedError
from derive.expression import Axis, Index, Node, Number, Table, Tensor
from derive.formula import Claim, mentioned
from derive.links import Links, links
from derive.resolution import Resolution

MOST_OPENED_AT_FIRST = 5  # through many layers, what is read grows without bound
EFFORT_AT_FIRST = 20_000
"""Of a proof that reads more than it may have to: it takes hundreds, or never ends, as through a deep net."""


class Reading(NamedTuple):
    """opened: the definitions that are read, the others being names.  named: the derivatives that stay names.

    effort: how much work it is worth, in products of terms.
    """

    opened: frozenset[Tensor]
    named: Links | None = None
    effort: int = MAX_EFFORT


def readings(resolution: Resolution, claim: Claim) -> Iterator[Reading]:
    """The readings to try, one after the other: with the links that the claim names, then with every derivative read.

    Of those, first the ones in which both sides have the same names, with little effort; then all. What a reading
    makes of the derivatives is known to the next.
    """
    named = links(resolution, claim) if claim.operator == "==" else None
    if named:
        numbers = _numbers(resolution)
        yield Reading(numbers, named)
        yield Reading(numbers | named.between, named)
    for opened in _likely(resolution, claim):
        yield Reading(opened, effort=EFFORT_AT_FIRST)
    for opened in _openings(resolution, claim):
        yield Reading(opened, effort=EFFORT_AT_FIRST if named else MAX_EFFORT)


def _numbers(resolution: Resolution) -> frozenset[Tensor]:
    """Literal arrays of numbers, which are always read: a condition on their elements is decided."""
    return frozenset(tensor for tensor, d in resolution.definitions.items() if _is_of_numbers(d.body))


def _is_of_numbers(body: Node) -> bool:
    return isinstance(body, Table) and all(isinstance(part, Number | Index | Axis | Table) for part in walk(body))


def _openings(resolution: Resolution, claim: Claim) -> Iterator[frozenset[Tensor]]:
    """Which definitions to read: none; those named on the left; those that only the right side reads; all."""
    numbers = _numbers(resolution)
    yield numbers
    named = mentioned(claim.left) & resolution.definitions.keys()
    if named and not has_derivative(claim.left):
        yield numbers | named
    left, right = ({d.tensor for d in resolution.needed(side)} for side in (claim.left, claim.right))
    if right - left and left:
        yield numbers | (right - left)
    yield frozenset(resolution.definitions)


def _likely(resolution: Resolution, claim: Claim) -> list[frozenset[Tensor]]:
    """The openings of a few definitions with which a derivative and what it is said to be are likely to meet."""
    if not has_derivative(claim.left):
        return []
    try:
        sides = [resolution.without_derivatives(side) for side in (claim.left, claim.right)]
    except (UnsupportedError, RecursionError):
        return []
    needed = {d.tensor for d in resolution.needed(claim.left, claim.right)}
    few = [o for o in _openings(resolution, claim) if len(o & needed) <= MOST_OPENED_AT_FIRST]
    return [o for o in few if _may_meet(resolution, *(_names(resolution, side, o) for side in sides))]


def _may_meet(resolution: Resolution, left: frozenset[Tensor], right: frozenset[Tensor]) -> bool:
    """Whether two sides with these names may be equal: what the right one lacks must fall away on the left."""
    if right.isdisjoint(resolution.definitions):
        return right <= left and (right == left or not left - right <= resolution.definitions.keys())
    return right == left


def _names(resolution: Resolution, side: Node, opened: frozenset[Tensor]) -> frozenset[Tensor]:
    """The tensors in a side, which has no derivative, once these definitions are read; a recurrence stays a name."""
    names, seen = set[Tensor](), set[Tensor]()
    waiting = set(mentioned(side))
    while waiting:
        tensor = waiting.pop()
        seen.add(tensor)
        if tensor in resolution.adjoints:
            waiting |= mentioned(resolution.adjoints[tensor][1]) - seen
        elif tensor in opened and not resolution.definitions[tensor].bases:
            waiting |= mentioned(resolution.definitions[tensor].body) - seen
        else:
            names.add(tensor)
    return frozenset(names)
