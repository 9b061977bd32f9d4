"""Derivatives through the definitions of a formula: adjoints in reverse, recurrences forward.

The reverse pass is an adjoint program: for each definition, last to first, what its elements add to
the derivative, in terms of the adjoints of later ones. It is the derivation, step by step, and it
grows linearly with the number of definitions. The derivative of a recurrence is a recurrence.
"""

from collections.abc import Iterable

import msgspec

from derive.binding import fresh, replace, total
from derive.calculus import contracted, differential
from derive.errors import UnsupportedError
from derive.expression import ZERO, Call, Delta, Element, Index, Node, Number, Tensor, add, element, multiply
from derive.formula import Definition, mentioned

# --------------------------------------------------------------------------- reverse, the adjoints


class Adjoint(msgspec.Struct, frozen=True):
    """tensor[outer, indices] = body: the derivative of the target by an element of `of`.

    outer: the free indices of the target (none if it is a scalar).  users: the definitions whose
    adjoints the body reads; None stands for the target itself.
    """

    of: Tensor
    tensor: Tensor
    outer: tuple[Index, ...]
    indices: tuple[Index, ...]
    body: Node
    users: tuple[Tensor | None, ...]


class Reverse:
    """The adjoints of one target by everything that it depends on, made as they are asked for.

    is_contracted: whether a sum over a delta is written as the one term that it keeps.
    """

    def __init__(
        self, target: Node, definitions: Iterable[Definition], label: str = "L", is_contracted: bool = False
    ) -> None:
        self.target = target
        self.label = label
        self.is_contracted = is_contracted
        self.outer = tuple(sorted((i for i in target.free if isinstance(i, Index)), key=lambda i: str(i.name)))
        self.definitions = {d.tensor: d for d in definitions}
        self.made: dict[Tensor, Adjoint] = {}
        self._users: dict[Tensor, list[Tensor]] = {}
        for tensor, definition in self.definitions.items():
            for read in _read_by(definition) - {tensor}:
                self._users.setdefault(read, []).append(tensor)

    def by(self, wanted: Element) -> Node:
        """The derivative of the target by an element, in terms of adjoints of later definitions."""
        adjoint = self.adjoint(wanted.tensor)
        return replace(adjoint.body, dict(zip(adjoint.indices, wanted.subscripts, strict=True)))

    def adjoint(self, tensor: Tensor) -> Adjoint:
        if tensor not in self.made:
            for later in self._from_target(tensor):
                self.made[later] = self._make(later)
        return self.made[tensor]

    def _from_target(self, tensor: Tensor) -> list[Tensor]:
        """All that still lacks an adjoint between the target and a tensor, each after those that read it.

        A stack of its own: a net of a thousand layers is deeper than Python calls go.
        """
        found: dict[Tensor, None] = {}
        waiting = [(tensor, False)]
        while waiting:
            part, entered = waiting.pop()
            if entered:
                found.setdefault(part)
            elif part not in found and part not in self.made:
                waiting.append((part, True))
                waiting.extend((user, False) for user in self._users.get(part, ()))
        return list(found)

    def _make(self, tensor: Tensor) -> Adjoint:
        indices = tuple(Index(f"${place}", axis) for place, axis in enumerate(tensor.axes))
        terms, users = [], list[Tensor | None]()
        direct = self._explicit(self.target, tensor, indices)
        if direct is not ZERO:
            terms.append(direct)
            users.append(None)
        for user in self._users.get(tensor, ()):
            definition = self.definitions[user]
            if definition.bases:
                raise UnsupportedError(f"no adjoint through the recurrence {user.name}")
            freed = tuple(fresh(i) for i in definition.indices)
            body = replace(definition.body, dict(zip(definition.indices, freed, strict=True)))
            slope = self._explicit(body, tensor, indices)
            if slope is ZERO:
                continue
            if isinstance(body, Call):  # the slope of tanh is told by its value, which has a name here
                slope = replace(slope, {body: element(user, *freed)})
            own = self.made[user]
            if own.body is ZERO:
                continue
            value = own.body if isinstance(own.body, Number) else element(own.tensor, *self.outer, *freed)
            terms.append(self._total(multiply(value, slope), freed))
            users.append(user)
        name = f"D({self.label}, {tensor.name})"
        made = Tensor(name, (*(i.axis for i in self.outer), *tensor.axes), "adjoint")
        return Adjoint(tensor, made, self.outer, indices, add(*terms), tuple(users))

    def _total(self, body: Node, indices: tuple[Index, ...]) -> Node:
        return contracted("sum", body, indices) if indices and self.is_contracted else total(body, *indices)

    def _explicit(self, body: Node, tensor: Tensor, indices: tuple[Index, ...]) -> Node:
        """The partial derivative of body by tensor[indices], other definitions held fixed."""

        def leaf(part: Node) -> Node:
            if isinstance(part, Element) and part.tensor is tensor:
                return multiply(*(Delta(s, i) for s, i in zip(part.subscripts, indices, strict=True)))
            return ZERO

        return differential(body, leaf, lambda part: tensor in part.mentions, self.is_contracted)


def _read_by(definition: Definition) -> frozenset[Tensor]:
    return mentioned(definition.body).union(*(mentioned(body) for _, body in definition.bases))


# ---------------------------------------------------------------- forward through recurrences


class Forward:
    """The derivatives of definitions by one tensor, first to last: that of a recurrence is a recurrence.

    made: for each definition that depends on the tensor, the definition of its derivative, whose
    subscripts are those of the definition and then those of the tensor.
    """

    def __init__(self, by: Tensor, definitions: Iterable[Definition], label: str) -> None:
        self.by, self.label = by, label
        self.formal = tuple(Index(f"$f{place}", axis) for place, axis in enumerate(by.axes))
        self.definitions = {d.tensor: d for d in definitions}
        self.dependent = {by}
        for tensor, definition in self.definitions.items():  # in order, so that one pass sees every dependence
            if tensor is not by and _read_by(definition) & self.dependent:
                self.dependent.add(tensor)
        self.made: dict[Tensor, Definition] = {}
        for tensor in self.dependent - {by}:
            self.made[tensor] = self._derived(self.definitions[tensor])

    def of(self, node: Node, wanted: Element) -> Node:
        """The derivative of node by an element of the tensor."""
        return replace(self._differential(node), dict(zip(self.formal, wanted.subscripts, strict=True)))

    def _tensor(self, of: Tensor) -> Tensor:
        return Tensor(f"d{self.label}({of.name}, {self.by.name})", of.axes + self.by.axes, "adjoint")

    def _derived(self, definition: Definition) -> Definition:
        bases = tuple(((*at, *self.formal), self._differential(body)) for at, body in definition.bases)
        body = self._differential(definition.body)
        if isinstance(definition.body, Call):
            body = replace(body, {definition.body: element(definition.tensor, *definition.indices)})
        indices = definition.indices + self.formal
        return Definition(self._tensor(definition.tensor), indices, body, "", definition.place, bases)

    def _differential(self, node: Node) -> Node:
        return differential(node, self._leaf, lambda part: not self.dependent.isdisjoint(part.mentions))

    def _leaf(self, part: Node) -> Node:
        if not isinstance(part, Element) or part.tensor not in self.dependent:
            return ZERO
        if part.tensor is self.by:
            return multiply(*(Delta(s, i) for s, i in zip(part.subscripts, self.formal, strict=True)))
        return element(self._tensor(part.tensor), *part.subscripts, *self.formal)
