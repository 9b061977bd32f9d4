"""Steep slopes and odd scales: exponents with large numerators cost no more than small ones."""

import pytest

from derive.algebra.factors import factor
from derive.algebra.normal import Normalizer
from derive.catalog import quick
from derive.proof import prove

SLOPE = "D(L, x[k]) == 2*(sigmoid({c}*x[k]) - t[k])*{c}*sigmoid({c}*x[k])*(1 - sigmoid({c}*x[k]))"


@pytest.mark.parametrize("scale", ["2", "7/3", "941/19", "100003/7"])
def test_a_sigmoid_of_any_scale_has_its_slope_proved(scale):
    inputs = {"x": "real[n]", "t": "real[n]"}
    define = {"L": f"sum((sigmoid({scale}*x[i]) - t[i])**2, i)"}
    right = quick(SLOPE.format(c=scale), define=define, **inputs)
    wrong = quick(SLOPE.format(c=scale).replace("2*(", "3*("), define=define, **inputs)
    assert prove(right, right.claims[0]).equal
    assert not prove(wrong, wrong.claims[0]).equal


def factors_of(expression):
    ring = Normalizer()
    found = factor(ring, ring(quick(f"{expression} == 0", x="real").claims[0].left))
    return [base for base, _ in found.factors]


def test_small_exponents_are_factored_and_large_ones_counted_together():
    # x**4 - 1 has the factor x - 1; exp(500*x) - 1 is only read as a polynomial in exp(500*x)
    assert len(factors_of("x**4 - 1")) == 3
    assert len(factors_of("exp(500*x) - 1")) == 1
