"""What is derived for the page of a formula beside its verdicts: derivation, proofs, code.

All of it is text, so that it can be kept; none of it is believed to be HTML until the page is written.
"""

from collections.abc import Iterator
from dataclasses import replace

from msgspec import Struct

from derive.derivation.account import account
from derive.derivation.lines import size
from derive.derivation.steps import derivation
from derive.errors import UndefinedError, UnsupportedError
from derive.export import TARGETS, plan, printed
from derive.formula import Claim, Formula
from derive.printing.display import Line
from verify.book import pictures
from verify.book.drawing import Drawing
from verify.patience import OutOfTime, limited
from verify.steps import compared_steps
from verify.stepwise import checker

FORM = "normal form"
BELOW = "those that do more than put in order"
LONG = 30  # nodes beyond which normal forms are not shown
NONE = (UnsupportedError, UndefinedError, RecursionError)


class Told(Struct, frozen=True):
    """Lines of MathML, what could not be shown, and what a check refuted."""

    mathml: str = ""
    notes: list[str] = []
    failures: list[str] = []


class Proved(Struct, frozen=True):
    """How a claim is proved. facts: in words.  where: the claim's place, counted from the entry's own line."""

    where: str
    facts: list[str]
    mathml: str = ""
    wrong: str = ""


class Code(Struct, frozen=True):
    """The source text for a library, or why there is none."""

    target: str
    text: str = ""
    refused: str = ""


class Chapters(Struct, frozen=True):
    """The parts of a page that take work. is_final: whether another time would find the same."""

    steps: Told
    proofs: list[Proved]
    code: list[Code]
    pictures: list[Drawing] = []
    is_final: bool = True


def chapters(formula: Formula, proved: set[str], seconds: float = 0) -> Chapters:
    """What is derived for a formula. proved: the places of the claims whose proofs are told.

    seconds: the time for it, 0 for any; where it is over, or the engine stumbles, the chapters say so.
    """
    try:
        with limited(seconds):
            return _chapters(formula, proved)
    except OutOfTime:
        return Chapters(Told(notes=[f"nothing was derived within {seconds:g} s"]), [], [], is_final=False)
    except Exception as error:  # one formula is not to cost the others their pages
        return Chapters(Told(failures=[f"internal error: {type(error).__name__}: {error}"]), [], [], is_final=False)


def _chapters(formula: Formula, proved: set[str]) -> Chapters:
    claims = [claim for claim in formula.claims if claim.origin == "claim" and str(claim.place) in proved]
    proofs = [_proof(formula, claim) for claim in claims]
    return Chapters(_steps(formula), proofs, list(_code(formula)), _pictures(formula))


def _pictures(formula: Formula) -> list[Drawing]:
    if not pictures.are_there():
        return []
    from verify.book.pictures import gallery  # which brings matplotlib

    return gallery.of_formula(formula)


def _steps(formula: Formula) -> Told:
    try:
        display = derivation(formula, checker(formula))
        return Told(display.mathml() if display.lines else "", display.notes, display.failures)
    except NONE as error:
        return Told(notes=[f"no derivation: {error}"])


def _proof(formula: Formula, claim: Claim) -> Proved:
    place = f"{claim.place.line - formula.place.line}:{claim.place.column}"
    try:
        told = account(formula, claim, compared_steps)
    except NONE as error:
        return Proved(place, [f"the proof is not told: {error}"])
    # The steps themselves are for `derive show --proof`: a book of them all would be several times as heavy.
    told.display.lines = [line for line in told.display.lines if line.rule and str(line.rule[0]).startswith(FORM)]
    told.display.lines = told.display.lines if sum(map(_size, told.display.lines)) <= LONG else []
    facts = [fact for fact in told.header[1:] if not fact.endswith(BELOW)]
    return Proved(place, facts, told.display.mathml() if told.display.lines else "", told.wrong)


def _size(line: Line) -> int:
    return size(line.left) + size(line.right)


def _code(formula: Formula) -> Iterator[Code]:
    try:
        module = plan(formula)
    except NONE as error:
        yield from (Code(target, refused=str(error)) for target in TARGETS)
        return
    # The page shows what is claimed; in the code the definitions alone are enough.
    brief = replace(module, formula=replace(formula, claims=()))
    for target in TARGETS:
        try:
            yield Code(target, printed(brief, target))
        except NONE as error:
            yield Code(target, refused=str(error))
