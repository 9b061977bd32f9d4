"""The names that a formula declares, and what each of them is."""

import msgspec

from derive import functions
from derive.errors import CatalogError, nearest
from derive.expression import Axis, Node, Size, Tensor
from derive.language.source import Text
from derive.ranges import polynomial

BINDERS = ("sum", "mean", "prod", "max", "min")
SPECIAL = (*BINDERS, "delta", "where", "expect", "D", "sqrt")
CONSTANTS = ("pi",)
# Words kept free for what the language will learn, so that no catalog breaks then.
KEPT = ("Normal", "at", "limit", "oo", "and", "or", "not")
CALLABLE = (*functions.TABLE, *SPECIAL)


class Scope(msgspec.Struct):
    """What is declared so far: inputs and definitions by name, sizes, and the names that served as indices.

    declared: how each tensor was declared, for messages.  later: names of definitions further down.
    steps: by the name of a recurrence and the position of its step, the axis of the step without the first ones.
    """

    tensors: dict[str, Tensor] = {}
    sizes: dict[str, Size] = {}
    indices: set[str] = set()
    declared: dict[str, str] = {}
    later: set[str] = set()
    steps: dict[tuple[str, int], Axis] = {}
    _lengths: dict[frozenset[object], Node] = {}

    def kind(self, name: str) -> str:
        """What a name is, with its article; "" if it is free."""
        if name in self.tensors:
            return "a definition" if self.tensors[name].domain == "defined" else "an input"
        if name in self.sizes:
            return "a size"
        if name in CONSTANTS or name in KEPT:
            return "a constant" if name in CONSTANTS else "a word of the language"
        return "a function" if name in CALLABLE else ""

    def declare(self, tensor: Tensor, text: Text, declared: str) -> None:
        """Enter an input or a definition; CatalogError if the name is taken."""
        name = tensor.name
        taken = self.kind(name) or ("an index" if name in self.indices else "")
        if taken:
            raise text.error(f"{name} is {taken} already; choose another name")
        self.tensors[name] = tensor
        self.declared[name] = declared

    def size(self, name: str) -> Size:
        return self.sizes.setdefault(name, Size(name))

    def settled(self, axis: Axis) -> Axis:
        """The axis as it was first written: n + m and m + n are one length, so they become one node."""
        return Axis(self._settled(axis.start), self._settled(axis.size))

    def _settled(self, length: Node) -> Node:
        value = polynomial(length)
        return length if value is None else self._lengths.setdefault(frozenset(value.items()), length)

    def miscounted(self, text: Text, offset: int, tensor: Tensor, count: int, shown: str) -> CatalogError:
        """An array that is written with another number of subscripts than it has axes."""
        name, axes = tensor.name, len(tensor.axes)
        wanted = f"{axes or 'no'} subscript{'s' * (axes != 1)}"
        element = f"; an element is {name}[{', '.join('ijklpqrs'[:axes])}]" if axes and not count else ""
        return text.error(
            f"{name} takes {wanted}, got {count or 'none'}" + (f" in {shown}" if count else ""), offset,
            f"sizes: {name} is {self.declared[name]}{element}",
        )  # fmt: skip

    def undeclared(self, name: str) -> str:
        """What is wrong with a name that is not declared, with the nearest one that is."""
        if name in self.later:
            return f"{name} is defined only further down"
        whole, _, subscripts = name.partition("_")
        if whole in self.tensors and len(subscripts) == len(self.tensors[whole].axes) > 0:
            return f"{name} is not declared; an element of {whole} is written {whole}[{', '.join(subscripts)}]"
        if name[0] == "d" and name[1:] in self.tensors:
            return f"{name} is not declared; a derivative is written D({name[1:]}, x) or D({name[1:]}, x[i])"
        return f"{name} is not declared" + nearest(
            name, [*self.tensors, *self.sizes, *CONSTANTS, *sorted(self.indices)]
        )
