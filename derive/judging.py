"""Verdicts as Python code and the command line tell them: what the witnesses find, by whom, and how to ask again."""

import shlex
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from derive.errors import CatalogError
from derive.formula import Formula
from derive.selection import visible
from derive.verdict import WITNESSES, Counterexample, Verdict

if TYPE_CHECKING:
    from verify.report import Judged

QUICK = ("algebra", "exact", "differences")  # SymPy takes as long to import as all of these to answer


def judged(formula: Formula, seed: int = 0, witnesses: Sequence[str] = WITNESSES) -> "list[Judged]":
    """What the witnesses find of every claim of a formula. Raises CatalogError for one that there is not."""
    unknown = [name for name in witnesses if name not in WITNESSES]
    if unknown:
        raise CatalogError(f"{unknown[0]!r} is no witness; there are {', '.join(WITNESSES)}")
    from verify.judge import judged as judge
    from verify.testimony import Settings

    return list(judge(formula, Settings(seed=seed, witnesses=tuple(witnesses))))


def verdict_of(found: "Judged", again: Sequence[str], seed: int, assumed: tuple[str, ...] = ()) -> Verdict:
    said = {name: getattr(found.witnesses, name).says for name in WITNESSES}
    message = "\n".join([f"{found.verdict:<9} {visible(found.claim)}", *told(found, assumed)])
    if not found.as_expected:
        message += "\n  again    " + shlex.join(["derive", "check", *again, "--seed", str(seed)])
    at = found.counterexample
    point = (
        Counterexample(at.sizes, at.indices, at.values, at.derived, at.claimed, at.difference, at.certified)
        if at
        else None
    )
    return Verdict(found.claim, found.verdict, message, found.reason or "", said, point, assumed, found.as_expected)


def told(found: "Judged", assumed: Sequence[str] = ()) -> list[str]:
    """The lines below a verdict: by whom, or where it fails; and what was assumed."""
    if found.verdict in ("proved", "agrees"):
        lines = [("by", evidence(found))]
    else:
        from verify.terminal import details  # not at the top: what it stands on is slow to import

        lines = list(details(found))
    lines += [("assumed", "   ".join(assumed))] if assumed else []
    return [f"  {name:<8} {visible(line)}" for name, line in lines]


def evidence(found: "Judged") -> str:
    """Who agrees, and on what: "algebra for every size, exact at 7 points to 60 digits"."""
    said = found.witnesses
    parts = ["algebra for every size"] if said.algebra.says == "equal" else []
    if said.exact.says == "agrees":
        parts.append(f"exact at {said.exact.points} points to {said.exact.digits} digits")
    if said.sympy.says == "agrees":
        parts.append("sympy written out")
    if said.differences.says == "agrees":
        parts.append(f"differences at {said.differences.points}")
    return ", ".join(parts)


def options(
    lines: Iterable[str], inputs: Iterable[tuple[str, str]], define: Iterable[tuple[str, str]], option: str = ""
) -> list[str]:
    """The words of a command line that asks the same again."""
    words = [word for line in lines for word in ((option, line) if option else (line,))]
    words += [word for name, declared in inputs for word in ("--input", f"{name}: {declared.strip()}")]
    return words + [word for left, body in define for word in ("--define", f"{left}: {body.strip()}")]
