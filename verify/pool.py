"""Worker processes that judge formulas: one pipe each, JSON both ways, killed by their parent at the limit."""

import json
import os
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any

import msgspec
from msgspec.structs import replace

from derive.language.document import Chunk
from verify.report import Judged
from verify.slot import Read
from verify.testimony import Settings
from verify.worker import DONE, FAILED, Ask, Formulas, work

START = 120.0  # seconds for a worker's imports, on a machine that is busy
METHOD = "fork" if sys.platform == "linux" else "spawn"
CRASHES = 1  # times that a claim is tried again when its worker died
GROWTH = 256 << 20  # bytes that a worker may keep of what it judged, before another takes its place


@dataclass
class Job:
    """The claims of an entry from number `start` to before number `stop`, or all; what became of them so far.

    number: the caller's.  file: its path.  chunk: the text that holds it.  is_alone: nothing else stands there.
    read: the entry as a worker read it.  seconds: spent by workers that were lost.
    """

    number: int
    file: str
    chunk: Chunk
    name: str
    is_alone: bool = True
    start: int = 0
    stop: int | None = None
    read: Read | None = None
    crashes: int = 0
    seconds: float = 0.0

    @property
    def end(self) -> int:
        claims = len(self.read.claims) if self.read else 0
        return claims if self.stop is None else min(self.stop, claims)


@dataclass(frozen=True)
class Verdict:
    """A claim of a job. is_lost: nothing was found out, for the reason that it gives."""

    job: Job
    claim: int
    judged: Judged
    is_lost: bool = False


@dataclass(frozen=True)
class Through:
    """A job is through. reason: why its entry could not even be read."""

    job: Job
    reason: str = ""


Event = Verdict | Through


class BrokenWorker(Exception):
    """A worker could not start: the engine is broken or not all of it is installed."""


@dataclass
class Worker:
    process: BaseProcess
    pipe: Connection
    job: Job | None = None
    begun: float = field(default_factory=time.monotonic)
    deadline: float = field(default_factory=lambda: time.monotonic() + START)
    is_ready: bool = False
    size: int = 0


def run(
    jobs: Sequence[Job],
    known: Formulas,
    settings: Settings,
    workers: int,
    timeout: float,
    memory: int,
    timings: bool = False,
    is_each: bool = False,
    begin: Callable[[str], None] = lambda name: None,
) -> Generator[Event, None, None]:
    """The verdicts of all claims of the jobs, in the order in which they come, and the end of each job.

    known: the formulas as the caller has read them, which a fork has too; others are read by the worker.
    timeout: seconds for one formula; past it the worker is killed and what is left of the formula is lost.
    is_each: the seconds are for each claim instead, and the formula goes on after one that is lost.
    memory: bytes for one worker. A claim whose worker dies is tried once more; then the rest of the formula goes
    on in a new one. No process outlives this call, or this process.
    begin: called with the name of each formula that a worker takes up.
    """
    pool = Pool(known, settings, timings, timeout, is_each, memory, begin)
    pool.waiting.extend(jobs)
    try:
        for _ in range(min(workers, len(jobs))):
            pool.start()
        while pool.waiting or any(worker.job for worker in pool.workers):
            yield from pool.step()
    finally:
        with _uninterrupted():
            pool.stop()


