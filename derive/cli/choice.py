"""Which claims of a selection are judged: those that `-k` names, those that failed last; and when to stop."""

import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from derive.cli.keywords import Test
from derive.findings import parted
from derive.formula import Claim, Formula
from derive.output import complain, write
from derive.selection import Selection
from verify.watch import Watcher

if TYPE_CHECKING:
    from verify.report import Entry, Judged, Report
    from verify.testimony import Settings

NAME = "lastfailed.json"
Failed = dict[str, dict[str, list[str]]]  # claims by file and formula


first_option = click.option("-x", "--exitfirst", is_flag=True, help="Stop at the first claim that is not as expected.")
keyword_option = click.option(
    "-k", "keywords", metavar="EXPRESSION",
    help="Judge the claims in whose formula, group, kind or text these words are: 'softmax and not printed'."
)  # fmt: skip
last_option = click.option(
    "--lf", "--last-failed", "last_failed", is_flag=True, help="Judge what was not as expected last time."
)


class First(Watcher):
    """Ends a run at the first claim that is not as the catalog expects."""

    def hear(self, entry: "Entry", claim: "Judged") -> None:
        self.is_over = self.is_over or not claim.as_expected


def keeping(
    settings: "Settings", test: Test | None, failed: Failed | None, paths: dict[str, Path]
) -> Callable[[Formula, int], bool] | None:
    """Whether a claim of a formula, by its number, is among those chosen; None where nothing is left out.

    failed: those that failed last, None for all.  paths: of the files by the names that places have.
    """
    if test is None and failed is None:
        return None
    from verify.judge import items

    known: dict[str, list[tuple[str, str]]] = {}

    def keep(formula: Formula, number: int) -> bool:
        where = str(formula.place)
        if where not in known:
            known[where] = [
                (" ".join(item.text.split()), item.origin if isinstance(item, Claim) else "example")
                for item in items(formula, settings)
            ]
        text, origin = known[where][number]
        if failed is not None:
            before = failed.get(_path(formula.place.file, paths), {}).get(formula.name, [])
            there = {text for text, _ in known[where]} & {*before}
            if not before or (there and text not in there):  # all of a formula whose claims were rewritten
                return False
        return test is None or test(f"{formula.name} {formula.group} {origin} {text}")

    return keep


def narrowed(selection: Selection, failed: Failed) -> Selection:
    """The entries of a selection in which something failed last."""
    files = []
    for file in selection.files:
        names = failed.get(str(file.path.resolve()), {})
        entries = tuple(entry for entry in file.entries if entry.name in names)
        files += [msgspec.structs.replace(file, entries=entries)] if entries else []
    return Selection(files, selection.errors, is_whole=False)


def remembered(selection: Selection) -> Failed | None:
    """The claims of a selection that failed last; None, which is told, if none of them did."""
    failed = _stored()
    there = {str(file.path.resolve()) for file in selection.files}
    names = {entry.name for file in selection.files for entry in file.entries}
    found = {
        path: {name: claims for name, claims in formulas.items() if name in names}
        for path, formulas in failed.items()
        if path in there
    }
    found = {path: formulas for path, formulas in found.items() if formulas}
    if not found:
        complain("no claim of these failed last; all are judged")
        return None
    return found


def remember(report: "Report", paths: dict[str, Path], is_partial: bool) -> None:
    """Keep what failed, and forget what does no longer, for the next `--lf`.

    is_partial: of a formula some claims were left out that may have failed before.
    """
    failed = _stored()
    before = json.dumps(failed)
    for entry in report.formulas:
        formulas = failed.setdefault(_path(parted(entry.where)[0], paths), {})
        judged = {claim.claim for claim in entry.claims}
        left = [text for text in formulas.get(entry.name, ()) if is_partial and text not in judged]
        left += dict.fromkeys(claim.claim for claim in entry.claims if not claim.as_expected)
        formulas[entry.name] = left
    found = {path: {name: left for name, left in formulas.items() if left} for path, formulas in failed.items()}
    found = {path: formulas for path, formulas in found.items() if formulas}
    text = json.dumps(found)
    if text != before:
        with suppress(OSError):  # it is a convenience, and no report is lost for the want of it
            _file().parent.mkdir(parents=True, exist_ok=True)
            write(text, _file())


def paths_of(selection: Selection) -> dict[str, Path]:
    """The files of a selection by the names that they have in places."""
    return {file.shown: file.path for file in selection.files}


def _path(shown: str, paths: dict[str, Path]) -> str:
    return str(paths.get(shown, Path(shown)).resolve())


def _file() -> Path:
    from verify.store import folder

    return folder() / NAME


def _stored() -> Failed:
    """What is kept; nothing if it is not of the shape that is written here."""
    import msgspec

    try:
        return msgspec.json.decode(_file().read_bytes(), type=Failed)
    except (OSError, msgspec.DecodeError):
        return {}
