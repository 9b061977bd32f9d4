"""`derive lint`: what a catalog shows before any mathematics."""

import json
from collections.abc import Sequence
from functools import partial
from importlib import import_module

import click

from derive.cli.help import Command
from derive.cli.options import NOTHING, REFUSED, words
from derive.cli.outputs import chosen, writing
from derive.findings import Finding, of_error
from derive.fitting import message
from derive.output import complain, screen
from derive.selection import select, visible

SCHEMA = "derive-lint/1"
NAMES = ("text", "json", "github", "sarif")


def codes(ctx: click.Context, param: click.Parameter, value: Sequence[str]) -> tuple[str, ...]:
    """Codes, or beginnings of codes such as D5, one or several in each text."""
    from derive.codes import TABLE

    found = [word.strip().upper() for text in value for word in text.split(",")]
    for word in found:
        if not word or not any(name.startswith(word) for name in TABLE):
            raise click.BadParameter(f"'{visible(word)}' begins no code; `derive explain` lists them", ctx, param)
    return tuple(found)


@click.command(cls=Command)
@words
@writing(*NAMES, also=".json, .sarif and .txt say their formats.")
@click.option(
    "--select", callback=codes, multiple=True, help="Tell these codes alone (D508, D5, …), optional ones too."
)
@click.option("--ignore", callback=codes, multiple=True, help="Leave these codes out.")
@click.pass_context
def lint(
    ctx: click.Context, words: tuple[str, ...], output_format: str, output: tuple[str, ...], select: tuple[str, ...],
    ignore: tuple[str, ...],
) -> None:  # fmt: skip
    """Look over a catalog without judging it.

    Tells what cannot be read, and what is likely to be a slip: inputs that nothing reads, claims that stand twice,
    sources that are missing … `derive explain CODE` says more of each.

    Exit status: 0 nothing was found, 1 something was, 2 something could not be read, 5 there was nothing to look at.
    """
    outputs = chosen(ctx, NAMES)
    found, entries = findings(words)
    found = [finding for finding in found if is_told(finding, select, ignore)]
    outputs.put({
        "text": partial(outputs.text, lambda stream, color: "".join(shown(one, screen(stream)) for one in found)),
        "json": lambda output: json.dumps(document(found), indent=2) + "\n",
        "github": lambda output: formatted("github", found),
        "sarif": lambda output: formatted("sarif", found),
    })  # fmt: skip
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


def shown(finding: Finding, width: int = 0) -> str:
    """A finding as an error is shown."""
    lines = [f"{finding.place}: {finding.message}  [{finding.code}]", *finding.details]
    return message("\n".join(map(visible, lines)), width) + "\n"


def formatted(module: str, found: Sequence[Finding]) -> str:
    """The findings in the form of a module of `verify.formats`."""
    text: str = import_module(f"verify.formats.{module}").document(found)
    return text


def document(found: Sequence[Finding]) -> dict[str, object]:
    """The findings as JSON."""
    fields = ("code", "level", "message", "file", "line", "column", "formula")
    return {"schema": SCHEMA, "findings": [{name: getattr(f, name) for name in fields} for f in found]}


def counted(number: int, one: str, several: str) -> str:
    return f"{number} {one if number == 1 else several}"
