"""Derivatives of index expressions, by one rule per node type (see `derive.adjoints` for definitions)."""

from collections.abc import Callable, Iterable

from derive import domains, functions
from derive.binding import expectation, opened, reduce, replace
from derive.errors import UnsupportedError
from derive.expression import (
    ONE,
    ZERO,
    Add,
    Call,
    Compare,
    Constant,
    Delta,
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
    Table,
    Variable,
    Where,
    add,
    multiply,
    power,
)

Leaf = Callable[[Node], Node]


def differential(node: Node, leaf: Leaf, relevant: Callable[[Node], bool], is_contracted: bool = False) -> Node:
    """The derivative of node, where leaf gives that of an element (or variable).

    relevant: whether a node depends on what is differentiated by at all; where not, the result is 0.
    is_contracted: whether a sum over a delta is written as the one term that it keeps.
    """

    def rule(part: Node) -> Node:
        if not relevant(part):
            return ZERO
        if isinstance(part, Element | Variable):
            return leaf(part)
        if is_contracted and isinstance(part, Reduce):
            return contracted_derivative_of_reduce(part, rule)
        chosen = FORWARD.get(type(part))
        if chosen is None:
            raise UnsupportedError(f"no derivative of {type(part).__name__}")
        return chosen(part, rule)

    return rule(node)


# ------------------------------------------------------------------- forward, one rule per node type


def derivative_of_constant(node: Node, d: Leaf) -> Node:
    return ZERO


def derivative_of_add(node: Node, d: Leaf) -> Node:
    assert isinstance(node, Add)
    return add(*map(d, node.terms))


def derivative_of_multiply(node: Node, d: Leaf) -> Node:
    assert isinstance(node, Multiply)
    terms = []
    for place, factor in enumerate(node.factors):
        slope = d(factor)
        if slope is not ZERO:
            terms.append(multiply(*node.factors[:place], slope, *node.factors[place + 1 :]))
    return add(*terms)


def derivative_of_power(node: Node, d: Leaf) -> Node:
    assert isinstance(node, Power)
    base, exponent = node.base, node.exponent
    by_base, by_exponent = d(base), d(exponent)
    terms = []
    if by_base is not ZERO:
        terms.append(multiply(exponent, power(base, add(exponent, -1)), by_base))
    if by_exponent is not ZERO:
        terms.append(multiply(node, functions.log(base), by_exponent))
    return add(*terms)


def derivative_of_call(node: Node, d: Leaf) -> Node:
    assert isinstance(node, Call)
    slope = functions.TABLE[node.function].slope
    return multiply(replace(slope, {functions.x: node.argument, functions.y: node}), d(node.argument))


def derivative_of_extremum(node: Node, d: Leaf) -> Node:
    """The slope of the argument that is chosen; at a tie there is none, which is a null set.

    (Where two arguments are equal on more than a null set, so are their slopes.)
    """
    assert isinstance(node, Extremum)
    operator = ">" if node.kind == "max" else "<"
    chosen, slope = node.arguments[0], d(node.arguments[0])
    for argument in node.arguments[1:]:
        other = d(argument)
        if isinstance(chosen, Number):  # max(0, x) turns as relu does: where x > 0
            slope = Where(Compare(operator, argument, chosen), other, slope)
        elif other is not slope:
            slope = Where(Compare(operator, chosen, argument), slope, other)
        chosen = Extremum(node.kind, (chosen, argument))
    return slope


def derivative_of_where(node: Node, d: Leaf) -> Node:
    assert isinstance(node, Where)
    then, otherwise = d(node.then), d(node.otherwise)
    return then if then is otherwise else Where(node.condition, then, otherwise)


def derivative_of_reduce(node: Node, d: Leaf) -> Node:
    assert isinstance(node, Reduce)
    body, indices = opened(node)
    slope = d(body)
    if slope is ZERO:
        return ZERO
    match node.kind:
        case "sum" | "mean":
            return reduce(node.kind, slope, *indices)
        case "prod":
            return multiply(node, reduce("sum", slope / body, *indices))
    return _slope_of_chosen(node, body, indices, slope)


def contracted_derivative_of_reduce(node: Node, d: Leaf) -> Node:
    """The same, where a sum or mean over a delta is the one term that it keeps."""
    assert isinstance(node, Reduce)
    if node.kind not in ("sum", "mean"):
        return derivative_of_reduce(node, d)
    body, indices = opened(node)
    slope = d(body)
    return ZERO if slope is ZERO else contracted(node.kind, slope, indices)


