"""`pytest --derive catalog.yaml`: each claim of a catalog is a test, whose failure shows what `derive check` shows.

Without the flag nothing is collected and nothing imported. The seed, the witnesses and the time of a formula are those
of `[tool.derive]`; verdicts of earlier runs are taken from the store.
"""

from collections.abc import Iterator
from fnmatch import fnmatch
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from derive.errors import CatalogError
    from derive.formula import Formula
    from verify.report import Entry, Judged
    from verify.run import Limits
    from verify.testimony import Settings

SUFFIXES = (".yaml", ".yml")


def pytest_addoption(parser: pytest.Parser) -> None:
    """The flag, and which files of a folder are catalogs."""
    group = parser.getgroup("derive", "formulas (derive)")
    group.addoption("--derive", action="store_true", help="Judge the claims of the catalogs among the arguments.")
    parser.addini("derive_files", "with --derive: patterns of the catalogs to find in folders", type="args", default=[])


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> "CatalogFile | None":
    """A catalog that stands among the arguments, or that a pattern of `derive_files` finds."""
    if not parent.config.getoption("derive") or file_path.suffix not in SUFFIXES:
        return None
    patterns = parent.config.getini("derive_files")
    if not (parent.session.isinitpath(file_path) or any(fnmatch(str(file_path), f"*/{p}") for p in patterns)):
        return None
    found: CatalogFile = CatalogFile.from_parent(parent, path=file_path)
    return found


class ClaimFailed(Exception):
    """A claim is not as its catalog expects; the text says what was found."""


class CatalogFile(pytest.File):
    """A catalog: a formula for each entry that can be read, an item for each mistake."""

    def collect(self) -> Iterator["FormulaNode | MistakeItem"]:
        from derive.catalog import read

        catalog = read(self.path, self.shown)
        for formula in catalog.formulas.values():
            yield FormulaNode.from_parent(self, name=formula.name, formula=formula)
        taken: dict[str, int] = {}
        for error in catalog.errors:
            name = f"{error.code} could not be read"
            taken[name] = number = taken.get(name, 0) + 1
            yield MistakeItem.from_parent(self, name=name if number == 1 else f"{name} {number}", error=error)

    @property
    def shown(self) -> str:
        """The path as the user would write it."""
        here = self.config.invocation_params.dir
        return str(self.path.relative_to(here) if self.path.is_relative_to(here) else self.path)

    @cached_property
    def how(self) -> "tuple[Settings, Limits, bool]":
        """The settings, the limits, and whether the store may be used."""
        from derive.cli.check import check
        from derive.cli.options import TIMEOUT
        from derive.cli.settings import settings
        from derive.verdict import WITNESSES
        from verify.run import Limits
        from verify.testimony import Settings

        found = settings({"check": check}, self.path.parent, is_partial=True).by_command.get("check", {})
        witness = str(found.get("witness", ",".join(WITNESSES)))
        names = tuple(word.strip() for word in witness.split(","))
        known = Settings(seed=int(found.get("seed", 0)), witnesses=names)
        return known, Limits(1, float(found.get("timeout", TIMEOUT))), not found.get("no_cache", False)


