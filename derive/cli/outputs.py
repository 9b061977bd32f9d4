"""Where the reports of a command go, and in which formats: `-o FILE`, several at a time."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from derive.errors import nearest
from derive.output import harmless, write
from derive.selection import visible

if TYPE_CHECKING:
    from verify.formats.jsonl import Stream
    from verify.report import Report

NAMES = ("text", "json", "jsonl", "junit", "sarif", "github", "markdown", "html")

format_option = click.option(
    "--output-format", type=click.Choice(NAMES), default="text", show_default=True,
    help="The format of stdout, and of a FILE whose name does not say it.",
)  # fmt: skip
output_option = click.option(
    "-o", "--output", multiple=True, metavar="[FORMAT:]FILE",
    help="Write a report to this file, `-` for stdout; can be given several times. .json, .jsonl, .xml (JUnit), "
    ".sarif, .md, .html and .txt say their formats.",
)  # fmt: skip


@dataclass(frozen=True)
class Output:
    """file: None for stdout."""

    format: str
    file: Path | None


class Outputs:
    """The reports that are asked for; JSON Lines are written while the run goes on, the others at its end."""

    def __init__(self, outputs: Sequence[Output]) -> None:
        self.outputs = outputs
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

    def end(self, report: "Report", status: int, text: Callable[[bool], str]) -> None:
        """Write the rest. text: the report as text, for a file or for stdout."""
        from verify.formats import WRITERS

        for stream in self.streams:
            stream.close(report, status)
        self._files.close()
        for output in sorted(self.outputs, key=lambda output: output.file is None):
            if output.format == "text":
                if report.formulas:
                    shown = text(output.file is not None)
                    write(shown if output.file else harmless(shown), output.file)
            elif output.format in WRITERS:
                write(WRITERS[output.format](report), output.file)

    def write(self, report: "Report", status: int, text: Callable[[bool], str]) -> None:
        """All at once, where no run was watched."""
        for stream in self.begin(report.seed, len(report.formulas), timings=True):
            for entry in report.formulas:
                for claim in entry.claims:
                    stream.hear(entry, claim)
        self.end(report, status, text)


def chosen(ctx: click.Context, output_format: str, output: Sequence[str], names: Sequence[str] = NAMES) -> Outputs:
    """The outputs of a command line. BadParameter for a file that stands twice, or a format that is none of names."""
    from click.core import ParameterSource

    is_said = ctx.get_parameter_source("output_format") is ParameterSource.COMMANDLINE
    refused = partial(click.BadParameter, ctx=ctx, param_hint="'-o' / '--output'")
    found: list[Output] = []
    for word in output:
        head, colon, rest = word.partition(":")
        name = rest if colon and head in names else word
        meant = _of_name(f"x.{head}") if colon else "text"
        hint = f" (did you mean {meant}?)" if meant != "text" and meant in names else nearest(head, names)
        if colon and head not in names and hint:
            raise refused(f"{visible(head)} is no format{hint}; a file of this name is ./{visible(word)}")
        kind = head if name is not word else output_format if is_said else _of_name(name)
        if kind not in names:
            raise refused(f"{visible(name)}: there is no {kind} of this; there are {', '.join(names)}")
        if not name:
            raise refused(f"{visible(word)!r} lacks the name of a file")
        made = Output(kind, None if name == "-" else Path(name))
        if made.file in [other.file for other in found]:
            raise refused(f"{visible(name)} stands twice")
        found.append(made)
    return Outputs(found or [Output(output_format, None)])


def _of_name(name: str) -> str:
    from verify.formats import of_suffix

    return of_suffix(name) or "text"
