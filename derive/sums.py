"""Sums and the other binders in normal form: distributed, contracted, stripped, merged, named canonically.

While its body is put in normal form a bound index bears a placeholder name that says how deep it
stands, so that equal sums meet under equal names. A sum that cannot be taken further is an atom whose
body is one monomial, connected through its indices.
"""

from collections.abc import Iterable, Sequence
from itertools import permutations, product
from math import factorial
from typing import TYPE_CHECKING

from flint import fmpq

from derive import ranges
from derive.errors import UnsupportedError
from derive.expression import (
    ZERO,
    Add,
    Call,
    Delta,
    Element,
    Index,
    Multiply,
    Node,
    Number,
    Power,
    Reduce,
    Size,
    Variable,
    add,
    axis,
    opened,
    reduce,
    replace,
    total,
    walk,
)
from derive.polynomial import (
    NOTHING,
    UNIT,
    Exponent,
    Monomial,
    Polynomial,
    Rational,
    accumulated,
    exponent_of,
    exponent_sum,
    is_whole,
    monomial_node,
    monomial_order,
    monomial_power,
    monomial_product,
    node_of,
    order,
    sorted_monomial,
    variable,
)
from derive.powers import inverse

if TYPE_CHECKING:
    from derive.normal import Normalizer

MAX_ORDERS = 720
MAX_WRITTEN_OUT = 8


def placeholder(depth: int, place: int, like: Index) -> Index:
    return Index(f"#{depth:03}.{place:03}", like.axis)


def depth_below(nodes: Iterable[Node]) -> int:
    """One more than the deepest placeholder free in the nodes."""
    deepest = -1
    for node in nodes:
        for leaf in node.free:
            if isinstance(leaf.name, str) and leaf.name[0] == "#":
                deepest = max(deepest, int(leaf.name[1:4]))
    return deepest + 1


def normal_of_sum(ring: "Normalizer", node: Reduce) -> Polynomial:
    if len(node.bound) == 1 and node.bound[0].axis.free:
        return _sum_to_a_step(ring, node)
    short = next((b for b in node.bound if _length(ring, b) is not None), None)
    if short is not None:
        return _written_out(ring, node, short)
    body, indices = opened_in_place(node)
    return sum_over(ring, ring(body), indices)


def _length(ring: "Normalizer", index: Index) -> int | None:
    """The length of an axis that is a small number."""
    size = ring(index.axis.size).constant
    return int(size.p) if size is not None and size <= MAX_WRITTEN_OUT else None


def _written_out(ring: "Normalizer", node: Reduce, index: Index) -> Polynomial:
    """A sum over a short literal axis, term by term."""
    body, freed = opened(node)
    short = freed[node.bound.index(index)]
    rest = tuple(i for i in freed if i is not short)
    length = _length(ring, index) or 0
    result = NOTHING
    for place in range(length):
        value = ring.canonical(add(index.axis.start, place))
        result = result + ring(total(replace(body, {short: value}), *rest))
    return result


def _sum_to_a_step(ring: "Normalizer", node: Reduce) -> Polynomial:
    """A sum whose length depends on an index: length t + c becomes length t, the c last terms apart."""
    (bound,) = node.bound
    size = ring(bound.axis.size)
    extra = size.terms.get((), fmpq(0))
    base = size - UNIT.scaled(extra)
    start = ring.canonical(bound.axis.start)
    if not (_is_nonnegative(bound.axis.size) and _is_nonnegative(node_of(base)) and extra.q == 1):
        raise UnsupportedError("a sum whose range may be shorter than empty")
    over = Index(f"#{depth_below((node,)):03}.000", axis(node_of(base), start))
    body = replace(node.body, {bound: over})
    result = sum_over(ring, ring(body), (over,))
    count = int(extra.p)
    for place in range(min(count, 0), max(count, 0)):
        term = ring(replace(body, {over: add(start, node_of(base), place)}))
        result = result + term if count > 0 else result - term
    return result


def normal_of_mean(ring: "Normalizer", node: Reduce) -> Polynomial:
    result = normal_of_sum(ring, node)
    for index in node.bound:
        result = ring.product(result, inverse(ring, ring(index.axis.size)))
    return result


