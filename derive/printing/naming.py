"""What names, indices and elements look like in expressions that stand together."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from derive.binding import walk
from derive.expression import Axis, Constant, Element, Index, Node, Size, Tensor, Variable
from derive.printing.joining import ATOM, SCRIPTED, Piece
from derive.printing.layout import COMMA, NEXT, Box, Scripts, Symbol, joined
from derive.printing.letters import alike, is_qualified, letter, subscripted, unused, upright


class Naming:
    """The names of a composer; which letters are taken, and what the bound indices around a place are called."""

    def __init__(self, among: Iterable[Node], letters: Mapping[Axis, Sequence[str]] | None = None) -> None:
        parts = {part for node in among for part in walk(node)}
        arrays = {part.name for part in parts if isinstance(part, Tensor) and part.axes}
        names = {part.name for part in parts if isinstance(part, (Tensor, Size))}
        self.letters = letters or {}
        self.spelled = alike(names, arrays)
        self.delta_is_taken = "delta" in arrays
        self.names = frozenset(map(letter, names))
        self.taken = set(self.names)
        self.called: dict[Node, Box] = {}
        self.is_small = False  # inside a subscript, where a quotient stands on one line

    @contextmanager
    def line(self, *nodes: Node) -> Iterator[None]:
        """Names that are free in what is printed together are taken; what the engine freed gets a name."""
        free = {leaf for node in nodes for leaf in node.free}
        self.taken |= {letter(leaf.name) for leaf in free if isinstance(leaf.name, str)}
        nameless = sorted((leaf for leaf in free if isinstance(leaf.name, int)), key=lambda leaf: leaf.serial)
        with self.naming(nameless, ()):
            yield
        self.taken = set(self.names)

    @contextmanager
    def naming(self, leaves: Sequence[Index | Variable], hint: Sequence[str]) -> Iterator[list[Box]]:
        chosen: list[Box] = []
        for position, leaf in enumerate(leaves):
            usual = self.letters.get(leaf.axis, ()) if isinstance(leaf, Index) else ("z",)
            chosen.append(letter(unused([*hint[position : position + 1], *usual], self.taken)))
            self.taken.add(chosen[-1])
            self.called[leaf] = chosen[-1]
        yield chosen
        self.taken.difference_update(chosen)

    def name(self, name: str) -> Box:
        """The name of a tensor or a size by itself."""
        return upright(name) if name in self.spelled else letter(name)

    def piece(self, node: Node) -> Piece:
        """The layout of any part."""
        raise NotImplementedError

    def of_constant(self, node: Constant) -> Piece:
        return Piece(Symbol(node.name), ATOM)

    def of_size(self, node: Size) -> Piece:
        return Piece(self.name(node.name), ATOM)

    def of_leaf(self, node: Index | Variable) -> Piece:
        return Piece(letter(node.name) if isinstance(node.name, str) else self.called[node], ATOM)

    def of_element(self, node: Element) -> Piece:
        name = node.tensor.name
        if not node.subscripts:
            return Piece(self.name(name), ATOM)
        if name in self.spelled:
            return Piece(Scripts(upright(name), self.subscripts(node.subscripts)), ATOM)
        return Piece(subscripted(name, self.subscripts(node.subscripts)), SCRIPTED if is_qualified(name) else ATOM)

    def subscripts(self, nodes: Sequence[Node]) -> Box:
        """Indices of one letter side by side, others with commas between them."""
        before, self.is_small = self.is_small, True
        boxes = [self.piece(part).box for part in nodes]
        self.is_small = before
        plain = all(isinstance(box, Symbol) and not box.is_upright for box in boxes)
        return joined(boxes, NEXT if plain and all(isinstance(part, Index) for part in nodes) else COMMA)
