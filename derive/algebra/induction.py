"""Proof by induction on a step: for claims about recurrences, and about sums that end at an index.

The claim is shown at its first step, then at a step t > first under the hypothesis that it holds at
t - 1. The hypothesis is used by solving it for one thing in which it is linear (the recurrence at
t - 1, or a sum up to t) and putting the solution into the claim at t.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from derive.algebra.bounds import follows, is_shown_nonnegative
from derive.algebra.normal import Normalizer
from derive.algebra.polynomial import (
    NOTHING,
    UNIT,
    Monomial,
    Polynomial,
    accumulated,
    is_whole,
    node_of,
)
from derive.algebra.powers import inverse
from derive.algebra.recurrences import step_place, stepped
from derive.algebra.steps import Steps
from derive.algebra.zero import is_zero
from derive.binding import replace, walk
from derive.errors import UnsupportedError
from derive.expression import (
    ONE,
    ZERO,
    Axis,
    Compare,
    Derivative,
    Element,
    Index,
    Node,
    Number,
    Reduce,
    Size,
    Tensor,
    Where,
    add,
)
from derive.formula import Claim, Definition
from derive.ranges import axis_between, last_of, same

Definitions = Mapping[Tensor, Definition]
Expansion = Callable[[Element], Node | None]
Resolve = Callable[[Derivative], Node]


class Attempt(NamedTuple):
    """general: a difference in terms of the step, to be 0; or >= 0, where keeps_magnitudes says in which form."""

    general: Node
    step: Index
    ahead: int = 0
    keeps_magnitudes: bool | None = None


def by_induction(
    claim: Claim, definitions: Definitions, expansion: Expansion, resolve: Resolve, steps: Steps | None = None
) -> tuple[str, ...] | None:
    """The facts of a proof by induction, None if there is none."""
    difference = claim.left - claim.right
    found = _steps(claim, difference, definitions)
    attempts = (Attempt(general, step, ahead) for step, general in found for ahead in (0, 1))
    return _first(attempts, definitions, expansion, resolve, steps)


def by_ordered_induction(
    claim: Claim, definitions: Definitions, expansion: Expansion, resolve: Resolve, steps: Steps | None = None
) -> tuple[str, ...] | None:
    """The same for an inequality: at a step it is c >= 0 times what it is at the step before, and more that is >= 0."""
    difference = claim.left - claim.right if claim.operator == ">=" else claim.right - claim.left
    found = {**dict(_steps(claim, difference, definitions)), **dict(_sizes(difference))}
    attempts = (
        Attempt(general, step, keeps_magnitudes=keeps)
        for step, general in found.items()
        for keeps in ((False, True) if "abs" in general.mentions else (False,))
    )
    return _first(attempts, definitions, expansion, resolve, steps)


def _first(
    attempts: Iterable[Attempt], definitions: Definitions, expansion: Expansion, resolve: Resolve, steps: Steps | None
) -> tuple[str, ...] | None:
    """The facts of the first attempt that comes to something."""
    for general, step, ahead, keeps_magnitudes in attempts:
        own = None if steps is None else Steps()  # a hypothesis that leads nowhere may be false
        try:
            induction = _Induction(general, step, ahead, definitions, expansion, resolve, own)
            facts = induction.facts() if keeps_magnitudes is None else induction.ordered(keeps_magnitudes)
        except UnsupportedError:
            continue
        if facts is not None:
            if steps is not None and own is not None:
                steps.extend(own)
            return facts
    return None


def _steps(claim: Claim, difference: Node, definitions: Definitions) -> Iterator[tuple[Index, Node]]:
    """What the induction may run on, with the claim in terms of it: a free index, or a size n as an index 1..n."""
    counted = {part.axis for part in walk(difference) if isinstance(part, Index) and part.axis.start is not ZERO}
    recurs = any(d.bases for d in definitions.values())
    sides = (difference, *(d.body for d in definitions.values()))
    # Without a recurrence, or a range that an index ends, the hypothesis has nothing to be solved for.
    if recurs or counted or any(isinstance(p, Axis) and p.free for side in sides for p in walk(side)):
        yield from ((index, difference) for index in claim.indices if isinstance(index.axis.start, Number))
    if counted or recurs:
        yield from _sizes(difference)


def _sizes(difference: Node) -> Iterator[tuple[Index, Node]]:
    for size in sorted({p for p in walk(difference) if isinstance(p, Size)}, key=lambda s: s.name):
        step = Index(size.name, Axis(ONE, size))
        yield step, replace(difference, {size: step})


class _Induction:
    """From t - 1 to t, or from t to t + 1 (`ahead` is 0 or 1), so that no range is read past its end."""

    def __init__(
        self,
        difference: Node,
        step: Index,
        ahead: int,
        definitions: Definitions,
        expansion: Expansion,
        resolve: Resolve,
        steps: Steps | None,
    ) -> None:
        self.difference, self.first = difference, step.axis.start
        self.definitions, self.expansion, self.resolve, self.steps = definitions, expansion, resolve, steps
        # now runs over the steps after the first.
        self.start = add(self.first, 1 - ahead)
        self.step = Index(step.name, Axis(self.start, add(step.axis.size, -1)))
        self.now = add(self.step, ahead)
        self.claimed = replace(difference, {step: self.now})
        self.hypothesis = replace(difference, {step: add(self.step, ahead - 1)})
        self.base = replace(difference, {step: self.first})

    def facts(self) -> tuple[str, ...] | None:
        ring = Normalizer(self._expanded_now, self.resolve, self.steps)
        if not is_zero(ring, ring(self.base)):
            return None
        goal, known = ring(self.claimed), ring(self.hypothesis)
        for atom in self._unknowns(known):
            solved = _solved(ring, known, atom)
            if solved is not None and self._closes(ring, goal, atom, solved):
                if self.steps is not None:
                    self.steps.add("induction hypothesis", atom, node_of(solved))
                return (*ring.facts, f"induction on {self.step.name}")
        return None

    def ordered(self, keeps_magnitudes: bool) -> tuple[str, ...] | None:
        if any(isinstance(leaf, Index) and self.step in leaf.axis.free for leaf in self.claimed.free):
            return None  # the hypothesis speaks of fewer values than the claim
        ring = Normalizer(self._expanded_now, self.resolve, self.steps, keeps_magnitudes)
        if not is_shown_nonnegative(ring, ring(self.base)):
            return None
        goal, known = ring(self.claimed), ring(self.hypothesis)
        return (*ring.facts, f"induction on {self.step.name}") if follows(ring, goal, known) else None

    def _expanded_now(self, part: Element) -> Node | None:
        """A recurrence now or later, or at a number, is taken one step down; the step before it stays."""
        definition = self.definitions.get(part.tensor)
        if definition is None or not definition.bases:
            return self.expansion(part)
        now = part.subscripts[step_place(definition)]
        if isinstance(now, Number) or self._is_current(now):
            return stepped(definition, part)
        return None

    def _is_current(self, now: Node) -> bool:
        ahead = Normalizer()(add(now, -self.now)).constant
        return ahead is not None and ahead >= 0

    def _unknowns(self, known: Polynomial) -> list[Node]:
        """What the hypothesis may be solved for."""
        found: list[Node] = []
        for atom in known.atoms():
            if isinstance(atom, Element):
                definition = self.definitions.get(atom.tensor)
                if definition is not None and definition.bases:
                    found.append(atom)
            elif isinstance(atom, Reduce) and self.step in atom.free:
                found.append(atom)
        return sorted(found, key=lambda a: isinstance(a, Reduce))

    def _closes(self, ring: Normalizer, goal: Polynomial, atom: Node, solved: Polynomial) -> bool:
        if isinstance(atom, Element):
            return self._closes_by_rewriting(atom, node_of(solved))
        return is_zero(ring, _put(ring, goal, atom, solved))

    def _closes_by_rewriting(self, atom: Element, solution: Node) -> bool:
        """The hypothesis holds for every value of its free indices, so it rewrites every element at t - 1."""
        definition = self.definitions[atom.tensor]
        place = step_place(definition)
        formal = [s for p, s in enumerate(atom.subscripts) if p != place]
        if len(set(formal)) != len(formal) or not all(isinstance(s, Index) for s in formal):
            return False
        moving = [s for s in formal if isinstance(s, Index) and self.step in s.axis.free]
        if moving:  # the hypothesis speaks of fewer values than the claim
            return len(moving) == 1 and self._closes_causally(atom, solution, moving[0])
        ring = self._ring_with(atom, solution, formal)
        return is_zero(ring, ring(self.claimed))

    def _ring_with(self, atom: Element, solution: Node, formal: list[Node]) -> Normalizer:
        """A normal form that puts the solution for every element like the atom, whatever its other subscripts."""
        place = step_place(self.definitions[atom.tensor])

        def expanded(part: Element) -> Node | None:
            if part.tensor is atom.tensor and part.subscripts[place] is atom.subscripts[place]:
                given = [s for p, s in enumerate(part.subscripts) if p != place]
                return replace(solution, dict(zip(formal, given, strict=True)))
            return self._expanded_now(part)

        return Normalizer(expanded, self.resolve, self.steps)

    def _closes_causally(self, atom: Element, solution: Node, index: Index) -> bool:
        """A claim about every s up to the step t, shown with more: the element is 0 beyond t, which no later s moves.

        At the first step the element is 0 for every later s. At t, under the hypothesis that it is the solution for
        s < t and 0 from t on, the claim is shown for s < t and for s = t, and 0 for s > t.
        """
        place = atom.subscripts.index(index)
        counter = step_place(self.definitions[atom.tensor])
        whole = atom.tensor.axes[place]
        last = last_of(index.axis)  # of the hypothesis: at t - 1
        now = replace(last, {self.step: add(self.step, ONE)})
        if not same(now, add(last, ONE)) or not same(index.axis.start, whole.start):
            return False
        formal = [s for p, s in enumerate(atom.subscripts) if p != counter]
        ring = self._ring_with(atom, Where(Compare("<=", index, last), solution, ZERO), formal)
        own = next(i for i in self.claimed.free if isinstance(i, Index) and i.name == index.name)

        def beyond(step: Node, end: Node) -> Node:
            after = axis_between(add(end, ONE), last_of(whole))
            later = {index: Index(index.name, after)} if after is not None else {}
            return replace(replace(atom, {atom.subscripts[counter]: step}), later)

        first = replace(last, {self.step: self.start})
        start = Normalizer(self._expanded_now, self.resolve, self.steps)
        return (
            is_zero(start, start(beyond(self.first, first)))
            and is_zero(ring, ring(replace(self.claimed, {own: index})))
            and is_zero(ring, ring(replace(self.claimed, {own: now})))
            and is_zero(ring, ring(beyond(self.now, now)))
        )


def _solved(ring: Normalizer, equation: Polynomial, atom: Node) -> Polynomial | None:
    """The atom from equation = 0, where it occurs to the first power with a factor that is one term."""
    slope: dict[Monomial, object] = {}
    rest: dict[Monomial, object] = {}
    for monomial, coefficient in equation.terms.items():
        exponent = next((e for a, e in monomial if a is atom), 0)
        others = tuple(item for item in monomial if item[0] is not atom)
        if exponent not in (0, 1) or any(_reads(a, atom) for a, _ in others):
            return None
        accumulated(slope if exponent else rest, ((others, coefficient),))
    factor = Polynomial(slope)
    if not factor or is_zero(ring, factor):
        return None
    return -ring.product(Polynomial(rest), inverse(ring, factor))


def _reads(node: Node, atom: Node) -> bool:
    return any(part is atom for part in walk(node))


def _put(ring: Normalizer, goal: Polynomial, atom: Node, value: Polynomial) -> Polynomial:
    """The goal with value in place of the atom; refused where the atom stands in a denominator or inside another."""
    result = NOTHING
    for monomial, coefficient in goal.terms.items():
        exponent = next((e for a, e in monomial if a is atom), 0)
        others = tuple(item for item in monomial if item[0] is not atom)
        if not is_whole(exponent) or exponent < 0 or any(_reads(a, atom) for a, _ in others):
            raise UnsupportedError("the hypothesis cannot be put into the claim")
        power = ring.whole_power(value, exponent) if exponent else UNIT
        result = result + ring.product(ring.of_monomial(others, coefficient), power)
    return result
