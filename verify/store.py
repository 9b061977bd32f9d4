"""Verdicts of earlier runs, in a file of the user's cache folder: written as they come, believed only when whole.

A row is the JSON of one entry under a hash of its text, the settings and the engine; no row is ever changed. A file
that is damaged or not ours is set aside. Whatever is wrong with the store is told once, and the run goes on.
"""

import os
import sqlite3
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import IO

import msgspec

from verify.engine import REFERENCES, identity
from verify.slot import Kept
from verify.testimony import Settings

NAME = "verdicts.sqlite"
APPLICATION = 0x64657276  # "derv": the file is ours
SCHEMA = 1
DAYS = 90  # after which a row is dropped
PATIENCE = 10.0  # seconds for another run to finish its row
AT_ONCE = 500  # rows asked for in one query

CREATE = "CREATE TABLE IF NOT EXISTS verdicts (key TEXT PRIMARY KEY, body TEXT, mark TEXT, day INTEGER) WITHOUT ROWID"
Tell = Callable[[str], None]


def folder() -> Path:
    """Where caches are kept: DERIVE_CACHE, or the folder `derive` where the platform has them."""
    named = os.environ.get("DERIVE_CACHE")
    if named:
        return Path(named)
    home = Path.home()
    if sys.platform == "darwin":
        base = home / "Library" / "Caches"
    elif sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local")
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache")
    return base / "derive"


@dataclass(frozen=True)
class State:
    """rows: entries whose verdicts are known.  size: bytes on disk.  aside: files that were set aside."""

    path: Path
    rows: int
    size: int
    aside: list[Path]


class Foreign(Exception):
    """The file is none of ours, or of another version."""


