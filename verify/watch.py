"""Whom a run tells of what happens while it goes on: progress, streams of results, whoever may stop it."""

from collections.abc import Iterable

from verify.report import Entry, Judged


class Watcher:
    """Told of a run as it goes on; this one takes no notice. is_over: no further claim is judged."""

    is_over = False

    def begin(self, name: str) -> None:
        """A worker takes up the formula of this name."""

    def hear(self, entry: Entry, claim: Judged) -> None:
        """A claim is judged. entry: its formula, with the claims of it that were judged so far."""

    def end(self, name: str) -> None:
        """The formula of this name is through."""


class Watchers(Watcher):
    """Several, told one after the other; the run is over as soon as one of them has had enough."""

    def __init__(self, watchers: Iterable[Watcher]) -> None:
        self.watchers = tuple(watchers)

    @property
    def is_over(self) -> bool:  # type: ignore[override]
        return any(watcher.is_over for watcher in self.watchers)

    def begin(self, name: str) -> None:
        for watcher in self.watchers:
            watcher.begin(name)

    def hear(self, entry: Entry, claim: Judged) -> None:
        for watcher in self.watchers:
            watcher.hear(entry, claim)

    def end(self, name: str) -> None:
        for watcher in self.watchers:
            watcher.end(name)


UNWATCHED = Watcher()
