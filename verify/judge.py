"""Asks the witnesses about a formula's claims and decides what is known: the one place where verdicts are made."""

import dataclasses
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from importlib import import_module
from itertools import islice
from typing import TYPE_CHECKING, Any

from msgspec import UNSET
from msgspec.structs import replace

from derive.errors import UndefinedError, UnsupportedError
from derive.expression import Derivative
from derive.formula import Claim, Example, Formula, renaming
from derive.verdict import WITNESSES
from verify.report import BESIDE, Judged, Verdict, Witnesses, point, said
from verify.testimony import Settings, Testimony

if TYPE_CHECKING:  # slow to import, and not always needed
    from derive.proof import Algebra
    from verify.trials import Trial

Ask = Callable[[Claim, Settings], Testimony]
MODULES = {
    "algebra": "derive.proof",
    "exact": "verify.exact",
    "sympy": "verify.written",
    "differences": "verify.differences",
    "reference": "verify.references.witness",
}
TOLD = 500  # characters of a derivative's normal form from which what is right is told


def judged(formula: Formula, settings: Settings, start: int = 0, timings: bool = False) -> Iterator[Judged]:
    """What is judged of a formula (see `items`), each with its verdict, from number `start` on."""
    panel = summoned(formula, settings)
    for item in items(formula, settings)[start:]:
        before = time.perf_counter()
        heard = hear(panel, item, settings) if isinstance(item, Claim) else _recomputed(formula, item, settings)
        verdict, reason = decide(heard)
        heard |= _beside_a_library(formula, item, settings)
        found = _diagnosed(formula, item, settings, entry(item, verdict, reason, heard))
        yield replace(found, seconds=round(time.perf_counter() - before, 6)) if timings else found


def items(formula: Formula, settings: Settings) -> "Sequence[Claim | Example | Trial]":
    """The claims and, unless the exact witness is left out, what is recomputed: worked examples and algorithms."""
    examples: list[Claim | Example | Trial] = (
        [*formula.examples, *_trials(formula, settings)] if "exact" in settings.witnesses else []
    )
    if not settings.printed_only:
        return [*formula.claims, *examples]
    printed = [claim.left for claim in formula.claims if claim.origin == "printed"]
    return [*(c for c in formula.claims if any(renaming(left, c.left) is not None for left in printed)), *examples]


def _trials(formula: Formula, settings: Settings) -> "Sequence[Trial]":
    if not formula.algorithm:
        return ()
    from verify.trials import trials

    return trials(formula, settings)


def _diagnosed(formula: Formula, item: "Claim | Example | Trial", settings: Settings, found: Judged) -> Judged:
    """With the likely slip, where a claim is refuted and somebody will read why; without one, with what is right."""
    if found.verdict != "refuted" or not isinstance(item, Claim) or (found.as_expected and not settings.printed_only):
        return found
    from verify.diagnosis import slip

    try:
        if likely := slip(formula, item, settings):
            return replace(found, diagnosis=likely.says, repaired=likely.claim.text)
        right = _derived(formula, item, settings)
    except Exception:  # a verdict that stands is not lost for want of a guess
        return found
    return replace(found, right=right) if right else found


def _derived(formula: Formula, claim: Claim, settings: Settings) -> str:
    """A refuted derivative with the engine's own form, where this is short; "" elsewhere."""
    if not isinstance(claim.left, Derivative) or claim.operator != "==" or "algebra" not in settings.witnesses:
        return ""
    from derive.forms.shortest import shortest
    from verify.diagnosis import mended

    right = mended(formula, claim, shortest(formula, claim.left, TOLD).whole, settings)
    return right.text if right else ""


# ---------------------------------------------------------------------------------- the witnesses


def load(names: Sequence[str]) -> None:
    """Import the modules of these witnesses, and what they stand on."""
    for name in names:
        import_module(MODULES[name])
    if "exact" in names:
        import_module("verify.diagnosis")
    if "algebra" in names:
        import_module("verify.steps")


