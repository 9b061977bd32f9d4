"""Texts that a user wrote: where each character stands, and their trees once length and nesting are in bounds.

The tree is Python's own (`ast`), which is read by `derive.language.notation` and never run. Everything that Python
knows and the language does not is refused here where a single token shows it, with what to write in its place.
"""

import ast
import re
import unicodedata
from collections.abc import Callable
from fractions import Fraction
from keyword import iskeyword

import msgspec

from derive.errors import CatalogError, Place
from derive.language.signs import HINTS, WORDS, advice, lookalike

LENGTH = 4000
NESTING = 100
REMAINDERS = 8  # a % b is a - b*floor(a/b), so each one doubles what stands before it
WIDTH = 200  # the longest line that a message shows
BITS = 4096
EXPONENT = 400


class Text(msgspec.Struct, frozen=True):
    """A text and the place of each of its characters."""

    value: str
    at: Callable[[int], Place]

    def part(self, start: int, stop: int) -> "Text":
        """The text from start to stop, without the spaces around it."""
        piece = self.value[start:stop]
        begin = start + len(piece) - len(piece.lstrip())
        return Text(piece.strip(), lambda offset: self.at(begin + offset))

    def error(self, message: str, offset: int = 0, *notes: str) -> CatalogError:
        return CatalogError(message, self.at(offset), *notes)


def written(value: str, file: str = "text") -> Text:
    """A text that stands for itself, as a command line or a test gives it."""

    def at(offset: int) -> Place:
        before = value[:offset]
        start = before.rfind("\n") + 1
        line = value[start:].partition("\n")[0]
        return Place(file, before.count("\n") + 1, offset - start + 1, line_shown(line))

    return Text(value, at)


NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:_[A-Za-z0-9]+)*")
_TOKEN = re.compile(
    r"(?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<space>[ \n]+)"
    r"|(?P<operator>\*\*|//|[<>=!]=|->|:=|[-+*/%()\[\],<>])"
)
_PAIRS = {")": "(", "]": "["}


def shown(character: str) -> str:
    """A character for an error message: with its code point where it could be mistaken for another."""
    if " " <= character <= "~":
        return character
    code = f"U+{ord(character):04X}"
    return f"{character} ({code})" if character.isprintable() else code


_HIDDEN = re.compile("[^\n\t -~\xa1-\u0377]")  # a first sieve; what it finds is looked up


def hidden_character(text: str) -> int | None:
    """Where a character stands that does not show: control, bidirectional, line separator, unassigned."""
    return next((found.start() for found in _HIDDEN.finditer(text) if _is_hidden(found.group())), None)


