"""Sides that are defined in unlike places: sqrt(x)**2 is x where x >= 0, and nothing elsewhere."""

import pytest

from derive.catalog import quick
from derive.expression import arena
from derive.proof import Algebra
from verify.judge import judged
from verify.report import Judged
from verify.testimony import Settings

X, XY, K = {"x": "real"}, {"x": "real", "y": "real"}, {"x": "real", "k": "integer"}
N, NM = {"x": "real", "v": "real[n]"}, {"x": "positive", "v": "real[n]", "w": "real[m]"}


def verdict(text: str, inputs: dict[str, str], define: dict[str, str] | None = None) -> Judged:
    with arena():
        (found,) = judged(quick(text, define=define, **inputs), Settings())
    return found


def is_proved(text: str, inputs: dict[str, str], define: dict[str, str] | None = None) -> bool:
    with arena():
        formula = quick(text, define=define, **inputs)
        return Algebra(formula).prove(formula.claims[-1]).equal


# The left side has a value where the right side has none: the claim fails there, and no witness denies it.
BEYOND = [
    ("x == exp(log(x))", X),
    ("x == sqrt(x)**2", X),
    ("x == (x**3)**(1/3)", X),
    ("x**2 == exp(2*log(x))", X),
    ("x*y == exp(log(x) + log(y))", XY),
    ("x*y == sqrt(x)*sqrt(x)*sqrt(y)*sqrt(y)", XY),
    ("sqrt(x**2*y**2) == sqrt(x)**2*sqrt(y)**2", XY),
    ("log(x/y) == log(x) - log(y)", XY),
    ("abs(x) <= exp(2*log(x)/2) + abs(x)", X),
    ("sum(x[i], i) == sum(exp(log(x[i])), i)", {"x": "real[n]"}),
    ("x == exp(log1p(x)) - 1", X),
    ("k == exp(log(k))", {"k": "integer"}),
    ("log(x**k) == k*log(x)", K),
]


@pytest.mark.parametrize(("text", "inputs"), BEYOND)
def test_a_right_side_without_a_value_on_half_of_the_domain_is_refuted_and_not_proved(text, inputs):
    # log(x) and sqrt(x) are defined for x > 0 alone, x itself everywhere
    assert not is_proved(text, inputs)
    assert verdict(text, inputs).verdict == "refuted"


@pytest.mark.parametrize("text", ["log(x/y) == log(x) - log(y)", "sqrt(x*y) == exp((log(x) + log(y))/2)"])
def test_sympy_takes_no_complex_logarithm_for_a_value(text):
    # log(-2) - log(-3) is real though neither logarithm is
    found = verdict(text, XY)
    assert found.witnesses.sympy.says == "cannot tell"


@pytest.mark.parametrize(
    ("text", "inputs"),
    [
        ("exp(log(x)) == x", X),
        ("sqrt(x)**2 == x", X),
        ("(x**3)**(1/3) == x", X),
        ("log(x) + log(y) == log(x*y)", XY),
        ("x == exp(log(x))", {"x": "positive"}),
        ("x == sqrt(x)**2", {"x": "nonnegative"}),
        ("x == exp(log1p(x)) - 1", {"x": "positive"}),
        ("sqrt(x)*y == exp(log(x)/2)*y", XY),
        ("D(log(x), x) == exp(-log(x))", X),
        ("sqrt(x**2 + y**2) == exp(log(x**2 + y**2)/2)", XY),
        ("k*log(x) == log(x**k)", {"x": "positive", "k": "integer"}),
    ],
)
def test_a_right_side_that_has_a_value_wherever_the_left_one_has_is_right(text, inputs):
    assert verdict(text, inputs).verdict in ("proved", "agrees")


def test_a_complex_power_is_no_defect_of_sympy():
    # w[t] is c*(1 - h)**t, a power of a logarithm only where h < 1
    define = {"w[0]": "c", "w[t]": "w[t-1] - h*w[t-1] + 0*u[t]"}
    inputs = {"c": "real", "h": "real", "u": "real[1..T]"}
    found = verdict("w[t] == c*exp(t*log(1 - h))", inputs, define)
    assert found.verdict == "refuted"
    assert not found.witnesses.sympy.broken
    assert verdict("c*exp(t*log(1 - h)) == w[t]", inputs, define).verdict in ("proved", "agrees")


