"""How a form is written, node by node: means, sigmoids and quotients read off, factors and terms in reading order."""

from collections.abc import Iterable, Iterator
from fractions import Fraction

from derive.algebra.normal import Normalizer
from derive.binding import opened, rebuilt, reduce, replace
from derive.expression import (
    HALF,
    MINUS_ONE,
    ONE,
    ZERO,
    Add,
    Axis,
    Call,
    Constant,
    Derivative,
    Element,
    Extremum,
    Index,
    Multiply,
    Node,
    Number,
    Power,
    Reduce,
    Size,
    Variable,
    Where,
    add,
    element,
    multiply,
    number,
    power,
)
from derive.formula import Definition, renaming

_SETTLED = (Add, Multiply, Power, Reduce, Call)


class Lengths:
    """About how many characters a form has, part by part: quicker than its text."""

    def __init__(self) -> None:
        self.known: dict[Node, int] = {}

    def __call__(self, node: Node) -> int:
        known = self.known.get(node)
        if known is None:
            known = self.known[node] = self._measure(node)
        return known

    def _measure(self, node: Node) -> int:
        match node:
            case Number(numerator, denominator):
                return len(str(numerator)) + (len(str(denominator)) + 1 if denominator != 1 else 0)
            case Index() | Constant() | Size() | Variable():
                return len(node.name) if isinstance(node.name, str) else 1
            case Element(tensor, subscripts):
                return len(tensor.name) + sum(2 + self(s) for s in subscripts)
            case Add(terms):
                return sum(map(self, terms)) + 3 * len(terms) - 1
            case Multiply(factors):
                parts = sum(self(f) + 2 * isinstance(f, Add) for f in factors)
                return parts + len(factors) - 1 - _quotients(node) - 2 * (factors[0] is MINUS_ONE)
            case Power(base, exponent):
                own = 6 if exponent is HALF else 2 if exponent is MINUS_ONE else 4 + self(exponent)
                return self(base) + own
            case Reduce(kind, body, bound):
                return len(kind) + self(body) + 2 + 3 * len(bound)
            case Call(function, argument):
                return len(function) + 2 + self(argument)
        return 6 + sum(self(part) + 2 for part in node.parts if not isinstance(part, Axis))


def _quotients(node: Multiply) -> int:
    return sum(isinstance(f, Power) and f.exponent is MINUS_ONE for f in node.factors)


def cost(node: Node) -> int:
    """How long a form is to read; the names of bound indices, which follow who read such a sum first, have no say."""
    return Lengths()(node)


def read_off(node: Node) -> Node:
    """A product of powers with the functions that it spells out: means, sigmoids, quotients of roots."""
    if isinstance(node, Add):
        return tidied(add(*map(read_off, node.terms)))
    if not isinstance(node, Multiply | Power):
        return node
    changed = _logistic_product(_mean(node))
    parts = changed.factors if isinstance(changed, Multiply) else (changed,)
    return tidied(multiply(*map(_below, parts)))


def _below(node: Node) -> Node:
    """A power as it is read: 1/sqrt(x) for x**(-1/2), exp(-x/2) for exp(x)**(-1/2)."""
    match node:
        case Power(Call("exp", argument), Number() as times):
            return Call("exp", read_off(multiply(times, argument)))
        case Power(Number(), _):
            return node
        case Power(base, Number() as times) if times.value < 0 and times.value != -1:
            return power(power(base, -times.value), -1)
    return node


def factors_of(node: Node) -> list[tuple[Node, Node]]:
    parts = node.factors if isinstance(node, Multiply) else (node,)
    return [(p.base, p.exponent) if isinstance(p, Power) else (p, ONE) for p in parts]


def _mean(node: Node) -> Node:
    """sum(e, i)/n as a mean, where n is how many i there are."""
    factors = factors_of(node)
    for place, (base, exponent) in enumerate(factors):
        if not isinstance(base, Reduce) or base.kind != "sum" or exponent is not ONE:
            continue
        rest = factors[:place] + factors[place + 1 :]
        missing = [index.axis.size for index in base.bound]
        for size in missing:
            found = next((k for k, (b, e) in enumerate(rest) if b is size and _is_below_zero(e)), None)
            if found is None:
                break
            b, e = rest[found]
            assert isinstance(e, Number)
            rest[found] = (b, number(e.value + 1))
        else:
            body, indices = opened(base)
            mean = reduce("mean", body, *indices)
            return _mean(multiply(*(power(b, e) for b, e in rest if e is not ZERO), mean))
    return node


def _is_below_zero(exponent: Node) -> bool:
    return isinstance(exponent, Number) and exponent.value <= -1


def _logistic_product(node: Node) -> Node:
    """exp(t)**a/(1 + exp(t))**b as powers of sigmoid(t) and sigmoid(-t)."""
    factors = factors_of(node)
    for place, (base, exponent) in enumerate(factors):
        argument = _logistic_argument(base)
        if argument is None or not isinstance(exponent, Number) or exponent.denominator != 1 or exponent.value >= 0:
            continue
        times = -exponent.value
        up = Fraction(0)
        rest = []
        for other, own in factors[:place] + factors[place + 1 :]:
            multiple = _multiple(other, argument)
            if multiple is not None and isinstance(own, Number) and 0 < multiple * own.value <= times - up:
                up += multiple * own.value
            else:
                rest.append(power(other, own))
        if up.denominator != 1:
            continue
        found = [power(Call("sigmoid", argument), up)] if up else []
        found += [power(Call("sigmoid", negative(argument)), times - up)] if up < times else []
        return _logistic_product(multiply(*rest, *found))
    return node


