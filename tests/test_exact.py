"""The exact witness: right forms agree, wrong twins are refuted, and what it cannot know it does not say."""

from dataclasses import replace
from fractions import Fraction
from typing import Any

import flint
import mpmath
import numpy as np
import pytest
from flint import arb

from derive import functions
from derive.binding import walk
from derive.catalog import quick, read, shipped
from derive.expression import Derivative, Index, Variable, axis, element, number
from derive.formula import Formula
from verify import exact, session
from verify.arithmetic.balls import Array, contracted, multiply, subtract
from verify.arithmetic.balls import exact as rational
from verify.arithmetic.evaluation import Evaluation
from verify.arithmetic.moments import rule_of_degree
from verify.arithmetic.reach import Structure
from verify.sampling import draw, measure
from verify.testimony import Counterexample, Settings, Testimony

SHIPPED = read(shipped()).formulas

Define = dict[str, str]
Inputs = dict[str, str]
Case = tuple[str, Define, Inputs]

SOFTMAX: Define = {"p[i]": "exp(x[i])/sum(exp(x[j]), j)"}
CROSS: Define = SOFTMAX | {"L": "-sum(y[i]*log(p[i]), i)"}
CROSS_IN: Inputs = {"x": "real[K]", "y": "simplex[K]"}
NORM: Define = {
    "mu": "mean(x[i], i)",
    "var": "mean((x[i] - mu)**2, i)",
    "h[i]": "(x[i] - mu)/sqrt(var + e)",
    "o[i]": "gamma*h[i] + beta",
    "L": "sum(g[i]*o[i], i)",
}
NORM_IN: Inputs = {"x": "real[n]", "g": "real[n]", "gamma": "real", "beta": "real", "e": "positive"}
LAYER: Define = {
    "mu[b]": "mean(x[b, i], i)",
    "var[b]": "mean((x[b, i] - mu[b])**2, i)",
    "h[b, i]": "(x[b, i] - mu[b])/sqrt(var[b] + e)",
    "L": "sum(g[b, i]*(gamma[i]*h[b, i] + beta[i]), b, i)",
}
LAYER_IN: Inputs = {"x": "real[B, d]", "g": "real[B, d]", "gamma": "real[d]", "beta": "real[d]", "e": "positive"}
LAYER_X = (
    "D(L, x[c, k]) == (g[c, k]*gamma[k] - mean(g[c, j]*gamma[j], j) - h[c, k]*mean(g[c, j]*gamma[j]*h[c, j], j))"
    "/sqrt(var[c] + e)"
)
POOL: Define = {"P": "mean(abs(x[i])**p, i)**(1/p)"}
POOL_IN: Inputs = {"x": "real[n]", "p": "positive"}
ATTENTION: Define = {
    "S[a, c]": "sum(Q[a, f]*K[c, f], f)/sqrt(d)",
    "A[a, c]": "exp(S[a, c])/sum(exp(S[a, l]), l)",
    "L": "sum(G[a, f]*A[a, c]*V[c, f], a, c, f)",
    "dA[a, c]": "sum(G[a, f]*V[c, f], f)",
}
ATTENTION_IN: Inputs = {"Q": "real[N, d]", "K": "real[M, d]", "V": "real[M, e]", "G": "real[N, e]"}
CONV: Define = {"o[u:U]": "sum(x[s*u + a]*k[a], a)", "L": "sum(g[u]*o[u], u)"}
CONV_IN: Inputs = {"x": "real[s*(U - 1) + A]", "k": "real[A]", "g": "real[U]"}
RELU6: Define = {"y[i]": "min(max(0, x[i]), 6)", "L": "sum(g[i]*y[i], i)"}
RELU6_IN: Inputs = {"x": "real[n]", "g": "real[n]"}
HINGE: Define = {"L": "mean(max(0, 1 - y[i]*z[i]), i)"}
HINGE_IN: Inputs = {"y": "sign[n]", "z": "real[n]"}
MEAN: Define = {"m[0]": "0", "m[t]": "b*m[t-1] + (1 - b)*x[t]"}
MEAN_IN: Inputs = {"x": "real[1..T]", "b": "unit"}
LOG_SUM: Define = {"f": "log(sum(exp(x[i]), i))"} | SOFTMAX
ADAM: Define = {
    "m[0]": "0",
    "m[t]": "b*m[t-1] + (1 - b)*x[t]",
    "v[0]": "0",
    "v[t]": "c*v[t-1] + (1 - c)*x[t]**2",
    "w[0]": "start",
    "w[t:1..T]": "w[t-1] - a*m[t]/(1 - b**t)/(sqrt(v[t]/(1 - c**t)) + e)",
}
ADAM_IN: Inputs = {"x": "real[1..T]", "b": "unit", "c": "unit", "a": "positive", "e": "positive", "start": "real"}

