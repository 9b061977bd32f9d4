"""Sums and products of matrix expressions, and what a transpose does to them."""

from dataclasses import dataclass
from fractions import Fraction as Rational

from derive.binding import fresh, total
from derive.expression import (
    Index,
    Node,
    multiply,
    number,
    power,
)
from derive.matrix.forms import (
    Applied,
    Diagonal,
    Form,
    Identity,
    Ones,
    Raised,
    Shape,
    Slope,
    Transposed,
)
from derive.printing.composition import Composer
from derive.printing.joining import ATOM, PRODUCT, SUM, UNIT, Piece, negative, numerals, product
from derive.printing.layout import (
    HADAMARD,
    MINUS,
    PLUS,
    Box,
    Fenced,
    Fraction,
    joined,
    row,
)

LARGEST = 40  # the weight of a form beyond which it is no clean one


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


def weight(form: Form) -> int:
    """How far a form is from a clean one: its parts, ones counted thrice."""
    below: tuple[Form, ...] = ()
    match form:
        case Sum(parts) | Entrywise(parts):
            below = parts
        case Chain(_, above, under, parts):
            below = (*above, *under, *parts)
        case Applied(_, inner) | Raised(inner, _) | Diagonal(inner) | Transposed(inner):
            below = (inner,)
    return 1 + 2 * isinstance(form, Ones) + sum(map(weight, below))
