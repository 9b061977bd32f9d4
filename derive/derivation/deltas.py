"""Sums over a Kronecker delta, contracted in the reader's own form: nothing else is touched."""

from derive.binding import hinted, opened, rebuilt, reduce, replace
from derive.expression import ZERO, Add, Delta, Index, Multiply, Node, Reduce, Where, add, multiply, power


def contracted(node: Node) -> Node:
    """The expression with each sum over i of delta(i, k)*f(i) written f(k), where i and k run over one axis.

    A sum of several terms is split where one of them has such a delta.
    """
    changed = rebuilt(node, contracted) if node.children() else node
    if isinstance(changed, Where):
        return _outside(changed)
    if not isinstance(changed, Reduce) or changed.kind not in ("sum", "mean") or not _deltas(changed.body):
        return changed
    body, indices = opened(changed)
    sizes = [index.axis.size for index in indices] if changed.kind == "mean" else []
    terms = [_term(term, indices) for term in _terms(body, frozenset(indices))]
    if all(left == indices for _, left in terms):
        return changed
    whole = [_summed(term, left, changed) for term, left in terms]
    return multiply(add(*whole), *(power(size, -1) for size in sizes))


def _outside(cases: Where) -> Node:
    """A delta that is a factor of either case as a factor of both: where(c, a, b)*delta."""
    for delta in _factors(cases.then):
        if isinstance(delta, Delta) and (cases.otherwise is ZERO or delta in _factors(cases.otherwise)):
            then, otherwise = (_without(part, delta) for part in (cases.then, cases.otherwise))
            return multiply(_outside(Where(cases.condition, then, otherwise)), delta)
    return cases


def _factors(node: Node) -> tuple[Node, ...]:
    return node.factors if isinstance(node, Multiply) else (node,)


def _without(node: Node, factor: Node) -> Node:
    return node if node is ZERO else multiply(*(part for part in _factors(node) if part is not factor))


def _term(term: Node, indices: tuple[Index, ...]) -> tuple[Node, tuple[Index, ...]]:
    """A term without the deltas that fix one of the indices, and the indices that are left."""
    left = list(indices)
    found = True
    while found:
        found = False
        factors = _factors(term)
        for place, factor in enumerate(factors):
            chosen = _fixed(factor, left) if isinstance(factor, Delta) else None
            if chosen is not None:
                index, other = chosen
                left.remove(index)
                term = replace(multiply(*factors[:place], *factors[place + 1 :]), {index: other})
                found = True
                break
    return term, tuple(left)


def _fixed(delta: Delta, indices: list[Index]) -> tuple[Index, Index] | None:
    """The index that the delta fixes, and at what: an index that runs over the same axis."""
    for one, other in ((delta.left, delta.right), (delta.right, delta.left)):
        if isinstance(one, Index) and one in indices and isinstance(other, Index) and one.axis is other.axis:
            return (one, other) if one is not other else None
    return None


def _terms(node: Node, indices: frozenset[Index]) -> list[Node]:
    """The terms of a sum; a product is multiplied out where a sum in it has a delta with one of the indices."""
    if isinstance(node, Add):
        return [part for term in node.terms for part in _terms(term, indices)]
    if isinstance(node, Multiply):
        for place, factor in enumerate(node.factors):
            if isinstance(factor, Add) and any(delta.free & indices for delta in _deltas(factor)):
                others = (*node.factors[:place], *node.factors[place + 1 :])
                return [part for term in factor.terms for part in _terms(multiply(*others, term), indices)]
    return [node]


def _deltas(node: Node) -> list[Delta]:
    """The deltas that are factors of a term of the node."""
    if isinstance(node, Delta):
        return [node]
    parts = node.factors if isinstance(node, Multiply) else node.terms if isinstance(node, Add) else ()
    return [delta for part in parts for delta in _deltas(part)]


def _summed(term: Node, left: tuple[Index, ...], like: Reduce) -> Node:
    if not left:
        return term
    made = reduce("sum", term, *left)
    return hinted(made, like.hint if like.hint is not None and len(left) == len(like.hint) else None)
