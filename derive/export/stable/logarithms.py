"""Logarithms of what would overflow or vanish."""

from derive.binding import opened, total
from derive.export.stable.exponentials import is_shifted, largest, shifted
from derive.export.stable.forms import Body, complement, exponential_sum, factors_of, meaning, negated, one_plus
from derive.expression import (
    Call,
    Multiply,
    Node,
    Number,
    Power,
    Reduce,
    add,
    multiply,
)


def log_sum_exp(node: Node, body: Body) -> Node | None:
    """log(sum(exp(a))) = m + log(sum(exp(a - m))) with m the largest a."""
    match node:
        case Call("log", inside):
            found = exponential_sum(meaning(inside, body))
            if found is not None and not is_shifted(found[0]):
                shift = largest(found)
                new = shifted(meaning(inside, body), shift, body)
                assert new is not None
                return shift + Call("log", new)
    return None


def log_of_exponential(node: Node, body: Body) -> Node | None:
    """log(exp(a)*r) = a + log(r): the exponential is not made only to be undone."""
    match node:
        case Call("log", inside):
            whole = meaning(inside, body)
            # A softmax that was shifted loses digits in its logarithm if the sum is not taken as it was read.
            factors = factors_of(whole)
            exponents = [f.argument for f in factors if isinstance(f, Call) and f.function == "exp"]
            if not exponents:
                return None
            rest = [f for f in factors if not (isinstance(f, Call) and f.function == "exp")]
            return add(*exponents, *(_log(f) for f in rest))
    return None


def _log(factor: Node) -> Node:
    """log of one positive factor; a power comes out as a factor."""
    match factor:
        case Power(base, Number() as exponent):
            return multiply(exponent, _log(base))
        case Multiply(factors):
            return add(*map(_log, factors))
    return Call("log", factor)


def log_of_product(node: Node, body: Body) -> Node | None:
    """log(prod(a)) = sum(log(a)): a product of many numbers below 1 vanishes."""
    match node:
        case Call("log", inside):
            whole = meaning(inside, body)
            if isinstance(whole, Reduce) and whole.kind == "prod":
                inner, indices = opened(whole)
                return total(Call("log", inner), *indices)
    return None


def log_of_sigmoid(node: Node, body: Body) -> Node | None:
    """log(sigmoid(x)) = -softplus(-x); log(1 - sigmoid(x)) = -softplus(x)."""
    match node:
        case Call("log", inside):
            whole = meaning(inside, body)
            if isinstance(whole, Call) and whole.function == "sigmoid":
                return multiply(-1, Call("softplus", negated(whole.argument)))
            value = complement(whole)
            if value is not None:
                value = meaning(value, body)
                if isinstance(value, Call) and value.function == "sigmoid":
                    return multiply(-1, Call("softplus", value.argument))
    return None


def softplus_of_log(node: Node, body: Body) -> Node | None:
    """log(1 + exp(x)) = softplus(x), which NumPy has as logaddexp(0, x)."""
    match node:
        case Call("log", inside):
            rest = one_plus(meaning(inside, body))
            if isinstance(rest, Call) and rest.function == "exp":
                return Call("softplus", rest.argument)
    return None


def log1p_of_log(node: Node, body: Body) -> Node | None:
    """log(1 + x) = log1p(x)."""
    match node:
        case Call("log", inside):
            rest = one_plus(inside)
            if rest is not None and not isinstance(rest, Number):
                return Call("log1p", rest)
    return None