def _logistic_argument(node: Node) -> Node | None:
    match node:
        case Add((Call("exp", argument), Number(1, 1))) | Add((Number(1, 1), Call("exp", argument))):
            return argument
        case Add((Power(Call("exp", argument), Number() as times), Number(1, 1))):
            return multiply(times, argument)
        case Add((Number(1, 1), Power(Call("exp", argument), Number() as times))):
            return multiply(times, argument)
    return None


def _multiple(node: Node, argument: Node) -> Fraction | None:
    """c where the node is exp(c*argument)."""
    if not isinstance(node, Call) or node.function != "exp":
        return None
    one, other = _split(node.argument), _split(argument)
    return one[0] / other[0] if one[1] is other[1] else None


def _split(node: Node) -> tuple[Fraction, Node]:
    if isinstance(node, Multiply) and isinstance(node.factors[0], Number):
        return node.factors[0].value, multiply(*node.factors[1:])
    return Fraction(1), node


def negative(node: Node) -> Node:
    return add(*(multiply(MINUS_ONE, t) for t in node.terms)) if isinstance(node, Add) else multiply(MINUS_ONE, node)


def folded(node: Node, definitions: Iterable[Definition]) -> Node:
    """node with what a definition spells out, a product or a part of one, read by its name."""
    if node.children() and not isinstance(node, Element):
        node = rebuilt(node, lambda part: folded(part, definitions))
    for definition in definitions:
        node = _folded(node, definition)
    return node


def _folded(node: Node, definition: Definition) -> Node:
    (first, times), *rest = factors_of(definition.body)
    factors = factors_of(node)
    for place, (base, exponent) in enumerate(factors):
        is_like = exponent is times and type(base) is type(first) and base.mentions == first.mentions
        names = renaming(base, first) if is_like else None
        if names is None or not set(definition.indices) <= names.keys():
            continue
        left = factors[:place] + factors[place + 1 :]
        for other, own in rest:
            wanted = replace(other, names), own
            if wanted not in left:
                break
            left.remove(wanted)
        else:
            value = element(definition.tensor, *(names[index] for index in definition.indices))
            return multiply(*(power(b, e) for b, e in left), value)
    return node


def tidied(node: Node) -> Node:
    """What is added before what is subtracted, divisors behind; a sum's numbers last."""
    match node:
        case Add(terms):
            return add(*sorted(terms, key=_place))
        case Multiply(factors):
            return multiply(*sorted(factors, key=_rank))
    return node


def settled(node: Node, ring: Normalizer) -> Node:
    """node with every part that is only a number, such as a sum of deviations from their mean, as that number."""
    if isinstance(node, Reduce | Add):
        value = ring(node).constant
        if value is not None:
            return number(Fraction(int(value.p), int(value.q)))
    return rebuilt(node, lambda part: settled(part, ring)) if isinstance(node, _SETTLED) else node


def everywhere(node: Node) -> Node:
    """Every part read off and in reading order."""
    return read_off(rebuilt(node, everywhere)) if node.children() and not isinstance(node, Element) else node


def in_one_quotient(node: Node) -> Node:
    """x/(2*n) for x/2/n: the divisors of every product, and what its number is divided by, under one line."""
    if not node.children() or isinstance(node, Element):
        return node
    node = rebuilt(node, in_one_quotient)
    if not isinstance(node, Multiply):
        return node
    head = node.factors[0].value if isinstance(node.factors[0], Number) else Fraction(1)
    rest = node.factors[1:] if isinstance(node.factors[0], Number) else node.factors
    below = [f.base for f in rest if isinstance(f, Power) and f.exponent is MINUS_ONE]
    if not below:
        return node
    above = [f for f in rest if not (isinstance(f, Power) and f.exponent is MINUS_ONE)]
    return multiply(head.numerator, *above, power(multiply(head.denominator, *_joined(below)), -1))


def _joined(factors: Iterable[Node]) -> Iterator[Node]:
    """Factors with the powers of one base as one power: a**3 for a**2*a, x for sqrt(x)**2."""
    times: dict[Node, Fraction] = {}
    for factor in factors:
        base, own = _unwound(factor, Fraction(1))
        times[base] = times.get(base, Fraction(0)) + own
    return (power(base, own) for base, own in times.items())


def _unwound(node: Node, times: Fraction) -> tuple[Node, Fraction]:
    """The base of a power to a whole power, and its exponent."""
    match node:
        case Power(base, Number() as exponent) if times.denominator == 1:
            return _unwound(base, times * exponent.value)
    return node, times


def _place(term: Node) -> int:
    if isinstance(term, Number):
        return 2 if term.value < 0 else 1
    first = term.factors[0] if isinstance(term, Multiply) else term
    return int(isinstance(first, Number) and first.numerator < 0) * 2


def _rank(part: Node) -> int:
    """Numbers, plain factors, functions, sums, quotients, derivatives."""
    match part:
        case Number():
            return 0
        case Derivative():
            return 5
        case Power(_, Number() as times) if times.value < 0:
            return 4
        case Reduce() | Add() | Where() | Power(Add() | Reduce(), _):
            return 3
        case Call() | Extremum() | Power(Call(), _):
            return 2
    return 1
