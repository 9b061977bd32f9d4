"""Proofs: how long deriving and proving take in a warm process, claim by claim and over the catalog.

python benchmarks/proofs.py [NAME …]  prints a table for the claims of the named formulas (bn_backward
by default) and the distribution over the whole catalog. CPU time of this thread.
"""

import gc
import statistics
import sys
import time

from derive import catalog
from derive.calculus import has_derivative
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
    times, slopes = whole_catalog()
    print(f"\nWhole catalog, {len(times)} claims, the first of a formula carrying its derivation:")
    print(distribution(times))
    print(f"The {len(slopes)} of them that have a derivative and hold, {sum(equal for *_, equal in slopes)} proved:")
    print(distribution(slopes))
    print("The slowest: " + "; ".join(f"{ms:.0f} ms {name} `{text}`" for ms, name, text, _ in sorted(times)[:-6:-1]))


Timed = tuple[float, str, str, bool]


def whole_catalog() -> tuple[list[Timed], list[Timed]]:
    """Milliseconds, formula, claim, whether it was proved: of every claim, and of those with a derivative that hold."""
    times: list[Timed] = []
    slopes: list[Timed] = []
    with arena():
        formulas = catalog.read(catalog.shipped()).formulas.values()
        gc.freeze()  # what was read is no garbage of a proof
        for formula in formulas:
            algebra = Algebra(formula)
            for claim in formula.claims:
                started = time.thread_time()
                equal = algebra.prove(claim).equal
                times.append(((time.thread_time() - started) * 1e3, formula.name, claim.text, equal))
                if claim.expected == "holds" and (has_derivative(claim.left) or has_derivative(claim.right)):
                    slopes.append(times[-1])
    return times, slopes


def distribution(times: list[Timed]) -> str:
    ordered = sorted(ms for ms, *_ in times)
    at = {part: ordered[min(len(ordered) - 1, int(part * len(ordered)))] for part in (0.5, 0.9, 0.95, 0.99)}
    return (
        ", ".join(f"{part:.0%} within {ms:.1f} ms" for part, ms in at.items()) + f", the slowest {ordered[-1]:.0f} ms."
    )


if __name__ == "__main__":
    main()
