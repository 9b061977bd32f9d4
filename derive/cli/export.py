"""`derive export`: code for a formula's value and its gradients."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from derive.cli.help import Command
from derive.cli.options import NOTHING, REFUSED
from derive.errors import UnsupportedError
from derive.output import complain, write
from derive.selection import select

if TYPE_CHECKING:
    from derive.export.plan import Module

TARGETS = ("numpy", "torch", "jax", "c")


@click.command(cls=Command)
@click.argument("name", metavar="NAME [FILE]", nargs=-1, required=True)
@click.option("--to", "target", type=click.Choice(TARGETS), default="numpy", show_default=True, help="The library.")
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="Write the source to this file.")
@click.option("--of", multiple=True, metavar="NAME", help="Only this value of the formula; may be repeated.")
@click.option("--by", multiple=True, metavar="INPUT", help="Only the gradient by this input; may be repeated.")
@click.option("--float32", "is_single", is_flag=True, help="Single precision in place of double.")
@click.option("--test", "with_test", is_flag=True, help="Write a test beside it, which needs only that library.")
@click.pass_context
def export(
    ctx: click.Context,
    name: tuple[str, ...],
    target: str,
    output: Path | None,
    of: tuple[str, ...],
    by: tuple[str, ...],
    is_single: bool,
    with_test: bool,
) -> None:
    """Write code for a formula: its value, and the gradients.

    Gradients are those that its claims speak of, else those by all real inputs. The file needs nothing but the
    library. Stable forms and closed forms are used where they are proved equal.
    """
    from derive.catalog import read
    from derive.export import plan, printed

    selection = select(name)
    errors, formulas = list(selection.errors), []
    for file in selection.files:
        catalog = read(file.path, file.shown, None if selection.is_whole else {entry.name for entry in file.entries})
        errors += catalog.errors
        formulas += list(catalog.formulas.values())
    for error in errors:
        complain(str(error))
    if len(formulas) > 1:
        raise click.UsageError(f"one formula at a time, not {len(formulas)}", ctx)
    if not formulas:
        ctx.exit(REFUSED if errors else NOTHING)
    (formula,) = formulas
    if with_test and target == "c":
        raise click.UsageError("--test is for the Python libraries; C is compared in the tests of derive itself", ctx)
    if with_test and (output is None or not output.stem.isidentifier()):
        raise click.UsageError("--test imports the source: say where with -o, by a name that can be imported", ctx)
    try:
        module = plan(formula, of, by)
        text = printed(module, target, is_single)
        test = tested(module, target, output.stem, is_single) if with_test and output else ""
    except UnsupportedError as error:
        complain(f"derive: {formula.name} is not exported to {target}: {error}")
        ctx.exit(REFUSED)
    write(text, output)
    if test and output is not None:
        write(test, output.with_name(f"test_{output.stem}.py"))
    ctx.exit(REFUSED if errors else 0)


def tested(module: "Module", target: str, name: str, is_single: bool) -> str:
    """The test of an exported module, with values from exact arithmetic."""
    from derive.cli.known import known
    from derive.export import testing, writer

    points = [(routine, known(module.formula, routine)) for routine in module.routines]
    return testing.source(writer(module, target, is_single), target, name, points, is_single)
