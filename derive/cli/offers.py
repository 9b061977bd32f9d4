"""What a shell offers where a word is half written: names and groups of formulas, catalogs, files.

A word is offered only if no shell would read more in it than a word: what a file is called, or an entry of somebody's
catalog, is text from outside.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import click
from click.shell_completion import CompletionItem

from derive.cli.settings import settings
from derive.errors import CatalogError
from derive.selection import is_file, select

CATALOGS = (".yaml", ".yml")
_PLAIN = re.compile(r"[A-Za-z0-9_./][A-Za-z0-9_./+-]*")


def formulas(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Names and groups, and catalogs; of the catalogs that the line names, else of the settings, else the shipped."""
    given = [word for word in ctx.params.get(param.name or "") or () if is_file(word)]
    return _plain([*_catalogs(incomplete), *names(given or _set())], incomplete)


def files(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Files, as the shell lists them."""
    return [CompletionItem(incomplete, type="file")]


def names(catalogs: Iterable[str]) -> Iterator[str]:
    """The words that select formulas of these catalogs, or of the shipped one if there are none."""
    entries = [entry for file in select(tuple(catalogs)).files for entry in file.entries]
    yield from dict.fromkeys(["all", *(entry.name for entry in entries), *(entry.group for entry in entries)])


def _set() -> tuple[str, ...]:
    try:
        return settings({}, is_partial=True).catalogs
    except CatalogError:  # which the command itself will tell
        return ()


def _catalogs(incomplete: str) -> list[str]:
    folder, _, start = incomplete.rpartition("/")
    try:
        found = sorted(path.name for path in Path(f"{folder}/" if folder or incomplete[:1] == "/" else ".").iterdir())
    except (OSError, ValueError):
        return []
    before = incomplete[: len(incomplete) - len(start)]
    return [f"{before}{name}" for name in found if name.endswith(CATALOGS) and not name.startswith(".")]


def _plain(words: Iterable[str], incomplete: str) -> list[CompletionItem]:
    """The words that go on from there; where none does, files as the shell lists them."""
    found = [CompletionItem(word) for word in words if word.startswith(incomplete) and _PLAIN.fullmatch(word)]
    return found or [CompletionItem(incomplete, type="file")]
