"""Wrong twins of a claim, made by systematic edits of its right side, as slips in print are made.

Each edit names what it did. Some twins are true all the same (an index swapped under its delta): the
algebra proves these, and they count for nothing.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import combinations

from derive.binding import opened, reduce
from derive.binding import replace as put
from derive.expression import (
    ONE,
    Add,
    Binder,
    Call,
    Compare,
    Delta,
    Element,
    Extremum,
    Index,
    Multiply,
    Node,
    Number,
    Power,
    Reduce,
    Size,
    add,
    multiply,
    number,
    power,
)
from derive.formula import Claim

NEIGHBOURS = {
    "tanh": "sigmoid",
    "sigmoid": "tanh",
    "exp": "expm1",
    "expm1": "exp",
    "log": "log1p",
    "sin": "cos",
    "cos": "sin",
    "sinh": "cosh",
    "cosh": "sinh",
    "relu": "softplus",
    "softplus": "relu",
    "erf": "tanh",
    "sign": "abs",
}
REDUCTIONS = {"sum": "mean", "mean": "sum", "max": "min", "min": "max", "prod": "sum"}
OPERATORS = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "==": "!=", "!=": "=="}
NUDGE = number(Fraction(1_000_001, 1_000_000))


@dataclass(frozen=True)
class Mutant:
    """A claim whose right side was edited.  edit: what was done, in words."""

    edit: str
    claim: Claim


def is_edited(claim: Claim) -> bool:
    """Whether twins of the claim are wrong: an inequality may hold after an edit too."""
    return claim.operator == "==" and claim.expected == "holds"


def mutants(claim: Claim) -> list[Mutant]:
    """Every twin of the claim, each once, in the order of the edits."""
    found: dict[Node, str] = {}
    whole = [("sign of the whole", -claim.right), ("one part in a million", multiply(NUDGE, claim.right))]
    if claim.right is number(0):
        whole = [("a millionth for nothing", number(Fraction(1, 1_000_000)))]
    scope = tuple(i for i in claim.indices)
    for edit, right in (*whole, *edits(claim.right, scope)):
        if right is not claim.right:
            found.setdefault(right, edit)
    return [Mutant(edit, replace(claim, right=right)) for right, edit in found.items()]


Edit = tuple[str, Node]


def edits(node: Node, scope: tuple[Index, ...]) -> Iterator[Edit]:
    """Each edit of the node itself, then each of its parts in place."""
    for kind, make in LOCAL:
        if isinstance(node, kind):
            yield from make(node, scope)
    yield from _inside(node, scope)


def _inside(node: Node, scope: tuple[Index, ...]) -> Iterator[Edit]:
    match node:
        case Add(terms):
            yield from _each(terms, scope, lambda parts: add(*parts))
        case Multiply(factors):
            yield from _each(factors, scope, lambda parts: multiply(*parts))
        case Power(base, exponent):
            yield from ((edit, power(part, exponent)) for edit, part in edits(base, scope))
        case Reduce(kind):
            body, indices = opened(node)
            inner = (*scope, *indices)
            yield from ((edit, reduce(kind, part, *indices)) for edit, part in edits(body, inner))
        case Call("floor", argument):  # what a floor hides is no slip
            yield from ((e, Call("floor", part)) for e, part in edits(argument, scope) if "million" not in e)
        case Binder() | Element() | Index():
            return  # an axis is not the claim's to state
        case _:
            fields = node.fields
            for place, value in enumerate(fields):
                if isinstance(value, Node):
                    for edit, part in edits(value, scope):
                        yield edit, type(node)(*fields[:place], part, *fields[place + 1 :])


def _each(parts: tuple[Node, ...], scope: tuple[Index, ...], make: Callable[[list[Node]], Node]) -> Iterator[Edit]:
    for place, part in enumerate(parts):
        for edit, changed in edits(part, scope):
            yield edit, make([*parts[:place], changed, *parts[place + 1 :]])


# ------------------------------------------------------------------------- edits of one node


def edits_of_add(node: Add, scope: tuple[Index, ...]) -> Iterator[Edit]:
    for place, term in enumerate(node.terms):
        others = (node.terms[:place], node.terms[place + 1 :])
        yield "sign of a term", add(*others[0], -term, *others[1])
        yield "dropped term", add(*others[0], *others[1])
        yield "factor of a term", add(*others[0], 2 * term, *others[1])
        yield "one part in a million of a term", add(*others[0], NUDGE * term, *others[1])


def edits_of_multiply(node: Multiply, scope: tuple[Index, ...]) -> Iterator[Edit]:
    for place, factor in enumerate(node.factors):
        rest = (*node.factors[:place], *node.factors[place + 1 :])
        if factor is not number(-1):
            yield "dropped factor", multiply(*rest)
        if isinstance(factor, Number) and abs(factor.value) != 1:
            yield "inverted factor", multiply(1 / factor, *rest)


def edits_of_power(node: Power, scope: tuple[Index, ...]) -> Iterator[Edit]:
    for step in (1, -1):
        exponent = node.exponent
        moved = number(exponent.value + step) if isinstance(exponent, Number) else exponent + step
        yield "exponent off by one", power(node.base, moved)
    yield "sign of an exponent", power(node.base, -node.exponent)
    if node.exponent is not ONE:
        yield "dropped exponent", node.base


def edits_of_size(node: Size, scope: tuple[Index, ...]) -> Iterator[Edit]:
    yield "n for n - 1", add(node, -1)
    yield "n for n + 1", add(node, 1)


def edits_of_reduce(node: Reduce, scope: tuple[Index, ...]) -> Iterator[Edit]:
    body, indices = opened(node)
    yield "reduction by a neighbour", reduce(REDUCTIONS[node.kind], body, *indices)
    for index in scope:
        for bound in indices:
            if index.axis is bound.axis and len(indices) == 1:
                yield "one term for the sum", put(body, {bound: index})


def edits_of_call(node: Call, scope: tuple[Index, ...]) -> Iterator[Edit]:
    if node.function in NEIGHBOURS:
        yield "function by a neighbour", Call(NEIGHBOURS[node.function], node.argument)
    yield "sign of an argument", Call(node.function, -node.argument)
    yield "dropped function", node.argument


def edits_of_extremum(node: Extremum, scope: tuple[Index, ...]) -> Iterator[Edit]:
    yield "max for min", Extremum(REDUCTIONS[node.kind], node.arguments)


def edits_of_compare(node: Compare, scope: tuple[Index, ...]) -> Iterator[Edit]:
    yield "comparison turned", Compare(OPERATORS[node.operator], node.left, node.right)


def edits_of_element(node: Element, scope: tuple[Index, ...]) -> Iterator[Edit]:
    for place, subscript in enumerate(node.subscripts):
        for index in scope:
            if isinstance(subscript, Index) and index is not subscript and index.axis is subscript.axis:
                yield "swapped index", Element(node.tensor, _put(node.subscripts, place, index))
    for a, b in combinations(range(len(node.subscripts)), 2):
        if node.tensor.axes[a] is node.tensor.axes[b]:
            swapped = _put(_put(node.subscripts, a, node.subscripts[b]), b, node.subscripts[a])
            yield "transposed", Element(node.tensor, swapped)


def edits_of_delta(node: Delta, scope: tuple[Index, ...]) -> Iterator[Edit]:
    yield "dropped delta", ONE


def _put(subscripts: tuple[Node, ...], place: int, value: Node) -> tuple[Node, ...]:
    return (*subscripts[:place], value, *subscripts[place + 1 :])


LOCAL: tuple[tuple[type[Node], Callable[..., Iterator[Edit]]], ...] = (
    (Add, edits_of_add),
    (Multiply, edits_of_multiply),
    (Power, edits_of_power),
    (Size, edits_of_size),
    (Reduce, edits_of_reduce),
    (Call, edits_of_call),
    (Extremum, edits_of_extremum),
    (Compare, edits_of_compare),
    (Element, edits_of_element),
    (Delta, edits_of_delta),
)
