"""A derivative that was asked for: its short form, in every format, and its verdict."""

from dataclasses import dataclass
from functools import cached_property
from html import escape
from typing import TYPE_CHECKING, Any

from derive.expression import Derivative, element
from derive.forms.names import Short
from derive.formula import Formula
from derive.printing.text import text
from derive.verdict import Verdict

if TYPE_CHECKING:
    from derive.printing.display import Display


@dataclass(frozen=True)
class Answer:
    """The derivative `wanted` is `short.whole`, in the inputs and definitions of the formula.

    verdict: of the claim that it is.
    """

    formula: Formula
    wanted: Derivative
    short: Short
    verdict: Verdict

    @property
    def assumed(self) -> tuple[str, ...]:
        """The inputs that nobody declared, as they were taken."""
        return self.verdict.assumed

    @property
    def text(self) -> str:
        """The form in the language, without names of its own."""
        return text(self.short.whole, self._names)

    @property
    def lines(self) -> list[tuple[str, str]]:
        """The form and its repeated parts as pairs of texts: what is on the left, what on the right."""
        names = [*self._names, *(made.name for made in self.short.where)]
        pairs = [(text(self.wanted, names), text(self.short.form, names))]
        return pairs + [(text(element(d.tensor, *d.indices), names), text(d.body, names)) for d in self.short.where]

    @property
    def _names(self) -> list[str]:
        return [*(t.name for t in self.formula.tensors()), *(size.name for size in self.formula.sizes)]

    @cached_property
    def display(self) -> "Display":
        """The lines for every printer: the derivative, then the repeated parts."""
        from derive.derivation.reading import letters
        from derive.printing.display import Display

        display = Display(letters=letters(self.formula))
        display.add(self.wanted, self.short.form)
        for definition in self.short.where:
            display.add(element(definition.tensor, *definition.indices), definition.body)
        return display

    def written(self, form: str, columns: int = 100) -> str:
        """The lines as "latex", "unicode", "mathml", "markdown", "text" or "sympy"."""
        return self.display.written(form, columns)

    def latex(self) -> str:
        """The form alone as LaTeX, without names of its own."""
        from derive.derivation.reading import letters
        from derive.printing.latex import Printer

        return Printer([self.wanted, self.short.whole], letters(self.formula)).text(self.short.whole)

    def unicode(self) -> str:
        """The lines in the characters of a terminal."""
        return self.written("unicode")

    def mathml(self) -> str:
        return self.written("mathml")

    def sympy(self) -> Any:
        """The form as a SymPy expression, definitions put in for their names."""
        from derive.exchange.symbols import to_sympy

        return to_sympy(self.short.whole, self.formula)

    def message(self) -> str:
        """All that there is to say: the lines, the verdict, what was assumed, the LaTeX."""
        (left, right), *rest = self.lines
        lines = [left, f"  = {right}", *(f"  where {name} = {body}" for name, body in rest), ""]
        return "\n".join([*lines, *self.told(), f"  latex    {self.latex()}"]) + "\n"

    def told(self) -> list[str]:
        """The lines on the verdict, and on what was assumed."""
        word, (first, *rest) = self.verdict.verdict, self.verdict.message.split("\n")[1:] or [""]
        shown = [first.replace("  by       ", f"  {word:<8} ", 1)] if self.verdict else [f"  {word}", first]
        return [*filter(None, shown), *rest]

    def __str__(self) -> str:
        return self.text

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.latex()}$"

    def _repr_html_(self) -> str:
        return f"{self.mathml()}<pre>{escape(self.verdict.message)}</pre>"
