"""The steps of a derivation, checked in ball arithmetic before they are shown."""

from derive.derivation.lines import Check, Checked
from derive.formula import Claim, Formula
from verify.exact import testify
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
