"""Definitions that recur: solved step by step, each step an array over the other axes."""

from collections.abc import Iterator
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from derive.errors import UnsupportedError
from derive.expression import Index, Node, Number, Variable
from derive.formula import Definition
from verify.floats.labelled import Array, Label, Labelled, Stored, stacked
from verify.floats.subscripts import Subscripts

if TYPE_CHECKING:
    from verify.floats.arrays import Arrays


class Recurrence:
    """A recurrence while it is being solved: reading a step that is not known yet gives NaN."""

    def __init__(self, at: "Arrays", definition: Definition) -> None:
        self.at, self.definition, self.tensor = at, definition, definition.tensor
        ranges = [(at.subscripts.number(a.start), at.subscripts.number(a.size)) for a in self.tensor.axes]
        self.starts = tuple(start or 0 for start, _ in ranges)
        self.shape = tuple(size or 0 for _, size in ranges)
        rank = range(len(self.shape))
        self.steps = [p for p in rank if any(isinstance(subs[p], Number) for subs, _ in definition.bases)]
        self.others = [p for p in rank if p not in self.steps]
        self.known: dict[tuple[int, ...], Stored] = {}

    def solved(self) -> Stored:
        for subscripts, body in self.definition.bases:
            self._solve(subscripts, body)
        self._solve(self.definition.indices, self.definition.body)
        return self._whole()

    def _solve(self, subscripts: tuple[Node, ...], body: Node) -> None:
        for fixed, step in self._each(subscripts):
            if step in self.known:
                continue
            named: dict[Index | Variable, Labelled] = {i: Labelled((), np.asarray(value)) for i, value in fixed.items()}
            child = self.at.child(named=named, progress=self)
            rest = [subscripts[p] for p in self.others]
            indices = [i for i in rest if isinstance(i, Index)]
            if len(indices) < len(rest):
                raise UnsupportedError("a recurrence whose base is not one value of the step")
            self.known[step] = child.laid_out(child(body), indices)

    def _each(self, subscripts: tuple[Node, ...]) -> Iterator[tuple[dict[Index, int], tuple[int, ...]]]:
        """Every step that a line of the definition gives, in ascending order, with the indices it fixes."""
        choices: list[Array] = []
        for p in self.steps:
            node = subscripts[p]
            number = self.at.subscripts.number(node)
            if number is None and not isinstance(node, Index):
                raise UnsupportedError("a recurrence whose step is not an index")
            choices.append(self.at.subscripts.running(node).array if isinstance(node, Index) else np.asarray([number]))
        for values in product(*(map(int, choice) for choice in choices)):
            named = zip((subscripts[p] for p in self.steps), values, strict=True)
            yield {i: value for i, value in named if isinstance(i, Index)}, values

    def read(self, places: Subscripts, subscripts: tuple[Node, ...]) -> Labelled:
        """An element of the tensor as far as it is known."""
        step = [places.number(subscripts[p]) for p in self.steps]
        if None in step:
            return places.read(self._whole(), subscripts)
        found = self.known.get(tuple(s for s in step if s is not None))
        if found is None:
            return Labelled((), np.asarray(np.nan, dtype=self.at.dtype))
        return places.read(found, tuple(subscripts[p] for p in self.others))

    def _whole(self) -> Stored:
        """All steps side by side, NaN for those not known."""
        if not self.known:
            return Stored((), np.full(self.shape, np.nan, self.at.dtype), self.starts)
        probes: tuple[Label, ...]
        probes, side = stacked(self.known.values())
        shape = side.shape[: len(probes)] + self.shape
        whole = np.full(shape, np.nan, self.at.dtype)
        # Steps first among the tensor's own axes, then back to where they belong.
        turned = np.moveaxis(whole, [len(probes) + p for p in self.steps], range(len(self.steps)))
        for place, step in enumerate(self.known):
            position = tuple(s - self.starts[p] for s, p in zip(step, self.steps, strict=True))
            turned[position] = side[(slice(None),) * len(probes) + (place,)]
        return Stored(probes, whole, self.starts)
