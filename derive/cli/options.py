"""What commands share: exit statuses, words that select formulas, options, messages."""

import os
from collections.abc import Callable
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from derive.output import complain
from derive.selection import select

if TYPE_CHECKING:
    from verify.report import Report

REFUSED, BROKEN, NOTHING, INTERRUPTED, PIPE = 2, 3, 5, 130, 141
TIMEOUT = 60


def complete(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Names and groups of the shipped catalog, for the shell."""
    entries = [entry for file in select(()).files for entry in file.entries]
    words = dict.fromkeys(["all", *(entry.name for entry in entries), *(entry.group for entry in entries)])
    return [word for word in words if word.startswith(incomplete)]


words = click.argument("words", nargs=-1, metavar="[all | NAME… | GROUP… | FILE…]", shell_complete=complete)

Command = Callable[..., None]


def judging(*formats: str) -> Callable[[Command], Command]:
    """The options of a command that judges claims and writes a report in one of the formats."""
    options = (
        click.option("--output-format", type=click.Choice(formats), default="text", show_default=True),
        click.option("-o", "--output", type=click.Path(path_type=Path), help="Write the report to this file."),
        click.option("--seed", type=int, default=0, show_default=True, help="Chooses the points that are tried."),
        click.option("--jobs", type=click.IntRange(1, 1024), help="Worker processes.  [default: one a processor]"),
        click.option(
            "--timeout",
            type=click.FloatRange(0, min_open=True),
            default=TIMEOUT,
            show_default=True,
            help="Seconds for one claim.",
        ),
        click.option("--color", type=click.Choice(["auto", "always", "never"]), default="auto", show_default=True),
    )
    return lambda function: reduce(lambda made, option: option(made), reversed(options), function)


def tell(report: "Report") -> None:
    """What went wrong beside the verdicts."""
    from verify import run

    for message in (*(refused.message for refused in report.errors or ()), *run.defects(report)):
        complain(message)


def processors() -> int:
    """The processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
