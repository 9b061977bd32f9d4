"""`derive mutate`: wrong twins of what formulas claim, and which of them the engine catches."""

import sys
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from derive.cli.help import Command
from derive.cli.options import judging, processors, words
from derive.cli.outputs import chosen, overwritten, writing
from derive.output import complain
from derive.selection import is_file, select

if TYPE_CHECKING:
    from verify.journal import Journal


@click.command(cls=Command)
@words
@writing("text", "json", also=".json and .txt say their formats.")
@judging()
@click.option("--sample", type=click.IntRange(1), help="At most so many twins, chosen by the seed.")
@click.option(
    "--journal",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where the fates are kept, so that a run goes on where it was ended.  [default: in the user's cache folder]",
)
@click.option("--again", is_flag=True, help="Judge every twin, whatever the journal knows, and keep no journal.")
@click.pass_context
def mutate(
    ctx: click.Context, words: tuple[str, ...], output_format: str, output: tuple[str, ...], seed: int,
    jobs: int | None, timeout: float, color: str, sample: int | None, journal: Path | None, again: bool,
) -> None:  # fmt: skip
    """Make wrong twins of every equation and report which the engine catches.

    A twin is the claim after one edit: a sign, a factor, a dropped term, a swapped index, n for n - 1, a function
    by its neighbour, one part in a million … Each is refuted (killed), proved to be true all the same, or it is a
    defect of the engine and listed.

    Exit status: 0 no twin is left, 1 some are, 2 something was refused, 3 witnesses contradict each other,
    5 there was nothing to edit.
    """
    outputs = chosen(ctx, ("text", "json"), [journal] if journal else ())
    reason = overwritten(journal, [word for word in words if is_file(word)]) if journal else ""
    if reason:
        raise click.BadParameter(reason, ctx, param_hint="'--journal'")
    selection = select(words)
    from verify import run, survey, terminal
    from verify.progress import progress
    from verify.testimony import Settings

    planned = run.Run(selection, Settings(seed=seed, is_shown=False, steps=False))
    with nullcontext() if again else opened(journal) as kept:
        plan = survey.Plan(planned, kept, sample)
        if kept and plan.left < plan.total:
            complain(f"{plan.total - plan.left:,} of {plan.total:,} twins are known from {kept.path}")
        progress_on = terminal.console(sys.stderr, "auto" if color == "always" else color)
        with progress(progress_on, plan.left) as watch:
            found = plan.survey(run.Limits(jobs or processors(), timeout, is_each=True), watch)
    for error in planned.errors:
        complain(str(error))
    if not found.fates:
        complain("there was nothing to edit")
    outputs.put({
        "json": lambda output: survey.encoded(found, seed).decode(),
        "text": partial(outputs.text, partial(survey.rendered, found)),
    })  # fmt: skip
    ctx.exit(survey.status(found))


def opened(path: Path | None) -> "AbstractContextManager[Journal | None]":
    """The journal at that place, or at the usual one, without which a run goes on."""
    from verify.journal import Journal, usual_place

    try:
        found = Journal(path or usual_place())
    except OSError as error:
        if path:
            raise
        complain(f"no journal is kept: {error.filename}: {error.strerror}")
        return nullcontext()
    if found.set_aside:
        lines = "1 line" if found.set_aside == 1 else f"{found.set_aside:,} lines"
        complain(f"{lines} of {found.path} cannot be read: set aside in {found.aside}")
    return found
