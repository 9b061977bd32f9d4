"""The array form of numbers, reads, arithmetic, functions and cases: one rule for each node type."""

from typing import TYPE_CHECKING, Any

import numpy as np

from derive import functions
from derive.errors import UnsupportedError
from derive.expression import (
    ZERO,
    Add,
    Call,
    Compare,
    Constant,
    Delta,
    Element,
    Extremum,
    Index,
    Logic,
    Multiply,
    Node,
    Number,
    Power,
    Size,
    Table,
    Variable,
    Where,
)
from verify.floats.labelled import Array, Labelled, Stored, aligned

if TYPE_CHECKING:
    from verify.floats.arrays import Arrays


def value_of_number(at: "Arrays", node: Number) -> Labelled:
    return Labelled((), rational(at.dtype, node.numerator, node.denominator))


def rational(dtype: np.dtype[Any], above: int, below: int) -> Array:
    """A fraction in the given precision; numbers beyond its range are refused."""
    try:
        value = np.asarray(dtype.type(above) / dtype.type(below))
    except OverflowError:
        value = np.asarray(np.nan)
    if not np.isfinite(value):
        raise UnsupportedError("a number beyond the range of floats")
    return value


def value_of_constant(at: "Arrays", node: Constant) -> Labelled:
    if node.name != "pi":
        raise UnsupportedError(f"the constant {node.name}")
    return Labelled((), np.asarray(4 * np.arctan(at.dtype.type(1))))


def value_of_size(at: "Arrays", node: Size) -> Labelled:
    return Labelled((), np.asarray(at.dtype.type(at.subscripts.sizes[node])))


def value_of_index(at: "Arrays", node: Index) -> Labelled:
    labels, values = at.subscripts.running(node)
    return Labelled(labels, values.astype(at.dtype))


def value_of_variable(at: "Arrays", node: Variable) -> Labelled:
    for place in at.outwards():
        if node in place.named:
            return place.named[node]
    raise UnsupportedError(f"a free variable {node.name}")


def value_of_element(at: "Arrays", node: Element) -> Labelled:
    if at.is_recurring:
        for place in at.outwards():
            if place.progress is not None and place.progress.tensor is node.tensor:
                return place.progress.read(at.subscripts, node.subscripts)
            if node.tensor in place.stored:
                break
    return at.subscripts.read(at.tensor(node.tensor), node.subscripts)


def value_of_table(at: "Arrays", node: Table) -> Labelled:
    entries: Any = [node.entries]
    shape: tuple[int, ...] = ()
    for _ in node.subscripts:
        shape = (*shape, len(entries[0]))
        entries = [entry for row in entries for entry in row]
    labels, arrays = aligned([at(entry) for entry in entries])
    whole = np.stack(np.broadcast_arrays(*arrays), axis=-1)
    stored = Stored(labels, whole.reshape(whole.shape[:-1] + shape), (0,) * len(shape))
    found = at.subscripts.read(stored, node.subscripts)
    if len(set(found.labels)) < len(found.labels):
        raise UnsupportedError("a literal array read by the index that its entries vary with")
    return found


def value_of_sum(at: "Arrays", node: Add) -> Labelled:
    labels, arrays = aligned([at(term) for term in node.terms])
    whole = arrays[0]
    for place, array in enumerate(arrays[1:]):
        if place and at.rounding is not None:  # a sum of two is rounded as well, though it is no node: x + 1e30 - 1e30
            whole = at.rounding(whole)
        whole = whole + array
    return Labelled(labels, whole)


def value_of_product(at: "Arrays", node: Multiply) -> Labelled:
    above = [f for f in node.factors if not is_inverse(f)]
    below = [f.base for f in node.factors if isinstance(f, Power) and is_inverse(f)]
    labels, arrays = aligned([at(factor) for factor in (*above, *below)])
    whole = arrays[0] if above else 1 / arrays[0]
    for place, array in enumerate(arrays[1:], start=1):
        whole = whole * array if place < len(above) else whole / array
    return Labelled(labels, whole)


def is_inverse(factor: Node) -> bool:
    return isinstance(factor, Power) and factor.exponent == Number(-1, 1)


def value_of_power(at: "Arrays", node: Power) -> Labelled:
    labels, base = at(node.base)
    match node.exponent:
        case Number(-1, 1):
            return Labelled(labels, 1 / base)
        case Number(2, 1):
            return Labelled(labels, base * base)
        case Number(1, 2):
            return Labelled(labels, np.sqrt(base))
        case Number(-1, 2):
            return Labelled(labels, 1 / np.sqrt(base))
    labels, (base, exponent) = aligned([at(node.base), at(node.exponent)])
    undefined = (base == 0) & (exponent == 0)
    return Labelled(labels, np.where(undefined, at.dtype.type(np.nan), np.power(base, exponent)))


def _exp_of_singles(z: Array) -> Array:
    whole = np.empty_like(z)
    size = np.exp(z.real)
    whole.real, whole.imag = size * np.cos(z.imag), size * np.sin(z.imag)
    return whole


