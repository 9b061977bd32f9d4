"""The elements of one input: exact rationals of its domain, whose scale and sign the stratum of a draw says."""

from collections.abc import Callable
from fractions import Fraction
from hashlib import blake2b
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from derive import domains
from derive.errors import UnsupportedError
from derive.expression import Tensor

ALIKE = ("least", "most")  # how all whole numbers are drawn alike
WILD = ("high", "low", "near")  # how draws beyond the planned ones depart from generic
_PRIMES = (10007, 10427, 10993, 11777, 12143, 12911, 13687, 14533, 15187, 15901, 16411, 17239, 18043, 19207, 20101,
           21019, 22027, 23063, 24029, 25057, 26041, 27059, 28069, 29077, 30089, 31081, 32089, 33091)  # fmt: skip
_RANGES = {"generic": (200, 2_500), "large": (5_000, 50_000), "tiny": (1, 20)}  # in thousandths


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


def array(
    tensor: Tensor,
    lengths: tuple[int, ...],
    stratum: str,
    stream: Stream,
    used: set[tuple[int, int]],
) -> NDArray[Any]:
    """Elements for a tensor of these axis lengths, of its domain; 0-d for a scalar. `used`: what other inputs hold."""
    domain = domains.TABLE[tensor.domain]
    found = np.empty(lengths, dtype=object)
    if domain.relation:
        if domain.relation in ("spd", "symmetric") and lengths[-1] != lengths[-2]:
            raise UnsupportedError(f"{tensor.name} is {domain.name}, but its last two axes differ")
        width = 1 if domain.relation in ("simplex", "onehot") else 2
        for row in np.ndindex(lengths[:-width]):
            found[row] = _RELATED[domain.relation](lengths[-1], stratum, stream)
        return found
    if domain.name == "positive" and not lengths and not stratum.startswith((*WILD, "simple")):
        # A lone positive number is most often an epsilon, a temperature or a rate: of order 1, and once 1e-5.
        stratum = "epsilon" if stratum == "tiny" else "generic"
    flat = [_element(domain, stratum, stream, used) for _ in range(prod(lengths))]
    if domain.values and len(flat) > 1 and len(set(flat)) == 1 and stratum not in ALIKE:
        flat[0] = Fraction(sum(domain.values)) - flat[0]
    found[...] = np.array(flat, dtype=object).reshape(lengths) if lengths else flat[0]
    return found


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
    if stratum.startswith(WILD):
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
