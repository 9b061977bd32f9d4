"""Cases in normal form: comparisons, where, max, min and delta as indicators, 1 where true, else 0."""

from typing import TYPE_CHECKING

from flint import fmpq

from derive import ranges
from derive.algebra.factors import factor
from derive.algebra.generic import is_almost_never_zero, is_never_zero
from derive.algebra.integers import by_value, integers_above, is_fractional, is_of_indices, over_integers
from derive.algebra.polynomial import (
    NOTHING,
    UNIT,
    Polynomial,
    is_whole,
    node_of,
    order,
    variable,
)
from derive.errors import UnsupportedError
from derive.expression import (
    ZERO,
    Compare,
    Delta,
    Extremum,
    Index,
    Logic,
    Node,
    Table,
    Where,
    number,
)
from derive.printing.text import text

if TYPE_CHECKING:
    from derive.algebra.normal import Normalizer


def normal_of_extremum(ring: "Normalizer", node: Node) -> Polynomial:
    """max(a, b) = b + [a > b]*(a - b), folded from the left."""
    assert isinstance(node, Extremum)
    result = ring(node.arguments[0])
    for argument in node.arguments[1:]:
        other = ring(argument)
        gap = result - other
        chosen = gap if node.kind == "max" else -gap
        result = other + ring.product(indicator(ring, chosen), gap)
    return result


def indicator(ring: "Normalizer", polynomial: Polynomial) -> Polynomial:
    """1 where the polynomial is > 0, else 0."""
    return ring.by_cases(polynomial, lambda p: _indicator(ring, p))


def _indicator(ring: "Normalizer", polynomial: Polynomial) -> Polynomial:
    """The indicator, its sign fixed where the boundary is a null set (which is noted), strict elsewhere."""
    if not polynomial or ring.is_positive(-polynomial):
        return NOTHING
    if ring.is_positive(polynomial):
        return UNIT
    whole = integers_above(ring, polynomial)
    if whole is not None:
        return whole
    factored = factor(ring, polynomial)
    parts = [(variable(a), e) for a, e in factored.content] + list(factored.factors)
    if not all(is_almost_never_zero(ring, part) for part, _ in parts):
        return variable(Compare(">", node_of(polynomial.scaled(1 / abs(factored.coefficient))), ZERO))
    sign = 1 if factored.coefficient > 0 else -1
    kept = UNIT
    for part, times in parts:
        if not is_whole(times):  # a root or a symbolic power: of a positive base, or left as it is
            if not is_fractional(ring, times):
                return variable(Compare(">", node_of(polynomial.scaled(1 / abs(factored.coefficient))), ZERO))
        elif times % 2 and ring.is_positive(-part):
            sign = -sign
        elif times % 2 and not ring.is_positive(part):
            kept = ring.product(kept, part)
    if kept == UNIT:
        return UNIT if sign > 0 else NOTHING
    if kept.sorted()[0][1] < 0:
        kept, sign = -kept, -sign
    boundary = node_of(kept)
    ring.note(f"except where {text(boundary)} = 0")
    holds = variable(Compare(">", boundary, ZERO))
    return holds if sign > 0 else UNIT - holds


def normal_of_compare(ring: "Normalizer", node: Node) -> Polynomial:
    assert isinstance(node, Compare)
    gap = ring(node.left) - ring(node.right)
    match node.operator:
        case ">":
            return indicator(ring, gap)
        case "<":
            return indicator(ring, -gap)
        case ">=":
            return UNIT - indicator(ring, -gap)
        case "<=":
            return UNIT - indicator(ring, gap)
        case "==":
            return _equal(ring, gap)
    return UNIT - _equal(ring, gap)


def _equal(ring: "Normalizer", gap: Polynomial) -> Polynomial:
    return ring.by_cases(gap, lambda p: _zero_indicator(ring, p))


