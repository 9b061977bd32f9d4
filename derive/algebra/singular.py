"""Where an expression may be undefined on more than a null set: 1/(n - 1) at n = 1, log(x) where x < 0.

Algebra cancels such factors, and takes exp(log(x)) for x, without a word. So a claim is only proved if its right side
has no such place that its left side does not have as well.
"""

from collections.abc import Iterable, Iterator
from fractions import Fraction

from flint import fmpq

from derive import domains
from derive.algebra.bounds import is_shown_nonnegative
from derive.algebra.generic import is_almost_never_zero
from derive.algebra.integers import is_fractional, is_integer
from derive.algebra.normal import Normalizer
from derive.algebra.polynomial import (
    UNIT,
    Exponent,
    Polynomial,
    as_polynomial,
    constant,
    exponent_of,
    node_of,
    variable,
)
from derive.binding import replace, walk
from derive.expression import ONE, Add, Call, Element, Index, Multiply, Node, Number, Power, Size, Where, add, number
from derive.printing.text import text

_HALF = constant(fmpq(1, 2))
_LOGARITHM = number(Fraction(-1, 2))

Guards = frozenset[tuple[Node, bool]]  # the conditions under which an expression is read, and how they go
Place = tuple[str, Polynomial, Polynomial, Guards]
"""Where the base of a power is "= 0" or "< 0", and the exponent: -1 for all that are surely below 0, 1/2 for all that
are surely no integers."""


def singular_places(ring: Normalizer, nodes: Iterable[Node], slopes: int) -> set[Place]:
    """Where denominators, bases under roots and arguments of log may vanish at some size, or be negative.

    slopes: how many derivatives are taken of the expressions; a root of 0 has a value, and no derivative.
    """
    found: set[Place] = set()
    for node in nodes:
        for base, exponent, guards in _bases(node):
            found |= {(*place, guards) for place in _places(ring, base, exponent, slopes)}
    return found


def beyond(ring: Normalizer, places: set[Place], others: set[Place]) -> set[Place]:
    """The places that are not among the others.

    What needs x >= 0 for a power x**(n/2) has it for a root; what needs x != 0 for x**(n - 1) has it for x**(n - 2).
    """
    return {place for place in places if not any(_is_within(ring, place, other) for other in others)}


def _is_within(ring: Normalizer, place: Place, other: Place) -> bool:
    where, base, exponent, guards = place
    if other[:2] != (where, base) or not other[3] <= guards:
        return False
    if where == "< 0":
        return other[2] in (exponent, _HALF)
    return other[2] in (exponent, -UNIT) or ring.is_nonnegative(exponent - other[2])


def place_text(place: Place) -> str:
    return f"{text(node_of(place[1]))} {place[0]}"


def _bases(node: Node) -> Iterator[tuple[Node, Node, Guards]]:
    """Bases and exponents of powers with their guards; a logarithm needs what an inverse root needs."""
    for part, guards in _guarded(node):
        match part:
            case Power(_, Number(numerator, 1)) if numerator >= 0:
                continue
            case Power(base, exponent) if not _is_positive(base):
                yield *_with_plain_names(base, exponent), guards
            case Call("log", argument) if not _is_positive(argument):
                yield *_with_plain_names(argument, _LOGARITHM), guards
            case Call("log1p", argument):
                yield *_with_plain_names(add(argument, ONE), _LOGARITHM), guards


def _guarded(node: Node) -> Iterator[tuple[Node, Guards]]:
    """Every part of an expression, once with each set of conditions under which it is read."""
    waiting: list[tuple[Node, Guards]] = [(node, frozenset())]
    seen = set(waiting)
    while waiting:
        part, guards = waiting.pop()
        yield part, guards
        below = [(child, guards) for child in part.parts]
        if isinstance(part, Where):
            condition, _ = _with_plain_names(part.condition, ONE)
            cases = ((part.then, True), (part.otherwise, False))
            below = [(part.condition, guards), *((case, guards | {(condition, way)}) for case, way in cases)]
        fresh = [item for item in dict.fromkeys(below) if item not in seen]
        seen.update(fresh)
        waiting.extend(fresh)


def _is_positive(base: Node) -> bool:
    """Whether this is a size, or an element of an input whose domain is positive."""
    if isinstance(base, Element):
        domain = domains.TABLE.get(base.tensor.domain)
        return domain is not None and domain.positive
    return isinstance(base, Size)


def _with_plain_names(base: Node, exponent: Node) -> tuple[Node, Node]:
    """The indices renamed in order of appearance, so that bound names do not matter."""
    parts = dict.fromkeys((*walk(base), *walk(exponent)))
    indices = [p for p in parts if isinstance(p, Index) and (p in base.free or p in exponent.free)]
    names: dict[Index, Node] = {i: Index(f"@{place}", i.axis) for place, i in enumerate(indices)}
    return replace(base, names), replace(exponent, names)


_Bare = tuple[str, Polynomial, Polynomial]


def _places(ring: Normalizer, base: Node, exponent: Node, slopes: int) -> set[_Bare]:
    value, power = ring(base), exponent_of(ring(exponent))
    least = as_polynomial(power) - UNIT.scaled(fmpq(slopes))
    zeros = set() if ring.is_positive(least) else _factors(ring, base)
    is_sure = least.constant is not None or ring.is_positive(-least)
    return {("= 0", part, -UNIT if is_sure else least) for part in zeros} | _negative(ring, value, power)


def _negative(ring: Normalizer, value: Polynomial, power: Exponent) -> set[_Bare]:
    """Where the base of a power that may be broken is < 0, told by what of its factors has no sure sign."""
    if is_integer(power) or is_shown_nonnegative(ring, value):
        return set()
    factored = ring.factors(value)
    rest = constant(1 if factored.coefficient > 0 else -1)
    for atom, times in factored.content:
        if not ring.positive(atom):
            rest = ring.product(rest, ring.of_monomial(((atom, times),)))
    for part, times in factored.factors:
        if not ring.is_positive(part):
            rest = ring.product(rest, ring.whole_power(part, times))
    return {("< 0", rest, _HALF if is_fractional(ring, power) else as_polynomial(power))}


def _factors(ring: Normalizer, base: Node) -> set[Polynomial]:
    polynomial = ring(base)
    if not polynomial:
        return {polynomial}
    factored = ring.factors(polynomial)
    found: set[Polynomial] = set()
    for atom, _ in factored.content:
        found |= _factors(ring, atom) if isinstance(atom, Add | Multiply) else {variable(atom)}
    found |= {factor for factor, _ in factored.factors}
    return {part for part in found if not is_almost_never_zero(ring, part)}
