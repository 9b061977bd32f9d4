"""Defects to be planted in the parts of the engine, one at a time, each with a claim that it touches."""

from collections.abc import Callable
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
import pytest
import sympy

from derive import adjoints, calculus, functions, proof
from derive.algebra import binders, cases, contraction, induction, normal, ordering, powers, rules, sums
from derive.algebra.factors import by_residue, multiplied_out
from derive.algebra.polynomial import NOTHING, UNIT, variable
from derive.binding import opened, reduce
from derive.binding import replace as put
from derive.exchange import scalars
from derive.expression import (
    ONE,
    ZERO,
    Add,
    Call,
    Compare,
    Delta,
    Expect,
    Extremum,
    Logic,
    Multiply,
    Power,
    Reduce,
    Where,
    multiply,
)
from verify import differences, elements, session
from verify.arithmetic import balls, branches, comparison, elementary, evaluation, reverse, tensors
from verify.arithmetic.comparison import Outcome
from verify.digits import Comparison
from verify.floats import arrays, measurement
from verify.floats.labelled import Stored
from verify.floats.recurrences import Recurrence
from verify.floats.stencils import Estimate, extrapolated
from verify.written import Point

Monkey = pytest.MonkeyPatch
Plant = Callable[[Monkey], None]

REAL, POSITIVE = {"x": "real"}, {"x": "positive"}
PAIR = {"x": "real", "y": "real"}
VECTOR = {"x": "real[n]"}
OTHERS = {"x": "real[n]", "y": "real[m]"}
NORMAL = {"m": "real", "s": "positive"}
LOGIC = "where(x > 0 and y > 0, x, y) == where(x > 0, where(y > 0, x, y), y)"


class Defect(NamedTuple):
    """witness: the one that has the defect, and then stands against another.  sound: the verdict without it."""

    witness: str
    plant: Plant
    claim: str
    inputs: dict[str, str]
    sound: str
    define: dict[str, str] | None = None


def put_in(place: Any, name: str, part: Any) -> Plant:
    return lambda monkeypatch: monkeypatch.setattr(place, name, part)


def rule(table: dict[Any, Any], key: Any, part: Any) -> Plant:
    return lambda monkeypatch: monkeypatch.setitem(table, key, part)


# ---- the normal form and the zero test


def one_residue_is_enough(ring: Any, polynomial: Any) -> bool:
    """The zero test with `any` in place of `all`."""
    if not polynomial:
        return True
    kept = [a for a in polynomial.atoms() if isinstance(a, Add | Multiply)]
    return bool(kept) and any(
        one_residue_is_enough(ring, multiplied_out(ring, rows, ring(kept[0])))
        for rows in by_residue(polynomial, kept[0]).values()
    )


def smallest_of_extremum(ring: Any, node: Any) -> Any:
    first, second = map(ring, node.arguments)
    return first + ring.product(cases.indicator(ring, first - second), second - first)


def expectation_at_the_mean(ring: Any, node: Any) -> Any:
    body, (z,) = opened(node)
    return ring(put(body, {z: node.mean}))


def mean_without_its_size(ring: Any, node: Any) -> Any:
    return sums.normal_of_sum(ring, node)


def exponential_of_a_sum(ring: Any, argument: Any) -> Any:
    result = NOTHING
    for monomial, coefficient in argument.terms.items():
        result = result + powers._exponential_of_term(ring, monomial, coefficient)
    return result


def square_of_sine(ring: Any, m: Any, place: int, atom: Any, e: Any) -> Any:
    if atom.function != "sin" or e != 2:
        return None
    rest = ring.of_monomial((*m[:place], *m[place + 1 :]))
    return ring.product(rest, UNIT + variable(Call("cos", atom.argument), 2))


def subscripts_turned(part: Any, indices: Any, body: Any) -> Any:
    return put(body, dict(zip(indices, part.subscripts[::-1], strict=True)))


