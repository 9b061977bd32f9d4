"""Binders and what is put under them: sums are made, opened and rewritten without capture.

A binder names what it binds by numbers higher than any bound inside, so that equal expressions are one
object whatever their indices were called, and a substitution never catches a name.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import count
from typing import Any, TypeVar

from derive.expression import (
    Add,
    Axis,
    Binder,
    Element,
    Expect,
    Index,
    Like,
    Multiply,
    Node,
    Power,
    Reduce,
    Tensor,
    Variable,
    add,
    as_node,
    multiply,
    power,
)

_FRESH = count(1)
_B = TypeVar("_B", bound=Binder)


def reduce(kind: str, body: Like, *indices: Index) -> Reduce:
    """Bind the indices in body, which names them by numbers; their own names become the hint.

    The axis of an index may not mention an index bound beside it.
    """
    opened_names = tuple(str(i.name) for i in indices) if all(isinstance(i.name, str) for i in indices) else None
    closed, bound = _bind(as_node(body), indices)
    return hinted(Reduce(kind, closed, bound), opened_names)


def total(body: Like, *indices: Index) -> Node:
    """The sum of body over the indices; body itself when there are none."""
    return reduce("sum", body, *indices) if indices else as_node(body)


def expectation(body: Like, variable: Variable, mean: Like, deviation: Like) -> Expect:
    body, mean, deviation = as_node(body), as_node(mean), as_node(deviation)
    level = max(body.level, mean.level, deviation.level)
    bound = Variable(level + 1)
    node = Expect(replace(body, {variable: bound}), (bound,), mean, deviation)
    return hinted(node, (variable.name,) if isinstance(variable.name, str) else None)


def _bind(body: Node, indices: tuple[Index, ...]) -> tuple[Node, tuple[Index, ...]]:
    level = max([body.level, *(i.axis.level for i in indices)])
    bound = tuple(Index(level + 1 + p, i.axis) for p, i in enumerate(indices))
    return replace(body, dict(zip(indices, bound, strict=True))), bound


# ------------------------------------------------------------------------------ opening, replacing


def fresh(like: Index) -> Index:
    """A free index over the same axis that occurs nowhere else."""
    return Index(-next(_FRESH), like.axis)


def opened(node: Binder) -> tuple[Node, tuple[Any, ...]]:
    """The body of a binder with its bound indices (or variable) freed under fresh names."""
    freed = tuple(fresh(b) if isinstance(b, Index) else Variable(-next(_FRESH)) for b in node.bound)
    return replace(node.body, dict(zip(node.bound, freed, strict=True))), freed


def rebuilt(node: Node, change: Callable[[Node], Node]) -> Node:
    """node with `change` applied to each child, and to the indices of a binder once they are freed.

    Sums and products are made by their makers, so that zeros and ones fall away.
    """
    if isinstance(node, Element):
        return Element(node.tensor, tuple(map(change, node.subscripts)))
    if isinstance(node, Multiply):
        return multiply(*map(change, node.factors))
    if isinstance(node, Add):
        return add(*map(change, node.terms))
    if isinstance(node, Power):
        return power(change(node.base), change(node.exponent))
    if isinstance(node, Reduce):
        body, indices = opened(node)
        return _with_hint(reduce(node.kind, change(body), *map(change, indices)), node)  # type: ignore[arg-type]
    if isinstance(node, Expect):
        body, (variable,) = opened(node)
        return _with_hint(expectation(change(body), variable, change(node.mean), change(node.deviation)), node)
    return type(node)(*[_changed(value, change) for value in node.fields])


def _changed(value: Any, change: Callable[[Node], Node]) -> Any:
    if isinstance(value, tuple):
        return tuple([_changed(item, change) for item in value])
    if isinstance(value, Axis):
        return Axis(change(value.start), change(value.size))
    if isinstance(value, Tensor):
        return value
    return change(value) if isinstance(value, Node) else value


def hinted(node: _B, names: tuple[str, ...] | None) -> _B:
    """The binder with names to print: those of whoever wrote it last, so that what was read before leaves no trace."""
    if names is not None and (node.hint is None or all(map(str.isidentifier, names))):
        object.__setattr__(node, "hint", names)
    return node


def _with_hint(node: _B, like: Binder) -> _B:
    return hinted(node, like.hint)


def replace(node: Node, mapping: Mapping[Any, Node]) -> Node:
    """Substitute nodes for nodes, all at once, without capture.

    Keys are usually indices or variables; any node may be one. Axes of indices are reached too.
    """
    leaves_only = all(isinstance(key, (Index, Variable)) for key in mapping)
    keys = frozenset(mapping)
    if leaves_only and keys.isdisjoint(node.free):
        return node
    # What binds nothing changes no level, so it may go below a binder as that stands. The names that
    # `_bind` puts in are higher than every name bound below.
    stays_bound = leaves_only and all(target.level == 0 for target in mapping.values())
    memo: dict[Node, Node] = {}

    def change(part: Node) -> Node:
        if part in keys:
            return mapping[part]
        if leaves_only and keys.isdisjoint(part.free):
            return part
        done = memo.get(part)
        if done is None:
            done = memo[part] = descend(part)
        return done

    def descend(part: Node) -> Node:
        if isinstance(part, Index):
            return Index(part.name, _changed(part.axis, change))
        if stays_bound and isinstance(part, Reduce) and all(keys.isdisjoint(b.axis.free) for b in part.bound):
            return _with_hint(Reduce(part.kind, change(part.body), part.bound), part)
        return rebuilt(part, change)

    return change(node)


def walk(node: Node) -> Iterator[Node]:
    """Every node below and including this one, once, children first; binders' bodies are entered."""
    seen: set[Node] = set()
    waiting: list[tuple[Node, bool]] = [(node, False)]
    while waiting:
        part, entered = waiting.pop()
        if entered:
            yield part
        elif part not in seen:
            seen.add(part)
            waiting.append((part, True))
            waiting.extend((child, False) for child in reversed(part.parts) if child not in seen)


def has(node: Node, parts: Iterable[Node]) -> bool:
    wanted = set(parts)
    return any(part in wanted for part in walk(node))
