"""YAML of a catalog: mappings, lists and texts, each with its place; nothing in it is typed or run.

A file is cut into its top-level entries first, so that a mistake in one of them loses no other. Keys
that repeat, anchors, aliases, merges, tags and directives are refused; so are characters that do not show.
"""

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from derive.errors import CatalogError, Place
from derive.language.source import Text, hidden_character, line_shown, shown

BYTES = 1_000_000
DEPTH = 20


class Chunk(msgspec.Struct, frozen=True):
    """The lines of one top-level entry; `line` is the number of the first."""

    file: str
    line: int
    text: str

    def place(self, offset: int) -> Place:
        start = self.text.rfind("\n", 0, offset) + 1
        stop = self.text.find("\n", start)
        source = self.text[start : stop if stop >= 0 else len(self.text)]
        return Place(self.file, self.line + self.text.count("\n", 0, start), offset - start + 1, line_shown(source))


class Scalar(msgspec.Struct, frozen=True):
    """A text. is_plain: without quotes, so that YAML ended it at ` #`."""

    text: Text
    is_plain: bool
    stop: int  # where it ends in its chunk

    @property
    def value(self) -> str:
        return self.text.value

    def error(self, message: str, *notes: str) -> CatalogError:
        return self.text.error(message, 0, *notes)


class Listing(msgspec.Struct, frozen=True):
    items: tuple["Part", ...]
    raw: Text

    def error(self, message: str, *notes: str) -> CatalogError:
        return self.raw.error(message, 0, *notes)


class Mapping(msgspec.Struct, frozen=True):
    pairs: tuple[tuple[Scalar, "Part"], ...]
    raw: Text

    def get(self, name: str) -> "Part | None":
        return next((value for key, value in self.pairs if key.value == name), None)

    def error(self, message: str, *notes: str) -> CatalogError:
        return self.raw.error(message, 0, *notes)


Part = Scalar | Listing | Mapping


def decoded(source: Path | str, file: str) -> str:
    """The text of a file, with plain line ends; CatalogError if it is too long or no UTF-8."""
    if isinstance(source, Path):
        try:
            if source.is_fifo() and not file.startswith(("/dev/", "/proc/")):  # there somebody writes, as to /dev/stdin
                raise CatalogError(f"{file}: a pipe, to which nobody may ever write; give a file, or /dev/stdin")
            with source.open("rb") as stream:
                data = stream.read(BYTES + 1)  # of a device there is no end
        except (OSError, ValueError) as problem:  # ValueError: a name with NUL
            raise CatalogError(f"{file}: {getattr(problem, 'strerror', None) or problem}") from None
        if len(data) > BYTES:
            raise CatalogError(f"longer than {BYTES} bytes", Place(file, 1, 1))
        try:
            source = data.decode("utf-8-sig")
        except UnicodeDecodeError as problem:
            line = data.count(b"\n", 0, problem.start) + 1
            column = problem.start - data.rfind(b"\n", 0, problem.start)
            raise CatalogError("not UTF-8; save the file in that encoding", Place(file, line, column)) from None
    if len(source) > BYTES:
        raise CatalogError(f"longer than {BYTES} characters", Place(file, 1, 1))
    return source.replace("\r\n", "\n").replace("\r", "\n")


def chunks(text: str, file: str) -> Iterator[Chunk]:
    """The top-level entries of a file, cut at each line that starts in the first column."""
    lines = text.split("\n")
    starts = [number for number, line in enumerate(lines) if line and line[0] not in " \t#}]"]
    if starts and re.fullmatch(r"---[ \t]*(#.*)?", lines[starts[0]]):
        del starts[0]
    if starts and lines[starts[0]].startswith("{"):  # one mapping in brackets, as JSON has it
        del starts[1:]
    for start, stop in zip(starts, [*starts[1:], len(lines)], strict=False):
        yield Chunk(file, start + 1, "\n".join(lines[start:stop]).rstrip())


def composed(chunk: Chunk) -> Mapping:
    """The mapping that a chunk writes; CatalogError at the place of whatever is wrong with it."""
    position = hidden_character(chunk.text)
    if position is not None:
        raise CatalogError(f"{shown(chunk.text[position])} does not show; remove it", chunk.place(position))
    for sign, name in (("%", "directives are"), ("---", "a second document is"), ("...", "an end of the document is")):
        if chunk.text.startswith(sign):
            raise CatalogError(f"{name} refused: a catalog is one plain mapping", chunk.place(0))
    import yaml

    events = yaml.parse(chunk.text, Loader=getattr(yaml, "CLoader", yaml.Loader))
    try:
        return _Composer(chunk).document(events)
    except yaml.MarkedYAMLError as problem:
        mark = problem.problem_mark or problem.context_mark
        place = chunk.place(mark.index) if mark else chunk.place(0)
        reason = problem.problem or "unreadable"
        raise CatalogError(f"not YAML: {reason}", place, _advice(reason, place)) from None
    except yaml.YAMLError as problem:
        raise CatalogError(f"not YAML: {str(problem).splitlines()[0]}", chunk.place(0)) from None


