"""Subexpressions under names of their own: an expression becomes a small program, and the other way round."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from derive.binding import opened, rebuilt, replace
from derive.errors import Place
from derive.expression import (
    Add,
    Binder,
    Call,
    Derivative,
    Element,
    Extremum,
    Index,
    Multiply,
    Node,
    Power,
    Reduce,
    Tensor,
    Variable,
    Where,
    element,
)
from derive.formula import Definition, Formula
from derive.printing.text import text

NOWHERE = Place("", 0, 0)
LETTERS = ("s", "t", "u", "v", "r", "q", "a", "b", "c", "e")
INDICES = tuple("ijklpqmnuvwabcdefgh")
MOST_SHARED = 4  # names that a form may bring with it
_PARTS = (Add, Multiply, Power, Call, Extremum, Where, Reduce)  # what may be shared
LEAST_SHARED = 12  # characters from which on a repeated part is worth a name


@dataclass
class Names:
    """The definitions made so far; one for all subexpressions that differ by the names of free indices alone."""

    prefix: str = "#"
    made: dict[Node, Definition] = field(default_factory=dict)

    def named(self, node: Node, is_named: Callable[[Node], bool]) -> Node:
        """node with every subexpression that is chosen read from a definition instead, inner ones first.

        is_named sees each subexpression as it stood, before any name was put in.
        """
        if not node.children():
            return node
        inner = rebuilt(node, lambda part: self.named(part, is_named))
        return self.name(inner) if is_named(node) else inner

    def name(self, node: Node) -> Node:
        """An element that stands for the expression; the expression itself where it cannot be an array's element."""
        free = indices_of(node)
        if free is None or isinstance(node, Element):
            return node
        body = canonical(node, free)
        known = self.made.get(body)
        if known is None:
            formal = _formal(free)
            tensor = Tensor(f"{self.prefix}{len(self.made)}", tuple(index.axis for index in free), "defined")
            known = self.made[body] = Definition(tensor, formal, body, "", NOWHERE)
        return element(known.tensor, *free)

    @property
    def definitions(self) -> tuple[Definition, ...]:
        return tuple(self.made.values())


def indices_of(node: Node) -> tuple[Index, ...] | None:
    """The free indices as they occur; None where the axis of one names another, or a variable is free."""
    if any(isinstance(leaf, Variable) or leaf.axis.free for leaf in node.free):
        return None
    found: dict[Index, None] = {}
    _collect(node, found)
    return tuple(found)


def _collect(node: Node, found: dict[Index, None]) -> None:
    for part in node.parts:
        if part.free:
            _collect(part, found)
    if isinstance(node, Index):
        found.setdefault(node)
    if isinstance(node, Binder):
        for bound in node.bound:
            found.pop(bound, None)


def _formal(free: Iterable[Index]) -> tuple[Index, ...]:
    return tuple(Index(f"${place}", index.axis) for place, index in enumerate(free))


def canonical(node: Node, free: tuple[Index, ...]) -> Node:
    """The expression with its free indices under names that tell their order alone."""
    return replace(node, dict(zip(free, _formal(free), strict=True)))


def inlined(node: Node, definitions: Mapping[Tensor, Definition]) -> Node:
    """node with these definitions put in for their names."""
    if isinstance(node, Element) and node.tensor in definitions:
        known = definitions[node.tensor]
        return inlined(replace(known.body, dict(zip(known.indices, node.subscripts, strict=True))), definitions)
    return rebuilt(node, lambda part: inlined(part, definitions)) if node.children() else node


# --------------------------------------------------------------------------------- repeated parts


@dataclass(frozen=True)
class Short:
    """whole: the form.  form, where: the same with repeated parts under names, and what those are."""

    whole: Node
    form: Node
    where: tuple[Definition, ...] = ()


def short(formula: Formula, wanted: Derivative, whole: Node) -> Short:
    """A form of a derivative with its repeated parts under letters that stand for nothing else."""
    taken = {tensor.name for tensor in formula.tensors()} | {size.name for size in formula.sizes}
    taken |= {str(leaf.name) for leaf in wanted.free}
    letters, indices = ([letter for letter in some if letter not in taken] for some in (LETTERS, INDICES))
    form, where = shared(whole, letters, indices)
    if inlined(form, {made.tensor: made for made in where}) is not whole:
        return Short(whole, whole)
    return Short(whole, form, where)


def shared(node: Node, letters: Iterable[str], indices: Sequence[str]) -> tuple[Node, tuple[Definition, ...]]:
    """node with its longest repeated parts under the letters, and the definitions of those, in order.

    indices: letters for the indices of the definitions.
    """
    definitions: list[Definition] = []
    for letter in list(letters)[:MOST_SHARED]:
        parts: Counter[Node] = Counter()
        for whole in (node, *(definition.body for definition in definitions)):
            _count(whole, parts)
        lengths = {part: len(text(part)) for part, times in parts.items() if times > 1}
        worth = {part: (parts[part] - 1) * length for part, length in lengths.items() if length >= LEAST_SHARED}
        if not worth:
            break
        best = max(worth, key=lambda part: (worth[part], text(part)))
        names = Names(letter)
        node = _named_alike(node, best, names)
        definitions = [_with_body(d, _named_alike(d.body, best, names)) for d in definitions]
        (made,) = names.definitions
        tensor = Tensor(letter, made.tensor.axes, "defined")
        old = {made.tensor: Definition(made.tensor, made.indices, element(tensor, *made.indices), "", NOWHERE)}
        node = inlined(node, old)
        definitions = [_with_body(d, inlined(d.body, old)) for d in definitions]
        given = [name for name in indices if name not in {str(leaf.name) for leaf in made.body.free}]
        formal = tuple(Index(name, i.axis) for name, i in zip(given, made.indices, strict=False))
        body = replace(made.body, dict(zip(made.indices, formal, strict=True)))
        definitions.insert(0, Definition(tensor, formal, body, "", NOWHERE))
    return node, _in_order(definitions)


def _count(node: Node, parts: Counter[Node]) -> None:
    if not isinstance(node, _PARTS):
        return
    free = indices_of(node)
    if free is not None and node.mentions:
        parts[canonical(node, free)] += 1
    inside = (opened(node)[0],) if isinstance(node, Binder) else node.parts
    for part in inside:
        _count(part, parts)


def _named_alike(node: Node, wanted: Node, names: Names) -> Node:
    free = indices_of(node) if isinstance(node, _PARTS) else None
    if free is not None and canonical(node, free) is wanted:
        return names.name(node)
    return rebuilt(node, lambda part: _named_alike(part, wanted, names)) if node.children() else node


def _with_body(definition: Definition, body: Node) -> Definition:
    return Definition(definition.tensor, definition.indices, body, "", NOWHERE)


def _in_order(definitions: list[Definition]) -> tuple[Definition, ...]:
    """Each definition after those that it reads."""
    ordered: list[Definition] = []
    waiting = list(definitions)
    while waiting:
        tensors = {d.tensor for d in waiting}
        ready = next(d for d in waiting if not any(p in tensors for p in d.body.mentions))
        waiting.remove(ready)
        ordered.append(ready)
    return tuple(ordered)
