"""What is derived for the page of a formula beside its verdicts: derivation, code, pictures.

All of it is text, so that it can be kept; none of it is believed to be HTML until the page is written.
"""

from collections.abc import Iterator
from dataclasses import replace

from msgspec import Struct

from derive.derivation.steps import derivation
from derive.errors import UndefinedError, UnsupportedError
from derive.export import TARGETS, plan, printed
from derive.formula import Findings, Formula
from verify.book import pictures
from verify.book.drawing import Drawing
from verify.patience import OutOfTime, limited
from verify.slot import OUT_OF_MEMORY
from verify.stepwise import sift

NONE = (UnsupportedError, UndefinedError, RecursionError)


class Told(Struct, frozen=True):
    """Lines of MathML, what could not be shown, and what a check refuted."""

    mathml: str = ""
    notes: list[str] = []
    failures: list[str] = []


class Code(Struct, frozen=True):
    """The source text for a library, or why there is none."""

    target: str
    text: str = ""
    refused: str = ""


class Chapters(Struct, frozen=True):
    """The parts of a page that take work. is_final: whether another time would find the same."""

    steps: Told
    code: list[Code] = []
    pictures: list[Drawing] = []
    is_final: bool = True


def chapters(formula: Formula, known: Findings, seconds: float = 0) -> Chapters:
    """What is derived for a formula. known: what the check found of its claims: what a proof relies on, None for none.

    seconds: the time for it, 0 for any; where it is over, or the engine stumbles, the chapters say so.
    """
    try:
        with limited(seconds):
            return Chapters(_steps(formula, known), list(_code(formula, known)), _pictures(formula, known))
    except OutOfTime:
        return Chapters(Told(notes=[f"nothing was derived within {seconds:g} s"]), is_final=False)
    except MemoryError:
        return Chapters(Told(notes=[f"nothing was derived: {OUT_OF_MEMORY}"]), is_final=False)
    except Exception as error:  # one formula is not to cost the others their pages
        return Chapters(Told(failures=[f"internal error: {type(error).__name__}: {error}"]), is_final=False)


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
