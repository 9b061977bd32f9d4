"""The pictures of the book show the numbers that others compute, and are the same each time."""

import re

import numpy as np
import pytest

from derive.catalog import read, shipped
from derive.expression import Tensor

pytest.importorskip("matplotlib")
pytest.importorskip("networkx")

from verify.book.pictures import curves, evidence, graph, maps, paths
from verify.report import decoded, encoded, report

NAMES = ("sigmoid", "huber_loss", "softmax", "sobel_filter", "bn_backward", "sgd", "momentum", "adam")


@pytest.fixture(scope="module")
def formulas():
    return read(shipped(), only=set(NAMES)).formulas


def numbers(text):
    return [float(found) for found in re.findall(r"-?\d+\.?\d*(?:e-?\d+)?", text)]


def test_a_curve_is_the_function_and_its_derivative(formulas):
    (drawn,) = curves.drawn(formulas["sigmoid"])
    left, right, low, high, slope, _, *_ = numbers(drawn.says)
    assert (left, right) == (-5, 5)
    assert (low, high) == pytest.approx((1 / (1 + np.exp(5)), 1 / (1 + np.exp(-5))), rel=2e-3)
    assert slope == pytest.approx(low * (1 - low), rel=2e-3)


def test_a_loss_is_drawn_for_one_sample(formulas):
    (drawn,) = curves.drawn(formulas["huber_loss"])
    assert "for one sample" in drawn.caption
    assert 5.0 in numbers(drawn.says)  # |-5 - 1/2| - 1/2


def test_what_is_no_function_of_one_number_has_no_curve(formulas):
    assert not list(curves.curves_of(formulas["softmax"]))


def test_the_jacobian_of_softmax_is_that_of_the_textbook(formulas):
    (drawn,) = maps.jacobian(formulas["softmax"])
    p = np.exp(maps.SPREAD) / np.exp(maps.SPREAD).sum()
    wanted = np.diag(p) - np.outer(p, p)
    assert numbers(drawn.says)[2:4] == pytest.approx([wanted.min(), wanted.max()], rel=5e-3)


def test_masks_are_those_of_the_entry_and_what_they_do_is_what_scipy_does(formulas):
    signal = pytest.importorskip("scipy.signal")
    (drawn,) = maps.masks(formulas["sobel_filter"])
    assert "H = (−1 0 1 / −2 0 2 / −1 0 1)" in drawn.caption
    mask, image = np.arange(9.0).reshape(3, 3), maps.made_image()
    assert np.allclose(maps.correlated(image, mask), signal.correlate2d(image, mask, "valid"))


@pytest.mark.parametrize("name", ["determinant_2x2", "matrix_multiplication_worked_example", "kirsch_compass"])
def test_a_table_of_numbers_that_is_laid_on_nothing_is_no_mask(name):
    (formula,) = read(shipped(), only={name}).formulas.values()
    assert any(maps._constant(formula, definition) is not None for definition in formula.definitions)
    assert not list(maps.masks(formula))


def test_a_mask_that_is_summed_over_one_patch_is_one():
    (formula,) = read(shipped(), only={"laplacian_filter"}).formulas.values()
    (drawn,) = maps.masks(formula)
    assert "M = (−1 −1 −1 / −1 8 −1 / −1 −1 −1)" in drawn.caption


def test_update_rules_take_the_steps_of_the_textbook(formulas):
    gradients = np.array([1.0, -2.0, 3.0])
    known = {rule.formula.name: rule for rule in paths.rules(list(formulas.values()))}
    assert {"sgd", "momentum", "adam"} <= set(known)
    assert known["sgd"].after(1.0, gradients, 0.1) == pytest.approx(1 - 0.1 * 2)
    v = np.zeros(4)
    for step in range(3):
        v[step + 1] = 0.9 * v[step] - 0.1 * gradients[step]
    assert known["momentum"].after(1.0, gradients, 0.1) == pytest.approx(1 + v.sum())
    assert known["adam"].after(1.0, gradients[:1], 0.1) == pytest.approx(0.9, rel=1e-5)  # the first step is the rate


def test_the_paths_that_are_drawn_stay_in_the_picture_where_any_does(formulas):
    # A rate with which the path leaves the window is not taken, however low it ends.
    (rule,) = (rule for rule in paths.rules(list(formulas.values())) if rule.formula.name == "sgd")
    text, start, window, _ = paths.HILLS["a quadratic"]
    rate, path = paths._best(rule, paths._hill(text), start, window)
    assert paths._stays(path, window)
    tight = (window[0], (-0.1, 1.7))  # sgd overshoots at its best rate
    smaller, stayed = paths._best(rule, paths._hill(text), start, tight)
    assert not paths._stays(path, tight)
    assert paths._stays(stayed, tight)
    assert smaller < rate


def test_the_graph_has_the_edges_of_the_definitions_and_every_arrow_back(formulas):
    formula = formulas["bn_backward"]
    (drawn,) = graph.drawn(formula)
    edges = {("x", "mu"), ("x", "var"), ("mu", "var"), ("x", "xhat"), ("mu", "xhat"), ("var", "xhat"),
             ("epsilon", "xhat"), ("xhat", "y"), ("gamma", "y"), ("beta", "y"), ("y", "L"), ("g", "L")}  # fmt: skip
    found = graph._edges({d.tensor: d for d in formula.definitions}, formula.definitions[-1].tensor)
    assert {(one.name, other.name) for one, other in found} == edges
    assert drawn.source.count('class="forward"') == drawn.source.count('class="back"') == len(edges)


def test_no_two_nodes_of_a_graph_stand_on_each_other(formulas):
    formula = formulas["bn_backward"]
    edges = graph._edges({d.tensor: d for d in formula.definitions}, formula.definitions[-1].tensor)
    places = [place for node, place in graph._placed(formula, edges).items() if isinstance(node, Tensor)]
    gaps = [
        max(abs(x - u) / graph.WIDE, abs(y - v) / graph.HIGH) for x, y in places for u, v in places if (x, y) != (u, v)
    ]
    assert len(set(places)) == len(places)
    assert min(gaps) > 1


def test_the_long_edges_of_a_node_pass_a_column_together():
    (formula,) = read(shipped(), only={"simple_rnn"}).formulas.values()
    edges = graph._edges({d.tensor: d for d in formula.definitions}, formula.definitions[3].tensor)
    passages = [node for node in graph._placed(formula, edges) if not isinstance(node, Tensor)]
    assert len(passages) == len(set(passages)) <= 8  # of four inputs, past the first two states


def test_the_error_of_differences_falls_and_rises_with_the_step(formulas):
    formula = formulas["bn_backward"]
    claim = next(claim for claim in formula.claims if claim.text.startswith("D(L, x[k]) == gamma"))
    assert evidence.is_smooth(claim)
    (drawn,) = evidence.against_step(formula, claim)
    least, step, largest, reached, estimate = numbers(drawn.says)
    assert least < 1e-8
    assert 1e-8 < step < 1e-3
    assert largest > 1e-3
    assert reached <= estimate < 1e-10


def test_the_same_formula_gives_the_same_bytes_and_nothing_of_the_day(formulas):
    first, second = (next(curves.drawn(formulas["sigmoid"])) for _ in range(2))
    assert first == second
    assert "<dc:date>" not in first.source
    assert first.markup()


def test_a_report_without_times_or_claims_has_no_picture_of_them():
    empty = decoded(encoded(report(0, [])))
    assert not list(evidence.times(empty))
    assert not list(evidence.errors(empty))
