"""Points hide nothing: sizes apart, values generic, every domain kept, the same on every machine."""

from dataclasses import replace
from fractions import Fraction
from itertools import islice
from math import gcd

import numpy as np
import pytest

from derive import domains
from derive.catalog import quick
from derive.errors import UnsupportedError
from derive.expression import Tensor
from derive.formula import Formula
from verify.membership import is_inside
from verify.sampling import PLANNED, SMALL, Draw, between, draw, draws, measure, shape

ALL = {"a": "real[n]", "b": "positive[m]", "c": "unit[n, d]", "e": "positive", "s": "sign[m]", "q": "binary[d]",
       "y": "simplex[m, d]", "h": "onehot[n, d]", "A": "spd[d, d]", "B": "symmetric[n, n]", "k": "natural",
       "i0": "integer[m]", "z": "nonzero[d]", "w": "nonnegative[n]"}  # fmt: skip


def everything() -> Formula:
    return quick("sum(a[i], i) == 0", **ALL)


def planned(formula: Formula, seed: int = 0) -> list[Draw]:
    return list(islice(draws(formula, seed=seed), len(PLANNED)))


def value(at: Draw, name: str) -> np.ndarray:
    return next(array for tensor, array in at.values.items() if tensor.name == name)


def test_all_sizes_of_a_draw_are_different_and_each_takes_six_values():
    seen: dict[str, list[int]] = {}
    for at in planned(everything()):
        assert len(set(at.sizes.values())) == len(at.sizes) == 3
        for size, length in at.sizes.items():
            seen.setdefault(size.name, []).append(length)
    assert all(sorted(lengths) == [2, 3, 4, 5, 6, 7] for lengths in seen.values())


def test_seven_sizes_are_still_all_different_and_more_are_different_in_pairs():
    letters = "abcdefghjklm"
    for count in (7, 8, 12):
        formula = quick(" + ".join(f"sum(x{a}[i], i)*0" for a in letters[:count]) + " == 0",
                        **{f"x{a}": f"real[{a}]" for a in letters[:count]})  # fmt: skip
        found = [[at.sizes[size] for size in formula.sizes] for at in planned(formula)]
        if count == 7:
            assert all(sorted(lengths) == [1, 2, 3, 4, 5, 6, 7] for lengths in found)
        assert all(np.prod(lengths) <= 24**3 for lengths in found)
        apart = [sum(one[i] != one[j] for one in found) for i in range(count) for j in range(i)]
        assert min(apart) >= 3


def test_one_more_draw_has_a_size_of_one():
    at = list(islice(draws(quick("sum(x[i, j], i, j) == 0", x="real[n, m]")), SMALL + 1))[SMALL]
    assert 1 in at.sizes.values()
    assert len(set(at.sizes.values())) == 2


def test_a_simplex_is_never_drawn_with_a_single_element():
    for at in draws(quick("sum(y[i], i) == 1", y="simplex[K]")):
        assert value(at, "y").shape[0] >= 2


def test_a_stride_is_a_size_like_any_other():
    formula = quick("sum(o[u], u) == 0", {"o[u:U]": "sum(x[s*u + a]*k[a], a)"}, x="real[s*(U - 1) + A]", k="real[A]")
    for at in planned(formula):
        lengths = {size.name: length for size, length in at.sizes.items()}
        assert len(set(lengths.values())) == 3
        assert value(at, "x").shape == (lengths["s"] * (lengths["U"] - 1) + lengths["A"],)


def test_every_value_lies_in_its_domain():
    for seed in range(3):
        for at in draws(everything(), seed=seed):
            for tensor, array in at.values.items():
                assert is_inside(tensor, array), (tensor, array)
                assert all(isinstance(number, Fraction) for number in np.atleast_1d(array).ravel())


def test_a_point_outside_the_domain_is_told_apart():
    formula = everything()
    by_name = {tensor.name: tensor for tensor in formula.inputs}
    half, third = Fraction(1, 2), Fraction(1, 3)
    wrong = {
        "b": [Fraction(0)], "c": [[half, Fraction(1)]], "s": [Fraction(0)], "y": [[half, third]],
        "h": [[Fraction(1), Fraction(1)]], "A": [[Fraction(1), Fraction(2)], [Fraction(2), Fraction(1)]],
        "B": [[half, third], [half, half]], "k": half, "i0": [half], "z": [Fraction(0)], "w": [-half],
    }  # fmt: skip
    for name, values in wrong.items():
        assert not is_inside(by_name[name], np.array(values, dtype=object)), name


