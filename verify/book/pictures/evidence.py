"""Pictures of the evidence: errors of differences, of the whole check and against the step, and the times of claims."""

from collections.abc import Iterator

import numpy as np

from derive.binding import walk
from derive.errors import UndefinedError
from derive.expression import Derivative, Element
from derive.formula import Claim, Formula
from verify.book.drawing import Drawing
from verify.book.pictures.functions import FAILURES
from verify.book.pictures.style import DASHES, INK, SERIES, SOFT, drawing, picture
from verify.floats.arrays import Arrays, Reads
from verify.floats.labelled import arranged
from verify.floats.measurement import HIGH, Measurement, Moved, rounded
from verify.floats.stencils import offsets
from verify.points import points
from verify.report import Report
from verify.testimony import Settings

BITS = 50  # halvings of the step


def errors(report: Report) -> Iterator[Drawing]:
    """The histogram of what the differences witness was off by, relative, and of what it allowed."""
    found = [(claim.witnesses.differences.max_error, claim.witnesses.differences.allowed) for entry in report.formulas
             for claim in entry.claims if claim.witnesses.differences.says == "agrees"]  # fmt: skip
    off = np.array([one for one, _ in found if isinstance(one, float) and one > 0])
    allowed = np.array([one for _, one in found if isinstance(one, float) and one > 0])
    exact = sum(one == 0 for one, _ in found)
    if len(off) < 2:
        return
    bins = np.arange(-24, 1)
    with drawing(size=(6.4, 3.0)) as (figure, axes):
        axes.hist(np.log10(off), bins=bins, color=SERIES[0], alpha=0.55, label="off by")
        axes.hist(
            np.log10(allowed),
            bins=bins,
            histtype="step",
            color=SERIES[1],
            linestyle="--",
            linewidth=1.6,
            label="allowed",
        )
        axes.set_xlabel("relative error, as a power of 10")
        axes.set_ylabel("claims")
        axes.legend(labelcolor=INK)
        yield picture(
            figure, "errors",
            f"How far finite differences are from what {len(found)} claims say, and how far they may be: the "
            f"estimate of their own error. {exact} of them are met to the last bit.",
            f"Two histograms over powers of ten: errors have their median at {np.median(off):.1e} and their largest at "
            f"{off.max():.1e}, allowances their median at {np.median(allowed):.1e}.",
        )  # fmt: skip


def times(report: Report) -> Iterator[Drawing]:
    """How long the claims took to judge, where the report says so."""
    found = np.array([c.seconds for entry in report.formulas for c in entry.claims if isinstance(c.seconds, float)])
    found = found[found > 0]
    if len(found) < 2:
        return
    with drawing(size=(6.4, 2.8)) as (figure, axes):
        axes.hist(np.log10(found * 1000), bins=30, color=SERIES[0], alpha=0.7)
        axes.set_xlabel("milliseconds for one claim, as a power of 10")
        axes.set_ylabel("claims")
        yield picture(
            figure, "times",
            f"The time that {len(found)} claims took, all witnesses together: half of them less than "
            f"{np.median(found) * 1000:.0f} ms, the longest {found.max():.1f} s.",
            f"A histogram with its median at {np.median(found) * 1000:.0f} ms.",
        )  # fmt: skip


def against_step(formula: Formula, claim: Claim) -> Iterator[Drawing]:
    """The V curve: the error of central differences against their step, and what the witness makes of its steps.

    claim: a proved one, whose left side is the derivative of a number by an element.
    """
    if not isinstance(claim.left, Derivative) or len(claim.left.by) != 1:
        return
    (by,), body = claim.left.by, claim.left.body
    if by.tensor not in formula.inputs or by.tensor.domain != "real":
        return
    try:
        draw = next(iter(points(formula, claim, Settings(), 1)))
        reads = Reads(formula)
        at = Measurement(formula, draw.sizes, draw.values, reads)
        truth = np.asarray(arranged(at.high.value(claim.right), claim.indices)).ravel()[0]
        measured, error = (np.asarray(arranged(part, claim.indices)).ravel()[0] for part in at.measured(claim.left))
        tables = {tensor: rounded(values, np.float64) for tensor, values in draw.values.items()}

        def value(shift: float) -> float:
            moved = dict(tables)
            table = np.array(moved[by.tensor])
            table.flat[0] += shift
            moved[by.tensor] = table
            found = Arrays(formula, moved, draw.sizes, np.float64, {}, reads).value(body)
            return float(np.asarray(found.array).ravel()[0])

        steps = 2.0 ** -np.arange(1, BITS)
        slopes = np.array([(value(step) - value(-step)) / (2 * step) for step in steps])
        base = Moved(at.high.tensor(by.tensor), by.tensor.domain)
        places, _ = base.places(at.high, by.subscripts)
        used = np.abs(offsets(8, base.largest_steps(places[:1]))).astype(float).ravel()
    except (*FAILURES, UndefinedError, StopIteration):
        return
    off = np.abs(slopes - float(truth)) / abs(float(truth))
    reached = max(float(abs(measured - truth) / abs(truth)), float(np.finfo(HIGH).eps))
    estimate = max(float(error / abs(truth)), reached)
    best = int(np.argmin(np.where(off > 0, off, np.inf)))
    with drawing(size=(6.4, 3.9)) as (figure, axes):
        axes.loglog(steps, np.where(off > 0, off, np.nan), "o-", markersize=3, linewidth=0.9, color=SERIES[0],
                    label="central difference, 64 bits")  # fmt: skip
        axes.loglog(steps[best], off[best], "D", markersize=7, color=SERIES[1], label="its best step")
        axes.axvspan(used.min(), used.max(), color=SERIES[2], alpha=0.18, linewidth=0)
        axes.hlines(
            estimate,
            used.min(),
            used.max(),
            color=SERIES[2],
            linestyle=DASHES[1],
            label="extrapolated: estimate of its error",
        )
        axes.hlines(
            reached, used.min(), used.max(), color=SERIES[3], linestyle=DASHES[0], label="extrapolated: its error"
        )
        axes.set_xlabel("step h")
        axes.set_ylabel("relative error")
        figure.legend(labelcolor=INK, loc="outside lower center", ncols=2)
        axes.tick_params(colors=SOFT)
        yield picture(
            figure, f"step {formula.name}",
            f"{formula.title or formula.name}: the error of a central difference for {claim.text} against its "
            "step. Too long a step bends, too short a one cancels. The shaded steps are those that the witness takes "
            "together, in extended precision where the machine has it.",
            f"A V: the error falls to {off[best]:.1e} at a step of {steps[best]:.1e} and grows to {np.nanmax(off):.1e}"
            f"; extrapolation reaches {reached:.1e} and estimates {estimate:.1e}.",
        )  # fmt: skip


def is_smooth(claim: Claim) -> bool:
    """Whether the V curve of a claim tells something: a number is differentiated by an element of an array."""
    match claim.left:
        case Derivative(Element(of, ()), (Element(by, _),)):
            return claim.operator == "==" and not of.axes and bool(by.axes) and not any(
                isinstance(part, Derivative) for part in walk(claim.right)
            )  # fmt: skip
    return False