def summoned(formula: Formula, settings: Settings) -> dict[str, Ask]:
    """The witnesses of these names, ready to speak of the formula; only what they need is imported."""
    from verify.section import in_parts

    panel: dict[str, Ask] = {}
    names = settings.witnesses
    if "algebra" in names:
        from derive.proof import Algebra

        panel["algebra"] = _Prover(Algebra(formula, settings.steps))
    if "exact" in names:
        from verify import exact

        panel["exact"] = partial(in_parts, exact.testify, formula)
    if "sympy" in names:
        from verify import written

        panel["sympy"] = partial(in_parts, written.testify, formula)
    if "differences" in names:
        from verify import differences

        panel["differences"] = partial(in_parts, differences.testify, formula)
    return panel


class _Prover:
    """The algebra as a witness; of a proof, every step that was not compared before is compared.

    It tells of a proof the definitions that it read, whether derivatives stayed names as links of a chain rule, and how
    many of the steps that were not compared before each rule made.
    """

    def __init__(self, algebra: "Algebra") -> None:
        self.algebra, self.compared = algebra, 0

    def __call__(self, claim: Claim, settings: Settings) -> Testimony:
        proof = self.algebra.prove(claim)
        facts: dict[str, Any] = {"rules": list(proof.facts)} if proof.facts else {}
        if not proof.equal:
            return Testimony("algebra", "cannot tell", proof.reason, facts)
        formula = self.algebra.formula
        if proof.opened is not None:
            facts["read"] = [d.name for d in formula.definitions if d.tensor in proof.opened]
            facts["chained"] = proof.links is not None
        if self.algebra.steps is None:
            return Testimony("algebra", "equal", "", facts)
        steps = list(islice(self.algebra.steps, self.compared, None))
        self.compared += len(steps)
        facts["steps"] = dict(sorted(Counter(step.rule for step in steps).items()))
        from verify.steps import checked

        wrong = checked(formula, list(self.algebra.derivatives.values()), steps, settings.seed, points=1).wrong
        if wrong:
            return Testimony("algebra", "equal", f"a step of the proof is wrong: {wrong}", {**facts, "broken": True})
        return Testimony("algebra", "equal", "", facts)


def hear(panel: Mapping[str, Ask], claim: Claim, settings: Settings) -> dict[str, Testimony]:
    """What each witness says of a claim.

    Where one has a counterexample, those that agree are asked about this very point: to have agreed elsewhere
    is no contradiction.
    """
    heard = {name: _heard(name, partial(ask, claim, settings)) for name, ask in panel.items()}
    found = next((one.counterexample for one in heard.values() if one.counterexample), None)
    if found is not None:
        there = dataclasses.replace(settings, at=found)
        for name, one in heard.items():
            if one.says == "agrees":
                heard[name] = _beside(one, _heard(name, partial(panel[name], claim, there)))
    return heard


def _beside(elsewhere: Testimony, there: Testimony) -> Testimony:
    """What a witness says at the counterexample, with the figures of what it had found elsewhere."""
    if there.says == "agrees":
        return elsewhere
    reason = f"agrees elsewhere; at the counterexample: {there.reason or there.says}"
    return dataclasses.replace(there, reason=reason, facts=elsewhere.facts)


def _beside_a_library(formula: Formula, item: "Claim | Example | Trial", settings: Settings) -> dict[str, Testimony]:
    """What libraries compute where the entry names them. It speaks of the definition, so no verdict rests on it."""
    if "reference" not in settings.witnesses:
        return {}
    from verify.references import witness

    read = item if isinstance(item, (Claim, Example)) else None
    return {"reference": _heard("reference", partial(witness.testify, formula, read, settings))}


def _recomputed(formula: Formula, item: "Example | Trial", settings: Settings) -> dict[str, Testimony]:
    if isinstance(item, Example):
        from verify.exact import check_example

        return {"exact": _heard("exact", partial(check_example, formula, item, settings))}
    from verify.trials import testify

    return {"trials": _heard("trials", partial(testify, item, settings))}


def _heard(name: str, ask: Callable[[], Testimony]) -> Testimony:
    """One testimony; a witness that stumbles cannot tell, one that breaks is reported as broken."""
    try:
        return ask()
    except (UnsupportedError, UndefinedError) as error:
        return Testimony(name, "cannot tell", str(error))
    except RecursionError:
        return Testimony(name, "cannot tell", "the expression is nested too deeply")
    except MemoryError:
        return Testimony(name, "cannot tell", "out of memory")
    except Exception as error:
        reason = f"internal error: {type(error).__name__}: {error}"
        return Testimony(name, "cannot tell", reason, {"broken": True})


