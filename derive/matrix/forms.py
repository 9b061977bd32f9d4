"""Matrix expressions: each has a shape, its entries in index notation, and a layout.

A shape is two axes, None where there is none: a column vector has rows, a row vector columns, a scalar neither.
"""

from dataclasses import dataclass
from fractions import Fraction as Rational

from derive.binding import fresh, total
from derive.expression import (
    ONE,
    Axis,
    Call,
    Delta,
    Derivative,
    Index,
    Node,
    Tensor,
    element,
    multiply,
    number,
    power,
)
from derive.printing.composition import Composer
from derive.printing.joining import ATOM, PRODUCT, SCRIPTED, SUM, Piece, negative, numerals, product
from derive.printing.layout import (
    APPLY,
    HADAMARD,
    MINUS,
    PARTIAL,
    PLUS,
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

UNIT = Piece(Digits("1"), ATOM)
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


@dataclass(frozen=True)
class Entrywise(Form):
    """The product entry by entry of two or more forms of one shape."""

    parts: tuple[Form, ...]

    @property
    def shape(self) -> Shape:
        return self.parts[0].shape

    def entry(self, r: Node | None, c: Node | None) -> Node:
        return multiply(*(part.entry(r, c) for part in self.parts))

    def piece(self, composer: Composer) -> Piece:
        pieces = [part.piece(composer) for part in self.parts]
        return Piece(joined([piece.closed or piece.held(PRODUCT) for piece in pieces], HADAMARD), SUM)


@dataclass(frozen=True)
class Sum(Form):
    """terms: of one shape."""

    terms: tuple[Form, ...]

    @property
    def shape(self) -> Shape:
        return self.terms[0].shape

    def entry(self, r: Node | None, c: Node | None) -> Node:
        first, *others = (term.entry(r, c) for term in self.terms)
        return sum(others, first)

    def piece(self, composer: Composer) -> Piece:
        items: list[Box] = []
        for term in self.terms:
            part = term.piece(composer)
            held = part.box if isinstance(term, Entrywise) else part.held(PRODUCT)
            if part.unsigned is not None:
                items += [MINUS, part.unsigned] if items else [part.box]
            else:
                items += [PLUS, held] if items else [held]
        return Piece(row(*items), SUM)


@dataclass(frozen=True)
class Chain(Form):
    """A number times scalars over scalars times a matrix product."""

    coefficient: Rational
    above: tuple[Form, ...]
    below: tuple[Form, ...]
    parts: tuple[Form, ...]

    @property
    def shape(self) -> Shape:
        return (self.parts[0].shape[0], self.parts[-1].shape[1]) if self.parts else (None, None)

    def entry(self, r: Node | None, c: Node | None) -> Node:
        factors: list[Node] = [number(self.coefficient)]
        factors += [part.entry(None, None) for part in self.above]
        factors += [power(part.entry(None, None), -1) for part in self.below]
        inner, at = list[Index](), r
        for place, part in enumerate(self.parts):
            axis = part.shape[1]
            is_last = place == len(self.parts) - 1
            after: Node | None = c if is_last else None
            if axis is not None and not is_last:
                after = fresh(Index("t", axis))
                inner.append(after)
            factors.append(part.entry(at, after))
            at = after
        return total(multiply(*factors), *inner)

    def piece(self, composer: Composer) -> Piece:
        top, bottom = numerals(abs(self.coefficient))
        # A matrix product has its order: what reaches to the right is bracketed, not moved.
        parts = [_held(part.piece(composer)) for part in self.parts]
        slopes = (
            [part.piece(composer) for part in self.above if isinstance(part, Slope)] if self.below or bottom else []
        )
        above = [part for part in self.above if not slopes or not isinstance(part, Slope)]
        over = [*top, *(_held(part.piece(composer)) for part in above)]
        under = [*bottom, *(part.piece(composer) for part in self.below)]
        is_scaled = any(isinstance(part, (Chain, Slope)) for part in self.above)
        if under and len(parts) == 1 and not is_scaled and not isinstance(self.parts[0], Slope):
            above, over, parts = [*above, *self.parts], [*over, *parts], []
        if under and len(over) == 1 and above:  # a fraction needs no brackets
            over = [above[0].piece(composer)]
        if under:
            over = [Piece(Fraction(product(over or [UNIT]), product(under)), PRODUCT)]
        elif parts:
            # The brackets tell an inner product from the matrix product behind it.
            over = [
                Piece(Fenced(piece.box), ATOM) if isinstance(part, Chain) else piece
                for part, piece in zip([*top, *above], over, strict=True)
            ]
        parts = [*slopes, *parts]
        pieces = [*over, *parts] or [UNIT]
        whole = pieces[0] if len(pieces) == 1 else Piece(product(pieces), PRODUCT)
        return negative(whole.held(PRODUCT)) if self.coefficient < 0 else whole


def _held(piece: Piece) -> Piece:
    return Piece(piece.closed or piece.held(PRODUCT), PRODUCT)


def transposed(form: Form) -> Form:
    """The transpose, brought inside products."""
    match form:
        case Transposed(inner):
            return inner
        case Chain(coefficient, above, below, parts):
            return Chain(coefficient, above, below, tuple(transposed(part) for part in reversed(parts)))
        case Identity() | Diagonal():
            return form
    return form if form.shape == (None, None) else Transposed(form)


def chain(*parts: Form) -> Form:
    """The product, what is a product itself laid flat, scalars in front; the identity falls away."""
    coefficient, above, below, flat = Rational(1), list[Form](), list[Form](), list[Form]()
    for part in parts:
        if isinstance(part, Chain):
            coefficient *= part.coefficient
            above += part.above
            below += part.below
            inner = part.parts
            if inner and part.shape == (None, None):
                above.append(Chain(Rational(1), (), (), inner))
            else:
                flat += inner
        elif part.shape == (None, None):
            above.append(part)
        else:
            flat.append(part)
    flat = [part for part in flat if not isinstance(part, Identity)] or flat[:1]
    if coefficient == 1 and not below and len(above) + len(flat) == 1:
        return (*above, *flat)[0]
    return Chain(coefficient, tuple(above), tuple(below), tuple(flat))
