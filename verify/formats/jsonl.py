"""JSON Lines: the run as it goes on, one object a line; the last one is the summary.

Lines come in the order in which workers finish, which may differ from run to run; the claims are those of the report.
"""

from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import UNSET, Struct, UnsetType

from verify.report import Engine, Entry, Judged, Refused, Report, Summary, engine
from verify.watch import Watcher

SCHEMA = "derive-lines/1"


class Start(Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="run"):
    """The first line. formulas: how many are to be judged."""

    schema: str
    seed: int
    engine: Engine
    formulas: int


class Claim(Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="claim"):
    """A claim, as soon as it is judged."""

    formula: str
    group: str
    judged: Judged


class Error(Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="error"):
    """A part of a catalog that could not be read."""

    refused: Refused


class End(Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="summary"):
    """The last line; without it the run was cut off. status: the exit status.  interrupted: as in the report."""

    summary: Summary
    status: int
    interrupted: int | UnsetType = UNSET


Line = Start | Claim | Error | End


class Stream(Watcher):
    """Writes each claim when it is judged. put: takes a line with its end. timings: whether times are in it."""

    def __init__(self, put: Callable[[str], object], seed: int, formulas: int, timings: bool) -> None:
        self.put, self.timings = put, timings
        self._write(Start(SCHEMA, seed, engine(), formulas))

    def hear(self, entry: Entry, claim: Judged) -> None:
        judged = claim if self.timings else msgspec.structs.replace(claim, seconds=UNSET)
        self._write(Claim(entry.name, entry.group, judged))

    def close(self, report: Report, status: int) -> None:
        """What is known only at the end."""
        for refused in report.errors or ():
            self._write(Error(refused))
        self._write(End(report.summary, status, report.interrupted))

    def _write(self, line: Line) -> None:
        self.put(msgspec.json.encode(line).decode() + "\n")


def decoded(line: str) -> Line:
    """The record that a line holds. Raises msgspec.ValidationError where it does not follow the schema."""
    found: Line = msgspec.json.decode(line, type=Line)
    return found


def schema() -> dict[str, Any]:
    """The JSON Schema of a line."""
    found = msgspec.json.schema(Line)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": SCHEMA, **found}