def test_the_reason_names_where_the_right_side_is_undefined():
    with arena():
        formula = quick("x - y == sqrt(x - y)**2", **XY)
        assert Algebra(formula).prove(formula.claims[0]).reason == "the right side may be undefined where x - y < 0"


def test_a_recurrence_in_closed_form_is_no_way_round():
    # m[t] is x for every t, sqrt(x)**2 only where x >= 0
    define = {"m[0]": "x", "m[t]": "m[t-1] + 0*u[t]"}
    inputs = {"x": "real", "u": "real[1..T]"}
    assert is_proved("m[t] == x", inputs, define)
    assert not is_proved("m[t] == sqrt(x)**2", inputs, define)
    assert verdict("m[t] == sqrt(x)**2", inputs, define).verdict == "refuted"


# ------------------------------------------------------------- exponents that may be whole numbers

WHOLE = [
    ("x**k >= 0", K),  # k may be odd
    ("sqrt(x**k) == x**(k/2)", K),  # at k = 2 it is |x|
    ("x**floor(y) >= 0", XY),
    ("x**(n/2) >= 0", N),  # at n = 2 it is x
    ("(x**(n/2))**(2/n) == x", N),  # at n = 4 it is |x|
    ("sqrt(x**n) == x**(n/2)", N),
    ("log(x**n) == n*log(x)", N),
    ("abs(x**(n/2)) == x**(n/2)", N),
    ("where(x**k > 0, 1, 0) == 1", K),
]


@pytest.mark.parametrize(("text", "inputs"), WHOLE)
def test_a_power_that_may_be_a_whole_one_is_not_taken_to_be_of_a_positive_base(text, inputs):
    assert not is_proved(text, inputs)


@pytest.mark.parametrize(("text", "inputs"), WHOLE)
def test_and_such_a_claim_is_refuted(text, inputs):
    assert verdict(text, inputs).verdict == "refuted"


@pytest.mark.parametrize(
    ("text", "inputs"),
    [
        ("sqrt(x**y) == x**(y/2)", XY),
        ("x**(n/2) >= 0", {"x": "positive", "v": "real[n]"}),
        ("(x*y)**k == x**k*y**k", XY | {"k": "integer"}),
        ("(x**k)**2 == x**(2*k)", K),
        ("abs(x**n) == abs(x)**n", N),
        ("(x**2)**(n/2) == abs(x)**n", N),
    ],
)
def test_a_power_of_a_positive_base_or_with_a_whole_exponent_is_right(text, inputs):
    assert verdict(text, inputs).verdict in ("proved", "agrees")


def test_powers_to_unlike_sizes_are_the_same_at_equal_sizes():
    # x**n > x**m and x**n >= x**m differ on the whole region n = m
    assert not is_proved("where(x**n > x**m, 1, 0) == where(x**n >= x**m, 1, 0)", NM)
    assert is_proved("where(x**n > 2, 1, 0) == where(x**n >= 2, 1, 0)", NM)
    assert not is_proved(
        "sum(where(x[k]**(n - m) == max(x[i]**(n - m), i), 1, 0), k) == 1", {"x": "positive[n]", "w": "real[m]"}
    )


def test_an_exponent_that_is_whole_by_an_identity_has_a_value_for_a_negative_base():
    # exp(log(2)) is 2, exp(log(3)) is 3
    assert verdict("x**2 == x**exp(log(2))", X).verdict in ("proved", "undecided")
    assert verdict("x**2 == x**exp(log(3))", X).verdict in ("refuted", "undecided")
    assert verdict("x**2 == x**exp(log(3))", {"x": "positive"}).verdict == "refuted"


