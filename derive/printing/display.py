"""Displays: the lines of a result or a derivation, which every format writes."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Protocol

import msgspec

from derive.expression import Axis, Node, Tensor
from derive.printing import latex
from derive.printing.composition import Composer
from derive.printing.joining import Piece
from derive.printing.layout import RELATIONS, Box, Relation
from derive.printing.text import text

FORMATS = ("latex", "unicode", "mathml", "markdown", "text", "sympy")
Words = tuple[str | Tensor, ...]
"""A remark: words, and the names that are meant."""
DEFINITION: Words = ("definition",)


class Line(msgspec.Struct, frozen=True):
    """left OP right.  rule: what leads to this line, in a derivation.  drawn: what to show for the two sides."""

    left: Node
    operator: str
    right: Node
    rule: Words = ()
    drawn: "tuple[Drawn, Drawn] | None" = None


class Drawn(Protocol):
    """What lays itself out."""

    def piece(self, composer: Composer) -> Piece: ...


class Display(msgspec.Struct):
    """Lines of an aligned display, notes in words on what could not be shown, and steps that a check refuted.

    letters: the names to prefer for a bound index over an axis.  taken: names that no index may have in the language,
    whether they are shown or not.  is_derivation: the lines of one left side stand together, each with its rule.
    """

    name: str = ""
    title: str = ""
    letters: Mapping[Axis, Sequence[str]] = {}
    taken: frozenset[str] = frozenset()
    lines: list[Line] = []
    notes: list[str] = []
    failures: list[str] = []
    is_derivation: bool = False

    def add(self, left: Node, right: Node, operator: str = "==", rule: Words = ()) -> None:
        self.lines.append(Line(left, operator, right, rule))

    def draw(self, left: Node, right: Node, shown: Drawn, form: Drawn) -> None:
        """An equation that is shown in another notation: left is shown, right is form."""
        self.lines.append(Line(left, "==", right, drawn=(shown, form)))

    def written(self, form: str, columns: int = 100) -> str:
        """The display in one of FORMATS; "" where there is nothing to show. columns: the width for "unicode"."""
        return self.unicode(columns) if form == "unicode" else str(getattr(self, form)())

    def latex(self) -> str:
        """An align* display for the package amsmath; a derivation as one aligned display for each left side."""
        if not self.lines:
            return ""
        if self.is_derivation:
            return "\n".join(f"\\[\n{block}\n\\]\n" for block in self._aligned())
        return "\\begin{align*}\n" + " \\\\\n".join(self._rows(list(self._laid()))) + "\n\\end{align*}\n"

    def markdown(self) -> str:
        """A section with `math` blocks, as GitHub renders them; the notes below."""
        from derive.printing.markdown import document

        return document(self.title or self.name, self._aligned(), self.notes)

    def unicode(self, columns: int = 100) -> str:
        """The lines in the characters of a terminal, a relation broken where it is wider than the columns."""
        from derive.printing.unicode import Writer

        laid = list(self._laid())
        writer = Writer([box for line in laid for box in (line.relation.left, line.relation.right)], columns)
        return "".join(f"{writer.line(line.relation, line.is_first, line.rule)}\n\n" for line in laid)[:-1]

    def mathml(self) -> str:
        """One math element, in ASCII, so that it may stand in any page."""
        from derive.printing.mathml import aligned, ascii_only

        if not self.lines:
            return ""
        return ascii_only(aligned((line.relation, line.rule, line.is_first) for line in self._laid())) + "\n"

    def text(self) -> str:
        """The lines in the language of the catalog, rules as comments."""
        lines = list[str]()
        for line in self.lines:
            rule = "".join(part.name if isinstance(part, Tensor) else part for part in line.rule)
            lines.append(
                f"{text(line.left, self.taken)} {line.operator} {text(line.right, self.taken)}"
                + (f"  # {rule}" if rule else "")
            )
        return "".join(f"{line}\n" for line in lines)

    def sympy(self) -> str:
        """Python code that makes a SymPy equation of every line."""
        from derive.exchange.code import code

        made, notes = code([(line.left, line.operator, line.right) for line in self.lines])
        self.notes += notes
        return made

    def _aligned(self) -> list[str]:
        """A LaTeX `aligned` for each left side of a derivation, else one for all."""
        laid = list(self._laid())
        groups = [list(group) for _, group in groupby(laid, lambda line: line.group if self.is_derivation else 0)]
        return ["\\begin{aligned}\n" + " \\\\\n".join(self._rows(group)) + "\n\\end{aligned}" for group in groups]

    @staticmethod
    def _rows(lines: "Sequence[Laid]") -> list[str]:
        rows = []
        for line in lines:
            left, right = latex.related(line.relation)
            rule = f" && {latex.remark(line.rule)}" if line.rule else ""
            rows.append("  " + (f"{left} " if line.is_first else "") + right + rule)
        return rows

    def _laid(self) -> "Iterator[Laid]":
        """The lines laid out; one that looks like the line before is left out, a left side stands once."""
        composer = Composer([side for line in self.lines for side in (line.left, line.right)], self.letters)
        before: Relation | None = None
        left: Node | None = None
        group, was_derived = 0, False
        for line in self.lines:
            relation = _relation(composer, line)
            # Definitions stand together, whatever their left sides.
            is_derived = line.rule != DEFINITION
            group += line.left is not left and (was_derived or is_derived)
            was_derived = is_derived
            if line.left is not left or relation != before:
                rule = tuple(part if isinstance(part, str) else composer.name(part.name) for part in line.rule)
                yield Laid(relation, line.left is not left, rule, group)
            left, before = line.left, relation


def _relation(composer: Composer, line: Line) -> Relation:
    if line.drawn is None:
        return composer.relation(line.left, line.operator, line.right)
    left, right = (side.piece(composer) for side in line.drawn)
    return Relation(left.box, RELATIONS[line.operator], right.box)


class Laid(msgspec.Struct, frozen=True):
    """A line laid out.  is_first: whether its left side is shown.  group: counts the left sides of a derivation."""

    relation: Relation
    is_first: bool
    rule: tuple[str | Box, ...]
    group: int
