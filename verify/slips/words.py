"""A slip in words: what is missing, what is too much, what stands in place of what."""

from collections.abc import Iterable, Iterator

from derive.expression import (
    MINUS_ONE,
    ONE,
    Add,
    Multiply,
    Node,
    Number,
    add,
    multiply,
)
from derive.printing.text import text
from verify.slips.parts import Place

WHOLE = {"side", "term", "branch", "body", "argument", "base"}  # what a product can lack a factor in
LONG = 48

Found = Iterator[tuple[str, Node]]


def short(node: Node) -> str:
    shown = text(node)
    return shown if len(shown) <= LONG else f"{shown[:LONG]}…"


def instead(part: Node, other: Node) -> str:
    return f"{short(part)} in place of {short(other)}"


def within(place: Place, word: str = "in") -> str:
    """Where in the right side, unless it is all of it."""
    return "" if place.role == "side" else f" {word} {unsigned(place.part)}"


def unsigned(node: Node) -> str:
    """A term without its minus."""
    return short(multiply(MINUS_ONE, node)) if is_negative(node) else short(node)


def is_negative(node: Node) -> bool:
    head = node.factors[0] if isinstance(node, Multiply) else node
    return isinstance(head, Number) and head.numerator < 0


def negative(node: Node) -> Node:
    """An expression with the other sign; a difference is turned round."""
    factors = node.factors if isinstance(node, Multiply) and not is_negative(node) else (node,)
    for at, factor in enumerate(factors):
        if isinstance(factor, Add) and len(factor.terms) == 2 and sum(map(is_negative, factor.terms)) == 1:
            one, other = (multiply(MINUS_ONE, term) for term in factor.terms)
            turned = add(other, one) if is_negative(one) else add(one, other)
            return multiply(*factors[:at], turned, *factors[at + 1 :])
    return multiply(MINUS_ONE, node)


def added(place: Place, terms: Iterable[Node]) -> Found:
    """A term that is missing, with either sign."""
    for term in terms:
        for sign in (1, -1):
            signed = multiply(sign, term)
            if not (isinstance(place.part, Number) and term is ONE):
                beside = "" if place.role == "side" else f" beside {short(place.part)}"
                yield f"the term {short(signed)} is missing{beside}", add(place.part, signed)
