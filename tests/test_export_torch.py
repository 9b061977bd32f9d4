"""Exported PyTorch code computes what exact arithmetic computes, and passes PyTorch's own check of gradients."""

import pytest
from exports import differences, exported, module_of, points_of, run

from derive.export import writer

torch = pytest.importorskip("torch")


def tensors(routine, point):
    by = {tensor for tensor, _ in routine.gradients}
    return [
        torch.tensor(values, dtype=torch.float64, requires_grad=tensor in by)
        for tensor, values in zip(routine.inputs, point.inputs, strict=True)
    ]


def called(scope, made, routine, point):
    inputs = tensors(routine, point)
    sizes = [point.sizes[size] for size in made.parameters(routine)]
    if not routine.gradients:
        return scope[made.name("forward", routine)](*inputs, *sizes), ()
    value = scope[made.function(routine)].apply(*inputs, *sizes)
    wanted = [x for x in inputs if x.requires_grad]
    return value.detach(), torch.autograd.grad(value, wanted, torch.tensor(point.incoming, dtype=torch.float64))


@pytest.mark.parametrize("name", exported())
def test_torch_computes_the_exact_values_and_gradients(name):
    made = writer(module_of(name), "torch")
    scope = run(made.source(), name)
    wrong = [w for r, point in points_of(name) for w in differences(r, point, *called(scope, made, r, point))]
    assert not wrong


SMOOTH = ["batch_norm", "layer_norm", "softmax_ce_batch", "scaled_dot_product_attention", "p_pool_gradient", "conv2d",
          "bptt", "momentum", "lstm_cell", "elu", "gelu", "focal_loss"]  # fmt: skip


@pytest.mark.parametrize("name", SMOOTH)
def test_the_function_passes_gradcheck(name):
    made = writer(module_of(name), "torch")
    scope = run(made.source(), name)
    for routine, point in points_of(name):
        sizes = [point.sizes[size] for size in made.parameters(routine)]
        function = scope[made.function(routine)]
        assert torch.autograd.gradcheck(lambda *x, f=function, s=sizes: f.apply(*x, *s), tensors(routine, point))


def test_a_gradient_that_is_not_computed_is_refused_not_left_out():
    made = writer(module_of("softmax_ce_batch"), "torch")
    scope = run(made.source(), "softmax_ce_batch")
    z, y = torch.zeros(2, 3, dtype=torch.float64), torch.eye(2, 3, dtype=torch.float64, requires_grad=True)
    with pytest.raises(NotImplementedError, match="by z alone"):
        scope["Function"].apply(z, y).backward()


def test_a_wrong_backward_fails_gradcheck():
    made = writer(module_of("softmax_ce_batch"), "torch")
    scope = run(made.source().replace("p - y", "p + y"), "twin")
    ((routine, point),) = points_of("softmax_ce_batch")
    with pytest.raises(RuntimeError, match="Jacobian mismatch"):
        torch.autograd.gradcheck(scope["Function"].apply, tensors(routine, point))