def opened_in_place(node: Reduce) -> tuple[Node, tuple[Index, ...]]:
    depth = depth_below((node,))
    indices = tuple(placeholder(depth, p, b) for p, b in enumerate(node.bound))
    return replace(node.body, dict(zip(node.bound, indices, strict=True))), indices


def sum_over(ring: "Normalizer", body: Polynomial, indices: Sequence[Index]) -> Polynomial:
    """The sum of a normal form over the indices, term by term."""
    terms: dict[Monomial, Rational] = {}
    for monomial, coefficient in body.terms.items():
        taken = sum_of_monomial(ring, monomial, tuple(indices))
        accumulated(terms, ((m, c * coefficient) for m, c in taken.terms.items()))
    return Polynomial(terms)


def sum_of_monomial(ring: "Normalizer", monomial: Monomial, indices: tuple[Index, ...]) -> Polynomial:
    contracted = _contract_delta(ring, monomial, indices)
    if contracted is not None:
        body, indices = contracted
        return sum_over(ring, body, indices)
    merged = _merge_inner_sums(ring, monomial, indices)
    if merged is not None:
        body, indices = merged
        return sum_over(ring, body, indices)
    dropped = _drop_simplex(ring, monomial, indices)
    if dropped is not None:
        return sum_of_monomial(ring, *dropped)
    divided = _divide(ring, monomial, indices)
    if divided is not None:
        return sum_over(ring, divided, indices)
    outside, inside = split(monomial, indices)
    result = ring.of_monomial(outside)
    for group, part in _components(inside, indices):
        result = ring.product(result, _component(ring, part, group))
    return result


# ------------------------------------------------------------------- merging and contracting


def _merge_inner_sums(
    ring: "Normalizer", monomial: Monomial, indices: tuple[Index, ...]
) -> tuple[Polynomial, tuple[Index, ...]] | None:
    """x[i] * (sum over j of W[i, j]) under a sum over i becomes a sum over i and j."""
    for place, (atom, exponent) in enumerate(monomial):
        if not (isinstance(atom, Reduce) and atom.kind == "sum" and is_whole(exponent) and exponent > 0):
            continue
        if atom.free.isdisjoint(indices):
            continue
        body = ring.of_monomial(monomial[:place] + monomial[place + 1 :])
        for _ in range(exponent):
            inner, freed = opened(atom)
            indices = (*indices, *freed)
            body = ring.product(body, ring(inner))
        return body, indices
    return None


def _contract_delta(
    ring: "Normalizer", monomial: Monomial, indices: tuple[Index, ...]
) -> tuple[Polynomial, tuple[Index, ...]] | None:
    """sum over i of delta(i, k)*f(i) is f(k), for a k that is surely in the range of i."""
    for place, (atom, _) in enumerate(monomial):
        if not isinstance(atom, Delta):
            continue
        gap = ring(atom.left) - ring(atom.right)
        rest = monomial[:place] + monomial[place + 1 :]
        for index in indices:
            value = _root(gap, index)
            if value is None:
                continue
            target = node_of(value)
            kept = tuple(i for i in indices if i is not index)
            if all(index not in i.axis.free for i in kept) and _is_inside(target, index):
                return ring.substituted(rest, {index: target}), kept
            digits = _digits(ring, value, index)
            if digits is not None and all(index not in i.axis.free for i in kept):
                condition, digit = digits
                return ring.product(condition, ring.substituted(rest, {index: digit})), kept
    return None


def _root(gap: Polynomial, index: Index) -> Polynomial | None:
    """The value that the gap forces on the index, if it is linear in it with factor 1 or -1."""
    slope = gap.terms.get(((index, 1),))
    if slope is None or abs(slope) != 1:
        return None
    rest = Polynomial({m: c for m, c in gap.terms.items() if m != ((index, 1),)})
    return None if index in free_of_polynomial(rest) else rest.scaled(-slope)