@pytest.mark.parametrize("exponent", ["exp(log(2))", "sqrt(2**2)"])
def test_and_a_slope_too(exponent):
    # the slope of x**2 is 2*x, and not 0, by whatever is known of the exponent
    assert verdict(f"D(x**2, x) == D(x**({exponent}), x)", X).verdict in ("proved", "agrees", "undecided")
    assert verdict(f"D(cos(x)**2, x) == D(cos(x)**({exponent}), x)", X).verdict in ("proved", "agrees", "undecided")
    assert verdict(f"D(cos(x)**2, x) == 2*D(cos(x)**({exponent}), x)", X).verdict in ("refuted", "undecided")
    assert verdict(f"D(x**2, x) == 2*D(x**({exponent}), x)", {"x": "positive"}).verdict == "refuted"


# --------------------------------------------------------------------- 0 to a power that may be 0

ZEROS = [
    ("z**n == z*z**(n - 1)", {"z": "integer", "v": "real[n]"}),  # at n = 1 and z = 0 it is 0 and 0*0**0
    ("z**2 == z**3*z**(-1)", {"z": "integer"}),
    ("b*x == x*b**n*b**(1 - n)", {"x": "real", "b": "binary", "v": "real[n]"}),
]


@pytest.mark.parametrize(("text", "inputs"), ZEROS)
def test_a_power_that_may_be_0_of_what_may_be_0_is_no_way_to_write_another(text, inputs):
    assert not is_proved(text, inputs)
    assert verdict(text, inputs).verdict == "refuted"


@pytest.mark.parametrize(
    ("text", "inputs"),
    [
        ("z*z**(n - 1) == z**n", {"z": "integer", "v": "real[n]"}),
        ("z**(n + 1) == z*z**n", {"z": "integer", "v": "real[n]"}),
        ("x**n == x*x**(n - 1)", N),
        ("z**n/z**2 == z**(n - 1)/z", {"z": "integer", "v": "real[n]"}),
    ],
)
def test_with_no_more_undefined_on_the_right_it_is_right(text, inputs):
    assert verdict(text, inputs).verdict in ("proved", "agrees")


# -------------------------------------------------------------------------- a case that is not taken

GUARDED = [
    ("where(x > 0, sqrt(x), y) == y + where(x > 0, 1, 0)*(sqrt(x) - y)",
     "where(x > 0, sqrt(x), y) == y + where(x > 0, sqrt(x) - y, 0)"),
    ("where(x > 0, log(x)*y, 0) == y*log(x)*where(x > 0, 1, 0)",
     "where(x > 0, log(x)*y, 0) == y*where(x > 0, log(x), 0)"),
]  # fmt: skip


@pytest.mark.parametrize(("wrong", "right"), GUARDED)
def test_what_is_undefined_in_a_case_that_is_not_taken_is_undefined_outside_of_it(wrong, right):
    # 0*sqrt(-1) has no value
    assert not is_proved(wrong, XY)
    assert verdict(wrong, XY).verdict == "refuted"
    assert verdict(right, XY).verdict == "proved"


# -------------------------------------------------------------------- conditions without a truth


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x**2 == where(log(x) > y, x**2, x**2)", "refuted"),
        ("x**2 == where(not (log(x) > y), x**2, x**2)", "refuted"),
        ("x**2 == where(x > y or log(x) > y, x**2, x**2)", "refuted"),
        ("x**2 == where(x > 0 and log(x) > y, x**2, x**2)", "agrees"),
        ("x**2 == where(x < 0 or log(x) > y, x**2, x**2)", "agrees"),
        ("where(log(x) > y, x**2, x**2) == x**2", "proved"),
    ],
)
def test_a_condition_on_what_has_no_value_is_neither_true_nor_false(text, expected):
    # log(x) > y says nothing for x < 0, unless it is joined to what is decided by itself
    assert verdict(text, XY).verdict == expected


def test_a_condition_on_what_is_too_large_for_balls_refutes_nothing():
    # exp(cosh(e)) has more digits than can be held for an e of some hundreds, and a logarithm all the same
    inputs = {"e": "integer", "y": "real", "x": "real"}
    assert (
        verdict("where(cosh(e)/y != 1/7, 1, x) == where(log(exp(cosh(e)))/y != 1/7, 1, x)", inputs).verdict == "proved"
    )
    assert verdict("where(cosh(e)/y > 1/7, 1, x) == where(log(exp(cosh(e)))/y > 1, 1, x)", inputs).verdict == "refuted"
