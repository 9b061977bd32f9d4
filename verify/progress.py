"""What a run shows on a terminal while it goes on: how far it is, what is at work, and the time left."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console

from derive.selection import visible
from verify.report import Entry, Judged
from verify.watch import UNWATCHED, Watcher

OFTEN = 0.1  # seconds between two pictures
SHOWN = 3  # formulas at work that are named


@contextmanager
def progress(out: Console, total: int, is_each: bool = True) -> Iterator[Watcher]:
    """A bar while formulas or claims are judged, on a terminal only, as one whom the run tells.

    total: of the claims, or of the formulas if not is_each.
    """
    is_screen = out.is_terminal and out.file.isatty() and not out.is_dumb_terminal
    if not is_screen or not total:  # FORCE_COLOR makes no terminal of a file
        yield UNWATCHED
        return
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )
    from rich.table import Column

    names = TextColumn(
        "{task.description}", markup=False, table_column=Column(no_wrap=True, overflow="ellipsis", ratio=1)
    )
    left = TextColumn("left", table_column=Column(no_wrap=True))
    columns = (BarColumn(16), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn(), left, names)
    # Refreshed by hand: a thread would not survive the forks of the workers.
    with Progress(*columns, console=out, transient=True, auto_refresh=False, expand=True) as bar:
        yield _Bar(bar, bar.add_task("", total=total), is_each)


class _Bar(Watcher):
    """Moves a bar, and names what is at work beside it."""

    def __init__(self, bar, task, is_each: bool) -> None:  # type: ignore[no-untyped-def]
        self.bar, self.task, self.is_each = bar, task, is_each
        self.at_work: dict[str, None] = {}
        self.drawn = 0.0

    def begin(self, name: str) -> None:
        self.at_work[name] = None
        self._move(0)

    def hear(self, entry: Entry, claim: Judged) -> None:
        self._move(int(self.is_each))

    def end(self, name: str) -> None:
        self.at_work.pop(name, None)
        self._move(int(not self.is_each))

    def _move(self, steps: int) -> None:
        self.bar.update(self.task, advance=steps, description=named(list(self.at_work)))
        if time.monotonic() - self.drawn > OFTEN:
            self.bar.refresh()
            self.drawn = time.monotonic()


def named(names: list[str]) -> str:
    """Some of the names of what is at work.

    >>> named(["a", "b", "c", "d", "e"])
    'a, b, c and 2 more'
    """
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(map(visible, names[:SHOWN])) + more