class Store:
    """The verdicts in a file; open it with `opened`."""

    def __init__(self, path: Path, tell: Tell) -> None:
        self.path, self.tell = path, tell
        self._database: sqlite3.Connection | None = None
        self._lock: IO[bytes] | None = None
        self._is_swept = False

    def key_of(self, settings: Settings) -> Callable[[str, str], str]:
        """The key of an entry by its text, and by its name where others stand in the same text."""
        engine = identity(REFERENCES if "reference" in settings.witnesses else ())
        about = {"schema": SCHEMA, "engine": engine, "settings": msgspec.to_builtins(settings)}
        start = sha256(msgspec.json.encode(about, order="deterministic"))

        def key(text: str, name: str) -> str:
            found = start.copy()
            found.update(f"{name}\0{text}".encode("utf-8", "surrogatepass"))
            return found.hexdigest()

        return key

    def find(self, keys: Iterable[str]) -> dict[str, Kept]:
        """What is known of these; a row that is not whole is as good as none."""
        wanted = list(dict.fromkeys(keys))
        known: dict[str, Kept] = {}
        try:
            for start in range(0, len(wanted), AT_ONCE):
                some = wanted[start : start + AT_ONCE]
                known.update(pair for row in self._rows(some) for pair in _read(*row))
        except sqlite3.Error as error:
            self._fail(error)
        return known

    def _rows(self, keys: list[str]) -> list[tuple[object, object, object]]:
        if self._database is None:
            return []
        marks = ", ".join("?" * len(keys))
        return self._database.execute(f"SELECT key, body, mark FROM verdicts WHERE key IN ({marks})", keys).fetchall()

    def keep(self, key: str, kept: Kept) -> None:
        """Write what is known of an entry; once this returns, the end of the process does not lose it."""
        if self._database is None:
            return
        body = msgspec.json.encode(kept).decode()
        try:
            with self._database:
                self._drop_old()
                row = (key, body, _mark(key, body), _today())
                self._database.execute("INSERT OR REPLACE INTO verdicts VALUES (?, ?, ?, ?)", row)
        except sqlite3.Error as error:
            self._fail(error)

    def _fail(self, error: sqlite3.Error) -> None:
        """Say once what is wrong, and know and keep nothing from now on; a damaged file is set aside."""
        self.close()
        if _is_damage(error):
            self.tell(f"the verdicts kept in {self.path} cannot be read ({error}); {self._set_aside()}")
        else:
            self.tell(f"no verdicts are kept in {self.path}: {error}")

    def __enter__(self) -> "Store":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        if self._database is not None:
            with suppress(sqlite3.Error):
                self._database.close()
            self._database = None
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    # ---------------------------------------------------------------------------------- the file

    def open(self) -> "Store":
        """Open the file, or make it; where that fails, say why and go on without."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            if not self._share():
                raise sqlite3.OperationalError("it is being set aside")
            try:
                self._connect()
            except (sqlite3.DatabaseError, Foreign) as error:
                if not _is_damage(error):
                    raise
                self.close()
                self.tell(f"the verdicts kept in {self.path} cannot be read ({error}); {self._set_aside()}")
                self._share()
                self._connect()
        except (OSError, sqlite3.Error, Foreign) as error:
            self.close()
            reason = error.strerror if isinstance(error, OSError) else error
            self.tell(f"no verdicts are kept in {self.path}: {reason}")
        return self

    def _connect(self) -> None:
        """Connect, again and again while another run makes the file: SQLite does not wait where it turns to WAL."""
        end = time.monotonic() + PATIENCE
        while True:
            try:
                return self._connect_once()
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                    raise
                assert self._database is not None
                self._database.close()
                time.sleep(0.01)

    def _connect_once(self) -> None:
        database = self._database = sqlite3.connect(self.path, timeout=PATIENCE, check_same_thread=False)
        (tables,) = database.execute("SELECT count(*) FROM sqlite_master").fetchone()
        (application,) = database.execute("PRAGMA application_id").fetchone()
        (version,) = database.execute("PRAGMA user_version").fetchone()
        if tables and (application, version) != (APPLICATION, SCHEMA):
            raise Foreign("it is not of this program" if application != APPLICATION else f"it has version {version}")
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = NORMAL")
        if not tables:
            with database:
                database.execute("BEGIN IMMEDIATE")
                database.execute(CREATE)
                database.execute(f"PRAGMA application_id = {APPLICATION}")
                database.execute(f"PRAGMA user_version = {SCHEMA}")
            os.chmod(self.path, 0o600)

    def _share(self, alone: bool = False) -> bool:
        """Hold the lock beside the file while it is open; alone, only to set it aside."""
        try:
            import fcntl
        except ImportError:  # Windows renames no file that is open
            return True
        self._lock = open(self.path.with_suffix(".lock"), "ab")  # noqa: SIM115
        try:
            fcntl.flock(self._lock, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)
        except OSError:
            self._lock.close()
            self._lock = None
            return False
        return True

    def _set_aside(self) -> str:
        """Give the file another name, with what sqlite keeps beside it; unless another run has it open."""
        if not self._share(alone=True):
            return "another run has it open, so it stays"
        aside = self.path.with_name(f"{self.path.name}.aside-{time.time_ns()}")
        try:
            for end in ("-wal", "-shm", ""):
                beside = self.path.with_name(self.path.name + end)
                if beside.exists():
                    os.replace(beside, aside.with_name(aside.name + end))
        except OSError as error:
            return f"it stays: {error.strerror}"
        finally:
            self.close()
        return f"it is now {aside.name}"

    def _drop_old(self) -> None:
        """Forget what was found long ago; once, in a run that writes anyway."""
        if self._database is not None and not self._is_swept:
            self._database.execute("DELETE FROM verdicts WHERE day < ?", (_today() - DAYS,))
            self._is_swept = True

    def state(self) -> State:
        rows = 0
        try:
            if self._database is not None:
                (rows,) = self._database.execute("SELECT count(*) FROM verdicts").fetchone()
        except sqlite3.Error as error:
            self._fail(error)
        beside = sorted(self.path.parent.glob(f"{self.path.name}*")) if self.path.parent.is_dir() else []
        size = sum(path.stat().st_size for path in beside)
        return State(self.path, rows, size, [path for path in beside if ".aside-" in path.name])

    def clear(self) -> int:
        """Forget everything, files that were set aside too; how many entries were known."""
        state = self.state()
        try:
            if self._database is not None:
                with self._database:
                    self._database.execute("DELETE FROM verdicts")
                self._database.execute("VACUUM")
        except sqlite3.Error as error:
            self._fail(error)
        for path in state.aside:
            path.unlink(missing_ok=True)
        return state.rows


def opened(tell: Tell) -> Store:
    """The store of this user, open, or one that knows and keeps nothing, after saying why."""
    return Store(folder() / NAME, tell).open()


def _is_damage(error: Exception) -> bool:
    """Whether the file itself is at fault, and not the disk, the folder or another run."""
    return isinstance(error, Foreign) or not isinstance(error, sqlite3.OperationalError)


def _read(key: object, body: object, mark: object) -> Iterator[tuple[str, Kept]]:
    """A row, if it is whole."""
    if isinstance(key, str) and isinstance(body, str) and mark == _mark(key, body):
        with suppress(msgspec.DecodeError):
            yield key, msgspec.json.decode(body, type=Kept)


def _mark(key: str, body: str) -> str:
    return sha256(f"{key}\0{body}".encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _today() -> int:
    return int(time.time() // 86400)