def no_base(monkeypatch: Monkey) -> None:
    made = induction._Induction.__init__

    def wrong(self: Any, *given: Any) -> None:
        made(self, *given)
        self.base = ZERO

    monkeypatch.setattr(induction._Induction, "__init__", wrong)


def any_boundary(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whole numbers are taken for reals, and the boundaries of reals for null sets."""
    monkeypatch.setattr(cases, "integers_above", lambda ring, polynomial: None)
    monkeypatch.setattr(cases, "is_almost_never_zero", lambda ring, polynomial: True)


NORMAL_FORM = {
    "a contraction that forgets the range": Defect(
        "algebra", put_in(contraction, "is_inside", lambda ring, target, index: True),
        "y[j]*sum(delta(t, j), (t, 0, n - 1)) == y[j]", OTHERS, "refuted"),
    "a sum over any axis of a simplex": Defect(
        "algebra", put_in(contraction, "is_distribution_over", lambda atom, index: index in atom.free),
        "sum(p[i, j], i) == 1", {"p": "simplex[n, m]"}, "refuted"),
    "a count that forgets the size": Defect(
        "algebra", put_in(sums, "_count", lambda ring, indices: UNIT),
        "sum(x, (i, 1, n)) == x", {"x": "real", "y": "real[n]"}, "refuted"),
    "a mean without its size": Defect(
        "algebra", rule(binders.RULES, "mean", mean_without_its_size),
        "mean(x[i], i) == sum(x[i], i)", VECTOR, "refuted"),
    "sqrt(x**2) is x": Defect(
        "algebra", put_in(powers, "absolute_power", powers.power), "sqrt(x**2) == x", REAL, "refuted"),
    "everything is positive": Defect(
        "algebra", put_in(normal.Normalizer, "positive", lambda ring, atom: True),
        "log(x**2) == 2*log(x)", {"x": "nonzero"}, "refuted"),
    "a boundary is always a null set": Defect(
        "algebra", put_in(cases, "is_almost_never_zero", lambda ring, polynomial: True),
        "where(x[i] > x[k], 1, 0) + where(x[k] > x[i], 1, 0) == 1", VECTOR, "refuted"),
    "a boundary of whole numbers is a null set": Defect(
        "algebra", any_boundary,
        "where(n > 2, x[i], 0) == where(n >= 2, x[i], 0)", VECTOR, "refuted"),
    "max is min": Defect(
        "algebra", rule(rules.RULES, Extremum, smallest_of_extremum),
        "max(x, y) == where(x > y, y, x)", PAIR, "refuted"),
    "the expectation is the value at the mean": Defect(
        "algebra", rule(rules.RULES, Expect, expectation_at_the_mean),
        "expect(z**2, z, Normal(m, s)) == m**2", NORMAL, "refuted"),
    "exp(x + y) is exp(x) + exp(y)": Defect(
        "algebra", put_in(powers, "_exponential", exponential_of_a_sum),
        "exp(x + y) == exp(x) + exp(y)", PAIR, "refuted"),
    "sin**2 is 1 + cos**2": Defect(
        "algebra", rule(normal.RELATIONS, Call, square_of_sine),
        "sin(x)**2 == 1 + cos(x)**2", REAL, "refuted"),
    "a floor is always 0": Defect(
        "algebra", put_in(rules, "_floor", lambda ring, argument: NOTHING),
        "x*floor(y) == 0", PAIR, "refuted"),
    "an induction without its first step": Defect(
        "algebra", no_base, "c[t] == sum(x[s], (s, 1, t)) + 1", {"x": "real[1..T]"}, "refuted",
        {"c[0]": "0", "c[t]": "c[t-1] + x[t]"}),
    "a definition with its subscripts turned": Defect(
        "algebra",
        put_in(proof, "at", subscripts_turned),
        "sum(M[i, j]*x[j], j) == x[i]**2*sum(x[j]**2, j)", VECTOR, "refuted", {"M[i, j]": "x[i]*x[j]**2"}),
    "a zero test that asks for one part": Defect(
        "algebra", put_in(ordering, "is_zero", one_residue_is_enough),
        "x**2/(1 + x**2) + 1/(1 + x**2) + sqrt(1 + x**2) == 1", REAL, "refuted"),
    "a zero test that always passes": Defect(
        "algebra", put_in(ordering, "is_zero", lambda ring, polynomial: True),
        "D(sum(x[i]**2, i), x[k]) == 3*x[k]", VECTOR, "refuted"),
    "an order test that always passes": Defect(
        "algebra", put_in(normal.Normalizer, "is_product_nonnegative", lambda ring, polynomial: True),
        "x**2 <= x", REAL, "refuted"),
}  # fmt: skip


# ---- the calculus


def product_of_slopes(node: Any, d: Any) -> Any:
    return multiply(*map(d, node.factors))


def power_with_its_exponent(node: Any, d: Any) -> Any:
    return multiply(node.exponent, node, d(node.base))


def call_without_its_chain(node: Any, d: Any) -> Any:
    return put(functions.TABLE[node.function].slope, {functions.x: node.argument, functions.y: node})


def slope_of_the_smaller(node: Any, d: Any) -> Any:
    first, second = node.arguments
    return Where(Compare("<", first, second), d(first), d(second))


def slope_of_the_other_case(node: Any, d: Any) -> Any:
    return Where(node.condition, d(node.otherwise), d(node.then))


def sum_for_the_mean(node: Any, d: Any) -> Any:
    body, indices = opened(node)
    return reduce("sum", d(body), *indices)


def kept_of_any_axis(kind: str, term: Any, indices: Any) -> Any:
    deltas = [part for part in term.factors if isinstance(part, Delta)]
    rest = multiply(*(part for part in term.factors if part not in deltas))
    return put(rest, {part.left: part.right for part in deltas})


def expectation_of_what_stands_still(node: Any, d: Any) -> Any:
    return ZERO


def last_path_only(monkeypatch: Monkey) -> None:
    make = adjoints.Reverse.__init__

    def forgetful(self: Any, *arguments: Any, **named: Any) -> None:
        make(self, *arguments, **named)
        self._users = {tensor: users[-1:] for tensor, users in self._users.items()}

    monkeypatch.setattr(adjoints.Reverse, "__init__", forgetful)


CALCULUS = {
    "a product of slopes": Defect(
        "algebra", rule(calculus.FORWARD, Multiply, product_of_slopes),
        "D(x*sin(x), x) == cos(x)", REAL, "refuted"),
    "an exponent that stays": Defect(
        "algebra", rule(calculus.FORWARD, Power, power_with_its_exponent), "D(x**3, x) == 3*x**3", REAL, "refuted"),
    "a missing chain factor": Defect(
        "algebra", rule(calculus.FORWARD, Call, call_without_its_chain), "D(exp(2*x), x) == exp(2*x)", REAL, "refuted"),
    "the slope of what max leaves": Defect(
        "algebra", rule(calculus.FORWARD, Extremum, slope_of_the_smaller),
        "D(max(x, 3*y), x) == where(x > 3*y, 0, 1)", PAIR, "refuted"),
    "the slope of the other case": Defect(
        "algebra", rule(calculus.FORWARD, Where, slope_of_the_other_case),
        "D(where(x > 0, x**2, x), x) == where(x > 0, 1, 2*x)", REAL, "refuted"),
    "a mean without its size": Defect(
        "algebra", put_in(calculus, "contracted_derivative_of_reduce", sum_for_the_mean),
        "D(mean(x[i]**2, i), x[k]) == 2*x[k]", VECTOR, "refuted"),
    "a delta of any axis": Defect(
        "algebra", put_in(calculus, "_contracted_term", kept_of_any_axis),
        "D(sum(x[i]**2, (i, 1, n - 1)), x[k]) == 2*x[k]", VECTOR, "refuted"),
    "an expectation that stands still": Defect(
        "algebra", rule(calculus.FORWARD, Expect, expectation_of_what_stands_still),
        "D(expect(z**2, z, Normal(m, s)), s) == 0", NORMAL, "refuted"),
    "an element that depends on all": Defect(
        "algebra", put_in(adjoints, "Delta", lambda left, right: ONE),
        "D(sum(x[i]**2, i), x[k]) == 2*sum(x[i], i) + x[k] - x[k]", VECTOR, "refuted"),
    "one path of two": Defect(
        "algebra", last_path_only, "D(L, x) == x**2", REAL, "refuted", {"a": "x**2", "L": "a*x"}),
}  # fmt: skip


# ---- the exact witness: values, automatic differentiation, comparison, points


def product_with_one_slope(a: balls.Array, b: balls.Array) -> balls.Array:
    x, y, labels = balls.fit(a, b)
    pulls = ((a, lambda g: balls.onto(balls.weigh(g, b), labels, a.labels)),)
    return balls.Array(x * y, labels, a.exact and b.exact, max(a.trouble, b.trouble), pulls)


def doubled_slope(monkeypatch: Monkey) -> None:
    right = elementary.power

    def wrong(a: balls.Array, exponent: balls.Array) -> balls.Array:
        value = right(a, exponent)
        value.parents = tuple(
            (parent, lambda g, pull=pull: balls.multiply(balls.exact(2), pull(g))) for parent, pull in value.parents
        )
        return value

    monkeypatch.setattr(elementary, "power", wrong)


def last_path_back(terms: Any) -> balls.Array:
    return terms[-1] if terms else balls.ZERO


def slope_of_every_case(monkeypatch: Monkey) -> None:
    monkeypatch.setattr(balls, "_masked", lambda mask, labels, own: lambda g: balls.onto(g, labels, own))


def comparison_turned(monkeypatch: Monkey) -> None:
    monkeypatch.setitem(branches._HOLDS, ">", branches._HOLDS["<"])


def floor_above(monkeypatch: Monkey) -> None:
    right = branches._floor
    monkeypatch.setattr(branches, "_floor", lambda v: right(v) + 1)


def next_step(monkeypatch: Monkey) -> None:
    right = tensors.Tensors._piece
    monkeypatch.setattr(
        tensors.Tensors, "_piece", lambda self, definition, at: balls.add(right(self, definition, at), balls.ONE)
    )


def turned_in_exact(monkeypatch: Monkey) -> None:
    right = tensors.Tensors._made

    def wrong(self: Any, tensor: Any) -> balls.Array:
        array = right(self, tensor)
        self.slots[tensor] = self.slots[tensor][::-1]
        return array

    monkeypatch.setattr(tensors.Tensors, "_made", wrong)


def mean_doubled(at: Any, node: Any) -> balls.Array:
    value = RIGHT_REDUCTION(at, node)
    return balls.multiply(balls.exact(2), value) if node.kind == "mean" else value


RIGHT_REDUCTION = evaluation._RULES[Reduce]
TURNED = ("sum(M[i, j]*x[j], j) == x[i]*sum(x[j]**3, j)", VECTOR, "proved", {"M[i, j]": "x[i]*x[j]**2"})
GROWTH = ("m[T] == a + sum(x[s], (s, 1, T))", {"a": "real", "x": "real[1..T]"}, "proved",
          {"m[0]": "a", "m[t]": "m[t-1] + x[t]"})  # fmt: skip

EXACT = {
    "a product with one slope": Defect(
        "exact", put_in(balls, "multiply", product_with_one_slope),
        "D(sin(x)*exp(x), x) == (sin(x) + cos(x))*exp(x)", REAL, "proved"),
    "a power with twice its slope": Defect("exact", doubled_slope, "D(x**3, x) == 3*x**2", REAL, "proved"),
    "one path back of two": Defect(
        "exact", put_in(reverse, "_summed", last_path_back), "D(x*exp(x), x) == (1 + x)*exp(x)", REAL, "proved"),
    "the slope of a case not taken": Defect(
        "exact", slope_of_every_case,
        "D(sum(max(0, x[i]), i), x[k]) == where(x[k] > 0, 1, 0)", VECTOR, "proved"),
    "a comparison turned": Defect("exact", comparison_turned, "where(x > y, x, y) == max(x, y)", PAIR, "proved"),
    "a floor above": Defect("exact", floor_above, "floor(x) <= x", REAL, "proved"),
    "a mean twice as large": Defect(
        "exact", rule(evaluation._RULES, Reduce, mean_doubled),
        "sum(x[i], i) == n*mean(x[i], i)", VECTOR, "proved"),
    "a recurrence off by one": Defect("exact", next_step, *GROWTH),
    "a definition with its subscripts turned": Defect("exact", turned_in_exact, *TURNED),
    "a comparison that never sees a difference": Defect(
        "exact", put_in(session, "compared", lambda *given: Outcome("agrees", 60)),
        "D(sum(x[i]**2, i), x[k]) == 3*x[k]", VECTOR, "refuted"),
    "a comparison that always sees one": Defect(
        "exact", put_in(comparison, "_element", lambda operator, left, right: "differs"),
        "D(sum(x[i]**2, i), x[k]) == 2*x[k]", VECTOR, "proved"),
}  # fmt: skip


# ---- the sympy witness


def sum_too_small(self: Any, node: Any, names: Any) -> Any:
    return RIGHT_WRITTEN(self, node, names) - (sympy.Rational(1, 7) if node.kind == "sum" else 0)


def turned_in_sympy(monkeypatch: Monkey) -> None:
    right = scalars.Scalars._defined
    monkeypatch.setattr(
        scalars.Scalars, "_defined", lambda self, definition, place: right(self, definition, place[::-1])
    )


def base_of_one_more(monkeypatch: Monkey) -> None:
    right = scalars.Scalars._defined
    monkeypatch.setattr(scalars.Scalars, "_defined", lambda self, definition, place: right(self, definition, place) + 1)


def no_logic(monkeypatch: Monkey) -> None:
    right = Point._holds

    def wrong(self: Any, condition: Any, names: Any) -> bool:
        return not isinstance(condition, Logic) and bool(right(self, condition, names))

    monkeypatch.setattr(Point, "_holds", wrong)


RIGHT_WRITTEN = scalars._RULES[Reduce]

SYMPY = {
    "a sum written out wrongly": Defect(
        "sympy", rule(scalars._RULES, Reduce, sum_too_small),
        "sum(x[i], i) == n*mean(x[i], i)", VECTOR, "proved"),
    "definitions that hide what they depend on": Defect(
        "sympy", put_in(scalars.Scalars, "_is_cut", lambda self, tensor: True),
        "D(L, x) == 3*x**2", REAL, "proved", {"a": "x**2", "L": "a*x"}),
    "a derivative away from its point": Defect(
        "sympy", put_in(Point, "at_point", lambda self, scalar, symbol, value: scalar.xreplace({symbol: 2 * value})),
        "D(x**3, x) == 3*x**2", REAL, "proved"),
    "no logic": Defect(
        "sympy", no_logic, LOGIC, PAIR, "proved"),
    "the smaller for the larger": Defect(
        "sympy", put_in(Point, "extremum", lambda self, kind, arguments: sympy.Min(*arguments)),
        "max(x, y) == where(x > y, x, y)", PAIR, "proved"),
    "a definition with its subscripts turned": Defect("sympy", turned_in_sympy, *TURNED),
    "a recurrence off by one": Defect("sympy", base_of_one_more, *GROWTH),
    "digits that are not compared": Defect(
        "sympy", put_in(Comparison, "found", lambda self, operator, left, right: "same"),
        "D(sum(x[i]**2, i), x[k]) == 3*x[k]", VECTOR, "refuted"),
}  # fmt: skip


# ---- the differences


def stencil_off_by(part: float) -> Callable[..., Estimate]:
    def wrong(*given: Any) -> Estimate:
        found = extrapolated(*given)
        return Estimate(found.value * (1 + part), found.error)

    return wrong


def turned_in_arrays(monkeypatch: Monkey) -> None:
    right = arrays.Arrays.laid_out
    monkeypatch.setattr(arrays.Arrays, "laid_out", lambda self, value, indices: right(self, value, indices[::-1]))


def steps_reported_twice_as_long(samples: Any, steps: Any, *more: Any) -> Estimate:
    return extrapolated(samples, 2 * steps, *more)


def recurrence_of_one_more(monkeypatch: Monkey) -> None:
    right = Recurrence.solved

    def wrong(self: Any) -> Stored:
        found = right(self)
        return Stored(found.probes, found.array + 1, found.starts)

    monkeypatch.setattr(Recurrence, "solved", wrong)


DIFFERENCES = {
    "a stencil with the weights of another": Defect(
        "differences", put_in(measurement, "extrapolated", steps_reported_twice_as_long),
        "D(x**3, x) == 3*x**2", REAL, "proved"),
    "a stencil off by one part in a million": Defect(
        "differences", put_in(measurement, "extrapolated", stencil_off_by(1e-6)),
        "D(exp(x), x) == exp(x)", REAL, "proved"),
    "a definition with its subscripts turned": Defect("differences", turned_in_arrays, *TURNED),
    "a recurrence off by one": Defect("differences", recurrence_of_one_more, *GROWTH),
    "a comparison that allows everything": Defect(
        "differences", put_in(differences, "excess", lambda operator, one, other: np.zeros(np.shape(one))),
        "D(sum(x[i]**2, i), x[k]) == 3*x[k]", VECTOR, "refuted"),
}  # fmt: skip


# ---- the points: they are the same for all but the algebra, which knows the domains by itself


def below_zero(domain: Any, stratum: str, stream: Any) -> Any:
    return -elements._magnitude(stratum, stream)


def weights_that_sum_to_anything(length: int, stratum: str, stream: Any) -> Any:
    return elements._array([elements._magnitude(stratum, stream) for _ in range(length)])


def two_hot(length: int, stratum: str, stream: Any) -> Any:
    return elements._array([Fraction(1)] * length)


def not_symmetric(length: int, stratum: str, stream: Any) -> Any:
    square = np.empty((length, length), dtype=object)
    for place in np.ndindex(length, length):
        square[place] = Fraction(1 + 2 * place[0] + place[1])
    return square


SAMPLES = {
    "a positive number below 0": Defect(
        "sympy", put_in(elements, "_real", below_zero), "sqrt(x**2) == x", POSITIVE, "proved"),
    "a simplex that sums to anything": Defect(
        "sympy", rule(elements._RELATED, "simplex", weights_that_sum_to_anything),
        "sum(p[i], i) == 1", {"p": "simplex[n]"}, "proved"),
    "a one-hot row with two": Defect(
        "sympy", rule(elements._RELATED, "onehot", two_hot), "sum(t[i], i) == 1", {"t": "onehot[n]"}, "proved"),
    "a symmetric matrix that is not": Defect(
        "sympy", rule(elements._RELATED, "symmetric", not_symmetric),
        "A[i, j] == A[j, i]", {"A": "symmetric[n, n]"}, "proved"),
}  # fmt: skip


PARTS = {
    "normal form": NORMAL_FORM,
    "calculus": CALCULUS,
    "exact": EXACT,
    "sympy": SYMPY,
    "differences": DIFFERENCES,
    "samples": SAMPLES,
}
