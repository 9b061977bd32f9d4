"""What would mend a refuted claim: small edits of its right side, the likeliest slips first."""

from collections.abc import Callable, Iterator
from itertools import chain, islice, product
from typing import NamedTuple

from derive.binding import has, rebuilt, replace, walk
from derive.expression import (
    Add,
    Delta,
    Derivative,
    Element,
    Multiply,
    Node,
    Number,
    Reduce,
    Tensor,
    element,
)
from derive.formula import Claim, Formula
from verify.slips.distant import combined
from verify.slips.forms import known_forms
from verify.slips.likely import KINDS
from verify.slips.parts import Place, children, places
from verify.slips.words import Found, instead

_MOST_ELEMENTS = 6  # ways in which one tensor is read at a place


class Repair(NamedTuple):
    """says: what is wrong with the expression as it stands.  node: the expression without that."""

    says: str
    node: Node


class Repairs:
    """The repairs of the right side of a formula's claim, the likeliest slips first, each result once."""

    def __init__(self, formula: Formula, claim: Claim) -> None:
        self.formula, self.claim, self.side = formula, claim, claim.right
        free = tuple(i for i in claim.indices if i in claim.left.free)
        self.places = list(places(claim.right, free))
        self.scalars = [element(tensor) for tensor in formula.inputs if not tensor.axes]
        self.defined = [element(d.tensor) for d in formula.definitions if not d.tensor.axes]
        self.known = list(self._known(claim))

    def __iter__(self) -> Iterator[Repair]:
        seen = {self.side}
        likely = (self._of_kind(kind) for kind in KINDS)
        for says, node in chain(*likely, self._throughout(), self._forms(), self._of_kind(combined)):
            if node not in seen and not self._is_circular(node):
                seen.add(node)
                yield Repair(says, node)

    def _is_circular(self, node: Node) -> bool:
        """Whether the left side stands on the right, itself or as a name for it: what is true then says nothing."""
        left = self.claim.left
        if left.mentions <= node.mentions and has(node, [left]):
            return True
        named = self.formula.definition(node.tensor) if isinstance(node, Element) else None
        if named is None or named.bases or not isinstance(node, Element):
            return False
        return replace(named.body, dict(zip(named.indices, node.subscripts, strict=True))) is left

    def _of_kind(self, kind: Callable[["Repairs", Place], Found]) -> Found:
        for place in self.places:
            for says, node in kind(self, place):
                yield says, place.put(node)

    def _throughout(self) -> Found:
        """One tensor in place of another wherever it stands."""
        tensors = list(self.formula.tensors())
        for tensor in (tensor for tensor in tensors if tensor in self.side.mentions):
            for other in tensors:
                if other.axes == tensor.axes and other is not tensor:
                    yield f"{tensor.name} in place of {other.name} throughout", _renamed(self.side, tensor, other)

    def _forms(self) -> Found:
        """What the formula's own claims and definitions say of the same left side."""
        for form in known_forms(self.formula, self.claim):
            printed, right = _apart(self.side, form.right)
            if printed is not self.side:
                yield instead(printed, right), form.right

    def _known(self, claim: Claim) -> Iterator[Node]:
        """The terms and factors that the formula's own definitions and claims are made of."""
        sides = [d.body for d in self.formula.definitions]
        sides += [c.right for c in self.formula.claims if c.origin == "claim"]
        for side in dict.fromkeys(sides):
            for part in walk(side):
                if isinstance(part, Add):
                    yield from (term for term in part.terms if not isinstance(term, Number))
                elif isinstance(part, Multiply):
                    yield from (factor for factor in part.factors if not isinstance(factor, Number))

    def readable(self, place: Place, pool: list[Node]) -> list[Node]:
        """What of a pool has a meaning at a place."""
        return [node for node in dict.fromkeys(pool) if node.free <= set(place.indices)]

    def elements(self, place: Place) -> Iterator[Element]:
        """The tensors, read at indices that the place has."""
        for tensor in self.formula.tensors():
            choices = [[index for index in place.indices if index.axis is over] for over in tensor.axes]
            if tensor.axes:
                yield from (element(tensor, *found) for found in islice(product(*choices), _MOST_ELEMENTS))

    def deltas(self, place: Place) -> Iterator[Node]:
        for at, one in enumerate(place.indices):
            yield from (Delta(one, other) for other in place.indices[at + 1 :] if one.axis is other.axis)


def _renamed(node: Node, tensor: Tensor, other: Tensor) -> Node:
    """An expression that reads one tensor instead of another, but for its derivatives."""
    if isinstance(node, Derivative) or tensor not in node.mentions:
        return node
    subscripts = node.subscripts if isinstance(node, Element) and node.tensor is tensor else None
    if subscripts is not None:
        return element(other, *(_renamed(subscript, tensor, other) for subscript in subscripts))
    return rebuilt(node, lambda part: _renamed(part, tensor, other))


def _apart(one: Node, other: Node) -> tuple[Node, Node]:
    """The smallest parts in which two expressions differ, if all that differs is in one place."""
    pairs = list(zip(children(one, ()), children(other, ()), strict=False))
    alike = type(one) is type(other) and len(one.parts) == len(other.parts)
    different = [(a[0], b[0]) for a, b in pairs if a[0] is not b[0]]
    if not alike or len(different) != 1 or isinstance(one, Reduce):
        return one, other
    return _apart(*different[0])
