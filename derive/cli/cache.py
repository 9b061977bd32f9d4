"""`derive cache`: the verdicts that earlier runs left."""

import click

from derive.cli.help import Command, Group
from derive.output import complain, write
from derive.selection import visible


@click.group(cls=Group)
def cache() -> None:
    """Tell what earlier runs left, or forget it."""


@cache.command(cls=Command)
def info() -> None:
    """Tell where verdicts are kept, and how many."""
    from verify.store import opened

    with opened(complain) as store:
        state = store.state()
    lines = [visible(str(state.path)), f"{counted(state.rows, 'formula')}, {state.size / 1e6:.1f} MB"]
    if state.aside:
        lines.append(f"{counted(len(state.aside), 'file')} set aside")
    write("\n".join(lines) + "\n")


@cache.command(cls=Command)
def clear() -> None:
    """Forget all verdicts, so that everything is judged anew."""
    from verify.store import opened

    with opened(complain) as store:
        write(f"forgot {counted(store.clear(), 'formula')}\n")


def counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
