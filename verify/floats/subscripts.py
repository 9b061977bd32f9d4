"""Integer expressions of sizes and indices, exactly, and what a tensor reads at such subscripts."""

import functools
from collections.abc import Mapping
from fractions import Fraction
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import as_strided

from derive.errors import UnsupportedError
from derive.expression import Add, Call, Index, Multiply, Node, Number, Power, Size
from verify.floats.labelled import Array, Labelled, Stored, aligned


class Affine(NamedTuple):
    """constant + sum of coefficient*index."""

    constant: Fraction
    coefficients: dict[Index, Fraction]


class Quotient(NamedTuple):
    above: Labelled
    below: Labelled


class Subscripts:
    """sizes: their values.  chosen: the values of an index, where not its whole axis.  fixed: indices at one value."""

    def __init__(
        self, sizes: Mapping[Size, int], chosen: Mapping[Index, Array], fixed: Mapping[Index, int] | None = None
    ) -> None:
        self.sizes, self.chosen, self.fixed = sizes, chosen, fixed or {}
        self._affine: dict[Node, Affine | None] = {}
        self._ranges: dict[Index, tuple[int, int] | None] = {}

    def with_fixed(self, fixed: Mapping[Index, int]) -> "Subscripts":
        return Subscripts(self.sizes, self.chosen, {**self.fixed, **fixed})

    # ------------------------------------------------------------------------------- ranges

    def number(self, node: Node) -> int | None:
        """The integer that the expression is, None if it varies with an index."""
        form = self.affine(node)
        if form is None or form.coefficients:
            values = None if form else self.values(node)
            return int(values.array) if values and not values.labels else None
        return _whole(form.constant)

    def range(self, index: Index) -> tuple[int, int] | None:
        """First value and number of values; None if they vary or only some values are chosen."""
        if index not in self._ranges:
            start, size = self.number(index.axis.start), self.number(index.axis.size)
            varies = start is None or size is None or index in self.chosen
            self._ranges[index] = None if varies or start is None or size is None else (start, max(size, 0))
        return self._ranges[index]

    def length(self, index: Index) -> int:
        if index in self.chosen:
            return len(self.chosen[index])
        known = self.range(index)
        return known[1] if known else max(int(self.values(index.axis.size).array.max(initial=0)), 0)

    def running(self, index: Index) -> Labelled:
        """The values of an index along its own axis (and along others, if its axis begins at one of them)."""
        if index in self.fixed:
            return Labelled((), np.asarray(self.fixed[index]))
        if index in self.chosen:
            return Labelled((index,), self.chosen[index])
        steps = Labelled((index,), np.arange(self.length(index)))
        labels, (start, step) = aligned([self.values(index.axis.start), steps])
        return Labelled(labels, start + step)

    def inside(self, index: Index) -> Labelled | None:
        """Where an index is within an axis that varies with other indices; None where it always is."""
        if index in self.chosen or index in self.fixed or self.range(index):
            return None
        steps = Labelled((index,), np.arange(self.length(index)))
        labels, (size, step) = aligned([self.values(index.axis.size), steps])
        return Labelled(labels, step < size)

    # -------------------------------------------------------------------------- expressions

    def affine(self, node: Node) -> Affine | None:
        if node not in self._affine:
            self._affine[node] = self._affine_form(node)
        return self._affine[node]

    def _affine_form(self, node: Node) -> Affine | None:
        match node:
            case Number():
                return Affine(node.value, {})
            case Size():
                return Affine(Fraction(self.sizes[node]), {})
            case Index():
                return (
                    Affine(Fraction(self.fixed[node]), {}) if node in self.fixed else Affine(Fraction(0), {node: _ONE})
                )
            case Add(terms):
                constant, coefficients = Fraction(0), dict[Index, Fraction]()
                for form in map(self.affine, terms):
                    if form is None:
                        return None
                    constant += form.constant
                    for index, factor in form.coefficients.items():
                        coefficients[index] = coefficients.get(index, Fraction(0)) + factor
                return Affine(constant, coefficients)
            case Multiply(factors):
                whole = Affine(_ONE, {})
                for form in map(self.affine, factors):
                    if form is None or (form.coefficients and whole.coefficients):
                        return None
                    scale, other = (form.constant, whole) if whole.coefficients else (whole.constant, form)
                    whole = Affine(scale * other.constant, {i: scale * c for i, c in other.coefficients.items()})
                return whole
        return None

    def values(self, node: Node) -> Labelled:
        """The integers that the expression is, an axis for each index that varies in it."""
        above, below = self.quotient(node)
        labels, (over, under) = aligned([above, below])
        if np.any(over % under):
            raise UnsupportedError("a subscript that is no integer")
        return Labelled(labels, over // under)

    def quotient(self, node: Node) -> Quotient:
        """The expression as integer over positive integer; UnsupportedError for one that is not rational in indices."""
        match node:
            case Number():
                return Quotient(_scalar(node.numerator), _scalar(node.denominator))
            case Size():
                return Quotient(_scalar(self.sizes[node]), _scalar(1))
            case Index():
                return Quotient(self.running(node), _scalar(1))
            case Add(terms):
                return functools.reduce(_sum, map(self.quotient, terms))
            case Multiply(factors):
                return functools.reduce(_product, map(self.quotient, factors))
            case Power(base, Number(exponent, 1)) if abs(exponent) <= 8:
                once = self.quotient(base)
                if exponent < 0:
                    once = _inverse(once)
                return functools.reduce(_product, [once] * abs(exponent), _UNIT)
            case Call("floor", argument):
                labels, (over, under) = aligned(self.quotient(argument))
                return Quotient(Labelled(labels, over // under), _scalar(1))
        raise UnsupportedError(f"{type(node).__name__} in a subscript")

    # ------------------------------------------------------------------------------ reading

    def read(self, stored: Stored, subscripts: tuple[Node, ...]) -> Labelled:
        """The elements at the subscripts; NaN where a subscript is outside the axis."""
        if not subscripts:
            return Labelled(stored.probes, stored.array)
        if self._is_whole(stored, subscripts):
            return Labelled((*stored.probes, *subscripts), stored.array)
        return self._viewed(stored, subscripts) or self._taken(stored, subscripts)

    def _is_whole(self, stored: Stored, subscripts: tuple[Node, ...]) -> bool:
        own = stored.array.shape[len(stored.probes) :]
        return len(set(subscripts)) == len(subscripts) and all(
            isinstance(s, Index) and s not in self.fixed and self.range(s) == (start, length)
            for s, start, length in zip(subscripts, stored.starts, own, strict=True)
        )

    def _viewed(self, stored: Stored, subscripts: tuple[Node, ...]) -> Labelled | None:
        """A strided view, if every subscript is affine in whole indices and stays inside its axis."""
        skipped = len(stored.probes)
        shape, strides = stored.array.shape[skipped:], stored.array.strides[skipped:]
        steps: dict[Index, int] = {}
        first: list[slice] = []
        for node, start, length, stride in zip(subscripts, stored.starts, shape, strides, strict=True):
            form = self.affine(node)
            if form is None or form.constant.denominator != 1:
                return None
            least = greatest = place = _whole(form.constant) - start
            for index, factor in form.coefficients.items():
                run = self.range(index)
                if run is None or run[1] == 0 or factor.denominator != 1:
                    return None
                place += int(factor) * run[0]
                ends = sorted((int(factor) * run[0], int(factor) * (run[0] + run[1] - 1)))
                least, greatest = least + ends[0], greatest + ends[1]
                steps[index] = steps.get(index, 0) + int(factor) * stride
            if least < 0 or greatest >= length:
                return None
            first.append(slice(place, place + 1))
        corner = stored.array[(slice(None),) * skipped + tuple(first)]
        view = as_strided(
            corner,
            stored.array.shape[:skipped] + tuple(self.length(i) for i in steps),
            stored.array.strides[:skipped] + tuple(steps.values()),
            writeable=False,
        )
        return Labelled((*stored.probes, *steps), view)

    def _taken(self, stored: Stored, subscripts: tuple[Node, ...]) -> Labelled:
        labels, arrays = aligned([self.values(s) for s in subscripts])
        shape = stored.array.shape[len(stored.probes) :]
        places = [array - start for array, start in zip(arrays, stored.starts, strict=True)]
        outside = np.asarray(False)
        for place, length in zip(places, shape, strict=True):
            outside = outside | (place < 0) | (place >= length)
        if outside.any() and 0 in shape:
            raise UnsupportedError("a subscript of an empty axis")
        clipped = tuple(np.clip(place, 0, length - 1) for place, length in zip(places, shape, strict=True))
        found = np.asarray(stored.array[(..., *clipped)])
        if outside.any():
            found = np.where(outside, np.asarray(np.nan, dtype=found.dtype), found)
        return Labelled((*stored.probes, *labels), found)


_ONE = Fraction(1)


def _whole(value: Fraction) -> int:
    if value.denominator != 1:
        raise UnsupportedError("a subscript that is no integer")
    return value.numerator


def _scalar(value: int) -> Labelled:
    if abs(value) >= 2**62:
        raise UnsupportedError("a subscript beyond 62 bits")
    return Labelled((), np.asarray(value, dtype=np.int64))


_UNIT = Quotient(_scalar(1), _scalar(1))


def _inverse(value: Quotient) -> Quotient:
    if not value.above.array.all():
        raise UnsupportedError("a division by zero in a subscript")
    sign = Labelled(value.above.labels, np.sign(value.above.array))
    return Quotient(_times(value.below, sign), _times(value.above, sign))


def _times(one: Labelled, other: Labelled) -> Labelled:
    labels, (left, right) = aligned([one, other])
    return Labelled(labels, left * right)


def _sum(one: Quotient, other: Quotient) -> Quotient:
    labels, (left, right) = aligned([_times(one.above, other.below), _times(other.above, one.below)])
    return Quotient(Labelled(labels, left + right), _times(one.below, other.below))


def _product(one: Quotient, other: Quotient) -> Quotient:
    return Quotient(_times(one.above, other.above), _times(one.below, other.below))
