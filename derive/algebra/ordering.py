"""Inequalities: what is surely not negative, as its expression shows it before anything is multiplied out."""

from derive.algebra.bounds import is_shown_nonnegative, root
from derive.algebra.consequences import is_consequence, is_zero_integer
from derive.algebra.normal import Normalizer
from derive.algebra.polynomial import node_of
from derive.algebra.zero import is_zero
from derive.binding import opened
from derive.errors import UndefinedError, UnsupportedError
from derive.expression import (
    ZERO,
    Add,
    Axis,
    Call,
    Element,
    Expect,
    Extremum,
    Index,
    Multiply,
    Node,
    Number,
    Power,
    Reduce,
    Size,
    Where,
    add,
    multiply,
)

NONNEGATIVE = {"exp", "sigmoid", "softplus", "relu", "abs", "cosh"}


def is_at_least(ring: Normalizer, more: Node, less: Node) -> bool:
    """Whether more >= less is shown, with absolute values as cases or as what they are."""
    if _is_at_least(ring, more, less):
        return True
    if not ring.met_magnitudes:
        return False
    keeping = ring.keeping_magnitudes()
    keeping.facts.clear()
    keeping.effort = 0
    if _is_at_least(keeping, more, less):
        ring.facts.update(keeping.facts)
        return True
    return False


def _is_at_least(ring: Normalizer, more: Node, less: Node) -> bool:
    """Whether more >= less is shown: by an extreme that has the other side in it, or by their difference."""
    if isinstance(more, Extremum) and more.kind == "max" and less in more.arguments:
        return True
    if isinstance(less, Extremum) and less.kind == "min" and more in less.arguments:
        return True
    if less is ZERO and is_nonnegative(ring, more):
        return True
    difference = add(more, multiply(-1, less))
    return _is_product_below(ring, more, less) or is_nonnegative(ring, difference) or _follows(ring, difference)


def is_equal(ring: Normalizer, left: Node, right: Node) -> bool:
    """Whether left == right is shown: their difference is 0, or an integer between -1 and 1."""
    difference = ring(add(left, multiply(-1, right)))
    return is_zero(ring, difference) or is_zero_integer(ring, difference)


def _follows(ring: Normalizer, difference: Node) -> bool:
    try:
        return is_consequence(ring, ring(difference))
    except (UnsupportedError, UndefinedError):
        return False


def _is_product_below(ring: Normalizer, more: Node, less: Node) -> bool:
    """Whether less is a product over an index of what is between 0 and c, and more is c to the number of factors."""
    match less:
        case Reduce("prod", _, (Index(_, Axis(_, Size() as size)),)):
            body, _ = opened(less)
            try:
                largest = root(ring, ring(more), size)
            except UnsupportedError:
                return False
            return largest is not None and is_nonnegative(ring, body) and is_at_least(ring, node_of(largest), body)
    return False


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
        return is_shown_nonnegative(ring, ring(node))
    except UnsupportedError:
        return False