def contracted(kind: str, body: Node, indices: tuple[Index, ...]) -> Node:
    """The sum or mean of body over the indices, of terms with a delta of one of them the value that it keeps."""
    return add(*(_contracted_term(kind, term, indices) for term in _terms_with_deltas(body)))


def _terms_with_deltas(body: Node) -> Iterable[Node]:
    """The terms of a sum; a product is multiplied out for a factor in which some terms have a delta."""
    if isinstance(body, Add):
        return body.terms
    if isinstance(body, Multiply):
        for place, factor in enumerate(body.factors):
            if isinstance(factor, Add) and any(_deltas(term) for term in factor.terms):
                before, after = body.factors[:place], body.factors[place + 1 :]
                return [multiply(*before, term, *after) for term in factor.terms]
    return (body,)


def _deltas(term: Node) -> list[Delta]:
    factors = term.factors if isinstance(term, Multiply) else (term,)
    return [factor for factor in factors if isinstance(factor, Delta)]


def _contracted_term(kind: str, term: Node, indices: tuple[Index, ...]) -> Node:
    """With delta(i, k) for an i summed over and a k that runs over the same axis, and so is one of its values."""
    for delta in _deltas(term):
        bound, kept = delta.left, delta.right
        if bound not in indices or not isinstance(kept, Index) or kept in indices or kept.axis is not bound.axis:
            continue
        others = tuple(i for i in indices if i is not bound)
        if any(bound in i.axis.free for i in others):
            continue
        factors = term.factors if isinstance(term, Multiply) else (term,)
        rest = replace(multiply(*(f for f in factors if f is not delta)), {bound: kept})
        if kind == "mean":
            rest = multiply(rest, power(bound.axis.size, -1))
        return _contracted_term(kind, rest, others) if others else rest
    return reduce(kind, term, *indices)


def _slope_of_chosen(node: Node, body: Node, indices: tuple[Index, ...], slope: Node) -> Node:
    """The mean slope of those that reach the extreme: where several do on more than a null set, they are equal."""
    chosen = Compare("==", body, node)
    taken = reduce("sum", Where(chosen, slope, ZERO), *indices)
    if _are_distinct_inputs(body, indices):
        return taken
    return multiply(taken, power(reduce("sum", Where(chosen, ONE, ZERO), *indices), -1))


def _are_distinct_inputs(body: Node, indices: tuple[Index, ...]) -> bool:
    """Whether the values are elements of an input that takes no value twice but on a null set."""
    if not isinstance(body, Element) or not set(indices) <= set(body.subscripts):
        return False
    domain = domains.TABLE.get(body.tensor.domain)
    return domain is not None and not domain.integer and not domain.values and domain.relation in ("", "simplex")


def derivative_of_table(node: Node, d: Leaf) -> Node:
    assert isinstance(node, Table)

    def slopes(entries: tuple[object, ...]) -> tuple[object, ...]:
        return tuple(slopes(e) if isinstance(e, tuple) else d(e) for e in entries)  # type: ignore[arg-type]

    return Table(slopes(node.entries), node.subscripts)


def derivative_of_expectation(node: Node, d: Leaf) -> Node:
    """With z = mean + deviation*e for a fixed standard normal e, the derivative passes inside."""
    assert isinstance(node, Expect)
    body, (z,) = opened(node)
    by_z = differential(body, lambda part: ONE if part is z else ZERO, lambda part: z in part.free)
    movement = add(d(node.mean), multiply(z - node.mean, power(node.deviation, -1), d(node.deviation)))
    return expectation(add(d(body), multiply(by_z, movement)), z, node.mean, node.deviation)


FORWARD: dict[type[Node], Callable[[Node, Leaf], Node]] = {
    Number: derivative_of_constant,
    Constant: derivative_of_constant,
    Size: derivative_of_constant,
    Index: derivative_of_constant,
    Delta: derivative_of_constant,
    Add: derivative_of_add,
    Multiply: derivative_of_multiply,
    Power: derivative_of_power,
    Call: derivative_of_call,
    Extremum: derivative_of_extremum,
    Where: derivative_of_where,
    Reduce: derivative_of_reduce,
    Table: derivative_of_table,
    Expect: derivative_of_expectation,
}


def has_derivative(node: Node) -> bool:
    return "D" in node.mentions
