"""Numerically stable forms: named rewritings, each an equation that the algebra proves before it is used.

Every rule takes a node and returns what it may be replaced by, or None. What it returns is equal wherever the node is
defined; `Stable` has each single replacement proved in the formula at hand, and leaves out those that are not.
"""

from collections.abc import Callable
from dataclasses import dataclass

from derive.binding import opened, rebuilt, reduce, total, walk
from derive.expression import (
    MINUS_ONE,
    ONE,
    Add,
    Call,
    Element,
    Index,
    Multiply,
    Node,
    Number,
    Power,
    Reduce,
    Tensor,
    add,
    multiply,
    number,
    power,
)

Body = Callable[[Element], Node | None]


def _exp(argument: Node) -> Node:
    return Call("exp", argument)


def _factors(node: Node) -> tuple[Node, ...]:
    return node.factors if isinstance(node, Multiply) else (node,)


def _terms(node: Node) -> tuple[Node, ...]:
    return node.terms if isinstance(node, Add) else (node,)


def _negated(node: Node) -> Node:
    """-node, without a second sign."""
    match node:
        case Multiply((Number() as first, *rest)):
            return multiply(-first.value, *rest)
        case Number():
            return number(-node.value)
    return multiply(-1, node)


def _seen(node: Node, body: Body) -> Node:
    """A defined element as what it stands for."""
    return (body(node) or node) if isinstance(node, Element) else node


def _one_plus(node: Node) -> Node | None:
    """r for 1 + r."""
    if isinstance(node, Add) and ONE in node.terms:
        rest = list(node.terms)
        rest.remove(ONE)
        return add(*rest)
    return None


def _exponential_sum(node: Node) -> tuple[Node, tuple[Index, ...], Node, tuple[Node, ...]] | None:
    """(a, indices, kind and rest) of a sum or mean over indices of exp(a) times other factors."""
    match node:
        case Reduce("sum" | "mean"):
            inner, indices = opened(node)
            exponents = [f.argument for f in _factors(inner) if isinstance(f, Call) and f.function == "exp"]
            if len(exponents) == 1:
                rest = tuple(f for f in _factors(inner) if not (isinstance(f, Call) and f.function == "exp"))
                return exponents[0], indices, node, rest
    return None


# ----------------------------------------------------------------------------------- the rules


def sigmoid_of_quotient(node: Node, body: Body) -> Node | None:
    """1/(1 + exp(-x)) = sigmoid(x); exp(x)/(1 + exp(x)) = sigmoid(x)."""
    if not isinstance(node, (Power, Multiply)):
        return None
    factors = list(_factors(node))
    for factor in factors:
        match factor:
            case Power(base, Number(-1, 1)):
                rest = _one_plus(base)
                if isinstance(rest, Call) and rest.function == "exp":
                    others = [f for f in factors if f is not factor]
                    if rest in others:
                        others.remove(rest)
                        return multiply(*others, Call("sigmoid", rest.argument))
                    return multiply(*others, Call("sigmoid", _negated(rest.argument)))
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
                ) if u is x and v is y and y is _negated(x):
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
                found = _exponential_sum(_seen(base, body))
                if found is None or _is_shifted(found[0]):
                    continue
                shift = _largest(found)
                rest = [f for f in node.factors if f is not below]
                left = -exponent
                for place, above in enumerate(rest):
                    new = _shifted(above, shift, body) if left else None
                    if new is not None:
                        rest[place] = new
                        left -= 1
                if not left:
                    shifted_sum = _shifted(_seen(base, body), shift, body)
                    assert shifted_sum is not None
                    return multiply(*rest, power(shifted_sum, exponent))
    return None


def _largest(found: tuple[Node, tuple[Index, ...], Node, tuple[Node, ...]]) -> Node:
    exponent, indices, _, _ = found
    inside = tuple(i for i in indices if i in exponent.free)
    return reduce("max", exponent, *inside) if inside else exponent


def _is_shifted(exponent: Node) -> bool:
    """Whether the exponent is a difference from its maximum already."""
    return any(isinstance(part, Reduce) and part.kind == "max" for part in walk(exponent))


def _shifted(node: Node, shift: Node, body: Body) -> Node | None:
    """node*exp(-shift), where node is an exponential or a sum of such."""
    node = _seen(node, body)
    if isinstance(node, Call) and node.function == "exp":
        return _exp(node.argument - shift)
    found = _exponential_sum(node)
    if found is not None:
        exponent, indices, whole, rest = found
        assert isinstance(whole, Reduce)
        return reduce(whole.kind, multiply(*rest, _exp(exponent - shift)), *indices)
    return None


def log_sum_exp(node: Node, body: Body) -> Node | None:
    """log(sum(exp(a))) = m + log(sum(exp(a - m))) with m the largest a."""
    match node:
        case Call("log", inside):
            found = _exponential_sum(_seen(inside, body))
            if found is not None and not _is_shifted(found[0]):
                shift = _largest(found)
                new = _shifted(_seen(inside, body), shift, body)
                assert new is not None
                return shift + Call("log", new)
    return None


