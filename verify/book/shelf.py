"""Chapters of earlier books, in the user's cache folder: the same entry under the same engine has the same ones."""

import os
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from tempfile import NamedTemporaryFile

import msgspec

from verify.book import pictures
from verify.book.chapters import Chapters
from verify.engine import identity
from verify.store import folder

DAYS = 90  # after which what nobody asked for is dropped


class Shelf:
    """Chapters by the text of their entry and the claims that are proved. What cannot be kept is made anew."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self.path, self.tell = folder() / "book", tell
        self.start = sha256(msgspec.json.encode([identity(), pictures.versions()], order="deterministic"))
        self._sweep()

    def _file(self, text: str, proved: Sequence[int]) -> Path:
        found = self.start.copy()
        found.update(msgspec.json.encode([text, proved]))
        return self.path / f"{found.hexdigest()}.json"

    def find(self, text: str, proved: Sequence[int]) -> Chapters | None:
        """The chapters of an entry; None if they are not known or not whole."""
        file = self._file(text, proved)
        try:
            found = msgspec.json.decode(file.read_bytes(), type=Chapters)
            os.utime(file)
            return found
        except (OSError, msgspec.DecodeError):
            return None

    def keep(self, text: str, proved: Sequence[int], made: Chapters) -> None:
        file = self._file(text, proved)
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            with NamedTemporaryFile(dir=self.path, prefix=".", delete=False) as stream:
                stream.write(msgspec.json.encode(made))
            os.replace(stream.name, file)
        except OSError as error:
            self.tell(f"derive: {error.filename or self.path}: {error.strerror}; the chapters are not kept")
            self.tell = lambda message: None

    def state(self) -> tuple[int, int]:
        """How many chapters are kept, and their bytes."""
        sizes = [file.stat().st_size for file in self._kept()]
        return len(sizes), sum(sizes)

    def clear(self) -> int:
        """Forget all chapters; how many there were."""
        kept = self._kept()
        for file in kept:
            file.unlink(missing_ok=True)
        return len(kept)

    def _kept(self) -> list[Path]:
        return sorted(self.path.glob("*.json")) if self.path.is_dir() else []

    def _sweep(self) -> None:
        old = time.time() - DAYS * 86400
        with suppress(OSError):
            for file in self.path.iterdir():
                if file.stat().st_mtime < old:
                    file.unlink()
