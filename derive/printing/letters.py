"""How a name is written in LaTeX: one letter, Greek, accented, numbered or upright.

Only x1 and x_1 are written alike, and W1 like the element W[1]: where both occur, a printer spells them out.
"""

import re
from collections.abc import Collection, Iterable

_LOWER = "alpha beta gamma delta zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon phi chi psi omega"
_UPPER = "Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega"
GREEK = {name: f"\\{name}" for name in f"{_LOWER} {_UPPER}".split()} | {"epsilon": r"\varepsilon"}
POOL = ["i", "j", "k", "l", "m", "p", "q", "r", "s", "t", "u", "v", "a", "b", "c"]

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:_[A-Za-z0-9]+)*")
_PARTS = re.compile(
    rf"(?P<base>[A-Za-z]|{'|'.join(sorted(GREEK, key=len, reverse=True))})"
    r"(?P<accent>hat|bar|tilde|dot)?(?:_?(?P<number>\d+)|_(?P<word>[A-Za-z]{2,}))?"
)


def letter(name: str) -> str:
    r"""The LaTeX of a name that stands alone: x, \mu, \hat{x}, \beta_{1}, x_{\mathrm{new}}, \mathrm{logits}."""
    base, qualifier = _split(name)
    return f"{base}_{{{qualifier}}}" if qualifier else base


def subscripted(name: str, subscripts: str) -> str:
    r"""The LaTeX of an element of an array: x_{i}; what qualifies the name goes above: W^{(1)}_{ij}."""
    base, qualifier = _split(name)
    above = f"^{{({qualifier})}}" if qualifier.isdigit() else f"^{{{qualifier}}}" if qualifier else ""
    return f"{base}{above}_{{{subscripts}}}"


def upright(name: str) -> str:
    r"""The LaTeX of a name spelled out: \mathrm{W1}."""
    return r"\mathrm{" + name.replace("_", r"\_") + "}"


def is_qualified(name: str) -> bool:
    """Whether an element of this array carries a superscript, which a power must stay clear of."""
    return bool(_split(name)[1])


def alike(names: Collection[str], arrays: Collection[str]) -> set[str]:
    """Those of the names that must be spelled out, so that no two of them, and no element, look the same."""
    written: dict[str, set[str]] = {}
    for name in names:
        written.setdefault(letter(name), set()).add(name)
    doubled = {name for same in written.values() if len(same) > 1 for name in same}
    return doubled | {n for n in names if n not in arrays and n[-1:].isdigit() and n.rstrip("0123456789_") in arrays}


def unused(wanted: Iterable[str], taken: Collection[str]) -> str:
    """The first wanted name, or else the first of i, j, k, … i1, j1, …, whose letter is not taken."""
    names, number = [*(name for name in wanted if _NAME.fullmatch(name)), *POOL], 0
    while True:
        for name in names:
            if letter(name) not in taken:
                return name
        number += 1
        names = [f"{name}{number}" for name in POOL]


def _split(name: str) -> tuple[str, str]:
    parts = _PARTS.fullmatch(name)
    if parts is None:
        return upright(name), ""
    base = GREEK.get(parts["base"], parts["base"])
    if parts["accent"]:
        base = f"\\{parts['accent']}{{{base}}}"
    word = rf"\mathrm{{{parts['word']}}}" if parts["word"] else ""
    return base, parts["number"] or word
