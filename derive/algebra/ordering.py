"""Inequalities: what is surely not negative, as its expression shows it before anything is multiplied out."""

from derive.algebra.bounds import is_shown_nonnegative, root
from derive.algebra.consequences import is_consequence, is_zero_integer
from derive.algebra.normal import Normalizer
from derive.algebra.polynomial import node_of
from derive.algebra.zero import is_zero
from derive.binding import opened, replace
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
    shown = _is_shown_at_least(ring, more, less)
    if shown and ring.steps is not None:
        ring.steps.add("order of the parts", more, less, ">=")
    return shown


def _is_shown_at_least(ring: Normalizer, more: Node, less: Node) -> bool:
    """By the parts, if they show it, or by the difference."""
    if more is less or (less is ZERO and is_nonnegative(ring, more)) or _is_at_least_by_parts(ring, more, less):
        return True
    difference = add(more, multiply(-1, less))
    return _is_product_below(ring, more, less) or is_nonnegative(ring, difference) or _follows(ring, difference)


def _is_at_least_by_parts(ring: Normalizer, more: Node, less: Node) -> bool:
    """An extreme against each value or one of them, cases against both, a mean against its terms, term by term."""
    match less:
        case Extremum("max", values):
            return all(_is_at_least(ring, more, value) for value in values)
        case Reduce("max" | "mean") if not (isinstance(more, Reduce) and more.kind == less.kind):
            return _is_at_least(ring, more, opened(less)[0])
        case Element() if (body := ring.definition(less)) is not None:
            return _is_at_least(ring, more, body)
    match more:
        case Extremum("min", values):
            return all(_is_at_least(ring, value, less) for value in values)
        case Reduce("min" | "mean") if not (isinstance(less, Reduce) and more.kind == less.kind):
            return _is_at_least(ring, opened(more)[0], less)
        case Element() if (body := ring.definition(more)) is not None:
            return _is_at_least(ring, body, less)
        case Extremum("max", values) if any(_is_at_least(ring, value, less) for value in values):
            return True
    match less:
        case Extremum("min", values):
            return any(_is_at_least(ring, more, value) for value in values)
    return _is_at_least_term_by_term(ring, more, less)


def _is_at_least_term_by_term(ring: Normalizer, more: Node, less: Node) -> bool:
    if not (isinstance(more, Reduce) and isinstance(less, Reduce) and more.kind == less.kind != "prod"):
        return False
    if [b.axis for b in more.bound] != [b.axis for b in less.bound]:
        return False
    body, indices = opened(more)
    other = replace(less.body, dict(zip(less.bound, indices, strict=True)))
    return _is_at_least(ring, body, other)


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
    shown = _is_nonnegative(ring, node)
    if shown and ring.steps is not None:
        ring.steps.add("sign of the parts", node, ZERO, ">=")
    return shown


def _is_nonnegative(ring: Normalizer, node: Node) -> bool:
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
