"""Points at which a claim is tried: sizes that are all different, and exact rationals that hide nothing.

A point is a `Draw`. The first six are planned; further ones, of rising scales, serve to reach branches.
What each element of the policy buys is measured by benchmarks/sampling.py. Four refute nothing that another does not
refute in most samples of wrong twins, and stay: a size of 1 (what is undefined or true at n = 1 alone is found nowhere
else), an epsilon of order 1 (the floats judge the same points, and see none of 1e-5), branch coverage (a branch that
no draw took would pass as agreement), and more draws of whole numbers (see `verify.corners`).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from hashlib import blake2b
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from derive import domains
from derive.errors import UnsupportedError
from derive.expression import Add, Call, Multiply, Node, Number, Power, Size, Tensor
from derive.formula import Formula

PLANNED = ("generic", "large", "mixed", "generic", "tiny", "mixed")
MOST = 46  # draws in all: six planned, and forty more for branches not yet reached
ALIKE = ("least", "most")  # how all whole numbers are drawn alike
SMALL = 6  # the number of the draw in which one size is 1
_IN_TURN = (2, 3, 5, 4, 7, 6)
_MOST_APART = 7  # sizes that are all different in a draw; with more, each is one of a few
_FEW = (2, 3, 4, 1)
_MOST_ELEMENTS = 20_000
_PRIMES = (10007, 10427, 10993, 11777, 12143, 12911, 13687, 14533, 15187, 15901, 16411, 17239, 18043, 19207, 20101,
           21019, 22027, 23063, 24029, 25057, 26041, 27059, 28069, 29077, 30089, 31081, 32089, 33091)  # fmt: skip
_RANGES = {"generic": (200, 2_500), "large": (5_000, 50_000), "tiny": (1, 20)}  # in thousandths
_WILD = ("high", "low", "near")  # how draws beyond the planned ones depart from generic
_REACHES = (1, 2, 3, 4, 5, 6, 8, 10, 12, 15)  # and how far: by powers of ten


@dataclass(frozen=True, eq=False)
class Draw:
    """A point: an integer for each size, and an array of exact rationals for each input (0-d for a scalar)."""

    sizes: dict[Size, int]
    values: dict[Tensor, NDArray[Any]]
    stratum: str
    number: int


class Stream:
    """Integers from a hash of what seeds it: the same on every machine and in every process."""

    def __init__(self, *seed: object) -> None:
        self._key = blake2b(repr(seed).encode()).digest()
        self._block = 0
        self._words: list[int] = []

    def below(self, bound: int) -> int:
        """An integer from 0 to bound - 1."""
        if not self._words:
            block = blake2b(self._block.to_bytes(8, "little"), key=self._key).digest()
            self._block += 1
            self._words = [int.from_bytes(block[at : at + 8], "little") for at in range(0, 64, 8)]
        return self._words.pop() * bound >> 64


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
        tensor: _values(tensor, shape(tensor, sizes), _stratum_for(tensor, stratum, whole), stream, used)
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
    round_, part = divmod(number - SMALL, 1 + len(_WILD))
    return f"{_WILD[part - 1]} {_REACHES[round_ % len(_REACHES)]}" if part else "generic"


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


# --------------------------------------------------------------------------------------- values


def _values(
    tensor: Tensor,
    lengths: tuple[int, ...],
    stratum: str,
    stream: Stream,
    used: set[tuple[int, int]],
) -> NDArray[Any]:
    """An array of the tensor's domain."""
    domain = domains.TABLE[tensor.domain]
    array = np.empty(lengths, dtype=object)
    if domain.relation:
        if domain.relation in ("spd", "symmetric") and lengths[-1] != lengths[-2]:
            raise UnsupportedError(f"{tensor.name} is {domain.name}, but its last two axes differ")
        width = 1 if domain.relation in ("simplex", "onehot") else 2
        for row in np.ndindex(lengths[:-width]):
            array[row] = _RELATED[domain.relation](lengths[-1], stratum, stream)
        return array
    if domain.name == "positive" and not lengths and not stratum.startswith((*_WILD, "simple")):
        # A lone positive number is most often an epsilon, a temperature or a rate: of order 1, and once 1e-5.
        stratum = "epsilon" if stratum == "tiny" else "generic"
    flat = [_element(domain, stratum, stream, used) for _ in range(prod(lengths))]
    if domain.values and len(flat) > 1 and len(set(flat)) == 1 and stratum not in ALIKE:
        flat[0] = Fraction(sum(domain.values)) - flat[0]
    array[...] = np.array(flat, dtype=object).reshape(lengths) if lengths else flat[0]
    return array


