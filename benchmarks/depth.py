"""Depth: how reading, deriving and judging grow with the layers of a net that is written as definitions.

python benchmarks/depth.py [--quick] [--json] [--depths 10,30,…]  prints a table for a chain of layers (dense, tanh,
layer normalization) and for one with a shortcut around each layer. Every depth has a process of its own, for its peak
memory; CPU time of its thread. The claims are those of the first layer, of the middle one and of the last.

The witnesses in numbers are asked up to 100 layers alone: what enters a layer is known to fewer digits behind it, and
thousands of matrices are more numbers than a point is drawn with.
"""

import json
import resource
import subprocess
import sys
import time
from argparse import ArgumentParser
from itertools import pairwise
from typing import Any

DEPTHS = (10, 30, 100, 300, 1000)
NUMBERS_UP_TO = 100
PARTS = ("read", "derive", "algebra", "exact", "differences")
SYMBOLS = PARTS[:3]


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
    """Seconds of each part, how many claims each witness found right, and the peak MiB of this process."""
    from derive import catalog
    from derive.proof import Algebra
    from verify import differences, exact
    from verify.testimony import Settings

    text, clock, seconds = chain(depth, is_residual), time.thread_time, dict[str, float]()
    started = clock()
    formula = catalog.formula(text)
    seconds["read"] = clock() - started
    started = clock()
    algebra = Algebra(formula)
    algebra.resolve(formula.claims[0].left)  # of the first layer, so that every adjoint is made
    seconds["derive"] = clock() - started
    right: dict[str, int] = {}
    ways = {
        "algebra": lambda claim: algebra.prove(claim).equal,
        "exact": lambda claim: exact.testify(formula, claim, Settings()).says == "agrees",
        "differences": lambda claim: differences.testify(formula, claim, Settings()).says == "agrees",
    }
    for name, way in ways.items():
        if name != "algebra" and depth > NUMBERS_UP_TO:
            continue
        started = clock()
        right[name] = sum(map(way, formula.claims))
        seconds[name] = clock() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"depth": depth, "residual": is_residual, "definitions": len(formula.definitions),
            "claims": len(formula.claims), "right": right, "seconds": seconds, "peak_mib": peak}  # fmt: skip


def in_own_process(depth: int, is_residual: bool) -> dict[str, Any]:
    words = [sys.executable, __file__, "--one", str(depth), *(["--residual"] if is_residual else [])]
    return dict(json.loads(subprocess.run(words, check=True, capture_output=True, text=True).stdout))


def table(rows: list[dict[str, Any]]) -> str:
    names = " | ".join(f"{part}, s" for part in PARTS)
    lines = [f"| layers | definitions | {names} | symbols, ms a layer | peak MiB | claims right |"]
    lines.append("|---" * (len(PARTS) + 5) + "|")
    for row in rows:
        symbols = sum(row["seconds"][part] for part in SYMBOLS)
        figures = " | ".join(f"{row['seconds'][part]:.2f}" if part in row["seconds"] else "-" for part in PARTS)
        right = ", ".join(f"{name} {found} of {row['claims']}" for name, found in row["right"].items())
        lines.append(f"| {row['depth']:,} | {row['definitions']:,} | {figures} | {symbols / row['depth'] * 1e3:.1f} "
                     f"| {row['peak_mib']:.0f} | {right} |")  # fmt: skip
    for one, other in pairwise(rows):
        times = sum(other["seconds"][part] for part in SYMBOLS) / sum(one["seconds"][part] for part in SYMBOLS)
        memory, depths = other["peak_mib"] / one["peak_mib"], (one["depth"], other["depth"])
        lines.append(f"\nFrom {depths[0]:,} to {depths[1]:,} layers, {depths[1] / depths[0]:.1f} times: ")
        lines[-1] += f"{times:.1f} times the time for symbols, {memory:.1f} times the memory."
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
