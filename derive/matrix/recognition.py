"""From index notation to matrices: a sum of products is a network of arrays, eliminated index by index."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction as Rational

from derive.binding import opened
from derive.expression import (
    Add,
    Call,
    Constant,
    Delta,
    Derivative,
    Element,
    Index,
    Multiply,
    Node,
    Number,
    Power,
    Reduce,
    Size,
    power,
)
from derive.matrix.forms import Applied, Diagonal, Form, Identity, Named, Ones, Raised, Scalar, Slope
from derive.matrix.products import Chain, Entrywise, Sum, chain, transposed

# Of a matrix, exp and log mean something else than entry by entry.
ENTRYWISE = frozenset(("tanh", "sigmoid", "relu", "softplus", "abs", "sign", "erf"))


class NoForm(Exception):
    """There is no clean matrix form; the message says why."""


def matrix_form(node: Node, out: Sequence[Index]) -> Form:
    """The form whose entries over the indices `out` (two at most: row, column) are the expression.

    Raises NoForm.
    """
    if len(out) > 2:
        raise NoForm(f"{len(out)} free indices: matrices have two")
    return _form(node, tuple(out))


def _form(node: Node, out: tuple[Index, ...]) -> Form:
    match node:
        case Number() | Size() | Constant():
            return _spread(Chain(node.value, (), (), ()) if isinstance(node, Number) else Scalar(node), (), out)
        case Element() | Derivative():
            return _named(node, out)
        case Add(terms):
            return _sum([_form(term, out) for term in terms])
        case Multiply() | Reduce(kind="sum" | "mean") | Delta():
            return Network(out).solved(node)
        case Power(base, exponent):
            return _power(base, exponent, out)
        case Call(function, argument):
            inner = _form(argument, out)
            if len(out) == 2 and function not in ENTRYWISE:
                raise NoForm(f"{function} of a matrix is not taken entry by entry")
            return Applied(function, inner)
    raise NoForm(f"no matrix form of {_described(node)}")


def _described(node: Node) -> str:
    return f"a {node.kind} over an index" if isinstance(node, Reduce) else type(node).__name__.lower()


def _sum(forms: list[Form]) -> Form:
    return Sum(tuple(part for form in forms for part in (form.terms if isinstance(form, Sum) else (form,))))


def _named(node: Element | Derivative, out: tuple[Index, ...]) -> Form:
    """An array or a slope whose subscripts are indices, each once and each over the whole axis."""
    body = node if isinstance(node, Element) else node.body
    if not isinstance(body, Element):
        raise NoForm("a derivative of an expression without a name")
    elements = [body] if isinstance(node, Element) else [body, *node.by]
    places: list[Index] = []
    for part in elements:
        for place, axis in zip(part.subscripts, part.tensor.axes, strict=True):
            if not isinstance(place, Index) or place.axis is not axis:
                raise NoForm(f"a subscript of {part.tensor.name} is no index over its axis")
            places.append(place)
    if len(places) > 2:
        raise NoForm(f"{' '.join(part.tensor.name for part in elements)} has more than two axes")
    if len(set(places)) != len(places):
        raise NoForm(f"the diagonal of {elements[0].tensor.name}")
    by = tuple(part.tensor for part in elements[1:])
    form = Slope(body.tensor, by) if by else Named(body.tensor)
    return _spread(form, tuple(places), out)


def _spread(form: Form, own: tuple[Index, ...], out: tuple[Index, ...]) -> Form:
    """A form over its own indices as one over the indices wanted: transposed, or repeated by ones."""
    if own == out:
        return form
    if not set(own) <= set(out):
        raise NoForm("an index that is bound nowhere")
    match len(out), own:
        case 1, ():
            return chain(form, Ones(out[0].axis))
        case 2, ():
            return chain(form, Ones(out[0].axis), transposed(Ones(out[1].axis)))
        case 2, (only,):
            return (
                chain(form, transposed(Ones(out[1].axis)))
                if only is out[0]
                else chain(Ones(out[0].axis), transposed(form))
            )
    return transposed(form)


def _power(base: Node, exponent: Node, out: tuple[Index, ...]) -> Form:
    if not out:
        if isinstance(exponent, Number) and exponent.value < 0:
            below = _form(power(base, -exponent.value), ())
            return Chain(Rational(1), (), (below,), ())
        return Raised(_form(base, ()), exponent)
    if exponent.free:
        raise NoForm("an exponent with an index")
    if isinstance(exponent, Number) and exponent.denominator == 1 and 2 <= exponent.numerator <= 3:
        return Entrywise((_form(base, out),) * exponent.numerator)
    raise NoForm("a power entry by entry")


@dataclass
class Network:
    """A product summed over bound indices: scalars, vectors at an index, matrices between two.

    out: the indices of the result.
    """

    out: tuple[Index, ...]
    coefficient: Rational = Rational(1)
    above: list[Form] = field(default_factory=list)
    below: list[Form] = field(default_factory=list)
    vectors: dict[Index, list[Form]] = field(default_factory=dict)
    matrices: list[tuple[Index, Index, Form]] = field(default_factory=list)
    bound: list[Index] = field(default_factory=list)

    def solved(self, node: Node) -> Form:
        parts = self._gathered(node)
        known = {*self.out, *self.bound}
        for part in parts:
            self._put(part, tuple(sorted(known & part.free, key=self._rank)))
        while self.bound:
            self._eliminate(min(self.bound, key=lambda index: (self._degree(index), -self._rank(index))))
        scale = Chain(self.coefficient, tuple(self.above), tuple(self.below), ())
        return chain(scale, *self._result()) if self.out else chain(scale)

    def _rank(self, index: Index) -> int:
        return [*self.out, *self.bound].index(index)

    def _gathered(self, node: Node) -> list[Node]:
        """The factors that are left when numbers, sums and quotients are taken apart."""
        match node:
            case Number():
                self.coefficient *= node.value
                return []
            case Multiply(factors):
                return [part for factor in factors for part in self._gathered(factor)]
            case Reduce(kind="sum" | "mean"):
                body, indices = opened(node)
                self.bound += indices
                if node.kind == "mean":
                    self.below += [_form(index.axis.size, ()) for index in indices]
                return self._gathered(body)
        return [node]

    def _put(self, part: Node, own: tuple[Index, ...]) -> None:
        delta = isinstance(part, Delta) and len(own) == 2 and {part.left, part.right} == set(own)
        if isinstance(part, Delta) and not delta:
            raise NoForm("a delta that is no identity matrix")
        match own:
            case ():
                form = _form(part, ())
                if isinstance(form, Chain) and not form.parts:
                    self.coefficient *= form.coefficient
                    self.above += form.above
                    self.below += form.below
                else:
                    self.above.append(form)
            case (only,):
                self.vectors.setdefault(only, []).append(_form(part, own))
            case (row, column):
                self.matrices.append((row, column, Identity(row.axis) if delta else _form(part, own)))
            case _:
                raise NoForm("a factor with three indices")

    def _degree(self, index: Index) -> int:
        return sum(index in ends[:2] for ends in self.matrices)

    def _vector(self, index: Index) -> Form | None:
        """The product, entry by entry, of the vectors at an index, which they leave."""
        found = self.vectors.pop(index, [])
        if not found:
            return None
        return found[0] if len(found) == 1 else Entrywise(tuple(found))

    def _eliminate(self, index: Index) -> None:
        """Sum over one bound index: an inner product, a matrix on a vector, or a matrix on a matrix."""
        self.bound.remove(index)
        touching = [ends for ends in self.matrices if index in ends[:2]]
        self.matrices = [ends for ends in self.matrices if index not in ends[:2]]
        # Each as a matrix from its other end to the index.
        turned = [(r, form) if c is index else (c, transposed(form)) for r, c, form in touching]
        if len({end for end, _ in turned}) < len(turned):
            end = turned[0][0]
            if {other for other, _ in turned} != {end}:
                raise NoForm("two of three arrays share both their indices")
            turned = [(end, Entrywise(tuple(form for _, form in turned)))]
        if len(turned) > 2:
            raise NoForm("three arrays share a bound index")
        found = self.vectors.get(index, [])
        if not turned:
            first, second = _two(found) if found else (Ones(index.axis), Ones(index.axis))
            self.vectors.pop(index, None)
            self.above.append(chain(transposed(first), second))
            return
        vector = self._vector(index)
        if len(turned) == 1:
            ((end, form),) = turned
            self.vectors.setdefault(end, []).append(chain(form, vector if vector is not None else Ones(index.axis)))
            return
        (left, first), (right, second) = sorted(turned, key=lambda end: self._rank(end[0]))
        middle = [Diagonal(vector)] if vector is not None else []
        self.matrices.append((left, right, chain(first, *middle, transposed(second))))

    def _result(self) -> list[Form]:
        """What is left over the indices of the result."""
        if len(self.out) == 1:
            vector = self._vector(self.out[0])
            return [vector if vector is not None else Ones(self.out[0].axis)]
        row, column = self.out
        left, right = self._vector(row), self._vector(column)
        if not self.matrices:
            ones = [Ones(index.axis) if form is None else form for index, form in ((row, left), (column, right))]
            return [ones[0], transposed(ones[1])]
        forms = [form if (r, c) == (row, column) else transposed(form) for r, c, form in self.matrices]
        if any(isinstance(form, Identity) for form in forms):
            if len(forms) > 1:
                raise NoForm("the diagonal of a matrix")
            diagonal = [form for form in (left, right) if form is not None]
            whole = Entrywise(tuple(diagonal)) if len(diagonal) == 2 else diagonal[0] if diagonal else None
            return [forms[0] if whole is None else Diagonal(whole)]
        middle = forms[0] if len(forms) == 1 else Entrywise(tuple(forms))
        before = [] if left is None else [Diagonal(left)]
        after = [] if right is None else [Diagonal(right)]
        return [*before, middle, *after]


def _two(vectors: list[Form]) -> tuple[Form, Form]:
    """Vectors as the two sides of an inner product: of one alone, with ones."""
    flat = [part for vector in vectors for part in (vector.parts if isinstance(vector, Entrywise) else (vector,))]
    if len(flat) == 1:
        axis = flat[0].shape[0]
        assert axis is not None
        return Ones(axis), flat[0]
    return flat[0], flat[1] if len(flat) == 2 else Entrywise(tuple(flat[1:]))
