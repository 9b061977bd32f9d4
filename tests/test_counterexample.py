"""A refutation shows a point that a reader can follow by hand; printed numbers are recomputed to their digits."""

from fractions import Fraction
from typing import Any

import flint
import pytest
from flint import arb, fmpq

from derive.catalog import formula, quick
from derive.formula import Formula
from verify import exact
from verify.arithmetic.decimals import digits_of
from verify.counterexample import nested
from verify.examples import check_example
from verify.membership import is_inside
from verify.points import there
from verify.testimony import Counterexample, Settings


def refuted(claim: str, define: dict[str, str] | None = None, seed: int = 0, **inputs: str) -> Counterexample:
    read = quick(claim, define or {}, **inputs)
    found = exact.testify(read, read.claims[0], Settings(seed=seed)).counterexample
    assert found is not None
    return found


SOFTMAX = {"p[i]": "exp(x[i])/sum(exp(x[j]), j)", "L": "-sum(y[i]*log(p[i]), i)"}


def test_a_refuting_point_has_few_elements_and_one_digit_numbers():
    found = refuted("D(L, x[k]) == p[k] + y[k]", SOFTMAX, x="real[K]", y="simplex[K]")
    assert found.sizes == {"K": 2}
    assert all(abs(n.numerator) < 10 and n.denominator < 10 for n in (*found.values["x"], *found.values["y"]))
    assert sum(found.values["y"]) == 1
    # D(L, x[k]) = p - y, so that both sides are 2*y apart
    assert Fraction(found.difference.rstrip("…")) == pytest.approx(2 * found.values["y"][found.indices["k"]])


def test_both_values_are_what_they_are_at_the_point():
    # d/dx of x**3 is 3*x**2, not 2*x**2
    found = refuted("D(x[i]**3, x[i]) == 2*x[i]**2", x="real[n]")
    x = found.values["x"][found.indices["i"]]
    assert (Fraction(found.derived), Fraction(found.claimed)) == (3 * x**2, 2 * x**2)
    assert Fraction(found.difference) == x**2


def test_sizes_shrink_as_far_as_the_sides_differ():
    # right at n = 1 and at n = 2, wrong from 3 on
    found = refuted("mean(x[i], i) == sum(x[i], i)*(1 + (n - 1)*(n - 2))/n", x="real[n]")
    assert found.sizes == {"n": 3}


def test_each_size_shrinks_by_itself():
    # wrong for two columns, whatever the rows
    found = refuted("sum(A[i, j], i, j) == m*sum(A[i, j]/m, i, j)*(1 + (m - 1)/7)", A="real[n, m]")
    assert found.sizes == {"n": 1, "m": 2}


def test_one_place_of_a_point_is_a_point_of_size_1():
    # only where |r| > c and c is not 1 does a lost c show, which few values drawn at n = 1 do
    found = refuted(
        "D(L, p[k]) == where(abs(r[k]) < c, r[k], sign(r[k]))/n",
        {"r[i]": "p[i] - y[i]", "L": "mean(where(abs(r[i]) <= c, r[i]**2/2, c*(abs(r[i]) - c/2)), i)"},
        p="real[n]", y="real[n]", c="positive",
    )  # fmt: skip
    assert found.sizes == {"n": 1}


def test_an_axis_that_a_size_does_not_measure_alone_is_not_cut():
    # x has n + 1 places: the sum of differences over n of them telescopes to x[n] - x[0], and does not for n = 1 alone
    found = refuted("sum((x[i + 1] - x[i])**2, (i, 0, n - 1)) == (x[n] - x[0])**2", x="real[n + 1]")
    assert len(found.values["x"]) == found.sizes["n"] + 1


def test_a_threshold_shows_a_simple_number_between_right_and_wrong():
    found = refuted("where(x > 10**5, 1, 0) == where(x > 10**5 + 1, 1, 0)", x="real")
    assert found.values["x"] == Fraction(200_001, 2)
    found = refuted("D(relu(x), x) == where(x > 1e-9, 1, 0)", x="real")
    assert 0 < found.values["x"] < Fraction(1, 10**9)
    assert len(str(found.values["x"])) < 20


@pytest.mark.parametrize(
    ("claim", "inputs"),
    [
        ("sum(A[i, j], i, j) == sum(A[i, i], i)", {"A": "spd[n, n]"}),
        ("sum(A[i, j]**2, i, j) == sum(A[i, i]**2, i)", {"A": "symmetric[n, n]"}),
        ("sum(y[i]**2, i) == 1", {"y": "simplex[n]"}),
        ("sum(i*y[i], i) == 0", {"y": "onehot[n]"}),
        ("sum(y[i], i) == n", {"y": "sign[n]"}),
        ("k**2 == k", {"k": "natural"}),
        ("log(x/(1 - x)) == x - 1/2", {"x": "unit"}),
    ],
)
def test_the_point_lies_in_the_declared_domain(claim: str, inputs: dict[str, str]):
    read = quick(claim, {}, **inputs)
    for seed in range(5):
        found = exact.testify(read, read.claims[0], Settings(seed=seed)).counterexample
        assert found is not None
        at = there(read, found)
        assert all(is_inside(tensor, array) for tensor, array in at.values.items())


def test_the_point_refutes_again_when_asked_about():
    for seed in range(3):
        read = quick("D(L, x[k]) == p[k] - y[k]", SOFTMAX, x="real[K]", y="real[K]")
        found = exact.testify(read, read.claims[0], Settings(seed=seed)).counterexample
        again = exact.testify(read, read.claims[0], Settings(seed=seed + 7, at=found))
        assert again.says == "differs"
        assert again.counterexample == found


