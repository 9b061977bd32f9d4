"""A formula as read from a catalog: inputs, definitions, claims and examples, in terms of index expressions."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Any

from derive.binding import replace, walk
from derive.errors import Place
from derive.expression import Index, Node, Size, Tensor


@dataclass(frozen=True)
class Definition:
    """tensor[indices] = body for every index.

    A recurrence has `bases`: for each written starting value (`m[0]: 0`) its subscripts and its body;
    the body of the definition may then read the tensor itself at an earlier step. `tensor.axes` covers
    the steps of base and body together. A literal array is a body that is a Table.
    """

    tensor: Tensor
    indices: tuple[Index, ...]
    body: Node
    text: str
    place: Place
    bases: tuple[tuple[tuple[Node, ...], Node], ...] = ()

    @property
    def name(self) -> str:
        return self.tensor.name


@dataclass(frozen=True)
class Claim:
    """left OP right for every value of the free indices.

    operator: "==", "<=" or ">=".  origin: "claim" or "printed".  expected: "holds" or "fails".
    latex, source: as a source prints it, and where.  condition: "only if ..." for what holds under one.
    """

    left: Node
    operator: str
    right: Node
    text: str
    place: Place
    origin: str = "claim"
    expected: str = "holds"
    latex: str = ""
    source: str = ""
    condition: str = ""

    @property
    def indices(self) -> tuple[Index, ...]:
        """The free indices, by name."""
        free = self.left.free | self.right.free
        return tuple(sorted((i for i in free if isinstance(i, Index)), key=lambda i: str(i.name)))


Findings = Mapping[Claim, tuple[str, ...] | None]
"""What was found of claims before: what a proof relies on, None where there is none."""


@dataclass(frozen=True)
class Example:
    """Worked numbers: values of inputs, and the printed digits of what follows from them.

    given: nested lists of exact decimals by input name.  then: nested lists of decimals, whose
    exponents keep the digits printed, by the text of an expression (often a defined name).  indices: by
    that text, the free indices of the expression, outermost list first.  expected, source, condition: as
    in a claim.
    """

    given: dict[str, Any]
    then: dict[str, tuple[Node, Any]]
    text: str
    place: Place
    sizes: dict[str, int] = field(default_factory=dict)
    indices: dict[str, tuple[Index, ...]] = field(default_factory=dict)
    expected: str = "holds"
    source: str = ""
    condition: str = ""


@dataclass(frozen=True)
class Case:
    """A worked example of an algorithm: its arguments by name, and what it returns.

    given, then: texts, and nested lists of exact decimals and quotients.  expected, source, condition: as in a claim.
    """

    given: dict[str, Any]
    then: Any
    text: str
    place: Place
    expected: str = "holds"
    source: str = ""
    condition: str = ""


@dataclass(frozen=True)
class Reference:
    """An operator of a library that others wrote, and what of the formula it is said to compute.

    arguments: by the operator's name for each, an array in terms of the formula.  words: arguments that are texts.
    results: what it gives, in order.  differs: why it gives something else, where the entry knows that it does.
    given: of an algorithm, the name of one of its arguments, or a number, by the operator's name.  part: which of the
    arrays that the algorithm returns, None for all.
    """

    call: str
    arguments: dict[str, Definition]
    words: dict[str, str]
    results: tuple[Definition, ...]
    text: str
    place: Place
    differs: str = ""
    given: dict[str, str | Decimal] = field(default_factory=dict)
    part: int | None = None


@dataclass(frozen=True)
class Formula:
    """One entry of a catalog.

    sizes: every size symbol that occurs, in order of appearance.  inputs: declared order.  algorithm: the name of
    one of `derive.language.algorithms`, which stands beside the claims or in their place, with its cases.
    """

    name: str
    title: str
    group: str
    inputs: tuple[Tensor, ...]
    definitions: tuple[Definition, ...]
    claims: tuple[Claim, ...]
    examples: tuple[Example, ...]
    sizes: tuple[Size, ...]
    source: str
    place: Place
    note: str = ""
    aliases: tuple[str, ...] = ()
    text: str = ""  # the entry as written, which seeds the draws and keys the cache
    algorithm: str = ""
    cases: tuple[Case, ...] = ()
    references: tuple[Reference, ...] = ()

    def definition(self, tensor: Tensor) -> Definition | None:
        """The definition of a tensor, None for an input."""
        return self._defined.get(tensor)

    @cached_property
    def _defined(self) -> dict[Tensor, Definition]:
        return {definition.tensor: definition for definition in self.definitions}

    def tensors(self) -> Iterator[Tensor]:
        yield from self.inputs
        for definition in self.definitions:
            yield definition.tensor


def mentioned(node: Node) -> frozenset[Tensor]:
    """The tensors that an expression reads."""
    return frozenset([part for part in node.mentions if isinstance(part, Tensor)])


def renaming(node: Node, other: Node) -> dict[Index, Index] | None:
    """The new names of the free indices of `other` with which it is `node`; None if it is something else."""
    old, new = (
        [leaf for leaf in walk(side) if isinstance(leaf, Index) and leaf in side.free] for side in (other, node)
    )
    names = dict(zip(old, new, strict=False))
    return names if len(old) == len(new) and replace(other, names) is node else None


Decimals = Decimal | list["Decimals"]
