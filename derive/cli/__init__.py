"""The command `derive`: the one place that ties symbols and numbers together; a module for each subcommand.

Nothing that is slow to import is imported before a command needs it.
"""

import os
import sys
from collections.abc import Sequence
from typing import NoReturn

import rich_click as click

from derive import __version__
from derive.cli.check import check
from derive.cli.d import d
from derive.cli.errata import errata
from derive.cli.list_ import list_
from derive.cli.mutate import mutate
from derive.cli.options import BROKEN, INTERRUPTED, PIPE, REFUSED
from derive.cli.schema import schema
from derive.cli.show import show
from derive.errors import CatalogError
from derive.output import ReaderLeft, complain
from derive.selection import UnknownWord


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="derive", message="%(prog)s %(version)s")
def command() -> None:
    """Says whether a formula is true.

    Gradients are derived in index notation for every size; what a formula claims is proved, or refuted with a
    point that shows it.
    """


for subcommand in (check, d, errata, mutate, show, list_, schema):
    command.add_command(subcommand)


def run_command(arguments: Sequence[str] | None) -> int:
    """The exit status of a command line; every way to fail ends in a message and a status, never in a traceback."""
    try:
        status = command.main(arguments, prog_name="derive", standalone_mode=False)
        sys.stdout.flush()
        return status if isinstance(status, int) else 0
    except click.ClickException as error:
        context = getattr(error, "ctx", None)
        help_hint = f"\nTry `{context.command_path} --help`." if context else ""
        complain(f"derive: {error.format_message()}{help_hint}")
        return REFUSED
    except (CatalogError, UnknownWord) as error:
        complain(f"derive: {error}")
        return REFUSED
    except (KeyboardInterrupt, click.Abort):
        complain("derive: interrupted")
        return INTERRUPTED
    except ReaderLeft:
        # What is still buffered must not fail once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return PIPE
    except SystemExit as exit_:  # click's own, after a completion
        return int(exit_.code or 0)
    except OSError as error:
        complain(f"derive: {error.filename or 'output'}: {error.strerror}")
        return REFUSED
    except Exception as error:
        complain(f"derive: internal error: {type(error).__name__}: {error}")
        return BROKEN


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """The console script: text that the terminal cannot show is escaped, not refused."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    sys.exit(run_command(arguments))
