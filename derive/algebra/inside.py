"""Where an index points: whether an integer expression surely stays on an axis, and what a delta says of it."""

from typing import TYPE_CHECKING

from derive import ranges
from derive.algebra.components import free_of, free_of_polynomial
from derive.algebra.polynomial import Monomial, Polynomial, is_whole, node_of, order, variable
from derive.binding import has, replace, walk
from derive.expression import ZERO, Call, Delta, Element, Index, Multiply, Node, Number, Power, Size

if TYPE_CHECKING:
    from derive.algebra.normal import Normalizer


def is_inside(ring: "Normalizer", target: Node, index: Index) -> bool:
    """Whether an integer expression surely stays on the axis of the index."""
    ends = ranges.ends_of(index.axis)
    if ends is None:
        return False
    if isinstance(target, Index) and target.axis is index.axis:
        return True
    if "floor" in target.mentions and index.axis.start is ZERO and _is_remainder(ring, target, index.axis.size):
        return True
    value = ranges.polynomial(target)
    if value is not None:
        return ranges.is_nonnegative(value - ends[0]) and ranges.is_nonnegative(ends[1] - value)
    match target:
        case Call("floor", quotient):
            return _floor_is_inside(quotient, ends)
    return False


def _is_remainder(ring: "Normalizer", target: Node, width: Node) -> bool:
    """Whether this is e - w*floor(e/w), which is in 0..w-1 for an integer e."""
    value, by = ring(target), ring(width)
    for atom in value.atoms():
        match atom:
            case Call("floor", quotient):
                whole = ring.product(by, variable(atom))
                if value + whole == ring.product(by, ring(quotient)):
                    return True
    return False


def _floor_is_inside(quotient: Node, ends: tuple[ranges.Polynomial, ranges.Polynomial]) -> bool:
    """floor(e/w) is in 0..r-1 if e is in 0..w*r-1."""
    match quotient:
        case Multiply((Power(Size() as width, Number(-1, 1)), inner)) | Multiply(
            (inner, Power(Size() as width, Number(-1, 1)))
        ):
            value, factor = ranges.polynomial(inner), ranges.polynomial(width)
        case _:
            return False
    if value is None or factor is None or ends[0]:
        return False
    beyond = factor * (ends[1] + ranges.constant(1)) - ranges.constant(1)
    return ranges.is_nonnegative(value) and ranges.is_nonnegative(beyond - value)


def is_nonnegative(node: Node) -> bool:
    value = ranges.polynomial(node)
    return value is not None and ranges.is_nonnegative(value)


def moved_by(ring: "Normalizer", atom: Delta, rest: Monomial) -> tuple[Node, Node] | None:
    """What gives way beside a delta to the value that it has there: an index or a floor that the rest reads.

    The later of two indices, a floor before an index. None if nothing does, or if some element might then be read
    beyond its axes where the delta is 0.
    """
    if atom not in ring.pivots:
        ring.pivots[atom] = _solved(ring, atom)
    found = ring.pivots[atom]
    if found is None:
        return None
    gone, value, is_sure = found
    concerned = tuple(item for item in rest if reads(item, gone))
    return (gone, value) if concerned and (is_sure or stays_inside(ring, concerned, gone, value)) else None


def _solved(ring: "Normalizer", atom: Delta) -> tuple[Node, Node, bool] | None:
    """What a delta is solved for, always the same; its value, and whether that is surely on the axis."""
    left, right = atom.left, atom.right
    if isinstance(right, Index) and isinstance(left, Index | Number):
        if right not in left.free and is_inside(ring, left, right):
            return right, left, True
        if isinstance(left, Index) and left not in right.free and is_inside(ring, right, left):
            return left, right, True
        return (right, left, False) if right not in left.free else None
    gap = ring(left) - ring(right)
    candidates = [m[0][0] for m, c in gap.terms.items() if len(m) == 1 and m[0][1] == 1 and abs(c) == 1]
    for candidate in sorted(candidates, key=order, reverse=True):
        rest, slope = dict(gap.terms), gap.terms[((candidate, 1),)]
        del rest[((candidate, 1),)]
        value = Polynomial(rest).scaled(-slope)
        target = node_of(value)
        match candidate:
            case Call("floor") if not has(target, [candidate]):
                return candidate, target, False
            case Index() if candidate not in free_of_polynomial(value) and is_inside(ring, target, candidate):
                return candidate, target, True
    return None


def stays_inside(ring: "Normalizer", monomial: Monomial, gone: Node, value: Node) -> bool:
    """Whether a product still has a value with another integer in place of an index or a floor.

    Its elements are read on their axes, and nothing is inverted or under a root that reads it.
    """
    for atom, exponent in monomial:
        if not reads((atom, 1), gone):
            continue  # it stands in the exponent, of a base that is positive
        if not is_whole(exponent) or exponent < 0 or "log" in atom.mentions:
            return False
        for part in walk(replace(atom, {gone: value})):
            if isinstance(part, Power) and not _is_harmless(part):
                return False
            if isinstance(part, Element):
                axes = zip(part.subscripts, part.tensor.axes, strict=True)
                if not all(is_inside(ring, s, Index("@", a)) for s, a in axes):
                    return False
    return True


def _is_harmless(part: Power) -> bool:
    match part:
        case Power(_, Number(numerator, 1)) if numerator >= 0:
            return True
        case Power(Size() | Number()):
            return True
    return False


def reads(item: tuple[Node, object], part: Node) -> bool:
    """Whether an atom or its exponent contains an index or a floor."""
    if isinstance(part, Index):
        return part in free_of((item,))
    atom, exponent = item
    if isinstance(exponent, Polynomial):
        return any(reads(inner, part) for m in exponent.terms for inner in m)
    return "floor" in atom.mentions and has(atom, [part])
