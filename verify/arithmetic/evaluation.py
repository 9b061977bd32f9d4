"""The value of an expression at a point, in balls, straight from the definitions as read.

Derivatives are pulled back through the operations that made the value (`verify.arithmetic.reverse`); no rule of
`derive.calculus` is used, and of the table of functions only `value` and `ball`.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
from flint import arb, fmpq

from derive import functions
from derive.binding import replace
from derive.errors import UnsupportedError
from derive.expression import (
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
    Tensor,
    Variable,
    Where,
)
from derive.formula import Formula
from verify.arithmetic import balls, elementary, positions, reverse
from verify.arithmetic.balls import NOWHERE, ZERO, Array, Labels, both
from verify.arithmetic.reductions import value_of_expectation, value_of_reduction
from verify.arithmetic.tensors import Tensors
from verify.sampling import Draw

_NONE: Mapping[Node, Iterable[Tensor]] = {}


class Evaluation(Tensors):
    """Values of a formula's expressions at one draw and the precision in force, each worked out once.

    together: for what is differentiated by several tensors, these, so that one way back does for all.
    """

    def __init__(
        self,
        formula: Formula,
        draw: Draw,
        targets: Iterable[Tensor] = (),
        together: Mapping[Node, Iterable[Tensor]] = _NONE,
        at_ties: bool = False,
    ) -> None:
        super().__init__(formula, draw, targets, at_ties)
        self.together = together
        self.cotangents: dict[tuple[int, Tensor], tuple[Array, Labels]] = {}

    def value(self, node: Node) -> Array:
        """The value of a node at every position of its free indices."""
        home = None
        for scope in reversed(self._scopes):
            known = scope.known.get(node)
            if known is not None:
                return known
            is_bound_here = scope.binds(node)
            if home is None and (is_bound_here or scope.is_masked):
                home = scope
            if is_bound_here:
                break  # what is known further out is of other values of what is bound here
        rule = _RULES.get(type(node))
        if rule is None:
            raise UnsupportedError(f"no value in balls for {type(node).__name__}")
        result = (home or self._scopes[0]).known[node] = rule(self, node)
        return result


# ------------------------------------------------------------------------------- a rule for each node


def value_of_number(at: Evaluation, node: Number) -> Array:
    return balls.exact(fmpq(node.numerator, node.denominator))


def value_of_constant(at: Evaluation, node: Constant) -> Array:
    if node.name != "pi":
        raise UnsupportedError(f"no value in balls for the constant {node.name}")
    return Array(arb.pi())


def value_of_size(at: Evaluation, node: Size) -> Array:
    return balls.exact(at.draw.sizes[node])


def value_of_index(at: Evaluation, node: Index) -> Array:
    return at.index_value(node)


def value_of_variable(at: Evaluation, node: Variable) -> Array:
    bound = at.bound(node)
    if bound is None:
        raise UnsupportedError("a variable that no expectation binds")
    return bound


def value_of_element(at: Evaluation, node: Element) -> Array:
    return at.read(node.tensor, node.subscripts)


def value_of_sum(at: Evaluation, node: Add) -> Array:
    match node.terms:
        case Element() as start, Multiply((Number(-1, 1), Element() as end)) if start.tensor is end.tensor:
            return balls.difference(at.value(start), at.value(end))
    first, *others = map(at.value, node.terms)
    for other in others:
        first = balls.add(first, other)
    return first


def value_of_product(at: Evaluation, node: Multiply) -> Array:
    return balls.product([at.value(factor) for factor in node.factors])


def value_of_power(at: Evaluation, node: Power) -> Array:
    base, exponent = at.value(node.base), at.value(node.exponent)
    if base.exact and not exponent.exact:
        base = Array(base.balls(), base.labels)
    is_smooth = exponent.exact and not exponent.labels and exponent.data.q == 1
    if not is_smooth and not base.exact:
        at.truths.note_zero(node, base, at.active)
    if exponent.exact:
        return elementary.power(base, exponent)
    value = elementary.function("exp", balls.multiply(exponent, elementary.function("log", base)))
    if value.trouble == balls.UNDEFINED and _may_be_whole(exponent):
        raise UnsupportedError("a power of a negative number whose exponent may be a whole one")
    is_zero = np.frompyfunc(arb.is_zero, 1, 1)(base.balls())
    if not np.any(is_zero):
        return value
    # An exact 0 to a positive power is 0, near it too: such a base is a constant.
    x, y, labels = balls.fit(
        Array(is_zero, base.labels, exact=True), Array(exponent.balls() > 0, exponent.labels, True)
    )
    at_zero = Array(np.asarray(x & y, dtype=bool), labels, exact=True)
    elsewhere = Array(~at_zero.data, labels, exact=True)
    return balls.piecewise([(at_zero, ZERO), (elsewhere, value)])


def _may_be_whole(exponent: Array) -> bool:
    """Whether a whole number is among the exponents, as far as their balls tell: (-2)**exp(log(3)) has a value."""
    return any(q.is_finite() and q.contains_integer() for q in np.atleast_1d(exponent.balls()).ravel())


def value_of_call(at: Evaluation, node: Call) -> Array:
    known = functions.TABLE[node.function]
    if known.value is not None:
        return at.value(expanded(node))
    argument = at.value(node.argument)
    if known.name == "floor":
        return at.truths.floor(node, argument, at.active)
    if known.ball is None:
        raise UnsupportedError(f"no balls for the function {known.name}")
    return elementary.function(known.ball, argument)


def expanded(node: Call) -> Node:
    """A function that is no primitive, in terms of its value."""
    value = functions.TABLE[node.function].value
    assert value is not None
    return replace(value, {functions.x: node.argument})


def value_of_extremum(at: Evaluation, node: Extremum) -> Array:
    arguments = [at.value(argument) for argument in node.arguments]
    cases = at.truths.extremum(node, arguments, at.active)
    return balls.piecewise(cases)


def value_of_where(at: Evaluation, node: Where) -> Array:
    truth = at.truths.condition(node.condition, at.value, at.active)
    cases = []
    for sign, branch in ((1, node.then), (-1, node.otherwise)):
        mask = Array(truth.data == sign, truth.labels, exact=True)
        relevant = mask if at.active is None else both(mask, at.active)
        if not np.any(relevant.data):
            continue
        if np.all(mask.data):
            return at.value(branch)
        with at.restricted(mask):
            cases.append((mask, at.value(branch)))
    elsewhere = Array(balls.NAN, trouble=_trouble_of(at, node.condition))
    return balls.piecewise(cases, elsewhere) if cases else elsewhere


def _trouble_of(at: Evaluation, condition: Node) -> int:
    """Why a condition is not known somewhere: a side has no value there, or none that is told at this precision."""
    match condition:
        case Logic(_, conditions):
            return max(_trouble_of(at, part) for part in conditions)
        case Compare(_, left, right):
            return max(balls.UNDEFINED, at.value(left).trouble, at.value(right).trouble)
    return balls.UNDEFINED


def value_of_delta(at: Evaluation, node: Delta) -> Array:
    difference = balls.subtract(at.value(node.left), at.value(node.right))
    if not difference.exact:
        raise UnsupportedError("a delta of what is no integer expression")
    return Array(np.frompyfunc(lambda v: fmpq(int(v == 0)), 1, 1)(difference.data), difference.labels, exact=True)


def value_of_table(at: Evaluation, node: Table) -> Array:
    return _entry(at, node.entries, node.subscripts)


def _entry(at: Evaluation, entries: Any, subscripts: tuple[Node, ...]) -> Array:
    if not subscripts:
        return at.value(entries)
    subscript = at.value(subscripts[0])
    cases = []
    for place, entry in enumerate(entries):
        mask = Array(subscript.data == place, subscript.labels, exact=True)
        if np.any(mask.data):
            with at.restricted(mask):
                cases.append((mask, _entry(at, entry, subscripts[1:])))
    return balls.piecewise(cases) if cases else NOWHERE


# ------------------------------------------------------------------------------- derivatives


def value_of_derivative(at: Evaluation, node: Derivative) -> Array:
    value, together = at.value(node.body), at.together.get(node.body, ())
    for by in node.by:
        value, together = _slope(at, value, by, together), ()
    return value


def _slope(at: Evaluation, value: Array, by: Element, together: Iterable[Tensor]) -> Array:
    """The derivative of each element of value by an element of a tensor."""
    at.stored(by.tensor)
    if not value.reads & at.bits[by.tensor]:
        return Array(ZERO.balls(), trouble=value.trouble) if value.trouble else ZERO
    if (value.serial, by.tensor) not in at.cotangents:
        _pull_back(at, value, [by.tensor, *(t for t in together if t is not by.tensor)])
    cotangent, batch = at.cotangents[value.serial, by.tensor]
    slots = at.slots[by.tensor]
    if not batch:
        return at.picked(cotangent, slots, by.tensor.axes, by.subscripts)
    places, is_inside = at.places(slots, by.tensor.axes, by.subscripts)
    own = [Array(np.arange(label[1]), (label,), exact=True) for label in value.labels]
    found = positions.gather(cotangent, [*slots, *batch], [*places, *own])
    return found if is_inside is None else balls.piecewise([(is_inside, found)], NOWHERE)


def _pull_back(at: Evaluation, value: Array, tensors: Iterable[Tensor]) -> None:
    """Note the cotangents of tensors, for each element of value by a label of its own."""
    felt = [tensor for tensor in tensors if value.reads & at.bits[tensor]]
    batch = tuple(at.label(length) for _, length in value.labels)
    bits = sum(at.bits[tensor] for tensor in felt)
    seed = reverse.identity(value.labels, batch)
    found = reverse.pulled_back(value, seed, [at.stored(tensor) for tensor in felt], bits)
    for tensor, cotangent in zip(felt, found, strict=True):
        at.cotangents[value.serial, tensor] = cotangent, batch


_RULES: dict[type[Node], Callable[[Evaluation, Any], Array]] = {
    Number: value_of_number,
    Constant: value_of_constant,
    Size: value_of_size,
    Index: value_of_index,
    Variable: value_of_variable,
    Element: value_of_element,
    Add: value_of_sum,
    Multiply: value_of_product,
    Power: value_of_power,
    Call: value_of_call,
    Extremum: value_of_extremum,
    Where: value_of_where,
    Delta: value_of_delta,
    Table: value_of_table,
    Reduce: value_of_reduction,
    Expect: value_of_expectation,
    Derivative: value_of_derivative,
}
