"""Optimizers of PyTorch, stepped through given gradients: the parameters before the first step and after each.

The steps are differentiated as well (`differentiable=True`), by the gradients, the start and the state.
"""

from collections.abc import Callable, Mapping
from typing import Any

from verify.references.libraries import Values


def sgd(given: Values) -> Any:
    """Without a gradient where there is momentum: PyTorch detaches the first buffer, and so forgets the first step."""
    found = _stepped("SGD", given, {})
    return found.detach() if "momentum" in given else found


def adam(given: Values) -> Any:
    """beta1 and beta2 are PyTorch's `betas`; with a state, `step` counts the steps before the first."""
    return _stepped("Adam", _with_betas(given), {"exp_avg": 0.0, "exp_avg_sq": 0.0})


def adamw(given: Values) -> Any:
    return _stepped("AdamW", _with_betas(given), {"exp_avg": 0.0, "exp_avg_sq": 0.0})


def rmsprop(given: Values) -> Any:
    return _stepped("RMSprop", given, {"square_avg": 0.0})


def adagrad(given: Values) -> Any:
    return _stepped("Adagrad", given, {"sum": 0.0})


def adadelta(given: Values) -> Any:
    return _stepped("Adadelta", given, {"square_avg": 0.0, "acc_delta": 0.0})


def _with_betas(given: Values) -> Values:
    rest = {name: value for name, value in given.items() if name not in ("beta1", "beta2")}
    return {**rest, "betas": (given["beta1"], given["beta2"])}


def _stepped(kind: str, given: Values, fresh: Mapping[str, float]) -> Any:
    """The parameters over time, time first. gradients: (T, …).  fresh: the state before the first step."""
    import torch

    state = {name: given[name] for name in fresh if name in given}
    beside = ("start", "gradients", "step", *state)
    options = {name: value for name, value in given.items() if name not in beside}
    # A parameter that autograd follows is no leaf; it is changed in place, so what is kept is copied.
    parameter = given["start"].clone()
    optimizer = getattr(torch.optim, kind)([parameter], foreach=False, differentiable=True, **options)
    if fresh:
        # Made here, as PyTorch would count the steps in float32 and take its bias correction to eight digits.
        first = {"step": torch.tensor(float(given.get("step", 0)), dtype=torch.float64)}
        kept = {name: state[name].clone() if name in state else torch.full_like(parameter, value)
                for name, value in fresh.items()}  # fmt: skip
        optimizer.state[parameter].update(first | kept)
    path = [parameter.clone()]
    for gradient in given["gradients"]:
        parameter.grad = gradient
        optimizer.step()
        path.append(parameter.clone())
    return torch.stack(path)


OPERATORS: dict[str, Callable[[Values], Any]] = {
    "torch.optim.SGD": sgd,
    "torch.optim.Adam": adam,
    "torch.optim.AdamW": adamw,
    "torch.optim.RMSprop": rmsprop,
    "torch.optim.Adagrad": adagrad,
    "torch.optim.Adadelta": adadelta,
}
