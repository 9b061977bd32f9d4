"""The intermediate program: array statements over numbered axes, from which every printer writes its code.

A `Value` is what one statement makes. It runs over loop axes 0, 1, …, whose lengths are its `extents`; the first
`rank` of them are the axes of the result, the others are summed or folded away. An operand says for each of its own
axes which loop axis that is, so that two statements that differ only in the names of their indices are one
object: equal parts of a program are computed once. What the operations are (detail in brackets):

    input (name)     an argument, incoming gradient or parameter      number (Fraction)   a rational
    constant (name)  pi                                               size (integer node) a length, as a number
    range (node)     start, start + 1, … along axis 0                 map (function)      elementwise, broadcast
    contract ()      the sum over inner axes of the operands' product fold (kind)         max, min, prod, all
    read (nodes)     operand at integer subscripts, see below         stack (shape)       a literal array of operands
    loop (Recurrence) all steps of a recurrence                       state (Recurrence)  what it has made so far

The subscripts of a read are integer nodes in sizes, in `place(k)` for loop axis k, and in the step of the loop
around it. None of the axes of what a read reads is a loop axis: its operand is told with no axes.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple

from derive.expression import Axis, Index, Node, Tensor, axis

Operand = tuple["Value", tuple[int, ...]]


@dataclass(frozen=True)
class Recurrence:
    """tensor over steps: the starting values, then for each step the body.

    step: the index that steps, `position` its axis in the tensor.  starts: for each starting value its place on that
    axis, counted from 0.  The operands of the loop are the starting values and, last, the body.
    """

    tensor: Tensor
    step: Index
    position: int
    starts: tuple[Node, ...]


@dataclass(frozen=True)
class Subscripts:
    """Where a read reads: one integer node for each axis of its operand, counted from 0."""

    nodes: tuple[Node, ...]


class Value:
    """One statement; made by `Graph`, equal statements are the same object."""

    __slots__ = ("detail", "extents", "is_static", "name", "op", "operands", "rank", "serial", "steps")

    def __init__(
        self, op: str, operands: tuple[Operand, ...], extents: tuple[Node, ...], rank: int, detail: Any, serial: int
    ) -> None:
        self.op, self.operands, self.extents, self.rank, self.detail = op, operands, extents, rank, detail
        self.serial = serial
        self.name = ""
        # Numbers, sizes and what is made of them alone: known before any array is.
        static = op in ("number", "constant", "size") or (op == "map" and bool(operands) and not extents)
        self.is_static: bool = static and all(value.is_static for value, _ in operands)
        # The steps of recurrences on which it depends, so that it stands inside their loops.
        steps = frozenset().union(*(value.steps for value, _ in operands))
        match detail:
            case Subscripts(nodes):
                steps |= {i for node in nodes for i in node.free if isinstance(i, Index) and i.name not in _PLACES}
            case Recurrence(_, step):
                steps = steps | {step} if op == "state" else steps - {step}
            case Node() if op in ("size", "range"):
                steps |= {i for i in detail.free if isinstance(i, Index)}
        self.steps: frozenset[Index] = steps

    @property
    def shape(self) -> tuple[Node, ...]:
        return self.extents[: self.rank]

    @property
    def number(self) -> Fraction | None:
        return self.detail if self.op == "number" else None

    def __repr__(self) -> str:
        return f"%{self.serial}={self.op}[{self.detail}]({', '.join(f'%{v.serial}{a}' for v, a in self.operands)})"


class Ref(NamedTuple):
    """A value seen under index names: one label for each of its axes, all different."""

    value: Value
    labels: tuple[Index, ...]


_PLACES = {f"#{k}": k for k in range(64)}


def place(k: int, extent: Node) -> Index:
    """Loop axis k as an index, counted from 0, for the subscripts of a read."""
    return Index(f"#{k}", axis(extent))


def place_of(index: Index) -> int | None:
    """The loop axis that an index stands for, None for the step of a loop."""
    return _PLACES.get(str(index.name))


class Graph:
    """All statements of a module; equal ones are made once, whatever their indices were called."""

    def __init__(self) -> None:
        self._made: dict[tuple[Any, ...], Value] = {}

    def make(
        self, op: str, refs: Sequence[Ref], out: Sequence[Index], inner: Sequence[Index] = (), detail: Any = None
    ) -> Ref:
        """The statement over the labels `out` (kept) and `inner` (gone)."""
        loops = (*out, *inner)
        at = {label: k for k, label in enumerate(loops)}
        operands = tuple((ref.value, tuple(at[label] for label in ref.labels)) for ref in refs)
        extents = tuple(label.axis.size for label in loops)
        key = (op, tuple((id(v), axes) for v, axes in operands), extents, len(out), detail)
        found = self._made.get(key)
        if found is None:
            found = self._made[key] = Value(op, operands, extents, len(out), detail, len(self._made))
        return Ref(found, tuple(out))

    def input(self, name: str, axes: Sequence[Axis]) -> Value:
        labels = tuple(Index(f"#{k}", over) for k, over in enumerate(axes))
        return self.make("input", (), labels, detail=name).value

    def known(
        self, op: str, refs: Sequence[Ref], out: Sequence[Index], inner: Sequence[Index] = (), detail: Any = None
    ) -> bool:
        """Whether the statement is there already."""
        at = {label: k for k, label in enumerate((*out, *inner))}
        operands = tuple((id(ref.value), tuple(at[label] for label in ref.labels)) for ref in refs)
        extents = tuple(label.axis.size for label in (*out, *inner))
        return (op, operands, extents, len(out), detail) in self._made


def reached(values: Sequence[Value]) -> Iterator[Value]:
    """Every value that some need, each once, operands first."""
    seen: set[Value] = set()
    waiting = [(value, False) for value in reversed(values)]
    while waiting:
        value, entered = waiting.pop()
        if entered:
            yield value
        elif value not in seen:
            seen.add(value)
            waiting.append((value, True))
            waiting.extend((operand, False) for operand, _ in reversed(value.operands) if operand not in seen)
