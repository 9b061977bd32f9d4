"""Checks of a given gradient by complex steps: along a direction, and every component with independent rows at once."""

import numpy as np
import pytest

from derive.catalog import quick
from derive.errors import UnsupportedError
from derive.expression import Element
from verify.directions import random_values
from verify.floats.coupling import independent
from verify.gradients import GradientCheck
from verify.sampling import shape

SQUARES = {"x": "real[n, d]", "g": "real[n, d]"}
NORMAL = {
    "mu[c]": "mean(x[i, c], i)",
    "var[c]": "mean((x[i, c] - mu[c])**2, i)",
    "h[i, c]": "(x[i, c] - mu[c])/sqrt(var[c] + 1)",
    "L": "sum(g[i, c]*h[i, c], i, c)",
}
RIGHT = "D(L, x[i, c]) == (g[i, c] - mean(g[r, c], r) - h[i, c]*mean(g[r, c]*h[r, c], r))/sqrt(var[c] + 1)"


def made(claim=RIGHT, define=NORMAL, inputs=SQUARES, lengths=(5, 7)):
    formula = quick(claim, define=define, **inputs)
    sizes = dict(zip(formula.sizes, lengths, strict=False))
    random = np.random.default_rng(1)
    values = {t: random_values(t, shape(t, sizes), random) for t in formula.inputs}
    return GradientCheck(formula, formula.claims[0], sizes), values


def test_a_right_gradient_agrees_along_a_direction_and_in_every_component():
    check, values = made()
    along, each = check.along(values), check.each(values)
    assert along.says == each.says == "agrees"
    assert max(along.facts["max_error"], each.facts["max_error"]) < 1e-12


# The n elements of all d columns at once: n evaluations for n*d components.
def test_independent_columns_are_moved_at_once():
    check, values = made()
    assert check.groups is not None
    assert check.groups[0] == 1
    assert check.each(values).facts["points"] == 5


def test_one_wrong_component_is_found_and_named():
    check, values = made()
    gradient, _, _ = check.components(values)
    assert check.each(values, gradient).says == "agrees"
    wrong = gradient.copy()
    wrong[3, 4] *= 1 + 1e-9
    heard = check.each(values, wrong)
    assert (heard.says, heard.facts["component"]) == ("differs", [3, 4])
    assert check.along(values, gradient).says == "agrees"
    wrong[3, 4] *= 1.001
    assert check.along(values, wrong).says == "differs"


# The errors of four evaluations of thirty stand for all, in proportion to what is found: 1e-6 of the smallest is seen.
def test_components_of_very_different_sizes_are_told_apart_by_a_few_errors():
    define = {"L": "sum(g[i, c]*sin(x[i, c])/(1 + s[c]), i, c)", "s[c]": "mean(x[i, c]**2, i)"}
    check, values = made("D(L, x[i, c]) == 0", dict(sorted(define.items(), reverse=True)), SQUARES, (30, 4))
    g = next(tensor for tensor in values if tensor.name == "g")
    values[g] = values[g] * np.logspace(0, -9, 30)[:, None]
    gradient, errors, _ = check.components(values)
    _, few, _ = check.components(values, 4)
    assert check.each(values, gradient).says == "agrees"
    assert np.all(few < 1e-12 * np.abs(gradient).max(axis=1, keepdims=True))
    assert np.all(few > errors / 1e3)
    for at in ((29, 2), (17, 0), (0, 3)):
        wrong = gradient.copy()
        wrong[at] *= 1 + 1e-6
        assert (check.each(values, wrong).says, check.each(values, wrong).facts["component"]) == ("differs", [*at])


@pytest.mark.parametrize(
    ("define", "place"),
    [
        ({"L": "sum(sin(x[i, c]), i, c)"}, 0),
        ({"s[i]": "sum(x[i, c]**2, c)", "L": "sum(g[i, c]*exp(s[i]), i, c)"}, 0),
        ({"s[c]": "sum(x[i, c]**2, i)", "L": "3*sum(g[i, c]*exp(s[c]), i, c) + sum(g[i, c], i, c)"}, 1),
        ({"s[i]": "sum(x[i, c]**2, c)", "L": "mean(s[i]**2, i)"}, 0),
        ({"s": "sum(x[i, c]**2, i, c)", "L": "s**2"}, None),
        ({"s[i]": "sum(x[i, c], c)", "t[c]": "sum(x[i, c], i)", "L": "sum(s[i]*t[c], i, c)"}, None),
        ({"L": "sum(x[i, c]*x[j, c]*g[j, e]*g[i, e], i, j, c, e)"}, 1),
        ({"L": "sum(x[i, c], i, c)**2"}, None),
        ({"L": "sum(x[i, c]*x[i, e], i, c, e)"}, 0),
    ],
)
def test_rows_are_independent_only_where_no_sum_joins_them(define, place):
    formula = quick("D(L, x[i, c]) == 0", define=define, **SQUARES)
    by = formula.claims[0].left.by[0]
    found = independent(formula, Element(formula.definitions[-1].tensor, ()), by.tensor)
    assert (None if found is None else found[0]) == place
    # The law: components found row by row are those found one at a time.
    sizes = dict(zip(formula.sizes, (3, 4), strict=True))
    values = {t: np.random.default_rng(2).standard_normal(shape(t, sizes)) for t in formula.inputs}
    check = GradientCheck(formula, formula.claims[0], sizes)
    together, _, _ = check.components(values)
    for at in np.ndindex(together.shape):
        way = np.zeros_like(together)
        way[at] = 1
        assert together[at] == pytest.approx(check.slope(values, way)[0], rel=1e-12)


# The complex step is silently wrong on abs, max and cases, and beyond the real domain of a logarithm.
@pytest.mark.parametrize("body", ["abs(x[i])", "max(x[i], 0)", "where(x[i] > 0, x[i], 2*x[i])", "relu(x[i])"])
def test_what_is_not_analytic_is_refused(body):
    formula = quick(f"D(sum({body}, i), x[k]) == 1", x="real[n]")
    with pytest.raises(UnsupportedError):
        GradientCheck(formula, formula.claims[0], dict.fromkeys(formula.sizes, 3))


@pytest.mark.parametrize("body", ["log(x[i])", "sqrt(x[i])", "x[i]**p"])
def test_a_point_outside_the_real_domain_is_refused(body):
    formula = quick(f"D(sum({body}, i), x[k]) == 1", x="real[n]", p="real")
    check = GradientCheck(formula, formula.claims[0], dict.fromkeys(formula.sizes, 3))
    with pytest.raises(UnsupportedError, match="not positive"):
        check.along({t: np.asarray([1.0, -2.0, 3.0]) if t.axes else np.asarray(0.5) for t in formula.inputs})
