"""How a name is written: one letter, Greek, accented, numbered or upright.

Only x1 and x_1 are written alike, and W1 like the element W[1]: where both occur, a composer spells them out.
"""

import re
from collections.abc import Collection, Iterable

from derive.printing.layout import Box, Digits, Fenced, Scripts, Symbol

_LOWER = "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon phi chi psi"
_UPPER = "Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega"
GREEK = tuple(f"{_LOWER} omega {_UPPER}".split())
SHORT = {"lam": "lambda", "eps": "epsilon"}  # as people write them, the first because Python has the whole word
POOL = ["i", "j", "k", "l", "m", "p", "q", "r", "s", "t", "u", "v", "a", "b", "c"]

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:_[A-Za-z0-9]+)*")
_PARTS = re.compile(
    rf"(?P<base>[A-Za-z]|{'|'.join(sorted((*GREEK, *SHORT), key=len, reverse=True))})"
    r"(?P<accent>hat|bar|tilde|dot)?(?:_?(?P<number>\d+)|_(?P<word>[A-Za-z]{2,}))?"
)


def letter(name: str) -> Box:
    """A name that stands alone: x, mu, x with a hat, beta with the subscript 1, x with "new", logits upright."""
    base, qualifier = _split(name)
    return Scripts(base, qualifier) if qualifier else base


def subscripted(name: str, subscripts: Box) -> Scripts:
    """An element of an array: x with i below; what qualifies the name goes above, a number in brackets."""
    base, qualifier = _split(name)
    return Scripts(base, subscripts, Fenced(qualifier) if isinstance(qualifier, Digits) else qualifier)


def upright(name: str) -> Symbol:
    """A name spelled out."""
    return Symbol(name, is_upright=True)


def is_qualified(name: str) -> bool:
    """Whether an element of this array carries a superscript, which a power must stay clear of."""
    return _split(name)[1] is not None


def alike(names: Collection[str], arrays: Collection[str]) -> set[str]:
    """Those of the names that must be spelled out, so that no two of them, and no element, look the same."""
    written: dict[Box, set[str]] = {}
    for name in names:
        written.setdefault(letter(name), set()).add(name)
    doubled = {name for same in written.values() if len(same) > 1 for name in same}
    return doubled | {n for n in names if n not in arrays and n[-1:].isdigit() and n.rstrip("0123456789_") in arrays}


def unused(wanted: Iterable[str], taken: Collection[Box]) -> str:
    """The first wanted name, or else the first of i, j, k, … i1, j1, …, whose letter is not taken."""
    names, number = [*(name for name in wanted if _NAME.fullmatch(name)), *POOL], 0
    while True:
        for name in names:
            if letter(name) not in taken:
                return name
        number += 1
        names = [f"{name}{number}" for name in POOL]


def _split(name: str) -> tuple[Symbol, Box | None]:
    parts = _PARTS.fullmatch(name)
    if parts is None:
        return upright(name), None
    qualifier: Box | None = None
    if parts["number"]:
        qualifier = Digits(parts["number"])
    elif parts["word"]:
        qualifier = upright(parts["word"])
    return Symbol(SHORT.get(parts["base"], parts["base"]), parts["accent"] or ""), qualifier
