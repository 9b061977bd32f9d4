"""Recurrences whose closed form has products and sums that end at the step: laws, and twins that are no laws."""

import pytest

from derive.catalog import quick
from derive.proof import prove

INPUTS = {"a": "unit[1..T]", "b": "real[1..T]"}
LINEAR = {"h[0]": "0", "h[t]": "a[t]*h[t-1] + b[t]"}
SUM = "h[t] == sum(b[s]*prod(a[r], (r, s + 1, t)), (s, 1, t))"


@pytest.mark.parametrize(
    ("law", "twin"),
    [
        (SUM, "h[t] == sum(b[s]*prod(a[r], (r, s, t)), (s, 1, t))"),
        ("D(h[T], b[s]) == prod(a[r], (r, s + 1, T))", "D(h[T], b[s]) == prod(a[r], (r, s, T))"),
        ("D(h[T], b[s]) == prod(a[r], (r, s + 1, T))", "D(h[T], b[s]) == a[s]*prod(a[r], (r, 1, T))"),
        ("sum(b[s]*prod(a[r], (r, s + 1, t)), (s, 1, t)) == h[t]", "sum(b[s], (s, 1, t)) == h[t]"),
    ],
)
def test_a_linear_recurrence_is_the_sum_of_what_its_gates_let_through(law, twin):
    formula = quick([law, twin], define=LINEAR, **INPUTS)
    assert prove(formula, formula.claims[0]).equal
    assert not prove(formula, formula.claims[1]).equal


@pytest.mark.parametrize(
    ("law", "twin"),
    [
        ("sum(x, (i, n, n - 1)) == 0", "sum(x, (i, n, n)) == 0"),
        ("prod(x, (i, n, n - 1)) == 1", "prod(x, (i, n, n)) == 1"),
        ("prod(b[i], (i, t, t)) == b[t]", "prod(b[i], (i, t, t)) == b[t]**2"),
        ("sum(b[i], (i, t, t)) == b[t]", "sum(b[i], (i, t, t)) == 2*b[t]"),
    ],
)
def test_a_range_of_no_length_or_of_one_is_written_out_wherever_it_stands(law, twin):
    formula = quick([law, twin], x="real", z="real[n]", b="real[1..T]")
    assert prove(formula, formula.claims[0]).equal
    assert not prove(formula, formula.claims[1]).equal
