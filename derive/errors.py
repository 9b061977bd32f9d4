"""What is wrong with a text that the user wrote: where, what was expected, and the nearest right thing."""

from collections.abc import Iterable

import msgspec

ALIKE = 5  # letters with which a word starts that is meant, as definitions does where define is


class Place(msgspec.Struct, frozen=True):
    """A position in a file; line and column count from 1. `source` is the text of that line."""

    file: str
    line: int
    column: int
    source: str = ""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"

    def moved(self, columns: int) -> "Place":
        return Place(self.file, self.line, self.column + columns, self.source)


class CatalogError(Exception):
    """A text was refused. `str` shows file:line:column, the reason with its code, the line with a caret, and hints.

    place: where (None if the text came from the command line).  notes: lines below the caret.
    """

    def __init__(self, message: str, place: Place | None = None, *notes: str) -> None:
        super().__init__(message)
        self.message, self.place, self.notes = message, place, notes

    @property
    def code(self) -> str:
        """The stable code of the reason, which `derive explain` explains."""
        from derive.codes import of_message  # not at the top: few texts are refused

        return of_message(self.message).name

    def __str__(self) -> str:
        head = f"{self.place}: {self.message}" if self.place else self.message
        lines = [f"{head}  [{self.code}]"]
        if self.place and self.place.source:
            source = self.place.source.rstrip()
            text = source.lstrip()
            indent = len(source) - len(text)
            lines += [f"    {text}", "    " + " " * max(self.place.column - 1 - indent, 0) + "^"]
        lines += [f"    {note}" for note in self.notes]
        return "\n".join(lines)


class UnsupportedError(Exception):
    """The engine has no rule for this expression; the message says which. Never a verdict by itself."""


class UndefinedError(Exception):
    """The expression has no value anywhere on the domain (a division by what is always 0)."""


def nearest(word: str, known: Iterable[str]) -> str:
    """ " (did you mean X?)" for the known word closest to this one, or "" if none is close."""
    from difflib import get_close_matches  # not at the top: few words are wrong

    known = list(known)
    found = get_close_matches(word, known, n=1, cutoff=0.6)
    found = found or [other for other in known if len(word) >= ALIKE and other.startswith(word[:ALIKE])]
    return f" (did you mean {found[0]}?)" if found else ""
