"""Quotients of exponentials, none of them larger than 1: the logistic function, tanh and softmax."""

from derive.binding import reduce, walk
from derive.export.stable.forms import Body, exp, exponential_sum, factors_of, meaning, negated, one_plus
from derive.expression import (
    Add,
    Call,
    Index,
    Multiply,
    Node,
    Number,
    Power,
    Reduce,
    multiply,
    power,
)


def sigmoid_of_quotient(node: Node, body: Body) -> Node | None:
    """1/(1 + exp(-x)) = sigmoid(x); exp(x)/(1 + exp(x)) = sigmoid(x)."""
    if not isinstance(node, (Power, Multiply)):
        return None
    factors = list(factors_of(node))
    for factor in factors:
        match factor:
            case Power(base, Number(-1, 1)):
                rest = one_plus(base)
                if isinstance(rest, Call) and rest.function == "exp":
                    others = [f for f in factors if f is not factor]
                    if rest in others:
                        others.remove(rest)
                        return multiply(*others, Call("sigmoid", rest.argument))
                    return multiply(*others, Call("sigmoid", negated(rest.argument)))
    return None


def tanh_of_quotient(node: Node, body: Body) -> Node | None:
    """(exp(x) - exp(-x))/(exp(x) + exp(-x)) = tanh(x)."""
    if not isinstance(node, Multiply):
        return None
    for above in node.factors:
        for below in node.factors:
            match above, below:
                case (
                    Add((Call("exp", x), Multiply((Number(-1, 1), Call("exp", y))))),
                    Power(Add((Call("exp", u), Call("exp", v))), Number(-1, 1)),
                ) if u is x and v is y and y is negated(x):
                    rest = [f for f in node.factors if f is not above and f is not below]
                    return multiply(*rest, Call("tanh", x))
    return None


def shifted_quotient(node: Node, body: Body) -> Node | None:
    """exp(a)/sum(exp(b)) = exp(a - m)/sum(exp(b - m)) with m the largest b: the exponentials are at most 1.

    As many exponentials are shifted as the power of the sum has.
    """
    if not isinstance(node, Multiply):
        return None
    for below in node.factors:
        match below:
            case Power(base, Number(exponent, 1)) if exponent < 0:
                found = exponential_sum(meaning(base, body))
                if found is None or is_shifted(found[0]):
                    continue
                shift = largest(found)
                rest = [f for f in node.factors if f is not below]
                left = -exponent
                for place, above in enumerate(rest):
                    new = shifted(above, shift, body) if left else None
                    if new is not None:
                        rest[place] = new
                        left -= 1
                if not left:
                    shifted_sum = shifted(meaning(base, body), shift, body)
                    assert shifted_sum is not None
                    return multiply(*rest, power(shifted_sum, exponent))
    return None


def largest(found: tuple[Node, tuple[Index, ...], Node, tuple[Node, ...]]) -> Node:
    exponent, indices, _, _ = found
    inside = tuple(i for i in indices if i in exponent.free)
    return reduce("max", exponent, *inside) if inside else exponent


def is_shifted(exponent: Node) -> bool:
    """Whether the exponent is a difference from its maximum already."""
    return any(isinstance(part, Reduce) and part.kind == "max" for part in walk(exponent))


def shifted(node: Node, shift: Node, body: Body) -> Node | None:
    """node*exp(-shift), where node is an exponential or a sum of such."""
    node = meaning(node, body)
    if isinstance(node, Call) and node.function == "exp":
        return exp(node.argument - shift)
    found = exponential_sum(node)
    if found is not None:
        exponent, indices, whole, rest = found
        assert isinstance(whole, Reduce)
        return reduce(whole.kind, multiply(*rest, exp(exponent - shift)), *indices)
    return None
