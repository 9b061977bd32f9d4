"""`derive check --claim`: claims in a line, judged as those of a catalog are."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, TextIO

import click

from derive.cli.d import Lines, pairs
from derive.cli.keywords import Test
from derive.cli.outputs import Outputs
from derive.output import complain
from verify.patience import OutOfTime, limited

if TYPE_CHECKING:
    from derive.question import Question
    from verify.report import Judged, Report
    from verify.testimony import Settings

claimed = click.option("--claim", "claims", multiple=True, metavar="LEFT == RIGHT", help="Judge this claim instead.")
NAME = "claim"


@dataclass(frozen=True)
class Line:
    """What is asked in a line.

    test: of `-k`.  is_first: whether the first claim that is not as expected ends it.  volume: above 0 what each
    witness says is told, below 0 only what is not as expected.  slowest: how many of the slowest claims are named.
    """

    claims: Lines
    inputs: Lines
    define: Lines
    test: Test | None = None
    is_first: bool = False
    volume: int = 0
    slowest: int = 0
    timings: bool = False

    @classmethod
    def of(cls, ctx: click.Context, test: Test | None, volume: int) -> "Line":
        """What a command line asks; UsageError for words and options that speak of catalogs."""
        given = ctx.params
        if given["words"] or not given["claims"]:
            raise click.UsageError("--claim, --input and --define ask of claims in a line, not of a catalog", ctx)
        if given["last_failed"]:
            raise click.UsageError("--lf asks of a catalog: of claims in a line none is remembered", ctx)
        asked = (given["claims"], given["inputs"], given["define"])
        return cls(*asked, test, given["exitfirst"], volume, given["durations"], given["timings"])


def asked(line: Line) -> "Question":
    """The claims with their inputs and definitions; CatalogError at the place of a mistake."""
    from derive import question

    return question.claims(line.claims, pairs(line.inputs, "input"), pairs(line.define, "define"))


def report(question: "Question", line: Line, settings: "Settings", timeout: float) -> "Report":
    """What is known of the claims; past its seconds one is undecided, and the next is taken up."""
    from verify.judge import items, judged, unheard
    from verify.report import Entry
    from verify.report import report as put_together

    whole = items(question.formula, settings)
    found: list[Judged] = []
    for number, item in enumerate(whole):
        if line.test and not line.test(f"{NAME} {item.text}"):
            continue
        try:
            with limited(timeout):
                found.append(next(judged(question.formula, settings, number, timings=True)))
        except OutOfTime:
            found.append(unheard(item, f"no verdict within {timeout:g} s"))
        if line.is_first and not found[-1].as_expected:
            break
    entries = [Entry(NAME, "", str(question.formula.place), found)] if found else []
    return put_together(settings.seed, entries)


def rendered(report: "Report", question: "Question", line: Line, stream: TextIO, color: str, more: list[str]) -> str:
    """The verdicts as text: a line for each claim, what was assumed, and a block for each that fails.

    more: further words of the command that judges the same again.
    """
    from msgspec.structs import replace
    from rich.text import Text

    from derive.judging import options
    from verify import terminal

    out = terminal.console(stream, color)
    mark, width = "…" if out.encoding.lower().startswith("utf") else "...", terminal.room(out)
    (entry,) = report.formulas
    with out.capture() as captured:
        for claim in entry.claims if line.volume >= 0 else ():
            out.print(terminal.line(claim, "", width))
            for said in terminal.spoken(claim, mark) if line.volume > 0 else ():
                out.print(terminal.hung(Text(said, style="dim"), width, terminal.SAID))
        if line.volume < 0:
            out.print(Text(terminal.counted(report.summary)))
        if question.assumed:
            out.print(terminal.hung(Text(f"assumed   {'   '.join(question.assumed)}"), width, terminal.VERDICT))
        for shown in terminal.durations(report.formulas, line.slowest):
            out.print(terminal.hung(Text(shown), width, terminal.TIMED))
        for claim in entry.claims:
            if not claim.as_expected:
                again = [*options([claim.claim], question.given, question.defined, "--claim"), *more]
                out.print()
                out.print(terminal.block(replace(entry, name=""), claim, report.seed, again, mark, width))
    return captured.get()


def check_claims(line: Line, settings: "Settings", timeout: float, more: list[str], outputs: Outputs) -> int:
    """Judge the claims and write the reports; the exit status."""
    from derive.cli.options import NOTHING, tell
    from verify import outcome
    from verify.report import untimed

    question = asked(line)
    timed = report(question, line, settings, timeout)
    found = timed if line.timings else untimed(timed)
    tell(found)
    status = outcome.status(found)
    if status == NOTHING:
        complain("there was nothing to judge")
    shown = timed if line.slowest else found
    outputs.write(
        found, status, lambda stream, color: rendered(shown, question, line, stream, color, more), line.timings
    )
    return status
