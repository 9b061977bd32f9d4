"""What there is to say of a place in a catalog, for every format that has places: code, level, message, position."""

from dataclasses import dataclass
from typing import Literal

from derive.codes import TABLE
from derive.errors import CatalogError, Place

Level = Literal["error", "warning", "note"]


@dataclass(frozen=True)
class Finding:
    """A code of `derive.codes` at a place of a file; line and column count from 1, 0 where there is none.

    message: one line.  details: further lines.  formula: the entry that it is about, "" for none.
    """

    code: str
    level: Level
    message: str
    file: str
    line: int = 0
    column: int = 0
    formula: str = ""
    details: tuple[str, ...] = ()

    @property
    def meaning(self) -> str:
        """What the code says, in a few words."""
        return TABLE[self.code].meaning

    @property
    def place(self) -> str:
        """file:line:column, as far as it is known."""
        return ":".join([self.file, *(str(number) for number in (self.line, self.column) if number)])


def of_error(error: CatalogError) -> Finding:
    """A text of a catalog that was refused."""
    place = error.place or Place("", 0, 0)
    shown = tuple(str(error).splitlines()[1:])
    return Finding(error.code, "error", error.message, place.file, place.line, place.column, details=shown)


def parted(where: str) -> tuple[str, int, int]:
    """File, line and column of a text file:line:column; 0 for what is missing."""
    file, line, column = [*where.rsplit(":", 2), "", ""][:3]
    return (file, int(line), int(column)) if line.isdigit() and column.isdigit() else (where, 0, 0)
