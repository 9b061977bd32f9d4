"""Depth: how reading, deriving and judging grow with the layers of a net that is written as definitions.

python benchmarks/depth.py [--quick] [--json] [--depths 10,30,…]  prints a table for a chain of layers (dense, tanh,
layer normalization) and for one with a shortcut around each layer. CPU time of one thread. Every depth has a process
of its own, and every witness another, forked from it, for its peak memory: imports, formula and what it takes itself.

The claims are those of the first layer, of the middle one and of the last, heard as `derive check` hears them: the
algebra with its steps compared, the witnesses in numbers on the part of a deep net that a claim speaks of.
"""

import json
import resource
import subprocess
import sys
import time
from argparse import ArgumentParser
from itertools import pairwise
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any

DEPTHS = (10, 30, 100, 300, 1000)
WITNESSES = ("algebra", "exact", "sympy", "differences")
PARTS = ("read", "derive", *WITNESSES)


def chain(depth: int, is_residual: bool = False) -> str:
    """The text of a catalog with one formula: a net of so many layers, and claims about its gradients."""
    inputs, define = ["x: real[n]"], list[str]()
    before = "x"
    for k in range(depth):
        inputs += [f"W{k}: real[n, n]", f"b{k}: real[n]"]
        shortcut = f" + {before}[i]" if is_residual else ""
        define += [
            f"z{k}[i]: sum(W{k}[i, j]*{before}[j], j) + b{k}[i]",
            f"u{k}[i]: tanh(z{k}[i])",
            f"mu{k}: mean(u{k}[i], i)",
            f"var{k}: mean((u{k}[i] - mu{k})**2, i)",
            f"h{k}[i]: (u{k}[i] - mu{k})/sqrt(var{k} + epsilon)",
            f"a{k}[i]: gamma*h{k}[i]{shortcut}",
        ]
        before = f"a{k}"
    inputs += ["t: real[n]", "gamma: real", "epsilon: positive"]
    define.append(f"L: sum((t[i] - {before}[i])**2, i)/2")
    claims = [claim for k in sorted({0, depth // 2, depth - 1}) for claim in of_layer(k)]
    through = " + D(L, a0[j])" if is_residual else ""
    claims.append(f"D(L, x[j]) == sum(W0[i, j]*D(L, z0[i]), i){through}")
    lines = ["chain:", "  title: A chain of layers", "  group: layers", "  source: generated", "  inputs:"]
    lines += [f"    {line}" for line in inputs] + ["  define:"] + [f"    {line}" for line in define]
    return "\n".join([*lines, "  claims:", *(f"    - {claim}" for claim in claims)]) + "\n"


def of_layer(k: int) -> list[str]:
    """What backpropagation says of one layer: its weights, its activation, its normalization."""
    before = f"a{k - 1}" if k else "x"
    g = f"gamma*D(L, a{k}[{{}}])"
    centred = f"{g.format('i')} - mean({g.format('j')}, j) - h{k}[i]*mean({g.format('j')}*h{k}[j], j)"
    return [
        f"D(L, W{k}[i, j]) == D(L, z{k}[i])*{before}[j]",
        f"D(L, z{k}[i]) == D(L, u{k}[i])*(1 - u{k}[i]**2)",
        f"D(L, u{k}[i]) == ({centred})/sqrt(var{k} + epsilon)",
    ]


def measured(depth: int, is_residual: bool) -> dict[str, Any]:
    """Of each part the seconds and the peak MiB, and how many claims each witness found right."""
    from derive import catalog
    from derive.proof import Algebra
    from verify.judge import load

    text, clock, seconds = chain(depth, is_residual), time.thread_time, dict[str, float]()
    load(WITNESSES)
    started = clock()
    formula = catalog.formula(text)
    seconds["read"] = clock() - started
    memory, right = {"read": peak()}, dict[str, int]()
    for name in WITNESSES:
        here, there = get_context("fork").Pipe()
        process = get_context("fork").Process(target=_heard, args=(there, formula, name), daemon=True)
        process.start()
        right[name], seconds[name], memory[name] = here.recv()
        process.join()
    started = clock()
    Algebra(formula).resolve(formula.claims[0].left)  # of the first layer, so that every adjoint is made
    seconds["derive"], memory["derive"] = clock() - started, peak()
    return {"depth": depth, "residual": is_residual, "definitions": len(formula.definitions),
            "claims": len(formula.claims), "right": right, "seconds": seconds, "peak_mib": memory}  # fmt: skip


def _heard(pipe: Connection, formula: Any, name: str) -> None:
    """How many claims a witness finds right, in how many seconds, with how much memory."""
    from verify.judge import hear, summoned
    from verify.testimony import Settings

    settings = Settings(witnesses=(name,))
    started = time.thread_time()
    panel = summoned(formula, settings)
    said = [hear(panel, claim, settings)[name].says for claim in formula.claims]
    pipe.send((sum(one in ("equal", "agrees") for one in said), time.thread_time() - started, peak()))


def peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def in_own_process(depth: int, is_residual: bool) -> dict[str, Any]:
    words = [sys.executable, __file__, "--one", str(depth), *(["--residual"] if is_residual else [])]
    return dict(json.loads(subprocess.run(words, check=True, capture_output=True, text=True).stdout))


def table(rows: list[dict[str, Any]]) -> str:
    lines = [f"| layers | definitions | {' | '.join(f'{part}, s' for part in PARTS)} | ms a layer "
             f"| {' | '.join(f'{name}, MiB' for name in WITNESSES)} | claims right |"]  # fmt: skip
    lines.append("|---" * (len(PARTS) + len(WITNESSES) + 4) + "|")
    for row in rows:
        figures = [f"{row['seconds'][part]:.2f}" for part in PARTS]
        figures.append(f"{sum(row['seconds'].values()) / row['depth'] * 1e3:.1f}")
        figures += [f"{row['peak_mib'][name]:.0f}" for name in WITNESSES]
        found = sorted(set(row["right"].values()))
        right = f"all {row['claims']}" if found == [row["claims"]] else str(row["right"])
        lines.append(f"| {row['depth']:,} | {row['definitions']:,} | {' | '.join(figures)} | {right} |")
    for one, other in pairwise(rows):
        times = sum(other["seconds"].values()) / sum(one["seconds"].values())
        memory = max(other["peak_mib"].values()) / max(one["peak_mib"].values())
        depths = one["depth"], other["depth"]
        lines.append(f"\nFrom {depths[0]:,} to {depths[1]:,} layers, {depths[1] / depths[0]:.1f} times: ")
        lines[-1] += f"{times:.1f} times the time, {memory:.1f} times the memory."
    return "\n".join(lines)


def main() -> None:
    parser = ArgumentParser(description="Nets of many layers, read, derived and judged.")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--quick", action="store_true", help="up to 100 layers")
    parser.add_argument("--depths", help="numbers of layers, with commas")
    parser.add_argument("--one", type=int, help="this depth alone, in this process, as JSON")
    parser.add_argument("--residual", action="store_true", help="with --one: with a shortcut around each layer")
    options = parser.parse_args()
    if options.one:
        print(json.dumps(measured(options.one, options.residual)))
        return
    depths = tuple(map(int, options.depths.split(","))) if options.depths else DEPTHS[:3] if options.quick else DEPTHS
    found = {kind: [in_own_process(depth, kind) for depth in depths] for kind in (False, True)}
    if options.json:
        print(json.dumps({"rows": found[False] + found[True]}, indent=2))
        return
    print(f"A chain of layers:\n\n{table(found[False])}\n\nWith a shortcut around each:\n\n{table(found[True])}")


if __name__ == "__main__":
    main()
