"""Exported code against the best that is written by hand, and against autograd: how long a backward pass takes.

python benchmarks/export.py [FILE]  prints a table of ratios of one run, and writes them to FILE as JSON. NumPy in
float64; both sides get what forward kept. PyTorch: forward and backward together, against the composed operators.
"""

import json
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from derive import catalog
from derive.export import plan, printed

ROUNDS = 200


def median(function: Callable[[], object], other: Callable[[], object], rounds: int) -> tuple[float, float]:
    """Median seconds of two functions, timed in turn so that both see the same machine."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for place, run in enumerate((function, other)):
            started = time.perf_counter()
            run()
            times[place].append(time.perf_counter() - started)
    return float(np.median(times[0])), float(np.median(times[1]))


def module(name: str, target: str, by: tuple[str, ...] = ()) -> dict[str, Any]:
    """The names that the exported code defines."""
    formula = catalog.read(catalog.shipped(), only={name}).formulas[name]
    scope: dict[str, Any] = {}
    exec(compile(printed(plan(formula, by=by), target), name, "exec"), scope)
    return scope


# ------------------------------------------------------------------------------- written by hand


def batch_norm(x: Any, gamma: Any, beta: Any, epsilon: float) -> Any:
    centred = x - x.mean(0)
    scale = 1 / np.sqrt(np.einsum("si,si->i", centred, centred) / len(x) + epsilon)
    xhat = centred
    xhat *= scale
    return (xhat, gamma * scale, len(x))


def batch_norm_backward(saved: Any, g: Any) -> Any:
    xhat, scale, m = saved
    dgamma = np.einsum("si,si->i", g, xhat)
    dbeta = g.sum(0)
    dx = xhat * (-dgamma / m)
    dx += g
    dx -= dbeta / m
    dx *= scale
    return dx, dgamma, dbeta


def layer_norm(x: Any, gamma: Any, beta: Any, epsilon: float) -> Any:
    centred = x - x.mean(1, keepdims=True)
    scale = 1 / np.sqrt(np.einsum("si,si->s", centred, centred) / x.shape[1] + epsilon)
    centred *= scale[:, None]
    return centred, scale[:, None], gamma


def layer_norm_backward(saved: Any, g: Any) -> Any:
    xhat, scale, gamma = saved
    d = g.shape[1]
    h = g * gamma
    dx = xhat * (np.einsum("si,si->s", h, xhat) / -d)[:, None]
    dx += h
    dx -= (h.sum(1) / d)[:, None]
    dx *= scale
    return dx, np.einsum("si,si->i", g, xhat), g.sum(0)


def softmax_loss(z: Any, y: Any) -> Any:
    power = np.exp(z - z.max(1, keepdims=True))
    power /= power.sum(1, keepdims=True)
    return power, y


def softmax_loss_backward(saved: Any, g: float) -> Any:
    p, y = saved
    dz = p - y
    dz *= g / len(p)
    return dz


def attention(q: Any, k: Any, v: Any) -> Any:
    s = q @ k.T
    s /= np.sqrt(q.shape[1])
    s -= s.max(1, keepdims=True)
    np.exp(s, out=s)
    s /= s.sum(1, keepdims=True)
    return q, k, v, s


def attention_backward(saved: Any, g: Any) -> Any:
    q, k, v, p = saved
    ds = g @ v.T
    ds -= np.einsum("ij,ij->i", ds, p)[:, None]
    ds *= p
    ds /= np.sqrt(q.shape[1])
    return ds @ k, ds.T @ q, p.T @ g


def p_pool(x: Any, p: float) -> Any:
    powers = x**p
    total = powers.sum()
    return x, powers, total, total ** (1 / p)


def p_pool_backward(saved: Any, g: float) -> Any:
    x, powers, total, y = saved
    dx = powers / x
    dx *= g * y / total
    return dx


def cases() -> list[tuple[str, str, tuple[str, ...], Any, Any, Any, Any]]:
    """Name, entry, by, arguments, incoming gradient, forward and backward by hand."""
    rng = np.random.default_rng(0)
    x, g = rng.normal(size=(64, 1024)), rng.normal(size=(64, 1024))
    affine = (x, rng.normal(size=1024), rng.normal(size=1024), 1e-5)
    onehot = np.eye(1024)[rng.integers(0, 1024, 64)]
    q, k, v, go = (rng.normal(size=(256, 64)) for _ in range(4))
    return [
        ("batch norm", "batch_norm", (), affine, g, batch_norm, batch_norm_backward),
        ("layer norm", "layer_norm", (), affine, g, layer_norm, layer_norm_backward),
        ("softmax cross-entropy", "softmax_ce_batch", (), (x, onehot), 1.0, softmax_loss, softmax_loss_backward),
        ("attention", "scaled_dot_product_attention", (), (q, k, v), go, attention, attention_backward),
        ("p-pool", "p_pool_gradient", ("x",), (abs(x.ravel()) + 0.1, 2.5), 1.0, p_pool, p_pool_backward),
    ]


def in_numpy() -> list[dict[str, Any]]:
    rows = []
    for title, entry, by, arguments, g, forward, backward in cases():
        ours = module(entry, "numpy", by)
        kept, own = ours["forward"](*arguments)[1], forward(*arguments)
        found, expected = ours["backward"](kept, g), backward(own, g)
        for a, b in zip(*(r if isinstance(r, tuple) else (r,) for r in (found, expected)), strict=True):
            assert np.allclose(a, b, rtol=1e-9, atol=1e-12), title
        mine, best = median(
            lambda f=ours["backward"], k=kept, g=g: f(k, g), lambda f=backward, k=own, g=g: f(k, g), ROUNDS
        )
        rows.append({"what": title, "exported": mine, "by hand": best, "ratio": mine / best})
    return rows


def in_torch() -> list[dict[str, Any]]:
    import torch

    torch.set_num_threads(1)

    def norm(axis: int) -> Callable[..., Any]:
        def function(x: Any, gamma: Any, beta: Any, epsilon: Any) -> Any:
            centred = x - x.mean(axis, keepdim=True)
            return gamma * centred / torch.sqrt((centred**2).mean(axis, keepdim=True) + epsilon) + beta

        return function

    composed: dict[str, Callable[..., Any]] = {
        "batch norm": norm(0),
        "layer norm": norm(1),
        "softmax cross-entropy": lambda z, y: -(y * torch.log_softmax(z, 1)).sum(1).mean(),
        "attention": lambda q, k, v: torch.softmax(q @ k.T / q.shape[1] ** 0.5, 1) @ v,
        "p-pool": lambda x, p: (x**p).sum() ** (1 / p),
    }
    rows = []
    for title, entry, by, arguments, g, _, _ in cases():
        ours = module(entry, "torch", by)["Function"].apply
        formula = catalog.read(catalog.shipped(), only={entry}).formulas[entry]
        wanted = {tensor.name for tensor, _ in plan(formula, by=by).routines[0].gradients}
        names = [tensor.name for tensor in plan(formula, by=by).routines[0].inputs]
        tensors = [
            torch.tensor(a, dtype=torch.float64, requires_grad=name in wanted)
            for name, a in zip(names, arguments, strict=True)
        ]
        leaves, incoming = [t for t in tensors if t.requires_grad], torch.tensor(g, dtype=torch.float64)

        def run(function: Callable[..., Any], tensors: Any = tensors, leaves: Any = leaves, g: Any = incoming) -> Any:
            return torch.autograd.grad(function(*tensors), leaves, g)

        for a, b in zip(run(ours), run(composed[title]), strict=True):
            assert torch.allclose(a, b, rtol=1e-9, atol=1e-12), title
        mine, theirs = median(lambda f=ours, r=run: r(f), lambda f=composed[title], r=run: r(f), ROUNDS)
        rows.append({"what": title, "exported": mine, "autograd": theirs, "ratio": mine / theirs})
    return rows


def table(title: str, rows: list[dict[str, Any]]) -> None:
    names = list(rows[0])
    print(f"{title}\n\n| {' | '.join(names)} |\n|{'---|' * len(names)}")
    for row in rows:
        what, mine, other, ratio = row.values()
        print(f"| {what} | {mine * 1e6:.0f} us | {other * 1e6:.0f} us | {ratio:.2f} |")
    print()


def main() -> None:
    found = {"numpy": in_numpy(), "torch": in_torch()}
    table("NumPy, backward", found["numpy"])
    table("PyTorch, forward and backward", found["torch"])
    if len(sys.argv) > 1:
        with open(sys.argv[1], "w") as file:
            json.dump(found, file, indent=1)


if __name__ == "__main__":
    main()