def test_the_point_is_never_on_a_boundary():
    # the simplest numbers, 1 and 0, are just where this claim may not be judged
    for seed in range(10):
        found = refuted("D(abs(x - 1)*abs(x - 2), x) == 0", seed=seed, x="real")
        assert found.values["x"] not in (1, 2)


def test_only_what_the_claim_reads_is_shown():
    found = refuted("D(x**2, x) == x", {"u": "sum(w[i], i)"}, x="real", w="real[n]")
    assert set(found.values) == {"x"}


def test_a_point_at_which_both_sides_have_values_is_preferred():
    # the claim is undefined at n = 1, and merely wrong beyond
    found = refuted("sum(x[i], i) == sum(x[i], i)*n/(n - 1)", x="real[n]")
    assert found.sizes == {"n": 2}
    assert found.claimed != "undefined"


def test_values_are_nested_like_the_axes():
    read = quick("sum(W[i, j], i, j) == 0", {}, W="real[2, 3]")
    point = exact.testify(read, read.claims[0], Settings()).counterexample
    assert point is not None
    assert [len(row) for row in point.values["W"]] == [3, 3]
    assert nested(there(read, point).values[read.inputs[0]]) == point.values["W"]


# ---------------------------------------------------------------------------------------- digits


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (Fraction(4, 5), "0.8"),
        (Fraction(-3), "-3"),
        (Fraction(1, 3), "0.3333333333…"),
        (Fraction(2, 3), "0.6666666666…"),  # cut, not rounded: every digit shown is one of the number's
        (Fraction(100), "100"),
        (Fraction(123456789012345), "1.234567890…e+14"),
        (Fraction(1, 3 * 10**9), "3.333333333…e-10"),
        (Fraction(1, 2000), "0.0005"),
        (Fraction(10**20), "1e+20"),
        (Fraction(9999999999, 10**10), "0.9999999999"),
        (1 - Fraction(1, 10**15), "0.9999999999…"),
        (Fraction(1048583, 10), "104858.3"),
    ],
)
def test_every_digit_shown_is_certain(number: Fraction, text: str):
    with flint.ctx.workprec(600):
        ball = arb(fmpq(number.numerator, number.denominator)) * arb(1, arb(2) ** -500)
        assert digits_of(ball) == text


def test_a_wide_ball_shows_fewer_digits():
    with flint.ctx.workprec(200):
        assert digits_of(arb("1.234567", "0.001")) in ("1.23…", "1.2…")
        assert digits_of(arb(0, 1)).startswith("below 1")
        assert digits_of(arb.nan()) == "undefined"


# ------------------------------------------------------------------------------- worked examples


def worked(then: str, given: str = "{x: [1, 2, 3]}") -> Formula:
    return formula(
        f"""
softmax:
  title: Softmax
  group: tests
  inputs: {{x: "real[n]"}}
  define:
    y[i]: exp(x[i])/sum(exp(x[j]), j)
    r[i]: max(0, x[i])
  claims:
    - sum(y[i], i) == 1
  examples:
    - given: {given}
      then: {then}
  source: none
"""
    )


def recomputed(then: str, given: str = "{x: [1, 2, 3]}") -> list[Any]:
    read = worked(then, given)
    return check_example(read, read.examples[0])


def test_printed_digits_are_rounded_or_cut_or_wrong():
    # exp(1)/(exp(1) + exp(2) + exp(3)) = 0.0900305731…, and so on: 0.2447284710…, 0.6652409557…
    found = recomputed("{y: [0.09, 0.2447, 0.6653]}")
    assert [one.holds for one in found] == ["rounded", "rounded", "differs"]
    assert [one.indices for one in found] == [{"i": 0}, {"i": 1}, {"i": 2}]
    assert found[1].printed == "0.2447"
    assert found[1].exact == "0.24472847105479765247…"
    assert [one.holds for one in recomputed("{y: [0.090, 0.244, 0.6652]}")] == ["rounded", "cut", "rounded"]


def test_digits_that_are_all_printed_count():
    assert [one.holds for one in recomputed("{y: [0.0900, 0.24473, 0.66524]}")] == ["rounded"] * 3
    assert recomputed("{y: [0.09001, 0.24473, 0.66524]}")[0].holds == "differs"


def test_at_a_kink_an_example_has_the_value_of_both_sides():
    assert [one.holds for one in recomputed("{r: [0, 0, 2]}", "{x: [0, -1, 2]}")] == ["rounded"] * 3


def test_a_wrong_example_is_reported_with_its_point():
    read = worked("{y: [0.09, 0.25, 0.67]}")
    said = exact.check_example(read, read.examples[0])
    assert said.says == "differs"
    assert said.counterexample is not None
    assert said.counterexample.values == {"x": (1, 2, 3)}
    assert (said.counterexample.indices, said.counterexample.claimed) == ({"i": 1}, "0.25")
    read = worked("{y: [0.09, 0.24, 0.67]}")
    said = exact.check_example(read, read.examples[0])
    assert (said.says, said.facts) == ("agrees", {"points": 3, "cut": 0})


def test_a_derivative_at_a_kink_is_no_example():
    read = worked('{"D(sum(r[j], j), x[i])": [0, 0, 1]}', "{x: [0, -1, 2]}")
    assert exact.check_example(read, read.examples[0]).says == "cannot tell"
