"""Index notation in NumPy, against plain loops and hand-written NumPy."""

import tracemalloc

import numpy as np
import pytest

from derive.catalog import quick
from derive.errors import UnsupportedError
from derive.formula import Formula
from verify.floats.arrays import evaluate

RANDOM = np.random.default_rng(7)


def left_of(claim: str, define: dict[str, str] | None = None, **inputs: str) -> Formula:
    return quick(claim, define=define, **inputs)


def value(formula: Formula, sizes: dict[str, int], dtype=np.float64, **arrays):
    """The left side of the first claim."""
    known = {size: sizes[size.name] for size in formula.sizes}
    values = {tensor: arrays[tensor.name] for tensor in formula.inputs}
    return evaluate(formula, formula.claims[0].left, values, known, dtype)


def test_a_softmax_is_that_of_a_loop():
    x = RANDOM.standard_normal((4, 3))
    found = value(left_of("exp(x[s, i])/sum(exp(x[s, j]), j) == 0*x[s, i]", x="real[m, n]"), {"m": 4, "n": 3}, x=x)
    for s in range(4):
        for i in range(3):
            assert found[i, s] == pytest.approx(np.exp(x[s, i]) / sum(np.exp(x[s, j]) for j in range(3)), rel=1e-14)


def test_the_axes_of_the_result_are_the_free_indices_by_name():
    x, y = RANDOM.standard_normal(2), RANDOM.standard_normal(3)
    formula = left_of("y[a]*x[z] == x[z]*y[a]", x="real[n]", y="real[m]")
    assert np.allclose(value(formula, {"n": 2, "m": 3}, x=x, y=y), np.outer(y, x))
    rows = left_of("where(a < m, y[z], x[a]) == x[a]*y[z]", x="real[m]", y="real[m]")
    assert np.allclose(value(rows, {"m": 3}, x=y, y=y), np.tile(y, (3, 1)))


@pytest.mark.parametrize("stride", [1, 2, 3])
def test_a_convolution_is_that_of_a_loop(stride):
    C, A, U, F = 2, 3, 4, 2
    x, w = RANDOM.standard_normal((C, stride * (U - 1) + A)), RANDOM.standard_normal((F, C, A))
    formula = left_of(
        "y[f, u] == 0*g[f, u]",
        {"y[f, u:U]": "sum(w[f, c, a]*x[c, s*u + a], c, a)"},
        x="real[C, s*(U-1)+A]", w="real[F, C, A]", g="real[F, U]",
    )  # fmt: skip
    found = value(formula, {"C": C, "A": A, "U": U, "F": F, "s": stride}, x=x, w=w, g=np.zeros((F, U)))
    for f in range(F):
        for u in range(U):
            right = sum(w[f, c, a] * x[c, stride * u + a] for c in range(C) for a in range(A))
            assert found[f, u] == pytest.approx(right, rel=1e-13)


def test_an_affine_subscript_makes_a_view_and_no_copy():
    n = 200_000
    x = RANDOM.standard_normal(3 * n)
    formula = left_of("sum(x[3*u + a]*y[u]*w[a], u, a) == 0", x="real[3*n]", y="real[n]", w="real[3]")
    y, w = RANDOM.standard_normal(n), RANDOM.standard_normal(3)
    tracemalloc.start()
    found = value(formula, {"n": n}, x=x, y=y, w=w)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found == pytest.approx(y @ x.reshape(n, 3) @ w, rel=1e-10)
    assert peak < 3 * x.nbytes


def test_memory_grows_with_the_elements_and_not_with_the_pairs_of_indices():
    # A sum of products over i and k, and a delta between them, never fill an n by n array.
    n = 100_000
    x, y = RANDOM.standard_normal(n), RANDOM.standard_normal(n)
    formula = left_of("sum(x[i]*y[k]*x[k] + delta(i, k)*y[i], i, k) == 0", x="real[n]", y="real[n]")
    tracemalloc.start()
    found = value(formula, {"n": n}, x=x, y=y)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found == pytest.approx(x.sum() * (x * y).sum() + y.sum(), rel=1e-9)
    assert peak < 20 * x.nbytes


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("sum(x[i]*delta(i, k), i) == x[k]", lambda x: x),
        ("sum(x[i]*delta(i, k)*delta(j, k)*x[j], i, j) == x[k]", lambda x: x**2),
        ("sum(x[i]*delta(i, j)*delta(j, k), i, (j, 0, n - 1)) == x[k]", lambda x: x),
        ("x[k]*sum(delta(i, j), (i, 0, n - 1), (j, 0, n - 1)) == x[k]", lambda x: len(x) * x),
        ("sum(x[i]*delta(i, n - 1 - k), i) == x[k]", lambda x: x[::-1]),
        ("x[k]*sum(x[i]*delta(i, 0), i) == x[k]", lambda x: x * x[0]),
    ],
)
def test_a_delta_under_a_sum_picks_one_element(text, right):
    x = RANDOM.standard_normal(5)
    assert np.allclose(value(left_of(text, x="real[n]"), {"n": 5}, x=x), right(x), rtol=1e-14)


def test_a_recurrence_is_solved_step_by_step():
    g = RANDOM.standard_normal((6, 2))
    formula = left_of(
        "m[t, i] == 0*m[t, i]",
        {"m[0, i]": "1", "m[t, i]": "b*m[t-1, i] + (1 - b)*g[t, i]"},
        g="real[1..T, n]",
        b="unit",
    )
    right = [np.ones(2)]
    for step in g:
        right.append(0.75 * right[-1] + 0.25 * step)
    found = value(formula, {"T": 6, "n": 2}, g=g, b=0.75)
    assert np.allclose(found.T if found.shape[0] == 2 else found, right, rtol=1e-14)