class FormulaNode(pytest.Collector):
    """A formula: an item for each of its claims, worked examples and laws."""

    parent: CatalogFile

    def __init__(self, formula: "Formula", **more: Any) -> None:
        super().__init__(**more)
        self.formula = formula

    def collect(self) -> Iterator["ClaimItem"]:
        from verify.judge import items

        taken: dict[str, int] = {}
        for number, claim in enumerate(items(self.formula, self.parent.how[0])):
            name = named(claim.text, getattr(claim, "origin", "example"), taken)
            # The id as a text: pytest reads `x[k]` in it as parameters, here as later in its cache.
            yield ClaimItem.from_parent(
                self, name=name, nodeid=f"{self.nodeid}::{name}", number=number, line=claim.place.line
            )

    @cached_property
    def entry(self) -> "Entry":
        """The formula with the verdicts on all its claims; it is judged when the first of them is asked for."""
        import warnings
        from contextlib import nullcontext

        from derive.selection import select
        from verify import judge, run, store

        settings, limits, is_kept = self.parent.how
        judge.load(settings.witnesses)  # once, here, so that each worker has it from the start
        selection = select([str(self.parent.path), self.formula.name])
        told: list[str] = []
        with warnings.catch_warnings(), store.opened(told.append) if is_kept else nullcontext() as kept:
            # xdist's threads do nothing that a worker process would miss.
            warnings.filterwarnings("ignore", "This process .* is multi-threaded", DeprecationWarning)
            report = run.Run(selection, settings, store=kept).judged(limits)
        found = [entry for entry in report.formulas if entry.name == self.formula.name]
        if not found:
            raise ClaimFailed("\n".join(error.message for error in report.errors or ()) or "it was not judged")
        return found[0]


class ClaimItem(pytest.Item):
    """A claim. It passes if it is as the catalog expects."""

    parent: FormulaNode

    def __init__(self, number: int, line: int, **more: Any) -> None:
        super().__init__(**more)
        self.number, self.line = number, line

    def runtest(self) -> None:
        entry = self.parent.entry
        claim = entry.claims[self.number]
        if not claim.as_expected:
            raise ClaimFailed(failure(entry, claim, self.parent.parent))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        return str(excinfo.value) if isinstance(excinfo.value, ClaimFailed) else super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, self.line - 1, f"{self.parent.name}: {self.name}"


class MistakeItem(pytest.Item):
    """A part of a catalog that could not be read; it fails."""

    def __init__(self, error: "CatalogError", **more: Any) -> None:
        super().__init__(**more)
        self.error = error

    def runtest(self) -> None:
        from derive.selection import visible

        raise ClaimFailed("\n".join(map(visible, str(self.error).splitlines())))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        return str(excinfo.value) if isinstance(excinfo.value, ClaimFailed) else super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, self.error.place.line - 1 if self.error.place else 0, self.name


def failure(entry: "Entry", claim: "Judged", file: CatalogFile) -> str:
    """What `derive check` shows of a claim that is not as expected."""
    from verify.terminal import block

    settings = file.how[0]
    return block(entry, claim, settings.seed, [file.shown]).plain


def named(text: str, origin: str, taken: dict[str, int]) -> str:
    """The name of a claim: its left side, which stays when the right one is mended, and a tag where it needs one.

    A name with a subscript ends in a bracket, because that is how pytest reads it: x[k] are parameters to it.

    >>> named("D(L, gamma) == 1", "claim", {})
    'D(L, gamma)'
    >>> named("D(L, x[k]) == where(x[k] <= 1, 0, 2)", "claim", {})
    'D(L, x[k]) [claim]'
    >>> named("max(a, b) <= 1", "printed", {"max(a, b) [printed]": 1})
    'max(a, b) [printed 2]'
    """
    from derive.selection import visible

    words = " ".join(text.split())
    left = words if origin == "example" else left_side(words)
    left = "" if words.startswith("given:") else visible(left).replace("::", ": :")
    tag = origin if origin != "claim" or "[" in left else ""
    if not left or (origin == "example" and "[" not in left):
        left, tag = left or origin, ""
    name = f"{left} [{tag}]" if tag else left
    taken[name] = number = taken.get(name, 0) + 1
    return name if number == 1 else f"{left} [{tag or origin} {number}]"


def left_side(claim: str) -> str:
    """A claim up to its comparison, which stands outside all brackets."""
    depth = 0
    for place, character in enumerate(claim):
        depth += (character in "([{") - (character in ")]}")
        if depth == 0 and claim[place : place + 2] in ("==", "<=", ">="):
            return claim[:place].strip()
    return claim