def _is_hidden(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


def line_shown(line: str) -> str:
    """A line as a message may show it: the same columns, nothing that moves the cursor; "" if it is too long."""
    if len(line) > WIDTH:
        return ""
    return _HIDDEN.sub(lambda found: "\ufffd" if _is_hidden(found.group()) else found.group(), line.replace("\t", " "))


def tree(text: Text, is_claim: bool = False) -> ast.expr:
    """The tree of a text without spaces around it, offset by offset; CatalogError if it is no expression.

    The message shows how the language would have it, where that is clear. is_claim: an equation is expected.
    """
    try:
        return parsed(text)
    except CatalogError as problem:
        from derive.language.spelling import respelled  # not at the top: few texts are refused

        if offer := respelled(text.value, is_claim):
            problem.notes += (f"perhaps {offer}",)
        raise


def parsed(text: Text) -> ast.expr:
    """The tree of a text, or CatalogError with the reason alone."""
    _check_tokens(text)
    # A line break counts as a space, so that a long expression may be written over several lines.
    try:
        found = ast.parse(text.value.replace("\n", " "), mode="eval").body
    except SyntaxError as problem:
        offset = min(max((problem.offset or 1) - 1, 0), len(text.value) - 1)
        raise text.error(_reason(problem), offset) from None
    except (MemoryError, RecursionError, ValueError):
        raise text.error(f"nested deeper than {NESTING}") from None
    if len(text.value) > NESTING:  # each level takes a character
        _check_depth(text, found)
    return found


def _reason(problem: SyntaxError) -> str:
    message = (problem.msg or "").partition(". Perhaps you forgot a comma")[0]
    return "this is not an expression" if message in ("", "invalid syntax") else f"this is not an expression: {message}"


def _check_tokens(text: Text) -> None:
    value = text.value
    if len(value) > LENGTH:
        raise text.error(f"an expression of {len(value)} characters; {LENGTH} is the limit", 0)
    if not value.strip():
        raise text.error("an expression is missing here")
    opened: list[tuple[str, int]] = []
    position, previous, signs, powers, remainders = 0, "", 0, 0, 0
    while position < len(value):
        token = _TOKEN.match(value, position)
        if token is None:
            raise _unknown_character(text, position)
        kind, word = token.lastgroup, token.group()
        if kind == "space":
            position = token.end()
            continue
        if kind == "name":
            check_name(text, word, position)
        elif kind == "number":
            exact(text, word, position)
        elif word in HINTS:
            raise text.error(f"{word} is not part of the language: {advice(value, position, word)}", position)
        elif word in "([":
            opened.append((word, position))
        elif word in ")]" and (not opened or opened.pop()[0] != _PAIRS[word]):
            raise text.error(f"{word} closes nothing", position)
        signs = signs + 1 if word in ("-", "+", "not") else 0
        powers += word == "**"
        remainders += word == "%"
        if remainders > REMAINDERS:
            raise text.error(f"more than {REMAINDERS} remainders in one expression", position)
        if len(opened) > NESTING or signs > NESTING or powers > 5 * NESTING:
            raise text.error(f"nested deeper than {NESTING}", position)
        is_operand = kind in ("name", "number") and word not in ("and", "or", "not")
        if is_operand and previous:
            raise _beside(text, previous, position)
        previous = word if is_operand or word in ")]" else ""
        position = token.end()
    if opened:
        raise text.error(f"{opened[-1][0]} is never closed", opened[-1][1])


def _beside(text: Text, previous: str, position: int) -> CatalogError:
    """Two operands with nothing between them."""
    from derive.language.scope import CALLABLE  # which reads texts itself

    if previous in CALLABLE:
        return text.error(f"a function is called with brackets: {previous}(x)", position)
    return text.error("a product is written with *", position)


def _unknown_character(text: Text, position: int) -> CatalogError:
    character = text.value[position]
    hint = advice(text.value, position, character)
    if not hint and ord(character) > 127:
        hint = "names and signs are ASCII" + lookalike(character)
    return text.error(f"{shown(character)} is not part of the language" + (f": {hint}" if hint else ""), position)


def check_name(text: Text, word: str, position: int = 0) -> None:
    """CatalogError unless a word may be a name, or is one of and, or, not."""
    if word in ("and", "or", "not"):
        return
    if iskeyword(word):
        raise text.error(WORDS.get(word, f"{word} is a word of Python and not part of the language"), position)
    if not NAME.fullmatch(word):
        raise text.error(f"{word[:60]} is not a name: letters and digits, joined by single _", position)
    if len(word) > 64:
        raise text.error("a name of more than 64 characters", position)


def exact(text: Text, word: str, position: int) -> Fraction:
    """The exact value of a decimal; CatalogError if it is out of bounds."""
    mantissa, _, exponent = word.lower().partition("e")
    if len(mantissa) * 3 > BITS or len(exponent) > 5 or abs(int(exponent or 0)) > EXPONENT:
        raise text.error(f"a number beyond {BITS} bits or 1e{EXPONENT}", position)
    return Fraction(word)


_CHAINS = ((ast.Add, ast.Sub), (ast.Mult, ast.Div))


def _check_depth(text: Text, root: ast.expr) -> None:
    level: list[ast.AST] = [root]
    for _ in range(NESTING + 1):
        below: list[ast.AST] = []
        for node in level:
            below.extend(_operands(node))
        if not below:
            return
        level = below
    where = next((n for n in level if isinstance(n, ast.expr)), root)
    raise text.error(f"nested deeper than {NESTING}", where.col_offset)


def _operands(node: ast.AST) -> list[ast.AST]:
    """What stands one level below: a chain of + and -, or of * and /, makes one level however long it is."""
    level = next((kinds for kinds in _CHAINS if isinstance(node, ast.BinOp) and isinstance(node.op, kinds)), None)
    if level is None:
        return list(ast.iter_child_nodes(node))
    operands: list[ast.AST] = []
    while isinstance(node, ast.BinOp) and isinstance(node.op, level):
        operands.append(node.right)
        node = node.left
    return [*operands, node]


def run(node: ast.BinOp) -> list[tuple[ast.operator | None, ast.expr]]:
    """Each operand of a run of one precedence after its operator: a - b + c is (None, a), (Sub, b), (Add, c)."""
    additive = _is_additive(node)
    parts: list[tuple[ast.operator | None, ast.expr]] = []
    left: ast.expr = node
    while isinstance(left, ast.BinOp) and _is_additive(left) is additive:
        parts.append((left.op, left.right))
        left = left.left
    return [(None, left), *reversed(parts)]


def _is_additive(node: ast.BinOp) -> bool | None:
    """Whether an operator is + or -; None for a power, which joins no run."""
    return None if isinstance(node.op, ast.Pow) else isinstance(node.op, ast.Add | ast.Sub)