def test_a_recurrence_that_reads_two_steps_back_and_all_steps_before():
    formula = left_of("f[t] == f[t]", {"f[0]": "a", "f[1]": "1", "f[t:2..T]": "f[t-1] + f[t-2]"}, a="real")
    found = value(formula, {"T": 8}, a=0.0)
    assert found[-1] == 21


def test_ranges_that_depend_on_an_index_are_summed_to_their_own_ends():
    x = RANDOM.standard_normal(6)
    found = value(left_of("sum(x[s], (s, 0, t)) == x[t]", x="real[n]"), {"n": 6}, x=x)
    assert np.allclose(found, np.cumsum(x), rtol=1e-14)
    found = value(left_of("prod(x[s], (s, t, n - 1)) == x[t]", x="real[n]"), {"n": 6}, x=x)
    assert np.allclose(found, np.cumprod(x[::-1])[::-1], rtol=1e-14)
    found = value(left_of("max(x[i], i) - min(x[i], i) == 0", x="real[n]"), {"n": 6}, x=x)
    assert found == np.ptp(x)


def test_integer_arithmetic_on_indices_is_exact():
    # 49*(1/49) < 1 in floats, so that a floor of a quotient of floats is off by one
    x = RANDOM.standard_normal(200)
    formula = left_of("i//49 + 100*(i % 49) + 0*x[i] == x[i]", x="real[n]")
    expected = [i // 49 + 100 * (i % 49) for i in range(200)]
    assert np.array_equal(value(formula, {"n": 200}, x=x), expected)
    halves = left_of("where(i % 2 == 0, x[i//2], 0) == x[i]", x="real[n]")
    assert np.array_equal(value(halves, {"n": 200}, x=x), [x[i // 2] if i % 2 == 0 else 0 for i in range(200)])


def test_an_element_outside_its_array_is_undefined_and_never_another_one():
    x = RANDOM.standard_normal(4)
    formula = left_of("x[(i*i)//2] == x[i]", x="real[n]")
    assert list(np.isnan(value(formula, {"n": 4}, x=x))) == [False, False, False, True]


def test_a_literal_array_is_read_at_its_indices():
    formula = left_of(
        "sum(H[i, j]*v[j], j) == v[i]", {"H": "[[2*a, b], [b, 2*c]]"}, a="real", b="real", c="real", v="real[2]"
    )
    found = value(formula, {}, a=1.0, b=2.0, c=3.0, v=np.array([1.0, -1.0]))
    assert list(found) == [0, -4]


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.longdouble])
def test_expectations_have_all_digits_of_their_type(dtype):
    # E z^4 x for z ~ N(1, x^2), and E cos z = exp(-s^2/2) cos m
    moments = left_of("expect(z**4*x[i], z, Normal(m, x[i])) == 0*x[i]", m="real", x="positive[n]")
    x = np.array([0.5, 2.0])
    found = value(moments, {"n": 2}, dtype, m=1.0, x=x)
    assert found.dtype == dtype
    assert np.allclose(found, x * (1 + 6 * x**2 + 3 * x**4), rtol=64 * np.finfo(dtype).eps)
    wave = value(left_of("expect(cos(z), z, Normal(m, s)) == 0", m="real", s="positive"), {}, dtype, m=0.25, s=0.75)
    assert abs(wave - np.exp(dtype(-9) / 32) * np.cos(dtype(0.25))) < 64 * np.finfo(dtype).eps
    # a function with poles beside the real line: softplus(z) - softplus(-z) = z
    soft = left_of("expect(log(1 + exp(z)) - log(1 + exp(-z)), z, Normal(m, s)) == 0", m="real", s="positive")
    assert abs(value(soft, {}, dtype, m=0.25, s=0.75) - dtype(0.25)) < 64 * np.finfo(dtype).eps


def test_an_expectation_with_a_heavy_tail_or_a_kink_is_refused():
    for text in ("expect(exp(9*z), z, Normal(m, s)) == 0", "expect(relu(z), z, Normal(m, s)) == 0"):
        with pytest.raises(UnsupportedError, match="equally spaced"):
            value(left_of(text, m="real", s="positive"), {}, m=0.1, s=1.0)


def test_zero_to_the_zero_is_undefined():
    assert np.isnan(value(left_of("x**y == 0", x="real", y="real"), {}, x=0.0, y=0.0))
    assert np.isnan(value(left_of("x**y == 0", x="real", y="real"), {}, x=-2.0, y=0.5))


def test_a_chain_of_many_definitions_nests_nothing():
    define = {"a0": "x"} | {f"a{k}": f"tanh(a{k - 1} + x)*2 - a{k - 1}/3" for k in range(1, 600)}
    found = value(left_of("a599 == 0", define, x="real"), {}, x=0.3)
    right = 0.3
    for _ in range(1, 600):
        right = np.tanh(right + 0.3) * 2 - right / 3
    assert found == pytest.approx(right, rel=1e-9)


def test_a_derivative_has_no_array_form():
    with pytest.raises(UnsupportedError, match="derivative"):
        value(left_of("D(x**2, x) == 2*x", x="real"), {}, x=1.0)
