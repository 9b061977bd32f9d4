"""The reference witness: whether the libraries that an entry names compute what it defines."""

from collections.abc import Sequence
from typing import Any

from derive.errors import UnsupportedError
from derive.exchange.dependence import Dependence
from derive.expression import Tensor
from derive.formula import Claim, Formula, Reference, mentioned
from derive.language.operators import operators
from verify.arithmetic.balls import Work
from verify.references.comparison import ShapeError, compare
from verify.references.libraries import is_installed
from verify.references.record import Compared, Record
from verify.references.trials import of_algorithm
from verify.sampling import PLANNED, draws
from verify.testimony import Saying, Settings, Testimony


def testify(formula: Formula, claim: Claim, settings: Settings) -> Testimony:
    """What the references say of the definitions that a claim stands on.

    "agrees": all that could be tried do.  "differs": one computes something else, which is a finding about the entry's
    definition and says nothing of the claim.  "not run": no library is installed, or none is named.
    """
    reads = Dependence(formula)
    used = reads(claim.left) | reads(claim.right)
    found = [one for one in _session(formula, settings) if _concerns(one.reference, formula, used)]
    return summed(found) if found else Testimony("reference", "not run", "no reference for what the claim reads")


def testify_of_algorithm(formula: Formula, settings: Settings) -> Testimony:
    """What the references say of an entry's algorithm."""
    found = [one for one in _session(formula, settings) if one.reference.given]
    return summed(found) if found else Testimony("reference", "not run", "no reference for the algorithm")


def _concerns(reference: Reference, formula: Formula, used: frozenset[Tensor]) -> bool:
    defined = {definition.tensor for definition in formula.definitions}
    read = {tensor for result in reference.results for tensor in mentioned(result.body)} & defined
    return bool(reference.results) and (not read or not read.isdisjoint(used))


_latest: list[tuple[Formula, int, list[Compared]]] = []


def _session(formula: Formula, settings: Settings) -> list[Compared]:
    """The references of this formula, compared; those of one formula are kept, as claims come formula by formula."""
    for known, seed, found in _latest:
        if known is formula and seed == settings.seed:
            return found
    found = [compared(formula, reference, settings) for reference in formula.references]
    _latest[:] = [(formula, settings.seed, found)]
    return found


def summed(found: Sequence[Compared]) -> Testimony:
    """One testimony from all references: what contradicts the entry stands before what does not."""
    surprises = [one for one in found if not one.is_as_recorded]
    tried = [one for one in found if one.says != "not run"]
    says: Saying
    if surprises:
        # To agree where the entry says that it differs is no difference; the reason tells.
        says = "differs" if any(one.says == "differs" for one in surprises) else "cannot tell"
        reason = "; ".join(one.reason for one in surprises)
    elif tried:
        says = "agrees" if any(one.says == "agrees" for one in tried) else "differs"
        reason = "; ".join(one.reason for one in tried if one.says == "differs")
    else:
        says, reason = "not run", "; ".join(dict.fromkeys(one.reason for one in found))
    facts: dict[str, Any] = {}
    worst = max((one for one in tried if "max_error" in one.facts), key=_excess, default=None)
    if worst is not None:
        facts = {name: worst.facts[name] for name in ("points", "max_error", "allowed", "sizes") if name in worst.facts}
    facts["operators"] = [one.report() for one in found]
    if not surprises and says == "differs":
        facts["recorded"] = True
    return Testimony("reference", says, reason, facts)


def _excess(one: Compared) -> float:
    allowed = one.facts["allowed"]
    return float(one.facts["max_error"] / allowed) if allowed else 0.0


# ---------------------------------------------------------------------------------- one reference


def compared(formula: Formula, reference: Reference, settings: Settings) -> Compared:
    """One reference at the planned points, or an algorithm on random input."""
    operator = operators()[reference.call]
    if not is_installed(operator.library):
        return Compared(reference, "not run", f"{operator.library} is not installed")
    if reference.given:
        return of_algorithm(formula, reference, operator, settings)
    Work.start()
    record = Record()
    for draw in draws(formula, settings.seed):
        if draw.number >= len(PLANNED):  # further ones only where those did not show enough, and no wild ones
            if record.says == "agrees":
                break
            if draw.stratum != "generic":
                continue
        try:
            record.add(draw, compare(formula, reference, operator, draw))
        except ShapeError as problem:
            record.misfit = str(problem)
        except UnsupportedError as problem:
            record.problem = str(problem)
        except (ImportError, MemoryError, RecursionError):
            raise
        except Exception as problem:  # whatever a library may raise at what it does not take
            record.problem = f"it raises {type(problem).__name__}: {' '.join(str(problem).split())[:200]}"
        if record.says == "differs":
            break
    return record.told(reference, operator)
