"""Derived forms in reading order, and the letters that a formula uses for its indices."""

from collections.abc import Mapping
from fractions import Fraction

from derive.binding import hinted, rebuilt
from derive.expression import (
    Add,
    Axis,
    Call,
    Derivative,
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
from derive.formula import Formula
from derive.printing.display import Display


def tidy(node: Node) -> Node:
    """A derived form in reading order: what is added, what is subtracted, numbers; derivatives behind factors.

    A power of an exponential is the exponential of a multiple.
    """
    changed = rebuilt(node, tidy) if node.children() else node
    match changed:
        case Add(terms):
            return add(*sorted(terms, key=_place))
        case Multiply(factors):
            return multiply(*sorted(factors, key=lambda factor: isinstance(factor, Derivative)))
        case Power(Call("exp", argument), Number() as times):
            return power(Call("exp", multiply(abs(times.value), argument)), -1 if times.numerator < 0 else 1)
    return changed


def folded(node: Node) -> Node:
    """Numbers in exponents worked out, powers of one base put together, a sign taken out of a sum.

    x**(1/2 - 1)*x**-1 is x**(-3/2).
    """
    changed = rebuilt(node, folded) if node.children() else node
    match changed:
        case Add(terms) if sum(isinstance(term, Number) for term in terms) > 1:
            numbers = sum((term.value for term in terms if isinstance(term, Number)), Fraction(0))
            return add(*(term for term in terms if not isinstance(term, Number)), number(numbers))
        case Power(Power(base, Number() as inner), Number() as outer) if inner.denominator % 2 == 0:
            # A root has no negative base, so that the powers multiply.
            return power(base, inner.value * outer.value)
        case Multiply(factors):
            return _gathered(factors)
        case Reduce("sum" | "mean", Multiply((Number() as head, *_)) as body) if head.numerator < 0:
            return -_with_body(changed, -body)
    return changed


def _with_body(node: Reduce, body: Node) -> Reduce:
    """The reduction with another body in which the same names are bound."""
    return hinted(Reduce(node.kind, body, node.bound), node.hint)


def _gathered(factors: tuple[Node, ...]) -> Node:
    exponents: dict[Node, Fraction] = {}
    for factor in factors:
        base, exponent = _parted(factor)
        exponents[base] = exponents.get(base, Fraction(0)) + exponent
    return multiply(*(power(base, exponent) for base, exponent in exponents.items() if exponent))


def _parted(factor: Node) -> tuple[Node, Fraction]:
    match factor:
        case Power(base, Number() as exponent) if not isinstance(base, Number):
            return base, exponent.value
    return factor, Fraction(1)


def _place(term: Node) -> int:
    if isinstance(term, Number):
        return 1 if term.numerator > 0 else 3
    first = term.factors[0] if isinstance(term, Multiply) else term
    return 2 * int(isinstance(first, Number) and first.numerator < 0)


def letters(formula: Formula) -> Mapping[Axis, list[str]]:
    """The index letters that the formula itself uses over each axis."""
    found: dict[Axis, list[str]] = {}
    claimed = [index for claim in formula.claims for index in claim.indices]
    for index in [*(i for d in formula.definitions for i in d.indices), *claimed]:
        found.setdefault(index.axis, []).append(str(index.name))
    return found


def display_of(formula: Formula) -> Display:
    """An empty display in the names of a formula."""
    names = {tensor.name for tensor in formula.tensors()} | {size.name for size in formula.sizes}
    return Display(formula.name, formula.title, letters(formula), frozenset(names))
