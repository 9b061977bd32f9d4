"""`derive cache`: the verdicts that earlier runs left, and the chapters of earlier books."""

import click

from derive.cli.help import Command, Group
from derive.output import complain, write
from derive.selection import visible


@click.group(cls=Group)
def cache() -> None:
    """Tell what earlier runs left, or forget it."""


@cache.command(cls=Command)
def info() -> None:
    """Tell where verdicts and chapters of the book are kept, and how many."""
    from verify.book.shelf import Shelf
    from verify.store import opened

    with opened(complain) as store:
        state = store.state()
    lines = [visible(str(state.path)), f"{counted(state.rows, 'formula')}, {state.size / 1e6:.1f} MB"]
    chapters, size = (shelf := Shelf(complain)).state()
    if chapters:
        lines += [visible(str(shelf.path)), f"{counted(chapters, 'page')} of the book, {size / 1e6:.1f} MB"]
    if state.aside:
        lines.append(f"{counted(len(state.aside), 'file')} set aside")
    write("\n".join(lines) + "\n")


@cache.command(cls=Command)
def clear() -> None:
    """Forget all verdicts and chapters of the book, so that everything is judged and derived anew."""
    from verify.book.shelf import Shelf
    from verify.store import opened

    with opened(complain) as store:
        forgot = [counted(store.clear(), "formula")]
    chapters = Shelf(complain).clear()
    forgot += [f"{counted(chapters, 'page')} of the book"] if chapters else []
    write(f"forgot {' and '.join(forgot)}\n")


def counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
