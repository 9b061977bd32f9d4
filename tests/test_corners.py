"""Corners of the domain that no draw has by chance: equal sizes, sizes at which something turns, reals of one sign."""

import pytest

from derive.catalog import quick
from derive.expression import arena
from verify.corners import again, level, sided
from verify.judge import judged
from verify.testimony import Settings

X, K, N = {"x": "real"}, {"x": "real", "k": "integer"}, {"x": "real", "v": "real[n]"}
NM = {"x": "real", "v": "real[n]", "w": "real[m]"}
V, BITS = {"x": "real[n]"}, {"b": "binary[n]"}
AY = {"a": "positive[n]", "y": "real[m]"}


def verdict(text: str, inputs: dict[str, str]) -> str:
    with arena():
        (found,) = judged(quick(text, SUMS if "q[t]" in text else None, **inputs), Settings())
    return found.verdict


# A claim that is wrong at the corner alone, and what is right of it there as elsewhere.
EQUAL_SIZES = [
    ("x*delta(n, m) == 0", "x*delta(n, m) == x*(1 - where(n != m, 1, 0))", NM),
    ("x*where(n > m, 1, 0) == x*where(n >= m, 1, 0)", "x*where(n > m, 1, 0) == x*where(n >= m + 1, 1, 0)", NM),
    ("x == x*(n - m)/(n - m)", "x*(n - m)/(n - m) == x", NM),
    ("x**2*where(n == 2*m, 1, 0) == 0", "x**2*where(n == 2*m, 1, 2) == x**2*where(2*m == n, 1, 2)", NM),
]
TURNS = [
    ("x*delta(n, 9) == 0", "x*delta(n, 9) == x*where(n == 9, 1, 0)", N),
    ("x*floor(n/9) == 0", "x*floor(n/9) == x*floor((n + 9)/9) - x", N),
    ("x == x*(n - 8)/(n - 8)", "x*(n - 8)/(n - 8) == x", N),
    ("x[k]*delta(k, 12) == 0", "x[k]*delta(k, 12) == x[k]*where(k == 12, 1, 0)", V),
    ("x[k]*where(k > 12, 2, 1) == x[k]", "x[k]*where(k > 12, 2, 1) == x[k] + x[k]*where(k >= 13, 1, 0)", V),
    ("x*max(n, 11) == 11*x", "x*max(n, 11) == x*where(n > 11, n, 11)", N),
]
WHOLE_NUMBERS = [
    ("prod(b[i], i) == 0", "prod(b[i], i) == where(sum(b[i], i) == n, 1, 0)", BITS),
    ("max(b[i], i) == 1", "max(b[i], i) == 1 - prod(1 - b[i], i)", BITS),
    ("x == x*k/k", "x*k/k == x", K),
    ("x*where(k == 1, 2, 1) == x", "x*where(k == 1, 2, 1) == x + x*where(k == 1, 1, 0)", K),
    ("x*floor(k/100) == -x*where(k < 0, 1, 0)", "x*floor(k/100) == x*floor((k + 100)/100) - x", K),
    ("where(z[i] == z[j], 1, 0) == delta(i, j)", "where(z[i] == z[j], 1, 0) == where(z[j] == z[i], 1, 0)",
     {"z": "integer[n]"}),
]  # fmt: skip
WIDE = [
    ("x*n <= 10*x", "x*n <= x*n**2", {"x": "positive", "v": "real[n]"}),
    ("q[t]*y == y*(t*(t + 1)/2 + t*(t - 1)*(t - 2)*(t - 3)*(t - 4)*(t - 5)*(t - 6)*(t - 7))",
     "q[t]*y == y*t*(t + 1)/2", {"y": "real", "u": "real[1..T]"}),
]  # fmt: skip
SUMS = {"q[0]": "0", "q[t]": "q[t-1] + t + 0*u[t]"}
SIGNS = [
    ("max(a[i]*y[j], i, j) == max(a[i], i)*max(y[j], j)",
     "max(a[i]*y[j], i, j) == max(max(a[i], i)*max(y[j], j), min(a[i], i)*max(y[j], j))", AY),
    ("max(relu(x[i]), i) == max(x[i], i)", "max(relu(x[i]), i) == relu(max(x[i], i))", V),
    ("sqrt(x**n) == x**(n/2)", "sqrt(x**(2*n)) == abs(x)**n", N),
    ("x*floor(x/1000) == -x*where(x < 0, 1, 0)", "x*floor(x/1000) == x*floor((x + 1000)/1000) - x", X),
    ("max(x[i], i) == log(sum(exp(1000000*x[i]), i))/1000000",
     "max(x[i], i) <= log(sum(exp(1000000*x[i]), i))/1000000", V),
]  # fmt: skip
NEARLY = [
    ("exp(x) >= 2.7183*x", "exp(x) >= 2.7182*x", X),  # e is 2.71828…
    ("x*log(x) >= -0.3678", "x*log(x) >= -0.3679", {"x": "positive"}),  # -1/e is -0.36787…
    ("log(x) <= x - 1 - 1e-10", "log(x) <= x - 1", {"x": "positive"}),
    ("p*log(p/q) + (1 - p)*log((1 - p)/(1 - q)) >= 2.001*(p - q)**2",
     "p*log(p/q) + (1 - p)*log((1 - p)/(1 - q)) >= 2*(p - q)**2", {"p": "unit", "q": "unit"}),  # Pinsker's
    ("sum(p[i]**2, i) >= 1/n + 1e-9", "sum(p[i]**2, i) >= 1/n", {"p": "simplex[n]"}),
    ("-sum(p[i]*log(p[i]), i) <= log(n) - 1e-9", "-sum(p[i]*log(p[i]), i) <= log(n)", {"p": "simplex[n]"}),
    ("sum(x[i]*y[i], i)**2 <= 0.9999*sum(x[i]**2, i)*sum(y[i]**2, i)",
     "sum(x[i]*y[i], i)**2 <= sum(x[i]**2, i)*sum(y[i]**2, i)", {"x": "real[n]", "y": "real[n]"}),
]  # fmt: skip
PAIRS = [*EQUAL_SIZES, *TURNS, *WHOLE_NUMBERS, *WIDE, *SIGNS, *NEARLY]


