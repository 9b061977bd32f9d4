"""Cold: where the time of a check goes that finds nothing in the store, by part, over the catalog.

python benchmarks/cold.py [--every N] [NAME …]  judges the shipped catalog in this process, as one worker would, and
prints a table of CPU seconds; with --every only each N-th formula. What is read or evaluated once and used by several
claims of a formula counts where it is first asked for.
"""

import time

STARTED = time.process_time()

from argparse import ArgumentParser  # noqa: E402 - what is imported from here on is part of what is measured
from collections import Counter, defaultdict  # noqa: E402
from collections.abc import Callable, Iterator  # noqa: E402
from contextlib import contextmanager  # noqa: E402
from typing import Any  # noqa: E402

from derive import catalog  # noqa: E402
from derive.expression import arena  # noqa: E402
from verify import diagnosis, judge  # noqa: E402
from verify.testimony import Settings  # noqa: E402

IMPORTS = "imports"
OTHER = "verdicts and the rest"
DONE = """
What keeps the largest parts small:

- sympy: every element but the one differentiated by is a number, irrational ones have a name in place of their
  expression; points are shared by all claims of a formula; a few components stand for all, fewer where they are long.
- exact: a point is evaluated once for all claims of a formula, one way back finds the slopes by all tensors that a
  claim names, and precision rises only where two enclosures still overlap.
- algebra: definitions are read only where a proof needs them, normal forms are kept by expression, keys by which
  terms are sorted are shared, and work is counted, so that a proof ends before it takes more than a few seconds;
  steps are compared once each, at one point of small sizes.
"""


class Clock:
    """CPU seconds by part; what runs inside another part counts there alone."""

    def __init__(self) -> None:
        self.seconds: Counter[str] = Counter()
        self.by_formula: dict[str, Counter[str]] = defaultdict(Counter)
        self.name = ""
        self._parts = [OTHER]
        self._last = STARTED

    def _spent(self) -> None:
        now = time.process_time()
        self.seconds[self._parts[-1]] += now - self._last
        self.by_formula[self._parts[-1]][self.name] += now - self._last
        self._last = now

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        self._spent()
        self._parts.append(name)
        try:
            yield
        finally:
            self._spent()
            self._parts.pop()

    def timed(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def run(*words: Any, **more: Any) -> Any:
            with self.part(name):
                return function(*words, **more)

        return run


def measured(names: list[str], every: int) -> Clock:
    clock, summoned = Clock(), judge.summoned
    with clock.part(IMPORTS):
        judge.load(Settings().witnesses)
    with clock.part("reading"):
        formulas = list(catalog.read(catalog.shipped(), only=set(names) or None).formulas.values())[::every]

    def watched(*words: Any) -> dict[str, Any]:
        return {name: clock.timed(name, ask) for name, ask in summoned(*words).items()}

    judge.summoned = watched
    judge._Prover._wrong_step = clock.timed("steps of proofs", judge._Prover._wrong_step)  # type: ignore[method-assign]
    judge._recomputed = clock.timed("examples and algorithms", judge._recomputed)
    diagnosis.slip = clock.timed("likely slips", diagnosis.slip)
    for formula in formulas:
        clock.name = formula.name
        with arena():
            for _ in judge.judged(formula, Settings()):
                pass
    with clock.part(OTHER):
        return clock


def main() -> None:
    parser = ArgumentParser(description="Where the time of a cold check goes.")
    parser.add_argument("names", nargs="*")
    parser.add_argument("--every", type=int, default=1)
    options = parser.parse_args()
    clock = measured(options.names, options.every)
    whole = sum(clock.seconds.values())
    print("| part | CPU s | share | the slowest formula | of it, s |\n|---|---|---|---|---|")
    for part, seconds in clock.seconds.most_common():
        ((name, most),) = clock.by_formula[part].most_common(1)
        print(f"| {part} | {seconds:.2f} | {seconds / whole:.0%} | {name or '-'} | {most:.2f} |")
    print(f"| all | {whole:.2f} | | | |\n{DONE}", end="")


if __name__ == "__main__":
    main()
