"""The book as a folder of files: what is in it, and how it gets there whole."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from importlib.resources import files
from pathlib import Path

from derive.catalog import read_anew
from verify.book import about, formula_page, index_page, pictures
from verify.book.binding import Leaf
from verify.book.formula_page import Linked, Subject
from verify.book.frame import page
from verify.book.index_page import Listed
from verify.book.links import linked
from verify.book.press import File, Job, Press
from verify.report import Report
from verify.terminal import by_group

MARKER = ".derive-book"
ASSETS = ("book.css", "book.js", "mark.svg", "stix-two-math.woff2", "stix-two-text-regular.woff2",
          "stix-two-text-italic.woff2", "stix-two-text-semibold.woff2", "OFL.txt")  # fmt: skip


class NotOurs(Exception):
    """The folder holds something else than a book of ours, which is not overwritten."""


def book(
    report: Report, leaves: Sequence[Leaf], introductions: Mapping[str, str], words: Sequence[str], press: Press
) -> Iterator[File]:
    """Every file of the book: the same report gives the same.

    words: of the catalogs, for the command that checks again.  press: makes the pages.
    """
    by_place = {leaf.entry.where: leaf for leaf in leaves}
    groups = [
        (group, [Listed(leaf.page, leaf.formula.title, leaf.entry, leaf.formula.aliases)
                 for entry in members if (leaf := by_place.get(entry.where))])
        for group, members in by_group(report.formulas, introductions)
    ]  # fmt: skip
    engine, links = report.engine.derive, linked(leaves)
    jobs: list[Job] = [partial(_pictures, report, leaves)]
    for leaf in sorted(leaves, key=_work, reverse=True):  # so that no long one is left for the end
        jobs.append(partial(_page, report, leaf, introductions, links.get(leaf.page, ()), words, press))
    yield from press.printed(jobs)
    index = index_page.content(report, groups, introductions)
    yield File("index.html", page("The formula book", index, aside=index_page.contents(groups), engine=engine).encode())
    words_on_it, parts = about.content()
    told = page("How to read the formula book", words_on_it, aside=parts, engine=engine)
    yield File("about.html", told.encode())
    for name in ASSETS:
        yield File(f"assets/{name}", files("verify.book").joinpath("assets", name).read_bytes())


def _work(leaf: Leaf) -> int:
    """A guess at the work that a page takes."""
    return len(leaf.formula.text) * (1 + len(leaf.formula.claims))


def _pictures(report: Report, leaves: Sequence[Leaf]) -> File:
    drawn, parts = about.without_pictures(), None
    if pictures.are_there():
        from verify.book.pictures import gallery  # which brings matplotlib

        drawn, parts = gallery.of_book(report, [leaf.formula for leaf in leaves])
    made = page("Pictures: the formula book", drawn, aside=parts, engine=report.engine.derive)
    return File("pictures.html", made.encode())


def _page(
    report: Report, leaf: Leaf, introductions: Mapping[str, str], links: Sequence[Linked], words: Sequence[str],
    press: Press,
) -> File:  # fmt: skip
    leaf = replace(leaf, formula=read_anew(leaf.formula))
    made = press.chapters(leaf)
    introduction = introductions.get(leaf.formula.group, "")
    subject = Subject(leaf.formula, leaf.entry, made, introduction, links, words, report.seed)
    body, parts = formula_page.content(subject)
    title = f"{leaf.formula.title or leaf.formula.name}: the formula book"
    content = page(title, body, up="../", aside=parts, engine=report.engine.derive).encode()
    return File(f"formulas/{leaf.page}", content, leaf.formula.name, tuple(made.steps.failures))


def refuse(folder: Path) -> None:
    """Raise NotOurs where a folder holds anything and no book."""
    if folder.exists() and (not folder.is_dir() or (any(folder.iterdir()) and not (folder / MARKER).is_file())):
        raise NotOurs(f"{folder}: not empty, and no book that `derive report` wrote; nothing was touched")


def written(made: Iterable[File], folder: Path) -> int:
    """Write the files of a book into a folder; returns their bytes.

    Raises NotOurs as `refuse` does. What an older book had and this one has not is removed.
    """
    refuse(folder)
    folder.mkdir(parents=True, exist_ok=True)
    before = set((folder / MARKER).read_text().split("\n")) if (folder / MARKER).exists() else set()
    total, names = 0, []
    (folder / MARKER).touch()
    try:
        for file in made:
            target = folder.joinpath(file.path)
            target.parent.mkdir(exist_ok=True)
            _replace(target, file.content)
            total += len(file.content)
            names.append(file.path)
    except BaseException:  # what is there already is known to the next book
        _mark(folder, {*before, *names})
        raise
    _mark(folder, names)
    for name in sorted(before - {*names, ""}):
        stale = folder / name
        if re.fullmatch(r"(?:[a-z]+/)?[A-Za-z0-9_.-]+", name) and stale.is_file() and not stale.is_symlink():
            stale.unlink()
    return total


def _mark(folder: Path, names: Iterable[str]) -> None:
    _replace(folder / MARKER, "".join(f"{name}\n" for name in sorted(names) if name).encode())


def _replace(target: Path, content: bytes) -> None:
    """A file that is whole or as it was before."""
    temporary = target.with_name(f".{target.name}.new")
    temporary.write_bytes(content)
    temporary.replace(target)
