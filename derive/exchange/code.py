"""Formulas as Python code that makes SymPy equations: the names are declared, then comes an equation a line."""

import re
from collections.abc import Callable, Collection, Iterable

import sympy
from sympy.printing.str import StrPrinter

from derive.errors import UnsupportedError
from derive.exchange.counterparts import RELATIONS, Scalar
from derive.exchange.symbols import to_sympy
from derive.expression import Node
from derive.printing.text import text

_EQUATIONS: dict[str, Callable[..., Scalar]] = {**RELATIONS}
_WORD = re.compile(r"[A-Za-z_]\w*")


def code(lines: Iterable[tuple[Node, str, Node]]) -> tuple[str, list[str]]:
    """The code, and notes on the lines that have no SymPy form.

    Where a name is that of something which the code imports, the variable has "_" behind it; the symbol has not.
    """
    made, notes = list[Scalar](), list[str]()
    for left, operator, right in lines:
        try:
            made.append(_EQUATIONS[operator](to_sympy(left), to_sympy(right), evaluate=False))
        except UnsupportedError as error:
            notes.append(f"no SymPy form of {text(left)}: {error}")
    if not made:
        return "", notes
    symbols = sorted({symbol for line in made for symbol in line.atoms(sympy.Symbol)}, key=lambda symbol: symbol.name)
    arrays = {array.label for line in made for array in line.atoms(sympy.IndexedBase)}
    every = _Printer({symbol.name for symbol in symbols})
    words = {word for line in made for word in _WORD.findall(every.doprint(line))} | {"Eq", "Symbol"}
    imported = {word for word in words if hasattr(sympy, word)} | ({"IndexedBase"} if arrays else set())
    printer = _Printer(imported)
    declared = [
        f"{printer.doprint(symbol)} = {'IndexedBase(' if symbol in arrays else ''}"
        f"Symbol({', '.join([repr(symbol.name), *_assumed(symbol)])}){')' if symbol in arrays else ''}"
        for symbol in symbols
    ]
    head = f"from sympy import {', '.join(sorted(imported))}"
    return "\n".join([head, "", *declared, "", *map(printer.doprint, made)]) + "\n", notes


def _assumed(symbol: Scalar) -> list[str]:
    return [f"{fact}={value}" for fact, value in symbol._assumptions_orig.items() if fact != "commutative"]


class _Printer(StrPrinter):  # type: ignore[misc]
    """SymPy's text in which no quotient is one of Python's integers. marked: names that get a "_"."""

    def __init__(self, marked: Collection[str]) -> None:
        super().__init__()
        self.marked = marked

    def _print_Symbol(self, symbol: Scalar) -> str:  # noqa: N802
        return f"{symbol.name}_" if symbol.name in self.marked else str(symbol.name)

    def _print_Rational(self, value: Scalar) -> str:  # noqa: N802
        return f"S({value.p})/{value.q}"

    def _print_Relational(self, relation: Scalar) -> str:  # noqa: N802
        names = {"==": "Eq", "!=": "Ne", "<": "Lt", "<=": "Le", ">": "Gt", ">=": "Ge"}
        sides = f"{self._print(relation.lhs)}, {self._print(relation.rhs)}"
        return f"{names[relation.rel_op]}({sides})"
