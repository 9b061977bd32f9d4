"""Proofs: how long deriving and proving take in a warm process, claim by claim and over the catalog.

python benchmarks/proofs.py [NAME …]  prints a table for the claims of the named formulas (bn_backward
by default) and the distribution over the whole catalog. CPU time of this thread.
"""

import statistics
import sys
import time

from derive import catalog
from derive.expression import arena
from derive.proof import Algebra

ROUNDS = 15


def timed(name: str, place: int) -> tuple[float, bool]:
    """Seconds to derive and prove one claim of a freshly read formula, reading not counted."""
    with arena():
        formula = catalog.read(catalog.shipped(), only={name}).formulas[name]
        started = time.thread_time()
        equal = Algebra(formula).prove(formula.claims[place]).equal
        return time.thread_time() - started, equal


def main() -> None:
    names = sys.argv[1:] or ["bn_backward"]
    print("| formula | claim | ms | |\n|---|---|---|---|")
    for name in names:
        with arena():
            texts = [c.text for c in catalog.read(catalog.shipped(), only={name}).formulas[name].claims]
        for place, text in enumerate(texts):
            found = [timed(name, place) for _ in range(ROUNDS)]
            median = statistics.median(seconds for seconds, _ in found) * 1e3
            print(f"| {name} | `{text}` | {median:.1f} | {'proved' if found[0][1] else 'not proved'} |")
    times = []
    with arena():
        for formula in catalog.read(catalog.shipped()).formulas.values():
            algebra = Algebra(formula)
            for claim in formula.claims:
                started = time.thread_time()
                algebra.prove(claim)
                times.append((time.thread_time() - started) * 1e3)
    times.sort()
    at = {part: times[min(len(times) - 1, int(part * len(times)))] for part in (0.5, 0.9, 0.95, 0.99)}
    print(f"\nWhole catalog, {len(times)} claims, the first of a formula carrying its derivation:")
    print(", ".join(f"{part:.0%} within {ms:.1f} ms" for part, ms in at.items()) + f", the slowest {times[-1]:.0f} ms.")


if __name__ == "__main__":
    main()
