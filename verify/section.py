"""Deep programs in parts: a claim about a few layers is tried on these alone, with anything around them.

What a claim differentiates by reaches the result through a few definitions; of what follows, an arbitrary linear
function of these stands for the slopes. What enters from above and does not depend on the targets may be any number.
So a claim that holds of the part holds of the whole. One that does not hold of the part may still hold of the whole,
where it says something of just those layers: a part refutes nothing. No rule of the algebra is used.
"""

import dataclasses
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from derive.binding import rebuilt, total
from derive.expression import Derivative, Element, Index, Node, Tensor, add, element, multiply
from derive.formula import Claim, Definition, Formula, mentioned
from verify.testimony import Settings, Testimony

DEEP = 40
"""Definitions up to which a formula is tried as a whole and nothing else."""
WHOLE = 800
"""Definitions beyond which it is not tried as a whole: enclosures grow with every layer, and precision with them."""
_MOST = 60  # definitions between the targets and what stands for the rest
_MARGIN = 12  # definitions kept above those, so that what is known of what they read is known in the part
_THROUGH = 3  # definitions through which the targets may reach the rest

Ask = Callable[[Formula, Claim, Settings], Testimony]


class Part(NamedTuple):
    """formula: the definitions of a part, all else an input.  claim: the same, of the part."""

    formula: Formula
    claim: Claim


def in_parts(ask: Ask, formula: Formula, claim: Claim, settings: Settings) -> Testimony:
    """What a witness says of a claim: of the part that it speaks of if it agrees there, else of the whole."""
    part = Program.of(formula).part(claim) if settings.at is None else None
    if part is None:
        return ask(formula, claim, settings)
    found = ask(part.formula, part.claim, settings)
    tried = f"{len(part.formula.definitions)} of {len(formula.definitions)} definitions"
    if found.says == "agrees":
        return dataclasses.replace(found, facts={**found.facts, "tried_on": tried})
    if len(formula.definitions) <= WHOLE:
        return ask(formula, claim, settings)
    why = "the two sides differ" if found.says == "differs" else found.reason
    reason = f"on {tried}, whatever stands around them, {why}; the whole is too deep to be tried"
    return Testimony(found.witness, "cannot tell", reason)


