"""Which axes of a tensor an expression keeps apart: its rows are then independent, and all may be moved at once.

A row is independent if its index is carried unsummed through every definition, to an outer sum. Found from the
formula: batch normalization keeps channels apart, layer normalization rows, attention queries.
"""

from derive.binding import opened, reduce, replace, total, walk
from derive.expression import Add, Element, Index, Multiply, Node, Reduce, Tensor, add, multiply, power
from derive.formula import Formula, mentioned

ROW = "$row"


class Coupling:
    """What becomes of one axis of a tensor on its way into an expression."""

    def __init__(self, formula: Formula, tensor: Tensor, place: int) -> None:
        self.row = Index(ROW, tensor.axes[place])
        self.places: dict[Tensor, int | None] = {tensor: place}  # None for what couples the rows
        self.bodies: dict[Tensor, Node] = {}
        for definition in formula.definitions:
            if definition.tensor is tensor:
                continue
            self.bodies[definition.tensor] = definition.body
            bodies = (definition.body, *(body for _, body in definition.bases))
            if any(not mentioned(body).isdisjoint(self.places) for body in bodies):
                index = None if definition.bases else self._index(definition.body)
                own = definition.indices
                self.places[definition.tensor] = own.index(index) if index in own else None

    def _index(self, body: Node) -> Index | None:
        """The one plain free index by which a body reads the rows, None if there is no such index."""
        found: set[Node | None] = {None} if "D" in body.mentions else set()
        for part in walk(body):
            if isinstance(part, Element) and part.tensor in self.places:
                place = self.places[part.tensor]
                found.add(None if place is None else part.subscripts[place])
        index = found.pop() if len(found) == 1 else None
        return index if isinstance(index, Index) and index in body.free else None

    def parts(self, node: Node) -> Node | None:
        """An expression with the free index `row` whose derivatives by a row are those of a scalar; None if coupled.

        The scalar is the sum over rows of the parts, and of what does not depend on the tensor.
        """
        if mentioned(node).isdisjoint(self.places):
            return add()
        match node:
            case Element(tensor, ()) if tensor in self.bodies:
                return self.parts(self.bodies[tensor])
            case Add(terms):
                found = [part for term in terms if (part := self.parts(term)) is not None]
                return add(*found) if len(found) == len(terms) else None
            case Multiply(factors):
                dependent = [f for f in factors if not mentioned(f).isdisjoint(self.places)]
                part = self.parts(dependent[0]) if len(dependent) == 1 else None
                return None if part is None else multiply(*(part if f is dependent[0] else f for f in factors))
            case Reduce("sum" | "mean" as kind):
                return self._opened(node, kind)
        return None

    def _opened(self, node: Reduce, kind: str) -> Node | None:
        body, freed = opened(node)
        index = self._index(body)
        if index is None or index not in freed:
            inner = self.parts(body)
            return None if inner is None else reduce(kind, inner, *freed)
        if index.axis is not self.row.axis:
            return None
        rest = tuple(i for i in freed if i is not index)
        if any(index in i.axis.free for i in rest):
            return None
        body = replace(body, {index: self.row})
        if kind == "sum":
            return total(body, *rest)
        return multiply(reduce("mean", body, *rest) if rest else body, power(index.axis.size, -1))


def independent(formula: Formula, node: Node, tensor: Tensor) -> tuple[int, Index, Node] | None:
    """The first axis of a tensor whose rows do not meet in a scalar: its place, the index and the parts; or None."""
    for place in range(len(tensor.axes)):
        coupling = Coupling(formula, tensor, place)
        parts = coupling.parts(node)
        if parts is not None:
            return place, coupling.row, parts
    return None
