"""`derive mutate`: wrong twins of what formulas claim, and which of them the engine catches."""

import sys
from pathlib import Path

import rich_click as click

from derive.cli.options import judging, processors, words
from derive.output import complain, write
from derive.selection import select


@click.command()
@words
@judging("text", "json")
@click.option("--sample", type=click.IntRange(1), help="At most so many twins, chosen by the seed.")
@click.pass_context
def mutate(
    ctx: click.Context, words: tuple[str, ...], output_format: str, output: Path | None, seed: int, jobs: int | None,
    timeout: float, color: str, sample: int | None,
) -> None:  # fmt: skip
    """Make wrong twins of every equation and report which the engine catches.

    A twin is the claim after one edit: a sign, a factor, a dropped term, a swapped index, n for n - 1, a function
    by its neighbour, one part in a million … Each is refuted (killed), proved to be true all the same, or it is a
    defect of the engine and listed.

    Exit status: 0 no twin is left, 1 some are, 2 something was refused, 3 witnesses contradict each other,
    5 there was nothing to edit.
    """
    selection = select(words)
    from verify import run, survey, terminal
    from verify.testimony import Settings

    planned = run.Run(selection, Settings(seed=seed))
    progress_on = terminal.console(sys.stderr, "auto" if color == "always" else color)
    total = survey.count(planned) if sample is None else min(sample, survey.count(planned))
    with terminal.progress(progress_on, total) as watch:
        found = survey.survey(planned, run.Limits(jobs or processors(), timeout), watch, sample)
    for error in planned.errors:
        complain(str(error))
    if output_format == "json":
        text = survey.encoded(found, seed).decode()
    else:
        text = survey.rendered(found, sys.stdout, "never" if output else color)
    if not found.fates:
        complain("there was nothing to edit")
    write(text, output)
    ctx.exit(survey.status(found))
