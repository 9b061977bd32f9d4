"""The characters of Unicode that stand for names, signs and relations."""

from derive.printing.layout import Symbol
from derive.printing.letters import GREEK

ACCENTS = {"hat": "^", "bar": "¯", "tilde": "~", "dot": "˙"}
COMBINING = {"hat": "\u0302", "bar": "\u0304", "tilde": "\u0303", "dot": "\u0307"}
RELATIONS = {"==": "=", "!=": "≠", "<": "<", "<=": "≤", ">": ">", ">=": "≥"}
SIGNS = RELATIONS | {
    "plus": "+",
    "minus": "−",
    "negative": "−",
    "times": "",
    "dot": "⋅",
    "thin": "",
    "apply": "",
    "body": "",
    "next": "",
    "comma": ",",
    "and": ",",
    "slash": "/",
    "first": "=",
    "partial": "∂",
    "not": "¬",
    "distributed": "∼",
    "normal": "𝒩",
    "expected": "𝔼",
    "indicator": "𝟏",
    "transposed": "⊤",
    "hadamard": "⊙",
}
_SMALL, _LARGE = "αβγδεζηθικλμνξπρστυφχψω", "ΓΔΘΛΞΠΣΥΦΨΩ"
_NAMES = dict(zip(GREEK, _SMALL + _LARGE, strict=True))


def glyph(symbol: Symbol) -> str:
    """The letter, without its accent; a word as it is."""
    return symbol.name if symbol.is_upright else _NAMES.get(symbol.name, symbol.name)
