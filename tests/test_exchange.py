"""Formulas handed out as SymPy: the numbers of the SymPy form are the numbers of the arrays."""

from fractions import Fraction

import numpy as np
import pytest
import sympy
from claims import CASES, Case

from derive.binding import walk
from derive.catalog import quick
from derive.errors import UnsupportedError
from derive.exchange.symbols import to_sympy, written_out
from derive.expression import Derivative, Index, Node, element, power
from derive.formula import Claim, Formula
from verify.floats.arrays import evaluate
from verify.sampling import Draw, draw

SMOOTH = [case for case in CASES if case.name not in ("maximum and running sum", "Gaussian divergence")]
GENERAL = [case for case in SMOOTH if case.name != "exponential moving average"]  # a recurrence stands for itself
each_case = pytest.mark.parametrize("case", SMOOTH, ids=[case.name for case in SMOOTH])
each_general_case = pytest.mark.parametrize("case", GENERAL, ids=[case.name for case in GENERAL])


def simple(formula: Formula) -> Draw:
    return draw(formula, 0, 0, {size: 2 + place % 2 for place, size in enumerate(formula.sizes)}, "simple")


def indexed_values(point: Draw) -> dict[sympy.Basic, sympy.Rational]:
    """Every element, as a scalar symbol or as an Indexed, with its value."""
    known = {}
    for tensor, array in point.values.items():
        named = to_sympy(element(tensor, *[0] * len(tensor.axes))).free_symbols
        symbol = next(s for s in named if isinstance(s, sympy.Symbol) and s.name == tensor.name)
        starts = [axis.start.numerator for axis in tensor.axes]
        for place in np.ndindex(array.shape):
            at = tuple(p + start for p, start in zip(place, starts, strict=True))
            key = sympy.IndexedBase(symbol)[at] if at else symbol
            known[key] = sympy.Rational(array[place].numerator, array[place].denominator)
    return known


def spelled(expression: sympy.Basic) -> sympy.Basic:
    """Every sum and product term by term; doit would solve s*u + a == r for a u that is no integer."""
    if isinstance(expression, (sympy.Sum, sympy.Product)):
        parts = [expression.function]
        for symbol, low, high in expression.limits:
            each = range(int(low), int(high) + 1)
            parts = [part.xreplace({symbol: sympy.Integer(at)}) for part in parts for at in each]
        return (sympy.Add if isinstance(expression, sympy.Sum) else sympy.Mul)(*map(spelled, parts))
    return expression.func(*map(spelled, expression.args)) if expression.args else expression


def number(expression: sympy.Expr, point: Draw, indices: dict[sympy.Symbol, int]) -> float:
    """A general expression at sizes, indices and elements."""
    sizes = {to_sympy(size): sympy.Integer(value) for size, value in point.sizes.items()}
    settled = expression.xreplace(sizes).xreplace({i: sympy.Integer(at) for i, at in indices.items()})
    return float(spelled(settled).xreplace(indexed_values(point)).evalf(25))


def free_of(node: Node) -> list[Index]:
    return sorted((i for i in node.free if isinstance(i, Index)), key=lambda i: i.name)


def in_arrays(formula: Formula, node: Node, point: Draw):
    values = {t: array.astype(float) for t, array in point.values.items()}
    return evaluate(formula, node, values, point.sizes)


def plain_claims(formula: Formula) -> list[Claim]:
    """Those without derivatives on the right."""
    return [c for c in formula.claims if not any(isinstance(part, Derivative) for part in walk(c.right))]


