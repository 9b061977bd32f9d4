"""Adjoints of a program with recurrences: that of a recurrence is a recurrence, which runs from the last step back.

derive.adjoints.Reverse has the adjoints of plain definitions. Here a recurrence m[t] = f(m[t-1], ...) gets one too:
its adjoint at step t is what later definitions add, and the adjoint of step t + 1 times the slope of f. Counted from
the last step, r = T - t, this is a recurrence like any other.
"""

from typing import TypeVar

from derive.adjoints import Adjoint, Reverse
from derive.binding import fresh, rebuilt, replace, total, walk
from derive.errors import UnsupportedError
from derive.export.deltas import contracted
from derive.expression import (
    ONE,
    ZERO,
    Axis,
    Call,
    Compare,
    Element,
    Index,
    Logic,
    Node,
    Number,
    Tensor,
    Where,
    add,
    axis,
    element,
    multiply,
)
from derive.formula import Definition, mentioned
from derive.ranges import is_nonnegative, last_of, polynomial

_T = TypeVar("_T")


class Backward(Reverse):
    """The adjoints of one target; `turned` has the recurrences among them, counted from their last step."""

    turned: list[Definition]

    def _make(self, tensor: Tensor) -> Adjoint:
        self.turned = getattr(self, "turned", [])
        indices = tuple(Index(f"${place}", over) for place, over in enumerate(tensor.axes))
        terms, users = [], list[Tensor | None]()
        direct = self._explicit(self.target, tensor, indices)
        if direct is not ZERO:
            terms.append(direct)
            users.append(None)
        for user in self._readers(tensor):
            added = self._added(self.definitions[user], tensor, indices)
            terms += added
            users += [user] * bool(added)
        made = Tensor(f"D({self.label}, {tensor.name})", (*(i.axis for i in self.outer), *tensor.axes), "adjoint")
        found = Adjoint(tensor, made, self.outer, indices, add(*terms), tuple(users))
        own = self.definitions.get(tensor)
        return self._turned(own, found) if own is not None and own.bases else found

    def _readers(self, tensor: Tensor) -> list[Tensor]:
        """The other definitions that read a tensor, in their body or in a starting value."""
        found = []
        for user, definition in self.definitions.items():
            bodies = (definition.body, *(base for _, base in definition.bases))
            if user is not tensor and any(tensor in mentioned(body) for body in bodies):
                found.append(user)
        return found

    def _added(self, user: Definition, tensor: Tensor, indices: tuple[Index, ...]) -> list[Node]:
        """What one user of a tensor adds to its adjoint: through its body, and through its starting values."""
        terms = []
        for places, body in ((user.indices, user.body), *user.bases):
            names = [p for p in places if isinstance(p, Index)]
            mapping = {name: fresh(name) for name in names}
            opened, at = replace(body, mapping), tuple(replace(p, mapping) for p in places)
            slope = self._explicit(opened, tensor, indices)
            if slope is ZERO:
                continue
            if isinstance(opened, Call):  # the slope of tanh is told by its value, which has a name here
                slope = replace(slope, {opened: element(user.tensor, *at)})
            own = self.adjoint(user.tensor)
            if own.body is not ZERO:
                bound = [p for p in at if isinstance(p, Index)]
                terms.append(total(multiply(element(own.tensor, *self.outer, *at), slope), *bound))
        return terms

    def _turned(self, own: Definition, direct: Adjoint) -> Adjoint:
        """The adjoint of a recurrence, by way of the same counted from the last step."""
        if self.outer:
            raise UnsupportedError(f"the Jacobian of the recurrence {own.name}")
        tensor = own.tensor
        position = next(p for p, s in enumerate(own.bases[0][0]) if isinstance(s, Number))
        last, step = last_of(tensor.axes[position]), direct.indices[position]
        freed = tuple(fresh(i) for i in own.indices)
        body = replace(own.body, dict(zip(own.indices, freed, strict=True)))
        slope = self._explicit(body, tensor, direct.indices)
        following = Tensor(f"N({self.label}, {tensor.name})", tensor.axes, "adjoint")
        feedback = contracted(total(multiply(element(following, *freed), slope), *freed))
        reads = [p for p in walk(feedback) if isinstance(p, Element) and p.tensor is following]
        if not all(polynomial(p.subscripts[position] - step) == {(): 1} for p in reads):
            raise UnsupportedError(f"the recurrence {own.name} reads further back than one step")
        axes = _put(tensor.axes, position, axis(tensor.axes[position].size))
        turned = Tensor(f"R({self.label}, {tensor.name})", axes, "adjoint")
        count = Index("$back", Axis(ONE, tensor.axes[position].size - 1))
        read = {p: element(turned, *_put(p.subscripts, position, count - 1)) for p in reads}
        whole = replace(replace(add(direct.body, feedback), read), {step: last - count})
        labels = _put(direct.indices, position, count)
        base = (_put(direct.indices, position, ZERO), replace(direct.body, {step: last}))
        self.turned.append(Definition(turned, labels, _decided(whole), "", own.place, (base,)))
        value = element(turned, *_put(direct.indices, position, last - step))
        return Adjoint(tensor, direct.tensor, (), direct.indices, value, direct.users)


def _put(subscripts: tuple[_T, ...], position: int, node: _T) -> tuple[_T, ...]:
    return (*subscripts[:position], node, *subscripts[position + 1 :])


def _decided(node: Node) -> Node:
    """Choices whose condition is shown to hold for every step are made."""
    if isinstance(node, Where) and _holds(node.condition):
        return _decided(node.then)
    return rebuilt(node, _decided) if node.children() else node


def _holds(condition: Node) -> bool:
    match condition:
        case Compare(">=", left, right) | Compare("<=", right, left):
            form = polynomial(left - right)
            return form is not None and is_nonnegative(form)
        case Logic("and", conditions):
            return all(map(_holds, conditions))
    return False
