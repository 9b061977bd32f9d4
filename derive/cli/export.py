"""`derive export`: code for a formula's value and its gradients."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from derive.cli.help import Command
from derive.cli.options import NOTHING, REFUSED, complete, complete_file
from derive.cli.outputs import unfit
from derive.errors import UnsupportedError
from derive.output import complain, write
from derive.selection import is_file, select

if TYPE_CHECKING:
    from derive.export.plan import Module
    from derive.formula import Formula

TARGETS = ("numpy", "torch", "jax", "c")
SUFFIXES = {"c": ".c"}


@click.command(cls=Command)
@click.argument("names", metavar="NAME… [FILE]", nargs=-1, shell_complete=complete)
@click.option("--to", "target", type=click.Choice(TARGETS), default="numpy", show_default=True, help="The library.")
@click.option(
    "-o",
    "--output",
    metavar="FILE | FOLDER/",
    shell_complete=complete_file,
    help="Write the source there; in a folder, as NAME.py or .c.",
)
@click.option("--of", multiple=True, metavar="NAME", help="Only this value of the formula; may be repeated.")
@click.option("--by", multiple=True, metavar="INPUT", help="Only the gradient by this input; may be repeated.")
@click.option("--float32", "is_single", is_flag=True, help="Single precision in place of double.")
@click.option("--test", "with_test", is_flag=True, help="Write a test beside it, which needs nothing else.")
@click.pass_context
def export(
    ctx: click.Context,
    names: tuple[str, ...],
    target: str,
    output: str | None,
    of: tuple[str, ...],
    by: tuple[str, ...],
    is_single: bool,
    with_test: bool,
) -> None:
    """Write code for a formula: its value, and the gradients.

    Gradients are those that its claims speak of, else those by all real inputs. The file needs nothing but the
    library. Stable forms and closed forms are used where they are proved equal.

    Example: derive export layer_norm --to torch -o layer_norm.py --test
    """
    if not names:
        raise click.UsageError("which formula? `derive list` shows them", ctx)
    formulas, has_errors = selected(names)
    if not formulas:
        ctx.exit(REFUSED if has_errors else NOTHING)
    is_folder = output is not None and (Path(output).is_dir() or output.endswith((os.sep, "/")))
    if len(formulas) > 1 and not is_folder:
        raise click.UsageError(f"{len(formulas)} formulas are files in a folder: say which with -o FOLDER/", ctx)
    if output is not None and not (Path(output) if is_folder else Path(output).parent).is_dir():
        raise click.UsageError(f"there is no folder {Path(output) if is_folder else Path(output).parent}", ctx)
    if with_test and output is None:
        raise click.UsageError("--test reads the source: say where that is with -o", ctx)
    from derive.catalog import read_anew

    for formula in map(read_anew, formulas):
        path = None if output is None else Path(output)
        if path is not None and is_folder:
            path = path / f"{formula.name}{SUFFIXES.get(target, '.py')}"
        reason = unfit(path, [name for name in names if is_file(name)]) if path is not None else ""
        if reason:
            raise click.UsageError(reason, ctx)
        if with_test and path is not None and not path.stem.isidentifier():
            raise click.UsageError(f"--test imports the source: {path.stem} is no name that can be imported", ctx)
        try:
            files = written(formula, target, path if with_test else None, of, by, is_single)
        except UnsupportedError as error:
            complain(f"derive: {formula.name} is not exported to {target}: {error}")
            has_errors = True
            continue
        for name, text in files.items():
            write(text, None if path is None else path.with_name(f"{name}{path.name}"))
    ctx.exit(REFUSED if has_errors else 0)


def selected(names: tuple[str, ...]) -> tuple[list["Formula"], bool]:
    """The formulas that the words name, and whether a text was refused, which is complained of."""
    from derive.catalog import read

    selection = select(names)
    errors, formulas = list(selection.errors), []
    for file in selection.files:
        catalog = read(file.path, file.shown, None if selection.is_whole else {entry.name for entry in file.entries})
        errors += catalog.errors
        formulas += list(catalog.formulas.values())
    for error in errors:
        complain(str(error))
    return formulas, bool(errors)


def written(
    formula: "Formula", target: str, tested_at: Path | None, of: tuple[str, ...], by: tuple[str, ...], is_single: bool
) -> dict[str, str]:
    """The texts by what their file's name begins with: the source, and its test if the source is at a path."""
    from derive.export import plan, printed

    module = plan(formula, of, by)
    texts = {"": printed(module, target, is_single)}
    if tested_at is not None:
        texts["test_"] = tested(module, target, tested_at.stem, is_single)
    return texts


def tested(module: "Module", target: str, name: str, is_single: bool) -> str:
    """The test of an exported module, with values from exact arithmetic."""
    from derive import export as exporter
    from derive.cli.known import known

    try:
        points = [(routine, known(module.formula, routine)) for routine in module.routines]
    except UnsupportedError as error:
        raise UnsupportedError(f"--test knows no values: {error}") from None
    return exporter.tested(module, target, name, points, is_single)
