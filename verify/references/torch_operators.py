"""Operators of PyTorch, in float64 on the CPU, with the gradients that its autograd gives."""

from collections.abc import Callable, Sequence
from functools import cache
from importlib import import_module
from typing import Any

import numpy as np

from derive.language.operators import Operator
from verify.references import cells, optimizers
from verify.references.libraries import Array, Outcome, Values, arrays_of, rest_of, results_of


def run(operator: Operator, arguments: Values) -> Outcome:
    """The operator's results, and its gradients by every array that it is differentiated by."""
    torch = _torch()
    tensors: dict[str, Any] = {}
    for name, value in arguments.items():
        if name not in operator.arrays:
            tensors[name] = value
            continue
        tensors[name] = torch.from_numpy(np.array(value))
        if operator.has_gradient and name not in operator.whole | operator.fixed:
            tensors[name].requires_grad_()
    results = results_of(_function(operator)(tensors))
    by = [name for name in operator.arrays if name in tensors and tensors[name].requires_grad]
    found = [result.detach().numpy() for result in results]
    is_smooth = by and any(result.requires_grad for result in results)
    return Outcome(found, _pulling(results, by, tensors) if is_smooth else None)


@cache
def _torch() -> Any:
    """PyTorch, on one thread: the workers share the processors among them, and sums keep their order."""
    import torch

    torch.set_num_threads(1)
    return torch


def _pulling(
    results: Sequence[Any], by: Sequence[str], tensors: Values
) -> Callable[[Sequence[Array]], dict[str, Array]]:
    def pull(incoming: Sequence[Array]) -> dict[str, Array]:
        torch = _torch()
        felt = [(r, torch.from_numpy(np.array(g))) for r, g in zip(results, incoming, strict=True) if r.requires_grad]
        found = torch.autograd.grad(
            [r for r, _ in felt], [tensors[name] for name in by], [g for _, g in felt], allow_unused=True
        )
        zeros = [np.zeros(tensors[name].shape) for name in by]
        return {name: zero if g is None else g.detach().numpy() for name, g, zero in zip(by, found, zeros, strict=True)}

    return pull


def _function(operator: Operator) -> Callable[[Values], Any]:
    """What computes the operator from its arguments: one written below, else the library's function of that name."""
    own = _OPERATORS.get(operator.name)
    if own is not None:
        return own
    module, _, name = operator.name.rpartition(".")
    function = getattr(import_module(module), name)
    return lambda given: function(*arrays_of(operator, given), **rest_of(operator, given))


# ----------------------------------------------------------- operators that are more than such a function


def cross_entropy(given: Values) -> Any:
    """The target is a probability for each class, or, under the name `classes`, the number of one."""
    target = given["classes"] if "classes" in given else given["target"]
    more = {name: value for name, value in given.items() if name not in ("input", "target", "classes")}
    return _torch().nn.functional.cross_entropy(given["input"], target, **more)


def batch_norm(given: Values) -> Any:
    """The statistics stand second and third, and are None where those of the batch are taken."""
    more = {name: value for name, value in given.items() if name not in ("input", "running_mean", "running_var")}
    statistics = given.get("running_mean"), given.get("running_var")
    return _torch().nn.functional.batch_norm(given["input"], *statistics, **more)


def layer_norm(given: Values) -> Any:
    """Here `normalized_shape` stands second, before the weights."""
    function = _torch().nn.functional.layer_norm
    return function(given["input"], *_over(given), given.get("weight"), given.get("bias"), **_epsilon(given))


def group_norm(given: Values) -> Any:
    function = _torch().nn.functional.group_norm
    return function(given["input"], given["num_groups"], given.get("weight"), given.get("bias"), **_epsilon(given))


def rms_norm(given: Values) -> Any:
    return _torch().nn.functional.rms_norm(given["input"], *_over(given), given.get("weight"), **_epsilon(given))


def _over(given: Values) -> list[list[int]]:
    shape = given["normalized_shape"]
    return [shape if isinstance(shape, list) else [shape]]


def _epsilon(given: Values) -> dict[str, float]:
    return {name: given[name] for name in ("eps",) if name in given}


def amax(given: Values) -> Any:
    return _torch().amax(given["input"], **{"dim": (), **{k: v for k, v in given.items() if k != "input"}})


def normal_divergence(given: Values) -> Any:
    """The divergence of one Normal from another, over all axes: they are independent."""
    kit = _torch().distributions
    one, other = (_independent(kit.Normal(given[f"loc_{name}"], given[f"scale_{name}"])) for name in "pq")
    return kit.kl_divergence(one, other)


def _independent(normal: Any) -> Any:
    return _torch().distributions.Independent(normal, len(normal.batch_shape))


def normal_log_density(given: Values) -> Any:
    return _torch().distributions.Normal(given["loc"], given["scale"]).log_prob(given["value"])


def categorical_entropy(given: Values) -> Any:
    return _torch().distributions.Categorical(logits=given["logits"]).entropy()


def weight_norm(given: Values) -> Any:
    """The weight of a linear unit under the parametrization: one direction v and its length g."""
    return _torch()._weight_norm(given["v"][None], given["g"].reshape(1, 1), 0)[0]


def clipped_by_norm(given: Values) -> Any:
    return _clipped(given["gradient"], _torch().nn.utils.clip_grad_norm_, given["max_norm"])


def clipped_by_value(given: Values) -> Any:
    return _clipped(given["gradient"], _torch().nn.utils.clip_grad_value_, given["clip_value"])


def _clipped(gradient: Any, clip: Callable[[Any, float], Any], limit: float) -> Any:
    """The gradient of one parameter after the step in place that PyTorch makes of clipping."""
    parameter = _torch().zeros_like(gradient, requires_grad=True)
    parameter.grad = gradient.clone()
    clip([parameter], limit)
    return parameter.grad


def pooled(given: Values, name: str) -> Any:
    """A pooling over the last two axes; an image gets the axis of channels that PyTorch wants."""
    function, more = getattr(_torch().nn.functional, name), {k: v for k, v in given.items() if k != "input"}
    is_image = given["input"].ndim == 2
    found = function(given["input"][None] if is_image else given["input"], **more)
    return found[0] if is_image else found


_OPERATORS: dict[str, Callable[[Values], Any]] = {
    "torch.nn.functional.cross_entropy": cross_entropy,
    "torch.nn.functional.batch_norm": batch_norm,
    "torch.nn.functional.layer_norm": layer_norm,
    "torch.nn.functional.max_pool2d": lambda given: pooled(given, "max_pool2d"),
    "torch.nn.functional.avg_pool2d": lambda given: pooled(given, "avg_pool2d"),
    "torch.nn.functional.group_norm": group_norm,
    "torch.nn.functional.rms_norm": rms_norm,
    "torch.amax": amax,
    "torch.distributions.kl_divergence": normal_divergence,
    "torch.distributions.Normal.log_prob": normal_log_density,
    "torch.distributions.Categorical.entropy": categorical_entropy,
    "torch.nn.utils.parametrizations.weight_norm": weight_norm,
    "torch.nn.utils.clip_grad_norm_": clipped_by_norm,
    "torch.nn.utils.clip_grad_value_": clipped_by_value,
    **cells.OPERATORS,
    **optimizers.OPERATORS,
}
