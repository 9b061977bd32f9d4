"""The command `derive`: the one place that ties symbols and numbers together; a module for each subcommand.

Nothing that is slow to import is imported before a command needs it; a subcommand is imported when it is called.
"""

import gc
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import NoReturn

import click

from derive import __version__

COMMANDS = {
    "check": ("derive.cli.check:check", "Judge what formulas claim."),
    "d": ("derive.cli.d:d", "Differentiate EXPRESSION by BY, an input or an element of one: x, x[k]."),
    "errata": ("derive.cli.errata:errata", "Report what sources print and does not hold."),
    "report": (
        "derive.cli.report:report",
        "Write the formula book: a site of every formula, its claims, their verdicts and the evidence.",
    ),
    "mutate": ("derive.cli.mutate:mutate", "Make wrong twins of every equation and report which the engine catches."),
    "show": ("derive.cli.show:show", "Print formulas and their derivatives: LaTeX, or what --format says."),
    "export": ("derive.cli.export:export", "Write code for a formula: its value, and the gradients."),
    "list": ("derive.cli.list_:list_", "List the formulas: name, group and title."),
    "schema": ("derive.cli.schema:schema", "Print the JSON schema of something that derive writes, or of a catalog."),
    "lint": ("derive.cli.lint:lint", "Look over a catalog without judging it."),
    "explain": ("derive.cli.explain:explain", "Say what a code such as D301, or the word of a verdict, means."),
    "init": ("derive.cli.init:init", "Write a commented catalog to start from, and the schema that editors read."),
    "diff-reports": (
        "derive.cli.diff_reports:diff_reports",
        "Name the claims whose verdicts differ between two reports.",
    ),
    "completion": ("derive.cli.completion:completion", "Print a script that teaches a shell to complete `derive`."),
    "cache": ("derive.cli.cache:cache", "Tell what earlier runs left, or forget it."),
}
"""Of each subcommand where it is, and its one line in the help: the first of its docstring."""

OBJECTS = 100_000
"""So many objects are made before the collector looks for garbage: nearly all that a command makes, it keeps."""


class Subcommands(click.Group):
    """Subcommands that are imported when they are called, not to be listed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name][0].partition(":")
        found: click.Command = getattr(import_module(module), name)
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


@click.group(cls=Subcommands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="derive", message="%(prog)s %(version)s")
@click.pass_context
def command(ctx: click.Context) -> None:
    """Says whether a formula is true.

    Gradients are derived in index notation for every size; what a formula claims is proved, or refuted with a
    point that shows it.
    """
    from derive.cli.settings import nearest_table, settings

    if nearest_table(Path.cwd()):
        ctx.obj = settings({name: subcommand for name in COMMANDS if (subcommand := command.get_command(ctx, name))})
        ctx.default_map = ctx.obj.by_command


def run_command(arguments: Sequence[str] | None) -> int:
    """The exit status of a command line; every way to fail ends in a message and a status, never in a traceback."""
    try:
        status = command.main(arguments, prog_name="derive", standalone_mode=False)
        sys.stdout.flush()
        return status if isinstance(status, int) else 0
    except SystemExit as exit_:  # click's own, after a completion
        return int(exit_.code or 0)
    except (Exception, KeyboardInterrupt) as error:
        from derive.cli.failures import status_of

        return status_of(error)


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """The console script: text that the terminal cannot show is escaped, not refused."""
    gc.set_threshold(OBJECTS)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    status = run_command(arguments)
    gc.freeze()  # what is left goes with the process; looking it over first takes as long as a proof
    sys.exit(status)
