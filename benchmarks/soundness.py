"""Random well-typed formulas, on which the witnesses are set against each other: a false verdict ends in a listing.

    python benchmarks/soundness.py --formulas 100000 [--seed S] [--log FILE]     goes on where the log ends

Each formula is a program of definitions drawn from tests/formulas.py, with a claim of known truth: two forms of one
expression (equal by identities of school, drawn too), derivatives of both, the normal form that the algebra derives,
or any of these with a slip. The algebra, with every step of its proofs compared in numbers, the exact witness and
finite differences judge it. False is a conflict between them, or a true claim refuted. A slip may leave the value as
it is, so that "proved" of a twin is false only if numbers deny it, which is a conflict. Written to the log every few
seconds: counts by kind and verdict, as JSON; and each false verdict with its seed.
"""

import json
import sys
import time
from argparse import ArgumentParser
from collections import Counter
from pathlib import Path

from derive.errors import CatalogError

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from formulas import Asked, judged_at, made  # beside the tests, which use it too

WHOLE = 25  # one formula in this many is judged by the panel that `derive check` asks, at all its points
WITHIN = 5.0  # seconds that one small formula may take before it counts as slow


def main() -> int:
    parser = ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--formulas", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--log", type=Path, help="where the counts are kept, to go on from")
    chosen = parser.parse_args()
    counts, first, false = Counter[str](), 0, list[dict[str, object]]()
    if chosen.log and chosen.log.exists():
        known = json.loads(chosen.log.read_text())
        if known["seed"] != chosen.seed:
            parser.error(f"{chosen.log} has the counts of seed {known['seed']}")
        counts, first, false = Counter(known["counts"]), known["done"], known["false"]
    began = shown = time.monotonic()
    for number in range(first, chosen.formulas):
        before = time.monotonic()
        asked = made(chosen.seed, number)
        is_whole = number % WHOLE == 0
        try:
            verdict, reason = judged_at(asked, is_whole)
        except CatalogError as problem:  # a formula too large for the reader
            verdict, reason = "refused", str(problem)
        now = time.monotonic()
        counts[f"{asked.kind}: {verdict}{' by the whole panel' if is_whole else ''}"] += 1
        counts["slow"] += now - before > WITHIN
        if is_false(asked, verdict):
            false.append({"number": number, "kind": asked.kind, "verdict": verdict, "reason": reason,
                          "define": asked.define, "claim": asked.claim})  # fmt: skip
            print(f"FALSE: number {number}, {asked.kind}: {verdict}: {reason}\n  {asked.define}\n  {asked.claim}")
        if chosen.log and (now - shown > 5 or number + 1 == chosen.formulas):
            shown = now
            rate = round((number + 1 - first) / (now - began), 1)
            kept = {"seed": chosen.seed, "done": number + 1, "a second": rate, "counts": dict(sorted(counts.items())),
                    "false": false}  # fmt: skip
            part = chosen.log.with_name(chosen.log.name + ".part")
            part.write_text(json.dumps(kept, indent=1))
            part.replace(chosen.log)
    seconds = time.monotonic() - began
    print(f"{chosen.formulas - first} formulas in {seconds:.0f} s, {len(false)} false verdicts")
    for key, count in sorted(counts.items()):
        print(f"{count:8}  {key}")
    return 1 if false else 0


def is_false(asked: Asked, verdict: str) -> bool:
    """Whether a verdict cannot be right: the engine against itself, or against what is known of the claim."""
    return verdict == "conflict" or (asked.is_true and verdict == "refuted")


if __name__ == "__main__":
    sys.exit(main())
