"""The differences witness: right claims agree within the errors that it estimates, wrong ones are beyond them."""

import dataclasses
from fractions import Fraction

import numpy as np
import pytest
from claims import Case, each_right_claim, each_wrong_claim

from derive.catalog import quick
from derive.errors import UnsupportedError
from derive.formula import Formula
from verify import differences
from verify.directions import directional
from verify.floats import measurement, stencils
from verify.testimony import Counterexample, Settings, Testimony


def judged(formula: Formula, settings: Settings | None = None) -> Testimony:
    return differences.testify(formula, formula.claims[0], settings or Settings())


@each_right_claim
def test_a_right_claim_agrees_within_a_small_estimated_error(case: Case, claim: str):
    heard = judged(case.formula(claim))
    assert heard.says == "agrees", heard.reason
    assert heard.facts["points"] == 2
    assert heard.facts["max_error"] <= heard.facts["allowed"] < 1e-5


@each_wrong_claim
def test_a_wrong_claim_differs(case: Case, claim: str):
    heard = judged(case.formula(claim))
    assert heard.says == "differs", heard.facts
    assert "estimated errors" in heard.reason
    assert heard.facts["max_error"] > heard.facts["allowed"]


@pytest.mark.parametrize("factor", ["1.000000001", "0.999999999"])
def test_a_gradient_off_by_one_part_in_a_billion_differs(factor):
    # far below what a central difference in double precision can see
    heard = judged(quick(f"D(sum(exp(sin(x[i])), i), x[k]) == {factor}*exp(sin(x[k]))*cos(x[k])", x="real[n]"))
    assert heard.says == "differs"


def test_the_same_claim_gives_the_same_testimony_again():
    formula = quick("D(sum(x[i]**3*y[i], i), x[k]) == 3*x[k]**2*y[k]", x="real[n]", y="real[n]")
    assert judged(formula) == judged(formula)
    assert judged(formula, Settings(seed=1)).facts != judged(formula).facts


def test_inequalities_are_judged_by_their_direction():
    inputs = {"x": "real[n]"}
    assert judged(quick("sum(x[i], i)**2 <= n*sum(x[i]**2, i)", **inputs)).says == "agrees"
    assert judged(quick("sum(x[i], i)**2 >= n*sum(x[i]**2, i)", **inputs)).says == "differs"


def test_a_value_lost_in_rounding_is_no_ground_to_judge_by():
    # 1 + exp(-60) is 1 in every float of at most 80 bits: the truth, about 1e-26, has no digit left
    heard = judged(quick("log(1 + exp(-60 - x)) == 2*exp(-60 - x)", x="positive"))
    assert heard.says != "differs"
    assert judged(quick("softplus(-60 - x) == 2*exp(-60 - x)", x="positive")).says == "differs"


def test_a_kink_within_the_stencil_is_not_stepped_over():
    # the third of these points lies 1e-5 beside the kink of abs, a first step is 1/8 of it or more
    formula = quick("D(sum(abs(x[i] - y[i]), i), x[k]) == sign(x[k] - y[k])", x="real[n]", y="real[n]")
    (size,), (x, y) = formula.sizes, formula.inputs
    values = {x: np.array([1.0, 2.0, 0.5 + 1e-5]), y: np.array([0.25, -1.0, 0.5])}
    with np.errstate(all="ignore"):
        at = measurement.Measurement(formula, {size: 3}, values)
        value, error = at.measured(formula.claims[0].left)
    known = np.isfinite(error.array)
    assert list(known) == [True, True, False]
    assert np.allclose(value.array[known], 1, rtol=1e-12)


def test_a_claim_at_a_point_where_it_has_no_value_is_not_judged():
    heard = judged(quick("log(-x) == x", x="positive"))
    assert heard.says == "cannot tell"
    assert "undefined" in heard.reason


def test_an_expectation_of_a_kink_is_not_told():
    heard = judged(quick("expect(abs(z), z, Normal(m, s)) == m", m="real", s="positive"))
    assert heard.says == "cannot tell"
    assert "equally spaced" in heard.reason


def test_asked_about_a_counterexample_it_speaks_of_that_point_alone():
    formula = quick("x**2 == x**2 + 1e-25*(x - 1)", x="positive")
    found = Counterexample({}, {}, {"x": Fraction(3, 7)}, "0.18…", "0.18…", "5.714…e-26")
    # floats cannot see 5.7e-26 beside 0.18, so it must not speak against the one who did
    assert judged(formula, Settings(at=found)).says == "cannot tell"
    coarse = dataclasses.replace(found, difference="0.1…")
    assert judged(formula, Settings(at=coarse)).says == "agrees"
    wrong = quick("x**2 == x**2 + (x - 3/7)*(x - 1)", x="positive")
    assert judged(wrong).says == "differs"
    assert judged(wrong, Settings(at=dataclasses.replace(found, values={"x": Fraction(2, 7)}))).says == "differs"


