"""Rivals: how long deriving and proving five gradients takes here, in tensorgrad, and in SymPy at a fixed size.

python benchmarks/rivals.py [--json] [--rounds N] [--limit SECONDS] [--size N]  prints one table with ratios from this
very run. Needs tensorgrad (`pip install tensorgrad==0.3.0`), which is no dependency; without it its column is empty.

Each is given the formula and its textbook gradient as expressions, made anew for every round and not timed; what is
timed is to derive the gradient and to show that it is the textbook's. Medians of the rounds, CPU time of this thread,
warm, without garbage collection. Here the proof is the algebra's, for every size. tensorgrad too derives for every
size; of its two exact tests, the same form after simplification or a difference that simplifies to zero, the faster
that succeeds counts, and where neither does, deriving alone. SymPy differentiates and simplifies all components at one
size; a run that passes the limit is ended and counts as that long.
"""

import gc
import json
import resource
import statistics
import time
from argparse import ArgumentParser
from collections.abc import Callable
from dataclasses import asdict, dataclass
from fractions import Fraction
from math import ceil
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any, ClassVar

import sympy

from derive.catalog import quick
from derive.expression import arena
from derive.proof import Algebra

LEAST, MEAN, SYMPY = 5, 20, 1000  # the ratios to be reached
WARM = 15  # proofs in a row in each round: the first are slower, behind what another library has read

# ----------------------------------------------------------------------------------- the five, here

SOFTMAX = {"p[i]": "exp(x[i])/sum(exp(x[j]), j)", "L": "-sum(t[i]*log(p[i]), i)"}
NORMAL = {
    "mu": "mean(x[i], i)",
    "var": "mean((x[i] - mu)**2, i)",
    "h[i]": "(x[i] - mu)/sqrt(var + epsilon)",
    "L": "sum(g[i]*(gamma*h[i] + beta), i)",
}
ATTENTION = {
    "S[i, j]": "c*sum(Q[i, a]*K[j, a], a)",
    "P[i, j]": "exp(S[i, j])/sum(exp(S[i, l]), l)",
    "L": "sum(G[i, b]*P[i, j]*V[j, b], i, j, b)",
    "dP[i, j]": "sum(G[i, b]*V[j, b], b)",
}
OURS: dict[str, tuple[str, dict[str, str], dict[str, str]]] = {
    "softmax cross-entropy": ("D(L, x[k]) == p[k]*sum(t[i], i) - t[k]", SOFTMAX, {"x": "real[n]", "t": "real[n]"}),
    "its Hessian": (
        "D(L, x[k], x[l]) == sum(t[i], i)*(p[k]*delta(k, l) - p[k]*p[l])",
        SOFTMAX,
        {"x": "real[n]", "t": "real[n]"},
    ),
    "batch normalization": (
        "D(L, x[k]) == gamma/sqrt(var + epsilon)*(g[k] - mean(g[i], i) - h[k]*mean(g[i]*h[i], i))",
        NORMAL,
        {"x": "real[n]", "g": "real[n]", "gamma": "real", "beta": "real", "epsilon": "positive"},
    ),
    "p-pool": (
        "D(y, x[k]) == x[k]**(p - 1)*y**(1 - p)/n",
        {"y": "mean(x[i]**p, i)**(1/p)"},
        {"x": "positive[n]", "p": "positive"},
    ),
    "attention, dQ": (
        "D(L, Q[i, a]) == c*sum(P[i, j]*(dP[i, j] - sum(dP[i, l]*P[i, l], l))*K[j, a], j)",
        ATTENTION,
        {"Q": "real[m, d]", "K": "real[n, d]", "V": "real[n, o]", "G": "real[m, o]", "c": "positive"},
    ),
}


def ours(name: str) -> float:
    claim, define, inputs = OURS[name]
    with arena():
        formula = quick(claim, define=define, **inputs)
        started = time.thread_time()
        is_proved = Algebra(formula).prove(formula.claims[0]).equal
        seconds = time.thread_time() - started
    if not is_proved:
        raise SystemExit(f"{name} was not proved here")
    return seconds


