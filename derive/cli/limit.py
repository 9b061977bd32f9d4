"""A limit of seconds and memory for what a command works out in its own process."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

MEMORY = 4 << 30


class OutOfTime(BaseException):
    """The seconds are over. No `except Exception` on the way catches it: a witness cannot take it for its own."""


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Raise OutOfTime in the work inside once the seconds are over; without signals there is no limit."""
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def ring(number: int, frame: FrameType | None) -> None:
        raise OutOfTime

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
