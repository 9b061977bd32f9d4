"""Points at which a claim is tried: sizes that are all different, and exact rationals that hide nothing.

A point is a `Draw`. The first six are planned; further ones, of rising scales, serve to reach branches.
What each element of the policy buys is measured by benchmarks/sampling.py. Four refute nothing that another does not
refute in most samples of wrong twins, and stay: a size of 1 (what is undefined or true at n = 1 alone is found nowhere
else), an epsilon of order 1 (the floats judge the same points, and see none of 1e-5), branch coverage (a branch that
no draw took would pass as agreement), and more draws of whole numbers (see `verify.corners`).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from derive import domains
from derive.errors import UnsupportedError
from derive.expression import Add, Call, Multiply, Node, Number, Power, Size, Tensor
from derive.formula import Formula
from verify import elements
from verify.elements import WILD, Stream

PLANNED = ("generic", "large", "mixed", "generic", "tiny", "mixed")
MOST = 46  # draws in all: six planned, and forty more for branches not yet reached
SMALL = 6  # the number of the draw in which one size is 1
_IN_TURN = (2, 3, 5, 4, 7, 6)
_MOST_APART = 7  # sizes that are all different in a draw; with more, each is one of a few
_FEW = (2, 3, 4, 1)
_MOST_ELEMENTS = 20_000
_REACHES = (1, 2, 3, 4, 5, 6, 8, 10, 12, 15)  # and how far: by powers of ten


@dataclass(frozen=True, eq=False)
class Draw:
    """A point: an integer for each size, and an array of exact rationals for each input (0-d for a scalar)."""

    sizes: dict[Size, int]
    values: dict[Tensor, NDArray[Any]]
    stratum: str
    number: int


def draws(formula: Formula, seed: int = 0) -> Iterator[Draw]:
    """The points of a formula in order: six planned ones, one with a size of 1, then ever wilder ones.

    They follow from the formula's text and the seed alone, so that every claim is tried at the same points.
    Raises UnsupportedError where the declared domains hold no point that could be drawn.
    """
    for number in range(MOST):
        if number != SMALL or has_room_for_one(formula):
            yield draw(formula, seed, number)


def draw(
    formula: Formula,
    seed: int,
    number: int,
    sizes: dict[Size, int] | None = None,
    stratum: str = "",
    whole: str = "",
) -> Draw:
    """The point of that number; sizes and stratum follow from the number unless they are given.

    whole: how whole numbers are drawn, if not as the stratum says (see `verify.corners`).
    """
    sizes = sizes or sizes_of(formula, number)
    stratum = stratum or stratum_of(number)
    stream = Stream(formula.text or formula.name, seed, number, sorted((s.name, n) for s, n in sizes.items()), stratum)
    if sum(prod(shape(tensor, sizes)) for tensor in formula.inputs) > _MOST_ELEMENTS:
        raise UnsupportedError("the inputs have too many elements at the sizes drawn")
    used: set[tuple[int, int]] = set()
    values = {
        tensor: elements.array(tensor, shape(tensor, sizes), _stratum_for(tensor, stratum, whole), stream, used)
        for tensor in formula.inputs
    }
    return Draw(sizes, values, stratum, number)


def _stratum_for(tensor: Tensor, stratum: str, whole: str) -> str:
    domain = domains.TABLE[tensor.domain]
    return whole if whole and domain.integer and not domain.relation else stratum


def stratum_of(number: int) -> str:
    """Planned draws have theirs; of the rest one in four is generic, the others go far up, far below 0 or near 0."""
    if number < len(PLANNED):
        return PLANNED[number]
    round_, part = divmod(number - SMALL, 1 + len(WILD))
    return f"{WILD[part - 1]} {_REACHES[round_ % len(_REACHES)]}" if part else "generic"


# ---------------------------------------------------------------------------------------- sizes


def sizes_of(formula: Formula, number: int) -> dict[Size, int]:
    """Every size another integer, each taking 2, 3, 5, 4, 7, 6 in turn from draw to draw.

    Beyond seven sizes, arrays with one axis each would be too large: then every two differ in most draws.
    """
    count = len(formula.sizes)
    in_turn, steps = (*_IN_TURN[: max(count, 6)], *range(1, count - 5)), [1] * count
    if number == SMALL:
        in_turn = (1, *_IN_TURN)[: max(count, 1)]
    if count > _MOST_APART:
        in_turn, steps = _FEW, [1 + at // len(_FEW) for at in range(count)]
    for more in range(8):
        sizes = {
            size: in_turn[(number * step + at) % len(in_turn)] + more
            for at, (size, step) in enumerate(zip(formula.sizes, steps, strict=True))
        }
        if fits(formula, sizes):
            return sizes
    raise UnsupportedError("no sizes were found at which every axis has an element")


def has_room_for_one(formula: Formula) -> bool:
    return bool(formula.sizes) and 1 in sizes_of(formula, SMALL).values()


def fits(formula: Formula, sizes: dict[Size, int]) -> bool:
    """Whether every axis has an element, and a simplex two where its size is free."""
    for tensor in formula.tensors():
        lengths = shape(tensor, sizes)
        if any(length < 1 for length in lengths):
            return False
        if tensor.domain == "simplex" and lengths[-1] < 2 and not isinstance(tensor.axes[-1].size, Number):
            return False
    return True


def shape(tensor: Tensor, sizes: dict[Size, int]) -> tuple[int, ...]:
    return tuple(measure(axis.size, sizes) for axis in tensor.axes)


def measure(node: Node, sizes: dict[Size, int]) -> int:
    """The integer that an expression in sizes stands for."""
    value = rational(node, sizes)
    if value.denominator != 1:
        raise UnsupportedError(f"an axis has the length {value}, which is no integer")
    return int(value)


def rational(node: Node, sizes: dict[Size, int]) -> Fraction:
    """The number that an expression in sizes stands for; UnsupportedError for any other."""
    match node:
        case Number():
            return node.value
        case Size():
            return Fraction(sizes[node])
        case Add(terms):
            return sum((rational(term, sizes) for term in terms), Fraction(0))
        case Multiply(factors):
            return prod((rational(factor, sizes) for factor in factors), start=Fraction(1))
        case Power(base, Number(exponent, 1)) if abs(exponent) <= 64:
            return rational(base, sizes) ** exponent
        case Call("floor", argument):
            return Fraction(rational(argument, sizes).__floor__())
    raise UnsupportedError(f"the length of an axis is no plain expression in sizes: {type(node).__name__}")


def between(first: Draw, second: Draw, at: Fraction) -> Draw:
    """The point at that part of the way; both have the same sizes, and integers stay those of the first.

    Every domain whose elements may vary is convex, so the point lies in it.
    """
    values = {
        tensor: start
        if domains.TABLE[tensor.domain].integer
        else np.asarray(start + at * (second.values[tensor] - start), dtype=object)
        for tensor, start in first.values.items()
    }
    return Draw(first.sizes, values, first.stratum, first.number)
