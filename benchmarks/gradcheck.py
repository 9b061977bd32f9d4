"""Checks of a given gradient: along a direction and in every component, against the checks of other libraries.

python benchmarks/gradcheck.py [--quick] [--json] [--rounds N]  prints tables. Needs torch, jax and numdifftools; a row
is left out for what is not installed. N numbers, as a square where there are rows; gradients of a scalar, in double
precision, one thread. CPU time of this process, medians of rounds taken in turn, warm; --quick takes N = 1,024.

Then planted errors: eight wrong gradients of four functions at three sizes, and the right ones, which must pass.
"""

import json
import math
import os
import statistics
import time
from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")
os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")
os.environ.setdefault("JAX_PLATFORMS", "cpu")

import numpy as np  # noqa: E402 - the settings of threads are read when it is imported

from derive.catalog import quick  # noqa: E402
from derive.formula import Formula  # noqa: E402
from verify.floats.arrays import evaluate  # noqa: E402
from verify.gradients import GradientCheck  # noqa: E402

EPSILON = 1e-5
SLOW = 5.0  # seconds of a check beyond which it is timed once
SOFTMAX = {"p[i]": "exp(x[i])/sum(exp(x[j]), j)", "L": "-sum(t[i]*log(p[i]), i)"}


def normal(along: str, scaled: str) -> tuple[str, dict[str, str]]:
    """Normalization of x[r, c] over one of its axes: the claim and the definitions."""
    kept, other = ("c", "i, c") if along == "r" else ("r", "r, i")
    mean = f"mean(G[{other}]*gamma[{scaled if scaled == kept else 'i'}]{{}}, i)"
    define = {
        f"mu[{kept}]": f"mean(x[{other}], i)",
        f"var[{kept}]": f"mean((x[{other}] - mu[{kept}])**2, i)",
        "h[r, c]": f"(x[r, c] - mu[{kept}])/sqrt(var[{kept}] + epsilon)",
        "L": "sum(G[r, c]*(gamma[c]*h[r, c] + beta[c]), r, c)",
    }
    inner = f"G[r, c]*gamma[c] - {mean.format('')} - h[r, c]*{mean.format(f'*h[{other}]')}"
    return f"D(L, x[r, c]) == ({inner})/sqrt(var[{kept}] + epsilon)", define


ATTENTION = {
    "S[r, j]": "sum(x[r, a]*K[j, a], a)/sqrt(s)",
    "P[r, j]": "exp(S[r, j])/sum(exp(S[r, l]), l)",
    "L": "sum(G[r, b]*P[r, j]*V[j, b], r, j, b)",
    "dP[r, j]": "sum(G[r, b]*V[j, b], b)",
}
SQUARES = dict.fromkeys(("x", "G", "K", "V"), "real[s, s]")
NORMS = {"x": "real[s, s]", "G": "real[s, s]", "gamma": "real[s]", "beta": "real[s]", "epsilon": "positive"}
FUNCTIONS: dict[str, tuple[str, dict[str, str], dict[str, str]]] = {
    "softmax cross-entropy": ("D(L, x[k]) == p[k]*sum(t[i], i) - t[k]", SOFTMAX, {"x": "real[n]", "t": "real[n]"}),
    "batch normalization": (*normal("r", "c"), NORMS),
    "layer normalization": (*normal("c", "i"), NORMS),
    "attention, by queries": (
        "D(L, x[r, a]) == sum(P[r, j]*(dP[r, j] - sum(dP[r, l]*P[r, l], l))*K[j, a], j)/sqrt(s)",
        ATTENTION,
        SQUARES,
    ),
}