RIGHT: list[Case] = [
    ("D(L, x[k]) == p[k] - y[k]", CROSS, CROSS_IN),
    ("D(L, x[k], x[l]) == p[k]*(delta(k, l) - p[l])", CROSS, CROSS_IN),
    ("D(p[i], x[k]) == p[i]*(delta(i, k) - p[k])", SOFTMAX, {"x": "real[K]"}),
    ("sum(D(p[i], x[k]), i) == 0", SOFTMAX, {"x": "real[K]"}),
    ("D(L, x[k]) == gamma/sqrt(var + e)*(g[k] - mean(g[j], j) - h[k]*mean(g[j]*h[j], j))", NORM, NORM_IN),
    ("D(L, var) == -1/2*(var + e)**(-3/2)*sum(gamma*g[i]*(x[i] - mu), i)", NORM, NORM_IN),
    ("D(L, gamma) == sum(g[i]*h[i], i)", NORM, NORM_IN),
    ("sum(D(L, x[k]), k) == 0", NORM, NORM_IN),
    (LAYER_X, LAYER, LAYER_IN),
    ("D(L, gamma[k]) == sum(g[b, k]*h[b, k], b)", LAYER, LAYER_IN),
    ("D(P, x[k]) == abs(x[k])**(p - 1)*sign(x[k])*P**(1 - p)/n", POOL, POOL_IN),
    ("D(L, V[c, f]) == sum(A[a, c]*G[a, f], a)", ATTENTION, ATTENTION_IN),
    (
        "D(L, Q[a, f]) == sum(A[a, c]*(dA[a, c] - sum(A[a, l]*dA[a, l], l))*K[c, f], c)/sqrt(d)",
        ATTENTION,
        ATTENTION_IN,
    ),
    ("D(L, k[b]) == sum(g[u]*x[s*u + b], u)", CONV, CONV_IN),
    ("D(L, x[w]) == sum(g[u]*k[a]*delta(s*u + a, w), u, a)", CONV, CONV_IN),
    ("D(o[u], x[w]) == sum(k[a]*delta(s*u + a, w), a)", CONV, CONV_IN),
    ("D(L, x[k]) == where(0 < x[k] < 6, g[k], 0)", RELU6, RELU6_IN),
    ("D(L, z[k]) == where(y[k]*z[k] < 1, -y[k]/n, 0)", HINGE, HINGE_IN),
    ("D(f, x[k], x[l]) == p[k]*delta(k, l) - p[k]*p[l]", LOG_SUM, {"x": "real[n]"}),
    ("D(D(f, x[k]), x[l]) == p[k]*delta(k, l) - p[k]*p[l]", LOG_SUM, {"x": "real[n]"}),
    ("D(m[t], x[r]) == where(r <= t, (1 - b)*b**(t - r), 0)", MEAN, MEAN_IN),
    ("m[t] == (1 - b)*sum(b**(t - r)*x[r], (r, 1, t))", MEAN, MEAN_IN),
    ("w[1] == start - a*x[1]/(abs(x[1]) + e)", ADAM, ADAM_IN),
    ("D(x**p, x) == p*x**(p - 1)", {}, {"x": "positive", "p": "real"}),
    ("D(x**k, x) == k*x**(k - 1)", {}, {"x": "real", "k": "natural"}),
    ("D((-1)**k*x, x) == (-1)**k", {}, {"x": "real", "k": "natural"}),
    ("D(q, x, y) == a + b", {"q": "a*x*y + b*x*y"}, {"x": "real", "y": "real", "a": "real", "b": "real"}),
    ("D(H[i, j], a) == 2*delta(i, 0)*delta(j, 0)", {"H": "[[2*a, b], [b, 2*c]]"}, dict.fromkeys("abc", "real")),
    ("D(prod(x[i], i), x[k]) == prod(x[i], i)/x[k]", {}, {"x": "real[n]"}),
    ("D(max(x[j], j), x[k]) == where(x[k] == max(x[j], j), 1, 0)", {}, {"x": "real[n]"}),
    ("D(sum(abs(x[i] - x[j]), i, j), x[k]) == 2*sum(sign(x[k] - x[j]), j)", {}, {"x": "real[n]"}),
    ("D(floor(x)*x, x) == floor(x)", {}, {"x": "real"}),
    ("expect(z**4, z, Normal(m, s)) == m**4 + 6*m**2*s**2 + 3*s**4", {}, {"m": "real", "s": "positive"}),
    ("D(E, s) == 12*m**2*s + 12*s**3", {"E": "expect(z**4, z, Normal(m, s))"}, {"m": "real", "s": "positive"}),
    ("sum(y[i], i) == 1", {}, {"y": "simplex[n]"}),
    ("sum(v[i]*A[i, j]*v[j], i, j) >= 0", {}, {"A": "spd[n, n]", "v": "real[n]"}),
    ("max(x[j], j) >= mean(x[j], j)", {}, {"x": "real[n]"}),
    ("x**2 + y**2 >= 2*x*y", {}, {"x": "real", "y": "real"}),
    ("where(x[i] > 0, log(x[i]), 0) == log(max(x[i], 1)) + where(0 < x[i] < 1, log(x[i]), 0)", {}, {"x": "real[n]"}),
]