# --------------------------------------------------------------------------------------- tensorgrad


class Tensorgrad:
    """The same five: what is differentiated, by what, and the textbook's result."""

    notes: ClassVar = {"p-pool": "at p = 3: no symbolic exponents"}

    def __init__(self) -> None:
        import tensorgrad
        from tensorgrad import functions
        from tensorgrad.tensor import Rename, Zero

        self.tg, self.F, self.Rename, self.Zero = tensorgrad, functions, Rename, Zero
        self.n, self.m, self.d, self.o = sympy.symbols("n m d o")

    def vector(self, name: str) -> Any:
        return self.tg.Variable(name, i=self.n)

    def softmax(self, order: int) -> tuple[Any, Any, Any]:
        F, x, t = self.F, self.vector("x"), self.vector("t")
        share = F.softmax(x, dim="i")
        loss = -F.sum(t * F.log(share))
        if order == 1:
            return loss, x, share * F.sum(t) - t
        other = share.rename(i="i_")
        return loss, x, F.sum(t) * (share * self.tg.Delta(self.n, "i", "i_") - share * other)

    def batch_norm(self) -> tuple[Any, Any, Any]:
        F, x, g = self.F, self.vector("x"), self.vector("g")
        gamma, beta, epsilon = (self.tg.Variable(name) for name in ("gamma", "beta", "epsilon"))

        def mean(of: Any) -> Any:
            return F.mean(of, dim="i")

        centred = x - mean(x)
        scale = F.pow(F.sqrt(mean(centred * centred) + epsilon), -1)
        loss = F.sum(g * gamma * centred * scale) + F.sum(g) * beta
        return loss, x, gamma * scale * (g - mean(g) - centred * scale * mean(g * centred * scale))

    def p_pool(self) -> tuple[Any, Any, Any]:
        F, x = self.F, self.vector("x")
        mean = F.mean(F.pow(x, 3), dim="i")
        claimed = F.pow(x, 2) * F.pow(mean, Fraction(-2, 3)) / self.tg.Delta(self.n)
        return F.pow(mean, Fraction(1, 3)), x, claimed

    def attention(self) -> tuple[Any, Any, Any]:
        F, tg = self.F, self.tg
        Q, K = tg.Variable("Q", q=self.m, a=self.d), tg.Variable("K", k=self.n, a=self.d)
        V, G = tg.Variable("V", k=self.n, b=self.o), tg.Variable("G", q=self.m, b=self.o)
        c = tg.Variable("c")
        share = F.softmax(c * F.dot(Q, K, dim="a"), dim="k")
        incoming = F.dot(G, V, dim="b")
        inner = incoming - F.sum(incoming * share, dim="k", keepdims=True)
        return F.sum(G * F.dot(share, V, dim="k")), Q, c * F.dot(share * inner, K, dim="k")

    def made(self, name: str) -> tuple[Any, Any, Any]:
        return {
            "softmax cross-entropy": lambda: self.softmax(1),
            "its Hessian": lambda: self.softmax(2),
            "batch normalization": self.batch_norm,
            "p-pool": self.p_pool,
            "attention, dQ": self.attention,
        }[name]()

    def timed(self, name: str) -> tuple[float, str]:
        """Seconds to derive and to show, and how it was shown."""
        function, by, claimed = self.made(name)
        started = time.thread_time()
        derived = function.grad(by, new_names={edge: edge for edge in by.edges}).full_simplify()
        if name == "its Hessian":
            derived = derived.grad(by, new_names={"i": "i_"}).full_simplify()
        deriving = time.thread_time() - started
        ways = (("same form", self._is_same_form), ("difference 0", self._has_no_difference))
        shown = [(seconds, how) for how, way in ways if (seconds := self._shown(way, derived, claimed)) is not None]
        if not shown:
            return deriving, "not shown"
        seconds, how = min(shown)
        return deriving + seconds, how

    @staticmethod
    def _shown(way: Callable[[Any, Any], bool], derived: Any, claimed: Any) -> float | None:
        started = time.thread_time()
        try:
            is_shown = way(derived, claimed)
        except Exception:  # another's code: whatever it stumbles over, it has not shown the identity
            return None
        return time.thread_time() - started if is_shown else None

    @staticmethod
    def _is_same_form(derived: Any, claimed: Any) -> bool:
        return bool(derived == claimed.full_simplify())

    def _has_no_difference(self, derived: Any, claimed: Any) -> bool:
        left = (derived - claimed).full_simplify()
        while isinstance(left, self.Rename):
            left = left.tensor
        return isinstance(left, self.Zero)