def log_of_exponential(node: Node, body: Body) -> Node | None:
    """log(exp(a)*r) = a + log(r): the exponential is not made only to be undone."""
    match node:
        case Call("log", inside):
            seen = _seen(inside, body)
            # A softmax that was shifted loses digits in its logarithm if the sum is not taken as it was read.
            factors = _factors(seen)
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
            seen = _seen(inside, body)
            if isinstance(seen, Reduce) and seen.kind == "prod":
                inner, indices = opened(seen)
                return total(Call("log", inner), *indices)
    return None


def log_of_sigmoid(node: Node, body: Body) -> Node | None:
    """log(sigmoid(x)) = -softplus(-x); log(1 - sigmoid(x)) = -softplus(x)."""
    match node:
        case Call("log", inside):
            seen = _seen(inside, body)
            if isinstance(seen, Call) and seen.function == "sigmoid":
                return multiply(-1, Call("softplus", _negated(seen.argument)))
            value = _complement(seen)
            if value is not None:
                value = _seen(value, body)
                if isinstance(value, Call) and value.function == "sigmoid":
                    return multiply(-1, Call("softplus", value.argument))
    return None


def _complement(node: Node) -> Node | None:
    """p for 1 - p."""
    rest = _one_plus(node)
    match rest:
        case Multiply((Number(-1, 1), *factors)):
            return multiply(*factors)
    return None


def complement_of_sigmoid(node: Node, body: Body) -> Node | None:
    """1 - sigmoid(x) = sigmoid(-x): nothing cancels where the sigmoid is near 1."""
    value = _complement(node)
    if value is not None:
        value = _seen(value, body)
        if isinstance(value, Call) and value.function == "sigmoid":
            return Call("sigmoid", _negated(value.argument))
    return None


def softplus_of_log(node: Node, body: Body) -> Node | None:
    """log(1 + exp(x)) = softplus(x), which NumPy has as logaddexp(0, x)."""
    match node:
        case Call("log", inside):
            rest = _one_plus(_seen(inside, body))
            if isinstance(rest, Call) and rest.function == "exp":
                return Call("softplus", rest.argument)
    return None


def log1p_of_log(node: Node, body: Body) -> Node | None:
    """log(1 + x) = log1p(x)."""
    match node:
        case Call("log", inside):
            rest = _one_plus(inside)
            if rest is not None and not isinstance(rest, Number):
                return Call("log1p", rest)
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
                mean = _seen(base, body)
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


CHEAPER: tuple[Callable[[Node, Body], Node | None], ...] = (one_power_less,)
"""Rules that pay only where a part of the result is computed anyway."""
RULES: tuple[Callable[[Node, Body], Node | None], ...] = (
    tanh_of_quotient,
    sigmoid_of_quotient,
    log_of_product,
    log_of_exponential,
    log_of_sigmoid,
    softplus_of_log,
    log_sum_exp,
    shifted_quotient,
    complement_of_sigmoid,
    log1p_of_log,
    expm1_of_exp,
    centred_variance,
)


@dataclass(frozen=True)
class Rewriting:
    """One use of a rule: before and after, equal for every value of what is free in them."""

    rule: str
    before: Node
    after: Node


class Stable:
    """Rewrites expressions by the rules, each use proved.

    body: what an element of a definition stands for, as the formula says.  proved: whether two expressions are equal.
    used: every rewriting that was made.  rules: those of RULES, or others.
    """

    def __init__(
        self,
        body: Body,
        proved: Callable[[Node, Node], bool],
        rules: tuple[Callable[[Node, Body], Node | None], ...] = RULES,
    ) -> None:
        self.body, self.proved, self.rules = body, proved, rules
        self.used: list[Rewriting] = []
        self._memo: dict[Node, Node] = {}
        self._seen: dict[Element, Node | None] = {}

    def __call__(self, node: Node) -> Node:
        found = self._memo.get(node)
        if found is None:
            found = self._memo[node] = self._rewritten(node)
        return found

    def _rewritten(self, node: Node) -> Node:
        # From outside in first: a logarithm sees the exponential before that is shifted.
        changed = self._step(node)
        if changed is not None:
            return self(changed)
        return rebuilt(node, self) if node.children() and not isinstance(node, (Index, Tensor)) else node

    def _step(self, node: Node) -> Node | None:
        for rule in self.rules:
            after = rule(node, self._plain)
            if after is not None and after is not node and self.proved(node, after):
                self.used.append(Rewriting(rule.__name__, node, after))
                return after
        return None

    def _plain(self, part: Element) -> Node | None:
        """A definition's body as far as the rules speak of it: an exponential or sigmoid quotient, or a sum of such."""
        if part not in self._seen:
            found = self.body(part)
            for rule in (sigmoid_of_quotient, tanh_of_quotient):
                if found is not None:
                    found = rule(found, self.body) or found
            self._seen[part] = found
        return self._seen[part]
