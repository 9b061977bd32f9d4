"""How functions are written, as their table says: a fence, a symbol or a word."""

import re
from functools import cache

from derive import functions
from derive.printing.layout import Symbol, Word


@cache
def notation(function: str) -> Word | Symbol | str:
    """What the table of functions says: a fence around the argument, a symbol before it, or a word."""
    template = functions.TABLE[function].latex
    if found := re.fullmatch(r"\\left(\||\\lfloor) ?\{\} ?\\right(\||\\rfloor)", template):
        return "||" if found[1] == "|" else "⌊⌋"
    if template == "e^{{{}}}":
        return Symbol("e")
    if found := re.fullmatch(r"\\([A-Za-z]+)\\left\(\{\}\\right\)", template):
        return Symbol(found[1])
    found = re.fullmatch(r"\\(?:operatorname\{\{)?([A-Za-z0-9]+)(?:\}\})? \{\}", template)
    return Word(found[1] if found else function)
