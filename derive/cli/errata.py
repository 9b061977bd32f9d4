"""`derive errata`: what sources print and does not hold."""

import sys
from collections.abc import Callable
from contextlib import nullcontext
from functools import partial

import click

from derive.cli.help import Command
from derive.cli.options import NOTHING, judging, memory, no_cache, processors, tell, words
from derive.cli.outputs import Output, chosen, writing
from derive.output import complain
from derive.selection import select

NAMES = ("text", "json", "markdown")


@click.command(cls=Command)
@words
@writing(*NAMES, also=".json, .md and .txt say their formats.")
@judging()
@memory
@no_cache
@click.pass_context
def errata(
    ctx: click.Context, words: tuple[str, ...], output_format: str, output: tuple[str, ...], seed: int,
    jobs: int | None, timeout: float, color: str, memory: int, no_cache: bool,
) -> None:  # fmt: skip
    """Report what sources print and does not hold.

    Each printed claim that is refuted stands with its source, the smallest numbers found that show it, what would
    be right and the likely slip; worked numbers are judged at the digits printed. What holds is counted.

    Exit status: as that of check; an erratum that the catalog knows of is as expected.
    """
    outputs = chosen(ctx, NAMES)
    selection = select(words)
    from derive.show import own_form
    from verify import errata as found
    from verify import outcome, pages, run, store, terminal
    from verify.progress import progress
    from verify.testimony import Settings

    progress_on = terminal.console(sys.stderr, "auto" if color == "always" else color)
    with nullcontext() if no_cache else store.opened(complain) as kept:
        planned = run.Run(selection, Settings(seed=seed, printed_only=True), store=kept)
        with progress(progress_on, planned.total, is_each=False) as watch:
            report = planned.judged(run.Limits(jobs or processors(), timeout, memory), watch)
    tell(report)
    for entry in report.formulas:
        for claim in entry.claims:
            if claim.origin not in ("printed", "example") and not claim.as_expected:
                complain(f"{entry.name}: {claim.claim} is {claim.verdict}; see `derive check {entry.name}`")
    formulas = {str(formula.place): formula for _, _, formula in planned.formulas}
    result = found.errata(report, formulas, planned.groups, own_form)
    status = outcome.status(report)
    if status == NOTHING:
        complain("nothing that is printed was selected")
    writers: dict[str, Callable[[Output], str]] = {"json": lambda output: found.encoded(result).decode()}
    if status != NOTHING:
        writers["markdown"] = lambda output: pages.markdown(result)
        writers["text"] = partial(outputs.text, partial(pages.rendered, result))
    outputs.put(writers)
    ctx.exit(status)
