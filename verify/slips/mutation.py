"""Wrong twins of a claim, made by systematic edits of its right side, as slips in print are made.

Each edit names what it did. Some twins are true all the same (an index swapped under its delta): the
algebra proves these, and they count for nothing.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

from derive.binding import fresh, opened, rebuilt, reduce
from derive.binding import replace as put
from derive.domains import TABLE as DOMAINS
from derive.expression import (
    ONE,
    ZERO,
    Add,
    Axis,
    Call,
    Compare,
    Delta,
    Derivative,
    Element,
    Extremum,
    Index,
    Logic,
    Multiply,
    Node,
    Number,
    Power,
    Reduce,
    Size,
    Tensor,
    Where,
    add,
    multiply,
    number,
    power,
)
from derive.formula import Claim, Definition, Formula
from derive.printing.text import text
from verify.slips.parts import Place, places, with_names
from verify.slips.variants import TURNED, neighbours, reindexed, transposed, without_one

NUDGE = number(Fraction(1_000_001, 1_000_000))
SCALED = ("side", "term", "branch", "argument", "entry", "compared")  # where a factor is seen by itself


@dataclass(frozen=True)
class Mutant:
    """A claim whose right side was edited, and which is expected to fail.

    edit: what was done, in words.  original: the claim as it was.
    """

    edit: str
    claim: Claim
    original: Claim


def is_edited(claim: Claim) -> bool:
    """Whether twins of the claim are wrong: an inequality may hold after an edit too."""
    return claim.operator == "==" and claim.expected == "holds"


def mutants(formula: Formula, claim: Claim) -> list[Mutant]:
    """Every twin of the claim, each once, in the order of the edits."""
    found: dict[Node, str] = {}
    taken = [str(i.name) for i in claim.indices]
    for edit, right in _edits(formula, claim):
        if right is not claim.right:
            found.setdefault(right, edit)
    left = text(claim.left, taken)
    return [
        Mutant(edit, replace(claim, right=right, text=f"{left} == {text(right, taken)}", expected="fails"), claim)
        for right, edit in found.items()
    ]


def _edits(formula: Formula, claim: Claim) -> Iterator[tuple[str, Node]]:
    every = list(places(claim.right, claim.indices))
    for edit, make in KINDS.items():
        for place in every:
            yield from ((edit, place.put(other)) for other in make(place, formula))
    yield from (("missing epsilon", right) for right in _without_epsilon(formula, claim.right))


# ------------------------------------------------------------------------------------ kinds of edits

Made = Iterator[Node]


def _sign(place: Place, formula: Formula) -> Made:
    is_even = place.role == "base" and isinstance(place.parent, Power) and _is_even(place.parent.exponent)
    is_linear = isinstance(place.parent, Reduce) and place.parent.kind in ("sum", "mean")
    if place.role not in ("factor", "condition") and not is_even and not is_linear:
        yield multiply(-1, place.part)


def _is_even(exponent: Node) -> bool:
    return isinstance(exponent, Number) and exponent.denominator == 1 and exponent.numerator % 2 == 0


def _millionth(place: Place, formula: Formula) -> Made:
    if place.part is ZERO and place.role in ("side", "branch", "argument", "entry"):
        yield number(Fraction(1, 1_000_000))
    elif place.role in SCALED and not _is_hidden(place):
        yield multiply(NUDGE, place.part)


def _is_hidden(place: Place) -> bool:
    """Whether a part is seen through its sign, its rounding or an order of whole numbers alone.

    A factor may well change nothing there: not the side of 0, and not whether i < k + 1/2 of two indices.
    """
    parent = place.parent
    is_beside_zero = isinstance(parent, Compare) and ZERO in (parent.left, parent.right)
    is_of_indices = any(isinstance(p, Compare) and not p.mentions for p in place.around)
    is_rounded = any(isinstance(p, Call) and p.function in ("floor", "sign") for p in place.around)
    return is_beside_zero or is_of_indices or is_rounded


def _factor(place: Place, formula: Formula) -> Made:
    part = place.part
    if place.role in ("side", "term", "branch", "argument") and not _is_hidden(place):
        yield multiply(2, part)
    if isinstance(part, Multiply):
        yield from (rest for extra, rest in without_one(part) if not isinstance(extra, Number) or abs(extra.value) != 1)
        for extra, rest in without_one(part):
            if isinstance(extra, Number) and abs(extra.value) != 1:
                yield multiply(number(1 / extra.value), rest)


def _dropped_term(place: Place, formula: Formula) -> Made:
    if isinstance(place.part, Add):
        yield from (rest for extra, rest in without_one(place.part) if not _is_epsilon(extra))


def _dropped_epsilon(place: Place, formula: Formula) -> Made:
    if isinstance(place.part, Add):
        yield from (rest for extra, rest in without_one(place.part) if _is_epsilon(extra))


def _is_epsilon(term: Node) -> bool:
    """A lone positive input that is added."""
    return isinstance(term, Element) and _is_lone_positive(term.tensor)


def _is_lone_positive(tensor: Tensor) -> bool:
    return not tensor.axes and tensor.domain != "defined" and DOMAINS[tensor.domain].name == "positive"


def _number(place: Place, formula: Formula) -> Made:
    if isinstance(place.part, Number) and place.role in ("term", "compared", "branch", "argument", "entry"):
        yield from (number(place.part.value + step) for step in (1, -1))


def _swapped(place: Place, formula: Formula) -> Made:
    if isinstance(place.part, Element | Delta):
        yield from reindexed(place.part, place.indices)


def _transposed(place: Place, formula: Formula) -> Made:
    if isinstance(place.part, Element):
        yield from (swapped for _, _, swapped in transposed(place.part))


def _axis(place: Place, formula: Formula) -> Made:
    """A sum over another index, or over one index less."""
    if not isinstance(place.part, Reduce):
        return
    body, bound = opened(place.part)
    for at, index in enumerate(bound):
        others = (*bound[:at], *bound[at + 1 :])
        for free in (i for i in place.indices if i.axis is index.axis):
            fixed = put(body, {index: free})
            yield reduce(place.part.kind, fixed, *others) if others else fixed
        for free in (i for i in place.indices if i in body.free):
            for kept in (i for i in place.indices if i.axis is index.axis):
                if free is kept:  # the two change places
                    turned = put(body, {index: free, free: index})
                    yield reduce(place.part.kind, turned, *bound)
                else:
                    over = fresh(free)
                    yield reduce(place.part.kind, put(body, {index: kept, free: over}), *others, over)


def _range(place: Place, formula: Formula) -> Made:
    """A sum without its first or without its last term."""
    if not isinstance(place.part, Reduce):
        return
    body, bound = opened(place.part)
    for index in bound:
        start, size = index.axis.start, add(index.axis.size, -1)
        if index.axis.size is ONE or any(index in other.axis.free for other in bound):
            continue
        for shorter in (Axis(start, size), Axis(add(start, 1), size)):
            new = fresh(Index("", shorter))
            yield reduce(place.part.kind, put(body, {index: new}), *(new if i is index else i for i in bound))


def _size(place: Place, formula: Formula) -> Made:
    """n - 1 or n + 1 for n, in an average too; another size."""
    part = place.part
    if isinstance(part, Size):
        yield add(part, -1)
        yield add(part, 1)
        yield from (size for size in formula.sizes if size is not part)
    elif isinstance(part, Reduce) and part.kind == "mean":
        body, named = with_names(part, place.indices)
        count = multiply(*(index.axis.size for index in named))
        if not count.free.intersection(named):
            yield from (multiply(reduce("sum", body, *named), power(add(count, step), -1)) for step in (-1, 1))


def _exponent(place: Place, formula: Formula) -> Made:
    part = place.part
    if isinstance(part, Power):
        for step in (1, -1):
            yield power(part.base, _moved(part.exponent, step))
        yield power(part.base, multiply(-1, part.exponent))
        yield part.base
    elif place.role in ("factor", "side", "term", "body") and isinstance(part, Element | Call | Reduce):
        yield power(part, 2)


def _moved(exponent: Node, step: int) -> Node:
    return number(exponent.value + step) if isinstance(exponent, Number) else add(exponent, step)


def _function(place: Place, formula: Formula) -> Made:
    match place.part:
        case Call(function, argument):
            yield from (Call(other, argument) for other in neighbours(function))
            yield argument
        case Extremum(kind, arguments):
            yield from (Extremum(other, arguments) for other in neighbours(kind) if other in ("max", "min"))
        case Reduce(kind):
            body, named = with_names(place.part, place.indices)
            # of pairs the largest is there twice, a tie at every point, where nothing is judged
            others = (other for other in neighbours(kind) if (kind, other) != ("sum", "max"))
            yield from (reduce(other, body, *named) for other in others)


def _case(place: Place, formula: Formula) -> Made:
    match place.part:
        case Compare(operator, left, right):
            yield Compare(TURNED[operator], left, right)
        case Logic("and" | "or" as operator, conditions):
            yield Logic("or" if operator == "and" else "and", conditions)
        case Where(_, then, otherwise):
            yield then
            yield otherwise


def _delta(place: Place, formula: Formula) -> Made:
    if isinstance(place.part, Delta):
        yield ONE


KINDS: dict[str, Callable[[Place, Formula], Made]] = {
    "sign": _sign,
    "missing epsilon": _dropped_epsilon,
    "dropped term": _dropped_term,
    "dropped delta": _delta,
    "number off by one": _number,
    "factor": _factor,
    "transposed": _transposed,
    "swapped index": _swapped,
    "axis of a sum": _axis,
    "range of a sum": _range,
    "size": _size,
    "exponent": _exponent,
    "function": _function,
    "case": _case,
    "one part in a million": _millionth,
}


# ------------------------------------------------------------------------------ through definitions


def _without_epsilon(formula: Formula, right: Node) -> Made:
    """The right side with a definition written out that adds an epsilon, without it."""
    for definition in formula.definitions:
        if definition.tensor in right.mentions and not definition.bases:
            for place in places(definition.body, definition.indices):
                for body in _dropped_epsilon(place, formula):
                    yield _written_out(right, definition, place.put(body))


def _written_out(node: Node, definition: Definition, body: Node) -> Node:
    """An expression with a body in place of every element of a defined tensor, but for its derivatives."""
    if definition.tensor not in node.mentions or isinstance(node, Derivative):
        return node
    if isinstance(node, Element) and node.tensor is definition.tensor:
        return put(body, dict(zip(definition.indices, node.subscripts, strict=True)))
    return rebuilt(node, lambda part: _written_out(part, definition, body))
