"""Exported JAX code computes what exact arithmetic computes, and passes JAX's own check of gradients."""

import os

import pytest
from exports import differences, exported, module_of, points_of, run

from derive.export import writer

jax = pytest.importorskip("jax")


@pytest.fixture(autouse=True)
def doubles():
    with jax.enable_x64(True):
        yield


def arrays(point):
    return [jax.numpy.asarray(values, dtype=float) for values in point.inputs]


def function_of(scope, made, routine, point):
    """The differentiable function of the inputs by which gradients are claimed, and these inputs."""
    inputs, sizes = arrays(point), [point.sizes[size] for size in made.parameters(routine)]
    by = {tensor for tensor, _ in routine.gradients}
    places = [k for k, tensor in enumerate(routine.inputs) if tensor in by]

    def function(*moved):
        every = list(inputs)
        for place, array in zip(places, moved, strict=True):
            every[place] = array
        return scope[made.function(routine)](*every, *sizes)

    return function, [inputs[k] for k in places], [t for t in routine.inputs if t in by]


def called(scope, made, routine, point):
    if not routine.gradients:
        sizes = [point.sizes[size] for size in made.parameters(routine)]
        return scope[made.name("forward", routine)](*arrays(point), *sizes), ()
    function, inputs, order = function_of(scope, made, routine, point)
    value, pull = jax.vjp(function, *inputs)
    found = dict(zip(order, pull(jax.numpy.asarray(point.incoming, dtype=float)), strict=True))
    return value, [found[tensor] for tensor, _ in routine.gradients]


# JAX compiles each operation for each shape, which takes minutes for the catalog: one entry in twelve, unless all are
# asked for.
ENTRIES = exported() if os.environ.get("EXPORT_ALL") else exported()[::12]


@pytest.mark.parametrize("name", ENTRIES)
def test_jax_computes_the_exact_values_and_gradients(name):
    made = writer(module_of(name), "jax")
    scope = run(made.source(), name)
    wrong = [w for r, point in points_of(name) for w in differences(r, point, *called(scope, made, r, point))]
    assert not wrong


@pytest.mark.parametrize("name", ["batch_norm", "softmax_ce_batch", "momentum"])
def test_the_function_passes_check_grads(name):
    from jax.test_util import check_grads

    made = writer(module_of(name), "jax")
    scope = run(made.source(), name)
    for routine, point in points_of(name):
        function, inputs, _ = function_of(scope, made, routine, point)
        check_grads(function, inputs, order=1, modes=["rev"])


def test_a_gradient_that_is_not_computed_is_refused_not_left_out():
    made = writer(module_of("softmax_ce_batch"), "jax")
    scope = run(made.source(), "softmax_ce_batch")
    z, y = jax.numpy.zeros((2, 3)), jax.numpy.eye(2, 3)
    with pytest.raises(NotImplementedError, match="by z alone"):
        jax.grad(lambda y: scope["value"](z, y))(y)
