"""A choice between what is the same on a whole region is no kink: claims are judged there, and wrong ones found out."""

from fractions import Fraction

import pytest

from derive.catalog import quick
from derive.expression import arena
from verify import exact
from verify.judge import judged
from verify.testimony import Counterexample, Settings

CLIPPED = {"r": "exp(u - v)", "J": "min(r*a, max(1 - e, min(1 + e, r))*a)"}
INPUTS = {"u": "real", "v": "real", "a": "positive", "e": "unit"}


def verdict(claim, define=None, **inputs):
    (found,) = judged(quick(claim, define=define, **inputs), Settings(witnesses=("algebra", "exact")))
    return found


def test_a_clipped_ratio_moves_until_it_is_clipped_from_above():
    # where 1 - e < r < 1 + e both arguments of the outer min are r*a
    assert verdict("D(J, u) == where(r < 1 + e, r*a, 0)", CLIPPED, **INPUTS).verdict == "proved"


@pytest.mark.parametrize("threshold", ["1 - e", "1", "e", "1 + 2*e"])
def test_another_threshold_is_refuted_though_its_region_is_all_tie(threshold):
    found = verdict(f"D(J, u) == where(r < {threshold}, r*a, 0)", CLIPPED, **INPUTS)
    assert found.verdict == "refuted"
    assert found.counterexample.certified


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("D(max(x*y, y*x), x) - y == 0*where(x > y, 1, 0)", "D(max(x*y, y*x), x) == 2*y"),
        ("min(x*y, y*x)**2 - (x*y)**2 == 0*where(x > y, 1, 0)", "min(x*y, y*x) == x*y + 1"),
    ],
)
def test_of_two_arguments_that_are_one_either_will_do(right, wrong):
    assert verdict(right, x="real", y="real").verdict in ("proved", "undecided")
    assert verdict(wrong, x="real", y="real").verdict == "refuted"


@pytest.mark.parametrize(
    "claim",
    [
        "D(abs(x), x) == x/abs(x)",
        "D(max(x, 0), x) == where(x > 0, 1, 0)",
        "D(max(x, 0) + max(0, x), x) == 1 + sign(x)",
        "D(max(x, 0) - max(-x, 0), x) == 1",
        "D(max(x, 0)**2, x, x) == 2*where(x > 0, 1, 0)",
    ],
)
def test_a_right_claim_is_not_refuted_at_a_kink(claim):
    assert verdict(claim, x="real").verdict == "proved"


def test_slopes_that_agree_one_way_of_two_are_a_kink_still():
    # at 0 the slope of max(x, 0) + max(0, x) is 0 or 2 and never 1, which both "first" and "last" would give
    assert verdict("D(max(x, 0) + max(0, x), x) == 1", x="real").verdict == "refuted"


def test_a_region_where_every_point_is_a_tie_is_not_passed_over():
    # where the largest |x| is negative the slope is -1, and abs(x[k]) is the largest itself by another road
    wrong = "D(max(abs(x[i]), i), x[k]) == where(abs(x[k]) >= max(abs(x[i]), i), 1, 0)"
    (found,) = judged(quick(wrong, x="real[n]"), Settings(witnesses=("exact",)))
    assert found.verdict == "undecided"
    assert "points were passed over" in found.reason


@pytest.mark.parametrize(
    "entries", ["[c, -c]", "[c, c*(sin(a)**2 + cos(a)**2), -c]", "[c, c*exp(a)*exp(-a), c*(a + 1 - a), -c]"]
)
def test_a_kink_of_the_largest_of_many_is_one_however_many_are_tied(entries):
    # at c = 0 the slopes are 1 and -1; the first three of four say 1 alone
    formula = quick("D(f, c) == 1", define={"m": entries, "f": "max(m[i], i)"}, c="real", a="real")
    here = Counterexample({}, {}, {"c": Fraction(0), "a": Fraction(1, 3)}, "", "", "")
    assert exact.testify(formula, formula.claims[0], Settings(at=here)).says == "cannot tell"


