"""Inequalities: what is surely not negative, as its expression shows it before anything is multiplied out."""

from derive.algebra.normal import Normalizer
from derive.binding import opened
from derive.errors import UnsupportedError
from derive.expression import (
    ZERO,
    Add,
    Call,
    Element,
    Expect,
    Extremum,
    Multiply,
    Node,
    Number,
    Power,
    Reduce,
    Where,
    add,
    multiply,
)

NONNEGATIVE = {"exp", "sigmoid", "softplus", "relu", "abs", "cosh"}


def is_at_least(ring: Normalizer, more: Node, less: Node) -> bool:
    """Whether more >= less is shown: by an extreme that has the other side in it, or by their difference."""
    if isinstance(more, Extremum) and more.kind == "max" and less in more.arguments:
        return True
    if isinstance(less, Extremum) and less.kind == "min" and more in less.arguments:
        return True
    if less is ZERO and is_nonnegative(ring, more):
        return True
    return is_nonnegative(ring, add(more, multiply(-1, less)))


def is_nonnegative(ring: Normalizer, node: Node) -> bool:
    """Whether the expression is >= 0 wherever it is defined. False only says that this does not show it."""
    match node:
        case Add(terms) if all(is_nonnegative(ring, term) for term in terms):
            return True
        case Multiply(factors) if all(is_nonnegative(ring, factor) for factor in factors):
            return True
        case Power(_, Number(numerator, denominator)) if numerator % 2 == 0 or denominator % 2 == 0:
            return True
        case Power(base, _) if is_nonnegative(ring, base):
            return True
        case Call(function) if function in NONNEGATIVE:
            return True
        case Extremum("max", arguments) if any(is_nonnegative(ring, a) for a in arguments):
            return True
        case Extremum("min", arguments) if all(is_nonnegative(ring, a) for a in arguments):
            return True
        case Where(_, then, otherwise) if is_nonnegative(ring, then) and is_nonnegative(ring, otherwise):
            return True
        case Reduce() | Expect() if is_nonnegative(ring, opened(node)[0]):
            return True
        case Element():
            body = ring.definition(node)
            if body is not None and is_nonnegative(ring, body):
                return True
    try:
        return ring.is_product_nonnegative(ring(node))
    except UnsupportedError:
        return False