# Systematic blind spots of checkers that draw what is convenient; each is wrong somewhere on its domain.
WRONG: list[Case] = [
    # a size or a factor that is 1 at the sizes usually tried
    ("D(L, x[k]) == (p[k] - y[k])*(1 + (K - 2)*(K - 3))", CROSS, CROSS_IN),
    ("D(L, x[k]) == (p[k] - y[k])*K/3", CROSS, CROSS_IN),
    ("D(L, x[k]) == gamma/sqrt(var + e)*(g[k] - sum(g[j], j)/(n - 1) - h[k]*mean(g[j]*h[j], j))", NORM, NORM_IN),
    ("D(mean(x[i, j], i, j), x[k, l]) == 1/n**2", {}, {"x": "real[n, m]"}),
    ("D(L, V[c, f]) == sum(A[a, c]*G[a, f], a)*sqrt(d/e)", ATTENTION, ATTENTION_IN),
    ("D(P, x[k]) == abs(x[k])**(p - 1)*sign(x[k])*P**(1 - p)/(n + 1)", POOL, POOL_IN),
    # a hyperparameter forgotten where its default hides it
    ("D(L, x[k]) == 1/sqrt(var + e)*(g[k] - mean(g[j], j) - h[k]*mean(g[j]*h[j], j))", NORM, NORM_IN),
    ("D(L, x[k]) == gamma/sqrt(var)*(g[k] - mean(g[j], j) - h[k]*mean(g[j]*h[j], j))", NORM, NORM_IN),
    ("D(L, var) == -1/2*var**(-3/2)*sum(gamma*g[i]*(x[i] - mu), i)", NORM, NORM_IN),
    ("D(P, x[k]) == x[k]/P/n", POOL, POOL_IN),
    ("D(P, x[k]) == x[k]**(p - 1)*P**(1 - p)/n", POOL, POOL_IN),
    ("w[1] == start - a*sign(x[1])", ADAM, ADAM_IN),
    ("D(log(x + e), x) == 1/x", {}, {"x": "positive", "e": "positive"}),
    # right to six digits, or to nine, or to two hundred
    ("D(L, x[k]) == (p[k] - y[k])*(1 + 1e-6)", CROSS, CROSS_IN),
    ("D(L, x[k]) == (p[k] - y[k])*(1 + 1e-9)", CROSS, CROSS_IN),
    ("D(x**2, x) == 2*x + 1e-12", {}, {"x": "real"}),
    ("0 == (x - x)*1 + x*1e-200", {}, {"x": "real"}),
    ("1/sqrt(x) == 1/sqrt(x + 1e-8)", {}, {"x": "positive"}),
    ("sin(x) == sin(x)*(1 + 1e-7)", {}, {"x": "real"}),
    # a sign, a swapped index, a dropped term, a transposed matrix
    ("D(L, x[k]) == y[k] - p[k]", CROSS, CROSS_IN),
    ("D(p[i], x[k]) == p[i]*(delta(i, k) - p[i])", SOFTMAX, {"x": "real[K]"}),
    ("D(p[i], x[k]) == -p[i]*p[k]", SOFTMAX, {"x": "real[K]"}),
    ("D(L, x[k]) == gamma/sqrt(var + e)*(g[k] - h[k]*mean(g[j]*h[j], j))", NORM, NORM_IN),
    ("D(L, x[k]) == gamma/sqrt(var + e)*(g[k] - mean(g[j], j))", NORM, NORM_IN),
    (LAYER_X.replace("mean(g[c, j]*gamma[j], j)", "gamma[k]*mean(g[c, j], j)"), LAYER, LAYER_IN),
    ("D(L, gamma[k]) == sum(g[b, k], b)", LAYER, LAYER_IN),
    ("D(L, Q[a, f]) == sum(A[a, c]*(dA[a, c] - sum(A[a, l]*dA[a, l], l))*K[c, f], c)", ATTENTION, ATTENTION_IN),
    ("D(L, Q[a, f]) == sum(A[a, c]*dA[a, c]*K[c, f], c)/sqrt(d)", ATTENTION, ATTENTION_IN),
    ("D(sum(v[i]*A[i, j]*v[j], i, j), v[k]) == 2*sum(A[k, j]*v[j], j)", {}, {"A": "real[n, n]", "v": "real[n]"}),
    ("A[i, j] == A[j, i]", {}, {"A": "real[n, n]"}),
    # convolution without its stride, or turned around
    ("D(L, k[b]) == sum(g[u]*x[u + b], u)", CONV, {**CONV_IN, "x": "real[s*(U - 1) + A]"}),
    ("D(L, x[w]) == sum(g[u]*k[a]*delta(s*u + A - 1 - a, w), u, a)", CONV, CONV_IN),
    # thresholds
    ("D(L, x[k]) == where(x[k] > 0, g[k], 0)", RELU6, RELU6_IN),
    ("D(L, x[k]) == where(0 < x[k] < 6 + 1e-6, g[k], 0)", RELU6, RELU6_IN),
    ("D(L, z[k]) == where(y[k]*z[k] < 0, -y[k]/n, 0)", HINGE, HINGE_IN),
    ("D(L, z[k]) == where(y[k]*z[k] < 1 - 1e-7, -y[k]/n, 0)", HINGE, HINGE_IN),
    ("log(1 + exp(x)) == where(x > 20, x, log(1 + exp(x)))", {}, {"x": "real"}),
    ("log(1 + exp(x)) == where(x < -20, exp(x), log(1 + exp(x)))", {}, {"x": "real"}),
    ("where(x > 10**5, 1, 0) == where(x > 10**5 + 1, 1, 0)", {}, {"x": "real"}),
    ("max(-b, min(b, x)) == max(-1, min(1, x))", {}, {"x": "real", "b": "positive"}),
    ("max(0, x) == max(1e-9, x)", {}, {"x": "real"}),
    # a domain wider than the claim
    ("D(L, x[k]) == p[k] - y[k]", CROSS, {"x": "real[K]", "y": "real[K]"}),
    ("sum(y[i], i) == 1", {}, {"y": "unit[n]"}),
    ("sqrt(x**2) == x", {}, {"x": "real"}),
    ("log(x**2) == 2*log(x)", {}, {"x": "real"}),
    ("abs(x) == x", {}, {"x": "real"}),
    ("p[i] == y[i]*p[i] + (1 - y[i])*p[i]**2", {"p[i]": "x[i]"}, {"x": "unit[n]", "y": "binary[n]"}),
    ("D(x**k, x) == k*x**k/x**2", {}, {"x": "real", "k": "natural"}),
    # recurrences and second derivatives
    ("D(m[t], x[r]) == (1 - b)*b**abs(t - r)", MEAN, MEAN_IN),
    ("m[t] == (1 - b)*sum(b**(t - r + 1)*x[r], (r, 1, t))", MEAN, MEAN_IN),
    ("D(f, x[k], x[l]) == p[k]*delta(k, l)", LOG_SUM, {"x": "real[n]"}),
    ("D(x[i]**3, x[i], x[i]) == 3*x[i]**2", {}, {"x": "real[n]"}),
    ("expect(z**4, z, Normal(m, s)) == m**4 + 3*s**4", {}, {"m": "real", "s": "positive"}),
    # inequalities
    ("x**2 + y**2 >= 2*x*y + 1", {}, {"x": "real", "y": "real"}),
    ("max(x[j], j) <= sum(x[j], j)", {}, {"x": "real[n]"}),
    ("D(exp(x), x) <= 100", {}, {"x": "real"}),
]  # fmt: skip


