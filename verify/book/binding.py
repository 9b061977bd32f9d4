"""From a report to the leaves of a book: the chapters of every formula, made by worker processes."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context

from derive.formula import Formula
from verify.book.chapters import Chapters, chapters
from verify.book.shelf import Shelf
from verify.pool import METHOD
from verify.report import Entry
from verify.worker import use_one_thread

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")


@dataclass(frozen=True)
class Leaf:
    """A formula of the book with what is known of it, and the file of its page."""

    page: str
    formula: Formula
    entry: Entry
    chapters: Chapters


def bound(
    formulas: Mapping[str, Formula], entries: Iterable[Entry], workers: int, shelf: Shelf | None, seconds: float = 0
) -> list[Leaf]:
    """The leaves of a book. formulas: by the place of their entry.  shelf: knows the chapters of earlier books.

    seconds: for what is derived of one formula, 0 for any time.
    """
    listed = [(entry, formulas[entry.where]) for entry in entries if entry.where in formulas]
    pages = pages_of(formula for _, formula in listed)
    known: dict[str, Chapters] = {}
    if shelf is not None:
        for entry, formula in listed:
            found = shelf.find(formula.text, proved(entry))
            known.update({entry.where: found} if found else {})
    missing = [(entry, formula) for entry, formula in listed if entry.where not in known]
    for (entry, formula), made in zip(missing, _made(missing, workers, seconds), strict=True):
        known[entry.where] = made
        if shelf is not None and made.is_final:
            shelf.keep(formula.text, proved(entry), made)
    return [Leaf(page, formula, entry, known[entry.where])
            for page, (entry, formula) in zip(pages, listed, strict=True)]  # fmt: skip


def pages_of(formulas: Iterable[Formula]) -> list[str]:
    """The file of each formula's page: no two alike, even where letters have no case."""
    taken: set[str] = set()
    found = []
    for formula in formulas:
        stem = formula.name if NAME.fullmatch(formula.name) else "formula"
        name, number = stem, 1
        while name.casefold() in taken:
            number += 1
            name = f"{stem}-{number}"
        taken.add(name.casefold())
        found.append(f"{name}.html")
    return found


def proved(entry: Entry) -> list[int]:
    """The numbers of the claims that are proved, among the entry's own."""
    return [number for number, claim in enumerate(entry.claims) if claim.verdict == "proved"]


_LISTED: list[tuple[Entry, Formula]] = []  # what a worker finds when it is forked


def _made(listed: Sequence[tuple[Entry, Formula]], workers: int, seconds: float) -> Iterator[Chapters]:
    if min(workers, len(listed)) <= 1 or METHOD != "fork":
        yield from (_chapters(entry, formula, seconds) for entry, formula in listed)
        return
    use_one_thread()
    _LISTED[:] = listed
    with ProcessPoolExecutor(min(workers, len(listed)), get_context(METHOD)) as pool:
        yield from pool.map(partial(_work, seconds), range(len(listed)))
    _LISTED.clear()


def _work(seconds: float, number: int) -> Chapters:
    return _chapters(*_LISTED[number], seconds)


def _chapters(entry: Entry, formula: Formula, seconds: float) -> Chapters:
    return chapters(formula, {entry.claims[number].where for number in proved(entry)}, seconds)
