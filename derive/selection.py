"""What the words of a command select: entries of the shipped catalog or of the user's files, by name or group."""

import os
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from derive.catalog import Listed, listing, shipped
from derive.errors import CatalogError
from derive.language.document import Chunk

SHIPPED = "catalog.yaml"


class File(msgspec.Struct, frozen=True):
    """A catalog: where it is, its name in messages, and its entries, or those selected.

    is_own: the user's.  rest: what of it is no entry at a glance: introductions of groups, and mistakes.
    """

    path: Path
    shown: str
    entries: tuple[Listed, ...]
    is_own: bool
    rest: tuple[Chunk, ...] = ()


class Selection(msgspec.Struct):
    """The files with the entries that were selected, in the files' order, and what could not be listed.

    is_whole: every entry of every file was selected.
    """

    files: list[File] = []
    errors: list[CatalogError] = []
    is_whole: bool = True


class UnknownWord(Exception):
    """A word that is neither a name nor a group nor a file."""


def select(words: Sequence[str]) -> Selection:
    """The entries that the words name; all of them for no words, for `all` and for files alone."""
    given = list(dict.fromkeys(word for word in words if is_file(word)))
    wanted = [word for word in dict.fromkeys(words) if word not in given]
    selection = Selection()
    sources = [(Path(word), word) for word in given] or [(shipped(), SHIPPED)]
    for path, shown in sources:
        try:
            listed, rest = listing(path, shown)
            selection.files.append(File(path, shown, tuple(listed), bool(given), tuple(rest)))
        except CatalogError as error:
            selection.errors.append(error)
    if not wanted or "all" in wanted:
        return selection
    # A file that could not be listed may be where the name is: its own error says more than "unknown".
    unknown = [word for word in wanted if not any(_is_named(entry, word) for entry in _entries(selection))]
    if unknown and not selection.errors:
        raise UnknownWord("\n".join(_unknown(word, _entries(selection)) for word in unknown))
    for place, file in enumerate(selection.files):
        entries = tuple(entry for entry in file.entries if any(_is_named(entry, word) for word in wanted))
        selection.files[place] = msgspec.structs.replace(file, entries=entries)
    selection.files = [file for file in selection.files if file.entries]
    selection.is_whole = False
    return selection


def is_file(word: str) -> bool:
    """A word with the suffix or the separators of a path, or that names a file which is there."""
    return word.endswith((".yaml", ".yml")) or os.sep in word or Path(word).is_file()


def _entries(selection: Selection) -> list[Listed]:
    return [entry for file in selection.files for entry in file.entries]


def _is_named(entry: Listed, word: str) -> bool:
    return word in (entry.name, entry.group, *entry.aliases)


def _unknown(word: str, entries: Iterable[Listed]) -> str:
    from difflib import get_close_matches  # not at the top: few words are wrong

    known = dict.fromkeys(name for entry in entries for name in (entry.name, *entry.aliases, entry.group) if name)
    close = get_close_matches(word, [*known, "all"], n=3, cutoff=0.6)
    hint = f"did you mean {' or '.join(close)}?" if close else "`derive list` shows all names and groups"
    return f"no formula or group is called {visible(word) or repr(word)}; {hint}"


def visible(text: str) -> str:
    r"""Text from outside with every control, format and bidi character shown as \u{...}.

    >>> print(visible("a\u202eb"))
    a\u{202e}b
    """
    return "".join(c if c == " " or unicodedata.category(c)[0] not in "CZ" else f"\\u{{{ord(c):x}}}" for c in text)
