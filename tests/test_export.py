"""Exported NumPy code computes what exact arithmetic computes, for every entry of the catalog."""

import pytest
from exports import REFUSED, called, catalog, differences, exported, module_of, points_of, run, with_definitions

from derive.errors import UnsupportedError
from derive.export import plan, printed, writer


@pytest.mark.parametrize("name", exported())
def test_numpy_computes_the_exact_values_and_gradients(name):
    # forward(x)[0] = f(x) and backward(saved, g) = d sum(g*f)/dx, to nine digits of the largest element
    module = module_of(name)
    made = writer(module, "numpy")
    scope = run(made.source(), name)
    points = points_of(name)
    wrong = [w for routine, point in points for w in differences(routine, point, *called(scope, made, routine, point))]
    assert not wrong


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_what_has_no_code_is_refused_with_the_reason(name):
    with pytest.raises(UnsupportedError, match=REFUSED[name]):
        plan(catalog()[name])


def test_nearly_every_entry_with_definitions_is_exported():
    assert len(exported()) >= 0.95 * len(with_definitions())


def test_an_algorithm_is_refused_since_it_is_code_already():
    with pytest.raises(UnsupportedError, match="is code already"):
        plan(catalog()["non_max_suppression"])


def test_a_wrong_sign_in_the_code_is_caught():
    module = module_of("softmax_ce_batch")
    made = writer(module, "numpy")
    text = made.source()
    assert text.count("p - y") == 1
    scope = run(text.replace("p - y", "p + y"), "twin")
    ((routine, point),) = points_of("softmax_ce_batch")
    assert "by z" in differences(routine, point, *called(scope, made, routine, point))[0]


def test_a_closed_form_that_is_proved_is_preferred():
    text = printed(module_of("softmax_ce_batch"), "numpy")
    assert "np.log" not in text[text.index("def backward") :]


def test_an_argument_of_another_shape_is_refused():
    scope = run(printed(module_of("batch_norm"), "numpy"), "batch_norm")
    with pytest.raises(ValueError, match=r"gamma has the shape \(1,\), expected \(2,\)"):
        scope["forward"]([[1.0, 2.0], [3.0, 5.0]], [1.0], [0.0, 0.0], 1e-5)
