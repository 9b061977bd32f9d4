"""Whole processes: how long the commands take, how much memory, and how that compares with importing SymPy.

Run it where `derive` is installed: python benchmarks/commands.py [rounds].  Prints Markdown tables of
medians; every ratio is taken within one run, since machines are shared and noisy.
"""

import os
import resource
import shutil
import statistics
import subprocess
import sys
import time

COMMANDS = [
    ("python -c 'import sympy'", [sys.executable, "-c", "import sympy"]),
    ("derive --help", ["derive", "--help"]),
    ("derive list", ["derive", "list"]),
    ("derive show bn_backward", ["derive", "show", "bn_backward"]),
    ("derive check bn_backward", ["derive", "check", "bn_backward"]),
    (
        "derive check all --witness algebra,exact,differences",
        ["derive", "check", "all", "--witness", "algebra,exact,differences"],
    ),
    ("derive check all", ["derive", "check", "all"]),
]


def run(command: list[str]) -> tuple[float, float, float]:
    """Wall seconds, CPU seconds of the process and its children, peak MiB of the largest of them."""
    executable = shutil.which(command[0]) or os.path.join(os.path.dirname(sys.executable), command[0])
    started = time.perf_counter()
    process = subprocess.Popen([executable, *command[1:]], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, _, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - started
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    rows: dict[str, list[tuple[float, float, float]]] = {name: [] for name, _ in COMMANDS}
    for _ in range(rounds):
        for name, command in COMMANDS:
            rows[name].append(run(command))
    median = {name: tuple(map(statistics.median, zip(*found, strict=True))) for name, found in rows.items()}
    base = median[COMMANDS[0][0]][0]
    print(f"Medians of {rounds} rounds, {os.cpu_count()} cores.\n")
    print("| command | wall s | CPU s | peak MiB | against import sympy |\n|---|---|---|---|---|")
    for name, (wall, cpu, peak) in median.items():
        print(f"| `{name}` | {wall:.2f} | {cpu:.2f} | {peak:.0f} | {wall / base:.2f} |")
    print(f"\nThis process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB.")


if __name__ == "__main__":
    main()