X, SHARES = {"x": "real"}, {"x": "real", "w": "simplex[n]"}
# Equal by an identity that no float keeps; and the same with a condition that is surely met, or surely not.
IN_FLOATS = [
    ("where(sin(x)**2 + cos(x)**2 > 1, x, 2*x) == 2*x", "where(sin(x)**2 + cos(x)**2 > 2, x, 2*x) == x", X),
    ("where(x/3 + x/3 + x/3 >= x, x, 2*x) == x", "where(x/3 + x/3 + x/3 >= x**2, x, 2*x) == x", X),
    ("log(where(exp(x)*exp(-x) >= 1, 2, 1)) == log(2)", "log(where(exp(x)*exp(-x) >= 2, 2, 1)) == log(2)", X),
    ("where(sum(w[i], i) >= 1, x, 2*x) == x", "where(sum(w[i], i) >= 2, x, 2*x) == x", SHARES),
    ("floor(sum(w[i], i)) == 1", "floor(sum(w[i], i)/2) == 1", {"w": "simplex[n]"}),
    ("D(where(sum(w[i], i) >= 1, x, 2*x), x) == 1", "D(where(sum(w[i], i) >= 2, x, 2*x), x) == 1", SHARES),
    ("where(sqrt(2)**2 > 2, x, 2*x) == 2*x", "where(sqrt(2)**2 > 3, x, 2*x) == x", X),
]


@pytest.mark.parametrize(("right", "inputs"), [(right, inputs) for right, _, inputs in IN_FLOATS])
def test_what_rounding_decides_sets_no_witnesses_at_odds(right, inputs):
    with arena():
        (found,) = judged(quick(right, **inputs), Settings())
    assert found.verdict in ("proved", "undecided")
    assert found.witnesses.differences.says != "differs"
    assert not found.witnesses.sympy.broken


@pytest.mark.parametrize(("wrong", "inputs"), [(wrong, inputs) for _, wrong, inputs in IN_FLOATS])
def test_what_rounding_does_not_decide_is_refuted_by_floats_too(wrong, inputs):
    with arena():
        (found,) = judged(quick(wrong, **inputs), Settings())
    assert found.verdict == "refuted"
    assert found.witnesses.differences.says in ("differs", "cannot tell")


def test_floats_deny_what_is_wrong_where_no_rounding_decides():
    with arena():
        (found,) = judged(quick("where(sin(x)**2 + cos(x)**2 > 2, x, 2*x) == x", **X), Settings())
    assert found.witnesses.differences.says == "differs"


def test_a_difference_that_only_its_denominators_show_to_be_0_is_no_defect():
    # 1 - sigmoid(-2) is sigmoid(2)
    with arena():
        (found,) = judged(quick("max(sigmoid(2), x) <= max(1 - sigmoid(-2), x)", **X), Settings())
        (other,) = judged(quick("max(sigmoid(2), x) <= max(1 - sigmoid(-1), x)", **X), Settings())
    assert found.verdict in ("proved", "agrees")
    assert not found.witnesses.algebra.broken
    assert other.verdict == "refuted"


def test_a_condition_on_other_indices_at_the_two_ends_of_a_way_is_no_defect():
    # where y[k] <= delta(k, l) holds for all, the left side does not vary with l
    claim = "abs(where(y[k] <= delta(k, l), p + log(exp(q)), -y[l])) >= abs(where(y[k] <= delta(k, l), q + p, -y[l]))"
    with arena():
        (found,) = judged(quick(claim, y="real[n]", p="real", q="positive"), Settings())
        (other,) = judged(quick(claim.replace("q + p,", "q + p + 1,"), y="real[n]", p="real", q="positive"), Settings())
    assert found.verdict == "proved"
    assert not found.witnesses.exact.broken
    assert other.verdict == "refuted"


def test_the_largest_of_whole_numbers_may_be_taken_by_several():
    with arena():
        (found,) = judged(quick("sum(where(b[k] == max(b[i], i), 1, 0), k) == 1", b="binary[n]"), Settings())
    assert found.verdict == "refuted"
    assert not found.witnesses.algebra.broken
