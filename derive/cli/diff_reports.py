"""`derive diff-reports`: what changed between two JSON reports."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from derive.cli.help import Command
from derive.output import write

if TYPE_CHECKING:
    from verify.report import Report

FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.command(cls=Command, name="diff-reports")
@click.argument("before", type=FILE)
@click.argument("after", type=FILE)
@click.option("--output-format", type=click.Choice(["text", "json", "markdown"]), default="text", show_default=True)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write the changes to this file.")
@click.pass_context
def diff_reports(ctx: click.Context, before: Path, after: Path, output_format: str, output: Path | None) -> None:
    """Name the claims whose verdicts differ between two reports.

    They are those of `derive check --output-format json`.

    Exit status: 0 nothing got worse, 1 something did, 2 a report could not be read.
    """
    from verify import changes

    found = changes.changes(report_of(before, ctx), report_of(after, ctx))
    writers = {"text": changes.rendered, "json": changes.encoded, "markdown": changes.markdown}
    write(writers[output_format](found), output)
    ctx.exit(1 if changes.is_worse(found) else 0)


def report_of(path: Path, ctx: click.Context) -> "Report":
    """The report in a file."""
    import msgspec

    from verify.report import decoded

    try:
        return decoded(path.read_bytes())
    except (msgspec.DecodeError, UnicodeDecodeError) as problem:
        raise click.UsageError(f"{path}: not a report of `derive check`: {problem}", ctx) from None
