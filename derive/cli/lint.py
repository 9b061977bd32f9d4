"""`derive lint`: what a catalog shows before any mathematics."""

import json
from collections.abc import Sequence
from pathlib import Path

import click

from derive.cli.help import Command
from derive.cli.options import NOTHING, REFUSED, words
from derive.findings import Finding, of_error
from derive.output import complain, harmless, write
from derive.selection import select, visible

SCHEMA = "derive-lint/1"


def codes(ctx: click.Context, param: click.Parameter, value: Sequence[str]) -> tuple[str, ...]:
    """Codes, or beginnings of codes such as D5, one or several in each text."""
    from derive.codes import TABLE

    found = [word.strip().upper() for text in value for word in text.split(",")]
    for word in found:
        if not word or not any(name.startswith(word) for name in TABLE):
            raise click.BadParameter(f"{visible(word)!r} begins no code; `derive explain` lists them", ctx, param)
    return tuple(found)


@click.command(cls=Command)
@words
@click.option(
    "--output-format", type=click.Choice(["text", "json", "github", "sarif"]), default="text", show_default=True
)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write the findings to this file.")
@click.option(
    "--select", callback=codes, multiple=True, help="Tell these codes alone (D508, D5, …), optional ones too."
)
@click.option("--ignore", callback=codes, multiple=True, help="Leave these codes out.")
@click.pass_context
def lint(
    ctx: click.Context, words: tuple[str, ...], output_format: str, output: Path | None, select: tuple[str, ...],
    ignore: tuple[str, ...],
) -> None:  # fmt: skip
    """Look over a catalog without judging it.

    Tells what cannot be read, and what is likely to be a slip: inputs that nothing reads, claims that stand twice,
    sources that are missing … `derive explain CODE` says more of each.

    Exit status: 0 nothing was found, 1 something was, 2 something could not be read, 5 there was nothing to look at.
    """
    found, entries = findings(words)
    found = [finding for finding in found if is_told(finding, select, ignore)]
    if output_format == "text":
        text = harmless("".join(map(shown, found)))
    elif output_format == "json":
        text = json.dumps(document(found), indent=2) + "\n"
    else:
        from importlib import import_module

        text = import_module(f"verify.formats.{output_format}").document(found)
    write(text, output)
    if not entries and not found:
        complain("there was nothing to look at")
        ctx.exit(NOTHING)
    complain(f"{counted(entries, 'entry', 'entries')}, {counted(len(found), 'finding', 'findings')}")
    ctx.exit(REFUSED if any(finding.level == "error" for finding in found) else 1 if found else 0)


def findings(words: Sequence[str]) -> tuple[list[Finding], int]:
    """What is found in the selected entries, and how many they are."""
    from derive.lint import lint

    selection = select(words)
    found = [of_error(error) for error in selection.errors]
    for file in selection.files:
        only = None if selection.is_whole else {entry.name for entry in file.entries}
        found += lint(file.path, file.shown, only)
    return found, sum(len(file.entries) for file in selection.files)


def is_told(finding: Finding, select: tuple[str, ...], ignore: tuple[str, ...]) -> bool:
    """What cannot be read is always told."""
    from derive.lint import OPTIONAL

    if finding.level == "error":
        return True
    chosen = finding.code.startswith(select) if select else finding.code not in OPTIONAL
    return chosen and not finding.code.startswith(ignore)


def shown(finding: Finding) -> str:
    """A finding as an error is shown."""
    lines = [f"{finding.place}: {finding.message}  [{finding.code}]", *finding.details]
    return "\n".join(map(visible, lines)) + "\n"


def document(found: Sequence[Finding]) -> dict[str, object]:
    """The findings as JSON."""
    fields = ("code", "level", "message", "file", "line", "column", "formula")
    return {"schema": SCHEMA, "findings": [{name: getattr(f, name) for name in fields} for f in found]}


def counted(number: int, one: str, several: str) -> str:
    return f"{number} {one if number == 1 else several}"