def _advice(reason: str, place: Place) -> str:
    """What to do about a complaint of the parser."""
    start = place.source[: place.column]
    if "tab" in reason or (not start.strip() and "cannot start" in reason):
        return "lines are indented with spaces, not tabs"
    is_mapping = reason.startswith("mapping values")
    if "expected key" in reason or "block end" in reason or (is_mapping and place.source.count(":") < 2):
        return "the fields of an entry start in one column, two spaces in"
    if is_mapping:
        return "a text with `: ` in it is quoted: 'Loss: half the squares'"
    return "a text with [ ] { } , : # or a leading * & ! % @ ` is quoted: 'real[n]'"


class _Composer:
    """Mappings, lists and texts from the events of the YAML parser, without recursion deeper than DEPTH."""

    def __init__(self, chunk: Chunk) -> None:
        self.chunk = chunk

    def document(self, events: Iterator[Any]) -> Mapping:
        root: Part | None = None
        for event in events:
            kind = type(event).__name__
            if kind == "DocumentStartEvent":
                if event.version or event.tags or root is not None:
                    raise self.error(event, "one document, without directives")
                root = self.part(next(events), events, 0)
        if not isinstance(root, Mapping):
            raise self.chunk_error("an entry is expected here, `name:` with its fields below")
        return root

    def chunk_error(self, message: str) -> CatalogError:
        return CatalogError(message, self.chunk.place(0))

    def error(self, event: Any, message: str, *notes: str) -> CatalogError:
        return CatalogError(message, self.chunk.place(event.start_mark.index), *notes)

    def part(self, event: Any, events: Iterator[Any], depth: int) -> Part:
        kind = type(event).__name__
        if kind == "AliasEvent":
            raise self.error(event, "aliases are refused", "a formula that starts with * is quoted")
        if event.anchor is not None:
            raise self.error(event, "anchors are refused", "a formula that starts with & is quoted")
        if event.tag is not None:
            raise self.error(event, "tags are refused", "a formula that starts with ! is quoted")
        if depth > DEPTH:
            raise self.error(event, f"nested deeper than {DEPTH}")
        if kind == "ScalarEvent":
            return self.scalar(event)
        parts: list[Part] = []
        event_inside = next(events)
        while not type(event_inside).__name__.endswith("EndEvent"):
            parts.append(self.part(event_inside, events, depth + 1))
            event_inside = next(events)
        raw = self.raw(event.start_mark.index, event_inside.end_mark.index)
        return Listing(tuple(parts), raw) if kind == "SequenceStartEvent" else self.mapping(parts, raw)

    def raw(self, start: int, stop: int) -> Text:
        return Text(self.chunk.text[start:stop], lambda offset: self.chunk.place(start + offset))

    def scalar(self, event: Any) -> Scalar:
        start, stop = event.start_mark.index, event.end_mark.index
        scalar = Scalar(Text(event.value, partial(self.place_in, start, stop, event.value)), event.implicit[0], stop)
        position = hidden_character(event.value)
        if position is not None:
            raise scalar.text.error(
                f"{shown(event.value[position])} in a text",
                position,
                "in double quotes a backslash starts an escape (\\f, \\b, \\n, \\t); use single quotes",
            )
        return scalar

    def place_in(self, start: int, stop: int, value: str, offset: int) -> Place:
        """The place of a character of a scalar, whose raw text has quotes, escapes and folded lines."""
        raw = self.chunk.text
        position = start
        if raw[start : start + 1] in ("'", '"'):
            position += 1
        elif raw[start : start + 1] in ("|", ">") and value:
            position = raw.index("\n", start) + 1
        for character in value[:offset] if offset < len(value) else value:
            position = _after(raw, position, stop, character)
        while offset < len(value) and position < stop and raw[position].isspace() and not value[offset].isspace():
            position += 1
        return self.chunk.place(min(position, len(raw)))

    def mapping(self, parts: list[Part], raw: Text) -> Mapping:
        pairs: list[tuple[Scalar, Part]] = []
        seen: dict[str, Scalar] = {}
        for key, value in zip(parts[::2], parts[1::2], strict=True):
            if not isinstance(key, Scalar):
                raise key.error("a key is a text", "quote a key that starts with [ or {")
            if key.value == "<<" and key.is_plain:
                raise key.error("merges are refused")
            if key.value in seen:
                raise key.error(f"{key.value} stands here twice", f"first in line {seen[key.value].text.at(0).line}")
            seen[key.value] = key
            pairs.append((key, value))
        return Mapping(tuple(pairs), raw)


def _after(raw: str, position: int, stop: int, character: str) -> int:
    """The position after the next character of a scalar in its raw text."""
    if character.isspace():
        while position < stop and raw[position].isspace():
            position += 1
            if not raw[position - 1 : position + 1].isspace():
                break
        return position
    while position < stop and raw[position].isspace():
        position += 1
    if raw[position : position + 2] == "''" and character == "'":
        return position + 2
    if raw[position : position + 1] == "\\" and character != "\\":
        return position + 2
    return position + 1
