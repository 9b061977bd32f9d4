"""The pages of a book, made side by side by worker processes, each from chapters that are known or made anew."""

import gc
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_context

from derive.expression import arena
from verify.book.binding import Leaf
from verify.book.chapters import Chapters, chapters
from verify.book.shelf import Shelf
from verify.pool import METHOD, BrokenWorker
from verify.run import MEMORY
from verify.worker import die_with, limit_memory, use_one_thread


@dataclass(frozen=True)
class File:
    """A file of the book. failures: what a check of its derivation refuted.  name: of its formula, if it is a page."""

    path: str
    content: bytes
    name: str = ""
    failures: tuple[str, ...] = ()


Job = Callable[[], File]


@dataclass(frozen=True)
class Press:
    """workers: processes.  seconds: for what is derived of one formula, 0 for any time.  memory: bytes for a worker.

    shelf: knows the chapters of earlier books.
    """

    workers: int = 1
    seconds: float = 0
    memory: int = MEMORY
    shelf: Shelf | None = None

    def chapters(self, leaf: Leaf) -> Chapters:
        """What is derived of a formula; what is not known yet goes to the shelf."""
        known = self.shelf.find(leaf.formula.text, leaf.proved) if self.shelf else None
        if known is not None:
            return known
        made = chapters(leaf.formula, leaf.findings, leaf.openings, self.seconds)
        if self.shelf is not None and made.is_final:
            self.shelf.keep(leaf.formula.text, leaf.proved, made)
        return made

    def printed(self, jobs: Sequence[Job]) -> Iterator[File]:
        """The files that the jobs make, as they come. Raises BrokenWorker where a worker dies."""
        if min(self.workers, len(jobs)) <= 1 or METHOD != "fork":
            yield from (job() for job in jobs)
            return
        use_one_thread()
        _JOBS[:] = jobs
        pool = ProcessPoolExecutor(
            min(self.workers, len(jobs)), get_context(METHOD), _begin, (self.memory, os.getpid())
        )
        try:
            yield from pool.map(_work, range(len(jobs)))
        except BrokenProcessPool:
            raise BrokenWorker("a worker process died while it made a page of the book") from None
        finally:
            pool.shutdown(cancel_futures=True)
            _JOBS.clear()


_JOBS: list[Job] = []  # what a worker finds when it is forked


def _begin(memory: int, parent: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent is told, and ends it
    die_with(parent, is_bound=True)
    limit_memory(memory)
    gc.freeze()  # what was read before the fork is not looked over again with every page


def _work(number: int) -> File:
    with arena():
        return _JOBS[number]()
