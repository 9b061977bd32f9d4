"""How a name is written in LaTeX: one letter, Greek, accented, numbered or upright; no two names alike."""

import re
from collections.abc import Collection

_LOWER = "alpha beta gamma delta zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon phi chi psi omega"
_UPPER = "Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega"
GREEK = {name: f"\\{name}" for name in f"{_LOWER} {_UPPER}".split()} | {"epsilon": r"\varepsilon"}
POOL = ["i", "j", "k", "l", "m", "p", "q", "r", "s", "t", "u", "v", "a", "b", "c"]

_PARTS = re.compile(
    rf"(?P<base>[A-Za-z]|{'|'.join(sorted(GREEK, key=len, reverse=True))})"
    r"(?P<accent>hat|bar|tilde|dot)?(?:(?P<number>\d+)|_(?P<word>[A-Za-z]{2,}))?"
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


def unnumbered(name: str) -> str:
    """W for W1: the array whose element W[1] would be written like the scalar W1."""
    return name.rstrip("0123456789")


def unused(wanted: Collection[str], taken: Collection[str]) -> str:
    """The first wanted name, or else the first of the pool (i, j, k, … i1, j1, …), that is not taken."""
    number = 0
    names = [*wanted, *POOL]
    while True:
        for name in names:
            if name not in taken:
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
