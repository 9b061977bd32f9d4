"""An entry of a run: from its text, through what a worker reads and judges there, to what stands in the report."""

from dataclasses import dataclass, field
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from derive.catalog import taken_before
from derive.errors import CatalogError, Place
from derive.language.document import Chunk
from derive.selection import visible
from verify.report import Entry, Judged, Refused

OUT_OF_MEMORY = "out of memory"


class Unreachable(Exception):
    """The cluster that was named cannot be used."""


class Read(Struct, frozen=True, forbid_unknown_fields=True):
    """An entry as a worker has read it.

    where, line, column, source: the place of its name.  claims: as they stand in the report if nothing is found out.
    errors: why it is refused; it then has no claims.
    """

    name: str
    group: str = ""
    aliases: list[str] = []
    where: str = ""
    line: int = 0
    column: int = 0
    source: str = ""
    claims: list[Judged] = []
    errors: list[Refused] = []


class Kept(Struct, frozen=True, forbid_unknown_fields=True):
    """What the store knows of an entry, wherever it stands: lines count from its own first one, files have no name."""

    read: Read
    claims: list[Judged]

    @classmethod
    def of(cls, read: Read, claims: list[Judged], chunk: Chunk) -> "Kept | None":
        """What is worth keeping; None if something was not found out that might be another time."""
        if read.errors or not all(map(is_final, claims)):
            return None
        moved = [replace(claim, where=_moved(claim.where, f"{chunk.file}:", "", -chunk.line)) for claim in claims]
        where = _moved(read.where, f"{chunk.file}:", "", -chunk.line)
        return cls(replace(read, where=where, line=read.line - chunk.line, claims=[]), moved)

    def placed(self, chunk: Chunk) -> tuple[Read, list[Judged]]:
        """The entry and its claims where they stand now."""
        moved = [replace(claim, where=_moved(claim.where, "", f"{chunk.file}:", chunk.line)) for claim in self.claims]
        where = _moved(self.read.where, "", f"{chunk.file}:", chunk.line)
        return replace(self.read, where=where, line=self.read.line + chunk.line), moved


def _moved(where: str, old: str, new: str, lines: int) -> str:
    line, column = where.removeprefix(old).split(":")
    return f"{new}{int(line) + lines}:{column}"


def is_final(claim: Judged) -> bool:
    """Whether the same would be found out again, on whatever machine and however busy it is."""
    witnesses = claim.witnesses
    heard = [getattr(witnesses, name) for name in witnesses.__struct_fields__]
    reasons = [said.reason for said in heard if said] + [claim.reason]
    return (
        claim.verdict != "conflict"
        and not any(said.broken for said in heard if said)
        and not any(isinstance(reason, str) and OUT_OF_MEMORY in reason for reason in reasons)
    )


@dataclass
class Slot:
    """An entry of a file and what is known of it.

    file: number of the file.  chunk: the text that holds it.  key: of its verdicts in the store.  read: what a worker
    found there.  claims: by number.  reason: why it could not be read.  is_lost: something was not found out.
    """

    file: int
    path: Path
    chunk: Chunk
    name: str
    is_alone: bool = True
    key: str = ""
    read: Read | None = None
    claims: dict[int, Judged] = field(default_factory=dict)
    reason: str = ""
    is_through: bool = False
    is_lost: bool = False

    def entry(self) -> Entry:
        """As it stands in the report, with the claims judged so far."""
        assert self.read is not None
        claims = [claim for _, claim in sorted(self.claims.items())]
        return Entry(self.read.name, self.read.group, self.read.where, claims)

    def wrong(self, taken: dict[str, int]) -> list[Refused]:
        """Why the entry is refused: it could not be read, or its name is one of those taken; else it takes its own."""
        read = self.read
        if read is None:
            where = f"{self.chunk.file}:{self.chunk.line}:1"
            return [Refused(visible(where), visible(f"{where}: {self.name} could not be read: {self.reason}"), "D100")]
        if read.errors:
            return list(read.errors)
        place = Place(self.chunk.file, read.line, read.column, read.source)
        words = [read.name, *read.aliases]
        clashes = [
            refused(taken_before(word, taken[word.casefold()], place)) for word in words if word.casefold() in taken
        ]
        if not clashes:
            taken.update((word.casefold(), read.line) for word in words)
        return clashes


def refused(error: CatalogError) -> Refused:
    """An error of a catalog, its text made safe line by line."""
    where = str(error.place) if error.place else ""
    return Refused(visible(where), "\n".join(map(visible, str(error).splitlines())), error.code)
