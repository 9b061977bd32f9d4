"""The links of a chain rule that a claim names: derivatives by what lies between, which stay names in its proof.

D(L, W[i, j]) == D(L, z[i])*a[j] is shown by one step of the chain rule, however long the way from z to L is.
"""

from collections.abc import Iterator
from typing import NamedTuple

from derive.binding import opened
from derive.expression import Derivative, Element, Expect, Node, Reduce, Tensor
from derive.formula import Claim, Definition
from derive.resolution import Resolution


class Links(NamedTuple):
    """names: what stands for each derivative that is not worked out.  between: the definitions before the links."""

    names: dict[Derivative, Element]
    between: frozenset[Tensor]

    @property
    def kept(self) -> frozenset[Tensor]:
        return frozenset(name.tensor for name in self.names.values())


def links(resolution: Resolution, claim: Claim) -> Links | None:
    """What stays a name where derivatives of one target are compared: all but those by what comes first.

    None where fewer than two are compared, or one is not by adjoints alone.
    """
    found = dict.fromkeys(node for side in (claim.left, claim.right) for node in _derivatives(side))
    targets: dict[Node, list[Derivative]] = {}
    for node in found:
        if len(node.by) > 1 or "D" in node.body.mentions:
            return None
        targets.setdefault(node.body, []).append(node)
    if all(len(derivatives) < 2 for derivatives in targets.values()):
        return None
    names: dict[Derivative, Element] = {}
    between: set[Tensor] = set()
    for target, derivatives in targets.items():
        program = resolution.program(target)
        if any(d.bases for d in program):
            return None
        places = {definition.tensor: place for place, definition in enumerate(program)}
        by = {node.by[0].tensor for node in derivatives}
        first = min(places.get(tensor, -1) for tensor in by)
        for node in derivatives:
            tensor = node.by[0].tensor
            resolution.resolve(node)
            name = resolution.name(node)
            if name is not None and places.get(tensor, -1) > first:
                names[node] = name
        start = first if first >= 0 else _first_user(program, by) - 1
        between |= {definition.tensor for definition in program[start + 1 :]}
    return Links(names, frozenset(between)) if names else None


def _derivatives(node: Node) -> Iterator[Derivative]:
    """The derivatives below a node, with the indices freed that a sum binds: a bound name may be bound further in."""
    if isinstance(node, Derivative):
        yield node
    elif "D" in node.mentions:
        parts = (opened(node)[0],) if isinstance(node, Reduce | Expect) else node.parts
        for part in parts:
            yield from _derivatives(part)


def _first_user(program: list[Definition], tensors: set[Tensor]) -> int:
    """Where the first definition stands that reads one of the tensors."""
    users = (place for place, d in enumerate(program) if not tensors.isdisjoint(d.body.mentions))
    return next(users, len(program))
