"""Index expressions: immutable interned nodes, indices typed by their axes, binders whose names never matter.

Two expressions that are equal up to the names of bound indices are one object, so `is` decides
equality and a dictionary keyed by nodes costs an identity hash. Nothing is simplified when a node is
made: an expression stays as it was read (see `derive.algebra.normal` for the normal form).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from itertools import count
from typing import Any, ClassVar, Self

_TABLE: dict[tuple[Any, ...], Any] = {}
_SERIAL = count()
_EMPTY: frozenset[Any] = frozenset()
_set = object.__setattr__  # past the guard of Node, for its own making


class Node:
    """An interned expression: equal fields mean the identical object.

    `free` holds the indices and variables not bound inside, `level` the highest name of a bound one
    (0 if there is none), `serial` the order of making, `order_key` what derive.algebra.polynomial sorts by.
    `mentions` has the tensors and the names of the functions below, and "D" where a derivative is.
    """

    __slots__ = ("free", "level", "mentions", "order_key", "parts", "serial")
    __match_args__: ClassVar[tuple[str, ...]] = ()
    free: frozenset["Index | Variable"]
    level: int
    serial: int
    mentions: frozenset[Any]
    order_key: tuple[Any, ...] | None
    parts: tuple["Node", ...]

    def __new__(cls, *fields: Any) -> Self:
        key = (cls, *fields)
        node = _TABLE.get(key)
        if node is None:
            node = object.__new__(cls)
            if len(fields) != len(cls.__match_args__):
                raise TypeError(f"{cls.__name__} takes {cls.__match_args__}, got {fields}")
            for name, value in zip(cls.__match_args__, fields, strict=True):
                _set(node, name, value)
            node._measure(fields)
            _set(node, "serial", next(_SERIAL))
            _set(node, "order_key", None)
            _TABLE[key] = node
        return node

    def _measure(self, fields: tuple[Any, ...]) -> None:
        parts: list[Node] = []
        _collect(fields, parts)
        free, mentions, level = _EMPTY, _EMPTY, 0
        for part in parts:
            if part.free is not free and part.free:
                free = free | part.free if free else part.free
            if part.mentions is not mentions and part.mentions:
                mentions = mentions | part.mentions if mentions else part.mentions
            if part.level > level:
                level = part.level
        _set(self, "free", free)
        _set(self, "level", level)
        _set(self, "mentions", mentions)
        _set(self, "parts", tuple(parts))

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__} is immutable")

    @property
    def fields(self) -> tuple[Any, ...]:
        return tuple(getattr(self, name) for name in self.__match_args__)

    def children(self) -> tuple["Node", ...]:
        """The nodes among the fields, in order, those inside tuples too."""
        return self.parts

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(map(repr, self.fields))})"

    def __reduce__(self) -> Any:
        raise TypeError("an expression is not pickled; send its text")

    # Sums, products and powers read as such in the rules; nothing else is overloaded.
    def __add__(self, other: "Node | int") -> "Node":
        return add(self, other)

    def __radd__(self, other: int) -> "Node":
        return add(other, self)

    def __sub__(self, other: "Node | int") -> "Node":
        return add(self, multiply(-1, other))

    def __rsub__(self, other: int) -> "Node":
        return add(other, multiply(-1, self))

    def __mul__(self, other: "Node | int") -> "Node":
        return multiply(self, other)

    def __rmul__(self, other: int) -> "Node":
        return multiply(other, self)

    def __truediv__(self, other: "Node | int") -> "Node":
        return multiply(self, power(other, -1))

    def __rtruediv__(self, other: int) -> "Node":
        return multiply(other, power(self, -1))

    def __pow__(self, other: "Node | int") -> "Node":
        return power(self, other)

    def __neg__(self) -> "Node":
        return multiply(-1, self)


def _collect(values: tuple[Any, ...], found: list[Node]) -> None:
    """Add the nodes among the values, in order, those inside tuples too."""
    for value in values:
        if isinstance(value, Node):
            found.append(value)
        elif type(value) is tuple:
            _collect(value, found)


# ------------------------------------------------------------------------------------- leaves


class Number(Node):
    """An exact rational, numerator over denominator in lowest terms; make it with `number`."""

    __slots__ = __match_args__ = ("numerator", "denominator")
    numerator: int
    denominator: int

    @property
    def value(self) -> Fraction:
        return Fraction(self.numerator, self.denominator)


class Constant(Node):
    """A named real number: pi."""

    __slots__ = __match_args__ = ("name",)
    name: str


class Size(Node):
    """The length of an axis, or an integer parameter like a stride: a positive integer symbol."""

    __slots__ = __match_args__ = ("name",)
    name: str


class Axis(Node):
    """What an index runs over: `size` integers from `start` on (0 unless a range was written)."""

    __slots__ = __match_args__ = ("start", "size")
    start: Node
    size: Node


class Index(Node):
    """An integer that runs over its axis; as a number where it stands outside a subscript.

    Free ones are named by text. A positive integer names a bound one (made by the binders alone), a
    negative integer one that `opened` has freed.
    """

    __slots__ = __match_args__ = ("name", "axis")
    name: str | int
    axis: Axis

    def _measure(self, fields: tuple[Any, ...]) -> None:
        super()._measure(fields)
        _set(self, "free", self.free | {self})


class Variable(Node):
    """The real number that an expectation binds; names as in Index."""

    __slots__ = __match_args__ = ("name",)
    name: str | int

    def _measure(self, fields: tuple[Any, ...]) -> None:
        super()._measure(fields)
        _set(self, "free", frozenset((self,)))


class Tensor(Node):
    """A named array: an input (`domain` as declared) or a definition (`domain` is "defined")."""

    __slots__ = __match_args__ = ("name", "axes", "domain")
    name: str
    axes: tuple[Axis, ...]
    domain: str

    def _measure(self, fields: tuple[Any, ...]) -> None:
        super()._measure(fields)
        _set(self, "mentions", frozenset((self,)))


# ------------------------------------------------------------------------------ expressions


class Element(Node):
    """tensor[subscripts]; a scalar has no subscripts. A subscript is an integer expression."""

    __slots__ = __match_args__ = ("tensor", "subscripts")
    tensor: Tensor
    subscripts: tuple[Node, ...]


class Add(Node):
    """A sum of two or more terms, in the order read."""

    __slots__ = __match_args__ = ("terms",)
    terms: tuple[Node, ...]


class Multiply(Node):
    """A product of two or more factors, in the order read; a quotient has a factor base**-1."""

    __slots__ = __match_args__ = ("factors",)
    factors: tuple[Node, ...]


class Power(Node):
    """base**exponent; sqrt(x) is x**(1/2)."""

    __slots__ = __match_args__ = ("base", "exponent")
    base: Node
    exponent: Node


class Call(Node):
    """A function of the table (derive.functions) applied to its one argument."""

    __slots__ = __match_args__ = ("function", "argument")
    function: str
    argument: Node

    def _measure(self, fields: tuple[Any, ...]) -> None:
        super()._measure(fields)
        _set(self, "mentions", self.mentions | {self.function})


class Extremum(Node):
    """Elementwise max or min of two or more arguments; kind is "max" or "min"."""

    __slots__ = __match_args__ = ("kind", "arguments")
    kind: str
    arguments: tuple[Node, ...]


class Compare(Node):
    """A condition left OP right, OP one of < <= > >= == !=."""

    __slots__ = __match_args__ = ("operator", "left", "right")
    operator: str
    left: Node
    right: Node


class Logic(Node):
    """and, or (two or more conditions) or not (one) of conditions."""

    __slots__ = __match_args__ = ("operator", "conditions")
    operator: str
    conditions: tuple[Node, ...]


class Where(Node):
    """then if the condition holds, else otherwise."""

    __slots__ = __match_args__ = ("condition", "then", "otherwise")
    condition: Node
    then: Node
    otherwise: Node


class Delta(Node):
    """1 where the two integer expressions are equal, else 0."""

    __slots__ = __match_args__ = ("left", "right")
    left: Node
    right: Node


class Table(Node):
    """A literal array, nested tuples of expressions, read at the subscripts (one for each depth)."""

    __slots__ = __match_args__ = ("entries", "subscripts")
    entries: tuple[Any, ...]
    subscripts: tuple[Node, ...]


class Derivative(Node):
    """The total derivative of body through the definitions by each element of `by` in turn.

    By an input it is the derivative; by a defined name the adjoint (later definitions depend on
    that name, its own definition is cut).
    """

    __slots__ = __match_args__ = ("body", "by")
    body: Node
    by: tuple[Element, ...]

    def _measure(self, fields: tuple[Any, ...]) -> None:
        super()._measure(fields)
        _set(self, "mentions", self.mentions | {"D"})


class Binder(Node):
    """A node that binds indices or a variable in `body`; make it with `reduce` or `expectation`."""

    __slots__ = ("hint",)
    hint: tuple[str, ...] | None  # the names last written, for printing only
    body: Node
    bound: tuple[Any, ...]

    def _measure(self, fields: tuple[Any, ...]) -> None:
        super()._measure(fields)
        _set(self, "free", self.free.difference(self.bound))
        _set(self, "level", max(self.level, *(leaf.name for leaf in self.bound)))
        _set(self, "hint", None)


class Reduce(Binder):
    """kind ("sum", "mean", "prod", "max", "min") of body over all bound indices."""

    __slots__ = __match_args__ = ("kind", "body", "bound")
    kind: str
    bound: tuple[Index, ...]


class Expect(Binder):
    """The expectation of body over the one bound variable ~ Normal(mean, deviation)."""

    __slots__ = __match_args__ = ("body", "bound", "mean", "deviation")
    bound: tuple[Variable, ...]
    mean: Node
    deviation: Node


Like = Node | int | Fraction


# ------------------------------------------------------------------------------------- makers


def number(value: int | Fraction) -> Number:
    return Number(value, 1) if type(value) is int else Number(value.numerator, value.denominator)


def as_node(value: Like) -> Node:
    return value if isinstance(value, Node) else number(value)


ZERO, ONE, MINUS_ONE, HALF = number(0), number(1), number(-1), number(Fraction(1, 2))


def axis(size: Like, start: Like = 0) -> Axis:
    return Axis(as_node(start), as_node(size))


def add(*terms: Like) -> Node:
    """The sum, flat, without zero terms; nothing is collected."""
    flat: list[Node] = []
    for term in terms:
        if isinstance(term, Add):
            flat.extend(term.terms)
        elif term is not ZERO and term != 0:
            flat.append(as_node(term))
    return flat[0] if len(flat) == 1 else Add(tuple(flat)) if flat else ZERO


def multiply(*factors: Like) -> Node:
    """The product, flat, its numbers gathered in front; zero if a number is zero."""
    flat: list[Node] = []
    coefficient: int | Fraction = 1
    for factor in factors:
        for part in factor.factors if isinstance(factor, Multiply) else (factor,):
            if not isinstance(part, Node):
                coefficient *= part
            elif not isinstance(part, Number):
                flat.append(part)
            elif part is not ONE:
                coefficient *= part.numerator if part.denominator == 1 else part.value
    if coefficient == 0:
        return ZERO
    if coefficient != 1 or not flat:
        flat.insert(0, number(coefficient))
    return flat[0] if len(flat) == 1 else Multiply(tuple(flat))


def power(base: Like, exponent: Like) -> Node:
    """base**exponent; a number to a small integer power is a number, x**1 is x, x**0 stays."""
    base, exponent = as_node(base), as_node(exponent)
    if exponent is ONE:
        return base
    match base, exponent:
        case Number(), Number(small, 1) if abs(small) <= 64 and (base is not ZERO or small > 0):
            return number(base.value**small)
    return Power(base, exponent)


def element(tensor: Tensor, *subscripts: Like) -> Element:
    if len(subscripts) != len(tensor.axes):
        raise TypeError(f"{tensor.name} has {len(tensor.axes)} axes, got {len(subscripts)} subscripts")
    return Element(tensor, tuple(map(as_node, subscripts)))


@contextmanager
def arena() -> Iterator[None]:
    """Forget on leaving every node made inside; none of them may be used after.

    A catalog of ten thousand formulas is read in ten thousand arenas, so that memory stays flat.
    """
    before = len(_TABLE)
    try:
        yield
    finally:
        while len(_TABLE) > before:
            _TABLE.popitem()
