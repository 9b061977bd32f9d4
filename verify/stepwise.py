"""The steps of a derivation, checked in ball arithmetic before they are shown."""

from dataclasses import dataclass

from derive.derivation.lines import Check, Checked
from derive.expression import Node
from derive.formula import Claim, Formula
from derive.printing.display import DEFINITION, Display
from derive.printing.text import text
from verify.exact import testify
from verify.steps import checked
from verify.testimony import Counterexample, Settings


def checker(formula: Formula, seed: int = 0) -> Check:
    """What says of a step (a claim about the formula) whether it agrees, by the exact witness."""
    settings = Settings(seed=seed)

    def check(step: Claim) -> Checked:
        testimony = testify(formula, step, settings)
        found = testimony.counterexample
        if testimony.says == "differs" and found is not None:
            # A form may read an element that is not there, behind a factor of 0: it says nothing wrong, but no value.
            is_undefined = "undefined" in (found.derived, found.claimed)
            return Checked("cannot tell" if is_undefined else "differs", _placed(found))
        if testimony.says == "agrees":
            return Checked("agrees")
        return Checked("cannot tell", testimony.reason)

    return check


def _placed(found: Counterexample) -> str:
    sizes = ", ".join(f"{name} = {value}" for name, value in {**found.sizes, **found.indices}.items())
    return (
        f"at {sizes}: {found.derived} against {found.claimed}" if sizes else f"{found.derived} against {found.claimed}"
    )


@dataclass(frozen=True)
class _Step:
    before: Node
    after: Node
    operator: str
    rule: str = "line"


def sift(display: Display, formula: Formula, seed: int = 0) -> None:
    """Keep of a derivation the lines that agree in exact arithmetic; the others go to its failures and its notes.

    All are compared at two points of small sizes at once. Where that leaves a doubt about a line, the exact witness is
    asked, as `checker` does.
    """
    derived = [line for line in display.lines if line.rule != DEFINITION]
    steps = [_Step(line.left, line.right, line.operator) for line in derived]
    if checked(formula, (), steps, seed).right == len(steps):
        return
    check = checker(formula, seed)
    for line, step in zip(derived, steps, strict=True):
        if checked(formula, (), [step], seed).right:
            continue
        shown = f"{text(line.left)} {line.operator} {text(line.right)}"
        found = check(Claim(line.left, line.operator, line.right, shown, formula.place))
        if found.says != "agrees":
            display.lines.remove(line)
            how = "a step fails its check and is not shown" if found.says == "differs" else "not checked, so not shown"
            (display.failures if found.says == "differs" else display.notes).append(f"{how}: {shown}: {found.reason}")
