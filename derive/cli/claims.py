"""`derive check --claim`: claims in a line, judged as those of a catalog are."""

import sys
from typing import TYPE_CHECKING, NoReturn

import click

from derive.cli.d import Lines, pairs
from derive.cli.outputs import Outputs
from verify.patience import OutOfTime, limited

if TYPE_CHECKING:
    from derive.question import Question
    from verify.report import Judged, Report
    from verify.testimony import Settings

claimed = click.option("--claim", "claims", multiple=True, metavar="LEFT == RIGHT", help="Judge this claim instead.")
NAME = "claim"


def asked(claims: Lines, inputs: Lines, define: Lines) -> "Question":
    """The claims with their inputs and definitions; CatalogError at the place of a mistake."""
    from derive import question

    return question.claims(claims, pairs(inputs, "input"), pairs(define, "define"))


def report(question: "Question", settings: "Settings", timeout: float) -> "Report":
    """What is known of the claims; past its seconds one is undecided, and the next is taken up."""
    from verify.judge import items, judged, unheard
    from verify.report import Entry
    from verify.report import report as put_together

    whole = items(question.formula, settings)
    found: list[Judged] = []
    while len(found) < len(whole):
        try:
            with limited(timeout):
                found.append(next(judged(question.formula, settings, len(found))))
        except OutOfTime:
            found.append(unheard(whole[len(found)], f"no verdict within {timeout:g} s"))
    return put_together(settings.seed, [Entry(NAME, "", str(question.formula.place), found)])


def rendered(report: "Report", question: "Question", color: str, more: list[str]) -> str:
    """The verdicts as text: a line for each claim, what was assumed, and a block for each that fails.

    more: further words of the command that judges the same again.
    """
    from msgspec.structs import replace

    from derive.judging import options
    from verify import terminal

    out = terminal.console(sys.stdout, color)
    mark = "…" if out.encoding.lower().startswith("utf") else "..."
    (entry,) = report.formulas
    with out.capture() as captured:
        for claim in entry.claims:
            out.print(terminal.line(claim, ""))
        if question.assumed:
            out.print(f"assumed   {'   '.join(question.assumed)}")
        for claim in entry.claims:
            if not claim.as_expected:
                again = [*options([claim.claim], question.given, question.defined, "--claim"), *more]
                out.print()
                out.print(terminal.block(replace(entry, name=""), claim, report.seed, again, mark))
    return captured.get()


def check_claims(
    ctx: click.Context, claims: Lines, inputs: Lines, define: Lines, witness: tuple[str, ...], seed: int,
    timeout: float, more: list[str], outputs: Outputs, color: str,
) -> NoReturn:  # fmt: skip
    """Judge the claims, write the report and end with its status."""
    from derive.cli.options import tell
    from verify import run
    from verify.testimony import Settings

    question = asked(claims, inputs, define)
    found = report(question, Settings(seed=seed, witnesses=witness), timeout)
    tell(found)
    status = run.status(found)
    outputs.write(found, status, lambda is_file: rendered(found, question, "never" if is_file else color, more))
    ctx.exit(status)
