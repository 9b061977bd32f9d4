"""Settings in `[tool.derive]` of the nearest pyproject.toml: defaults of options, which the command line outdoes.

A key is the long name of an option, without its dashes, of any command that has it; under `[tool.derive.COMMAND]` it
is for that command alone. `catalogs` lists the files that stand in where a command names none.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, time
from pathlib import Path
from typing import Any

import click

from derive.errors import CatalogError, Place, nearest

FILE = "pyproject.toml"
CATALOGS = "catalogs"
LENGTH, DOTS = 1_000_000, 100  # what the parser takes long over: its time grows with the square of a key's parts
# What is of one run alone, or would change what other commands write.
UNFIT = frozenset({"help", "version", "output", "output-format", "claim", "input", "define", "lf", "last-failed"})


@dataclass(frozen=True)
class Settings:
    """path: the file, None where there is none.  by_command: values of options by command and parameter."""

    path: Path | None = None
    by_command: dict[str, dict[str, Any]] = field(default_factory=dict)
    catalogs: tuple[str, ...] = ()
    shown: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        """Where they come from, and what they are."""
        return f"{self.path}: " + ", ".join(f"{name} = {value}" for name, value in self.shown.items())


def settings(commands: Mapping[str, click.Command], start: Path | None = None, is_partial: bool = False) -> Settings:
    """The settings for commands by name, from the folder `start` (default: the current one) upwards.

    is_partial: there are other commands, whose keys are passed over.
    Raises CatalogError at the line of a key that no command has, or of a value that its option refuses.
    """
    found = nearest_table(start or Path.cwd())
    if found is None:
        return Settings()
    path, text, table = found
    return _Reader(path, text, commands, is_partial).read(table)


def nearest_table(start: Path) -> tuple[Path, str, dict[str, Any]] | None:
    """The nearest pyproject.toml upwards that has the table, its text and the table."""
    for folder in (start, *start.parents):
        path = folder / FILE
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            continue
        if "[tool.derive" in text:
            import tomllib

            if len(text) > LENGTH or any(line.count(".") > DOTS for line in text.splitlines()):
                raise CatalogError(f"{path}: not TOML: longer than {LENGTH} characters, or {DOTS} dots in a line")
            try:
                table = tomllib.loads(text).get("tool", {}).get("derive")
            except RecursionError:
                raise CatalogError(f"{path}: not TOML: nested too deeply") from None
            except ValueError as problem:  # a TOMLDecodeError, or a number of thousands of digits
                raise CatalogError(f"{path}: not TOML: {str(problem).partition(';')[0]}") from None
            if isinstance(table, dict):
                return path, text, table
    return None


class _Reader:
    """Reads the table of one file."""

    def __init__(self, path: Path, text: str, commands: Mapping[str, click.Command], is_partial: bool) -> None:
        self.path, self.lines, self.commands, self.is_partial = path, text.splitlines(), commands, is_partial

    def read(self, table: dict[str, Any]) -> Settings:
        by_command: dict[str, dict[str, Any]] = {name: {} for name in self.commands}
        shown: dict[str, Any] = {}
        own = {key: value for key, value in table.items() if key in self.commands and isinstance(value, dict)}
        catalogs = self._catalogs(table.get(CATALOGS, []))
        for key, value in table.items():
            if key not in own and key != CATALOGS:
                takers = [name for name in self.commands if key in self._options(name)]
                if not takers and self.is_partial:
                    continue
                if not takers:
                    known = [CATALOGS, *self.commands, *(o for name in self.commands for o in self._options(name))]
                    raise self._error(key, f"[tool.derive] has no {key}{nearest(key, known)}")
                for name in takers:
                    self._enter(by_command[name], name, key, value)
                shown[key] = value
        for name, options in own.items():
            for key, value in options.items():
                if key not in self._options(name):
                    said = f"[tool.derive.{name}] has no {key}{nearest(key, self._options(name))}"
                    raise self._error(key, said)
                self._enter(by_command[name], name, key, value)
                shown[f"{name}.{key}"] = value
        return Settings(self.path, by_command, catalogs, shown | ({CATALOGS: list(catalogs)} if catalogs else {}))

    def _options(self, command: str) -> dict[str, click.Parameter]:
        """The parameters of a command by the long names of their options."""
        found = {
            option.removeprefix("--"): parameter
            for parameter in self.commands[command].params
            if isinstance(parameter, click.Option)
            for option in parameter.opts
            if option.startswith("--")
        }
        return {name: parameter for name, parameter in found.items() if name not in UNFIT}

    def _enter(self, values: dict[str, Any], command: str, key: str, value: Any) -> None:
        """A value, tried on its option, in the form in which the command line would have it."""
        parameter = self._options(command)[key]
        if isinstance(value, list) and not parameter.multiple:
            value = ",".join(map(str, value))
        elif not isinstance(value, list) and parameter.multiple:
            value = [value]
        if isinstance(value, (date, time, dict, float)):  # texts, as the command line has them
            value = str(value)
        if isinstance(value, bool) and getattr(parameter, "count", False):
            value = int(value)  # quiet = true
        context = click.Context(self.commands[command], info_name=command)
        try:
            if isinstance(value, bool) is not bool(getattr(parameter, "is_flag", False)):
                raise click.BadParameter(
                    "true or false is expected" if not isinstance(value, bool) else "a value is expected"
                )
            parameter.process_value(context, value)
        except click.BadParameter as problem:
            raise self._error(key, f"setting {key}: {problem.message}") from None
        assert parameter.name is not None
        values[parameter.name] = value

    def _catalogs(self, value: Any) -> tuple[str, ...]:
        """Files, or patterns of files, beside the pyproject.toml."""
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self._error(CATALOGS, f'{CATALOGS} is a list of files: ["formulas.yaml"]')
        return tuple(word for item in value for word in self._files(item))

    def _files(self, item: str) -> Iterator[str]:
        here, folder = Path.cwd(), self.path.parent
        try:
            found = sorted(folder.glob(item)) if re.search(r"[*?\[]", item) else [folder / item]
        except (ValueError, NotImplementedError) as problem:  # the pattern of an absolute path, or of none
            raise self._error(CATALOGS, f"{item}: {problem}") from None
        if not found:
            raise self._error(CATALOGS, f"no file is called {item}")
        for path in found:
            yield str(path.relative_to(here) if path.is_relative_to(here) else path)

    def _error(self, key: str, message: str) -> CatalogError:
        """At the line of the key."""
        word = re.escape(key)
        pattern = re.compile(rf"""\s*["']?{word}["']?\s*[.=]|\s*\[tool\.derive\.["']?{word}["']?[.\]]""")
        begun = next((n for n, line in enumerate(self.lines) if line.strip().startswith("[tool.derive")), 0)
        for number, line in enumerate(self.lines[begun:], begun + 1):
            if pattern.match(line):
                column = len(line) - len(line.lstrip()) + 1
                return CatalogError(message, Place(str(self.path), number, column, line))
        return CatalogError(message, Place(str(self.path), begun + 1, 1, self.lines[begun]))