class Case:
    """A function of N numbers, its values here and in the other libraries, and its right gradient."""

    def __init__(self, name: str, count: int) -> None:
        claim, define, inputs = FUNCTIONS[name]
        self.name, self.count = name, count
        self.formula: Formula = quick(claim, define=define, **inputs)
        self.claim = self.formula.claims[0]
        (size,) = self.formula.sizes
        self.side = math.isqrt(count)
        self.sizes = {size: self.side if "[s, s]" in inputs["x"] else count}
        random, self.by_name = np.random.default_rng(count), {}
        for tensor in self.formula.inputs:
            shape = tuple(self.sizes[size] for _ in tensor.axes)
            self.by_name[tensor.name] = random.standard_normal(shape)
        if "t" in self.by_name:
            self.by_name["t"] = random.dirichlet(np.ones(count))
        if "epsilon" in self.by_name:
            self.by_name["epsilon"] = np.asarray(EPSILON)
        self.values = {tensor: self.by_name[tensor.name] for tensor in self.formula.inputs}
        self.check = GradientCheck(self.formula, self.claim, self.sizes)
        order = [str(index.name) for index in self.claim.indices]
        found = evaluate(self.formula, self.claim.right, self.values, self.sizes, np.longdouble)
        wanted = [str(subscript.name) for subscript in self.claim.left.by[0].subscripts]  # type: ignore[attr-defined]
        self.exact = found.transpose([order.index(one) for one in wanted])
        self.gradient = self.exact.astype(np.float64)

    def loss(self, lib: Any, x: Any, of: Callable[[Any], Any] = lambda array: array) -> Any:
        """The scalar in NumPy, torch or jax.numpy, whose names for this are the same."""
        v = {name: of(array) for name, array in self.by_name.items()}
        if self.name == "softmax cross-entropy":
            return lib.log(lib.exp(x).sum()) * v["t"].sum() - (v["t"] * x).sum()
        x = x.reshape(self.side, self.side)
        if "attention" in self.name:
            e = lib.exp(x @ v["K"].T / math.sqrt(self.side))
            return (v["G"] * (e / e.sum(1)[:, None] @ v["V"])).sum()
        axis = 0 if "batch" in self.name else 1
        mean = x.mean(axis)[None, :] if axis == 0 else x.mean(axis)[:, None]
        square = ((x - mean) ** 2).mean(axis)
        square = square[None, :] if axis == 0 else square[:, None]
        return (v["G"] * ((x - mean) / lib.sqrt(square + EPSILON) * v["gamma"] + v["beta"])).sum()


# ------------------------------------------------------------------------------- the other libraries


def torch_check(case: Case, gradient: np.ndarray | None = None, is_fast: bool = False) -> Callable[[], bool]:
    import torch

    torch.set_num_threads(1)
    tensors = {id(array): torch.from_numpy(np.ascontiguousarray(array)) for array in case.by_name.values()}
    x = torch.from_numpy(case.by_name["x"].copy()).requires_grad_(True)

    def loss(at: Any) -> Any:
        return case.loss(torch, at, lambda array: tensors[id(array)])

    if gradient is not None:
        given = torch.from_numpy(np.ascontiguousarray(gradient))

        class Given(torch.autograd.Function):
            @staticmethod
            def forward(context: Any, at: Any) -> Any:
                return loss(at).detach()

            @staticmethod
            def backward(context: Any, outer: Any) -> Any:
                return outer * given

        return lambda: bool(torch.autograd.gradcheck(Given.apply, (x,), fast_mode=is_fast, raise_exception=False))
    return lambda: bool(torch.autograd.gradcheck(loss, (x,), fast_mode=is_fast, raise_exception=False))


def jax_check(case: Case, gradient: np.ndarray | None = None) -> Callable[[], bool]:
    import jax

    jax.config.update("jax_enable_x64", True)
    from jax import numpy as jnp
    from jax.test_util import check_grads

    arrays = {id(array): jnp.asarray(array) for array in case.by_name.values()}
    x = jnp.asarray(case.by_name["x"])
    loss = jax.jit(lambda at: case.loss(jnp, at, lambda array: arrays[id(array)]))
    if gradient is not None:
        given, inner = jnp.asarray(gradient), loss
        loss = jax.custom_vjp(lambda at: inner(at))
        loss.defvjp(lambda at: (inner(at), None), lambda _, outer: (outer * given,))

    def check() -> bool:
        try:
            check_grads(loss, (x,), order=1, modes=("rev",))
        except AssertionError:
            return False
        return True

    return check


