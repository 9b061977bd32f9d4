"""Sizes at which something turns: where a condition on sizes and indices, a floor or a denominator changes.

delta(n, 9) is 0 at every size that is drawn by itself, n//9 too, and 1/(n - 8) is defined.
"""

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from itertools import product
from math import prod

from derive.binding import replace
from derive.errors import UnsupportedError
from derive.expression import ONE, Call, Compare, Delta, Extremum, Index, Node, Number, Power, Size, add
from derive.formula import Formula
from verify.arithmetic.reach import Reach
from verify.sampling import fits, rational, shape

MOST = 40
_MOST_FOUND = 4
_MOST_ELEMENTS = 2_000
_MOST_INDICES = 3
_STARTS = 2


def turning(formula: Formula, reach: Reach, seen: Sequence[dict[Size, int]]) -> Iterator[dict[Size, int]]:
    """Sizes near those that were seen, one of them moved, at which some expression is as it was at none of them."""
    watched = list(dict.fromkeys(_watched(reach.nodes)))
    known = {(part, _outcome(*part, sizes)) for part in watched for sizes in seen}
    found = 0
    for start, moved in product(list(seen)[:_STARTS] if watched else (), formula.sizes):
        for length in range(1, MOST + 1):
            sizes = {**start, moved: length}
            here = {(part, _outcome(*part, sizes)) for part in watched}
            if here <= known or not _is_possible(formula, sizes):
                continue
            known |= here
            found += 1
            yield sizes
            if found == _MOST_FOUND:
                return


def _is_possible(formula: Formula, sizes: dict[Size, int]) -> bool:
    return fits(formula, sizes) and sum(prod(shape(t, sizes)) for t in formula.inputs) <= _MOST_ELEMENTS


Watched = tuple[Node, bool]  # an expression in sizes alone, and whether it is rounded


def _watched(nodes: Iterable[Node]) -> Iterator[Watched]:
    for node in nodes:
        for part in _deciding(node):
            for at in _at_ends(part):
                if _is_of_sizes(at):
                    yield at, isinstance(node, Call) and node.function == "floor"


def _deciding(node: Node) -> Iterator[Node]:
    """What decides which way a node goes, or whether it has a value."""
    match node:
        case Compare(_, left, right) | Delta(left, right):
            yield left - right
        case Extremum(_, arguments):
            yield from (first - other for at, first in enumerate(arguments) for other in arguments[at + 1 :])
        case Call("floor" | "log", argument):
            yield argument
        case Power(base, Number(numerator, _)) if numerator < 0:
            yield base


def _at_ends(part: Node) -> Iterator[Node]:
    """The expression with each index at the first and at the last of its values."""
    indices = sorted((leaf for leaf in part.free if isinstance(leaf, Index)), key=lambda leaf: str(leaf.name))
    if not indices:
        yield part
    elif len(indices) <= _MOST_INDICES and not any(i.axis.free for i in indices):
        ends = [(i.axis.start, add(i.axis.start, i.axis.size, -ONE)) for i in indices]
        for chosen in product(*ends):
            yield replace(part, dict(zip(indices, chosen, strict=True)))


def _is_of_sizes(part: Node) -> bool:
    """Whether sizes are read, and nothing but sizes."""
    match part:
        case Size():
            return True
        case Number():
            return False
    parts = [p for p in part.parts if not isinstance(p, Number)]
    return bool(parts) and all(map(_is_of_sizes, parts))


def _outcome(part: Node, is_rounded: bool, sizes: dict[Size, int]) -> int | None:
    """The sign; of what is rounded, whether it is below 0, or 0, 1, or more."""
    try:
        value = rational(part, sizes)
    except (UnsupportedError, ZeroDivisionError):
        return None
    if is_rounded:
        return max(-1, min(2, value.__floor__()))
    return (value > 0) - (value < Fraction(0))
