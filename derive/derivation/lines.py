"""The lines of a derivation, each asked about before it is added."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Literal

import msgspec

from derive.binding import replace, walk
from derive.derivation.reading import tidy
from derive.errors import UndefinedError, UnsupportedError
from derive.expression import ZERO, Derivative, Node, Tensor, element
from derive.formula import Claim, Definition, Formula, mentioned, renaming
from derive.printing.display import DEFINITION, Display, Words
from derive.printing.text import text
from derive.proof import Algebra, derived

EXCEPT = "except where "  # how the algebra notes a null set
INDICES = re.compile(r"\[[^\[\]]*\]")
SMALL = 30  # nodes up to which a step is shown in the engine's form beside the proved one


class Checked(msgspec.Struct, frozen=True):
    """What exact arithmetic says of a step. reason: where it differs, or why it cannot tell."""

    says: Literal["agrees", "differs", "cannot tell"]
    reason: str = ""


Check = Callable[[Claim], Checked]


def needed(definitions: Mapping[Tensor, Definition], read: Iterable[Tensor]) -> set[Tensor]:
    """The tensors that some depend on, themselves included."""
    found: set[Tensor] = set()
    waiting = set(read)
    while waiting:
        tensor = waiting.pop()
        found.add(tensor)
        if tensor in definitions:
            waiting |= reads(definitions[tensor]) - found
    return found


def reads(definition: Definition) -> frozenset[Tensor]:
    return mentioned(definition.body).union(*(mentioned(body) for _, body in definition.bases))


def since(words: str, facts: Iterable[str]) -> str:
    """A rule with the side relations that it uses, and where it says nothing."""
    told = dict.fromkeys(facts)
    # Of a boundary met under several indices, the last is told, which those of the claim are.
    beside = {INDICES.sub("", fact): fact.removeprefix(EXCEPT) for fact in told if fact.startswith(EXCEPT)}.values()
    relations = "; ".join(fact for fact in told if not fact.startswith(EXCEPT))
    return ", ".join((words, *([f"since {relations}"] if relations else []),
                      *([EXCEPT + " or ".join(beside)] if beside else [])))  # fmt: skip


def size(node: Node) -> int:
    return sum(1 for _ in walk(node))


def proved_forms(formula: Formula, algebra: Algebra, wanted: Node) -> list[tuple[Node, Words]]:
    """The forms that the formula claims of an expression and the algebra proves, with what the proofs rest on."""
    forms = dict[Node, Words]()
    for claim in formula.claims:
        names = renaming(wanted, claim.left) if claim.operator == "==" else None
        if names is not None:
            proof = algebra.prove(claim)
            if proof.equal:
                forms.setdefault(replace(claim.right, names), (since("the claimed form", proof.facts),))
    return list(forms.items())


class Lines:
    """The lines of a display, each checked before it is added."""

    def __init__(self, display: Display, formula: Formula, check: Check | None) -> None:
        self.display, self.formula, self.check = display, formula, check

    def define(self, definition: Definition) -> None:
        for subscripts, body in definition.bases:
            self.display.add(element(definition.tensor, *subscripts), body, rule=DEFINITION)
        self.display.add(element(definition.tensor, *definition.indices), definition.body, rule=DEFINITION)

    def add(self, left: Node, right: Node, rule: Words = ()) -> None:
        """A step, if the check finds nothing against it."""
        claim = Claim(left, "==", right, f"{text(left)} == {text(right)}", self.formula.place)
        checked = self.check(claim) if self.check else Checked("agrees")
        match checked.says:
            case "agrees":
                self.display.add(left, right, rule=rule)
            case "differs":
                self.display.failures.append(f"a step fails its check and is not shown: {claim.text}: {checked.reason}")
            case _:
                self.display.notes.append(f"not checked, so not shown: {claim.text}: {checked.reason}")

    def repeated(self, wanted: Derivative, forms: list[tuple[Node, Words]]) -> None:
        """A derivative of higher order: the derivative of the one before."""
        *before, final = wanted.by
        once = Derivative(wanted.body, tuple(before))
        try:
            first = tidy(derived(self.formula, once))
            own = tidy(derived(self.formula, wanted))
        except (UnsupportedError, UndefinedError, RecursionError) as error:
            self.display.notes.append(f"no derivation of {text(wanted)}: {error}")
            return
        if first is not ZERO:
            self.add(wanted, Derivative(first, (final,)), ("the derivative of the derivative",))
        if not forms or size(own) <= SMALL:
            self.add(wanted, own, ("differentiated and collected",))
        for form, rule in forms:
            if form is not own:
                self.add(wanted, form, rule)
