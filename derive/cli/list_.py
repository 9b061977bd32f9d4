"""`derive list`: the formulas of a catalog and its groups."""

from collections import Counter
from textwrap import fill
from typing import NoReturn

import click

from derive.cli.help import Command
from derive.cli.options import NOTHING, REFUSED, words
from derive.output import complain, write
from derive.selection import Selection, select, visible


@click.command(cls=Command, name="list")
@words
@click.option("--groups", is_flag=True, help="The groups instead, each with its introduction.")
@click.pass_context
def list_(ctx: click.Context, words: tuple[str, ...], groups: bool) -> None:
    """List the formulas: name, group and title."""
    selection = select(words)
    if groups:
        list_groups(ctx, selection)
    entries = [entry for file in selection.files for entry in file.entries]
    rows = [tuple(map(visible, (entry.name, entry.group, entry.title))) for entry in entries]
    name, group = (max((len(row[place]) for row in rows), default=0) for place in (0, 1))
    write("".join(f"{row[0]:<{name}}  {row[1]:<{group}}  {row[2]}\n" for row in rows))
    for error in selection.errors:
        complain(str(error))
    if not entries and not selection.errors:
        complain("there was nothing to list; `derive lint` says what cannot be read")
    ctx.exit(REFUSED if selection.errors else 0 if entries else NOTHING)


def list_groups(ctx: click.Context, selection: Selection) -> NoReturn:
    """The groups of the selected formulas, in the order in which the catalog introduces them."""
    from derive.catalog import read

    texts: dict[str, str] = {}
    errors = list(selection.errors)
    for file in selection.files:
        introduced = read(file.path, file.shown, only=())
        texts |= introduced.groups
        errors += introduced.errors
    counts = Counter(entry.group for file in selection.files for entry in file.entries)
    there = [group for group in dict.fromkeys([*texts, *counts]) if group in counts]
    write("\n".join(f"{visible(group)} ({counts[group]})\n{indented(texts.get(group, ''))}" for group in there))
    for error in errors:
        complain(str(error))
    ctx.exit(REFUSED if errors else 0 if counts else NOTHING)


def indented(text: str) -> str:
    """A paragraph of a hundred columns; nothing for no text."""
    return fill(visible(text), 100, initial_indent="  ", subsequent_indent="  ") + "\n" if text else ""
