"""Sizes: a proof does not know n; a difference check of one gradient grows with the number of elements.

python benchmarks/sizes.py  prints a table for batch normalization's dL/dx at n = 10 … 100,000.
"""

import statistics
import time

from derive import catalog
from derive.proof import prove
from verify.directions import directional

NAME, CLAIM = "bn_backward", "x[k]"
ROUNDS = 5


def main() -> None:
    formula = catalog.read(catalog.shipped(), only={NAME}).formulas[NAME]
    (size,) = formula.sizes
    claims = [c for c in formula.claims if c.text.startswith("D(L, x[k])") and "D(" not in c.text.split("==")[1]]
    claim = claims[-1]
    started = time.perf_counter()
    proof = prove(formula, claim)
    proved = time.perf_counter() - started
    print(f"`{claim.text}`: proved for every n in {proved * 1e3:.1f} ms ({proof.equal}).\n")
    print("| n | two directions, ms | µs an element | says | error |\n|---|---|---|---|---|")
    for n in (10, 100, 1_000, 10_000, 100_000):
        times = []
        for seed in range(ROUNDS):
            started = time.perf_counter()
            testimony = directional(formula, claim, {size: n}, seed=seed)
            times.append(time.perf_counter() - started)
        median = statistics.median(times)
        error = testimony.facts["max_error"]
        print(f"| {n:,} | {median * 1e3:.1f} | {median / n * 1e6:.2f} | {testimony.says} | {error:.1e} |")


if __name__ == "__main__":
    main()
