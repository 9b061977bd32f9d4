"""All codes in one table, and which of them a message, a reason or a verdict has."""

import re
from collections.abc import Iterable

from derive.codes import files, reading, style, verdicts
from derive.codes.code import Code

FALLBACK = files.FALLBACK
READING = (*files.CODES, *reading.CODES)
TABLE = {code.name: code for code in (*READING, *style.CODES, *verdicts.CODES)}
VERDICTS = {
    "refuted": verdicts.REFUTED.name,
    "undecided": verdicts.OTHER.name,
    "conflict": verdicts.CONFLICT.name,
}  # the words of verdicts that stand for a code

WORDS = {code.name: code for code in (verdicts.PROVED, verdicts.AGREES)}  # of verdicts that nobody has to act on


def of_message(message: str) -> Code:
    """The code of a message with which a text of a catalog is refused."""
    return _matching(READING, message) or FALLBACK


def of_verdict(verdict: str, expected: str, reason: str | None) -> Code:
    """The code of a claim that is not as expected. expected: "holds" or "fails"."""
    if verdict == "conflict":
        return verdicts.CONFLICT
    if reason and _matching((verdicts.BROKEN,), reason):
        return verdicts.BROKEN
    if verdict == "undecided":
        return _matching(verdicts.UNDECIDED, reason or "") or verdicts.OTHER
    if verdict in (("proved", "agrees") if expected == "holds" else ("refuted",)):
        return verdicts.LIBRARY
    return verdicts.REFUTED if expected == "holds" else verdicts.HOLDS


def find(word: str) -> Code | None:
    """The code that a user names, in any case, by its number alone or by the word of a verdict."""
    name = VERDICTS.get(word.lower(), word.upper())
    return WORDS.get(word.lower()) or TABLE.get(name) or TABLE.get(f"D{name}")


def _matching(codes: Iterable[Code], text: str) -> Code | None:
    first = text.partition("\n")[0]
    return next((code for code in codes if any(re.match(pattern, first) for pattern in code.patterns)), None)
