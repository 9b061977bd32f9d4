"""The normal form: an index expression as a polynomial in atoms, valid on the whole domain at every step.

Sums are distributed and stripped of what does not depend on their index, deltas contracted, functions
lowered to exp, log, powers and cases, bound indices named canonically. Cases are indicator atoms
(1 where p > 0, else 0), which are idempotent. What a step takes for granted is recorded in `facts`.
"""

from collections.abc import Callable

from flint import fmpq

from derive.algebra.factors import Factored, factor
from derive.algebra.inside import moved_by
from derive.algebra.integers import is_fractional
from derive.algebra.onehot import picked, picks, relation_of_choice
from derive.algebra.polynomial import (
    UNIT,
    Monomial,
    Polynomial,
    Rational,
    accumulated,
    exponent_of,
    exponent_product,
    is_whole,
    monomial_node,
    monomial_product,
    node_of,
    variable,
)
from derive.algebra.powers import power
from derive.algebra.relations import RELATIONS
from derive.algebra.rules import NAMES, RULES
from derive.algebra.signs import atom_is_nonnegative, atom_is_positive, is_indicator, is_unit_complement
from derive.algebra.steps import Steps, law_of
from derive.algebra.sums import sum_of_monomial
from derive.binding import replace
from derive.errors import UnsupportedError
from derive.expression import (
    Delta,
    Derivative,
    Element,
    Index,
    Node,
    Reduce,
)

Definitions = Callable[[Element], Node | None]
Resolve = Callable[[Derivative], Node]

ONE_RATIONAL = fmpq(1)
MAX_TERMS = 20_000
MAX_EFFORT = 200_000
MAX_POWER = 24


