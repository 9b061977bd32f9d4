"""Sums as contractions: factors that do not run along come out, the others meet pairwise where that is cheapest."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from derive.binding import opened, total
from derive.errors import UnsupportedError
from derive.export.program import Ref
from derive.export.subscripts import running
from derive.expression import Add, Index, Multiply, Node, Number, Power, Reduce, add, multiply, power

if TYPE_CHECKING:
    from derive.export.lowering import Lowering

TYPICAL = 32
"""The length that stands for every size when costs are compared."""


def length(size: Node) -> int:
    return int(size.value) if isinstance(size, Number) else TYPICAL


def area(labels: Sequence[Index]) -> int:
    result = 1
    for label in labels:
        result *= length(label.axis.size)
    return result


def reduction(lower: "Lowering", node: Reduce) -> Ref:
    """A sum, mean, product or extremum over indices."""
    body, indices = opened(node)
    if any(running(i.axis) for i in indices):
        raise UnsupportedError("a sum whose range depends on another index")
    if any(i.axis.free for i in indices):
        raise UnsupportedError("a sum whose range depends on the step")
    match node.kind:
        case "sum":
            return summed(lower, body, indices)
        case "mean":
            return lower(multiply(total(body, *indices), *(power(i.axis.size, -1) for i in indices)))
    inner = lower(body)
    missing = [i for i in indices if i not in inner.labels]
    if node.kind == "prod" and missing:
        inner = lower.map("pow", inner, lower(multiply(*(i.axis.size for i in missing))))
    gone = [i for i in inner.labels if i in indices]
    kept = [label for label in inner.labels if label not in gone]
    return lower.graph.make("fold", (inner,), kept, gone, node.kind) if gone else inner


def summed(lower: "Lowering", body: Node, indices: Sequence[Index]) -> Ref:
    if isinstance(body, Add) and _is_cheaper_apart(body, indices):
        return lower(add(*(total(term, *indices) for term in body.terms)))
    factors = _factors(body)
    outside = [f for f in factors if f.free.isdisjoint(indices)]
    if outside:
        inside = [f for f in factors if not f.free.isdisjoint(indices)]
        if not inside:
            return lower(multiply(*outside, *(i.axis.size for i in indices)))
        return lower(multiply(*outside, total(multiply(*inside), *indices)))
    absent = [i for i in indices if i not in body.free]
    if absent:
        present = [i for i in indices if i in body.free]
        return lower(multiply(*(i.axis.size for i in absent), total(body, *present)))
    return contraction(lower, factors, indices)


def _factors(body: Node) -> list[Node]:
    """Factors, squares taken apart, so that a sum of squares is one contraction."""
    found: list[Node] = []
    for factor in body.factors if isinstance(body, Multiply) else (body,):
        match factor:
            case Power(base, Number(2, 1)):
                found += [base, base]
            case _:
                found.append(factor)
    return found


def _is_cheaper_apart(body: Add, indices: Sequence[Index]) -> bool:
    """Whether a term would fill a larger array than any of its factors does, or does not run along at all."""
    for term in body.terms:
        if isinstance(term, Multiply) and area(running(term)) > max(area(running(f)) for f in term.factors):
            return True
    everything = area(running(body))
    return any(area(running(term)) < everything for term in body.terms) and all(
        area(running(term)) < everything for term in body.terms
    )


def contraction(lower: "Lowering", factors: Sequence[Node], indices: Sequence[Index]) -> Ref:
    """The sum of a product: factors over the same indices are multiplied first, then two meet at a time."""
    groups: dict[frozenset[Index], list[Node]] = {}
    for factor in factors:
        groups.setdefault(frozenset(running(factor)), []).append(factor)
    parts: list[Ref] = []
    for group in groups.values():
        if len(group) > 1 and len(groups) == 1:  # a product of two arrays alike is one contraction too
            half = group[0] if group[0] in group[1:] and len(group) == 2 else multiply(*group[:-1])
            parts += [lower(half), lower(group[-1])]
        else:
            parts.append(lower(multiply(*group)))
    # What was read with an index may come out without it: x[i]**0.
    absent = [i for i in indices if not any(i in part.labels for part in parts)]
    whole = _contracted(lower, parts, set(indices))
    return lower.map("mul", whole, lower(multiply(*(i.axis.size for i in absent)))) if absent else whole


def _contracted(lower: "Lowering", parts: list[Ref], gone: set[Index]) -> Ref:
    while len(parts) > 2:
        _, a, b = min((_cost(parts, a, b, gone), a, b) for a in range(len(parts)) for b in range(a + 1, len(parts)))
        rest = [part for k, part in enumerate(parts) if k not in (a, b)]
        needed = {label for part in rest for label in part.labels}
        parts = [_met(lower, [parts[a], parts[b]], gone - needed), *rest]
    return _met(lower, parts, gone)


def _cost(parts: Sequence[Ref], a: int, b: int, gone: set[Index]) -> int:
    rest = {label for k, part in enumerate(parts) if k not in (a, b) for label in part.labels}
    both = dict.fromkeys((*parts[a].labels, *parts[b].labels))
    return area(tuple(both)) + area([label for label in both if label in rest or label not in gone])


def _met(lower: "Lowering", parts: Sequence[Ref], gone: set[Index]) -> Ref:
    every = tuple(dict.fromkeys(label for part in parts for label in part.labels))
    inner = [label for label in every if label in gone]
    kept = [label for label in every if label not in gone]
    if not inner:
        return lower.map("mul", *parts) if len(parts) == 2 else parts[0]
    if len(parts) == 2:
        # A label that both operands keep runs along; it stands first, as in a batch of matrix products.
        shared = [label for label in kept if all(label in part.labels for part in parts)]
        kept = [*shared, *(label for label in kept if label not in shared)]
    return lower.graph.make("contract", parts, kept, inner)
