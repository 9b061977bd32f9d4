"""Where an expression may be undefined on more than a null set: 1/(n - 1) at n = 1, a variance that is 0 there.

Algebra cancels such factors without a word, so a claim is only proved if its right side divides by
nothing of the kind that its left side does not divide by as well.
"""

from collections.abc import Iterable, Iterator

from derive.algebra.generic import is_almost_never_zero
from derive.algebra.normal import Normalizer
from derive.algebra.polynomial import Polynomial, variable
from derive.binding import replace, walk
from derive.expression import Add, Call, Index, Multiply, Node, Number, Power


def singular_factors(ring: Normalizer, nodes: Iterable[Node]) -> set[Polynomial]:
    """The factors of denominators, of bases under roots and of arguments of log that may vanish at some size."""
    found: set[Polynomial] = set()
    for node in nodes:
        for base in _bases(node):
            found |= _factors(ring, base)
    return found


def _bases(node: Node) -> Iterator[Node]:
    for part in walk(node):
        match part:
            case Power(_, Number(numerator, 1)) if numerator >= 0:
                continue
            case Power(base, _) | Call("log", base):
                yield _with_plain_names(base)


def _with_plain_names(node: Node) -> Node:
    """The indices renamed in order of appearance, so that bound names do not matter."""
    indices = [part for part in walk(node) if isinstance(part, Index) and part in node.free]
    return replace(node, {i: Index(f"@{place}", i.axis) for place, i in enumerate(indices)})


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
