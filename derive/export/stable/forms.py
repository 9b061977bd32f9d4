"""What the rules recognize in an expression: factors, signs, exponentials and what is 1 more than another."""

from collections.abc import Callable

from derive.binding import opened
from derive.expression import (
    ONE,
    Add,
    Call,
    Element,
    Index,
    Multiply,
    Node,
    Number,
    Reduce,
    add,
    multiply,
    number,
)

Body = Callable[[Element], Node | None]
Rule = Callable[[Node, Body], Node | None]


def exp(argument: Node) -> Node:
    return Call("exp", argument)


def factors_of(node: Node) -> tuple[Node, ...]:
    return node.factors if isinstance(node, Multiply) else (node,)


def negated(node: Node) -> Node:
    """-node, without a second sign."""
    match node:
        case Multiply((Number() as first, *rest)):
            return multiply(-first.value, *rest)
        case Number():
            return number(-node.value)
    return multiply(-1, node)


def meaning(node: Node, body: Body) -> Node:
    """A defined element as what it stands for."""
    return (body(node) or node) if isinstance(node, Element) else node


def one_plus(node: Node) -> Node | None:
    """r for 1 + r."""
    if isinstance(node, Add) and ONE in node.terms:
        rest = list(node.terms)
        rest.remove(ONE)
        return add(*rest)
    return None


def exponential_sum(node: Node) -> tuple[Node, tuple[Index, ...], Node, tuple[Node, ...]] | None:
    """(a, indices, kind and rest) of a sum or mean over indices of exp(a) times other factors."""
    match node:
        case Reduce("sum" | "mean"):
            inner, indices = opened(node)
            exponents = [f.argument for f in factors_of(inner) if isinstance(f, Call) and f.function == "exp"]
            if len(exponents) == 1:
                rest = tuple(f for f in factors_of(inner) if not (isinstance(f, Call) and f.function == "exp"))
                return exponents[0], indices, node, rest
    return None


def complement(node: Node) -> Node | None:
    """p for 1 - p."""
    rest = one_plus(node)
    match rest:
        case Multiply((Number(-1, 1), *factors)):
            return multiply(*factors)
    return None
