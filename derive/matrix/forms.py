"""Matrix expressions: each has a shape, its entries in index notation, and a layout.

A shape is two axes, None where there is none: a column vector has rows, a row vector columns, a scalar neither.
"""

from dataclasses import dataclass
from fractions import Fraction as Rational

from derive.expression import (
    ONE,
    Axis,
    Call,
    Delta,
    Derivative,
    Node,
    Tensor,
    element,
    multiply,
    number,
    power,
)
from derive.printing.composition import Composer
from derive.printing.joining import ATOM, PRODUCT, SCRIPTED, Piece
from derive.printing.layout import (
    APPLY,
    PARTIAL,
    THIN,
    TRANSPOSED,
    Box,
    Digits,
    Fenced,
    Fraction,
    Root,
    Scripts,
    Symbol,
    Word,
    joined,
    row,
)
from derive.printing.layout import (
    ONE as ONES,
)

Shape = tuple[Axis | None, Axis | None]


class Form:
    """A matrix, a vector or a scalar."""

    @property
    def shape(self) -> Shape:
        return None, None

    def entry(self, r: Node | None, c: Node | None) -> Node:
        """The entry in row r and column c; None for what the shape does not have."""
        raise NotImplementedError

    def piece(self, composer: Composer) -> Piece:
        """The layout."""
        raise NotImplementedError


def _places(r: Node | None, c: Node | None) -> list[Node]:
    return [place for place in (r, c) if place is not None]


@dataclass(frozen=True)
class Named(Form):
    """An array by its name: a vector is a column."""

    tensor: Tensor

    @property
    def shape(self) -> Shape:
        rows, cols = (*self.tensor.axes, None, None)[:2]
        return rows, cols

    def entry(self, r: Node | None, c: Node | None) -> Node:
        return element(self.tensor, *_places(r, c))

    def piece(self, composer: Composer) -> Piece:
        name = composer.name(self.tensor.name)
        return Piece(name, ATOM)


@dataclass(frozen=True)
class Slope(Form):
    """The derivative of an array by arrays, of two axes at most together: a gradient, a Jacobian, a Hessian."""

    of: Tensor
    by: tuple[Tensor, ...]

    @property
    def shape(self) -> Shape:
        rows, cols = (*self.of.axes, *(axis for tensor in self.by for axis in tensor.axes), None, None)[:2]
        return rows, cols

    def entry(self, r: Node | None, c: Node | None) -> Node:
        places = _places(r, c)
        parts = []
        for tensor in (self.of, *self.by):
            parts.append(element(tensor, *places[: len(tensor.axes)]))
            places = places[len(tensor.axes) :]
        return Derivative(parts[0], tuple(parts[1:]))

    def piece(self, composer: Composer) -> Piece:
        sign: Box = PARTIAL if len(self.by) == 1 else Scripts(PARTIAL, above=Digits(str(len(self.by))))
        names = [composer.name(tensor.name) for tensor in self.by]
        if len(names) == 2 and all(len(tensor.axes) == 1 for tensor in self.by):
            names[1] = Scripts(names[1], above=TRANSPOSED)
        below = joined([row(PARTIAL, name) for name in names], THIN)
        return Piece(Fraction(row(sign, composer.name(self.of.name)), below), PRODUCT)


@dataclass(frozen=True)
class Scalar(Form):
    """An expression without free indices, as it stands."""

    node: Node

    def entry(self, r: Node | None, c: Node | None) -> Node:
        return self.node

    def piece(self, composer: Composer) -> Piece:
        return composer.piece(self.node)


@dataclass(frozen=True)
class Ones(Form):
    """The column of ones."""

    axis: Axis

    @property
    def shape(self) -> Shape:
        return self.axis, None

    def entry(self, r: Node | None, c: Node | None) -> Node:
        return ONE

    def piece(self, composer: Composer) -> Piece:
        return Piece(ONES, ATOM)


@dataclass(frozen=True)
class Identity(Form):
    axis: Axis

    @property
    def shape(self) -> Shape:
        return self.axis, self.axis

    def entry(self, r: Node | None, c: Node | None) -> Node:
        assert r is not None
        assert c is not None
        return Delta(r, c)

    def piece(self, composer: Composer) -> Piece:
        unit: Box = Symbol("I")
        return Piece(Symbol("Id", is_upright=True) if unit in composer.taken else unit, ATOM)


@dataclass(frozen=True)
class Diagonal(Form):
    """The matrix with a vector on its diagonal."""

    vector: Form

    @property
    def shape(self) -> Shape:
        return self.vector.shape[0], self.vector.shape[0]

    def entry(self, r: Node | None, c: Node | None) -> Node:
        assert r is not None
        assert c is not None
        return multiply(Delta(r, c), self.vector.entry(r, None))

    def piece(self, composer: Composer) -> Piece:
        return Piece(row(Word("diag"), APPLY, Fenced(self.vector.piece(composer).box)), ATOM)


@dataclass(frozen=True)
class Transposed(Form):
    form: Form

    @property
    def shape(self) -> Shape:
        rows, cols = self.form.shape
        return cols, rows

    def entry(self, r: Node | None, c: Node | None) -> Node:
        return self.form.entry(c, r)

    def piece(self, composer: Composer) -> Piece:
        piece = self.form.piece(composer)
        base = piece.held(ATOM)
        if isinstance(base, Scripts) and base.above is not None:
            base = Fenced(base)
        return Piece(Scripts(base, above=TRANSPOSED), SCRIPTED)


@dataclass(frozen=True)
class Applied(Form):
    """A function of every entry."""

    function: str
    form: Form

    @property
    def shape(self) -> Shape:
        return self.form.shape

    def entry(self, r: Node | None, c: Node | None) -> Node:
        return Call(self.function, self.form.entry(r, c))

    def piece(self, composer: Composer) -> Piece:
        argument = self.form.piece(composer)
        if self.function == "exp" and self.shape != (None, None):  # no power has a vector above
            return Piece(row(Word("exp"), APPLY, Fenced(argument.box)), SCRIPTED)
        return composer.applied(self.function, argument)


@dataclass(frozen=True)
class Raised(Form):
    """A scalar to a power."""

    form: Form
    exponent: Node

    def entry(self, r: Node | None, c: Node | None) -> Node:
        return power(self.form.entry(r, c), self.exponent)

    def piece(self, composer: Composer) -> Piece:
        base = self.form.piece(composer)
        if self.exponent is number(Rational(1, 2)):
            return Piece(Root(base.box), ATOM)
        return Piece(Scripts(base.held(ATOM), above=composer.script(self.exponent)), SCRIPTED)
