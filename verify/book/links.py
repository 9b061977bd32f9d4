"""Which formulas belong together: what their notes name, what they define alike, and the operators that they share."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

from derive.expression import Number
from derive.formula import Formula
from verify.book.binding import Leaf
from verify.book.formula_page import Linked

WORDS = re.compile(r"[A-Za-z_][A-Za-z0-9_]{2,}")
COMMON = 6  # formulas beyond which what they share says little
MOST = 12


def linked(leaves: Sequence[Leaf]) -> dict[str, list[Linked]]:
    """The links of each page, the most telling first; never to itself, and to each formula once."""
    found: dict[str, dict[str, Linked]] = {leaf.page: {} for leaf in leaves}
    for one, other, how in (*_named(leaves), *_shared(leaves)):
        if one is not other and other.page not in found[one.page] and len(found[one.page]) < MOST:
            found[one.page][other.page] = Linked(other.page, other.formula.title or other.formula.name, how)
    return {page: list(links.values()) for page, links in found.items()}


def _named(leaves: Sequence[Leaf]) -> Iterator[tuple[Leaf, Leaf, str]]:
    """Names of other entries in a note, or in the text of a claim's function; the way back as well."""
    names = {name.casefold(): leaf for leaf in leaves for name in (leaf.formula.name, *leaf.formula.aliases)
             if "_" in name or len(name) > 4}  # fmt: skip
    for leaf in leaves:
        for word in dict.fromkeys(WORDS.findall(leaf.formula.note)):
            other = names.get(word.casefold())
            if other is not None and "_" in word:
                yield leaf, other, "named in the note"
                yield other, leaf, "its note names this one"


def _shared(leaves: Sequence[Leaf]) -> Iterator[tuple[Leaf, Leaf, str]]:
    """Definitions that are the same expression, and operators of libraries that both are compared with."""
    marks: dict[object, dict[str, tuple[Leaf, str]]] = defaultdict(dict)
    for leaf in leaves:
        for definition in leaf.formula.definitions:
            if not isinstance(definition.body, Number) and definition.body.children():
                marks[definition.body, definition.bases].setdefault(leaf.page, (leaf, f"both define {definition.text}"))
        for function in _functions(leaf.formula):
            marks[function].setdefault(leaf.page, (leaf, f"both speak of {function}"))
        for reference in leaf.formula.references:
            marks["call", reference.call].setdefault(leaf.page, (leaf, f"both compute {reference.call}"))
    for sharing in marks.values():
        if 1 < len(sharing) <= COMMON:
            for page, (one, _) in sharing.items():
                for other_page, (other, how) in sharing.items():
                    if other_page != page:
                        yield one, other, how


def _functions(formula: Formula) -> list[str]:
    """Functions of the table that the definitions apply."""
    found = {name for definition in formula.definitions for name in definition.body.mentions if isinstance(name, str)}
    return sorted(found - {"D"})
