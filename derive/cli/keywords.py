"""`-k EXPRESSION`: words with and, or, not and brackets, as pytest has them, that choose claims by what is in them."""

import re
from collections.abc import Callable, Iterator

import click

from derive.selection import visible

Test = Callable[[str], bool]
_TOKEN = re.compile(r"""\s*(?:([()])|'([^']*)'|"([^"]*)"|([^\s()'"]+)|(['"]))""")


def test_of(expression: str) -> Test:
    """Whether a text satisfies an expression; a word does if it occurs, whatever the case.

    Quoted words may have spaces and brackets. Raises BadParameter for what is no expression.

    >>> has = test_of("bn and not 'D(L, gamma'")
    >>> has("BN_backward D(L, x[k])"), has("bn_backward D(L, gamma)")
    (True, False)
    """
    parser = _Parser(list(_tokens(expression)))
    found = parser.alternatives()
    parser.expect("")
    return lambda text: found(text.casefold())


def _tokens(expression: str) -> Iterator[tuple[str, str]]:
    """Each token with its kind: ( ) and or not, or word."""
    for match in _TOKEN.finditer(expression.rstrip()):
        if match[5]:
            raise click.BadParameter("a quote is never closed", param_hint="'-k'")
        bracket, word = match[1], match[4]
        if bracket:
            yield bracket, bracket
        elif word in ("and", "or", "not"):
            yield word, word
        else:
            yield "word", (match[2] or match[3] or word or "").casefold()


class _Parser:
    """Or binds least, then and, then not."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self.tokens = [*tokens, ("", "")]
        self.depth = 0

    def take(self, kind: str) -> bool:
        if self.tokens[0][0] != kind:
            return False
        self.tokens.pop(0)
        return True

    def expect(self, kind: str) -> None:
        if not (self.tokens[0][0] == kind == "" or self.take(kind)):
            there = self.tokens[0][1]
            said = f"'{visible(there)}' is not expected there" if there else "the expression ends too early"
            raise click.BadParameter(said, param_hint="'-k'")

    def alternatives(self) -> Test:
        parts = [self.conjunction()]
        while self.take("or"):
            parts.append(self.conjunction())
        return parts[0] if len(parts) == 1 else lambda text: any(part(text) for part in parts)

    def conjunction(self) -> Test:
        parts = [self.negation()]
        while self.take("and"):
            parts.append(self.negation())
        return parts[0] if len(parts) == 1 else lambda text: all(part(text) for part in parts)

    def negation(self) -> Test:
        self.depth += 1
        if self.depth > 100:
            raise click.BadParameter("nested deeper than 100", param_hint="'-k'")
        if self.take("not"):
            inner = self.negation()
            found: Test = lambda text: not inner(text)  # noqa: E731
        elif self.take("("):
            found = self.alternatives()
            self.expect(")")
        else:
            word = self.tokens[0][1]
            self.expect("word")
            found = lambda text: word in text  # noqa: E731
        self.depth -= 1
        return found
