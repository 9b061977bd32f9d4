"""Differences in which the leading digits would cancel, and powers that are known already."""

from derive.binding import opened, reduce
from derive.export.stable.forms import Body, complement, meaning, negated
from derive.expression import (
    MINUS_ONE,
    Add,
    Call,
    Multiply,
    Node,
    Number,
    Power,
    Reduce,
    add,
    multiply,
    number,
    power,
)


def complement_of_sigmoid(node: Node, body: Body) -> Node | None:
    """1 - sigmoid(x) = sigmoid(-x): nothing cancels where the sigmoid is near 1."""
    value = complement(node)
    if value is not None:
        value = meaning(value, body)
        if isinstance(value, Call) and value.function == "sigmoid":
            return Call("sigmoid", negated(value.argument))
    return None


def complement_of_tanh(node: Node, body: Body) -> Node | None:
    """1 - tanh(x)**2 = 4*sigmoid(2*x)*sigmoid(-2*x): nothing cancels where tanh is near 1 or -1."""
    match complement(node):
        case Power(base, Number(2, 1)):
            value = meaning(base, body)
            if isinstance(value, Call) and value.function == "tanh":
                twice = multiply(2, value.argument)
                return multiply(4, Call("sigmoid", twice), Call("sigmoid", negated(twice)))
    return None


def expm1_of_exp(node: Node, body: Body) -> Node | None:
    """exp(x) - 1 = expm1(x)."""
    if isinstance(node, Add) and len(node.terms) == 2:
        for one, other in (node.terms, node.terms[::-1]):
            if isinstance(one, Call) and one.function == "exp" and other is MINUS_ONE:
                return Call("expm1", one.argument)
            match one, other:
                case Multiply((Number(-1, 1), Call("exp", argument))), Number(1, 1):
                    return multiply(-1, Call("expm1", argument))
    return None


def centred_variance(node: Node, body: Body) -> Node | None:
    """mean(x**2) - mean(x)**2 = mean((x - mean(x))**2)."""
    if not isinstance(node, Add) or len(node.terms) != 2:
        return None
    for squares, square in (node.terms, node.terms[::-1]):
        match squares, square:
            case Reduce("mean"), Multiply((Number(-1, 1), Power(base, Number(2, 1)))):
                inner, indices = opened(squares)
                mean = meaning(base, body)
                if not isinstance(inner, Power) or inner.exponent is not number(2):
                    continue
                if mean is reduce("mean", inner.base, *indices):
                    return reduce("mean", power(inner.base - base, 2), *indices)
    return None


def one_power_less(node: Node, body: Body) -> Node | None:
    """x**(p - 1) = x**p/x: a division where x**p is known already."""
    match node:
        case Power(base, Add(terms)) if MINUS_ONE in terms:
            rest = list(terms)
            rest.remove(MINUS_ONE)
            return multiply(power(base, add(*rest)), power(base, -1))
    return None
