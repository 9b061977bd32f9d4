"""Scale: how the check of a synthetic catalog grows with its formulas, and what a second worker brings.

Run it where `derive` is installed: python benchmarks/scale.py [formulas] [rounds] [derive check's options].  Prints
Markdown tables of medians; each round takes all cases in turn, since machines are shared and noisy.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from synthetic import memory_of, written


def run(file: Path, jobs: int, options: list[str]) -> tuple[float, float, float]:
    """Wall and CPU seconds, and the most MiB that all processes had, of a check that finds nothing in the store."""
    words = [sys.executable, "-c", "from derive.cli import main; main()", "check", str(file), "--jobs", str(jobs)]
    before = time.perf_counter()
    process = subprocess.Popen([*words, "--no-cache", *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    peak = 0
    while os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
        peak = max(peak, memory_of(process.pid))
        time.sleep(0.1)
    seconds = time.perf_counter() - before
    _, _, usage = os.wait4(process.pid, 0)
    return seconds, usage.ru_utime + usage.ru_stime, peak / 2**20


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 80
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    options = sys.argv[3:] or ["--witness", "exact"]
    folder = Path(tempfile.mkdtemp(prefix="scale-"))
    cases: dict[tuple[int, int], Path] = {}
    for formulas in (count // 4, count // 2, count):
        (folder / str(formulas)).mkdir()
        (file,) = written(formulas, 0, folder / str(formulas))
        cases[formulas, 1] = file
    cases[count, 2] = cases[count, 1]
    found: dict[tuple[int, int], list[tuple[float, float, float]]] = {case: [] for case in cases}
    for _ in range(rounds):
        for (formulas, jobs), file in cases.items():
            found[formulas, jobs].append(run(file, jobs, options))
    print(f"Medians of {rounds} rounds, {' '.join(options)}, {os.cpu_count()} cores.\n")
    print("| formulas | workers | wall s | CPU s | CPU ms a formula | formulas/s | peak MiB of all processes |")
    print("|---|---|---|---|---|---|---|")
    for (formulas, jobs), many in found.items():
        wall, cpu, peak = (statistics.median(one[at] for one in many) for at in range(3))
        figures = (f"{wall:.1f}", f"{cpu:.1f}", f"{cpu / formulas * 1e3:.0f}", f"{formulas / wall:.1f}", f"{peak:.0f}")
        print(f"| {formulas} | {jobs} | {' | '.join(figures)} |")
    ratios = [one[0] / two[0] for one, two in zip(found[count, 1], found[count, 2], strict=True)]
    print(f"\nTwo workers against one, round by round: {', '.join(f'{ratio:.2f}' for ratio in ratios)} times.")


if __name__ == "__main__":
    main()