def asked(claim: str, define: Define | None = None, seed: int = 0, **inputs: str) -> Testimony:
    formula = quick(claim, define or {}, **inputs)
    return exact.testify(formula, formula.claims[0], Settings(seed=seed))


def named(cases: list[Case]) -> Any:
    return pytest.mark.parametrize(("claim", "define", "inputs"), cases, ids=[claim for claim, _, _ in cases])


@named(RIGHT)
def test_a_right_form_agrees_at_every_seed(claim: str, define: Define, inputs: Inputs):
    for seed in range(4):
        testimony = asked(claim, define, seed, **inputs)
        assert testimony.says == "agrees", (seed, testimony.reason, testimony.counterexample)
        assert testimony.facts["points"] >= 6
        assert testimony.facts["digits"] >= 30
        assert testimony.counterexample is None


@named(WRONG)
def test_a_wrong_twin_is_refuted_at_every_seed(claim: str, define: Define, inputs: Inputs):
    for seed in range(3):
        testimony = asked(claim, define, seed, **inputs)
        assert testimony.says == "differs", (seed, testimony.reason)
        assert testimony.counterexample is not None
        assert testimony.counterexample.certified
        assert testimony.counterexample.difference not in ("", "0")


# ------------------------------------------------------- derivatives against mpmath's difference quotients