def _log_of_singles(z: Array) -> Array:
    whole = np.empty_like(z)
    whole.real, whole.imag = np.log(np.abs(z)), np.arctan2(z.imag, z.real)
    return whole


# NumPy's own take several times as long as those of doubles.
_OF_COMPLEX_SINGLES: dict[Any, Any] = {"exp": _exp_of_singles, "log": _log_of_singles}


def value_of_call(at: "Arrays", node: Call) -> Labelled:
    if node.function == "floor" and at.reads.is_of_indices(node.argument):
        labels, exact = at.subscripts.values(node)
        return Labelled(labels, exact.astype(at.dtype))
    function = functions.TABLE[node.function]
    argument = at(node.argument)
    form = function.numpy
    if argument.array.dtype == np.complex64 and form in _OF_COMPLEX_SINGLES:
        array = _OF_COMPLEX_SINGLES[form](argument.array)
    else:
        array = getattr(np, form)(argument.array) if isinstance(form, str) else form(np, argument.array)
    value = Labelled(argument.labels, np.asarray(array))
    if at.observe is not None:
        _tell_of_call(at, function, argument, value)
    return value


def _tell_of_call(at: "Arrays", function: functions.Function, argument: Labelled, value: Labelled) -> None:
    if function.value is not None:
        # Its cases are told as the definition is evaluated.
        at.child(named={functions.x: argument})(function.value)
    elif function.slope is ZERO:
        # A primitive that is constant between its jumps: its value is its branch.
        at.tell(value)


def value_of_extremum(at: "Arrays", node: Extremum) -> Labelled:
    labels, arrays = aligned([at(argument) for argument in node.arguments])
    whole = np.stack(np.broadcast_arrays(*arrays))
    if at.observe is not None:
        at.tell(Labelled(labels, whole.argmax(axis=0) if node.kind == "max" else whole.argmin(axis=0)))
    return Labelled(labels, (np.maximum if node.kind == "max" else np.minimum).reduce(whole))


def value_of_comparison(at: "Arrays", node: Compare) -> Labelled:
    compare = _COMPARE[node.operator]
    if at.reads.is_of_indices(node.left) and at.reads.is_of_indices(node.right):
        labels, gap = at.subscripts.quotient(node.left - node.right).above
        return Labelled(labels, compare(gap, 0))
    labels, (left, right) = aligned([at(node.left), at(node.right)])
    outcome = Labelled(labels, compare(left, right))
    at.tell(outcome)
    return outcome


def value_of_logic(at: "Arrays", node: Logic) -> Labelled:
    labels, conditions = aligned([at(condition) for condition in node.conditions])
    if node.operator == "not":
        return Labelled(labels, ~conditions[0])
    combine = np.logical_and if node.operator == "and" else np.logical_or
    return Labelled(labels, combine.reduce(np.broadcast_arrays(*conditions)))


def value_of_choice(at: "Arrays", node: Where) -> Labelled:
    labels, arrays = aligned([at(node.condition), at(node.then), at(node.otherwise)])
    chosen = Labelled(labels, np.where(*arrays))
    unknown = _unknown(at, node.condition)
    if unknown is None or not unknown.array.any():
        return chosen
    labels, (array, nowhere) = aligned([chosen, unknown])
    return Labelled(labels, np.where(nowhere, at.dtype.type(np.nan), array))


def _unknown(at: "Arrays", condition: Node) -> Labelled | None:
    """Where a condition has no truth, as one of its sides has no value: NaN > 0 is not false."""
    match condition:
        case Compare(_, left, right) if not (at.reads.is_of_indices(left) and at.reads.is_of_indices(right)):
            labels, (one, other) = aligned([at(left), at(right)])
            return Labelled(labels, np.isnan(one) | np.isnan(other))
        case Logic(operator, conditions):
            found = [(_unknown(at, part), at(part)) for part in conditions]
            open_ = [unknown for unknown, _ in found if unknown is not None and unknown.array.any()]
            if not open_ or operator == "not":
                return open_[0] if open_ else None
            labels, arrays = aligned([*open_, *(truth for _, truth in found)])
            anywhere = np.logical_or.reduce(np.broadcast_arrays(*arrays[: len(open_)]))
            settled = [
                (truth if operator == "or" else ~truth)
                for (unknown, _), truth in zip(found, arrays[len(open_) :], strict=True)
                if unknown is None or not unknown.array.any()
            ]
            return Labelled(labels, anywhere & ~np.logical_or.reduce(np.broadcast_arrays(anywhere & False, *settled)))
    return None


def value_of_delta(at: "Arrays", node: Delta) -> Labelled:
    labels, (left, right) = aligned([at.subscripts.values(node.left), at.subscripts.values(node.right)])
    return Labelled(labels, (left == right).astype(at.dtype))


_COMPARE: dict[str, Any] = {
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
    "==": np.equal,
    "!=": np.not_equal,
}