class Normalizer:
    """Turns expressions into normal form, with a memory of what it has already turned.

    definition: what an element stands for, if it is to be expanded; None for one that stays an atom.
    resolve: gives the derivative that a Derivative node stands for, as an expression without D.
    facts: what the steps taken since it was last emptied have used, in words.
    steps: where every step is recorded, None for a normal form that nobody wants to check.
    keeps_magnitudes: whether absolute values are atoms, and not cases.
    """

    def __init__(
        self,
        definition: Definitions | None = None,
        resolve: Resolve | None = None,
        steps: Steps | None = None,
        keeps_magnitudes: bool = False,
    ) -> None:
        self.definition = definition or (lambda part: None)
        self.resolve = resolve
        self.steps = steps
        self.keeps_magnitudes = keeps_magnitudes
        self.met_magnitudes = False
        self._keeping: Normalizer | None = None
        self.facts: dict[str, None] = {}
        self.used: dict[Node, dict[str, None]] = {}
        self.memo: dict[Node, Polynomial] = {}
        self.factored: dict[Polynomial, Factored] = {}
        self.signs: dict[Node, bool] = {}
        self.effort, self.most = 0, MAX_EFFORT
        self.choices: dict[Node, tuple[tuple[Reduce, Polynomial], ...]] = {}
        self.pivots: dict[Node, tuple[Node, Node, bool] | None] = {}
        self.places: dict[tuple[Node, Index], tuple[tuple[str, int], ...]] = {}

    def keeping_magnitudes(self) -> "Normalizer":
        """The same normal form with absolute values as atoms."""
        if self._keeping is None:
            self._keeping = Normalizer(self.definition, self.resolve, self.steps, keeps_magnitudes=True)
        return self._keeping

    def note(self, fact: str) -> None:
        self.facts.setdefault(fact)

    def __call__(self, node: Node) -> Polynomial:
        done = self.memo.get(node)
        if done is None:
            rule = RULES.get(type(node))
            if rule is None:
                raise UnsupportedError(f"no rule for {type(node).__name__}")
            outer, self.facts = self.facts, {}
            try:
                done = rule(self, node)
            finally:
                own, self.facts = self.facts, outer
            if len(done.terms) > MAX_TERMS:
                raise UnsupportedError(f"the normal form has more than {MAX_TERMS} terms")
            self.memo[node] = done
            if self.steps is not None and type(node) in NAMES:
                self.steps.add(NAMES[type(node)], node, node_of(done))
            if own:
                self.used[node] = own
        used = self.used.get(node)
        if used is not None:
            self.facts.update(used)
        return done

    def total(self, monomial: Monomial, indices: tuple[Index, ...]) -> Polynomial:
        return sum_of_monomial(self, monomial, indices)

    def factors(self, polynomial: Polynomial) -> Factored:
        return factor(self, polynomial)

    def canonical(self, node: Node) -> Node:
        """The expression that the normal form of node stands for."""
        return node_of(self(node))

    def spend(self, effort: int) -> None:
        """Count work in products of terms, and refuse to go on past the limit: no clock, the same on every machine."""
        self.effort += effort
        if self.effort > self.most:
            raise UnsupportedError("the normal forms take too much work")

    def product(self, a: Polynomial, b: Polynomial) -> Polynomial:
        self.spend(len(a.terms) * len(b.terms))
        if len(a.terms) == 1 == len(b.terms):
            ((m, c),), ((n, d),) = a.terms.items(), b.terms.items()
            joined = monomial_product(m, n)
            reduced = self.reduced(joined) if m and n else None
            return Polynomial({joined: c * d}) if reduced is None else reduced.scaled(c * d)
        if len(a.terms) == 1 and () in a.terms:
            return b.scaled(a.terms[()])
        if len(b.terms) == 1 and () in b.terms:
            return a.scaled(b.terms[()])
        terms: dict[Monomial, Rational] = {}
        special: list[tuple[Polynomial, Rational]] = []
        for m, c in a.terms.items():
            for n, d in b.terms.items():
                joined = monomial_product(m, n)
                reduced = self.reduced(joined) if m and n else None
                if reduced is not None:
                    special.append((reduced, c * d))
                elif joined in terms:
                    accumulated(terms, ((joined, c * d),))
                else:
                    terms[joined] = c * d
        for polynomial, scale in special:
            accumulated(terms, ((m, c * scale) for m, c in polynomial.terms.items()))
        return Polynomial(terms)

    def whole_power(self, base: Polynomial, exponent: int) -> Polynomial:
        """base**exponent for an integer >= 0, by squaring."""
        if exponent > MAX_POWER and len(base.terms) > 1:
            raise UnsupportedError(f"a sum to the power {exponent}")
        single = base.single
        if single is not None and exponent > 1:
            monomial, coefficient = single
            joined = tuple((atom, exponent_product(e, exponent)) for atom, e in monomial)
            reduced = self.reduced(joined)
            return (reduced if reduced is not None else Polynomial({joined: fmpq(1)})).scaled(coefficient**exponent)
        result, square = UNIT, base
        while exponent:
            if exponent & 1:
                result = self.product(result, square)
            exponent >>= 1
            if exponent:
                square = self.product(square, square)
        return result

    def of_monomial(self, monomial: Monomial, coefficient: Rational = ONE_RATIONAL) -> Polynomial:
        """A monomial, put together anew from its atoms."""
        reduced = self.reduced(monomial)
        return (Polynomial({monomial: fmpq(1)}) if reduced is None else reduced).scaled(coefficient)

    def reduced(self, monomial: Monomial) -> Polynomial | None:
        """What a monomial becomes by the relations between its atoms, None if it stays as it is."""
        for place, (atom, exponent) in enumerate(monomial):
            relation = relation_of_choice if isinstance(atom, Reduce) else RELATIONS.get(type(atom))
            if relation is None:
                continue
            changed = relation(self, monomial, place, atom, exponent)
            if changed is not None:
                if self.steps is not None:
                    self.steps.add(law_of(relation), monomial_node(monomial), node_of(changed))
                return changed
        return None

    def substituted(self, monomial: Monomial, mapping: dict[Node, Node]) -> Polynomial:
        """The monomial with indices replaced, in normal form again."""
        result = UNIT
        for atom, exponent in monomial:
            base = self(replace(atom, mapping))
            if exponent != 1:
                base = power(self, base, _renamed(exponent, mapping, self))
            result = self.product(result, base)
        return result

    def positive(self, atom: Node) -> bool:
        """Whether the atom is > 0 on the whole domain."""
        known = self.signs.get(atom)
        if known is None:
            known = self.signs[atom] = atom_is_positive(self, atom)
        return known

    def is_positive(self, polynomial: Polynomial) -> bool:
        """Whether every term is >= 0 and one is > 0, on the whole domain, or it is 1 less a product of units."""
        if is_unit_complement(self, polynomial):
            return True
        strict = False
        for monomial, coefficient in polynomial.terms.items():
            if coefficient < 0 or not all(self.nonnegative_factor(a, e) for a, e in monomial):
                return False
            strict = strict or all(self.positive(a) for a, _ in monomial)
        return strict

    def is_nonnegative(self, polynomial: Polynomial) -> bool:
        """Whether every term is >= 0 on the whole domain."""
        return self.is_positive(polynomial) or all(
            c > 0 and all(self.nonnegative_factor(a, e) for a, e in m) for m, c in polynomial.terms.items()
        )

    def is_product_nonnegative(self, polynomial: Polynomial) -> bool:
        """Whether every factor is >= 0 on the whole domain, as in (p - 1/2)**2 or 2/(1 + exp(x))."""
        if not polynomial or self.is_nonnegative(polynomial):
            return True
        factored = factor(self, polynomial)
        return (
            factored.coefficient > 0
            and all(self.nonnegative_factor(a, e) for a, e in factored.content)
            and all(times % 2 == 0 or self.is_nonnegative(base) for base, times in factored.factors)
        )

    def nonnegative_factor(self, atom: Node, exponent: object) -> bool:
        if is_whole(exponent) and exponent % 2 == 0:  # type: ignore[operator]
            return True
        if is_fractional(self, exponent):
            return True  # defined only where its base is not negative
        return self.positive(atom) or atom_is_nonnegative(self, atom)

    def by_cases(self, polynomial: Polynomial, change: Callable[[Polynomial], Polynomial]) -> Polynomial:
        """change(polynomial), for a change that is not linear, case by case where indicators occur."""
        for monomial in polynomial.terms:
            for atom, _ in monomial:
                if is_indicator(atom):
                    return self._split(polynomial, atom, change)
                if picks(atom) is not None:
                    return picked(self, polynomial, atom, change)
        return change(polynomial)

    def _split(self, polynomial: Polynomial, atom: Node, change: Callable[[Polynomial], Polynomial]) -> Polynomial:
        one: dict[Monomial, Rational] = {}
        zero: dict[Monomial, Rational] = {}
        for monomial, coefficient in polynomial.terms.items():
            rest = tuple(item for item in monomial if item[0] is not atom)
            known = moved_by(self, atom, rest) if isinstance(atom, Delta) and rest else None
            if known is None:
                accumulated(one, ((rest, coefficient),))
            else:  # where i = k, the other conditions on i are those on k: most of them are decided
                moved = self.substituted(rest, {known[0]: known[1]})
                accumulated(one, ((m, c * coefficient) for m, c in moved.terms.items()))
            if len(rest) == len(monomial):
                accumulated(zero, ((rest, coefficient),))
        then, otherwise = self.by_cases(Polynomial(one), change), self.by_cases(Polynomial(zero), change)
        return otherwise + self.product(variable(atom), then - otherwise)


def _renamed(exponent: object, mapping: dict[Node, Node], ring: Normalizer) -> object:
    if not isinstance(exponent, Polynomial):
        return exponent
    return exponent_of(ring(replace(node_of(exponent), mapping)))