CURVES = {
    "exp": mpmath.exp, "log": mpmath.log, "sin": mpmath.sin, "cos": mpmath.cos, "erf": mpmath.erf, "abs": abs,
    "tanh": mpmath.tanh, "sinh": mpmath.sinh, "cosh": mpmath.cosh, "sigmoid": lambda v: 1/(1 + mpmath.exp(-v)),
    "softplus": lambda v: mpmath.log(1 + mpmath.exp(v)), "relu": lambda v: max(v, mpmath.mpf(0)),
    "log1p": mpmath.log1p, "expm1": mpmath.expm1, "sign": mpmath.sign, "floor": mpmath.floor,
}  # fmt: skip


@pytest.mark.parametrize("name", functions.TABLE)
def test_every_function_has_the_derivatives_that_mpmath_finds(name: str):
    # f, f' and f'' at x = 7/5, from the witness' own point-wise answer to "D(f(x), x) == c"
    curve, point = CURVES[name], Fraction(7, 5)
    with mpmath.workdps(60):
        for order, by in ((0, ""), (1, ", x"), (2, ", x, x")):
            body = f"D({name}(x){by})" if order else f"{name}(x)"
            value = mpmath.diff(curve, mpmath.mpf(7) / 5, order) if order else curve(mpmath.mpf(7) / 5)
            near = Fraction(int(mpmath.nint(value * 10**12)), 10**12)
            formula = quick(f"x - 7/5 + {body} == 0", {}, x="positive")
            below, above = (
                replace(formula.claims[0], operator=operator, right=number(bound))
                for operator, bound in (("<=", near + Fraction(1, 10**9)), (">=", near - Fraction(1, 10**9)))
            )
            at = Settings(at=Counterexample({}, {}, {"x": point}, "", "", ""))
            assert exact.testify(formula, below, at).says == "agrees", (name, order)
            assert exact.testify(formula, above, at).says == "agrees", (name, order)


