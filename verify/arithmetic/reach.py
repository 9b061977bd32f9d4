"""What a claim reads, through all definitions: the comparisons in it, and what its derivatives are taken by."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import TypeGuard

from derive import functions
from derive.binding import walk
from derive.errors import UnsupportedError
from derive.expression import Call, Compare, Derivative, Extremum, Node, Reduce, Tensor
from derive.formula import Claim, Definition, Formula
from verify.arithmetic.branches import Pair, Truths
from verify.arithmetic.evaluation import expanded


@dataclass(frozen=True, eq=False)
class Reach:
    """nodes: every expression that a claim reads.  inputs: the inputs among its tensors."""

    nodes: Mapping[Node, None]  # an ordered set
    inputs: frozenset[Tensor]

    @cached_property
    def choices(self) -> list[Compare | Extremum | Reduce]:
        """The nodes that go one way or another."""
        return [n for n in self.nodes if isinstance(n, Compare | Extremum) or _is_extreme(n)]

    def margins(self, truths: Iterable[Truths]) -> tuple[list[Pair], list[Pair]]:
        """The pairs of expressions whose difference decides something: those of reals, and those of whole numbers."""
        real = {pair for truth in truths for pair in truth.signs}
        pairs: dict[Pair, None] = {}
        for node in self.choices:
            match node:
                case Compare(_, left, right):
                    pairs[left, right] = None
                case Extremum(_, arguments):
                    pairs.update({(a, b): None for at, a in enumerate(arguments) for b in arguments[at + 1 :]})
        return [pair for pair in pairs if pair in real], [pair for pair in pairs if pair not in real]


def _is_extreme(node: Node) -> TypeGuard[Reduce]:
    return isinstance(node, Reduce) and node.kind in ("max", "min")


class Structure:
    """How a formula hangs together.

    targets: the tensors by which its claims and definitions differentiate.  together: those by which one
    and the same expression is differentiated.
    """

    def __init__(self, formula: Formula, extra: Iterable[Claim] = ()) -> None:
        self._definitions: dict[Tensor, Definition] = {d.tensor: d for d in formula.definitions}
        self._own: dict[Tensor, tuple[Node, ...]] = {}
        self._readings: dict[tuple[Node, Node], Reach] = {}
        claims = [*formula.claims, *extra]
        nodes = dict.fromkeys(n for claim in claims for n in self.reach(claim).nodes)
        derivatives = [n for n in nodes if isinstance(n, Derivative)]
        self.targets: tuple[Tensor, ...] = tuple(dict.fromkeys(by.tensor for n in derivatives for by in n.by))
        self.together: dict[Node, tuple[Tensor, ...]] = {}
        for node in derivatives:
            known = self.together.get(node.body, ())
            if node.by[0].tensor not in known:
                self.together[node.body] = (*known, node.by[0].tensor)

    def is_made_for(self, claim: Claim) -> bool:
        """Whether all that the claim differentiates by is among the targets; it need not be one of the formula's."""
        found = (by.tensor for n in self.reach(claim).nodes if isinstance(n, Derivative) for by in n.by)
        return all(tensor in self.targets for tensor in found)

    def reach(self, claim: Claim) -> Reach:
        found = self._readings.get((claim.left, claim.right))
        if found is None:
            nodes = self._closure((claim.left, claim.right))
            inputs = frozenset(n for n in nodes if isinstance(n, Tensor) and n not in self._definitions)
            found = self._readings[claim.left, claim.right] = Reach(nodes, inputs)
        return found

    def _closure(self, roots: Iterable[Node]) -> dict[Node, None]:
        """The nodes below in order, through definitions and through functions that are no primitives."""
        found: dict[Node, None] = {}
        entered: set[Tensor] = set()
        waiting: list[Iterator[Node]] = [
            chain.from_iterable(map(_opened, roots))
        ]  # no calls within calls: definitions may form a long chain
        while waiting:
            node = next(waiting[-1], None)
            if node is None:
                waiting.pop()
                continue
            found.setdefault(node)
            if isinstance(node, Tensor) and node in self._definitions and node not in entered:
                entered.add(node)
                waiting.append(iter(self._read(node)))
        return found

    def _read(self, tensor: Tensor) -> tuple[Node, ...]:
        """What the definition of a tensor itself says, other definitions not followed."""
        known = self._own.get(tensor)
        if known is None:
            definition = self._definitions[tensor]
            bodies = (definition.body, *(body for _, body in definition.bases))
            known = self._own[tensor] = tuple(dict.fromkeys(chain.from_iterable(map(_opened, bodies))))
        return known

    def check(self, claim: Claim) -> None:
        """UnsupportedError for a derivative that could be read in two ways.

        A defined name is cut from its definition, but what was differentiated before went through it.
        """
        for node in self.reach(claim).nodes:
            if isinstance(node, Derivative):
                self._check(node)

    def _check(self, node: Derivative) -> None:
        before: set[Tensor] = {b.tensor for n in self._closure([node.body]) if isinstance(n, Derivative) for b in n.by}
        for by in node.by:
            others = before - {by.tensor}
            if (
                others
                and by.tensor in self._definitions
                and not others.isdisjoint(self._closure(self._read(by.tensor)))
            ):
                raise UnsupportedError(f"a derivative by {by.tensor.name} of one by what {by.tensor.name} is made of")
            before.add(by.tensor)


def _opened(root: Node) -> Iterator[Node]:
    """Every node below, those of the functions' values too."""
    for node in walk(root):
        yield node
        if isinstance(node, Call) and functions.TABLE[node.function].value is not None:
            yield from _opened(expanded(node))
