"""What is derived for the page of a formula beside its verdicts: derivation, code, pictures.

All of it is text, so that it can be kept; none of it is believed to be HTML until the page is written.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from msgspec import Struct

from derive.derivation.account import Opening, meetings
from derive.derivation.steps import derivation
from derive.errors import UndefinedError, UnsupportedError
from derive.export import TARGETS, plan, printed
from derive.formula import Claim, Findings, Formula
from verify.book import pictures
from verify.book.drawing import Drawing
from verify.patience import OutOfTime, limited
from verify.slot import OUT_OF_MEMORY
from verify.stepwise import sift

LONGEST = 24  # names, numbers and signs of a normal form beyond which it is counted and not shown
NONE = (UnsupportedError, UndefinedError, RecursionError)


class Told(Struct, frozen=True):
    """Lines of MathML, what could not be shown, and what a check refuted."""

    mathml: str = ""
    notes: list[str] = []
    failures: list[str] = []


class Met(Struct, frozen=True):
    """The normal forms in which the sides of a claim met, "" where they are too long. parts: of the longer one."""

    mathml: str
    parts: int


class Code(Struct, frozen=True):
    """The source text for a library, or why there is none."""

    target: str
    text: str = ""
    refused: str = ""


class Chapters(Struct, frozen=True):
    """The parts of a page that take work. met: by the place of the claim.  is_final: whether it is always the same."""

    steps: Told
    code: list[Code] = []
    pictures: list[Drawing] = []
    met: dict[str, Met] = {}
    is_final: bool = True


def chapters(
    formula: Formula, known: Findings, openings: Mapping[Claim, Opening] | None = None, seconds: float = 0
) -> Chapters:
    """What is derived for a formula. known: what the check found of its claims: what a proof relies on, None for none.

    openings: what the proofs read.  seconds: the time for it, 0 for any; where it is over, or the engine stumbles, the
    chapters say so.
    """
    try:
        with limited(seconds):
            told, code, drawn = _steps(formula, known), list(_code(formula, known)), _pictures(formula, known)
            return Chapters(told, code, drawn, _met(formula, openings or {}))
    except OutOfTime:
        return Chapters(Told(notes=[f"nothing was derived within {seconds:g} s"]), is_final=False)
    except MemoryError:
        return Chapters(Told(notes=[f"nothing was derived: {OUT_OF_MEMORY}"]), is_final=False)
    except Exception as error:  # one formula is not to cost the others their pages
        return Chapters(Told(failures=[f"internal error: {type(error).__name__}: {error}"]), is_final=False)


def _met(formula: Formula, openings: Mapping[Claim, Opening]) -> dict[str, Met]:
    found = meetings(formula, openings, LONGEST) if openings else ()
    return {str(claim.place): Met(display.mathml(), parts) for claim, (display, parts) in found}


def _pictures(formula: Formula, known: Findings) -> list[Drawing]:
    if not pictures.are_there():
        return []
    from verify.book.pictures import gallery  # which brings matplotlib

    return gallery.of_formula(formula, known)


def _steps(formula: Formula, known: Findings) -> Told:
    try:
        display = derivation(formula, known=known)
        sift(display, formula)
        return Told(display.mathml() if display.lines else "", display.notes, display.failures)
    except NONE as error:
        return Told(notes=[f"no derivation: {error}"])


def _code(formula: Formula, known: Findings) -> Iterator[Code]:
    try:
        module = plan(formula, known=known)
    except NONE as error:
        yield from (Code(target, refused=str(error)) for target in TARGETS)
        return
    # The page shows what is claimed, and the mathematics; in the code the definitions alone are enough.
    brief = replace(module, formula=replace(formula, claims=()))
    brief.latex = []
    for target in TARGETS:
        try:
            yield Code(target, printed(brief, target))
        except NONE as error:
            yield Code(target, refused=str(error))