def _element(domain: domains.Domain, stratum: str, stream: Stream, used: set[tuple[int, int]]) -> Fraction:
    if stratum in ALIKE:
        return Fraction(_least_and_most(domain)[stratum == "most"])
    if domain.values:
        return Fraction(domain.values[stream.below(len(domain.values))])
    if stratum == "small":
        return Fraction(stream.below(4) + 1 if domain.low is not None else stream.below(5) - 2)
    for _ in range(20):
        value = _integer(domain, stratum, stream) if domain.integer else _real(domain, stratum, stream)
        if value.as_integer_ratio() not in used:
            break
    used.add(value.as_integer_ratio())
    return value


def _least_and_most(domain: domains.Domain) -> tuple[int, int]:
    """Two values for all elements alike: the ends of few values, else the first whole numbers."""
    return (domain.values[0], domain.values[-1]) if domain.values else (1, 2) if domain.low is not None else (0, 1)


def _integer(domain: domains.Domain, stratum: str, stream: Stream) -> Fraction:
    size = 2 + stream.below({"large": 28, "mixed": 28, "far": 1000}.get(stratum, 8))
    return Fraction(size if domain.low is not None or stream.below(2) else -size)


def _real(domain: domains.Domain, stratum: str, stream: Stream) -> Fraction:
    size = _magnitude(stratum, stream)
    if domain.high == 1:
        return _inside(size, stratum, stream)
    return size if domain.low is not None or _is_positive(stratum, stream) else -size


def _is_positive(stratum: str, stream: Stream) -> bool:
    """Either sign as often, but mostly one where a draw is meant to go far to that side, or all are to lie there."""
    if stratum in ("below", "above", "close"):
        return stratum != "below"
    if stratum.startswith(("high", "low")):
        return bool(stream.below(8)) == stratum.startswith("high")
    return bool(stream.below(2))


def _inside(size: Fraction, stratum: str, stream: Stream) -> Fraction:
    """A number strictly between 0 and 1: near 1 for large ones, near 0 for tiny ones."""
    size = size if size < 1 else 1 / (1 + size)
    return 1 - size if stratum == "large" or _is_positive(stratum, stream) else size


def _magnitude(stratum: str, stream: Stream) -> Fraction:
    """A positive rational with a prime denominator, or a simple one."""
    if stratum == "simple":
        return Fraction(1 + stream.below(5), (1, 1, 2, 3)[stream.below(4)])
    prime = _PRIMES[stream.below(len(_PRIMES))]
    if stratum.startswith(_WILD):
        reach = int(stratum.split()[1])
        mantissa = Fraction(prime + 1 + stream.below(8 * prime), prime)
        power = Fraction(10) ** (reach if stream.below(4) else stream.below(reach))
        return mantissa / power if stratum.startswith("near") else mantissa * power
    if stratum == "close":
        return 1 + Fraction(1 + stream.below(prime), prime) / 10**6
    if stratum == "epsilon":
        return Fraction(prime + 1 + stream.below(prime - 1), prime) / 100_000
    if stratum == "mixed":
        stratum = ("generic", "large", "tiny")[stream.below(3)]
    low, high = _RANGES.get(stratum, _RANGES["generic"])
    above = low * prime // 1000 + 1 + stream.below((high - low) * prime // 1000)
    return Fraction(above if above != prime else prime + 1, prime)


# ---------------------------------------------------------------------- elements tied together


def _simplex(length: int, stratum: str, stream: Stream) -> NDArray[Any]:
    weights = [_magnitude(stratum, stream) for _ in range(length)]
    whole = sum(weights)
    return _array([weight / whole for weight in weights])


def _onehot(length: int, stratum: str, stream: Stream) -> NDArray[Any]:
    hot = stream.below(length)
    return _array([Fraction(int(position == hot)) for position in range(length)])


def _symmetric(length: int, stratum: str, stream: Stream) -> NDArray[Any]:
    square = np.empty((length, length), dtype=object)
    for row in range(length):
        for column in range(row + 1):
            size = _magnitude(stratum, stream)
            square[row, column] = square[column, row] = size if stream.below(2) else -size
    return square


def _spd(length: int, stratum: str, stream: Stream) -> NDArray[Any]:
    """M M' + c, scaled: positive definite whatever M is."""
    small = [[Fraction(stream.below(13) - 6, 1 + stream.below(4)) for _ in range(length)] for _ in range(length)]
    root = np.array(small, dtype=object).reshape(length, length)
    square: NDArray[Any] = root @ root.T
    for position in range(length):
        square[position, position] += Fraction(1 + stream.below(5), 2)
    return square if stratum == "simple" else square * _magnitude(stratum, stream)


def _array(values: list[Fraction]) -> NDArray[Any]:
    return np.array(values, dtype=object)


_RELATED: dict[str, Callable[[int, str, Stream], NDArray[Any]]] = {
    "simplex": _simplex,
    "onehot": _onehot,
    "symmetric": _symmetric,
    "spd": _spd,
}


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