# -------------------------------------------------------------------------------------------- SymPy


def written_out(name: str, n: int) -> tuple[list[tuple[Any, Any]], list[Any]]:
    """What is differentiated and by what, component by component, and the textbook's results."""
    sp, each = sympy, range(n)

    def reals(of: str) -> list[Any]:
        return [sp.Symbol(f"{of}{i}", real=True) for i in each]

    if name in ("softmax cross-entropy", "its Hessian"):
        x, t = reals("x"), reals("t")
        whole = sum(sp.exp(v) for v in x)
        share, total = [sp.exp(v) / whole for v in x], sum(t)
        loss = -sum(t[i] * sp.log(share[i]) for i in each)
        if name == "softmax cross-entropy":
            return [(loss, v) for v in x], [share[k] * total - t[k] for k in each]
        first = [sp.diff(loss, v) for v in x]
        second = [(k, m) for k in each for m in each]
        claimed = [total * (share[k] * int(k == m) - share[k] * share[m]) for k, m in second]
        return [(first[k], x[m]) for k, m in second], claimed
    if name == "batch normalization":
        x, g = reals("x"), reals("g")
        gamma, beta = sp.Symbol("gamma", real=True), sp.Symbol("beta", real=True)
        epsilon = sp.Symbol("epsilon", positive=True)
        mu = sum(x) / n
        root = sp.sqrt(sum((v - mu) ** 2 for v in x) / n + epsilon)
        h = [(v - mu) / root for v in x]
        loss = sum(g[i] * (gamma * h[i] + beta) for i in each)
        mean_g, mean_gh = sum(g) / n, sum(g[i] * h[i] for i in each) / n
        return [(loss, v) for v in x], [gamma / root * (g[k] - mean_g - h[k] * mean_gh) for k in each]
    if name == "p-pool":
        x, p = [sp.Symbol(f"x{i}", positive=True) for i in each], sp.Symbol("p", positive=True)
        y = (sum(v**p for v in x) / n) ** (1 / p)
        return [(y, v) for v in x], [v ** (p - 1) * y ** (1 - p) / n for v in x]
    wide = range(2)
    Q, K, V, G = ([[sp.Symbol(f"{of}{i}{a}", real=True) for a in wide] for i in each] for of in "QKVG")
    c = sp.Symbol("c", positive=True)
    e = [[sp.exp(c * sum(Q[i][a] * K[j][a] for a in wide)) for j in each] for i in each]
    share = [[e[i][j] / sum(e[i]) for j in each] for i in each]
    loss = sum(G[i][b] * share[i][j] * V[j][b] for i in each for j in each for b in wide)
    inner = [[sum(G[i][b] * V[j][b] for b in wide) for j in each] for i in each]
    rows = [sum(inner[i][j] * share[i][j] for j in each) for i in each]
    claimed = [c * sum(share[i][j] * (inner[i][j] - rows[i]) * K[j][a] for j in each) for i in each for a in wide]
    return [(loss, Q[i][a]) for i in each for a in wide], claimed


def _simplified(pipe: Connection, name: str, n: int, limit: float) -> None:
    pairs, claimed = written_out(name, n)
    spent = ceil(time.process_time() + limit)
    resource.setrlimit(resource.RLIMIT_CPU, (spent, spent))
    started = time.thread_time()
    shown = [sympy.simplify(sympy.diff(f, v) - c) == 0 for (f, v), c in zip(pairs, claimed, strict=True)]
    pipe.send((time.thread_time() - started, all(shown)))


