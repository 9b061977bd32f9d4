"""The reference witness: whether the libraries that an entry names compute what it defines."""

from collections.abc import Sequence
from typing import Any

from derive.errors import UnsupportedError
from derive.exchange.dependence import Dependence
from derive.expression import Node
from derive.formula import Claim, Example, Formula, Reference, mentioned
from derive.language.operators import Operator, operators
from verify.arithmetic.balls import Work
from verify.references.comparison import ShapeError, compare
from verify.references.libraries import is_installed
from verify.references.record import Compared, Record
from verify.references.trials import of_algorithm
from verify.sampling import PLANNED, draws
from verify.testimony import Saying, Settings, Testimony


def testify(formula: Formula, item: Claim | Example | None, settings: Settings) -> Testimony:
    """What the references say of the definitions that a claim or an example stands on, or of the algorithm (None).

    "agrees": all that could be tried do.  "differs": one computes something else, which is a finding about the entry's
    definition and says nothing of the claim.  "not run": no library is installed, or none is named. What no claim
    reads is told with every one of them, so that nothing found is left untold.
    """
    found = [one for one in _session(formula, settings) if item in _readers(formula, one.reference)]
    return summed(found) if found else Testimony("reference", "not run", "no reference for what the claim reads")


def _readers(formula: Formula, reference: Reference) -> list[Claim | Example | None]:
    """With what a reference is told: the claims and examples that read a definition which it computes."""
    if reference.given:
        return [None]
    defined = {definition.tensor for definition in formula.definitions}
    computed = {tensor for result in reference.results for tensor in mentioned(result.body)} & defined
    every: list[Claim | Example] = [*formula.claims, *formula.examples]
    reads = Dependence(formula)
    readers = [item for item in every if any(reads(node) & computed for node in _sides(item))]
    return [*(readers or every), *([] if every else [None])]


def _sides(item: Claim | Example) -> list[Node]:
    return [item.left, item.right] if isinstance(item, Claim) else [node for node, _ in item.then.values()]


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
    try:
        return _at_points(formula, reference, operator, settings)
    except ImportError as problem:  # it is there, and something that it needs is not
        return Compared(reference, "not run", f"{operator.library} cannot be imported: {problem}")


def _at_points(formula: Formula, reference: Reference, operator: Operator, settings: Settings) -> Compared:
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