def numdifftools_check(case: Case) -> Callable[[], bool]:
    import numdifftools

    gradient = numdifftools.Gradient(lambda x: float(case.loss(np, x)))
    flat = case.by_name["x"].ravel()
    return lambda: bool(np.allclose(gradient(flat), case.gradient.ravel()))


Maker = Callable[[Case], Callable[[], bool]]
OURS: dict[str, Maker] = {
    "here, one direction": lambda case: lambda: case.check.along(case.values, case.gradient).says == "agrees",
    "here, one direction, of a formula": lambda case: lambda: case.check.along(case.values).says == "agrees",
    "here, every component": lambda case: lambda: case.check.each(case.values, case.gradient).says == "agrees",
}
OTHERS: dict[str, Maker] = {
    "torch gradcheck": torch_check,
    "torch gradcheck, fast": lambda case: torch_check(case, is_fast=True),
    "jax check_grads, compiled": jax_check,
    "numdifftools Gradient": numdifftools_check,
}

# ------------------------------------------------------------------------------------------- tables


def timed(check: Callable[[], bool]) -> float:
    started = time.process_time()
    if not check():
        raise SystemExit("a right gradient was not passed")
    return time.process_time() - started


def times(count: int, rounds: int) -> list[dict[str, Any]]:
    rows = []
    for name in FUNCTIONS:
        case, checks, found = Case(name, count), dict[str, Callable[[], bool]](), dict[str, list[float]]()
        for tool, make in (OURS | OTHERS).items():
            if "component" in tool and case.check.groups is None:
                continue
            try:
                check = make(case)
            except ImportError:
                continue
            first = timed(check)
            if first > SLOW:  # then what is compiled or imported first makes no difference, and once is enough
                found[tool] = [first]
            else:
                checks[tool] = check
        for _ in range(rounds):
            for tool, check in checks.items():
                many = 20 if "direction" in tool else 1  # short ones more often, in the same round
                found.setdefault(tool, []).extend(timed(check) for _ in range(many))
        seconds = {tool: statistics.median(many) for tool, many in found.items()}
        errors = {"here, one direction": _error(case)}
        if "here, every component" in seconds:
            value, *_ = case.check.components(case.values)
            errors["here, every component"] = float(np.max(np.abs(value - case.exact)) / np.max(np.abs(case.exact)))
        rows.append({"function": name, "count": count, "seconds": seconds, "errors": errors,
                     "evaluations": case.side if case.check.groups else None})  # fmt: skip
    return rows


def _error(case: Case) -> float:
    """Of the derivative along a direction, to the scale of such derivatives."""
    way = np.random.default_rng(1).standard_normal(case.gradient.shape)
    value, _ = case.check.slope(case.values, way)
    scale = np.linalg.norm(case.gradient) * np.linalg.norm(way) / math.sqrt(case.count)
    return float(abs(value - (case.exact * way).sum()) / scale)


