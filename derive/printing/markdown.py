"""Markdown as GitHub renders it: formulas as `math` blocks, every other text escaped."""

import re
from collections.abc import Sequence

from derive.selection import visible


def document(title: str, formulas: Sequence[str], notes: Sequence[str]) -> str:
    """A section: its title, LaTeX displays, and notes as paragraphs."""
    parts = [f"### {escaped(title)}"] if title else []
    parts += ["\n".join(math(formula)) for formula in formulas]
    parts += [escaped(note) for note in notes]
    return "\n\n".join(parts) + "\n"


def escaped(text: str) -> str:
    """Text in which Markdown finds no markup."""
    return re.sub(r"([\\`*_{}\[\]#|<>~$&])", r"\\\1", visible(" ".join(text.split())))


def code(text: str) -> str:
    """A code span, with more backticks around it than there are inside."""
    fence = "`" * (1 + max(map(len, re.findall("`+", text)), default=0))
    space = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{space}{visible(text)}{space}{fence}"


def math(latex: str) -> list[str]:
    """The lines of a block of LaTeX, in a fence longer than any inside."""
    fence = "`" * (3 if "```" not in latex else 1 + max(map(len, re.findall("`+", latex))))
    return [f"{fence}math", *(visible(line) for line in latex.split("\n") if line.strip()), fence]
