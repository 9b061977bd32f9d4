"""The tensors of a formula at a point: the inputs drawn, definitions worked out once, recurrences step by step."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import count, product

import flint
import numpy as np
from flint import arb, fmpq

from derive import domains
from derive.errors import UnsupportedError
from derive.expression import Axis, Index, Node, Tensor
from derive.formula import Definition, Formula
from verify.arithmetic import balls, positions
from verify.arithmetic.balls import NOWHERE, Array, Label, Labels, both
from verify.arithmetic.branches import Truths
from verify.arithmetic.reverse import marked
from verify.sampling import Draw


class Scope:
    """What holds in a part of an expression: bound names, the positions that matter, and values known so far."""

    def __init__(self, bound: dict[Node, Array] | None = None, is_masked: bool = False) -> None:
        self.bound = bound or {}
        self.is_masked = is_masked
        self.known: dict[Node, Array] = {}

    def binds(self, node: Node) -> bool:
        return not self.bound.keys().isdisjoint(node.free)


class Tensors(ABC):
    """The names of a formula at one draw and the precision in force.

    targets: the tensors by which anything is differentiated.  at_ties: at a tie take the value that both
    sides share (for worked examples), where a claim may not be judged.
    """

    def __init__(self, formula: Formula, draw: Draw, targets: Iterable[Tensor], at_ties: bool = False) -> None:
        self.formula, self.draw = formula, draw
        self.slots: dict[Tensor, Labels] = {}
        self.bits = {tensor: 1 << at for at, tensor in enumerate(targets)}
        self.truths = Truths(at_ties)
        self.active: Array | None = None
        self._scopes = [Scope()]
        self._ranks = count()
        self._spans: dict[Index, tuple[Label, int]] = {}
        self._stored: dict[Tensor, Array] = {}
        self._unfolding: dict[Tensor, dict[tuple[int, ...], Array]] = {}

    @abstractmethod
    def value(self, node: Node) -> Array:
        """The value of a node at every position of its free indices."""

    # --------------------------------------------------------------------- names and positions

    @contextmanager
    def binding(self, bound: dict[Node, Array]) -> Iterator[None]:
        self._scopes.append(Scope(bound))
        try:
            yield
        finally:
            self._scopes.pop()

    @contextmanager
    def restricted(self, mask: Array) -> Iterator[None]:
        """Only the positions of the mask matter: elsewhere nothing is recorded, nothing out of range."""
        before = self.active
        self.active = mask if before is None else both(before, mask)
        self._scopes.append(Scope(is_masked=True))
        try:
            yield
        finally:
            self._scopes.pop()
            self.active = before

    def bound(self, node: Node) -> Array | None:
        return next((scope.bound[node] for scope in reversed(self._scopes) if node in scope.bound), None)

    def label(self, length: int) -> Label:
        return next(self._ranks), length

    def span(self, index: Index) -> tuple[Label, int] | None:
        """The label of an index over a fixed axis, and its first value; None if it is bound otherwise."""
        if self.bound(index) is not None:
            return None
        span = self._spans.get(index)
        if span is None:
            length = self.integer(index.axis.size)
            span = self._spans[index] = self.label(max(length, 0)), self.integer(index.axis.start)
        return span

    def integer(self, node: Node) -> int:
        """A number that is the same everywhere: the length of an axis, a subscript of a base."""
        value = self.value(node)
        if value.labels or not value.exact or value.data.q != 1:
            raise UnsupportedError("an axis whose length or start is no fixed integer")
        return int(value.data.p)

    # --------------------------------------------------------------------------------- tensors

    def stored(self, tensor: Tensor) -> Array:
        """The whole array of a tensor, along its slots."""
        array = self._stored.get(tensor)
        if array is None:
            scopes, active = self._scopes, self.active
            self._scopes, self.active = scopes[:1], None
            try:
                array = self._made(tensor)
            finally:
                self._scopes, self.active = scopes, active
            self._stored[tensor] = array
        return array

    def _made(self, tensor: Tensor) -> Array:
        definition = self.formula.definition(tensor)
        if definition is None:
            return self._drawn(tensor)
        steps = _steps(definition)
        slots = tuple(
            self.label(self.integer(axis.size)) if at in steps else self.label_of(index)
            for at, (axis, index) in enumerate(zip(tensor.axes, definition.indices, strict=True))
        )
        array = self._unfolded(definition, steps, slots) if definition.bases else self.value(definition.body)
        self.slots[tensor] = slots
        bit = self.bits.get(tensor, 0)
        return marked(array, bit, tuple(sorted(slots))) if bit else array

    def _drawn(self, tensor: Tensor) -> Array:
        values = self.draw.values[tensor]
        slots = self.slots[tensor] = tuple(self.label(length) for length in values.shape)
        data = RATIONAL(values)
        if domains.TABLE[tensor.domain].integer:
            return Array(data, slots, exact=True)
        # A real number is never exact, so that what is exactly 0 is 0 nearby as well: no boundary.
        array = Array(balls.as_balls(data) if self.truths.at_ties else _AROUND(data), slots)
        array.reads = self.bits.get(tensor, 0)
        return array

    def _unfolded(self, definition: Definition, steps: tuple[int, ...], slots: Labels) -> Array:
        """A recurrence, step by step."""
        pieces = self._unfolding[definition.tensor] = {}
        starts = [self.integer(definition.tensor.axes[at].start) for at in steps]
        for places in product(*(range(slots[at][1]) for at in steps)):
            at = [start + place for start, place in zip(starts, places, strict=True)]
            pieces[places] = self._piece(definition, dict(zip(steps, at, strict=True)))
        del self._unfolding[definition.tensor]
        return _stacked(pieces, (), [slots[at] for at in steps])

    def _piece(self, definition: Definition, at: dict[int, int]) -> Array:
        """The value at one step: of the base that fixes it, else of the body."""
        fixed: dict[Node, Array] = {definition.indices[axis]: balls.exact(value) for axis, value in at.items()}
        for subscripts, body in definition.bases:
            if all(isinstance(subscripts[axis], Index) or self.integer(subscripts[axis]) == at[axis] for axis in at):
                names: dict[Node, Array] = {
                    own: fixed.get(index) or self.index_value(index)
                    for own, index in zip(subscripts, definition.indices, strict=True)
                    if isinstance(own, Index) and (own is not index or index in fixed)
                }
                with self.binding(names):
                    return self.value(body)
        for axis, value in at.items():
            own = definition.indices[axis].axis
            if not 0 <= value - self.integer(own.start) < self.integer(own.size):
                return NOWHERE
        with self.binding(fixed):
            return self.value(definition.body)

    def label_of(self, index: Index) -> Label:
        """The label of an index over a fixed axis."""
        span = self.span(index)
        if span is None:
            raise UnsupportedError("an index that is bound where a fixed axis is needed")
        return span[0]

    def index_value(self, index: Index) -> Array:
        """What an index runs over, or the value that it is bound to."""
        bound = self.bound(index)
        if bound is not None:
            return bound
        span = self.span(index)
        assert span is not None
        return counted(*span)

    def read(self, tensor: Tensor, subscripts: tuple[Node, ...]) -> Array:
        """The elements of a tensor at subscripts."""
        pieces = self._unfolding.get(tensor)
        if pieces is not None:
            return self._read_unfolding(tensor, subscripts, pieces)
        array = self.stored(tensor)
        return self.picked(array, self.slots[tensor], tensor.axes, subscripts)

    def picked(self, array: Array, slots: Labels, axes: tuple[Axis, ...], subscripts: tuple[Node, ...]) -> Array:
        """The elements of an array at subscripts: by renaming its labels where they are plain indices."""
        names: dict[Label, Label] = {}
        for slot, axis, subscript in zip(slots, axes, subscripts, strict=True):
            span = self.span(subscript) if isinstance(subscript, Index) else None
            if span is None or span[0][1] != slot[1] or span[1] != self.integer(axis.start):
                break
            names[slot] = span[0]
        else:
            if len(set(names.values())) == len(names):
                return positions.relabel(array, names)
        places, is_inside = self.places(slots, axes, subscripts)
        found = positions.gather(array, slots, places)
        return found if is_inside is None else balls.piecewise([(is_inside, found)], NOWHERE)

    def places(
        self, slots: Labels, axes: tuple[Axis, ...], subscripts: tuple[Node, ...]
    ) -> tuple[list[Array], Array | None]:
        """Positions along each slot, and where they all are in range (None: everywhere)."""
        places: list[Array] = []
        is_inside: Array | None = None
        for slot, axis, subscript in zip(slots, axes, subscripts, strict=True):
            value = balls.subtract(self.value(subscript), self.value(axis.start))
            if not value.exact:
                raise UnsupportedError("a subscript that is no integer expression")
            at = np.frompyfunc(position, 1, 1)(value.data)
            inside = (at >= 0) & (at < slot[1])
            if not np.all(inside):
                mask = Array(inside, value.labels, exact=True)
                is_inside = mask if is_inside is None else both(is_inside, mask)
                at = np.where(inside, at, 0) if value.labels else 0
            places.append(Array(at, value.labels, exact=True))
        return places, is_inside

    def _read_unfolding(
        self, tensor: Tensor, subscripts: tuple[Node, ...], pieces: dict[tuple[int, ...], Array]
    ) -> Array:
        definition = self.formula.definition(tensor)
        assert definition is not None
        steps = _steps(definition)
        others = [at for at in range(len(subscripts)) if at not in steps]
        slots = tuple(self.label_of(definition.indices[at]) for at in others)
        axes, rest = tuple(tensor.axes[at] for at in others), tuple(subscripts[at] for at in others)
        values = [balls.subtract(self.value(subscripts[at]), self.value(tensor.axes[at].start)) for at in steps]
        if any(value.labels for value in values):
            raise UnsupportedError(f"{tensor.name} reads itself at a step that is not fixed")
        piece = pieces.get(tuple(position(value.data) for value in values), NOWHERE)
        return self.picked(piece, slots, axes, rest)


def _steps(definition: Definition) -> tuple[int, ...]:
    """The axes along which a recurrence goes: those where a base fixes the subscript."""
    fixed = {at for subscripts, _ in definition.bases for at, s in enumerate(subscripts) if not isinstance(s, Index)}
    return tuple(sorted(fixed))


def _stacked(pieces: dict[tuple[int, ...], Array], prefix: tuple[int, ...], slots: list[Label]) -> Array:
    if len(prefix) == len(slots):
        return pieces[prefix]
    slot = slots[len(prefix)]
    return positions.stack([_stacked(pieces, (*prefix, place), slots) for place in range(slot[1])], slot)


def counted(label: Label, start: int) -> Array:
    data = np.empty(label[1], dtype=object)
    for place in range(label[1]):
        data[place] = fmpq(start + place)
    return Array(data, (label,), exact=True)


def position(value: fmpq) -> int:
    """A position; -1, out of every range, for what is no integer."""
    return int(value.p) if value.q == 1 and abs(value.p) < 1 << 40 else -1


def _around(value: fmpq) -> arb:
    """A ball around a rational; of some radius in any case."""
    width = arb(2) ** -flint.ctx.prec
    return arb(value) * arb(1, width) if value else arb(0, width**4)


_AROUND = np.frompyfunc(_around, 1, 1)
RATIONAL = np.frompyfunc(lambda v: fmpq(v.numerator, v.denominator), 1, 1)
