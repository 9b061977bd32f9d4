"""What became of wrong twins, a line of JSON each: a survey that was killed goes on where it was.

A line is believed only if it was written by this very engine about this very question, and is whole. What cannot
be read is set aside in a file beside; what another engine wrote is dropped.
"""

import os
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Literal, Self

import msgspec

from derive.formula import Formula
from derive.output import write
from verify.engine import identity
from verify.slips.mutation import Mutant
from verify.store import folder

Fortune = Literal["killed", "equal in truth", "survived", "undecided", "conflict"]


class Line(msgspec.Struct, forbid_unknown_fields=True):
    """key: the question, hashed.  check: over the other fields, so that a changed line is not believed."""

    engine: str
    key: str
    fate: Fortune
    reason: str
    check: str


class Journal:
    """The fates of twins by question; open it to read what is there, and `add` what is found."""

    def __init__(self, path: Path) -> None:
        """Raises OSError where the file cannot be used: a link is not followed."""
        self.path, self.set_aside = path, 0
        self._known: dict[str, tuple[Fortune, str]] = {}
        path.parent.mkdir(parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
        os.close(os.open(path, flags, 0o600))
        self._read()
        self._stream = os.fdopen(os.open(path, flags, 0o600), "ab", buffering=0)

    def _read(self) -> None:
        lines = self.path.read_bytes().split(b"\n")
        kept, broken = [], []
        for line in lines[:-1]:
            try:
                found = msgspec.json.decode(line, type=Line)
            except msgspec.DecodeError:
                broken.append(line)
                continue
            if found.check != _check(found):
                broken.append(line)
            elif found.engine == _engine():
                kept.append(line)
                self._known[found.key] = found.fate, found.reason
        broken += [lines[-1]] if lines[-1] else []
        self.set_aside = len(broken)
        if broken:
            with open(self.aside, "ab") as stream:
                stream.writelines(line + b"\n" for line in broken)
        if len(kept) != len(lines) - 1 or lines[-1]:
            write("".join(line.decode() + "\n" for line in kept), self.path)

    @property
    def aside(self) -> Path:
        """Where lines go that cannot be read."""
        return self.path.with_name(self.path.name + ".broken")

    def get(self, key: str) -> tuple[Fortune, str] | None:
        return self._known.get(key)

    def add(self, key: str, fate: Fortune, reason: str) -> None:
        """One write of one line, so that a kill leaves at most one half."""
        line = Line(_engine(), key, fate, reason, "")
        line.check = _check(line)
        self._known[key] = fate, reason
        try:
            self._stream.write(msgspec.json.encode(line) + b"\n")
        except OSError as error:
            raise OSError(error.errno, error.strerror, str(self.path)) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()


def key(formula: Formula, mutant: Mutant, seed: int) -> str:
    """The question that a fate answers: the entry as written, the twin, how it was made, and the seed."""
    return _hash(formula.text, mutant.claim.text, mutant.edit, str(seed))


def _check(line: Line) -> str:
    return _hash(line.engine, line.key, line.fate, line.reason)[:8]


def _hash(*texts: str) -> str:
    return blake2b("\0".join(texts).encode(), digest_size=16).hexdigest()


@cache
def _engine() -> str:
    return _hash(*(f"{name} {version}" for name, version in identity().items()))


def usual_place() -> Path:
    """The journal in the user's cache folder."""
    return folder() / "mutate.jsonl"
