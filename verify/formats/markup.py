"""Text from outside in a Markdown document: always text, never markup."""

import re

from derive.selection import visible


def escaped(text: str) -> str:
    """Text in which Markdown finds no markup.

    >>> print(escaped("a|b <i> [red](x)"))
    a\\|b \\<i\\> \\[red\\](x)
    """
    shown = re.sub(r"([\\`*_{}\[\]#|<>~$&])", r"\\\1", visible(text))
    shown = re.sub(r"(?i)(https?|www)([:.])", r"\1\\\2", shown)  # what GitHub would make a link of by itself
    return re.sub(r"^(\s*\d*)([-+=.)])", r"\1\\\2", shown)  # what makes a list or a heading


def code(text: str) -> str:
    """A code span, with more backticks around it than there are inside."""
    fence = "`" * (1 + max(map(len, re.findall("`+", text)), default=0))
    space = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{space}{visible(text)}{space}{fence}"


def cell(text: str) -> str:
    """A code span for a cell of a table, where a bar needs its backslash even there."""
    return code(text).replace("|", "\\|")


def block(lines: list[str], language: str = "") -> list[str]:
    """Lines of preformatted text."""
    fence = "`" * max(3, *(1 + len(run) for line in lines for run in re.findall("`+", line)), 3)
    return [f"{fence}{language}", *(visible(line) for line in lines), fence]


def math(latex: str) -> list[str]:
    """A display of LaTeX."""
    return block([line for line in latex.split("\n") if line.strip()], "math")
