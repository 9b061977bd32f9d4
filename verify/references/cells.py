"""Recurrent cells of PyTorch as functions of their weights."""

from collections.abc import Callable
from typing import Any

from verify.references.libraries import Values


def lstm_cell(given: Values) -> Any:
    """(h, c) after one step of `torch.nn.LSTMCell`; its rows are those of the gates i, f, g, o in this order."""
    return _stepped("LSTMCell", given, (given["h_0"], given["c_0"]))


def gru_cell(given: Values) -> Any:
    """h after one step of `torch.nn.GRUCell`; its rows are those of the gates r, z, n in this order."""
    return _stepped("GRUCell", given, given["h_0"])


def rnn(given: Values) -> Any:
    """h after each step of a one-layer `torch.nn.RNN` with tanh. input: (T, d)."""
    steps, state = [], given["h_0"]
    import torch

    for x in given["input"]:
        state = _stepped("RNNCell", {**given, "input": x}, state)
        steps.append(state)
    return torch.stack(steps)


def _stepped(kind: str, given: Values, state: Any) -> Any:
    """One step of a cell, the weights put in the place of those that the module was made with."""
    import torch

    x, weights = given["input"], {}
    for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
        rows = given["weight_ih"].shape[0]
        weights[name] = given[name] if name in given else torch.zeros(rows, dtype=x.dtype)
    cell = getattr(torch.nn, kind)(x.shape[-1], given["h_0"].shape[-1], dtype=x.dtype)
    return torch.func.functional_call(cell, weights, (x, state))


OPERATORS: dict[str, Callable[[Values], Any]] = {
    "torch.nn.LSTMCell": lstm_cell,
    "torch.nn.GRUCell": gru_cell,
    "torch.nn.RNN": rnn,
}
