"""A product of atoms under a sum, taken apart: what the indices do not touch, and the connected rest."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from derive.algebra.polynomial import (
    Exponent,
    Monomial,
    Polynomial,
    exponent_of,
    sorted_monomial,
)
from derive.expression import (
    Index,
    Node,
    Variable,
)

if TYPE_CHECKING:
    pass


def placeholder(depth: int, place: int, like: Index) -> Index:
    return Index(f"#{depth:03}.{place:03}", like.axis)


def is_summed(leaf: Index | Variable) -> bool:
    """Whether a free index is bound further out: it bears the name of a placeholder, or that of an opened binder."""
    return isinstance(leaf.name, int) or leaf.name[0] == "#"


def depth_below(nodes: Iterable[Node]) -> int:
    """One more than the deepest placeholder free in the nodes."""
    deepest = -1
    for node in nodes:
        for leaf in node.free:
            if isinstance(leaf.name, str) and leaf.name[0] == "#":
                deepest = max(deepest, int(leaf.name[1:4]))
    return deepest + 1


# ------------------------------------------------------------------------ splitting in parts


def split(monomial: Monomial, indices: Sequence[Index]) -> tuple[Monomial, Monomial]:
    """The factors that do not depend on the indices, and those that do; exponents are split term by term."""
    outside: dict[Node, Exponent] = {}
    inside: dict[Node, Exponent] = {}
    for atom, exponent in monomial:
        if not atom.free.isdisjoint(indices):
            inside[atom] = exponent
        elif isinstance(exponent, Polynomial):
            still = {m: c for m, c in exponent.terms.items() if is_free_of(m, indices)}
            moving = {m: c for m, c in exponent.terms.items() if m not in still}
            if still:
                outside[atom] = exponent_of(Polynomial(still))
            if moving:
                inside[atom] = exponent_of(Polynomial(moving))
        else:
            outside[atom] = exponent
    return sorted_monomial(outside), sorted_monomial(inside)


def is_free_of(monomial: Monomial, indices: Sequence[Index]) -> bool:
    return free_of(monomial).isdisjoint(indices)


def free_of_polynomial(polynomial: Polynomial) -> frozenset[Index | Variable]:
    return frozenset().union(*(free_of(m) for m in polynomial.terms))


def free_of(monomial: Monomial) -> frozenset[Index | Variable]:
    free: frozenset[Index | Variable] = frozenset()
    for atom, exponent in monomial:
        free = free | atom.free
        if isinstance(exponent, Polynomial):
            free = free.union(*(free_of(m) for m in exponent.terms))
    return free


def components(inside: Monomial, indices: Sequence[Index]) -> list[tuple[tuple[Index, ...], Monomial]]:
    """The connected parts of a product: indices that share a factor, or one in the axis of another, belong together."""
    groups: list[tuple[set[Index], list[tuple[Node, Exponent]]]] = []
    pieces: list[tuple[frozenset[Index | Variable], tuple[Node, Exponent] | None]] = [
        (free_of((item,)), item) for item in inside
    ]
    pieces += [(frozenset((i,)) | i.axis.free, None) for i in indices]
    for free, item in pieces:
        mine = {i for i in indices if i in free}
        factors = [item] if item is not None else []
        apart = []
        for group, members in groups:
            if group & mine:
                mine |= group
                factors = members + factors
            else:
                apart.append((group, members))
        groups = [*apart, (mine, factors)]
    return [(tuple(i for i in indices if i in group), sorted_monomial(dict(members))) for group, members in groups]
