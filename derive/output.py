"""What leaves the process: text to stdout, files that are whole or not there, messages to stderr."""

import os
import re
import sys
from contextlib import suppress
from pathlib import Path
from typing import TextIO

from derive import fitting
from derive.selection import visible

WIDE = 100  # columns where there is no terminal


class ReaderLeft(Exception):
    """Whoever reads stdout has seen enough. (Click has its own way with a BrokenPipeError.)"""


def write(text: str, output: Path | None = None) -> None:
    """To stdout, or to a file that is whole or not there: never half of one."""
    if output is None:
        try:
            sys.stdout.write(text)
            sys.stdout.flush()
        except BrokenPipeError:
            raise ReaderLeft from None
        return
    try:
        if output.exists() and not output.is_file():  # a device or a pipe is written to, not replaced
            output.write_text(text, encoding="utf-8")
        else:
            _replace(output, text)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(output)) from None


def _replace(output: Path, text: str) -> None:
    import tempfile  # not at the top: few commands write a file, and it brings what packs archives

    handle, temporary = tempfile.mkstemp(dir=output.parent, prefix=".derive-")
    try:
        with open(handle, "w", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, output)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise


def columns() -> int:
    """The width of what is written to stdout: that of the terminal, if that is where it goes."""
    return screen(sys.stdout) or WIDE


def screen(stream: TextIO) -> int:
    """The width of the terminal that a stream goes to; 0 where it goes elsewhere, and a line is as long as it is."""
    if not stream.isatty():
        return 0
    said = os.environ.get("COLUMNS", "")
    if said.isdecimal() and int(said) > 0:
        return int(said)
    try:
        return os.get_terminal_size(stream.fileno()).columns or WIDE
    except (OSError, ValueError):
        return WIDE


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def complain(message: str) -> None:
    """To stderr, with what could drive a terminal made visible, and no line broken by a terminal."""
    shown = fitting.message("\n".join(map(visible, message.splitlines())), screen(sys.stderr))
    sys.stderr.write(harmless(shown) + "\n")


def harmless(text: str) -> str:
    """Text for people, in which the runner of GitHub Actions finds no command, where it reads along.

    It takes a line that begins with `::name::`, and `##[name]` anywhere, for one.
    """
    if os.environ.get("GITHUB_ACTIONS") != "true":
        return text
    return re.sub(r"(?m)^(\s*):(?=:)", r"\1\\u{3a}", text).replace("##[", "##\\u{5b}")
