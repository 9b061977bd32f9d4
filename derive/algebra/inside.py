"""Where an index points: whether an integer expression surely stays on an axis, and what a delta says of it."""

from typing import TYPE_CHECKING

from derive import ranges
from derive.algebra.components import free_of, free_of_polynomial
from derive.algebra.polynomial import Polynomial, node_of, order, variable
from derive.binding import has
from derive.expression import ZERO, Call, Delta, Index, Multiply, Node, Number, Power, Size

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


def place_of(ring: "Normalizer", atom: Delta) -> tuple[Node, Node] | None:
    """The index or floor that a delta speaks of and the value that it has there, None if neither is told.

    Of two indices the later gives way to the earlier. Else a floor comes first, then an index whose value is surely
    on its axis; the value does not depend on what it is of.
    """
    left, right = atom.left, atom.right
    if isinstance(right, Index) and isinstance(left, Index | Number):
        return (right, left) if right not in left.free else (left, right)
    if atom not in ring.pivots:
        ring.pivots[atom] = _solved(ring, ring(left) - ring(right))
    return ring.pivots[atom]


def _solved(ring: "Normalizer", gap: Polynomial) -> tuple[Node, Node] | None:
    candidates = [m[0][0] for m, c in gap.terms.items() if len(m) == 1 and m[0][1] == 1 and abs(c) == 1]
    for candidate in sorted(candidates, key=order, reverse=True):
        rest, slope = dict(gap.terms), gap.terms[((candidate, 1),)]
        del rest[((candidate, 1),)]
        value = Polynomial(rest).scaled(-slope)
        target = node_of(value)
        match candidate:
            case Call("floor") if not has(target, [candidate]):
                return candidate, target
            case Index() if candidate not in free_of_polynomial(value) and is_inside(ring, target, candidate):
                return candidate, target
    return None


def reads(item: tuple[Node, object], part: Node) -> bool:
    """Whether an atom or its exponent contains an index or a floor."""
    if isinstance(part, Index):
        return part in free_of((item,))
    atom, exponent = item
    if isinstance(exponent, Polynomial):
        return any(reads(inner, part) for m in exponent.terms for inner in m)
    return "floor" in atom.mentions and has(atom, [part])
