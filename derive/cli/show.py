"""`derive show`: formulas and their derivatives, in the forms that people paste."""

import sys
from typing import TYPE_CHECKING, NoReturn

import click

from derive.cli.help import Command
from derive.cli.options import BROKEN, NOTHING, REFUSED, TIMEOUT, processors, tell, words
from derive.fitting import NOTE, fitted
from derive.output import columns, complain, harmless, screen, write
from derive.selection import Selection, select, visible

if TYPE_CHECKING:
    from derive.expression import Derivative, Node
    from derive.formula import Formula
    from derive.printing.display import Display

FORMATS = ("latex", "unicode", "mathml", "markdown", "text", "sympy")


@click.command(cls=Command)
@words
@click.option("--format", "form", type=click.Choice(FORMATS), default="latex", show_default=True)
@click.option("--of", "asked", metavar="EXPRESSION", help="One expression alone, as 'D(L, x[k])'.")
@click.option("--steps", is_flag=True, help="How each derivative comes about, each step with its rule and checked.")
@click.option(
    "--matrix", is_flag=True, help="In matrices instead of indices, where there is such a form; proved equal."
)
@click.option("--proof", is_flag=True, help="How each claim is proved: normal forms, facts used, steps, all checked.")
@click.option("--printed", is_flag=True, help="What sources print instead, each with its verdict.")
@click.pass_context
def show(
    ctx: click.Context,
    words: tuple[str, ...],
    form: str,
    asked: str | None,
    steps: bool,
    matrix: bool,
    proof: bool,
    printed: bool,
) -> None:
    """Print formulas and their derivatives: LaTeX, or what --format says.

    Nothing else goes to stdout: an align* display each, for a document that uses the package amsmath. A derivative
    stands in the form that is claimed where that is proved, for every size; else in the engine's own.
    """
    if not words:
        raise click.UsageError("which formula? `derive list` shows them", ctx)
    selection = select(words)
    if proof and (asked or steps or matrix or printed):
        raise click.UsageError("--proof goes with --format alone", ctx)
    if printed:
        if form != "latex" or asked or steps or matrix:
            raise click.UsageError("what sources print is quoted as LaTeX: --printed goes with no other option", ctx)
        show_printed(ctx, selection)
    if matrix and (steps or form in ("text", "sympy")):
        raise click.UsageError(f"--matrix goes without {'--steps' if steps else f'--format {form}'}", ctx)
    from derive.catalog import read, read_anew

    errors, shown, failed = list(selection.errors), 0, 0
    for file in selection.files:
        catalog = read(file.path, file.shown, None if selection.is_whole else {entry.name for entry in file.entries})
        errors += catalog.errors
        for formula in map(read_anew, catalog.formulas.values()):
            if proof:
                failed += show_proofs(formula, form)
                shown += 1
                continue
            display = displayed(formula, asked, steps, matrix)
            text = display.written(form, columns())
            write(("\n" if shown and text else "") + text)
            for note in [*display.notes, *display.failures]:
                complain(f"{formula.name}: {note}")
            shown += 1
            failed += bool(display.failures)
    for error in errors:
        complain(str(error))
    ctx.exit(BROKEN if failed else REFUSED if errors else 0 if shown else NOTHING)


def displayed(formula: "Formula", asked: str | None, steps: bool, matrix: bool) -> "Display":
    """The lines to show; what is derived for this is checked in exact arithmetic first."""
    from derive.show import expressed, result

    if matrix:
        from derive.matrix.display import matrices

        return matrices(formula, None if asked is None else read_expression(formula, asked))
    if asked is None and not steps:
        return result(formula)
    from derive.derivation.steps import derivation
    from verify.stepwise import checker

    check = checker(formula)
    if asked is None:
        return derivation(formula, check)
    node = read_expression(formula, asked)
    if not steps:
        return expressed(formula, node, check)
    wanted = derivatives(node)
    if not wanted:
        raise click.UsageError("--steps derives: what --of names has no derivative D(f, x[k]) in it")
    return derivation(formula, check, wanted)


# What stands before and after a line of words, so that the output is still of its format.
COMMENTS = {"latex": ("% ", ""), "markdown": ("- ", ""), "mathml": ("<!-- ", " -->"), "unicode": ("", "")}


def show_proofs(formula: "Formula", form: str) -> bool:
    """Print how each claim is proved; returns whether a step was found to be wrong."""
    from derive.derivation.account import accounts
    from verify.steps import compared_steps

    opening, closing = COMMENTS.get(form, ("# ", ""))
    failed = False
    for told in accounts(formula, compared_steps):
        for line in told.header:
            shown = visible(line).replace("--", "- -") if closing else visible(line)
            # Comments are whole, each a line; what is there to be read is broken.
            write(f"{opening}{shown if opening else fitted(shown, screen(sys.stdout), NOTE)}{closing}\n")
        write(("\n" if told.display.lines else "") + told.display.written(form, columns()) + "\n")
        if told.wrong:
            complain(f"{formula.name}: {told.header[0]}: a step of the proof is wrong: {told.wrong}")
        failed |= bool(told.wrong)
    return failed


def read_expression(formula: "Formula", written: str) -> "Node":
    """The expression that --of gives, in the names of the formula; CatalogError with its column if it is none."""
    from derive.catalog import scope_of
    from derive.language import source
    from derive.language.notation import expression

    return expression(source.written(written, "--of"), scope_of(formula))


def derivatives(node: "Node") -> "list[Derivative]":
    """The derivatives in an expression, outermost ones alone."""
    from derive.expression import Derivative

    if isinstance(node, Derivative):
        return [node]
    return list(dict.fromkeys(found for child in node.children() for found in derivatives(child)))


def show_printed(ctx: click.Context, selection: Selection) -> NoReturn:
    """What sources print of the selected formulas, as LaTeX displays with their verdicts as comments."""
    from verify import run
    from verify.pages import displays
    from verify.testimony import Settings

    planned = run.Run(selection, Settings(printed_only=True))
    report = planned.judged(run.Limits(processors(), TIMEOUT))
    tell(report)
    shown = displays(report, {str(formula.place): formula for _, _, formula in planned.formulas})
    write(harmless("\n".join(shown)))
    if not shown:
        complain("no source is quoted there")
    ctx.exit(REFUSED if report.errors else 0 if shown else NOTHING)