def _zero_indicator(ring: "Normalizer", gap: Polynomial) -> Polynomial:
    if not gap:
        return UNIT
    if gap.constant is not None or ring.is_positive(gap) or ring.is_positive(-gap):
        return NOTHING
    if all(map(is_of_indices, gap.terms)):
        return delta_of(ring, gap)
    factored = factor(ring, gap)
    kept = [(atom, e) for atom, e in factored.content if not is_never_zero(ring, atom)]
    if len(kept) < len(factored.content) or abs(factored.coefficient) != 1:
        gap = ring.of_monomial(tuple(kept))
        for part, times in factored.factors:
            gap = ring.product(gap, ring.whole_power(part, times))
        if gap == UNIT:
            return NOTHING
    if gap.sorted()[0][1] < 0:
        gap = -gap
    return variable(Compare("==", node_of(gap), ZERO))


def normal_of_logic(ring: "Normalizer", node: Node) -> Polynomial:
    assert isinstance(node, Logic)
    conditions = [ring(c) for c in node.conditions]
    if node.operator == "not":
        return UNIT - conditions[0]
    result = UNIT
    for condition in conditions:
        result = ring.product(result, condition if node.operator == "and" else UNIT - condition)
    return result if node.operator == "and" else UNIT - result


def normal_of_where(ring: "Normalizer", node: Node) -> Polynomial:
    assert isinstance(node, Where)
    condition = ring(node.condition)
    if condition == UNIT:
        return ring(node.then)
    if not condition:
        return ring(node.otherwise)
    otherwise = ring(node.otherwise)
    return otherwise + ring.product(condition, ring(node.then) - otherwise)


def normal_of_delta(ring: "Normalizer", node: Node) -> Polynomial:
    """delta(a, b), kept as delta(i, k) with i before k for two indices, else as delta(a - b, 0)."""
    assert isinstance(node, Delta)
    return delta_of(ring, ring(node.left) - ring(node.right))


def delta_of(ring: "Normalizer", gap: Polynomial) -> Polynomial:
    """1 where a difference of integers is 0, else 0."""
    value = gap.constant
    if value is not None:
        return UNIT if value == 0 else NOTHING
    if ring.is_positive(gap) or ring.is_positive(-gap):
        return NOTHING
    found = over_integers(gap)
    if found is not None:
        told = by_value(ring, gap, delta_of)
        if told is not None:
            return told
        if found[1].q != 1:
            return NOTHING
        gap = found[0] + UNIT.scaled(found[1])
    simple = _index_and_partner(gap)
    if simple is not None:
        return NOTHING if _differ(*simple) else variable(Delta(*simple))
    if gap.sorted()[0][1] < 0:
        gap = -gap
    return variable(Delta(node_of(gap), ZERO))


def _differ(left: Node, right: Node) -> bool:
    """Whether two indices, or a number and an index, are surely different: one is beyond the other's axis."""
    if isinstance(left, Index) and isinstance(right, Index) and left.axis is right.axis:
        return False
    a, b = ranges.polynomial(left), ranges.polynomial(right)
    if a is None or b is None:
        return False
    gap = a - b
    return any(ranges.is_nonnegative(signed - ranges.constant(1)) for signed in (gap, -gap))


def _index_and_partner(gap: Polynomial) -> tuple[Node, Node] | None:
    """(other, index) if the gap says index = other for another index or an integer number."""
    indices = [
        (m[0][0], c) for m, c in gap.terms.items() if len(m) == 1 and m[0][1] == 1 and isinstance(m[0][0], Index)
    ]
    fixed = gap.terms.get((), fmpq(0))
    if len(indices) == 2 == len(gap.terms):
        (i, c), (k, d) = indices
        if c == -d and abs(c) == 1:
            first, second = sorted((i, k), key=order)
            return first, second
    if len(indices) == 1 and len(gap.terms) == 1 + (fixed != 0):
        i, c = indices[0]
        value = -fixed / c
        if value.q == 1:
            return number(int(value.p)), i
    return None


def normal_of_table(ring: "Normalizer", node: Node) -> Polynomial:
    assert isinstance(node, Table)
    if not node.subscripts:
        raise UnsupportedError("a literal array without subscripts")
    head, rest = node.subscripts[0], node.subscripts[1:]
    result = NOTHING
    for position, entry in enumerate(node.entries):
        chosen = ring(Delta(head, number(position)))
        if chosen:
            value = ring(Table(entry, rest) if rest else entry)
            result = result + ring.product(chosen, value)
    return result