class Pool:
    def __init__(
        self, known: Formulas, settings: Settings, timings: bool, timeout: float, is_each: bool, memory: int,
        begin: Callable[[str], None],
    ) -> None:  # fmt: skip
        self.settings, self.timings, self.begin = settings, timings, begin
        self.timeout, self.is_each, self.memory = timeout, is_each, memory
        self.waiting: deque[Job] = deque()
        self.workers: list[Worker] = []
        self.is_forked = METHOD == "fork"
        self.context: Any = get_context(METHOD)
        self.known = known if self.is_forked else {}

    def start(self) -> None:
        ours, theirs = self.context.Pipe()
        inherited = [ours, *(worker.pipe for worker in self.workers)] if self.is_forked else []
        given = msgspec.json.encode(msgspec.to_builtins(self.settings)).decode()
        is_bound = threading.current_thread() is threading.main_thread()
        process = self.context.Process(
            target=work,
            args=(theirs, self.known, given, self.timings, self.memory, inherited, os.getpid(), is_bound),
            daemon=True,
        )
        with _uninterrupted():
            process.start()
            self.workers.append(Worker(process, ours))
        theirs.close()

    def step(self) -> Iterator[Event]:
        """Wait for the next message, death or deadline, and deal with it."""
        for worker in self.workers:  # a formula whose worker was lost may have come back
            if worker.is_ready and worker.job is None and self.waiting:
                self._assign(worker, self.waiting.popleft())
        pause = min(worker.deadline for worker in self.workers) - time.monotonic()
        heard = wait([worker.pipe for worker in self.workers], None if pause == float("inf") else max(pause, 0))
        for worker in list(self.workers):
            if worker.pipe in heard:
                yield from self._receive(worker)
            elif worker.deadline <= time.monotonic():
                yield from self._late(worker)

    def _assign(self, worker: Worker, job: Job) -> None:
        worker.job, worker.begun = job, time.monotonic()
        worker.deadline = worker.begun + max(self.timeout - job.seconds, 0)
        self.begin(job.name)
        ask = Ask(job.file, job.chunk.file, job.chunk.line, job.chunk.text, job.name, job.is_alone, job.start, job.stop,
                  job.read is None)  # fmt: skip
        try:
            worker.pipe.send_bytes(msgspec.json.encode(ask))
        except OSError:
            worker.deadline = float("inf")  # it died, which its pipe tells too

    def _receive(self, worker: Worker) -> Iterator[Event]:
        try:
            message = worker.pipe.recv_bytes()
        except (EOFError, OSError):
            worker.process.join(5)
            yield from self._lost(worker, f"the worker process died ({_ending(worker.process)})", is_crash=True)
            return
        job = worker.job
        if message.startswith(FAILED):
            yield from self._lost(worker, message.removeprefix(FAILED).decode(), is_crash=False)
        elif message.startswith(DONE):
            used = json.loads(message.removeprefix(DONE))
            worker.job, worker.deadline = None, float("inf")
            if job is None:
                worker.is_ready, worker.size = True, used
            if used > worker.size + GROWTH:
                self._end(worker)
                self._replace()
            elif self.waiting:  # before anybody looks at what was found, so that the worker need not wait for that
                self._assign(worker, self.waiting.popleft())
            if job is not None:
                yield Through(job)
        elif job is not None and job.read is None:
            job.read = msgspec.json.decode(message, type=Read)
        elif job is not None:
            yield Verdict(job, job.start, msgspec.json.decode(message, type=Judged))
            job.start, job.crashes = job.start + 1, 0
            if self.is_each:
                worker.deadline = time.monotonic() + self.timeout

    def _late(self, worker: Worker) -> Iterator[Event]:
        """Past its time a formula is given up: what is at work and all that was to follow."""
        job = worker.job
        if job is None:
            raise BrokenWorker(f"a worker process did not start within {START:g} s")
        reason = f"no verdict within {self.timeout:g} s"
        if self.is_each or job.read is None:
            yield from self._lost(worker, reason, is_crash=False)
            return
        self._end(worker)
        while job.start < job.end:  # of a job whose last verdict came just before, nothing is lost
            yield self._without(job, reason)
            reason = f"the {self.timeout:g} s of the formula were over before it"
        yield Through(job)
        self._replace()

    def _lost(self, worker: Worker, reason: str, is_crash: bool) -> Iterator[Event]:
        """End a worker, put another in its place, and let the rest of its formula go on there."""
        self._end(worker)
        job = worker.job
        if job is None and not worker.is_ready:
            raise BrokenWorker(f"a worker process did not start: {reason}")
        if job is not None:
            job.seconds += 0 if self.is_each else time.monotonic() - worker.begun
            is_tried_again = is_crash and job.crashes < CRASHES
            if is_tried_again:
                job.crashes += 1
            elif job.read is not None and job.start < job.end:
                yield self._without(job, reason)
            if job.start < job.end or (job.read is None and is_tried_again):
                self.waiting.appendleft(job)
            else:
                yield Through(job, "" if job.read else reason)
        self._replace()

    def _replace(self) -> None:
        """Put a worker in the place of one that ended, if there is work for it."""
        if self.waiting:
            self.start()

    def _without(self, job: Job, reason: str) -> Verdict:
        """The next claim of a job, undecided for a reason."""
        assert job.read is not None
        lost = Verdict(job, job.start, replace(job.read.claims[job.start], reason=reason), is_lost=True)
        job.start, job.crashes = job.start + 1, 0
        return lost

    def _end(self, worker: Worker) -> None:
        self.workers.remove(worker)
        worker.process.kill()
        worker.process.join()
        worker.process.close()
        worker.pipe.close()

    def stop(self) -> None:
        for worker in list(self.workers):
            self._end(worker)


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Hold back Ctrl-C: a worker is not hit by it before it can ignore it, and none is left behind."""
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
