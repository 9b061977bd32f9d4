"""The parts of an expression that an edit may change, each with its role and a way to put something else there."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from derive.binding import opened, reduce, replace
from derive.expression import (
    HALF,
    MINUS_ONE,
    Add,
    Call,
    Compare,
    Extremum,
    Index,
    Logic,
    Multiply,
    Node,
    Power,
    Reduce,
    Table,
    Where,
    add,
    multiply,
    power,
)


@dataclass(frozen=True)
class Place:
    """A part of an expression.

    role: what it is there.  put: the whole with something else in its place.  indices: those that it may read.
    around: what it is part of, from the whole inwards.
    """

    part: Node
    role: str
    put: Callable[[Node], Node]
    indices: tuple[Index, ...]
    around: tuple[Node, ...] = ()

    @property
    def parent(self) -> Node | None:
        return self.around[-1] if self.around else None


def places(
    node: Node,
    indices: tuple[Index, ...],
    role: str = "side",
    put: Callable[[Node], Node] = lambda node: node,
    around: tuple[Node, ...] = (),
) -> Iterator[Place]:
    """The expression and all below it. indices: those that are free in it."""
    yield Place(node, role, put, indices, around)
    for child, child_role, rebuild, inner in children(node, indices):
        yield from places(child, inner, child_role, partial(_through, put, rebuild), (*around, node))


def _through(put: Callable[[Node], Node], rebuild: Callable[[Node], Node], new: Node) -> Node:
    return put(rebuild(new))


Child = tuple[Node, str, Callable[[Node], Node], tuple[Index, ...]]


def children(node: Node, indices: tuple[Index, ...]) -> Iterator[Child]:
    """The parts that an edit may change; a derivative is left as it is."""
    match node:
        case Add(terms):
            yield from _each(terms, "term", lambda new: add(*new), indices)
        case Multiply(factors):
            yield from _each(factors, "factor", lambda new: multiply(*new), indices)
        case Power(base, exponent):
            yield base, "base", lambda new: power(new, exponent), indices
            if exponent not in (HALF, MINUS_ONE):
                yield exponent, "exponent", lambda new: power(base, new), indices
        case Call(function, argument):
            yield argument, "argument", partial(Call, function), indices
        case Extremum(kind, arguments):
            yield from _each(arguments, "argument", lambda new: Extremum(kind, new), indices)
        case Where(condition, then, otherwise):
            yield condition, "condition", lambda new: Where(new, then, otherwise), indices
            yield then, "branch", lambda new: Where(condition, new, otherwise), indices
            yield otherwise, "branch", lambda new: Where(condition, then, new), indices
        case Logic(operator, conditions):
            yield from _each(conditions, "condition", lambda new: Logic(operator, new), indices)
        case Table(entries, subscripts):
            for entry, rebuild in _entries(entries):
                yield entry, "entry", partial(_tabled, rebuild, subscripts), indices
        case Compare(operator, left, right):
            yield left, "compared", lambda new: Compare(operator, new, right), indices
            yield right, "compared", lambda new: Compare(operator, left, new), indices
        case Reduce(kind):
            body, named = with_names(node, indices)
            yield body, "body", lambda new: reduce(kind, new, *named), (*indices, *named)


def _entries(entries: Any) -> Iterator[tuple[Node, Callable[[Node], Any]]]:
    """The entries of a literal array, each with a way to make the array with another in its place."""
    if isinstance(entries, Node):
        yield entries, lambda new: new
        return
    for at, row in enumerate(entries):
        for entry, rebuild in _entries(row):
            yield entry, partial(_in_row, entries, at, rebuild)


def _in_row(entries: tuple[Any, ...], at: int, rebuild: Callable[[Node], Any], new: Node) -> tuple[Any, ...]:
    return (*entries[:at], rebuild(new), *entries[at + 1 :])


def _tabled(rebuild: Callable[[Node], Any], subscripts: tuple[Node, ...], new: Node) -> Node:
    return Table(rebuild(new), subscripts)


def _each(
    parts: tuple[Node, ...], role: str, build: Callable[[tuple[Node, ...]], Node], indices: tuple[Index, ...]
) -> Iterator[Child]:
    for at, part in enumerate(parts):
        yield part, role, partial(_with, parts, at, build), indices


def _with(parts: tuple[Node, ...], at: int, build: Callable[[tuple[Node, ...]], Node], new: Node) -> Node:
    return build((*parts[:at], new, *parts[at + 1 :]))


def with_names(node: Reduce, around: tuple[Index, ...]) -> tuple[Node, tuple[Index, ...]]:
    """The body of a sum with its indices under the names that were read, where these are free."""
    body, freed = opened(node)
    taken = {leaf.name for leaf in (*around, *node.free)}
    names = [hint if hint not in taken else index.name for index, hint in zip(freed, node.hint or (), strict=False)]
    named = tuple(Index(name, index.axis) for name, index in zip(names or [i.name for i in freed], freed, strict=True))
    return replace(body, dict(zip(freed, named, strict=True))), named
