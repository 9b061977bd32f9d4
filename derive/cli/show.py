"""`derive show`: formulas and their derivatives, in the forms that people paste."""

import shutil
import sys
from typing import NoReturn

import rich_click as click

from derive.cli.options import NOTHING, REFUSED, TIMEOUT, processors, tell, words
from derive.output import complain, write
from derive.selection import Selection, select

FORMATS = ("latex", "unicode", "mathml", "markdown", "text", "sympy")
WIDE = 100  # columns where there is no terminal


@click.command()
@words
@click.option("--format", "form", type=click.Choice(FORMATS), default="latex", show_default=True)
@click.option("--steps", is_flag=True, help="How each derivative comes about: the chain of adjoints.")
@click.option("--printed", is_flag=True, help="What sources print instead, each with its verdict.")
@click.pass_context
def show(ctx: click.Context, words: tuple[str, ...], form: str, steps: bool, printed: bool) -> None:
    """Print formulas and their derivatives: LaTeX, or what --format says.

    Nothing else goes to stdout: an align* display each, for a document that uses the package amsmath. A derivative
    stands in the form that is claimed where that is proved, for every size; else in the engine's own.
    """
    if not words:
        raise click.UsageError("which formula? `derive list` shows them", ctx)
    selection = select(words)
    if printed:
        if form != "latex":
            raise click.UsageError("what sources print is LaTeX: --printed goes with --format latex alone", ctx)
        show_printed(ctx, selection)
    from derive.catalog import read
    from derive.show import derivation, result

    errors, shown = list(selection.errors), 0
    for file in selection.files:
        catalog = read(file.path, file.shown, None if selection.is_whole else {entry.name for entry in file.entries})
        errors += catalog.errors
        for formula in catalog.formulas.values():
            display = (derivation if steps else result)(formula)
            text = display.written(form, columns())
            write(("\n" if shown and text else "") + text)
            for note in display.notes:
                complain(f"{formula.name}: {note}")
            shown += 1
    for error in errors:
        complain(str(error))
    ctx.exit(REFUSED if errors else 0 if shown else NOTHING)


def columns() -> int:
    """The width of the terminal, if that is where the output goes."""
    return shutil.get_terminal_size((WIDE, 24)).columns if sys.stdout.isatty() else WIDE


def show_printed(ctx: click.Context, selection: Selection) -> NoReturn:
    """What sources print of the selected formulas, as LaTeX displays with their verdicts as comments."""
    from verify import run
    from verify.pages import displays
    from verify.testimony import Settings

    planned = run.Run(selection, Settings(printed_only=True))
    report = planned.judged(run.Limits(processors(), TIMEOUT))
    tell(report)
    shown = displays(report, {str(formula.place): formula for _, _, formula in planned.formulas})
    write("\n".join(shown))
    if not shown:
        complain("no source is quoted there")
    ctx.exit(REFUSED if report.errors else 0 if shown else NOTHING)