# ----------------------------------------------------------------------------------- the verdict


def decide(heard: Mapping[str, Testimony]) -> tuple[Verdict, str | None]:
    """The verdict on a claim, and its reason if it is undecided or a conflict.

    `heard` has the witnesses that were asked. Proved: the algebra says equal, exact agrees, nobody differs.
    A proof with a wrong step is a conflict, whoever agrees.
    Agrees: the same without a proof. Refuted: exact has a certified counterexample and nobody contradicts it.
    A trial of an algorithm stands alone. Only a user who leaves the exact witness out gets a verdict without it,
    and then a proof alone counts.
    """
    if "trials" in heard:
        tried = heard["trials"]
        verdicts: dict[str, Verdict] = {"agrees": "agrees", "differs": "refuted"}
        return verdicts.get(tried.says, "undecided"), tried.reason or None
    for_it = [name for name, one in heard.items() if one.says in ("equal", "agrees")]
    against = [name for name, one in heard.items() if one.says == "differs"]
    if for_it and against:
        return "conflict", f"{_said(heard, for_it)}, but {_said(heard, against)}"
    equal = "algebra" in heard and heard["algebra"].says == "equal"
    if equal and heard["algebra"].facts.get("broken"):
        return "conflict", heard["algebra"].reason
    exact = heard.get("exact")
    if exact is None:
        return ("proved", None) if equal else ("undecided", _without_exact(heard, against))
    if exact.says == "differs":
        if exact.counterexample is None or not exact.counterexample.certified:
            return "undecided", "the exact witness has no certified counterexample"
        return "refuted", None
    if exact.says != "agrees":
        return "undecided", "; ".join([exact.reason or "the exact witness cannot tell", *_floating(heard, against)])
    return ("proved" if equal else "agrees"), None


def _without_exact(heard: Mapping[str, Testimony], against: Sequence[str]) -> str:
    unproved = [heard["algebra"].reason or "no proof was found"] if "algebra" in heard else []
    return "; ".join(["the exact witness was not asked", *unproved, *_floating(heard, against)])


def _floating(heard: Mapping[str, Testimony], against: Sequence[str]) -> list[str]:
    return [f"{_said(heard, against)}, which alone refutes nothing"] if against else []


def _said(heard: Mapping[str, Testimony], names: Sequence[str]) -> str:
    return " and ".join(f"{name} says {heard[name].says}" for name in names)


def entry(
    item: "Claim | Example | Trial", verdict: Verdict, reason: str | None, heard: Mapping[str, Testimony]
) -> Judged:
    """The claim or example as it stands in the report."""
    origin, latex = "example" if isinstance(item, Example) else "algorithm", ""
    if isinstance(item, Claim):
        origin, latex = item.origin, item.latex
    library = heard.get("reference")
    is_as_recorded = library is None or library.is_as_recorded
    found = heard["trials" if "trials" in heard else "exact"].counterexample if verdict == "refuted" else None
    return Judged(
        claim=" ".join(item.text.split()),
        origin=origin,  # type: ignore[arg-type]
        expected=item.expected,  # type: ignore[arg-type]
        verdict=verdict,
        as_expected=is_as_recorded and verdict in (("proved", "agrees") if item.expected == "holds" else ("refuted",)),
        where=str(item.place),
        witnesses=Witnesses(**{name: said(heard.get(name)) for name in (*WITNESSES, *({*BESIDE} & {*heard}))}),
        counterexample=point(found) if found else None,
        reason=reason if library is None or is_as_recorded else "; ".join(filter(None, (reason, library.reason))),
        source=item.source or UNSET,
        latex=latex or UNSET,
        condition=item.condition or UNSET,
    )


def unheard(item: "Claim | Example | Trial", reason: str) -> Judged:
    """What stands in the report for a claim whose worker was lost: undecided, with the reason."""
    return entry(item, "undecided", reason, {})
