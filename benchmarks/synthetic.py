"""Catalogs of many formulas that nobody wrote: losses of activations of normalizations of layers, composed at random.

    python benchmarks/synthetic.py N [--seed S] [--folder FOLDER]      writes N formulas, as files of at most 1 MB
    python benchmarks/synthetic.py N --check [derive check's options]  and judges them, end to end

Each formula is another: its parts, their constants and the sizes that are shared are drawn. Each has a right claim, a
gradient by the chain rule, and a wrong one, that gradient with a slip whose kind is drawn; the catalog says which is
which, so that `derive check` ends with status 0 exactly if every right one is proved or agrees, and every wrong one is
refuted.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from random import Random

import msgspec

LARGEST = 900_000  # bytes of a file; `derive` reads 1 MB

# What follows from v, and its slope in v and the value itself; {c} is a constant.
ACTIVATIONS = {
    "tanh": ("tanh({c}*v[i])", "{c}*(1 - {y}[i]**2)"),
    "logistic": ("1/(1 + exp(-{c}*v[i]))", "{c}*{y}[i]*(1 - {y}[i])"),
    "softplus": ("log(1 + exp({c}*v[i]))", "{c}/(1 + exp(-{c}*v[i]))"),
    "exponential": ("exp(-{c}*v[i])", "-{c}*{y}[i]"),
    "square": ("{c}*v[i]**2", "2*{c}*v[i]"),
    "root": ("sqrt({c} + v[i]**2)", "v[i]/{y}[i]"),
    "bump": ("1/({c} + v[i]**2)", "-2*v[i]*{y}[i]**2"),
    "swish": ("v[i]/(1 + exp(-{c}*v[i]))", "(1 + {c}*v[i]*exp(-{c}*v[i])/(1 + exp(-{c}*v[i])))/(1 + exp(-{c}*v[i]))"),
}
# The loss of a, with t beside it, and its gradient in a[k].
LOSSES = {
    "squares": ("sum({c}*(a[i] - t[i])**2, i)", "2*{c}*(a[k] - t[k])"),
    "mean squares": ("mean({c}*(a[i] - t[i])**2, i)", "2*{c}*(a[k] - t[k])/n"),
    "log cosh": ("sum({c}*log(cosh(a[i] - t[i])), i)", "{c}*tanh(a[k] - t[k])"),
    "inner product": ("{c}*sum(a[i]*t[i], i)", "{c}*t[k]"),
    "squared inner product": ("{c}*sum(a[i]*t[i], i)**2", "2*{c}*sum(a[i]*t[i], i)*t[k]"),
    "norm": ("{c}*sqrt(1 + sum(a[i]**2, i))", "{c}*a[k]/sqrt(1 + sum(a[i]**2, i))"),
    "quartic": ("{c}*sum((a[i] - t[i])**4, i)", "4*{c}*(a[k] - t[k])**3"),
    "log of squares": ("{c}*log(1 + sum(a[i]**2, i))", "2*{c}*a[k]/(1 + sum(a[i]**2, i))"),
}
# From x to u, with the gradient h of the loss in u pulled back to x[k].
NORMALIZATIONS = {
    "none": ({"u[i]": "{c}*x[i]"}, "{c}*h[k]"),
    "centred": ({"u[i]": "{c}*(x[i] - mean(x[j], j))"}, "{c}*(h[k] - mean(h[i], i))"),
    "scaled": (
        {"r": "sqrt({c} + mean(x[i]**2, i))", "u[i]": "x[i]/r"},
        "(h[k] - u[k]*mean(h[i]*u[i], i))/r",
    ),
    "standardized": (
        {"m": "mean(x[i], i)", "s": "sqrt({c} + mean((x[i] - m)**2, i))", "u[i]": "(x[i] - m)/s"},
        "(h[k] - mean(h[i], i) - u[k]*mean(h[i]*u[i], i))/s",
    ),
}
# From u to v, with the gradient q of the loss in v pulled back to u.
LAYERS = {
    "none": ({"v[i]": "u[i]"}, {}, "q[i]"),
    "affine": ({"v[i]": "w[i]*u[i] + b[i]"}, {"w": "real[n]", "b": "real[n]"}, "w[i]*q[i]"),
    "dense": ({"v[i]": "sum(W[i, j]*u[j], j)"}, {"W": "real[n, n]"}, "sum(W[j, i]*q[j], j)"),
    "residual": ({"v[i]": "u[i] + sum(W[i, j]*u[j], j)"}, {"W": "real[n, n]"}, "q[i] + sum(W[j, i]*q[j], j)"),
    "gated": ({"v[i]": "w[i]*u[i]/(1 + w[i]**2)"}, {"w": "real[n]"}, "w[i]*q[i]/(1 + w[i]**2)"),
}
SLIPS = {
    "the sign": "-({})",
    "twice": "2*({})",
    "one part in a thousand": "1001/1000*({})",
    "a term too many": "({}) + 1/97",
    "another n": "({})*n/(n + 1)",
}


def constant(random: Random) -> str:
    """Any positive rational; what scales an argument is a small whole number, as sources have it."""
    return f"{random.randint(2, 999)}/{random.choice((7, 11, 13, 17, 19, 23))}"


def formula(number: int, random: Random) -> str:
    """One entry: x through a normalization, a layer and an activation to a loss, and its gradient in x."""
    normalization, of_loss, of_activation = (random.choice(list(t)) for t in (NORMALIZATIONS, LOSSES, ACTIVATIONS))
    normal, back_x = NORMALIZATIONS[normalization]
    layer, weights, back_u = LAYERS[random.choice(list(LAYERS))]
    form, slope = ACTIVATIONS[of_activation]
    loss, back_a = LOSSES[of_loss]
    scale = str(random.randint(1, 3))
    c = [scale if normalization in ("none", "centred") else constant(random),
         str(random.randint(1, 2)), constant(random)]  # fmt: skip
    define = {
        **{left: body.format(c=c[0]) for left, body in normal.items()},
        **layer,
        "a[i]": form.format(c=c[1]),
        "L": loss.format(c=c[2]),
        "q[k]": f"({back_a.format(c=c[2])})*({slope.format(c=c[1], y='a').replace('[i]', '[k]')})",
        "h[i]": back_u,
    }
    right = back_x.format(c=c[0])
    slip = random.choice(list(SLIPS))
    inputs = ", ".join(f'{name}: "{domain}"' for name, domain in {"x": "real[n]", "t": "real[n]", **weights}.items())
    lines = [f"f{number}:", f"  title: {of_loss} of {of_activation}, number {number}", "  group: synthetic",
             f"  inputs: {{{inputs}}}", "  define:", *(f'    "{left}": "{body}"' for left, body in define.items()),
             "  claims:", f'    - "D(L, x[k]) == {right}"', "  printed:", f"    - latex: {slip}",
             f'      says: "D(L, x[k]) == {SLIPS[slip].format(right)}"', "      from: the generator", "      holds: no",
             "  source: none", ""]  # fmt: skip
    return "\n".join(lines)


def written(count: int, seed: int, folder: Path) -> list[Path]:
    """The catalogs, each with as many formulas as fit in a file."""
    random = Random(seed)
    files: list[Path] = []
    texts: list[str] = []
    size = 0
    for number in range(count + 1):
        text = formula(number, random) if number < count else ""
        if texts and (number == count or size + len(text) > LARGEST):
            files.append(folder / f"synthetic-{len(files)}.yaml")
            files[-1].write_text("\n".join(texts))
            texts, size = [], 0
        texts.append(text)
        size += len(text) + 1
    return files


def memory_of(pid: int) -> int:
    """Bytes that a process and all below it have for themselves, with what they share counted once (Linux)."""
    total, waiting = 0, [pid]
    while waiting:
        one = waiting.pop()
        try:
            rollup = Path(f"/proc/{one}/smaps_rollup").read_text()
            total += next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:")) * 1024
            for task in Path(f"/proc/{one}/task").glob("*/children"):
                waiting += map(int, task.read_text().split())
        except (OSError, StopIteration):
            continue
    return total


def check(files: list[Path], options: list[str], count: int) -> int:
    """Run `derive check` over the files; print how fast it was, and the most memory that all its processes had."""
    report = files[0].with_name("report.json")
    words = [sys.executable, "-c", "from derive.cli import main; main()", "check", *map(str, files), *options]
    before = time.perf_counter()
    run = subprocess.Popen([*words, "--output-format", "json", "-o", str(report)])
    peak = 0
    while run.poll() is None:
        peak = max(peak, memory_of(run.pid))
        time.sleep(0.5)
    seconds = time.perf_counter() - before
    summary = msgspec.json.decode(report.read_bytes())["summary"] if report.exists() else {}
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print("| formulas | status | wall s | CPU s | formulas/s | CPU ms a formula | peak MiB of all processes |")
    print("|---|---|---|---|---|---|---|")
    cpu = used.ru_utime + used.ru_stime
    figures = (f"{seconds:.0f}", f"{cpu:.0f}", f"{count / seconds:.1f}", f"{cpu / count * 1e3:.0f}", peak >> 20)
    print("|", " | ".join(map(str, (f"{count:,}", run.returncode, *figures))), f"|\n\n{summary}")
    return run.returncode


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("count", type=int)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--check", action="store_true")
    found, options = parser.parse_known_args()
    folder = found.folder or Path(tempfile.mkdtemp(prefix="synthetic-"))
    folder.mkdir(parents=True, exist_ok=True)
    files = written(found.count, found.seed, folder)
    print(
        f"{found.count:,} formulas in {len(files)} files, {sum(f.stat().st_size for f in files) / 1e6:.1f} MB: {folder}"
    )
    return check(files, options, found.count) if found.check else 0


if __name__ == "__main__":
    os.environ.setdefault("DERIVE_CACHE", tempfile.mkdtemp(prefix="synthetic-cache-"))
    sys.exit(main())
