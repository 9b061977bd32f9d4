"""The account of a proof: the normal forms that met, what was taken for granted, and the steps worth a look."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from derive.algebra.steps import Step
from derive.binding import rebuilt, replace, walk
from derive.derivation.reading import folded, letters, tidy
from derive.errors import UndefinedError, UnsupportedError
from derive.expression import Axis, Element, Index, Node, Tensor
from derive.formula import Claim, Definition, Formula
from derive.links import links
from derive.printing.display import Display
from derive.printing.letters import letter, unused
from derive.proof import Algebra, Proof

LONG = 60  # nodes beyond which a step is counted and not shown
MOST = 12  # steps shown of one proof
# What only puts in order what is there; these steps are checked like all others, and counted.
ROUTINE = {"collect terms", "multiply out", "sum term by term", "definition", "factors", "derivative", "delta"}

Compare = Callable[[Formula, Sequence[Definition], Sequence[Step]], str]


@dataclass
class Account:
    """header: what was proved, and how, in words.  display: the normal forms, and steps with their rules.

    wrong: the step that a comparison refuted, "" if there is none.
    """

    header: list[str]
    display: Display = field(default_factory=Display)
    wrong: str = ""


def accounts(formula: Formula, compare: Compare) -> Iterator[Account]:
    """How each claim is proved, or that it is not.

    compare: is given what the steps name beside the formula's tensors and the steps of a proof, and returns the
    first step whose sides differ, in words, or "".
    """
    for claim in formula.claims:
        yield account(formula, claim, compare)


def account(formula: Formula, claim: Claim, compare: Compare) -> Account:
    algebra = Algebra(formula, is_recorded=True)
    proof = algebra.prove(claim)
    if not proof.equal:
        return Account([claim.text, f"not proved: {proof.reason}"])
    display = Display(formula.name, claim.text, letters(formula))
    if proof.opened is not None:
        algebra = Algebra(formula, is_recorded=True)  # without the steps of attempts that came to nothing
        forms = algebra.forms(claim, proof)
    names = Names(algebra, letters(formula))
    if proof.opened is not None:
        _compared(display, claim, [tidy(names.readable(form)) for form in forms])
    steps = list(algebra.steps or ())
    wrong = compare(formula, list(algebra.derivatives.values()), steps)
    shown = _shown(steps)
    for step in shown:
        before, after = names.step(step)
        if before is not after:
            display.add(before, after, step.operator, (step.rule,))
    return Account([claim.text, *_header(formula, proof, steps, len(shown))], display, wrong)


class Opening(NamedTuple):
    """How the two sides of a proved claim met: the definitions that were read, and whether derivatives stayed names."""

    read: tuple[str, ...]
    is_chained: bool = False


class Meeting(NamedTuple):
    """The normal forms of both sides as a display, none where they are too long, and the parts of the longer one."""

    display: Display
    parts: int


def meetings(formula: Formula, openings: Mapping[Claim, Opening], most: int) -> Iterator[tuple[Claim, Meeting]]:
    """The normal forms in which the sides of proved equations met. most: parts beyond which they are not displayed."""
    algebra = Algebra(formula, is_recorded=True)
    found: dict[Claim, tuple[Node, Node]] = {}
    for claim, opening in openings.items():
        if claim.operator != "==":
            continue
        opened = frozenset(d.tensor for d in formula.definitions if d.name in opening.read)
        named = links(algebra.resolution, claim) if opening.is_chained else None
        try:
            found[claim] = algebra.forms(claim, Proof(True, opened=opened, links=named))
        except (UnsupportedError, UndefinedError, RecursionError):
            continue
    names = Names(algebra, letters(formula))
    for claim, forms in found.items():
        display = Display(formula.name, claim.text, letters(formula))
        parts = max(map(_size, forms))
        left, right = (tidy(names.readable(form)) for form in forms)
        if parts <= most and left is right:
            display.add(claim.left, left)
        elif parts <= most:
            _compared(display, claim, (left, right))
        yield claim, Meeting(display, parts)


def _compared(display: Display, claim: Claim, forms: Sequence[Node]) -> None:
    left, right = forms
    if claim.operator != "==":
        return
    same = left is right
    display.add(claim.left, left, rule=("normal form of both sides" if same else "normal form of the left side",))
    if not same:
        display.add(claim.right, right, rule=("normal form of the right side; equal once denominators are cleared",))


def _header(formula: Formula, proof: Proof, steps: Sequence[Step], shown: int) -> list[str]:
    sizes = ", ".join(size.name for size in formula.sizes)
    lines = [f"proved for every {sizes}" if sizes else "proved"]
    if proof.opened is not None:
        own = {d.tensor for d in formula.definitions}
        opened = [d.name for d in formula.definitions if d.tensor in proof.opened]
        kept = [d.name for d in formula.definitions if d.tensor in own - proof.opened]
        lines += [f"definitions read: {', '.join(opened)}"] if opened else []
        lines += [f"definitions kept as names: {', '.join(kept)}"] if kept else []
    lines += [f"relies on: {fact}" for fact in proof.facts]
    counts = Counter(step.rule for step in steps)
    rules = ", ".join(f"{rule} ({count})" if count > 1 else rule for rule, count in sorted(counts.items()))
    lines.append(f"{len(steps)} steps, each compared in exact arithmetic: {rules}" if steps else "both sides are one")
    if shown:
        lines.append(f"{shown} of them below, those that do more than put in order")
    return lines


def _shown(steps: Iterable[Step]) -> list[Step]:
    told = [step for step in steps if step.rule not in ROUTINE and _size(step.before) + _size(step.after) <= LONG]
    return told[:MOST]


def _size(node: Node) -> int:
    return sum(1 for _ in walk(node))


class Names:
    """What a reader sees for what the engine names: derivatives for adjoints, letters for numbered indices."""

    def __init__(self, algebra: Algebra, letters: Mapping[Axis, Sequence[str]]) -> None:
        self.letters = letters
        self.meanings: dict[Tensor, tuple[Element, Node]] = {}
        for step in algebra.steps or ():
            if isinstance(step.after, Element) and step.after.tensor.domain == "adjoint":
                self.meanings.setdefault(step.after.tensor, (step.after, step.before))

    def readable(self, node: Node) -> Node:
        """Elements of derivatives that have a name of their own, as the derivatives that they are."""
        if isinstance(node, Element) and node.tensor in self.meanings:
            named, meaning = self.meanings[node.tensor]
            known = dict(zip(named.subscripts, map(self.readable, node.subscripts), strict=True))
            return self.readable(replace(meaning, known))
        return rebuilt(node, self.readable) if node.children() else node

    def step(self, step: Step) -> tuple[Node, Node]:
        before, after = self.readable(step.before), self.readable(step.after)
        numbered = sorted(
            (i for i in before.free | after.free if isinstance(i, Index) and not str(i.name).isalnum()),
            key=lambda i: str(i.name),
        )
        taken = {letter(str(leaf.name)) for leaf in before.free | after.free if leaf not in numbered}
        taken |= {letter(part.name) for side in (before, after) for part in walk(side) if isinstance(part, Tensor)}
        named: dict[Index, Node] = {}
        for index in numbered:
            name = unused(self.letters.get(index.axis, ()), taken)
            taken.add(letter(name))
            named[index] = Index(name, index.axis)
        return folded(replace(before, named)), folded(replace(after, named))