def _one(change: Callable[[float], float]) -> Callable[[np.ndarray], np.ndarray]:
    def wrong(gradient: np.ndarray) -> np.ndarray:
        other = gradient.copy()
        other.flat[gradient.size // 3] = change(other.flat[gradient.size // 3])
        return other

    return wrong


WRONG: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "one component off by a tenth": _one(lambda value: 1.1 * value),
    "one component negated": _one(lambda value: -value),
    "one component off by a thousandth": _one(lambda value: 1.001 * value),
    "all times N/(N - 1)": lambda gradient: gradient * (gradient.size / (gradient.size - 1)),
    "all times 1.001": lambda gradient: gradient * 1.001,
    "all times 1 + 1e-6": lambda gradient: gradient * (1 + 1e-6),
    "all times 1 + 1e-9": lambda gradient: gradient * (1 + 1e-9),
    "zero": lambda gradient: gradient * 0,
}
JUDGES: dict[str, Callable[[Case, np.ndarray], bool]] = {
    "here, one direction": lambda case, gradient: case.check.along(case.values, gradient).says == "agrees",
    "here, every component": lambda case, gradient: case.check.each(case.values, gradient).says == "agrees",
    "torch gradcheck": lambda case, gradient: torch_check(case, gradient)(),
    "torch gradcheck, fast": lambda case, gradient: torch_check(case, gradient, is_fast=True)(),
    "jax check_grads, compiled": lambda case, gradient: jax_check(case, gradient)(),
}


def planted(counts: tuple[int, ...]) -> dict[str, Any]:
    """How many wrong gradients each finds, and how many right ones it refuses."""
    caught = {tool: dict.fromkeys(WRONG, 0) for tool in JUDGES}
    alarms, tried = dict.fromkeys(JUDGES, 0), dict.fromkeys(JUDGES, 0)
    for name in FUNCTIONS:
        for count in counts:
            case = Case(name, count)
            for tool, passes in JUDGES.items():
                if "component" in tool and case.check.groups is None:
                    continue
                try:
                    alarms[tool] += not passes(case, case.gradient)
                    for kind, wrong in WRONG.items():
                        caught[tool][kind] += not passes(case, wrong(case.gradient))
                except ImportError:
                    continue
                tried[tool] += 1
    return {"tried": tried, "caught": caught, "false alarms": alarms}


def shown(rows: list[dict[str, Any]], found: dict[str, Any]) -> str:
    base, best = "here, one direction", "here, every component"
    lines = []
    for row in rows:
        lines += [f"\n{row['function']}, N = {row['count']:,}:\n", "| check | ms | times one direction here | error |"]
        lines.append("|---|---|---|---|")
        for tool, seconds in row["seconds"].items():
            error = f"{row['errors'][tool]:.0e}" if tool in row["errors"] else ""
            lines.append(f"| {tool} | {seconds * 1e3:,.2f} | {seconds / row['seconds'][base]:,.1f} | {error} |")
        other = row["seconds"].get("numdifftools Gradient")
        if other and best in row["seconds"]:
            lines.append(f"\nEvery component takes {row['evaluations']} evaluations here, and numdifftools "
                         f"{other / row['seconds'][best]:,.0f} times as long.")  # fmt: skip
    lines += ["\nWrong gradients found, of those tried:\n", f"| error | {' | '.join(JUDGES)} |"]
    lines.append("|---" * (len(JUDGES) + 1) + "|")
    tools = dict(found["tried"])
    for kind in WRONG:
        lines.append(f"| {kind} | " + " | ".join(f"{found['caught'][t][kind]} of {n}" for t, n in tools.items()) + " |")
    whole = (f"{sum(found['caught'][tool].values())} of {len(WRONG) * n}" for tool, n in tools.items())
    lines.append(f"| all | {' | '.join(whole)} |")
    lines.append(
        "| right ones refused | " + " | ".join(f"{found['false alarms'][t]} of {n}" for t, n in tools.items()) + " |"
    )
    return "\n".join(lines)


def main() -> None:
    parser = ArgumentParser(description="Checks of gradients, here and in other libraries.")
    parser.add_argument("--quick", action="store_true", help="N = 1,024, and planted errors at 16 and 256 alone")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    rows = times(1024 if options.quick else 4096, options.rounds)
    found = planted((16, 256) if options.quick else (16, 256, 4096))
    print(json.dumps({"rows": rows, "planted": found}, indent=2) if options.json else shown(rows, found).lstrip())


if __name__ == "__main__":
    main()