# ------------------------------------------------------------------------------------ stencils


@pytest.mark.parametrize(
    ("function", "slope"),
    [
        (np.exp, np.exp),
        (lambda v: 1 / v, lambda v: -1 / v**2),
        (lambda v: np.sin(40 * v), lambda v: 40 * np.cos(40 * v)),
        (lambda v: v**7, lambda v: 7 * v**6),
    ],
)
@pytest.mark.parametrize("place", [0.3, 1.7, 11.0])
def test_an_estimate_is_off_by_no_more_than_its_error(function, slope, place):
    x = measurement.HIGH(place)
    shifts = stencils.offsets(8, np.asarray(min(x, 1) / 8, dtype=measurement.HIGH))
    eps = np.finfo(measurement.HIGH).eps
    noise = 40 * eps * np.abs(function(x + shifts)).max()
    found = stencils.extrapolated(function(x + shifts), shifts[0::2], noise, eps * x, np.ones(8, bool))
    assert abs(found.value - slope(x)) <= found.error
    assert found.error <= 1e-6 * abs(slope(x)) + noise


def test_an_estimate_from_steps_over_a_kink_would_be_wrong_and_is_refused():
    shifts = stencils.offsets(8, np.asarray(0.125, dtype=measurement.HIGH))
    samples = np.maximum(shifts - 0.01, 0)
    crossing = shifts[0::2] > 0.01
    zero = np.asarray(0, dtype=measurement.HIGH)
    blind = stencils.extrapolated(samples, shifts[0::2], zero, zero, np.ones(8, bool))
    seeing = stencils.extrapolated(samples, shifts[0::2], zero, zero, ~crossing)
    assert seeing.value == 0
    assert blind.error > 0 or blind.value == 0
    assert np.isnan(stencils.extrapolated(samples, shifts[0::2], zero, zero, np.zeros(8, bool)).value)


# ---------------------------------------------------------------------------------- directions

BATCH_NORM = {
    "mu": "mean(x[i], i)",
    "var": "mean((x[i] - mu)**2, i)",
    "xhat[i]": "(x[i] - mu)/sqrt(var + epsilon)",
    "L": "sum(g[i]*xhat[i], i)",
}
RIGHT = "D(L, x[k]) == (g[k] - mean(g[i], i) - xhat[k]*mean(g[i]*xhat[i], i))/sqrt(var + epsilon)"


def along(claim: str, size: int) -> Testimony:
    formula = quick(claim, define=BATCH_NORM, x="real[n]", epsilon="positive", g="real[n]")
    return directional(formula, formula.claims[0], dict.fromkeys(formula.sizes, size))


@pytest.mark.parametrize("size", [1, 10, 20_000])
def test_a_gradient_is_checked_along_directions_at_any_size(size):
    heard = along(RIGHT, size)
    assert heard.says == ("agrees" if size > 1 else "cannot tell")  # at size 1 the gradient is 0


@pytest.mark.parametrize(
    "wrong",
    [
        RIGHT.replace("mean(g[i], i)", "sum(g[i], i)/(n - 1)"),
        RIGHT.replace("== (", "== 1.00000001*("),
        RIGHT + " + epsilon*g[k]/n",
    ],
)
def test_a_wrong_gradient_differs_along_directions_even_at_size_20000(wrong):
    assert along(wrong, 20_000).says == "differs"


def test_a_directional_check_refuses_what_is_no_gradient_of_a_scalar():
    formula = quick("D(x[i]**2, x[k]) == 2*x[k]*delta(i, k)", x="real[n]")
    with pytest.raises(UnsupportedError, match="scalar L"):
        directional(formula, formula.claims[0], dict.fromkeys(formula.sizes, 4))


@pytest.mark.parametrize("claim", ["D(sum(sin(x[i]**6), i), x[k]) == 6*x[k]**5*cos(x[k]**6)",
                                   "D(sum(sin(exp(x[i])), i), x[k]) == exp(x[k])*cos(exp(x[k]))"])  # fmt: skip
@pytest.mark.parametrize("seed", range(4))
def test_a_function_that_turns_many_times_within_a_step_does_not_differ(claim, seed):
    formula = quick(claim, x="real[n]")
    assert differences.testify(formula, formula.claims[0], Settings(seed=seed)).says != "differs"
