"""`derive list`: the formulas of a catalog and its groups."""

import sys
from collections import Counter
from textwrap import fill
from typing import NoReturn

import click

from derive.cli.help import Command
from derive.cli.options import NOTHING, REFUSED, words
from derive.fitting import fitted
from derive.output import WIDE, columns, complain, harmless, screen, write
from derive.selection import Selection, select, visible

TITLE = 24  # columns that a title needs to stand beside a name
INDENT = 4


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
    rows = [(visible(entry.name), visible(entry.group), visible(entry.title)) for entry in entries]
    name, group = (max((len(row[place]) for row in rows), default=0) for place in (0, 1))
    width = screen(sys.stdout)
    write(harmless("".join(f"{row_of(row, name, group, width)}\n" for row in rows)))
    for error in selection.errors:
        complain(str(error))
    if not entries and not selection.errors:
        complain("there was nothing to list; `derive lint` says what cannot be read")
    ctx.exit(REFUSED if selection.errors else 0 if entries else NOTHING)


def row_of(row: tuple[str, str, str], names: int, groups: int, width: int) -> str:
    """A formula, its title in a column of its own; below the rest where a terminal of that width leaves it none."""
    name, group, title = row
    head = f"{name:<{names}}  {group:<{groups}}  "
    if width and width - len(head) < TITLE:
        return f"{fitted(f'{name}  {group}', width, INDENT)}\n{' ' * INDENT}{fitted(title, width, INDENT)}"
    return head + fitted(title, width, len(head))


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
    shown = "\n".join(f"{visible(group)} ({counts[group]})\n{indented(texts.get(group, ''))}" for group in there)
    write(harmless(shown))
    for error in errors:
        complain(str(error))
    ctx.exit(REFUSED if errors else 0 if counts else NOTHING)


def indented(text: str) -> str:
    """A paragraph of a hundred columns, or as wide as the terminal if that is narrower; nothing for no text."""
    width = min(columns(), WIDE)
    return fill(visible(text), width, initial_indent="  ", subsequent_indent="  ") + "\n" if text else ""
