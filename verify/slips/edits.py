"""Small edits of an expression: what a slip of the pen leaves out, puts in, turns around or takes for another."""

from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice, product
from typing import NamedTuple

from derive.binding import has, rebuilt, reduce, replace, walk
from derive.expression import (
    HALF,
    MINUS_ONE,
    ONE,
    Add,
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
    add,
    element,
    multiply,
    number,
    power,
)
from derive.formula import Claim, Formula
from derive.printing.text import text
from verify.slips.forms import known_forms
from verify.slips.parts import Place, children, places, with_names

NEIGHBOURS = (
    ("sin", "cos"), ("sinh", "cosh"), ("cosh", "tanh"), ("sinh", "tanh"), ("exp", "expm1"), ("log", "log1p"),
    ("exp", "log"), ("sigmoid", "tanh"), ("sigmoid", "softplus"), ("softplus", "relu"), ("sigmoid", "exp"),
    ("abs", "sign"), ("sum", "mean"), ("sum", "prod"), ("max", "min"), ("sum", "max"),
)  # fmt: skip
TURNED = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "==": "!=", "!=": "=="}
WHOLE = {"side", "term", "branch", "body", "argument", "base"}  # what a product can lack a factor in
LONG = 48
_MOST_ELEMENTS = 6  # ways in which one tensor is read at a place


class Edit(NamedTuple):
    """says: what is wrong with the expression as it stands.  node: the expression without that."""

    says: str
    node: Node


class Edits:
    """The edits of the right side of a formula's claim, the likeliest slips first, each result once."""

    def __init__(self, formula: Formula, claim: Claim) -> None:
        self.formula, self.claim, self.side = formula, claim, claim.right
        free = tuple(i for i in claim.indices if i in claim.left.free)
        self.places = list(places(claim.right, free))
        self.scalars = [element(tensor) for tensor in formula.inputs if not tensor.axes]
        self.known = list(self._known(claim))

    def __iter__(self) -> Iterator[Edit]:
        seen = {self.side}
        kinds = (_signs, _turns, _numbers, _factors, _terms, _others, _distant)
        for says, node in chain(*(self._of_kind(kind) for kind in kinds), self._throughout(), self._forms()):
            if node not in seen and not self._is_circular(node):
                seen.add(node)
                yield Edit(says, node)

    def _is_circular(self, node: Node) -> bool:
        """Whether the left side stands on the right, itself or as a name for it: what is true then says nothing."""
        left = self.claim.left
        if left.mentions <= node.mentions and has(node, [left]):
            return True
        named = self.formula.definition(node.tensor) if isinstance(node, Element) else None
        if named is None or named.bases or not isinstance(node, Element):
            return False
        return replace(named.body, dict(zip(named.indices, node.subscripts, strict=True))) is left

    def _of_kind(self, kind: Callable[["Edits", Place], "Found"]) -> "Found":
        for place in self.places:
            for says, node in kind(self, place):
                yield says, place.put(node)

    def _throughout(self) -> "Found":
        """One tensor in place of another wherever it stands."""
        tensors = list(self.formula.tensors())
        for tensor in (tensor for tensor in tensors if tensor in self.side.mentions):
            for other in tensors:
                if other.axes == tensor.axes and other is not tensor:
                    yield f"{tensor.name} in place of {other.name} throughout", _renamed(self.side, tensor, other)

    def _forms(self) -> "Found":
        """What the formula's own claims and definitions say of the same left side."""
        for form in known_forms(self.formula, self.claim):
            printed, right = _apart(self.side, form.right)
            if printed is not self.side:
                yield _instead(printed, right), form.right

    def _known(self, claim: Claim) -> Iterator[Node]:
        """The terms and factors that the formula's own definitions and claims are made of."""
        sides = [d.body for d in self.formula.definitions]
        sides += [c.right for c in self.formula.claims if c.origin == "claim"]
        for side in dict.fromkeys(sides):
            for part in walk(side):
                if isinstance(part, Add):
                    yield from (term for term in part.terms if not isinstance(term, Number))
                elif isinstance(part, Multiply):
                    yield from (factor for factor in part.factors if not isinstance(factor, Number))

    def readable(self, place: Place, pool: list[Node]) -> list[Node]:
        """What of a pool has a meaning at a place."""
        return [node for node in dict.fromkeys(pool) if node.free <= set(place.indices)]

    def elements(self, place: Place) -> Iterator[Element]:
        """The tensors, read at indices that the place has."""
        for tensor in self.formula.tensors():
            choices = [[index for index in place.indices if index.axis is over] for over in tensor.axes]
            if tensor.axes:
                yield from (element(tensor, *found) for found in islice(product(*choices), _MOST_ELEMENTS))

    def deltas(self, place: Place) -> Iterator[Node]:
        for at, one in enumerate(place.indices):
            yield from (Delta(one, other) for other in place.indices[at + 1 :] if one.axis is other.axis)


Found = Iterator[tuple[str, Node]]