# ---------------------------------------------------------------------- what it cannot know it does not say


def test_an_expectation_of_no_polynomial_is_left_to_others():
    testimony = asked("expect(exp(z), z, Normal(m, s)) == exp(m + s**2/2)", m="real", s="positive")
    assert testimony.says == "cannot tell"
    assert "no polynomial" in testimony.reason


def test_a_branch_that_is_never_reached_is_named():
    testimony = asked("where(x > 10**30, 1, 0) == 0", x="real")
    assert testimony.says == "cannot tell"
    assert testimony.reason == f"branch never reached: x > {10**30}"


def test_a_claim_at_a_boundary_at_every_point_is_not_judged():
    # z[i] - c is 0 at the target itself, whatever the numbers are
    testimony = asked("sum(where(z[i] - c > 0, 1, 0), i) == K", {"c": "sum(y[i]*z[i], i)"}, z="real[K]", y="onehot[K]")
    assert testimony.says == "cannot tell"
    assert "boundary" in testimony.reason


def test_points_where_the_left_side_is_undefined_do_not_count():
    testimony = asked("log(-x**2) == 1", x="real")
    assert testimony.says == "cannot tell"
    assert "only 0 of 6 points counted: the left side is undefined" in testimony.reason
    assert asked("2*log(x) == log(x**2)", x="real").says == "agrees"


def test_a_right_side_undefined_where_the_left_is_finite_is_refuted():
    testimony = asked("x**2/x**2 == sqrt(x)**2/x", x="real")
    assert testimony.says == "differs"
    assert testimony.counterexample is not None
    assert testimony.counterexample.claimed == "undefined"


def test_an_undefined_branch_that_is_not_chosen_does_no_harm():
    # the slope of sqrt at a negative number must not leak into where's other branch
    define = {"q[i]": "sqrt(x[i])", "L": "sum(where(x[i] > 0, q[i], x[i]**2), i)"}
    right = "D(L, x[k]) == where(x[k] > 0, 1/(2*sqrt(x[k])), 2*x[k])"
    assert asked(right, define, x="real[n]").says == "agrees"
    assert asked(right.replace("2*x[k])", "x[k])"), define, x="real[n]").says == "differs"


def test_a_power_of_zero_to_the_zero_is_undefined():
    assert asked("(x*0)**(k - k) == 1", x="real", k="natural").says == "cannot tell"


def test_too_much_arithmetic_is_a_reason_and_no_answer():
    claim = "sum(x[i]*x[j]*x[k]*x[l]*x[m]*x[p]*x[q]*x[r]*x[s], i, j, k, l, m, p, q, r, s) == sum(x[i], i)**9"
    dense = claim.replace(
        "x[i]*x[j]*x[k]*x[l]*x[m]*x[p]*x[q]*x[r]*x[s]", "exp(" + "+".join(f"x[{i}]" for i in "ijklmpqrs") + ")"
    )
    testimony = asked(dense, x="real[n]")
    assert testimony.says in ("cannot tell", "differs")
    assert asked(claim, x="real[n]").says == "agrees"  # a product of sums, one factor at a time


