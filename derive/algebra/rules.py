"""One rule for each type of node: how it becomes a normal form, from those of its parts."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from flint import fmpq

from derive import functions, ranges
from derive.algebra.binders import RULES as BINDERS
from derive.algebra.binders import normal_of_expectation
from derive.algebra.cases import (
    normal_of_compare,
    normal_of_delta,
    normal_of_extremum,
    normal_of_logic,
    normal_of_table,
    normal_of_where,
)
from derive.algebra.factors import factor
from derive.algebra.integers import is_integer_power
from derive.algebra.magnitudes import magnitude
from derive.algebra.polynomial import (
    NOTHING,
    UNIT,
    Monomial,
    Polynomial,
    Rational,
    accumulated,
    constant,
    exponent_of,
    is_whole,
    node_of,
    order,
    variable,
)
from derive.algebra.powers import exponential, logarithm, power
from derive.binding import replace
from derive.errors import UnsupportedError
from derive.expression import (
    MINUS_ONE,
    ONE,
    Add,
    Call,
    Compare,
    Constant,
    Delta,
    Derivative,
    Element,
    Expect,
    Extremum,
    Index,
    Logic,
    Multiply,
    Node,
    Number,
    Power,
    Reduce,
    Size,
    Table,
    Variable,
    Where,
    element,
    multiply,
)

if TYPE_CHECKING:
    from derive.algebra.normal import Normalizer


def normal_of_number(ring: "Normalizer", node: Node) -> Polynomial:
    assert isinstance(node, Number)
    return constant(fmpq(node.numerator, node.denominator))


def normal_of_leaf(ring: "Normalizer", node: Node) -> Polynomial:
    return variable(node)


def normal_of_index(ring: "Normalizer", node: Node) -> Polynomial:
    assert isinstance(node, Index)
    return ring(node.axis.start) if node.axis.size is ONE else variable(node)


def normal_of_element(ring: "Normalizer", node: Node) -> Polynomial:
    assert isinstance(node, Element)
    subscripts = tuple([s if _is_canonical(s) else ring.canonical(s) for s in node.subscripts])
    read = element(node.tensor, *subscripts)
    found = ring.definition(read)
    if found is not None:
        return ring(found)
    if node.tensor.domain in ("symmetric", "spd"):
        read = element(node.tensor, *subscripts[:-2], *sorted(subscripts[-2:], key=order))
    return ring.of_monomial(((read, 1),))


def _is_canonical(subscript: Node) -> bool:
    """Whether a subscript is its own normal form: an index that takes more than one value."""
    return isinstance(subscript, Index) and subscript.axis.size is not ONE


def normal_of_add(ring: "Normalizer", node: Node) -> Polynomial:
    assert isinstance(node, Add)
    terms: dict[Monomial, Rational] = {}
    for term in node.terms:
        accumulated(terms, ring(term).terms.items())
    return Polynomial(terms)


def normal_of_multiply(ring: "Normalizer", node: Node) -> Polynomial:
    assert isinstance(node, Multiply)
    result = UNIT
    for part in node.factors:
        result = ring.product(result, ring(part))
    return result


def normal_of_power(ring: "Normalizer", node: Node) -> Polynomial:
    assert isinstance(node, Power)
    return power(ring, ring(node.base), exponent_of(ring(node.exponent)))


def normal_of_call(ring: "Normalizer", node: Node) -> Polynomial:
    assert isinstance(node, Call)
    if node.function == "exp":
        return exponential(ring, ring(node.argument))
    if node.function == "log":
        return logarithm(ring, ring(node.argument))
    if node.function == "abs" and ring.keeps_magnitudes:
        return magnitude(ring, ring(node.argument))
    if node.function == "abs":
        ring.met_magnitudes = True
        return ring(Extremum("max", (node.argument, multiply(MINUS_ONE, node.argument))))
    value = functions.TABLE[node.function].value
    if value is not None:
        return ring(replace(value, {functions.x: node.argument}))
    return ring.by_cases(ring(node.argument), lambda p: _primitive(ring, node.function, p))


def _primitive(ring: "Normalizer", function: str, argument: Polynomial) -> Polynomial:
    """sin, cos, erf or floor of a normal form, with its parity and its value at 0."""
    if function == "floor":
        return _floor(ring, argument)
    if not argument:
        return UNIT if function == "cos" else NOTHING
    first = argument.sorted()[0][1]
    if first < 0:
        mirrored = _primitive(ring, function, -argument)
        return mirrored if function == "cos" else -mirrored
    return ring.of_monomial(((Call(function, node_of(argument)), 1),))


def _floor(ring: "Normalizer", argument: Polynomial) -> Polynomial:
    """floor(p + e/w) = p + floor(e/w) for an integer p, and floor(e/w) = 0 for 0 <= e < w."""
    whole = Polynomial({m: c for m, c in argument.terms.items() if c.q == 1 and all(map(is_integer_power, m))})
    rest = argument - whole
    value = rest.constant
    if value is not None:
        return whole + constant(value.p // value.q)
    single = rest.single
    if single is not None and single[1].p == 1:
        inner = [a.argument for a, e in single[0] if isinstance(a, Call) and a.function == "floor" and e == 1]
        divisors = tuple((a, e) for a, e in single[0] if isinstance(a, Size) and is_whole(e) and e < 0)
        if len(inner) == 1 and len(divisors) + 1 == len(
            single[0]
        ):  # floor(floor(x)/b) = floor(x/b) for an integer b > 0
            return whole + _floor(ring, ring.product(ring(inner[0]), Polynomial({divisors: single[1]})))
    factored = factor(ring, rest)
    below = tuple((a, -e) for a, e in factored.content if is_whole(e) and e < 0)
    width = Polynomial({below: fmpq(factored.coefficient.q)})
    top, bottom = ranges.polynomial(node_of(ring.product(rest, width))), ranges.polynomial(node_of(width))
    if top is None or bottom is None:
        return whole + variable(Call("floor", node_of(rest)))
    if ranges.is_nonnegative(top) and ranges.is_nonnegative(bottom - top - ranges.constant(1)):
        return whole
    return whole + variable(Call("floor", node_of(rest)))


def normal_of_reduce(ring: "Normalizer", node: Node) -> Polynomial:
    assert isinstance(node, Reduce)
    return BINDERS[node.kind](ring, node)


def normal_of_derivative(ring: "Normalizer", node: Node) -> Polynomial:
    assert isinstance(node, Derivative)
    if ring.resolve is None:
        raise UnsupportedError("a derivative that nobody resolves")
    return ring(ring.resolve(node))


# What a rule does, in words; a leaf is its own normal form.
NAMES: dict[type[Node], str] = {
    Element: "definition",
    Add: "collect terms",
    Multiply: "multiply out",
    Power: "power of a product",
    Call: "law of the function",
    Extremum: "extreme as cases",
    Where: "cases as indicators",
    Compare: "condition as an indicator",
    Logic: "condition as an indicator",
    Delta: "delta",
    Table: "element of a table",
    Reduce: "sum term by term",
    Expect: "moments of a normal variable",
    Derivative: "derivative",
}

RULES: dict[type[Node], Callable[["Normalizer", Node], Polynomial]] = {
    Number: normal_of_number,
    Constant: normal_of_leaf,
    Size: normal_of_leaf,
    Variable: normal_of_leaf,
    Index: normal_of_index,
    Element: normal_of_element,
    Add: normal_of_add,
    Multiply: normal_of_multiply,
    Power: normal_of_power,
    Call: normal_of_call,
    Extremum: normal_of_extremum,
    Compare: normal_of_compare,
    Logic: normal_of_logic,
    Where: normal_of_where,
    Delta: normal_of_delta,
    Table: normal_of_table,
    Reduce: normal_of_reduce,
    Expect: normal_of_expectation,
    Derivative: normal_of_derivative,
}