@each_general_case
def test_the_general_form_has_the_numbers_of_the_arrays(case: Case):
    formula = case.formula(*case.right)
    point = simple(formula)
    for node in (claim.right for claim in plain_claims(formula)):
        expression, array = to_sympy(node, formula), in_arrays(formula, node, point)
        for place in list(np.ndindex(array.shape))[:: max(1, array.size // 3)]:
            indices = {to_sympy(i): at for i, at in zip(free_of(node), place, strict=True)}
            assert number(expression, point, indices) == pytest.approx(array[place], rel=1e-10)


@each_general_case
def test_a_derivative_is_handed_out_derived(case: Case):
    formula = case.formula(*case.right)
    point = simple(formula)
    for claim in plain_claims(formula)[:2]:
        if isinstance(claim.left, Derivative):
            expression, array = to_sympy(claim.left, formula), in_arrays(formula, claim.right, point)
            assert not expression.has(sympy.Derivative)
            places = dict.fromkeys([(0,) * array.ndim, tuple(n - 1 for n in array.shape)])
            for place in places:
                indices = {to_sympy(i): at for i, at in zip(free_of(claim.right), place, strict=True)}
                assert number(expression, point, indices) == pytest.approx(array[place], rel=1e-10)


@each_case
def test_the_form_written_out_has_the_numbers_of_the_arrays_derivatives_and_all(case: Case):
    formula = case.formula(*case.right)
    point = simple(formula)
    names = {}
    for tensor, array in point.values.items():
        starts = [axis.start.numerator for axis in tensor.axes]
        for place in np.ndindex(array.shape):
            at = (p + start for p, start in zip(place, starts, strict=True))
            names["_".join([tensor.name, *map(str, at)])] = array[place]
    claim = plain_claims(formula)[0]
    array = in_arrays(formula, claim.right, point)
    scalars = written_out(formula, claim.left, point.sizes)
    assert len(scalars) == array.size
    for (place, scalar), right in zip(scalars.items(), array.ravel(), strict=True):
        values = {s: sympy.Rational(names[s.name].numerator, names[s.name].denominator) for s in scalar.free_symbols}
        assert float(scalar.xreplace(values).evalf(20)) == pytest.approx(right, rel=1e-10), place


def test_a_bound_index_never_captures_a_free_one():
    # sum(x[i]*y[k], i) with the free index called i: x is summed, y is not
    formula = quick("sum(x[i]*z[k], i) == z[k]", {"z[i]": "y[i]*sum(x[k], k)"}, x="real[n]", y="real[n]")
    expression = to_sympy(formula.claims[0].left, formula)
    bound = {limit[0] for part in expression.atoms(sympy.Sum) for limit in part.limits}
    k = sympy.Symbol("k", integer=True)
    assert k in expression.free_symbols
    assert k not in bound
    n, x, y = (
        sympy.Symbol("n", integer=True, positive=True),
        *(sympy.IndexedBase(sympy.Symbol(s, real=True)) for s in "xy"),
    )
    written = expression.xreplace({n: sympy.Integer(2)}).doit()
    assert sympy.expand(written - y[k] * (x[0] + x[1]) ** 2) == 0


def test_a_bound_index_has_its_own_name_within_a_sum_over_the_same_letter():
    formula = quick("sum(x[i]*s, i) == s**2", {"s": "sum(x[i], i)"}, x="real[n]")
    expression = to_sympy(formula.claims[0].left, formula)
    names = [limit[0].name for part in expression.atoms(sympy.Sum) for limit in part.limits]
    assert len(set(names)) == len(names) == 2


def test_symbols_carry_what_the_domain_promises():
    formula = quick("x[i]*p*q == 0*x[i]", x="real[n]", p="positive", q="nonzero")
    expression = to_sympy(formula.claims[0].left)
    known = {symbol.name: symbol for symbol in expression.free_symbols if isinstance(symbol, sympy.Symbol)}
    assert known["p"].is_positive
    assert known["q"].is_nonzero
    assert known["q"].is_positive is None
    assert all(part.is_real for part in expression.atoms(sympy.Indexed))
    assert sympy.sqrt(known["p"] ** 2) == known["p"]


def test_without_a_formula_a_derivative_is_left_as_it_is():
    formula = quick("D(sum(x[i]**2, i), x[k]) == 2*x[k]", x="real[n]")
    expression = to_sympy(formula.claims[0].left)
    assert isinstance(expression, sympy.Derivative)
    k, n = sympy.Symbol("k", integer=True), sympy.Symbol("n", integer=True, positive=True)
    x = sympy.IndexedBase(sympy.Symbol("x", real=True))
    settled = expression.doit().xreplace({n: sympy.Integer(3), k: sympy.Integer(1)}).doit()
    assert settled == 2 * x[1]


def test_an_expectation_is_an_integral_that_sympy_can_do():
    formula = quick("expect(z**2*m, z, Normal(m, s)) == m**3 + m*s**2", m="real", s="positive")
    claim = formula.claims[0]
    assert sympy.simplify(to_sympy(claim.left).doit() - to_sympy(claim.right)) == 0


def test_cases_become_piecewise_and_max_over_an_index_only_written_out():
    formula = quick("where(x[i] > 1, x[i], 1) == max(x[i], 1)", x="real[n]")
    assert isinstance(to_sympy(formula.claims[0].left), sympy.Piecewise)
    assert isinstance(to_sympy(formula.claims[0].right), sympy.Max)
    largest = quick("max(x[i], i) == 0", x="real[n]")
    with pytest.raises(UnsupportedError, match="given sizes"):
        to_sympy(largest.claims[0].left)
    (size,) = largest.sizes
    symbols = [sympy.Symbol(f"x_{k}", real=True) for k in range(3)]
    assert written_out(largest, largest.claims[0].left, {size: 3}) == {(): sympy.Max(*symbols)}


def test_a_huge_power_is_refused_before_sympy_works_it_out():
    formula = quick("x == 0", x="real")
    with pytest.raises(UnsupportedError, match="too large"):
        to_sympy(power(Fraction(9, 7), 10**30), formula)


def test_a_name_that_is_code_elsewhere_is_only_a_name():
    # SymPy reads these as functions and constants when it is given text
    formula = quick("S*E*I*N*Q*beta*gamma*zeta*lambda_1 == 0", **dict.fromkeys(
        ["S", "E", "I", "N", "Q", "beta", "gamma", "zeta", "lambda_1"], "real"))  # fmt: skip
    expression = to_sympy(formula.claims[0].left)
    assert {s.name for s in expression.free_symbols} == {"S", "E", "I", "N", "Q", "beta", "gamma", "zeta", "lambda_1"}
