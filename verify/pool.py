"""Worker processes that judge formulas: one pipe each, JSON both ways, killed by their parent at the limit."""

import json
import os
import signal
import sys
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import msgspec

from derive.catalog import read
from derive.expression import arena
from derive.formula import Formula
from verify.judge import judged, load
from verify.report import Judged
from verify.testimony import Settings

START = 120.0  # seconds for a worker's imports, on a machine that is busy
MEMORY = 4 << 30  # bytes of address space of a worker
METHOD = "fork" if sys.platform == "linux" else "spawn"
FAILED = b"!"  # how a message begins that says why the worker gave up
CRASHES = 1  # times that a claim is tried again when its worker died


@dataclass
class Job:
    """The claims of a formula from number `start` to before number `claims`.

    number: its place in the report.  shown: the file in messages.
    """

    number: int
    file: str
    shown: str
    name: str
    claims: int
    start: int = 0
    crashes: int = 0


@dataclass(frozen=True)
class Verdict:
    """A claim of a job: judged, or lost for the reason given."""

    job: Job
    claim: int
    judged: Judged | None
    reason: str = ""


class BrokenWorker(Exception):
    """A worker could not start: the engine is broken or not all of it is installed."""


@dataclass
class Worker:
    process: BaseProcess
    pipe: Connection
    job: Job | None = None
    deadline: float = field(default_factory=lambda: time.monotonic() + START)
    is_ready: bool = False


Formulas = Mapping[tuple[str, str], Formula]  # by file and name


def run(
    jobs: Sequence[Job],
    known: Formulas,
    settings: Settings,
    workers: int,
    timeout: float,
    timings: bool,
    begin: Callable[[str], None] = lambda name: None,
) -> Generator[Verdict, None, None]:
    """The verdicts of all claims of the jobs, in the order in which they come.

    known: the formulas as the caller has read them, which a fork has too; elsewhere a worker reads them again.
    timeout: seconds for one claim; past it the worker is killed, the claim is lost and the rest of the
    formula goes on in a new one. A claim whose worker dies is tried once more. No process outlives this call.
    begin: called with the name of each formula that a worker takes up.
    """
    pool = Pool(known, settings, timings, timeout, begin)
    pool.waiting.extend(jobs)
    try:
        for _ in range(min(workers, len(jobs))):
            pool.start()
        while pool.waiting or any(worker.job for worker in pool.workers):
            yield from pool.step()
    finally:
        pool.stop()


class Pool:
    def __init__(
        self, known: Formulas, settings: Settings, timings: bool, timeout: float, begin: Callable[[str], None]
    ) -> None:
        self.settings, self.timings, self.timeout, self.begin = settings, timings, timeout, begin
        self.waiting: deque[Job] = deque()
        self.workers: list[Worker] = []
        self.is_forked = METHOD == "fork"
        self.context: Any = get_context(METHOD)
        self.known = known if self.is_forked else {}

    def start(self) -> None:
        ours, theirs = self.context.Pipe()
        inherited = [ours, *(worker.pipe for worker in self.workers)] if self.is_forked else []
        given = msgspec.json.encode(msgspec.to_builtins(self.settings)).decode()
        process = self.context.Process(
            target=work, args=(theirs, self.known, given, self.timings, inherited), daemon=True
        )
        with _uninterrupted():
            process.start()
        theirs.close()
        self.workers.append(Worker(process, ours))

    def step(self) -> Iterator[Verdict]:
        """Wait for the next message, death or deadline, and deal with it."""
        for worker in self.workers:
            if worker.is_ready and worker.job is None and self.waiting:
                self._assign(worker, self.waiting.popleft())
        pause = min(worker.deadline for worker in self.workers) - time.monotonic()
        heard = wait([worker.pipe for worker in self.workers], None if pause == float("inf") else max(pause, 0))
        for worker in list(self.workers):
            if worker.pipe in heard:
                yield from self._receive(worker)
            elif worker.deadline <= time.monotonic():
                yield from self._lost(worker, f"no verdict within {self.timeout:g} s", is_crash=False)

    def _assign(self, worker: Worker, job: Job) -> None:
        worker.job, worker.deadline = job, time.monotonic() + self.timeout
        self.begin(job.name)
        try:
            worker.pipe.send_bytes(json.dumps([job.file, job.shown, job.name, job.start, job.claims]).encode())
        except OSError:
            worker.deadline = 0.0

    def _receive(self, worker: Worker) -> Iterator[Verdict]:
        try:
            message = worker.pipe.recv_bytes()
        except (EOFError, OSError):
            worker.process.join(5)
            yield from self._lost(worker, f"the worker process died ({_ending(worker.process)})", is_crash=True)
            return
        job = worker.job
        if message.startswith(FAILED):
            yield from self._lost(worker, message.removeprefix(FAILED).decode(), is_crash=False)
            return
        if job is None:
            worker.is_ready, worker.deadline = True, float("inf")
            return
        found = msgspec.json.decode(message, type=Judged)
        yield Verdict(job, job.start, found)
        job.start, job.crashes = job.start + 1, 0
        worker.deadline = time.monotonic() + self.timeout
        if job.start == job.claims:
            worker.job, worker.deadline = None, float("inf")

    def _lost(self, worker: Worker, reason: str, is_crash: bool) -> Iterator[Verdict]:
        """End a worker, put another in its place, and let the rest of its formula go on there."""
        self._end(worker)
        job = worker.job
        if job is None:
            raise BrokenWorker(f"a worker process did not start: {reason}")
        if is_crash and job.crashes < CRASHES:
            job.crashes += 1
        else:
            yield Verdict(job, job.start, None, reason)
            job.start, job.crashes = job.start + 1, 0
        if job.start < job.claims:
            self.waiting.appendleft(job)
        if self.waiting:
            self.start()

    def _end(self, worker: Worker) -> None:
        self.workers.remove(worker)
        worker.process.kill()
        worker.process.join()
        worker.pipe.close()

    def stop(self) -> None:
        for worker in list(self.workers):
            self._end(worker)


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Hold back Ctrl-C, so that a worker is not hit by it before it can ignore it."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _ending(process: BaseProcess) -> str:
    code = process.exitcode
    if code is not None and code < 0:
        return signal.Signals(-code).name
    return f"exit status {code}"


# ------------------------------------------------------------------------------------ in the worker


def work(pipe: Connection, known: Formulas, given: str, timings: bool, inherited: Sequence[Connection]) -> None:
    """The life of a worker: import, say so, then judge what is sent until the pipe closes."""
    for other in inherited:  # so that the pipe of every worker closes with the parent
        other.close()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    settings = msgspec.json.decode(given, type=Settings)
    try:
        prepare(settings)
        pipe.send_bytes(b"ready")
        while True:
            file, shown, name, start, stop = json.loads(pipe.recv_bytes())
            with arena():
                formula = known.get((file, name)) or read(Path(file), shown, only={name}).formulas[name]
                for found in islice(judged(formula, settings, start, timings), stop - start):
                    pipe.send_bytes(msgspec.json.encode(found))
    except (EOFError, OSError):
        return
    except Exception as error:
        pipe.send_bytes(FAILED + f"internal error: {type(error).__name__}: {error}".encode())


def prepare(settings: Settings) -> None:
    """Limit the memory and import what the witnesses need, before the first formula and outside every arena."""
    _limit_memory()
    use_one_thread()
    load(settings.witnesses)


def use_one_thread() -> None:
    """Let NumPy start no threads of its own, if it has not yet been imported."""
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")


def _limit_memory() -> None:
    try:
        import resource
    except ImportError:
        return
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY if hard < 0 else min(MEMORY, hard), hard))