class Program:
    """Which definition of a formula reads which."""

    def __init__(self, formula: Formula) -> None:
        self.formula = formula
        self.places = {definition.tensor: place for place, definition in enumerate(formula.definitions)}
        self.reads = list(map(_reads, formula.definitions))
        self.first: dict[Tensor, int] = {}
        self.last: dict[Tensor, int] = {}
        for place, tensors in enumerate(self.reads):
            for tensor in tensors:
                self.first.setdefault(tensor, place)
                self.last[tensor] = place

    @classmethod
    def of(cls, formula: Formula) -> "Program":
        """That of this formula; the latest is kept, as claims come formula by formula."""
        if not (_latest and _latest[0].formula is formula):
            _latest[:] = [cls(formula)]
        return _latest[0]

    def part(self, claim: Claim) -> Part | None:
        """The part that a claim speaks of; None where that is the whole, or cannot be told."""
        if len(self.formula.definitions) <= DEEP:
            return None
        derivatives, values = _occurrences(claim)
        if not derivatives:
            return self._cut(claim, [], values)
        results = {d.body.tensor if isinstance(d.body, Element) else None for d in derivatives}
        result = results.pop()
        if results or result not in self.places or any(len(d.by) > 1 for d in derivatives):
            return None
        assert result is not None
        found = self._between({d.by[0].tensor for d in derivatives}, values, result)
        return found and self._cut(claim, found[0], values, result, found[1])

    def _between(
        self, targets: set[Tensor], values: set[Tensor], result: Tensor
    ) -> tuple[list[int], Sequence[Tensor]] | None:
        """What depends on the targets, by place, as far as a few through which alone they reach the result.

        There are none of these if the result itself comes first.
        """
        begun = {self.places.get(target, self.first.get(target, -1)) for target in targets}
        end = max(begun | {self.places[value] for value in values if value in self.places})
        dependent, between = set(targets), list[int]()
        for place in range(min(begun), len(self.reads)) if -1 not in begun else ():
            tensor = self.formula.definitions[place].tensor
            if tensor in targets or not dependent.isdisjoint(self.reads[place]):
                if not self._is_plain(place) or len(between) == _MOST:
                    return None
                dependent.add(tensor)
                between.append(place)
            if tensor is result:
                return (between, ()) if result in dependent else None
            through = sorted((t for t in dependent if self.last.get(t, -1) > place), key=lambda t: t.name)
            is_narrow = 0 < len(through) <= _THROUGH and all(t in self.places for t in through)
            if place >= end and is_narrow and not result.axes:
                return between, through
        return None

    def _is_plain(self, place: int) -> bool:
        """Whether a definition holds no derivative, and reads only what comes before it, or itself."""
        definition = self.formula.definitions[place]
        is_in_order = all(self.places.get(tensor, -1) <= place for tensor in self.reads[place])
        return is_in_order and not _has_derivative(definition)

    def _cut(
        self, claim: Claim, between: list[int], values: set[Tensor], result: Tensor | None = None,
        through: Sequence[Tensor] = (),
    ) -> Part | None:  # fmt: skip
        """The part with these definitions and a few above them."""
        kept = dict.fromkeys(between)
        waiting = deque(self._defined(values))
        for place in reversed(between):
            waiting += self._defined(self.reads[place])
        while waiting and len(kept) < len(between) + _MARGIN:
            place = waiting.popleft()
            if place not in kept and not _has_derivative(self.formula.definitions[place]):
                kept[place] = None
                waiting += self._defined(self.reads[place])
        definitions = [self.formula.definitions[place] for place in sorted(kept)]
        own = {definition.tensor for definition in definitions} | ({result} if result and through else set())
        read = set().union(values, *(self.reads[place] for place in kept))
        free = {tensor: Tensor(tensor.name, tensor.axes, "real") for tensor in read - own if tensor in self.places}
        if not (free or through) or any(axis.free for tensor in (*free, *through) for axis in tensor.axes):
            return None
        definitions = [_renamed(definition, free) for definition in definitions]
        inputs = [*(t for t in self.formula.inputs if t in read), *free.values()]
        if result and through:
            slopes = [Tensor(self._name(at), tensor.axes, "real") for at, tensor in enumerate(through)]
            inputs += slopes
            body = add(*map(_product, slopes, through))
            definitions.append(Definition(result, (), body, "", self.formula.place))
        left, right = _with(claim.left, free), _with(claim.right, free)
        claim = dataclasses.replace(claim, left=left, right=right)
        formula = dataclasses.replace(
            self.formula, inputs=tuple(inputs), definitions=tuple(definitions), claims=(claim,), examples=(), cases=(),
            references=(), algorithm="", text=f"{self.formula.name}: {claim.text}",
        )  # fmt: skip
        return Part(formula, claim)

    def _defined(self, tensors: Iterable[Tensor]) -> list[int]:
        """The places of those that are defined, the latest first."""
        return sorted((self.places[tensor] for tensor in tensors if tensor in self.places), reverse=True)

    def _name(self, at: int) -> str:
        """A name that the formula does not have."""
        name, names = f"slope{at}", {tensor.name for tensor in self.formula.tensors()}
        while name in names:
            name += "_"
        return name


_latest: list[Program] = []


def _reads(definition: Definition) -> frozenset[Tensor]:
    return mentioned(definition.body).union(*(mentioned(body) for _, body in definition.bases))


def _has_derivative(definition: Definition) -> bool:
    return any("D" in body.mentions for body in (definition.body, *(body for _, body in definition.bases)))


def _occurrences(claim: Claim) -> tuple[list[Derivative], set[Tensor]]:
    """The outermost derivatives in a claim, and the tensors whose values it reads beside them."""
    derivatives, values = list[Derivative](), set[Tensor]()
    waiting, seen = [claim.left, claim.right], set[Node]()
    while waiting:
        node = waiting.pop()
        if node in seen:
            continue
        seen.add(node)
        match node:
            case Tensor():
                values.add(node)
            case Derivative(Element(_, at), by):
                derivatives.append(node)
                waiting += [subscript for one in by for subscript in one.subscripts] + list(at)
            case Derivative():
                derivatives.append(node)
            case _:
                waiting += node.parts
    return derivatives, values


def _product(slope: Tensor, tensor: Tensor) -> Node:
    """The sum of slope*tensor over all elements."""
    indices = [Index(f"at{number}", axis) for number, axis in enumerate(tensor.axes)]
    return total(multiply(element(slope, *indices), element(tensor, *indices)), *indices)


def _renamed(definition: Definition, free: dict[Tensor, Tensor]) -> Definition:
    bases = tuple((subscripts, _with(body, free)) for subscripts, body in definition.bases)
    return dataclasses.replace(definition, body=_with(definition.body, free), bases=bases)


def _with(node: Node, free: dict[Tensor, Tensor]) -> Node:
    """An expression that reads an input in place of each of these definitions."""

    def change(part: Node) -> Node:
        if free.keys().isdisjoint(part.mentions):
            return part
        if isinstance(part, Element):
            return Element(free.get(part.tensor, part.tensor), tuple(map(change, part.subscripts)))
        return rebuilt(part, change)

    return change(node)
