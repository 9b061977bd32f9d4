"""Index notation in NumPy: an index is an axis, a product under a sum one einsum, a definition evaluated once."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from derive.errors import UnsupportedError
from derive.exchange.dependence import Dependence
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
from derive.formula import Definition, Formula
from verify.floats import elementwise, sums
from verify.floats.labelled import Array, Labelled, Stored, spread
from verify.floats.quadrature import expected
from verify.floats.recurrences import Recurrence
from verify.floats.subscripts import Subscripts


def evaluate(
    formula: Formula, node: Node, values: Mapping[Tensor, Any], sizes: Mapping[Size, int], dtype: Any = np.float64
) -> Array:
    """The value of an expression of the formula, with an axis for each free index, by name.

    values: an array for each input that the expression depends on (a definition's array cuts the
    definition).  dtype: of all arithmetic, a real floating type.  NaN where it is undefined.
    Raises UnsupportedError for a derivative (see `verify.differences`) or a node with no array form.
    """
    at = Arrays(formula, {t: np.asarray(v, dtype=dtype) for t, v in values.items()}, sizes, dtype)
    with np.errstate(all="ignore"):
        found = at.value(node)
    free = sorted((i for i in node.free if isinstance(i, Index)), key=lambda i: str(i.name))
    lengths = found.lengths() | {i: at.subscripts.length(i) for i in free}
    return spread(found, free, lengths)


class Reads(Dependence):
    """What an expression depends on, and whether that is indices and sizes alone."""

    def __init__(self, formula: Formula) -> None:
        super().__init__(formula)
        self._of_indices: dict[Node, bool] = {}

    def is_of_indices(self, node: Node) -> bool:
        """Whether it is a rational number made of indices and sizes alone, so that integers give it exactly."""
        found = self._of_indices.get(node)
        if found is None:
            found = isinstance(node, (Number, Size, Index)) or (
                (isinstance(node, (Add, Multiply)) or _is_exact_call(node))
                and all(map(self.is_of_indices, node.children()))
            )
            self._of_indices[node] = found
        return found


def _is_exact_call(node: Node) -> bool:
    match node:
        case Power(_, Number(exponent, 1)):
            return abs(exponent) <= 8
        case Call("floor", _):
            return True
    return False


class Arrays:
    """The values of a formula's expressions at one point, each an array with an axis for each free index.

    A child (see `child`) sees a few tensors, indices or variables otherwise and shares all the rest.
    observe: told the outcome of every branch.  rounding: applied to every rounded result.
    differentiate: gives the value of a derivative.
    """

    def __init__(
        self,
        formula: Formula,
        values: Mapping[Tensor, Array],
        sizes: Mapping[Size, int],
        dtype: Any,
        chosen: Mapping[Index, Array] | None = None,
        reads: Reads | None = None,
    ) -> None:
        self.formula, self.dtype = formula, np.dtype(dtype)
        self.subscripts = Subscripts(sizes, chosen or {})
        self.reads = reads or Reads(formula)
        self.stored: dict[Tensor, Stored] = {t: Stored((), v, self.starts(t)) for t, v in values.items()}
        self.parent: Arrays | None = None
        self.changed: frozenset[Tensor] = frozenset()
        self.named: Mapping[Index | Variable, Labelled] = {}
        self.progress: Recurrence | None = None
        self.is_recurring = False
        self.observe: Callable[[Labelled], None] | None = None
        self.rounding: Callable[[Array], Array] | None = None
        self.differentiate: Callable[[Arrays, Derivative], Labelled] = _no_derivative
        self._memo: dict[Node, Labelled] = {}

    def child(
        self,
        stored: Mapping[Tensor, Stored] | None = None,
        named: Mapping[Index | Variable, Labelled] | None = None,
        progress: Recurrence | None = None,
    ) -> "Arrays":
        """The same point with some tensors given (their definitions cut) or some indices and variables fixed."""
        other = object.__new__(Arrays)
        other.__dict__.update(self.__dict__)
        fixed = {i: int(v.array) for i, v in (named or {}).items() if isinstance(i, Index)}
        if fixed:
            other.subscripts = self.subscripts.with_fixed(fixed)
        other.parent, other.stored, other._memo = self, dict(stored or {}), {}
        other.named, other.progress = named or {}, progress
        other.is_recurring = self.is_recurring or progress is not None
        other.changed = frozenset(other.stored) | ({progress.tensor} if progress else set())
        return other

    def outwards(self) -> Iterator["Arrays"]:
        place: Arrays | None = self
        while place is not None:
            yield place
            place = place.parent

    def value(self, node: Node) -> Labelled:
        """The value of an expression; definitions first, in order, so that a long chain of them nests nothing."""
        needed = self.reads(node)
        for definition in self.formula.definitions:
            if definition.tensor in needed:
                self.tensor(definition.tensor)
        return self(node)

    def __call__(self, node: Node) -> Labelled:
        found = self._memo.get(node)
        if found is None:
            if self.parent is not None and not self._sees_otherwise(node):
                return self.parent(node)
            rule = _RULES.get(type(node))
            if rule is None:
                raise UnsupportedError(f"no array form of {type(node).__name__}")
            found = rule(self, node)
            if self.rounding is not None and _is_rounded(node):
                found = Labelled(found.labels, self.rounding(found.array))
            self._memo[node] = found
        return found

    def _sees_otherwise(self, node: Node) -> bool:
        if not self.named.keys().isdisjoint(node.free):
            return True
        return bool(self.changed) and not self.changed.isdisjoint(self.reads(node))

    def tell(self, outcome: Labelled) -> None:
        if self.observe is not None:
            self.observe(outcome)

    def starts(self, tensor: Tensor) -> tuple[int, ...]:
        return tuple(self.subscripts.number(axis.start) or 0 for axis in tensor.axes)

    def tensor(self, tensor: Tensor) -> Stored:
        """All elements of an input or a definition."""
        found = self.stored.get(tensor)
        if found is None:
            if self.parent is not None and (self.changed.isdisjoint(self.reads(tensor)) or self._is_cut(tensor)):
                return self.parent.tensor(tensor)
            definition = self.formula.definition(tensor)
            if definition is None:
                raise UnsupportedError(f"no value of {tensor.name}")
            found = self.stored[tensor] = self._defined(definition)
        return found

    def _is_cut(self, tensor: Tensor) -> bool:
        """Whether the tensor is given further out, so that its definition does not count any more."""
        return any(tensor in place.changed for place in self.outwards())

    def _defined(self, definition: Definition) -> Stored:
        if definition.bases:
            return Recurrence(self, definition).solved()
        return self.laid_out(self(definition.body), definition.indices)

    def laid_out(self, value: Labelled, indices: Sequence[Index]) -> Stored:
        """A value stored by its indices, with an axis even for those that it does not vary with."""
        starts = []
        lengths = value.lengths()
        for index in indices:
            known = self.subscripts.range(index)
            if known is None:
                raise UnsupportedError("a definition whose axis varies")
            starts.append(known[0])
            lengths[index] = known[1]
        probes = tuple(label for label in value.labels if label not in indices)
        return Stored(probes, spread(value, (*probes, *indices), lengths), tuple(starts))


def _no_derivative(at: Arrays, node: Derivative) -> Labelled:
    raise UnsupportedError("a derivative has no array form of its own")


def _derivative(at: Arrays, node: Derivative) -> Labelled:
    return at.differentiate(at, node)


_RULES: dict[type[Node], Callable[[Arrays, Any], Labelled]] = {
    Number: elementwise.value_of_number,
    Constant: elementwise.value_of_constant,
    Size: elementwise.value_of_size,
    Index: elementwise.value_of_index,
    Variable: elementwise.value_of_variable,
    Element: elementwise.value_of_element,
    Table: elementwise.value_of_table,
    Add: elementwise.value_of_sum,
    Multiply: elementwise.value_of_product,
    Power: elementwise.value_of_power,
    Call: elementwise.value_of_call,
    Extremum: elementwise.value_of_extremum,
    Compare: elementwise.value_of_comparison,
    Logic: elementwise.value_of_logic,
    Where: elementwise.value_of_choice,
    Delta: elementwise.value_of_delta,
    Reduce: sums.value_of_reduction,
    Expect: expected,
    Derivative: _derivative,
}


def _is_rounded(node: Node) -> bool:
    if isinstance(node, Number):
        return node.denominator & (node.denominator - 1) != 0
    return isinstance(node, (Add, Multiply, Power, Call, Reduce, Constant))