def simplified(name: str, n: int, limit: float) -> tuple[float, str]:
    """CPU seconds that SymPy takes, in a process of its own that is ended at the limit."""
    here, there = get_context("fork").Pipe()
    process = get_context("fork").Process(target=_simplified, args=(there, name, n, limit), daemon=True)
    process.start()
    there.close()
    try:
        seconds, is_shown = here.recv()
    except EOFError:
        return limit, "passed the limit"
    finally:
        process.join()
    return seconds, "shown" if is_shown else "not shown"


# -------------------------------------------------------------------------------------------- table


@dataclass(frozen=True)
class Row:
    """Seconds, and how each rival showed it; None for a rival that is not installed."""

    name: str
    ours: float
    tensorgrad: float | None
    tensorgrad_says: str
    sympy: float
    sympy_says: str

    @property
    def over_tensorgrad(self) -> float | None:
        return None if self.tensorgrad is None else self.tensorgrad / self.ours

    @property
    def over_sympy(self) -> float:
        return self.sympy / self.ours


def measured(rounds: int, n: int, limit: float) -> list[Row]:
    try:
        rival = Tensorgrad()
    except ImportError:
        rival = None
    rows = []
    for name in OURS:
        mine, theirs, says = [], [], "not installed"
        for at in range(rounds + 1):  # in turn, so that both meet the same machine; the first warms up
            found = [ours(name) for _ in range(WARM)]
            mine += found if at else []
            if rival:
                seconds, says = rival.timed(name)
                theirs += [seconds] if at else []
        if rival and name in rival.notes:
            says += f" ({rival.notes[name]})"
        other = statistics.median(theirs) if theirs else None
        rows.append(Row(name, statistics.median(mine), other, says, *simplified(name, n, limit)))
    return rows


def main() -> None:
    parser = ArgumentParser(description="Deriving and proving, against tensorgrad and SymPy.")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--limit", type=float, default=60, help="CPU seconds for each of SymPy's")
    parser.add_argument("--size", type=int, default=8, help="at which SymPy is asked")
    options = parser.parse_args()
    gc.disable()  # for all three, as timeit does
    rows = measured(options.rounds, options.size, options.limit)
    ratios = [row.over_tensorgrad for row in rows if row.over_tensorgrad is not None]
    mean = statistics.geometric_mean(ratios) if ratios else None
    slowest = min(row.over_sympy for row in rows)
    if options.json:
        each = [asdict(row) | {"over_tensorgrad": row.over_tensorgrad, "over_sympy": row.over_sympy} for row in rows]
        print(json.dumps({"rows": each, "mean_over_tensorgrad": mean, "least_over_sympy": slowest}, indent=2))
        return
    print(f"| | here, ms | tensorgrad, ms | times | shown by | SymPy at n = {options.size}, ms | times | |")
    print("|---|---|---|---|---|---|---|---|")
    for row in rows:
        theirs, times = ("-", "-") if row.tensorgrad is None else (f"{row.tensorgrad * 1e3:,.0f}",
                                                                   f"{row.over_tensorgrad:,.0f}")  # fmt: skip
        least = "at least " if row.sympy_says == "passed the limit" else ""
        print(
            f"| {row.name} | {row.ours * 1e3:.2f} | {theirs} | {times} | {row.tensorgrad_says} "
            f"| {least}{row.sympy * 1e3:,.0f} | {least}{row.over_sympy:,.0f} | {row.sympy_says} |"
        )
    if mean is not None:
        print(
            f"\nOver tensorgrad {mean:.0f} times in the geometric mean (wanted: {MEAN}), at least {min(ratios):.0f} ",
            end="",
        )
        print(f"(wanted: {LEAST}).", end=" ")
    print(f"Over SymPy at least {slowest:,.0f} times (wanted: {SYMPY:,}).")


if __name__ == "__main__":
    main()
