"""What follows from what is known of the atoms: multiples c >= 0 of premises, and more that is >= 0, are >= 0.

The premises (derive.algebra.premises) are the bounds that the analysis of one variable gives: floor(u) <= u,
log(u) <= u - 1, exp(u) >= 1 + u; and Cauchy's, and that a largest value is above a mean.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from derive.algebra.bounds import gathered, is_shown_nonnegative
from derive.algebra.generic import both_cases, is_almost_never_zero
from derive.algebra.integers import is_integer_power
from derive.algebra.logarithms import cancelled
from derive.algebra.polynomial import (
    UNIT,
    Exponent,
    Monomial,
    Polynomial,
    Rational,
    is_whole,
    monomial_power,
    monomial_product,
    node_of,
    order,
    variable,
)
from derive.algebra.powers import power
from derive.algebra.premises import Premise, premises
from derive.errors import UndefinedError, UnsupportedError
from derive.expression import ZERO, Compare, Node

if TYPE_CHECKING:
    from derive.algebra.normal import Normalizer

MAX_USES = 3
MAX_BRANCHES = 3
MAX_TRIES = 60
MAX_SPLITS = 3

Test = Callable[["Normalizer", Polynomial], bool]


def is_consequence(ring: "Normalizer", goal: Polynomial) -> bool:
    """Whether goal >= 0 is shown from premises. An integer is >= 0 if it is > -1."""
    if _follows_by_cases(ring, goal, (), MAX_SPLITS):
        return True
    return _is_integer(goal) and _is_above_minus_one(ring, goal)


def _follows_by_cases(ring: "Normalizer", goal: Polynomial, known: tuple[Polynomial, ...], splits: int) -> bool:
    """Whether goal >= 0 follows where the known are >= 0, whichever way each condition in the goal goes."""
    atom = next((a for a in sorted(goal.atoms(), key=order) if isinstance(a, Compare) and a.operator == ">"), None)
    if atom is None:
        return _cannot_be(ring, known) or _Search(ring, is_shown_nonnegative, known).reaches(goal, MAX_USES)
    if not splits or any(e != 1 for m in goal.terms for a, e in m if a is atom):
        return False
    beyond = ring(atom.left)
    return all(
        _follows_by_cases(
            ring,
            both_cases(goal, atom)[case],
            (*(both_cases(value, atom)[case] for value in known), beyond if case == 0 else -beyond),
            splits - 1,
        )
        for case in (0, 1)
    )


def _cannot_be(ring: "Normalizer", known: tuple[Polynomial, ...]) -> bool:
    """Whether two conditions exclude each other: their sum would be negative."""
    return any(ring.is_positive(-(a + b)) for place, a in enumerate(known) for b in known[:place])


def is_zero_integer(ring: "Normalizer", difference: Polynomial) -> bool:
    """Whether an integer is shown to be 0: between -1 and 1, both excluded."""
    return _is_integer(difference) and _is_above_minus_one(ring, difference) and _is_above_minus_one(ring, -difference)


def _is_above_minus_one(ring: "Normalizer", value: Polynomial) -> bool:
    shown = _Search(ring, _is_positive).reaches(value + UNIT, MAX_USES)
    if shown and ring.steps is not None:
        ring.steps.add("an integer above -1", node_of(value), ZERO, ">=")
    return shown


def _is_integer(value: Polynomial) -> bool:
    """Whether this is an integer in which there is something rounded."""
    is_whole = all(c.q == 1 and all(map(is_integer_power, m)) for m, c in value.terms.items())
    return is_whole and any("floor" in atom.mentions for atom in value.atoms())


def _is_positive(ring: "Normalizer", value: Polynomial) -> bool:
    if not value or ring.is_positive(value):
        return bool(value)
    factored = ring.factors(value)
    return factored.coefficient > 0 and all(
        [ring.positive(a) for a, _ in factored.content] + [ring.is_positive(p) for p, _ in factored.factors]
    )


class _Search:
    """Each premise is put against a term that is not seen to be >= 0, so that this term goes: the best ways first."""

    def __init__(self, ring: "Normalizer", is_shown: Test, known: tuple[Polynomial, ...] = ()) -> None:
        self.ring, self.is_shown = ring, is_shown
        self.known = [Premise("", value) for value in known if value]  # in one case only, so no step of its own
        self.tries = 0

    def reaches(self, goal: Polynomial, uses: int) -> bool:
        if self.is_shown(self.ring, goal) or any(self._is_multiple(goal, premise.value) for premise in self.known):
            return True
        if not uses:
            return False
        ways: list[tuple[int, int, Premise, Polynomial]] = []
        bad = self._unseen(goal)
        for premise in (*self.known, *premises(self.ring, goal)):
            for factor in self._factors(premise.value, bad):
                self.tries += 1
                if self.tries > MAX_TRIES:
                    break
                rest = self._rest(goal, premise, factor)
                if rest is not None:
                    ways.append((len(self._unseen(rest)), len(rest.terms), premise, rest))
        ways.sort(key=lambda way: way[:2])
        for _, _, premise, rest in ways[:MAX_BRANCHES]:
            if self.reaches(rest, uses - 1):
                if self.ring.steps is not None and premise.rule:
                    self.ring.steps.add(premise.rule, node_of(premise.value), ZERO, ">=")
                return True
        return False

    def _is_multiple(self, goal: Polynomial, known: Polynomial) -> bool:
        """Whether the goal is c >= 0 times what is known to be >= 0."""
        try:
            quotient = cancelled(self.ring, self.ring.product(goal, power(self.ring, known, -1)))
            return self.is_shown(self.ring, quotient)
        except (UnsupportedError, UndefinedError):
            return False

    def _rest(self, goal: Polynomial, premise: Premise, factor: Polynomial) -> Polynomial | None:
        try:
            return gathered(self.ring, goal - self.ring.product(factor, premise.value))
        except (UnsupportedError, UndefinedError):
            return None

    def _unseen(self, goal: Polynomial) -> list[tuple[Monomial, Rational]]:
        return [(m, c) for m, c in goal.terms.items() if not self._is_seen(m, c)]

    def _is_seen(self, monomial: Monomial, coefficient: Rational) -> bool:
        return bool(coefficient > 0) and all(self.ring.nonnegative_factor(a, e) for a, e in monomial)

    def _factors(self, known: Polynomial, bad: list[tuple[Monomial, Rational]]) -> list[Polynomial]:
        """By what the premise may be multiplied, so that a term of it is one of the goal."""
        found: dict[Polynomial, None] = {}
        for monomial, coefficient in bad:
            for own, share in known.terms.items():
                if not own or share * coefficient <= 0:
                    continue
                ratio = monomial_product(monomial, monomial_power(own, -1))
                if all(self._may_multiply(a, e) for a, e in ratio):
                    found.setdefault(self.ring.of_monomial(ratio, coefficient / share))
        return list(found)

    def _may_multiply(self, atom: Node, exponent: Exponent) -> bool:
        """Whether a power is >= 0 and defined, off a null set."""
        if not self.ring.nonnegative_factor(atom, exponent):
            return False
        is_whole_power = is_whole(exponent) and exponent > 0
        return is_whole_power or self.ring.positive(atom) or is_almost_never_zero(self.ring, variable(atom))
