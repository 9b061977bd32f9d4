"""The table of functions: value, slope, NumPy form, ball form and domain of each, set against one another."""

import dataclasses
import math

import flint
import mpmath
import numpy as np
import pytest

from derive.domains import TABLE as DOMAINS
from derive.expression import Add, Call, Compare, Constant, Extremum, Multiply, Node, Number, Power, Variable, Where
from derive.functions import TABLE, Function, y

mp = mpmath.MPContext()
mp.dps = 400  # log(1 + exp(-600)) needs 260 digits before the first that counts
each_function = pytest.mark.parametrize("function", TABLE.values(), ids=TABLE)
PLACES = (
    "-37.25",
    "-6.5",
    "-2.03125",
    "-1.25",
    "-0.40625",
    "-0.001",
    "0.0003",
    "0.34375",
    "1.5",
    "1.96875",
    "9.25",
    "41.5",
)


def at(node: Node, names: dict[str, object]) -> object:
    """A value or slope at high precision, by mpmath."""
    match node:
        case Number():
            return mp.mpf(node.numerator) / node.denominator
        case Constant("pi"):
            return +mp.pi
        case Variable(name):
            return names[name]
        case Add(terms):
            return mp.fsum(at(term, names) for term in terms)
        case Multiply(factors):
            return mp.fprod(at(factor, names) for factor in factors)
        case Power(base, exponent):
            return mp.power(at(base, names), at(exponent, names))
        case Extremum(kind, arguments):
            return (max if kind == "max" else min)(at(argument, names) for argument in arguments)
        case Where(Compare(operator, left, right), then, otherwise):
            one, other = at(left, names), at(right, names)
            return at(then if {"<": one < other, ">": one > other}[operator] else otherwise, names)
        case Call(name, argument):
            return value_of(TABLE[name], at(argument, names))
    raise AssertionError(f"{type(node).__name__} in the table of functions")


def value_of(function: Function, x: object) -> object:
    """By mpmath for a primitive, else by its definition."""
    return getattr(mp, function.name)(x) if function.value is None else at(function.value, {"x": x})


def places(function: Function) -> list[object]:
    low = DOMAINS[function.domain].low
    return [mp.mpf(place) for place in PLACES if low is None or float(place) > low]


def slope_error(function: Function) -> object:
    """The greatest relative difference of the slope and the derivative of the value, of the places."""

    def error(x: object) -> object:
        derivative = mp.diff(lambda v: value_of(function, v), x, h=mp.mpf(10) ** -30)
        slope = at(function.slope, {"x": x, "y": value_of(function, x)})
        return abs(derivative - slope) / max(abs(derivative), mp.mpf(10) ** -20)

    return max(error(x) for x in places(function))


def in_floats(function: Function, x: object) -> object:
    form = function.numpy
    return getattr(np, form)(x) if isinstance(form, str) else form(np, x)


def exactly(x: object) -> object:
    """A float of any type as an mpmath number."""
    mantissa, exponent = np.frexp(x)
    return mp.mpf(int(np.ldexp(mantissa, 64))) * mp.mpf(2) ** (int(exponent) - 64)


def float_error(function: Function, dtype: type) -> float:
    """The greatest relative error of the NumPy form in units of the last digit, over twelve orders of magnitude."""
    random = np.random.default_rng(3)
    sizes = 10 ** random.uniform(-9, 2.8, 400)
    xs = [x for x in (*sizes, *-sizes, 1.999, 2.0, 2.001) if function.domain == "real" or x > 0]
    worst = 0.0
    for x in np.array(xs).astype(dtype):
        with np.errstate(over="ignore", under="ignore"):
            found = in_floats(function, x)
        right = value_of(function, exactly(x))
        if abs(right) > mp.mpf(10) ** 300:
            assert found == np.inf * np.sign(float(mp.sign(right))) or np.isfinite(found)
        elif abs(right) > mp.mpf(10) ** -300:
            worst = max(worst, float(abs(exactly(found) - right) / abs(right) / mp.mpf(float(np.finfo(dtype).eps))))
    return worst


@each_function
def test_the_slope_is_the_derivative_of_the_value(function: Function):
    assert slope_error(function) < mp.mpf(10) ** -25


@each_function
@pytest.mark.parametrize("dtype", [np.float64, np.longdouble])
def test_the_numpy_form_has_every_digit_of_its_type(function: Function, dtype: type):
    assert float_error(function, dtype) < 4


@each_function
def test_the_numpy_form_works_on_arrays_and_keeps_their_type(function: Function):
    for dtype in (np.float32, np.float64, np.longdouble):
        found = in_floats(function, np.full((2, 3), 0.5, dtype))
        assert found.shape == (2, 3)
        assert found.dtype == dtype


@each_function
def test_the_ball_form_holds_the_value(function: Function):
    if function.value is not None:
        assert function.ball is None, "a function is a primitive or is defined"
        return
    with flint.ctx.workprec(250):
        for x in places(function):
            ball = getattr(flint.arb(mp.nstr(x, 60)), function.ball or "")()
            right = flint.arb(mp.nstr(value_of(function, x), 60))
            assert abs(ball - right) < 1e-55 * (1 + abs(right))


@each_function
def test_the_function_has_a_value_on_all_its_domain_and_the_sign_that_it_claims(function: Function):
    for x in places(function):
        value = value_of(function, x)
        assert isinstance(value, mp.mpf)
        assert mp.isfinite(value)
        assert function.sign != "+" or value > 0


@each_function
def test_a_function_that_claims_no_sign_takes_another(function: Function):
    if not function.sign:
        ends = [] if function.domain == "positive" else [mp.mpf(0)]
        assert any(value_of(function, x) <= 0 for x in [*ends, *places(function)]) or function.name == "log1p"


@each_function
def test_latex_has_one_place_for_the_argument(function: Function):
    assert function.latex.format("ARGUMENT").count("ARGUMENT") == 1


def test_infinities_and_undefined_numbers_pass_through_the_forms_of_our_own():
    values = np.array([np.nan, np.inf, -np.inf, -0.0])
    with np.errstate(all="ignore"):
        assert np.isnan(in_floats(TABLE["erf"], values)[0])
        assert list(in_floats(TABLE["erf"], values)[1:3]) == [1, -1]
        assert list(in_floats(TABLE["sigmoid"], values)[1:3]) == [1, 0]
        assert np.isnan(in_floats(TABLE["sigmoid"], values)[0])
        assert list(in_floats(TABLE["softplus"], values)[1:3]) == [np.inf, 0]


def test_erf_is_that_of_the_standard_library():
    for x in np.linspace(-6, 6, 241):
        assert in_floats(TABLE["erf"], x) == pytest.approx(math.erf(x), rel=1e-15, abs=1e-300)


# -------------------------------------------------------- wrong entries are caught by the same tests


def test_a_wrong_slope_is_caught():
    wrong = dataclasses.replace(TABLE["tanh"], slope=1 - y)
    assert slope_error(wrong) > mp.mpf(10) ** -3


def test_a_numpy_form_that_loses_digits_in_a_tail_is_caught():
    naive = dataclasses.replace(TABLE["sigmoid"], numpy=lambda np, v: 1 - 1 / (1 + np.exp(v)))
    assert float_error(naive, np.float64) > 1000
    unshifted = dataclasses.replace(TABLE["softplus"], numpy=lambda np, v: np.log(1 + np.exp(v)))
    assert float_error(unshifted, np.float64) > 1000


def test_a_numpy_form_of_another_function_is_caught():
    assert float_error(dataclasses.replace(TABLE["tanh"], numpy="sinh"), np.float64) > 1e6
