"""Start-up: how long the commands take that compute nothing, or find everything in the store.

Run it where `derive` is installed: python benchmarks/startup.py [rounds].  Prints a Markdown table of medians, and
each against the import that it is measured by, taken in turns within one run, since machines are shared and noisy.
The verdicts are judged once, before, unless the store that DERIVE_CACHE names has them. All modules are compiled
before, those of `derive` as those of the libraries, as pip does when it installs them: where PYTHONDONTWRITEBYTECODE is
set, a checkout would be compiled anew by each process, and that is what would be measured.
"""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

PYTHON = sys.executable
IMPORTS, SYMPY = "python -c 'import click, rich'", "python -c 'import sympy'"
QUESTION = ["d", "sum(log(1 + exp(-y[i]*sum(w[j]*x[i, j], j))), i)", "w[k]", "--input", "x: real[m, n]"]
COMMANDS = {
    "python -c pass": [PYTHON, "-c", "pass"],
    IMPORTS: [PYTHON, "-c", "import click, rich"],
    SYMPY: [PYTHON, "-c", "import sympy"],
    "derive --version": ["derive", "--version"],
    "derive --help": ["derive", "--help"],
    "derive check --help": ["derive", "check", "--help"],
    "derive list": ["derive", "list"],
    "derive show bn_backward": ["derive", "show", "bn_backward"],
    "derive d … (first time)": ["derive", *QUESTION, "--no-cache"],
    "derive d … (known)": ["derive", *QUESTION],
    "derive check bn_backward (known)": ["derive", "check", "bn_backward"],
    "derive check all (known)": ["derive", "check", "all"],
}
BOUNDS = {"derive --help": (IMPORTS, 1.5), "derive show bn_backward": (SYMPY, 0.5)}
SECONDS = {"derive d … (first time)": 0.5, "derive d … (known)": 0.2, "derive check all (known)": 0.5}


def run(words: list[str]) -> tuple[float, float]:
    """Wall and CPU seconds of a whole process and its children."""
    executable = shutil.which(words[0]) or os.path.join(os.path.dirname(PYTHON), words[0])
    before = time.perf_counter()
    process = subprocess.Popen([executable, *words[1:]], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, _, usage = os.wait4(process.pid, 0)
    return time.perf_counter() - before, usage.ru_utime + usage.ru_stime


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 11
    os.environ.setdefault("DERIVE_CACHE", tempfile.mkdtemp(prefix="startup-"))
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ.setdefault("PYTHONPYCACHEPREFIX", tempfile.mkdtemp(prefix="startup-"))
    cold = run(["derive", "check", "all"])
    for words in COMMANDS.values():
        run(words)
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in COMMANDS}
    for _ in range(rounds):
        for name, words in COMMANDS.items():
            found[name].append(run(words))
    wall, cpu = ({name: statistics.median(one[at] for one in many) for name, many in found.items()} for at in (0, 1))
    print(f"Medians of {rounds} rounds; the first `derive check all` took {cold[0]:.1f} s ({cold[1]:.1f} s of CPU).\n")
    print("| command | wall ms | CPU ms | against import click, rich | against import sympy | bound |")
    print("|---|---|---|---|---|---|")
    for name in COMMANDS:
        other, most = BOUNDS.get(name, ("", 0))
        bound = f"{most} of {other}: {wall[name] / wall[other]:.2f}" if other else ""
        bound = bound or (f"{SECONDS[name]} s" if name in SECONDS else "")
        shown = name if name.startswith("python") else f"`{name}`"
        ratios = " | ".join(f"{wall[name] / wall[base]:.2f}" for base in (IMPORTS, SYMPY))
        print(f"| {shown} | {wall[name] * 1e3:.0f} | {cpu[name] * 1e3:.0f} | {ratios} | {bound} |")


if __name__ == "__main__":
    main()
