"""`derive diff-reports`: what changed between two JSON reports."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from derive.cli.help import Command
from derive.cli.outputs import chosen, writing
from derive.output import complain, screen
from derive.selection import visible

if TYPE_CHECKING:
    from verify.report import Report

NAMES = ("text", "json", "markdown")
FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


class Named(msgspec.Struct):
    """What a document of any schema says of it."""

    schema: str = ""


@click.command(cls=Command, name="diff-reports")
@click.argument("before", type=FILE)
@click.argument("after", type=FILE)
@writing(*NAMES, also=".json, .md and .txt say their formats.")
@click.pass_context
def diff_reports(
    ctx: click.Context, before: Path, after: Path, output_format: str, output: tuple[str, ...]
) -> None:  # fmt: skip
    """Name the claims whose verdicts differ between two reports.

    They are those of `derive check --output-format json`.

    Exit status: 0 nothing got worse, 1 something did, 2 a report could not be read.
    """
    outputs = chosen(ctx, NAMES, [before, after])
    from verify import changes

    found = changes.changes(report_of(before, ctx), report_of(after, ctx))
    outputs.put({
        "text": partial(outputs.text, lambda stream, color: changes.rendered(found, screen(stream))),
        "json": lambda output: changes.encoded(found),
        "markdown": lambda output: changes.markdown(found),
    })  # fmt: skip
    ctx.exit(1 if changes.is_worse(found) else 0)


def report_of(path: Path, ctx: click.Context) -> "Report":
    """The report in a file; that it is of an interrupted run is told."""
    from verify.report import broken_off, decoded

    text = path.read_bytes()
    try:
        found = decoded(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as problem:
        raise click.UsageError(f"{path}: {reason(text, str(problem))}", ctx) from None
    if broken_off(found):
        complain(f"{path}: {broken_off(found)}: what is not there was not judged")
    return found


def reason(text: bytes, problem: str) -> str:
    """Why a text is no report."""
    from verify.formats.jsonl import SCHEMA as LINES
    from verify.report import SCHEMA

    schema = schema_of(text) or schema_of(text.partition(b"\n")[0])
    if schema == LINES:
        return "JSON Lines; what is compared are JSON reports, as `derive check -o FILE.json` writes them"
    if schema and schema != SCHEMA:
        return f"a document '{visible(schema)}'; what is compared are those of {SCHEMA}"
    newer = ", of a newer derive perhaps" if schema and "unknown field" in problem else ""
    return f"not a report of `derive check`{newer}: {problem}"


def schema_of(text: bytes) -> str:
    """The schema that a JSON document names, "" for none."""
    try:
        return msgspec.json.decode(text, type=Named).schema
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""
