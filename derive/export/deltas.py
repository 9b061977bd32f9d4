"""Sums over an index that a delta ties to others: the index is put in its place, and the sum is gone.

sum(f[i]*delta(i, k), i) is f[k]; where the place may lie outside the axis, the term counts only inside. Nothing else
is changed: no sum is distributed but over what holds a delta, so that centred differences stay centred.
"""

from collections.abc import Sequence

from derive.binding import opened, rebuilt, reduce, replace, total, walk
from derive.expression import (
    ONE,
    ZERO,
    Add,
    Compare,
    Delta,
    Index,
    Logic,
    Multiply,
    Node,
    Power,
    Reduce,
    Where,
    add,
    multiply,
    number,
)
from derive.ranges import ends_of, is_nonnegative, polynomial


def contracted(node: Node) -> Node:
    """The expression with every delta that a sum can take up taken up."""
    if not any(isinstance(part, Delta) for part in walk(node)):
        return node
    match node:
        case Reduce("sum" | "mean" as kind):
            body, indices = opened(node)
            body = contracted(body)
            if kind == "mean":
                if not _holds_delta(body):
                    return reduce("mean", body, *indices)
                body = multiply(body, *(power_of(i.axis.size) for i in indices))
            return _summed(body, indices)
        case Where(condition, then, otherwise):
            return _chosen(contracted(condition), contracted(then), contracted(otherwise))
        case Delta(left, right) if left is right:
            return ONE
    return rebuilt(node, contracted)


def power_of(size: Node) -> Node:
    return Power(size, number(-1)) if size is not ONE else ONE


def _holds_delta(node: Node) -> bool:
    return any(isinstance(part, Delta) for part in walk(node))


def _chosen(condition: Node, then: Node, otherwise: Node) -> Node:
    """A choice between products: their deltas come out as factors of two one-sided choices."""
    if then is otherwise:
        return then
    sides = []
    for branch, first in ((then, True), (otherwise, False)):
        deltas = [f for f in _factors(branch) if isinstance(f, Delta)]
        rest = multiply(*(f for f in _factors(branch) if not isinstance(f, Delta)))
        sides.append((deltas, rest, first))
    if not any(deltas for deltas, _, _ in sides):
        return Where(condition, then, otherwise)
    terms = []
    for deltas, rest, first in sides:
        if rest is not ZERO:
            terms.append(multiply(*deltas, Where(condition, rest, ZERO) if first else Where(condition, ZERO, rest)))
    return add(*terms)


def _factors(node: Node) -> tuple[Node, ...]:
    return node.factors if isinstance(node, Multiply) else (node,)


def _summed(body: Node, indices: Sequence[Index]) -> Node:
    bound = set(indices)
    if body is ZERO:
        return ZERO
    if isinstance(body, Add):
        tied = [term for term in body.terms if _ties(term, bound)]
        if tied:
            rest = add(*(term for term in body.terms if term not in tied))
            plain = [] if rest is ZERO else [_summed(rest, indices)]
            return add(*(_summed(term, indices) for term in tied), *plain)
        return total(body, *indices)
    factors = _factors(body)
    outside = [f for f in factors if isinstance(f, Delta) and bound.isdisjoint(f.free)]
    if outside:
        return multiply(*outside, _summed(multiply(*(f for f in factors if f not in outside)), indices))
    best: tuple[Delta, Index, Node, Node] | None = None
    for factor in factors:
        if isinstance(factor, Delta):
            for index in indices:
                found = _solved(factor, index, bound)
                if found is not None and (best is None or (found[1] is ONE and best[3] is not ONE)):
                    best = (factor, index, *found)
    if best is not None:
        delta, index, value, inside = best
        rest = multiply(*_without(factors, delta))
        rest = replace(rest, {index: value})
        if inside is not ONE:
            rest = contracted(rest)
            rest = multiply(*_split_where(inside, rest))
        return _summed(contracted(rest), [i for i in indices if i is not index])
    for place, factor in enumerate(factors):
        if isinstance(factor, Add) and any(_ties(term, bound) for term in factor.terms):
            others = (*factors[:place], *factors[place + 1 :])
            return _summed(add(*(multiply(term, *others) for term in factor.terms)), indices)
    return total(body, *indices)


def _split_where(inside: Node, rest: Node) -> list[Node]:
    deltas = [f for f in _factors(rest) if isinstance(f, Delta)]
    plain = multiply(*(f for f in _factors(rest) if not isinstance(f, Delta)))
    return [*deltas, Where(inside, plain, ZERO)]


def _without(factors: Sequence[Node], one: Node) -> list[Node]:
    rest = list(factors)
    rest.remove(one)
    return rest


def _ties(node: Node, bound: set[Index]) -> bool:
    """Whether the node is a product with a delta of a bound index, or has a sum of such as a factor."""
    for factor in _factors(node):
        if isinstance(factor, Delta) and not bound.isdisjoint(factor.free):
            return True
        if isinstance(factor, Add) and any(_ties(term, bound) for term in factor.terms):
            return True
    return False


def _solved(delta: Delta, index: Index, bound: set[Index]) -> tuple[Node, Node] | None:
    """The value of the index where the delta is 1, and the condition that it lies on its axis (ONE where it does)."""
    if any(index in other.axis.free for other in bound if other is not index):
        return None
    for side, other in ((delta.left, delta.right), (delta.right, delta.left)):
        if side is index and index not in other.free:
            return other, _inside(other, index)
    if index in delta.left.free and index in delta.right.free:
        return None
    side, other = (delta.left, delta.right) if index in delta.left.free else (delta.right, delta.left)
    form = _linear(side, index)
    if form is None or abs(form[0]) != 1:
        return None
    slope, rest = form
    value = multiply(slope, other - rest)
    tidy = polynomial(value)
    value = tidy.node() if tidy is not None else value
    return value, _inside(value, index)


def _linear(node: Node, index: Index) -> tuple[int, Node] | None:
    """(c, r) with node = c*index + r for an integer c and r without the index."""
    if index not in node.free:
        return 0, node
    form = polynomial(node)
    if form is not None:
        parts = form.split(index)
        if parts is None or set(parts[0]) - {()}:
            return None
        return parts[0].get((), 0), parts[1].node()
    if isinstance(node, Add):
        own = [term for term in node.terms if index in term.free]
        if len(own) == 1 and (found := _linear(own[0], index)) is not None:
            return found[0], add(found[1], *(term for term in node.terms if term is not own[0]))
    return None


def _inside(value: Node, index: Index) -> Node:
    """The condition that the value lies on the axis of the index, ONE where that is shown."""
    over = index.axis
    if isinstance(value, Index) and value.axis is over:
        return ONE
    form, ends = polynomial(value), ends_of(over)
    conditions: list[Node] = []
    low, high = over.start, over.start + over.size - 1
    if form is None or ends is None or not is_nonnegative(form - ends[0]):
        conditions.append(Compare(">=", value, low))
    if form is None or ends is None or not is_nonnegative(ends[1] - form):
        conditions.append(Compare("<=", value, high))
    return ONE if not conditions else conditions[0] if len(conditions) == 1 else Logic("and", tuple(conditions))