def test_a_derivative_that_could_be_read_in_two_ways_is_refused():
    # by x through v, and then by v with x -> v cut?
    testimony = asked("D(f, x, v) == 0", {"v": "x**2", "f": "v*x"}, x="real")
    assert testimony.says == "cannot tell"
    assert "a derivative by v of one by what v is made of" in testimony.reason


def test_a_hundred_definitions_in_a_row_are_no_deep_recursion():
    define = {"h0": "x"} | {f"h{k}": f"tanh(a*h{k - 1})" for k in range(1, 100)}
    slopes = {"s0": "1"} | {f"s{k}": f"s{k - 1}*a*(1 - h{k}**2)" for k in range(1, 100)}
    assert asked("D(h99, x) == s99", define | slopes, x="real", a="positive").says == "agrees"


# ------------------------------------------------------------------------------------------ what it reports


def test_an_agreement_names_its_points_sizes_and_digits():
    testimony = asked("D(L, x[k]) == p[k] - y[k]", CROSS, **CROSS_IN)
    assert testimony.facts == {
        "points": 10, "digits": 60, "branches": 0,
        "sizes": [{"K": 2}, {"K": 3}, {"K": 5}, {"K": 4}, {"K": 7}, {"K": 6}],
    }  # fmt: skip


def test_the_same_question_has_the_same_answer():
    for claim, define, inputs in (RIGHT[16], WRONG[33]):
        assert asked(claim, define, 5, **inputs) == asked(claim, define, 5, **inputs)


def test_the_answer_does_not_depend_on_the_claims_asked_before():
    texts = ["D(L, x[k]) == where(0 < x[k] < 6, g[k], 0)", "D(L, x[k]) == where(0 < x[k] < 6 + 1e-6, g[k], 0)"]
    formula = quick(texts, RELU6, **RELU6_IN)
    alone = exact.testify(formula, formula.claims[1], Settings())
    session._latest.clear()
    exact.testify(formula, formula.claims[0], Settings())
    assert exact.testify(formula, formula.claims[1], Settings()) == alone


def test_the_witness_speaks_of_a_given_point_alone():
    formula = quick("sqrt(x**2) == x", {}, x="real")
    there = Counterexample({}, {}, {"x": Fraction(3, 7)}, "", "", "")
    assert exact.testify(formula, formula.claims[0], Settings(at=there)).says == "agrees"
    there = Counterexample({}, {}, {"x": Fraction(-3, 7)}, "", "", "")
    assert exact.testify(formula, formula.claims[0], Settings(at=there)).says == "differs"


@pytest.mark.parametrize("at", [Fraction(0), Fraction(1)])
def test_a_given_point_on_a_boundary_is_not_judged(at: Fraction):
    formula = quick("D(abs(x*(x - 1)), x) == (2*x - 1)*sign(x*(x - 1))", {}, x="real")
    there = Counterexample({}, {}, {"x": at}, "", "", "")
    assert exact.testify(formula, formula.claims[0], Settings(at=there)).says == "cannot tell"


# --------------------------------------------------------------------------------------------- the parts


def test_the_rule_for_expectations_gives_the_moments_of_a_normal_variable():
    # E[t**k] = 1*3*5*...*(k - 1) for even k, 0 for odd
    nodes, weights = rule_of_degree(12)
    moments = [sum(w * t**k for t, w in zip(nodes, weights, strict=True)) for k in range(13)]
    assert moments == [1, 0, 1, 0, 3, 0, 15, 0, 105, 0, 945, 0, 10395]


