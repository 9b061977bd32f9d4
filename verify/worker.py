"""A worker process: it reads the entries that it is sent, judges them, and dies with its parent."""

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from itertools import islice
from multiprocessing.connection import Connection

import msgspec
from msgspec import Struct

from derive.catalog import read_chunk
from derive.expression import arena
from derive.formula import Formula
from derive.language.document import Chunk
from verify.judge import items, judged, load, unheard
from verify.slot import OUT_OF_MEMORY, Read, refused
from verify.testimony import Settings

FAILED = b"!"  # how a message begins that says why the worker gave up
DONE = b"."  # how one begins that asks for more, with the bytes of memory in use
PR_SET_PDEATHSIG = 1  # of prctl(2)

Formulas = Mapping[tuple[str, str], Formula]  # by file and name


class Ask(Struct, frozen=True, forbid_unknown_fields=True):
    """What a worker is sent: an entry by its file, or as the text that holds it, and which claims to judge."""

    file: str
    shown: str
    line: int
    text: str
    name: str
    is_alone: bool
    start: int
    stop: int | None
    is_first: bool


def work(
    pipe: Connection, known: Formulas, given: str, timings: bool, memory: int, inherited: Sequence[Connection],
    parent: int, is_bound: bool,
) -> None:  # fmt: skip
    """The life of a worker: import, say so, then judge what is sent until the pipe closes. is_bound: see `die_with`."""
    for other in inherited:  # so that the pipe of every worker closes with the parent
        other.close()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    die_with(parent, is_bound)
    settings = msgspec.json.decode(given, type=Settings)
    try:
        prepare(settings, memory)
        pipe.send_bytes(DONE + json.dumps(size()).encode())
        while True:
            ask = msgspec.json.decode(pipe.recv_bytes(), type=Ask)
            with arena():
                _answer(pipe, ask, known, settings, timings)
            pipe.send_bytes(DONE + json.dumps(size()).encode())
    except (EOFError, OSError):
        return
    except MemoryError:
        pipe.send_bytes(FAILED + OUT_OF_MEMORY.encode())
    except Exception as error:
        pipe.send_bytes(FAILED + f"internal error: {type(error).__name__}: {error}".encode())


def _answer(pipe: Connection, ask: Ask, known: Formulas, settings: Settings, timings: bool) -> None:
    formula = known.get((ask.file, ask.name))
    if formula is None:
        catalog = read_chunk(Chunk(ask.shown, ask.line, ask.text), None if ask.is_alone else {ask.name})
        if catalog.errors:
            pipe.send_bytes(msgspec.json.encode(Read(ask.name, errors=list(map(refused, catalog.errors)))))
            return
        (formula,) = catalog.formulas.values()
    if ask.is_first:
        pipe.send_bytes(msgspec.json.encode(described(formula, settings)))
    count = None if ask.stop is None else max(ask.stop - ask.start, 0)
    for found in islice(judged(formula, settings, ask.start, timings), count):
        pipe.send_bytes(msgspec.json.encode(found))


def described(formula: Formula, settings: Settings) -> Read:
    """What stands in a report of a formula of which nothing is known yet."""
    place = formula.place
    claims = [unheard(item, "") for item in items(formula, settings)]
    return Read(formula.name, formula.group, list(formula.aliases), str(place), place.line, place.column, place.source,
                claims)  # fmt: skip


# ------------------------------------------------------------------------------------- the process


def die_with(parent: int, is_bound: bool) -> None:
    """End this process when its parent ends, however that ends; native code that never returns as well, on Linux.

    is_bound: the thread that started this process lasts as long as the parent does. Linux sends its signal when that
    thread ends.
    """
    if sys.platform == "linux" and is_bound:
        import ctypes

        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    else:
        threading.Thread(target=_watch, args=(parent,), daemon=True).start()
    if os.getppid() != parent:  # it ended before that
        os._exit(1)


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)


def prepare(settings: Settings, memory: int) -> None:
    """Limit the memory and import what the witnesses need, before the first formula and outside every arena."""
    limit_memory(memory)
    use_one_thread()
    load(settings.witnesses)


def use_one_thread() -> None:
    """Let NumPy start no threads of its own, if it has not yet been imported."""
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")


def limit_memory(memory: int) -> None:
    """Bytes that this process may allocate; an allocation past them fails. Nothing on a system without limits.

    On Linux that is what it may write to, since some libraries reserve addresses that they never use; what it has
    inherited from a large process, such as one that has loaded PyTorch, is not counted.
    """
    try:
        import resource
    except ImportError:
        return
    kind = resource.RLIMIT_DATA if sys.platform == "linux" else resource.RLIMIT_AS
    _, hard = resource.getrlimit(kind)
    memory += _pages(5)
    soft = memory if hard < 0 else min(memory, hard)
    try:
        resource.setrlimit(kind, (soft, soft))
    except (OSError, ValueError):  # macOS refuses what is below the size that the process has
        return


def size() -> int:
    """Bytes of memory that this process has in use, 0 where the system does not tell."""
    return _pages(1)


def _pages(column: int) -> int:
    """A column of /proc/self/statm in bytes: 1 is what is resident, 5 what may be written to."""
    try:
        with open("/proc/self/statm") as told:
            return int(told.read().split()[column]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0
