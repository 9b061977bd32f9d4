"""A normal form put together again: common factors taken out, sums over one index merged, known functions read off.

Nothing here has to be right: what comes out is proved equal before it is shown (see `derive.forms.shortest`).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from flint import fmpq

from derive.algebra.factors import factor
from derive.algebra.normal import Normalizer
from derive.algebra.polynomial import (
    NOTHING,
    Monomial,
    Polynomial,
    Rational,
    monomial_node,
    monomial_power,
    node_of,
    order,
    variable,
)
from derive.algebra.zero import is_zero
from derive.binding import fresh, opened, rebuilt, reduce, replace
from derive.expression import (
    MINUS_ONE,
    ONE,
    ZERO,
    Add,
    Axis,
    Call,
    Compare,
    Extremum,
    Index,
    Multiply,
    Node,
    Number,
    Power,
    Reduce,
    Size,
    Tensor,
    Where,
    add,
    element,
    multiply,
    number,
    power,
)
from derive.forms.style import Lengths, factors_of, negative, read_off, tidied

MOST_TERMS = 16  # of a normal form that is put together in every way; a longer one is only factored
DEPTH = 2


@dataclass
class _Merge:
    """Terms that are sums over one axis: of each what is summed, under one index, and its coefficient."""

    index: Index
    terms: list[Monomial] = field(default_factory=list)
    bodies: list[tuple[Node, Rational]] = field(default_factory=list)


class Grouping:
    """Writes polynomials over the atoms of one ring, each way tried once."""

    def __init__(self, ring: Normalizer, depth: int = DEPTH) -> None:
        self.depth = depth
        self.ring = ring
        self.memo: dict[tuple[Polynomial, int], Node] = {}
        self.length = Lengths()
        self.opaque: dict[Node, Tensor] = {}

    def __call__(self, polynomial: Polynomial) -> Node:
        """The shortest of the ways to write it that were tried."""
        return self.short(polynomial, self.depth)

    def short(self, polynomial: Polynomial, depth: int) -> Node:
        known = self.memo.get((polynomial, depth))
        if known is None:
            known = self.memo[polynomial, depth] = min(self._ways(polynomial, depth), key=self.length)
        return known

    def _ways(self, polynomial: Polynomial, depth: int) -> Iterator[Node]:
        yield read_off(node_of(polynomial))
        content = _common(polynomial) if len(polynomial.terms) > 1 else ()
        if content:
            rest = self.ring.product(polynomial, Polynomial({monomial_power(content, -1): fmpq(1)}))
            yield self._times(self._product(content, 1), [read_off(node_of(rest))])
        if not polynomial or depth == 0:
            return
        if len(polynomial.terms) > 1:
            yield from self._factored(polynomial, depth)
        if len(polynomial.terms) <= MOST_TERMS:
            yield from self._cases(polynomial, depth)
            if len(polynomial.terms) > 1:
                yield from self._collected(polynomial, depth)
                yield from self._merged(polynomial, depth)
                yield from self._logistic(polynomial, depth)

    def _product(self, monomial: Monomial, coefficient: Rational) -> Node:
        return read_off(monomial_node(monomial, coefficient))

    # ------------------------------------------------------------------------------------ factors

    def _factored(self, polynomial: Polynomial, depth: int) -> Iterator[Node]:
        """As a product of irreducible factors, and as one of its content and the rest."""
        if is_zero(self.ring, polynomial):
            yield ZERO
            return
        found = factor(self.ring, polynomial)
        if len(found.factors) == 1 and found.factors[0][1] == 1 and not found.content:
            return
        content = Polynomial({found.content: found.coefficient})
        parts = []
        for base, times in found.factors:
            # What is divided by a length stands better inside, as a mean; so may what is divided by a sum.
            inside, best = base, self.short(base, depth - 1)
            for atom in [a for a, e in found.content if isinstance(a, Size | Reduce | Add) and _is_divisor(e)]:
                divided = self.ring.product(inside, variable(atom, -1))
                shorter = self.short(divided, 0)
                if self.length(shorter) < self.length(best) + (3 if isinstance(atom, Size) else 0):
                    best, inside = shorter, divided
                    content = self.ring.product(content, variable(atom, times))
            parts.append(power(best, times))
        yield self._times(node_of(content), parts)

    def _times(self, first: Node, parts: list[Node]) -> Node:
        """The product, powers of one base together, and a sign put into a difference."""
        whole = self._combined(multiply(first, *parts))
        factors = list(whole.factors) if isinstance(whole, Multiply) else [whole]
        ways = [whole]
        if isinstance(factors[0], Number) and factors[0].value < 0:
            for place, part in enumerate(factors):
                if isinstance(part, Add):
                    turned = [multiply(MINUS_ONE, factors[0]), *factors[1:place], tidied(negative(part))]
                    ways.append(multiply(*turned, *factors[place + 1 :]))
        return read_off(min(ways, key=self.length))

    def _combined(self, node: Node) -> Node:
        """Powers of the same sum, or of it with the other sign, as one."""
        powers: dict[Node, list[Any]] = {}
        sign = 1
        for base, exponent in factors_of(node):
            if not isinstance(base, Add) or not isinstance(exponent, Number):
                powers.setdefault(multiply(base, power(ONE, exponent)), [base, exponent])
                continue
            value = self.ring(base)
            key = node_of(value)
            turned = node_of(-value)
            if key not in powers and turned in powers and exponent.denominator == 1:
                key, sign = turned, sign * (-1) ** exponent.numerator
            if key in powers:
                powers[key][1] = number(powers[key][1].value + exponent.value)
            else:
                powers[key] = [base, exponent]
        return multiply(sign, *(power(base, exponent) for base, exponent in powers.values() if exponent is not ZERO))

    # ------------------------------------------------------------------------------ sums of terms

    def _collected(self, polynomial: Polynomial, depth: int) -> Iterator[Node]:
        """By the powers of one atom: a*x + a*y + b is a*(x + y) + b."""
        uses: dict[Node, int] = {}
        for monomial in polynomial.terms:
            for atom, _ in monomial:
                uses[atom] = uses.get(atom, 0) + 1
        often = [a for a in uses if 1 < uses[a] < len(polynomial.terms) or len(uses) < 4]
        often.sort(key=lambda a: (-uses[a] * self.length(a), order(a)))
        for atom in often[: 2 * depth]:
            groups: dict[object, dict[Monomial, Rational]] = {}
            for monomial, coefficient in polynomial.terms.items():
                exponent = next((e for a, e in monomial if a is atom), 0)
                groups.setdefault(exponent, {})[monomial] = coefficient
            if 1 < len(groups) < len(polynomial.terms):
                yield tidied(add(*(self.short(Polynomial(terms), depth - 1) for terms in groups.values())))

    def _merged(self, polynomial: Polynomial, depth: int) -> Iterator[Node]:
        """sum(a[i]*x[i], i) - sum(b[i]*x[i], i) is sum(x[i]*(a[i] - b[i]), i)."""
        merges: dict[tuple[Monomial, Axis], _Merge] = {}
        for monomial, coefficient in polynomial.terms.items():
            for atom, exponent in monomial:
                if not isinstance(atom, Reduce) or atom.kind != "sum" or exponent != 1:
                    continue
                rest = tuple(item for item in monomial if item[0] is not atom)
                for inner, index in _by_each(atom):
                    if not index.axis.free:
                        merge = merges.setdefault((rest, index.axis), _Merge(fresh(index)))
                        merge.terms.append(monomial)
                        merge.bodies.append((replace(inner, {index: merge.index}), coefficient))
        for (rest, _), merge in merges.items():
            if len(merge.terms) < 2 or len({*merge.terms}) < len(merge.terms):
                continue
            inside = NOTHING
            for body, coefficient in merge.bodies:
                inside = inside + self.ring(body).scaled(coefficient)
            merged = _with_number_outside(reduce("sum", self.short(inside, depth - 1), merge.index))
            whole = self._times(self._product(rest, 1), [merged])
            others = {m: c for m, c in polynomial.terms.items() if m not in merge.terms}
            yield tidied(add(whole, self.short(Polynomial(others), depth - 1))) if others else whole

    # ----------------------------------------------------------------------------- known functions

    def _cases(self, polynomial: Polynomial, depth: int) -> Iterator[Node]:
        """a + [c]*b by cases, by the sign, or as a maximum."""
        for condition in sorted((a for a in polynomial.atoms() if isinstance(a, Compare)), key=order):
            with_it: dict[Monomial, Rational] = {}
            without: dict[Monomial, Rational] = {}
            for monomial, coefficient in polynomial.terms.items():
                rest = tuple(item for item in monomial if item[0] is not condition)
                (without if len(rest) == len(monomial) else with_it)[rest] = coefficient
            one, other = Polynomial(with_it), Polynomial(without)
            then, otherwise = self.short(one + other, depth - 1), self.short(other, depth - 1)
            yield Where(condition, then, otherwise)
            if condition.operator != ">" or condition.right is not ZERO:
                continue
            if one == other.scaled(-2):
                yield self._times(Call("sign", condition.left), [self.short(-other, depth - 1)])
            if not other and all(any(a is condition.left and e == 1 for a, e in m) for m in one.terms):
                left = Polynomial({tuple(i for i in m if i[0] is not condition.left): c for m, c in one.terms.items()})
                yield self._times(Extremum("max", (ZERO, condition.left)), [self.short(left, depth - 1)])

    def _logistic(self, polynomial: Polynomial, depth: int) -> Iterator[Node]:
        """With s for sigmoid(t): exp(t) is s/(1 - s), and 1/(1 + exp(t)) is 1 - s."""
        for atom in sorted(polynomial.atoms(), key=order):
            if not isinstance(atom, Call) or atom.function != "exp":
                continue
            kept = next(
                (
                    a
                    for a in sorted(polynomial.atoms(), key=order)
                    if isinstance(a, Add) and self.ring(a) == self.ring(1 + atom)
                ),
                None,
            )
            if kept is None:
                continue
            s = element(self.opaque.setdefault(atom, Tensor(f"#logistic{len(self.opaque)}", (), "real")))
            mapping: dict[Node, Node] = {atom: s / (1 - s), kept: power(1 - s, -1)}
            again = self.ring(_exchanged(node_of(polynomial), mapping))
            found = self.short(again, depth - 1)
            yield replace(found, {s: Call("sigmoid", atom.argument)})


def _exchanged(node: Node, mapping: dict[Node, Node]) -> Node:
    """The parts replaced outside of binders alone."""
    if node in mapping:
        return mapping[node]
    if isinstance(node, Add | Multiply | Power):
        return rebuilt(node, lambda part: _exchanged(part, mapping))
    return node


def _by_each(node: Reduce) -> Iterator[tuple[Node, Index]]:
    """A sum over several indices as a sum over one of them, each in turn, of what is summed over the others."""
    body, indices = opened(node)
    factors = body.factors if isinstance(body, Multiply) else (body,)
    for index in indices:
        others = tuple(i for i in indices if i is not index)
        inner = [f for f in factors if not f.free.isdisjoint(others)]
        outer = [f for f in factors if f.free.isdisjoint(others)]
        nested = [reduce("sum", multiply(*inner), *others)] if others else []
        yield multiply(*outer, *nested), index


def _with_number_outside(node: Reduce) -> Node:
    body, indices = opened(node)
    if isinstance(body, Multiply) and isinstance(body.factors[0], Number):
        return multiply(body.factors[0], reduce(node.kind, multiply(*body.factors[1:]), *indices))
    return node


def _common(polynomial: Polynomial) -> Monomial:
    """The atoms that every term has to one and the same power."""
    first, *others = polynomial.terms
    return tuple(item for item in first if all(item in monomial for monomial in others))


def _is_divisor(exponent: Any) -> bool:
    return not isinstance(exponent, Polynomial) and exponent <= -1
