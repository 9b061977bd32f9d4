"""The work of a run handed to a Dask cluster, whose workers judge in processes of their own as this machine would.

What goes over the wire is JSON. On a worker each batch has a process `python -m verify.cluster`, with the same limits
and the same kills as here; a batch whose worker dies is judged by another.
"""

import logging
import os
import subprocess
import sys
from collections.abc import Callable, Generator, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from derive.language.document import Chunk
from verify.engine import identity
from verify.judge import load
from verify.pool import Event, Job, Through, Verdict, run
from verify.report import Judged
from verify.slot import Read, Unreachable
from verify.testimony import Settings
from verify.worker import die_with, use_one_thread

LARGEST = 16  # entries of a batch
SHARES = 8  # batches for each thread of the cluster, at least, so that none waits long for the last one
PATIENCE = 20  # seconds for the scheduler to answer


class Entry(Struct, frozen=True):
    file: str
    line: int
    text: str
    name: str
    is_alone: bool


class Batch(Struct, frozen=True):
    """What a worker is asked. identity: the engine that asks."""

    entries: list[Entry]
    settings: Settings
    timeout: float
    memory: int
    timings: bool
    identity: dict[str, str]


class Answer(Struct):
    """Of one entry; as the events of a pool are. lost: the numbers of claims of which nothing was found out."""

    read: Read | None = None
    claims: list[Judged] = []
    lost: list[int] = []
    reason: str = ""


class Answers(Struct):
    """identity: of an engine that is another than the one that asked, and then did nothing."""

    answers: list[Answer] = []
    identity: dict[str, str] = {}


def run_on(
    address: str, jobs: Sequence[Job], settings: Settings, timeout: float, memory: int, timings: bool,
    begin: Callable[[str], None],
) -> Generator[Event, None, None]:  # fmt: skip
    """The events of `verify.pool.run`, from the workers of the cluster at that address.

    Raises Unreachable where there is no cluster, or its engine is not the same.
    """
    try:
        from distributed import Client, as_completed
    except ImportError:
        raise Unreachable("a cluster needs Dask: pip install dask distributed") from None
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    own = identity(settings.witnesses)
    try:
        client: Any = Client(address, timeout=PATIENCE, set_as_default=False)
    except (OSError, ValueError, TimeoutError) as error:
        raise Unreachable(f"no Dask scheduler answers at {address}: {error}") from None
    try:
        _compare(client, own, settings.witnesses)
        threads = sum(client.nthreads().values())
        size = max(1, min(LARGEST, len(jobs) // (SHARES * max(threads, 1))))
        # One of each size class in every batch: the jobs come longest first.
        count = -(-len(jobs) // size)
        batches = [list(jobs[start::count]) for start in range(count)]
        asked = {}
        for batch in batches:
            entries = [Entry(j.chunk.file, j.chunk.line, j.chunk.text, j.name, j.is_alone) for j in batch]
            question = msgspec.json.encode(Batch(entries, settings, timeout, memory, timings, own)).decode()
            asked[client.submit(judge, question, pure=False)] = batch
            for job in batch:
                begin(job.name)
        for future in as_completed(list(asked), loop=client.loop):
            yield from _events(future, asked.pop(future), own)
            future.release()
    except OSError as error:
        raise Unreachable(f"the cluster at {address} was lost: {error}") from None
    finally:
        client.close(timeout=2)


def _compare(client: Any, own: dict[str, str], witnesses: Sequence[str]) -> None:
    try:
        client.wait_for_workers(1, timeout=PATIENCE)
        found = client.run(identity_text, list(witnesses))
    except TimeoutError:
        raise Unreachable("the cluster has no workers") from None
    except Exception as error:
        raise Unreachable(f"the cluster's workers have no such engine: {type(error).__name__}: {error}") from None
    for worker, told in sorted(found.items()):
        _refuse(msgspec.json.decode(told, type=dict[str, str]), own, f"the worker {worker}")


def _refuse(theirs: dict[str, str], own: dict[str, str], who: str) -> None:
    names = [name for name in {**own, **theirs} if own.get(name) != theirs.get(name)]
    if names:
        shown = "; ".join(f"{name} {theirs.get(name, 'missing')}, here {own.get(name, 'missing')}" for name in names)
        raise Unreachable(f"{who} of the cluster would judge with another engine: {shown}")


def _events(future: Any, batch: Sequence[Job], own: dict[str, str]) -> Generator[Event, None, None]:
    if future.status != "finished":
        error = future.exception()
        for job in batch:
            yield Through(job, f"the cluster gave it up ({type(error).__name__})")
        return
    found = msgspec.json.decode(future.result(), type=Answers)
    if found.identity:
        _refuse(found.identity, own, "a worker")
    for job, answer in zip(batch, found.answers, strict=True):
        job.read = answer.read
        for number, judged in enumerate(answer.claims):
            yield Verdict(job, number, judged, is_lost=number in answer.lost)
        yield Through(job, answer.reason)


# ------------------------------------------------------------------------------------- on a worker


def identity_text(witnesses: Sequence[str]) -> str:
    return msgspec.json.encode(identity(witnesses)).decode()


def judge(question: str) -> str:
    """Judge a batch in a process beside Dask's, which has threads and must not die of a formula; it is kept warm."""
    try:
        helper = _IDLE.pop()
    except IndexError:
        helper = _helper()
    answer = _asked(helper, question)
    if not answer:  # it may have been ended while it was idle
        helper = _helper()
        answer = _asked(helper, question)
    if not answer:
        raise RuntimeError(f"the process that judges ended with status {helper.wait()}")
    _IDLE.append(helper)
    return answer


_IDLE: list["subprocess.Popen[str]"] = []


def _helper() -> "subprocess.Popen[str]":
    words = [sys.executable, "-m", "verify.cluster", str(os.getpid())]
    return subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8")


def _asked(helper: "subprocess.Popen[str]", question: str) -> str:
    assert helper.stdin is not None
    assert helper.stdout is not None
    try:
        helper.stdin.write(question + "\n")
        helper.stdin.flush()
    except OSError:
        return ""
    return helper.stdout.readline()


def answered(batch: Batch) -> Answers:
    """What a pool of one worker finds out about a batch."""
    own = identity(batch.settings.witnesses)
    if batch.identity != own:
        return Answers(identity=own)
    jobs = [
        Job(number, "", Chunk(e.file, e.line, e.text), e.name, e.is_alone) for number, e in enumerate(batch.entries)
    ]
    found = [Answer() for _ in jobs]
    for event in run(jobs, {}, batch.settings, 1, batch.timeout, batch.memory, batch.timings):
        answer = found[event.job.number]
        answer.read = event.job.read
        if isinstance(event, Verdict):
            answer.claims.append(event.judged)
            if event.is_lost:
                answer.lost.append(event.claim)
        else:
            answer.reason = event.reason
    return Answers(found)


def answer_all(parent: int) -> None:
    """Answer batches, a line each, until nobody asks any more."""
    die_with(parent, is_bound=False)  # a thread of Dask's started it
    use_one_thread()
    for question in sys.stdin:
        batch = msgspec.json.decode(question, type=Batch)
        load(batch.settings.witnesses)  # once and for all batches: the workers are forks
        sys.stdout.write(msgspec.json.encode(answered(batch)).decode() + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    answer_all(int(sys.argv[1]))