def test_a_sum_of_products_is_contracted_to_what_it_is():
    i, j, k = (0, 2), (1, 3), (2, 4)
    left = np.arange(6).reshape(2, 3)
    right = np.arange(12).reshape(3, 4)
    factors = [Array(np.frompyfunc(lambda v: rational(int(v)).data, 1, 1)(a), labels, True)
               for a, labels in ((left, (i, j)), (right, (j, k)))]  # fmt: skip
    found = contracted(factors, [j, k])
    assert [int(v.p) for v in found.data] == (left @ right).sum(axis=1).tolist()
    assert found.labels == (i,)
    assert contracted(factors[:1], [j, k]).data[1].p == 4 * (3 + 4 + 5)  # absent labels count their length


def test_a_claim_need_not_be_one_of_the_formula():
    read = quick("L == sum(w[i]*x[i], i)", {"L": "sum(w[i]*x[i], i)"}, x="real[n]", w="real[n]")
    assert exact.testify(read, read.claims[0], Settings()).says == "agrees"
    other = quick("D(L, w[k]) == x[k]", {"L": "sum(w[i]*x[i], i)"}, x="real[n]", w="real[n]").claims[0]
    assert exact.testify(read, other, Settings()).says == "agrees"


def test_a_formula_may_be_built_by_hand():
    formula: Formula = quick("x == x", {}, x="real")
    (tensor,) = formula.inputs
    claim = replace(formula.claims[0], left=element(tensor) ** 2, right=element(tensor) * element(tensor))
    assert exact.testify(formula, claim, Settings()).says == "agrees"
    stray = replace(claim, left=element(tensor) + Variable("z"))
    assert "no expectation binds" in exact.testify(formula, stray, Settings()).reason
    assert Index("i", axis(2)).name == "i"


# --------------------------------------------------- derivatives against difference quotients, in the catalog


def first_derivatives(formula: Formula) -> list[Derivative]:
    """The derivatives by one input that the claims speak of."""
    bodies = [side for claim in formula.claims for side in (claim.left, claim.right)]
    found = dict.fromkeys(node for body in bodies for node in walk(body) if isinstance(node, Derivative))
    return [node for node in found if len(node.by) == 1 and node.by[0].tensor in formula.inputs]


@pytest.mark.parametrize("name", sorted(SHIPPED))
def test_a_derivative_is_the_limit_of_its_difference_quotient(name: str):
    # (f(x + h) - f(x))/h with h = 2**-400 in 1,600 bits, against what is pulled back through f
    formula = SHIPPED[name]
    structure = Structure(formula)
    here = draw(formula, 3, 0)
    h = Fraction(1, 1 << 400)
    for node in first_derivatives(formula)[:4]:
        (by,) = node.by
        place = tuple(length // 2 for length in here.values[by.tensor].shape)
        moved = here.values[by.tensor].copy()
        moved[place] = moved[place] + h
        there = replace(here, values={**here.values, by.tensor: moved})
        spot = tuple(number(p + measure(axis.start, here.sizes)) for p, axis in zip(place, by.tensor.axes, strict=True))
        with flint.ctx.workprec(1600):
            at = Evaluation(formula, here, structure.targets)
            slope = at.value(Derivative(node.body, (element(by.tensor, *spot),)))
            before, after = at.value(node.body), Evaluation(formula, there, structure.targets).value(node.body)
            quotient = multiply(rational(1 / h), subtract(after, before))
            difference = np.atleast_1d(subtract(slope, quotient).balls()).ravel()
            if at.truths.ties:
                continue
            assert all(abs(ball) < arb(2) ** -300 for ball in difference), (name, node)


def test_a_branch_that_turns_for_some_elements_only_is_straddled():
    # Where every element takes one branch of the inner where, its value has no axis.
    formula = quick(
        "D(sum(where(a > where(2 > x[i] + c, c, 3/2), x[i]**2, x[i]), i), x[k]) "
        "== where(a > where(2 > x[k] + c, c, 3/2), 2*x[k], 1)",
        x="real[n]", a="positive", c="real",
    )  # fmt: skip
    for seed in range(6):
        assert exact.testify(formula, formula.claims[0], Settings(seed=seed)).says in ("agrees", "cannot tell")