def _digits(ring: "Normalizer", value: Polynomial, index: Index) -> tuple[Polynomial, Node] | None:
    """i = e - w*r for an i over 0..w-1 says r = floor(e/w) and i = e - w*floor(e/w), whatever e and r are."""
    width = ring(index.axis.size).single
    if width is None or width[0] == () or index.axis.start is not ZERO:
        return None
    monomial, coefficient = width
    high: dict[Monomial, Rational] = {}
    low: dict[Monomial, Rational] = {}
    for term, factor in value.terms.items():
        quotient = _quotient(term, monomial)
        if quotient is None or (factor / coefficient).q != 1:
            low[term] = factor
        else:
            high[quotient] = factor / coefficient
    if not high or not low:
        return None
    floor = ring(Call("floor", node_of(Polynomial(low)) / index.axis.size))
    condition = ring(Delta(node_of(-Polynomial(high)), node_of(floor)))
    return condition, node_of(Polynomial(low) - ring.product(ring(index.axis.size), floor))


def _is_inside(target: Node, index: Index) -> bool:
    """Whether an integer expression surely stays on the axis of the index."""
    ends = ranges.ends_of(index.axis)
    if ends is None:
        return False
    if isinstance(target, Index) and target.axis is index.axis:
        return True
    value = ranges.polynomial(target)
    if value is not None:
        return ranges.is_nonnegative(value - ends[0]) and ranges.is_nonnegative(ends[1] - value)
    match target:
        case Call("floor", quotient):
            return _floor_is_inside(quotient, ends)
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


def _is_nonnegative(node: Node) -> bool:
    value = ranges.polynomial(node)
    return value is not None and ranges.is_nonnegative(value)


def _divide(ring: "Normalizer", monomial: Monomial, indices: Sequence[Index]) -> Polynomial | None:
    """e/(1 + e) under a sum becomes 1 - 1/(1 + e): no numerator keeps the leading term of its denominator."""
    for place, (base, exponent) in enumerate(monomial):
        if not isinstance(base, Add) or base.free.isdisjoint(indices):
            continue
        if isinstance(exponent, Polynomial) or exponent >= 0:
            continue
        polynomial = ring(base)
        leading = _leading(polynomial)
        rest = monomial[:place] + monomial[place + 1 :]
        quotient = _quotient(rest, leading)
        if quotient is None:
            continue
        coefficient = polynomial.terms[leading]
        lower = Polynomial({m: -c / coefficient for m, c in polynomial.terms.items() if m is not leading})
        raised = exponent_sum(exponent, 1)
        whole = quotient if raised == 0 else monomial_product(quotient, ((base, raised),))
        part = ring.product(ring.of_monomial(monomial_product(quotient, ((base, exponent),))), lower)
        return ring.of_monomial(whole, 1 / coefficient) + part
    return None


def _leading(polynomial: Polynomial) -> Monomial:
    """The greatest monomial by degree, then by the exponents of the atoms in turn.

    Multiplication keeps this order, so that division by the polynomial ends.
    """
    atoms = sorted(polynomial.atoms(), key=order)

    def key(monomial: Monomial) -> tuple[Rational, list[Rational]]:
        exponents = dict(monomial)
        row = [fmpq(e) if not isinstance(e := exponents.get(a, 0), Polynomial) else fmpq(0) for a in atoms]
        return sum(row, fmpq(0)), row

    return max(polynomial.terms, key=key)


def _quotient(monomial: Monomial, divisor: Monomial) -> Monomial | None:
    """monomial/divisor if every exponent of the divisor is a whole number that the monomial reaches."""
    exponents = dict(monomial)
    for atom, exponent in divisor:
        own = exponents.get(atom)
        if not (is_whole(exponent) and exponent > 0 and own is not None and is_whole(own) and own >= exponent):
            return None
    return monomial_product(monomial, monomial_power(divisor, -1)) if divisor else None


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


def _components(inside: Monomial, indices: Sequence[Index]) -> list[tuple[tuple[Index, ...], Monomial]]:
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


def _component(ring: "Normalizer", monomial: Monomial, indices: tuple[Index, ...]) -> Polynomial:
    """The sum of a connected product."""
    if not monomial:
        return _count(ring, indices)
    return _canonical_sum(ring, monomial, indices)


def _count(ring: "Normalizer", indices: tuple[Index, ...]) -> Polynomial:
    """How many values the indices take together."""
    last = next(i for i in indices if all(i not in other.axis.free for other in indices))
    if not _is_nonnegative(last.axis.size):
        raise UnsupportedError("a sum whose range may be shorter than empty")
    rest = tuple(i for i in indices if i is not last)
    return sum_over(ring, ring(last.axis.size), rest) if rest else ring(last.axis.size)


