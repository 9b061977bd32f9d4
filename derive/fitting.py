"""Text as wide as a screen: broken at spaces, and rather where few brackets are open, so that terms stay whole."""

import re
import unicodedata
from bisect import bisect
from itertools import accumulate, pairwise

OPERATORS = frozenset({"+", "-", "*", "/", "==", "<=", ">=", "=", "->"})
LEAST = 20  # columns that a text is given, however narrow the screen is
NOTE = 4  # columns by which a message goes on further to the right
_CARET = re.compile(r" *\^+")
_HEAD = re.compile("  [a-z]{1,8} {2,}")  # a word in a column of its own, and what is said of it in the next


def cells(text: str) -> int:
    """The columns that a text takes on a screen: two for a wide character, none for an accent."""
    if text.isascii():
        return len(text)
    return sum(0 if unicodedata.combining(c) else 1 + (unicodedata.east_asian_width(c) in "WF") for c in text)


def starts(text: str, width: int) -> list[int]:
    """Where the lines of a text begin that is given `width` columns, but for the first; what has no space is whole.

    A line goes on to the last space at which the fewest brackets are open, not in its first part if that can be; it
    never ends in an operator.

    >>> starts("D(L, x[k]) == sum(a[i, j], i) + b[k]", 20)
    [11, 30]
    """
    column = [0, *accumulate(map(cells, text))]
    spaces = _spaces(text)
    found: list[int] = []
    begin = first = 0
    while column[-1] - column[begin] > width and first < len(spaces):
        last = bisect(spaces, column[begin] + width, first, key=lambda space: column[space[0]])
        fitting = spaces[first:last] or spaces[first : first + 1]
        far = [space for space in fitting if (column[space[0]] - column[begin]) * 5 >= width * 2]
        chosen = min(far or fitting[-1:], key=lambda space: (space[2], -space[0]))
        begin = chosen[1]
        first = spaces.index(chosen, first) + 1
        found.append(begin)
    return found


def _spaces(text: str) -> list[tuple[int, int, int]]:
    """Of each place for a break where the line before it ends, where the next one begins, and the open brackets."""
    found = []
    depth = 0
    for word, after in pairwise(re.finditer("[^ ]+", text)):
        for character in word.group():
            depth = max(depth + (character in "([{") - (character in ")]}"), 0)
        if word.group() not in OPERATORS and after.group() != "=":
            found.append((word.end(), after.start(), depth))
    return found


def fitted(text: str, width: int, indent: int = 0) -> str:
    """A text on lines of `width` columns; all but the first stand `indent` columns to the right.

    width: 0 for any. The first line is taken to begin `indent` columns to the right as well.

    >>> print("at  " + fitted("x = (1, 2)   y = (3, 4)   k = 0   n = 2", 24, 4))
    at  x = (1, 2)
        y = (3, 4)   k = 0
        n = 2
    """
    if not width:
        return text
    return f"\n{' ' * indent}".join(rows(text, max(width - indent, LEAST)))


def rows(text: str, width: int) -> list[str]:
    """The lines of a text."""
    return _rows(text, width, 0)


def _rows(text: str, width: int, indent: int) -> list[str]:
    """The lines of a text whose first columns stay as they are; the others are to stand below what comes then."""
    places = [indent + place for place in starts(text[indent:], max(width - indent, LEAST))]
    return [text[a:b].rstrip() for a, b in pairwise([0, *places, len(text)])]


def message(text: str, width: int) -> str:
    """A message on a screen: its lines broken, and of a line with a caret below it the part around the caret.

    width: 0 for any.
    """
    if not width:
        return text
    lines: list[str] = []
    given = text.split("\n")
    for line, below in zip(given, [*given[1:], ""], strict=True):
        if lines and _CARET.fullmatch(line):
            lines[-1:] = _around(lines[-1], line, width) if cells(lines[-1]) > width else [lines[-1], line]
        elif _CARET.fullmatch(below):
            lines.append(line)
        else:
            indent = len(line) - len(line.lstrip())
            head = _HEAD.match(line)
            further = len(head.group()) if head else min(indent + NOTE, width // 2)
            lines += [row if not n else " " * further + row for n, row in enumerate(_rows(line, width, further))]
    return "\n".join(lines)


def _around(line: str, caret: str, width: int) -> list[str]:
    """The part of a line around a caret, and the caret below it; dots where it is cut."""
    indent = len(line) - len(line.lstrip())
    room = max(width - indent, LEAST)
    place = caret.index("^") - indent
    text = line[indent:]
    begin = max(0, min(place - room // 2, len(text) - room))
    shown = text[begin : begin + room]
    shown = ("..." if begin else "") + shown[3 if begin else 0 :]
    shown = shown[:-3] + "..." if begin + room < len(text) else shown
    return [" " * indent + shown, " " * (indent + place - begin) + caret.strip()]
