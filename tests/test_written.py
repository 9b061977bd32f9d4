"""The sympy witness: the formula written out at small sizes, differentiated by sympy.diff alone."""

import dataclasses
import subprocess
import sys
from fractions import Fraction

import pytest
import sympy
from claims import Case, each_right_claim, each_wrong_claim

from derive.catalog import quick
from derive.expression import Compare, Where, element, number, power
from derive.formula import Formula
from verify import written
from verify.digits import Comparison
from verify.nearness import Nearness
from verify.testimony import Counterexample, Settings, Testimony


def judged(formula: Formula, settings: Settings | None = None) -> Testimony:
    return written.testify(formula, formula.claims[0], settings or Settings())


@each_right_claim
def test_a_right_claim_agrees(case: Case, claim: str):
    heard = judged(case.formula(claim))
    assert heard.says == "agrees", heard.reason
    assert all(2 <= size <= 7 for sizes in heard.facts["sizes"] for size in sizes.values())


@each_wrong_claim
def test_a_wrong_claim_differs(case: Case, claim: str):
    assert judged(case.formula(claim)).says == "differs"


def test_a_claim_off_by_one_part_in_ten_to_the_forty_differs():
    formula = quick("D(exp(x)*sin(y), x) == exp(x)*sin(y)*(1 + 10**(-20)*10**(-20))", x="real", y="real")
    assert judged(formula).says == "differs"


def test_a_sum_that_vanishes_agrees_with_zero_and_with_nothing_else():
    define = {"p[i]": "exp(x[i])/sum(exp(x[j]), j)"}
    assert judged(quick("sum(D(p[i], x[k]), i) == 0", define, x="real[n]")).says == "agrees"
    tiny = quick("sum(D(p[i], x[k]), i) == 10**(-30)", define, x="real[n]")
    assert judged(tiny).says == "differs"


def test_a_formula_too_large_to_be_written_out_is_not_told():
    define = {"b[i, j]": "sum(sin(x[i] + x[k] + x[j])*x[l], k, l)", "L": "sum(b[i, j]*x[k]*x[l], i, j, k, l)"}
    heard = judged(quick("D(L, x[k]) == 1", define, x="real[12]"))
    assert heard.says == "cannot tell"
    assert "steps" in heard.reason


@pytest.mark.parametrize("exponent", [9**9, -(9**9), 10**40])
def test_a_tower_of_powers_is_refused_and_not_worked_out(exponent):
    formula = quick("x == y", x="positive", y="positive")
    claim = dataclasses.replace(formula.claims[0], left=power(number(9), number(exponent)))
    heard = written.testify(formula, claim, Settings())
    assert heard.says == "cannot tell"
    assert "too large" in heard.reason


def test_a_tower_of_exponentials_is_refused_and_not_worked_out():
    heard = judged(quick("D(exp(exp(exp(10 + x))), x) == 1", x="positive"))
    assert heard.says == "cannot tell"
    assert "too large" in heard.reason


def test_a_root_of_a_negative_number_is_not_judged():
    assert judged(quick("sqrt(-x) == x", x="positive")).says == "cannot tell"
    assert judged(quick("log(-x) == x", x="positive")).says == "cannot tell"


def test_where_both_sides_vanish_another_point_is_tried():
    define = {"L": "relu(x - 5/2) + relu(-x - 5/2)"}
    heard = judged(quick("D(L, x) == where(x > 5/2, 1, where(x < -5/2, 2, 0))", define, x="real"))
    assert len(heard.facts["sizes"]) > 1 or heard.says == "differs"


def test_a_point_on_the_boundary_of_a_case_is_left_for_another():
    formula = quick("x == y", x="real", y="real")
    (tensor, _), claim = formula.inputs, formula.claims[0]
    tied = [written.small(formula, 0, k).values[tensor][()] for k in range(written.POINTS)]
    x = element(tensor)
    one = Where(Compare(">", x, number(tied[0])), x, x)
    heard = written.testify(formula, dataclasses.replace(claim, left=one, right=x), Settings())
    assert heard.says == "agrees"
    every = sum((Where(Compare(">", x, number(at)), number(0), number(0)) for at in tied), x)
    heard = written.testify(formula, dataclasses.replace(claim, left=every, right=x), Settings())
    assert heard.says == "cannot tell"
    assert "boundary" in heard.reason


def test_a_counterexample_is_looked_at_where_it_is():
    formula = quick("x[k]**2 == x[k] + where(x[k] > 5, 1, x[k]**2 - x[k])", x="real[n]")
    assert judged(formula).says == "agrees"
    found = Counterexample({"n": 2}, {"k": 1}, {"x": (Fraction(1), Fraction(6))}, "36", "7", "29")
    assert judged(formula, Settings(at=found)).says == "differs"


def test_the_moments_of_a_normal_variable_are_those_that_sympy_integrates():
    # E (m + s*t)**k, by the integral itself
    t, m, s = sympy.Symbol("t", real=True), sympy.Rational(2, 3), sympy.Rational(5, 7)
    density = sympy.exp(-(t**2) / 2) / sympy.sqrt(2 * sympy.pi)
    for k in range(7):
        integral = sympy.integrate(sympy.expand((m + s * t) ** k * density), (t, -sympy.oo, sympy.oo))
        right = quick(f"expect(z**{k}, z, Normal(2/3, 5/7)) == {integral}")
        assert judged(right).says == "agrees"
        wrong = quick(f"expect(z**{k}, z, Normal(2/3, 5/7)) == {integral} + 1/1000000")
        assert judged(wrong).says == "differs"


# ------------------------------------------------------------------- the parts it is made of


def test_digits_tell_numbers_apart_and_settle_what_vanishes():
    compare = Comparison({}).found
    root = sympy.sqrt(2)
    hidden_zero = sympy.sqrt(3 + 2 * root) - 1 - root
    assert compare("==", hidden_zero, sympy.Integer(0)) == "same"
    assert compare("==", hidden_zero, sympy.Rational(1, 10**50)) == "other"
    assert compare("==", sympy.exp(1) ** sympy.Integer(2), sympy.exp(2)) == "same"
    assert compare("==", sympy.Rational(1, 3), sympy.Rational(1, 3) + sympy.Rational(1, 10**60)) == "other"
    assert compare("<=", root, sympy.Rational(3, 2)) == "same"
    assert compare(">=", root, sympy.Rational(3, 2)) == "other"
    assert compare("==", sympy.log(-2), sympy.Integer(1)) == "unknown"


def test_a_float_near_a_tie_is_not_trusted():
    near = Nearness({})
    # pi is 3.14159265358979323846 26433…
    assert near.sign(sympy.pi - sympy.Rational(314159265358979323846, 10**20)) == 1
    assert near.sign(sympy.pi - sympy.Rational(314159265358979323847, 10**20)) == -1
    assert near.sign(sympy.Rational(-1, 10**300)) == -1
    assert near.floor(sympy.exp(3)) == 20
    assert near.floor(-sympy.exp(3)) == -21


def test_the_witness_alone_imports_sympy():
    code = "import sys, derive.catalog, verify.judge; raise SystemExit('sympy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
