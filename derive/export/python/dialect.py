"""How one library writes what NumPy, PyTorch and JAX have in common: the templates of its functions."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

ATOM, POWER, UNARY, PRODUCT, SUM, COMPARE, LOGIC, LOOSE = range(8)
"""How strong the outermost operator of a text is, the strongest first."""
SWAPPED = "{0}.T"
Text = tuple[str, int]


@dataclass(frozen=True)
class Dialect:
    """How one library writes what is common.

    module: the prefix of its functions.  functions: templates by the name of a map where they differ from
    `module.name({0})`.  In every template {like} is an array whose type and device new arrays get.
    sums_products: a product of arrays alike is summed faster than by einsum.
    """

    name: str
    module: str
    functions: Mapping[str, str]
    shape: str
    arange: str
    places: str
    truth: str
    constant: str
    full: str
    spread: str
    stacked: str
    einsum: str
    planned: str
    empty: str
    folds: Mapping[str, str]
    owned: str = "{0}.copy()"
    transposed: str = "{0}.transpose({1})"
    at_least: str = ""
    at_most: str = ""
    has_assignment: bool = True
    in_place: bool = False
    sums_products: bool = False


INFIX = {"add": ("{0} + {1}", SUM), "sub": ("{0} - {1}", SUM), "mul": ("{0} * {1}", PRODUCT),
          "div": ("{0} / {1}", PRODUCT), "neg": ("-{0}", UNARY), "pow": ("{0} ** {1}", POWER),
          "and": ("{0} & {1}", LOGIC), "or": ("{0} | {1}", LOGIC), "not": ("~{0}", UNARY),
          **{op: (f"{{0}} {op} {{1}}", COMPARE) for op in ("<", "<=", ">", ">=", "==", "!=")}}  # fmt: skip
STATIC = {"sqrt": "math.sqrt({0})", "exp": "math.exp({0})", "log": "math.log({0})", "square": "({0}) ** 2",
           "floor": "math.floor({0})", "abs": "abs({0})", "maximum": "max({0}, {1})", "minimum": "min({0}, {1})",
           "tanh": "math.tanh({0})", "log1p": "math.log1p({0})", "expm1": "math.expm1({0})", "sin": "math.sin({0})",
           "cos": "math.cos({0})", "where": "({1} if {0} else {2})", "sinh": "math.sinh({0})",
           "cosh": "math.cosh({0})", "and": "({0} and {1})", "or": "({0} or {1})", "not": "(not {0})",
           "erf": "math.erf({0})"}  # fmt: skip


def number_text(value: Fraction) -> Text:
    """A rational as Python writes it: exact where a float is, a decimal where it was one, else a quotient."""
    if value.denominator == 1:
        return str(value.numerator), ATOM if value >= 0 else UNARY
    if Fraction(float(value)) == value or Fraction(repr(float(value))) == value:
        return repr(float(value)), ATOM if value >= 0 else UNARY
    return f"{value.numerator} / {value.denominator}", PRODUCT
