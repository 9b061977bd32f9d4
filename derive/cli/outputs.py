"""Where the reports of a command go, and in which formats: `-o FILE`, several at a time."""

import io
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

from derive.cli.options import complete_file
from derive.errors import nearest
from derive.output import harmless, write
from derive.selection import is_file, visible

if TYPE_CHECKING:
    from verify.formats.jsonl import Stream
    from verify.report import Report

NAMES = ("text", "json", "jsonl", "junit", "sarif", "github", "markdown", "html")
CATALOGS = (".yaml", ".yml")

Text = Callable[[TextIO, str], str]
"""The text for a stream, in colour or not."""


def writing(*names: str, also: str = "") -> Callable[[Callable[..., None]], Callable[..., None]]:
    """The options of a command that writes in these formats. also: the suffixes that say which."""
    form = click.option("--output-format", type=click.Choice(names), default="text", show_default=True,
                        help="The format of stdout, and of a FILE whose name does not say it.")  # fmt: skip
    place = click.option("-o", "--output", multiple=True, metavar="[FORMAT:]FILE", shell_complete=complete_file,
                         help=f"Write to this file, `-` for stdout; can be given several times. {also}")  # fmt: skip
    return lambda function: form(place(function))


@dataclass(frozen=True)
class Output:
    """file: None for stdout."""

    format: str
    file: Path | None


class Outputs:
    """The reports that are asked for; JSON Lines are written while the run goes on, the others at its end."""

    def __init__(self, outputs: Sequence[Output], color: str = "auto") -> None:
        self.outputs, self.color = outputs, color
        self.streams: list[Stream] = []
        self._files = ExitStack()

    def begin(self, seed: int, formulas: int, timings: bool) -> "list[Stream]":
        """Open what is written while the run goes on: those whom the run tells."""
        from verify.formats.jsonl import Stream

        for output in self.outputs:
            if output.format == "jsonl":
                self.streams.append(Stream(self._writer(output.file), seed, formulas, timings))
        return self.streams

    def _writer(self, file: Path | None) -> Callable[[str], object]:
        if file is None:
            return write
        try:
            stream = self._files.enter_context(file.open("w", encoding="utf-8", newline="\n", buffering=1))
        except OSError as error:
            raise OSError(error.errno, error.strerror, str(file)) from None

        def written(text: str) -> None:
            try:
                stream.write(text)
            except OSError as error:
                with suppress(OSError):
                    self._files.close()
                raise OSError(error.errno, error.strerror, str(file)) from None

        return written

    def end(self, report: "Report", status: int, text: Text) -> None:
        """Write the rest."""
        from verify.formats import WRITERS

        for stream in self.streams:
            stream.close(report, status)
        self._files.close()
        writers: dict[str, Callable[[Output], str]] = {
            name: lambda output: WRITERS[output.format](report) for name in WRITERS
        }
        if report.formulas:
            writers["text"] = partial(self.text, text)
        self.put(writers)

    def put(self, writers: dict[str, Callable[[Output], str]]) -> None:
        """Write each output whose format has a writer, stdout last; if one fails the others are written still."""
        failed: OSError | None = None
        for output in sorted(self.outputs, key=lambda output: output.file is None):
            if output.format in writers:
                try:
                    write(writers[output.format](output), output.file)
                except OSError as error:
                    failed = failed or error
        if failed:
            raise failed

    def text(self, text: Text, output: Output) -> str:
        """Text for a file, which is the same on every terminal, or for stdout."""
        if output.file:
            return text(io.StringIO(), "never")
        return harmless(text(sys.stdout, self.color))

    def write(self, report: "Report", status: int, text: Text, timings: bool = False) -> None:
        """All at once, where no run was watched."""
        for stream in self.begin(report.seed, len(report.formulas), timings):
            for entry in report.formulas:
                for claim in entry.claims:
                    stream.hear(entry, claim)
        self.end(report, status, text)


def chosen(ctx: click.Context, names: Sequence[str] = NAMES, read: Iterable[str | os.PathLike[str]] = ()) -> Outputs:
    """The outputs of a command line. read: files that it reads, beside those among its words.

    BadParameter for a file that stands twice, that is read or can only be a catalog, or that cannot be written, and
    for a format that is none of names: before any work is done.
    """
    from click.core import ParameterSource

    given: dict[str, Any] = ctx.params
    is_said = ctx.get_parameter_source("output_format") is ParameterSource.COMMANDLINE
    refused = partial(click.BadParameter, ctx=ctx, param_hint="'-o' / '--output'")
    sources = [*read, *(word for word in given.get("words", ()) if is_file(word))]
    found: list[Output] = []
    for word in given["output"]:
        head, colon, rest = word.partition(":")
        name = rest if colon and head in names else word
        meant = _of_name(f"x.{head}") if colon else "text"
        hint = f" (did you mean {meant}?)" if meant != "text" and meant in names else nearest(head, names)
        if colon and head not in names and hint:
            raise refused(f"{visible(head)} is no format{hint}; a file of this name is ./{visible(word)}")
        kind = head if name is not word else given["output_format"] if is_said else _of_name(name)
        if kind not in names:
            raise refused(f"{visible(name)}: there is no {kind} of this; there are {', '.join(names)}")
        if not name:
            raise refused(f"'{visible(word)}' lacks the name of a file")
        made = Output(kind, None if name == "-" else Path(name))
        reason = made.file and unfit(made.file, sources)
        if reason:
            raise refused(reason)
        if any(_is_same(made.file, other.file) for other in found):
            raise refused(f"{visible(name)} stands twice")
        found.append(made)
    return Outputs(found or [Output(given["output_format"], None)], given.get("color", "auto"))


def overwritten(file: Path, read: Iterable[str | os.PathLike[str]] = ()) -> str:
    """Why what is in a file would be lost, "" for no reason. read: what the command reads."""
    shown = visible(str(file))
    if file.suffix.lower() in CATALOGS:
        return f"{shown} is the name of a catalog, and would be overwritten"
    if any(_is_same(file, Path(source)) for source in read):
        return f"{shown} is read, and would be overwritten"
    return ""


def unfit(file: Path, read: Iterable[str | os.PathLike[str]] = ()) -> str:
    """Why a file is not written to, "" for no reason. read: what the command reads."""
    shown = visible(str(file))
    if reason := overwritten(file, read):
        return reason
    if file.is_dir():
        return f"{shown} is a folder"
    if not file.parent.is_dir():
        return f"{shown}: there is no folder {visible(str(file.parent))}"
    if not os.access(file if file.exists() and not file.is_file() else file.parent, os.W_OK):
        return f"{shown}: permission to write there is denied"
    return ""


def _is_same(one: Path | None, other: Path | None) -> bool:
    """Whether both are stdout, or one file; a device may be written to by several."""
    if one is None or other is None:
        return one is other
    if one.exists() and not one.is_file():
        return False
    return os.path.realpath(one) == os.path.realpath(other)


def _of_name(name: str) -> str:
    from verify.formats import of_suffix

    return of_suffix(name) or "text"
