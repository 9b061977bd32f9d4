"""Cases in normal form: comparisons, where, max, min and delta as indicators, 1 where true, else 0."""

from typing import TYPE_CHECKING

from flint import fmpq

from derive.errors import UnsupportedError
from derive.expression import (
    ZERO,
    Compare,
    Delta,
    Element,
    Extremum,
    Index,
    Logic,
    Node,
    Table,
    Where,
    number,
)
from derive.polynomial import (
    NOTHING,
    UNIT,
    Polynomial,
    is_whole,
    node_of,
    order,
    variable,
)

if TYPE_CHECKING:
    from derive.normal import Normalizer


from derive.factors import factor


def is_indicator(atom: Node) -> bool:
    """Whether the atom is 0 or 1."""
    match atom:
        case Compare() | Delta():
            return True
        case Element(tensor):
            return tensor.domain in ("onehot", "binary")
    return False


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
    """1 where the polynomial is > 0, else 0; where it is 0 (a null set, noted) either value may stand."""
    return ring.by_cases(polynomial, lambda p: _indicator(ring, p))


def _indicator(ring: "Normalizer", polynomial: Polynomial) -> Polynomial:
    if not polynomial:
        raise UnsupportedError("a comparison of two sides that are always equal")
    if ring.is_positive(polynomial):
        return UNIT
    if ring.is_positive(-polynomial):
        return NOTHING
    factored = factor(ring, polynomial)
    sign = 1 if factored.coefficient > 0 else -1
    kept: Polynomial = UNIT
    for atom, exponent in factored.content:
        if ring.positive(atom) or not is_whole(exponent):
            continue
        if exponent % 2:
            kept = ring.product(kept, variable(atom))
    for base, times in factored.factors:
        if times % 2 == 0 or ring.is_positive(base):
            continue
        if ring.is_positive(-base):
            sign = -sign
        else:
            kept = ring.product(kept, base)
    if kept == UNIT:
        return UNIT if sign > 0 else NOTHING
    if kept.sorted()[0][1] < 0:
        kept, sign = -kept, -sign
    boundary = node_of(kept)
    from derive.text import text

    ring.note(f"except where {text(boundary)} = 0")
    holds = variable(Compare(">", boundary, ZERO))
    return holds if sign > 0 else UNIT - holds


def normal_of_compare(ring: "Normalizer", node: Node) -> Polynomial:
    assert isinstance(node, Compare)
    gap = ring(node.left) - ring(node.right)
    match node.operator:
        case ">" | ">=":
            return indicator(ring, gap)
        case "<" | "<=":
            return indicator(ring, -gap)
        case "==":
            return _equal(ring, gap)
    return UNIT - _equal(ring, gap)


def _equal(ring: "Normalizer", gap: Polynomial) -> Polynomial:
    return ring.by_cases(gap, lambda p: _zero_indicator(ring, p))


def _zero_indicator(ring: "Normalizer", gap: Polynomial) -> Polynomial:
    value = gap.constant
    if value is not None:
        return UNIT if value == 0 else NOTHING
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
    gap = ring(node.left) - ring(node.right)
    value = gap.constant
    if value is not None:
        return UNIT if value == 0 else NOTHING
    if ring.is_positive(gap) or ring.is_positive(-gap):
        return NOTHING
    simple = _index_and_partner(gap)
    if simple is not None:
        return variable(Delta(*simple))
    if gap.sorted()[0][1] < 0:
        gap = -gap
    return variable(Delta(node_of(gap), ZERO))


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