@pytest.mark.parametrize(("wrong", "inputs"), [(wrong, inputs) for wrong, _, inputs in PAIRS])
def test_a_claim_that_is_wrong_at_a_corner_alone_is_refuted(wrong: str, inputs: dict[str, str]):
    assert verdict(wrong, inputs) == "refuted"


@pytest.mark.parametrize(("right", "inputs"), [(right, inputs) for _, right, inputs in PAIRS])
def test_what_is_right_at_the_corner_too_holds(right: str, inputs: dict[str, str]):
    assert verdict(right, inputs) in ("proved", "agrees")


def test_the_draws_at_corners_are_what_they_are_called():
    with arena():
        formula = quick("x[i]*k*b[i]*w[j] == 0", x="real[n]", k="integer", b="binary[n]", w="real[m]")
        below, _, above, close, *_ = [draw.values[formula.inputs[0]].ravel() for draw in sided(formula, 0)]
        assert max(below) < 0 < min(above)
        assert max(close) - min(close) < 1e-5
        assert len(set(close)) == len(close) > 1
        assert [set(draw.sizes.values()) for draw in level(formula, 0)] == [{1}, {3}, {11, 12}]
        *_, least, _, most, _ = again(formula, 0)
        bits = formula.inputs[2]
        assert (set(least.values[bits]), set(most.values[bits])) == ({0}, {1})
        whole = {int(draw.values[formula.inputs[1]][()]) for draw in again(formula, 0)}
        assert 0 in whole
        assert max(map(abs, whole)) > 100
