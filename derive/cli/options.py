"""What commands share: exit statuses, words that select formulas, options, messages."""

import os
import re
from collections.abc import Callable
from functools import reduce
from typing import TYPE_CHECKING, Any, ClassVar

import click

from derive.output import complain
from derive.selection import visible

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from verify.report import Report

REFUSED, BROKEN, NOTHING, INTERRUPTED, PIPE = 2, 3, 5, 130, 141
TIMEOUT = 60
LONGEST = 10_000_000.0  # seconds, months; a clock has no name for the end of what is much longer


class Seconds(click.FloatRange):
    """A time limit, above 0 and finite."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        seconds = super().convert(value, param, ctx)
        return seconds if seconds <= LONGEST else self.fail(f"{value} is no number of seconds", param, ctx)


SECONDS = Seconds(0, min_open=True)


def complete(ctx: click.Context, param: click.Parameter, incomplete: str) -> "list[CompletionItem]":
    """Names, groups and catalogs, for the shell."""
    from derive.cli.offers import formulas  # not at the top: few commands are half written

    return formulas(ctx, param, incomplete)


def complete_file(ctx: click.Context, param: click.Parameter, incomplete: str) -> "list[CompletionItem]":
    """Files, for the shell."""
    from derive.cli.offers import files

    return files(ctx, param, incomplete)


def chosen(ctx: click.Context, param: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...]:
    """The words of the command line; where there are none, the catalogs of the settings."""
    found = ctx.find_root().obj
    return value or (found.catalogs if found else ())


words = click.argument(
    "words", nargs=-1, metavar="[all | NAME… | GROUP… | FILE…]", shell_complete=complete, callback=chosen
)

Command = Callable[..., None]


def judging() -> Callable[[Command], Command]:
    """The options of a command that judges claims."""
    options = (
        click.option("--seed", type=int, default=0, show_default=True, help="Chooses the points that are tried."),
        click.option("--jobs", type=click.IntRange(1, 1024), help="Worker processes.  [default: one a processor]"),
        click.option(
            "--timeout",
            type=SECONDS,
            default=TIMEOUT,
            show_default=True,
            help="Seconds for one formula; what it has not said by then is undecided.",
        ),
        click.option("--color", type=click.Choice(["auto", "always", "never"]), default="auto", show_default=True),
    )
    return lambda function: reduce(lambda made, option: option(made), reversed(options), function)


class Bytes(click.ParamType):  # type: ignore[type-arg]
    """An amount of memory: 4G, 512M, or a plain number of bytes."""

    name = "bytes"
    UNITS: ClassVar = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
    LEAST = 256 << 20  # what the libraries themselves take

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        found = re.fullmatch(r"(\d{1,15})(?:([KMGT])i?B?)?", str(value), re.IGNORECASE)
        if not found:
            self.fail(f"'{visible(str(value))}' is no amount of memory, such as 4G or 512M", param, ctx)
        amount = int(found[1]) * self.UNITS[(found[2] or "").upper()]
        if amount < self.LEAST:
            self.fail(f"less than {self.LEAST >> 20}M, which the libraries themselves need", param, ctx)
        return amount


memory = click.option(
    "--memory", type=Bytes(), default="4G", show_default=True, metavar="BYTES", help="Memory of one worker process."
)
cluster = click.option(
    "--cluster",
    metavar="ADDRESS",
    help="Let the workers of this Dask cluster judge: tcp://HOST:PORT. They must have the same engine.",
)
no_cache = click.option("--no-cache", is_flag=True, help="Judge everything anew, and keep nothing.")


def tell(report: "Report") -> None:
    """What went wrong beside the verdicts."""
    from verify import outcome

    for message in (*(refused.message for refused in report.errors or ()), *outcome.defects(report)):
        complain(message)


def processors() -> int:
    """The processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
