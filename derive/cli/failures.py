"""What becomes of a command that fails: a message and an exit status, never a traceback."""

import os
import sys

import click

from derive.cli.options import BROKEN, INTERRUPTED, PIPE, REFUSED
from derive.errors import CatalogError
from derive.output import ReaderLeft, complain
from derive.selection import UnknownWord


def status_of(error: BaseException) -> int:
    """Tell what went wrong; the exit status that says so."""
    match error:
        case click.exceptions.NoArgsIsHelpError():  # the help, drawn for the terminal
            sys.stderr.write(f"{error.format_message()}\n")
            return REFUSED
        case click.ClickException():
            context = getattr(error, "ctx", None)
            help_hint = f"\nTry `{context.command_path} --help`." if context else ""
            complain(f"derive: {error.format_message()}{help_hint}")
            return REFUSED
        case CatalogError() | UnknownWord():
            complain(f"derive: {error}")
            return REFUSED
        case KeyboardInterrupt() | click.Abort():
            complain("derive: interrupted")
            return INTERRUPTED
        case ReaderLeft():
            # What is still buffered must not fail once more at exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return PIPE
        case OSError():
            complain(f"derive: {error.filename or 'output'}: {error.strerror}")
            return REFUSED
    if (slot := sys.modules.get("verify.slot")) and isinstance(error, slot.Unreachable):
        complain(f"derive: {error}")
        return REFUSED
    if (book := sys.modules.get("verify.book.site")) and isinstance(error, book.NotOurs):
        complain(f"derive: {error}")
        return REFUSED
    complain(f"derive: internal error: {type(error).__name__}: {error}")
    return BROKEN