def _drop_simplex(
    ring: "Normalizer", monomial: Monomial, indices: tuple[Index, ...]
) -> tuple[Monomial, tuple[Index, ...]] | None:
    """The sum of y[s, i] over i is 1 for a simplex y, whatever factors of s stand beside it."""
    for index in indices:
        places = [p for p, item in enumerate(monomial) if index in free_of((item,))]
        if len(places) != 1 or any(index in i.axis.free for i in indices):
            continue
        atom, exponent = monomial[places[0]]
        if exponent == 1 and isinstance(atom, Element) and _is_distribution_over(atom, index):
            ring.note(f"{atom.tensor.name} sums to 1 over its last axis")
            return monomial[: places[0]] + monomial[places[0] + 1 :], tuple(i for i in indices if i is not index)
    return None


def _is_distribution_over(atom: Element, index: Index) -> bool:
    return (
        atom.tensor.domain in ("simplex", "onehot")
        and atom.subscripts[-1] is index
        and index.axis is atom.tensor.axes[-1]
        and all(index not in s.free for s in atom.subscripts[:-1])
    )


# ---------------------------------------------------------------------------- canonical names


def _canonical_sum(ring: "Normalizer", monomial: Monomial, indices: tuple[Index, ...]) -> Polynomial:
    """The sum as an atom, the names and the order of its indices chosen as the least of all choices."""
    outer = [leaf for leaf in free_of(monomial) if leaf not in indices]
    depth = depth_below(outer)
    if len(indices) == 1 and indices[0] is placeholder(depth, 0, indices[0]):
        return variable(reduce("sum", monomial_node(monomial), *indices))
    best: tuple[object, Polynomial, tuple[Index, ...]] | None = None
    for arranged in _orders(monomial, indices):
        names = tuple(placeholder(depth, p, i) for p, i in enumerate(arranged))
        names = _with_moved_axes(arranged, names)
        renamed = ring.substituted(monomial, dict(zip(arranged, names, strict=True)))
        single = renamed.single
        if single is None:  # renaming has made a relation apply: start again from what it has become
            return sum_over(ring, renamed, names)
        key = (monomial_order(single[0]), single[1] < 0)
        if best is None or key < best[0]:  # type: ignore[operator]
            best = (key, renamed, names)
    assert best is not None
    assert best[1].single is not None
    kept, coefficient = best[1].single
    return variable(reduce("sum", monomial_node(kept), *best[2])).scaled(coefficient)


def _with_moved_axes(arranged: tuple[Index, ...], names: tuple[Index, ...]) -> tuple[Index, ...]:
    if all(i.axis.free.isdisjoint(arranged) for i in arranged):
        return names
    raise UnsupportedError("a double sum whose inner range depends on the outer index")


def _orders(monomial: Monomial, indices: tuple[Index, ...]) -> list[tuple[Index, ...]]:
    """The orders of the indices that their roles in the monomial leave open."""
    if len(indices) == 1:
        return [indices]
    roles: dict[tuple[object, ...], list[Index]] = {}
    for index in indices:
        roles.setdefault(_role(monomial, index), []).append(index)
    classes = [roles[key] for key in sorted(roles, key=repr)]
    count = 1
    for members in classes:
        count *= factorial(len(members))
    if count > MAX_ORDERS:
        raise UnsupportedError(f"a sum over {len(indices)} indices that play the same part")
    return [tuple(i for part in choice for i in part) for choice in product(*(permutations(c) for c in classes))]


def _role(monomial: Monomial, index: Index) -> tuple[object, ...]:
    """What distinguishes an index whatever it is called: its axis and where it stands in which tensors."""
    seen = []
    for atom, exponent in monomial:
        if index in atom.free:
            places = tuple(
                sorted(
                    (part.tensor.name, place)
                    for part in walk(atom)
                    if isinstance(part, Element)
                    for place, subscript in enumerate(part.subscripts)
                    if index in subscript.free
                )
            )
            seen.append((type(atom).__name__, repr(exponent) if not isinstance(exponent, Polynomial) else "", places))
    return (repr(index.axis), tuple(sorted(seen, key=repr)))