def _renamed(node: Node, tensor: Tensor, other: Tensor) -> Node:
    """An expression that reads one tensor instead of another, but for its derivatives."""
    if isinstance(node, Derivative) or tensor not in node.mentions:
        return node
    subscripts = node.subscripts if isinstance(node, Element) and node.tensor is tensor else None
    if subscripts is not None:
        return element(other, *(_renamed(subscript, tensor, other) for subscript in subscripts))
    return rebuilt(node, lambda part: _renamed(part, tensor, other))


def _apart(one: Node, other: Node) -> tuple[Node, Node]:
    """The smallest parts in which two expressions differ, if all that differs is in one place."""
    pairs = list(zip(children(one, ()), children(other, ()), strict=False))
    alike = type(one) is type(other) and len(one.parts) == len(other.parts)
    different = [(a[0], b[0]) for a, b in pairs if a[0] is not b[0]]
    if not alike or len(different) != 1 or isinstance(one, Reduce):
        return one, other
    return _apart(*different[0])


# ------------------------------------------------------------------------------------- kinds of slips


def _signs(edits: Edits, place: Place) -> Found:
    if place.role in WHOLE | {"exponent", "entry"} and not isinstance(place.part, Compare | Logic):
        flipped = multiply(MINUS_ONE, place.part)
        what = "the exponent " if place.role == "exponent" else ""
        yield f"the sign of {what}{_unsigned(place.part)}" if place.role != "side" else "the sign", flipped


def _turns(edits: Edits, place: Place) -> Found:
    """A square, a root, a quotient, a factor or a term too much or too few; indices swapped; a function's neighbour."""
    part, shown = place.part, _short(place.part)
    match part:
        case Power(base, Number(2, 1)):
            yield f"{_short(base)} is squared", base
        case Power(base, exponent) if exponent is HALF:
            yield f"the root of {_short(base)}, which is too much", base
        case Power(base, exponent) if exponent is MINUS_ONE:
            yield f"{_short(base)} divides where it multiplies", base
        case Add(terms) | Multiply(factors=terms):
            what = "term" if isinstance(part, Add) else "factor"
            build = add if isinstance(part, Add) else multiply
            for at, extra in enumerate(terms):
                rest = build(*terms[:at], *terms[at + 1 :])
                if isinstance(extra, Power) and extra.exponent is MINUS_ONE and what == "factor":
                    yield f"the divisor {_short(extra.base)} is too much", rest
                elif isinstance(extra, Number) and what == "term":
                    yield _instead(part, rest), rest
                else:
                    yield f"the {what} {_short(extra)} is too much", rest
        case Element(tensor, subscripts):
            for at, one in enumerate(subscripts):
                for later in range(at + 1, len(subscripts)):
                    if tensor.axes[at] is tensor.axes[later]:
                        swapped = list(subscripts)
                        swapped[at], swapped[later] = subscripts[later], one
                        yield (
                            f"{text(one)} and {text(subscripts[later])} are swapped in {shown}",
                            element(tensor, *swapped),
                        )
        case Compare(operator, left, right):
            yield f"{operator} in place of {TURNED[operator]}", Compare(TURNED[operator], left, right)
        case Call(function, argument):
            yield from _neighbours(function, lambda other: Call(other, argument))
            yield f"the function {function} is too much", argument
        case Extremum(kind, arguments):
            yield from _neighbours(kind, lambda other: Extremum(other, arguments))
        case Reduce(kind):
            body, named = with_names(part, place.indices)
            yield from _neighbours(kind, lambda other: reduce(other, body, *named))
    if place.role in WHOLE | {"factor"} and not isinstance(part, Number | Multiply | Power):
        yield f"the square of {shown} is missing", power(part, 2)
        yield f"the root of {shown} is missing", power(part, HALF)
        yield f"{shown} multiplies where it divides", power(part, -1)


def _neighbours(name: str, build: Callable[[str], Node]) -> Found:
    for pair in NEIGHBOURS:
        if name in pair:
            other = pair[0] if name == pair[1] else pair[1]
            yield f"{name} in place of {other}", build(other)


def _numbers(edits: Edits, place: Place) -> Found:
    """One number in place of another, or in place of a delta; a rate in place of what it leaves."""
    part = place.part
    what = "the exponent " if place.role == "exponent" else ""
    if isinstance(part, Number):
        near = {part.value + 1, part.value - 1, part.value * 2, part.value / 2}
        near |= {1 / part.value} if part.numerator else set()
        for value in sorted(near - {part.value}, key=lambda value: (value.denominator, abs(value))):
            yield what + _instead(part, number(value)), number(value)
        if part is ONE:
            for delta in edits.deltas(place):
                yield _instead(part, delta), delta
    elif isinstance(part, Element) and place.role in WHOLE | {"factor"}:
        rest = add(1, multiply(MINUS_ONE, part))
        yield _instead(part, rest), rest