def test_a_row_of_a_simplex_sums_to_exactly_one():
    for at in planned(everything()):
        assert all(total == 1 for total in value(at, "y").sum(axis=-1))


def test_real_values_are_generic():
    # large prime denominators, no two equal, none 0, 1 or -1, and both signs
    for at in planned(everything()):
        numbers = [n for name in "abcez" for n in np.atleast_1d(value(at, name)).ravel()]
        assert len(set(numbers)) == len(numbers)
        assert not {0, 1, -1} & set(numbers)
        assert all(n.denominator > 1000 for n in numbers)
    signs = {n > 0 for at in planned(everything()) for n in value(at, "a")}
    assert signs == {True, False}


def test_planned_draws_are_generic_large_tiny_and_mixed():
    large = [abs(n) for at in planned(everything()) if at.stratum == "large" for n in value(at, "a")]
    tiny = [abs(n) for at in planned(everything()) if at.stratum == "tiny" for n in value(at, "a")]
    assert large
    assert tiny
    assert all(5 <= n <= 51 for n in large)
    assert all(Fraction(1, 1000) <= n <= Fraction(21, 1000) for n in tiny)
    assert {"generic", "mixed"} <= {at.stratum for at in planned(everything())}


def test_a_lone_positive_number_is_of_order_one_but_once():
    # an epsilon of 1e-5 alone would hide a dropped epsilon from anything that counts in float64
    found = [value(at, "e")[()] for at in planned(everything())]
    assert sum(Fraction(1, 5) < e < 3 for e in found) == len(PLANNED) - 1
    assert sum(Fraction(1, 100_000) < e < Fraction(1, 10_000) for e in found) == 1


def test_both_values_of_a_sign_occur_in_every_vector():
    for at in planned(everything()):
        assert set(value(at, "s")) == {1, -1}


def test_later_draws_reach_ever_further():
    # far up, far down and near 0, for thresholds such as 20, -20 and 1e-12
    by_kind = {
        kind: [at for at in draws(everything()) if at.stratum.startswith(kind)] for kind in ("high", "low", "near")
    }
    assert max(value(by_kind["high"][0], "a")) < 100
    assert max(max(value(at, "a")) for at in by_kind["high"]) > 10**14
    assert min(min(value(at, "a")) for at in by_kind["low"]) < -(10**14)
    assert min(min(abs(value(at, "a"))) for at in by_kind["near"]) < Fraction(1, 10**13)


def test_the_points_follow_from_the_text_and_the_seed_alone():
    first, again, other = (planned(everything(), seed) for seed in (0, 0, 1))
    for one, two, three in zip(first, again, other, strict=True):
        assert all((one.values[t] == two.values[t]).all() for t in one.values)
        assert (value(one, "a") != value(three, "a")).all()
    # the same numbers on every machine, in every process
    assert value(planned(quick("x == x", x="real"))[0], "x")[()] == Fraction(-8817, 25057)


def test_a_domain_without_points_is_said_to_be_so():
    formula = quick("sum(A[i, j], i, j) == 0", A="real[2, 3]")
    oblong = Tensor("A", formula.inputs[0].axes, "spd")
    formula = replace(formula, inputs=(oblong,))
    with pytest.raises(UnsupportedError, match="last two axes differ"):
        next(draws(formula))


def test_between_two_points_of_a_domain_lies_a_point_of_it():
    formula = everything()
    first = planned(formula)[0]
    second = draw(formula, 0, 99, first.sizes, "mixed")
    middle = between(first, second, Fraction(3, 7))
    for tensor, array in middle.values.items():
        assert is_inside(tensor, array)
        if domains.TABLE[tensor.domain].integer:
            assert (array == first.values[tensor]).all()
        else:
            assert (array != first.values[tensor]).all()


def test_the_length_of_an_axis_is_measured_exactly():
    formula = quick("sum(x[i], i) == 0", x="real[s*(U - 1) + A]")
    sizes = dict(zip(formula.sizes, (2, 5, 3), strict=True))
    named = {size.name: length for size, length in sizes.items()}
    expected = named["s"] * (named["U"] - 1) + named["A"]
    assert measure(formula.inputs[0].axes[0].size, sizes) == expected
    assert shape(formula.inputs[0], sizes) == (expected,)


def test_simple_values_have_one_digit():
    at = draw(quick("sum(x[i], i) == 0", x="real[n]"), 0, 1, stratum="simple")
    assert all(abs(n.numerator) <= 5 and n.denominator <= 3 and gcd(*n.as_integer_ratio()) == 1 for n in value(at, "x"))
