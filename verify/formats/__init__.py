"""The report in the forms that other tools read: each module writes one, from the one result model."""

from collections.abc import Callable
from importlib import import_module
from pathlib import PurePath

from verify.report import Report, encoded

SUFFIXES = {
    ".txt": "text",
    ".json": "json",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".xml": "junit",
    ".sarif": "sarif",
    ".md": "markdown",
    ".html": "html",
    ".htm": "html",
}


def of_suffix(file: str) -> str | None:
    """The format that the name of a file asks for."""
    return SUFFIXES.get(PurePath(file).suffix.lower())


def _rendered_by(module: str) -> Callable[[Report], str]:
    def write(report: Report) -> str:
        text: str = import_module(f"verify.formats.{module}").rendered(report)
        return text

    return write


# The formats that are written when all is known; text and JSON Lines go their own ways.
WRITERS: dict[str, Callable[[Report], str]] = {
    "json": lambda report: encoded(report).decode(),
    **{name: _rendered_by(name) for name in ("junit", "sarif", "github", "markdown", "html")},
}
NAMES = ("text", *WRITERS, "jsonl")