def _factors(edits: Edits, place: Place) -> Found:
    """A number, a size or a scalar that does not multiply or divide, or a delta that is not there."""
    if place.role not in WHOLE or isinstance(place.part, Compare | Logic):
        return
    within = "" if place.role == "side" else f" in {_short(place.part)}"
    for factor in (number(2), HALF, *edits.formula.sizes, *edits.scalars):
        yield f"the factor {_short(factor)} is missing{within}", multiply(factor, place.part)
        if not isinstance(factor, Number):
            yield f"the divisor {_short(factor)} is missing{within}", multiply(place.part, power(factor, -1))
            rest = add(1, multiply(-1, factor))
            yield f"the factor {_short(rest)} is missing{within}", multiply(rest, place.part)
    for factor in edits.deltas(place):
        yield f"the factor {_short(factor)} is missing{within}", multiply(place.part, factor)


def _terms(edits: Edits, place: Place) -> Found:
    """A number or a scalar (epsilon) that is not added."""
    if place.role in WHOLE | {"factor", "exponent"} and not isinstance(place.part, Compare | Logic):
        yield from _added(place, (ONE, *edits.scalars))


def _added(place: Place, terms: Iterable[Node]) -> Found:
    within = "" if place.role == "side" else f" beside {_short(place.part)}"
    for term in terms:
        for sign in (1, -1):
            signed = multiply(sign, term)
            if not (isinstance(place.part, Number) and term is ONE):
                yield f"the term {_short(signed)} is missing{within}", add(place.part, signed)


def _others(edits: Edits, place: Place) -> Found:
    """One size, name or index in place of another."""
    part = place.part
    if isinstance(part, Size):
        for other in (part - 1, part + 1, *(size for size in edits.formula.sizes if size is not part)):
            yield _instead(part, other), other
    elif isinstance(part, Element):
        for other in (*_with_other_subscripts(part, place.indices), *_with_other_tensors(part, edits.formula)):
            yield _instead(part, other), other
    elif isinstance(part, Derivative) and len(part.by) == 1:
        for other in _with_other_tensors(part.by[0], edits.formula):
            yield _instead(part, Derivative(part.body, (other,))), Derivative(part.body, (other,))
    elif isinstance(part, Delta | Index):
        yield _instead(part, ONE), ONE


def _with_other_subscripts(part: Element, indices: tuple[Index, ...]) -> Iterator[Node]:
    for at, subscript in enumerate(part.subscripts):
        others: list[Node] = [i for i in indices if isinstance(subscript, Index) and i.axis is subscript.axis]
        for other in (*others, subscript - 1, subscript + 1):
            if other is not subscript:
                yield element(part.tensor, *part.subscripts[:at], other, *part.subscripts[at + 1 :])


def _with_other_tensors(part: Element, formula: Formula) -> Iterator[Element]:
    for tensor in formula.tensors():
        if tensor.axes == part.tensor.axes and tensor is not part.tensor:
            yield element(tensor, *part.subscripts)


def _distant(edits: Edits, place: Place) -> Found:
    """A factor or a term that the formula has elsewhere, and the n of an average for another."""
    yield from _affine(edits, place.part)
    found = edits.readable(place, [*edits.known, *edits.elements(place)])
    if place.role in WHOLE | {"factor"} and not isinstance(place.part, Compare | Logic):
        yield from _added(place, found)
    if place.role not in WHOLE or isinstance(place.part, Compare | Logic):
        return
    within = "" if place.role == "side" else f" in {_short(place.part)}"
    for factor in found:
        is_divisor = isinstance(factor, Power) and factor.exponent is MINUS_ONE
        what = f"divisor {_short(factor.children()[0])}" if is_divisor else f"factor {_short(factor)}"
        yield f"the {what} is missing{within}", multiply(factor, place.part)
    for size in edits.formula.sizes:
        for factor in (size / (size - 1), (size - 1) / size):
            yield f"the factor {_short(factor)} is missing{within}", multiply(factor, place.part)
    yield f"the function log is missing around {_short(place.part)}", Call("log", place.part)
    yield f"the function exp is missing around {_short(place.part)}", Call("exp", place.part)


def _affine(edits: Edits, part: Node) -> Found:
    """An index with another sign, or without the stride, inside a subscript or a delta."""
    if not isinstance(part, Element | Delta):
        return
    for whole in part.subscripts if isinstance(part, Element) else (part.left, part.right):
        for index in (leaf for leaf in walk(whole) if isinstance(leaf, Index)):
            for other in (*(multiply(size, index) for size in edits.formula.sizes), multiply(MINUS_ONE, index)):
                changed = replace(whole, {index: other})
                yield _instead(whole, changed), replace(part, {whole: changed})


# ------------------------------------------------------------------------------------------- in words


def _instead(part: Node, other: Node) -> str:
    return f"{_short(part)} in place of {_short(other)}"


def _short(node: Node) -> str:
    shown = text(node)
    return shown if len(shown) <= LONG else f"{shown[:LONG]}…"


def _unsigned(node: Node) -> str:
    """A term without its minus."""
    negative = isinstance(node, Multiply) and isinstance(node.factors[0], Number) and node.factors[0].numerator < 0
    return _short(multiply(MINUS_ONE, node)) if negative else _short(node)
