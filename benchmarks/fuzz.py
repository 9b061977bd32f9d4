"""Coverage-guided fuzzing of what reads texts from strangers; needs `pip install atheris` (no extra brings it).

    python benchmarks/fuzz.py reader|language|pipeline [--seconds S] [--folder FOLDER]

reader: a whole catalog.  language: a claim, and definitions below it line by line.  pipeline: an entry that is read and
then judged by the algebra, exact and differences at one point. Seeds are the entries of the shipped catalog. Whatever
is neither read nor refused is a crash: it is made as small as it goes and kept in FOLDER/crashes; one in tests/hostile
keeps it from coming back. What takes longer than five seconds (in the pipeline: is cut off there) is kept as slow.
"""

import contextlib
import signal
import sys
import time
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["derive", "verify"]):
    from derive import catalog
    from derive.catalog import quick, read, shipped
    from derive.errors import CatalogError
    from derive.expression import arena
    from derive.language.document import chunks
    from verify.judge import judged, load
    from verify.testimony import Settings

HANG = 5.0
INPUTS = {"a": "real", "b": "positive", "x": "real[n]", "y": "simplex[n]", "W": "real[m, n]", "u": "real[1..T]"}
SETTINGS = Settings(draws=1, digits=20, is_shown=False, witnesses=("algebra", "exact", "differences"))
WORDS = ["sum(", "mean(", "prod(", "max(", "where(", "D(", "delta(", "expect(", "exp(", "log(", "sqrt(", " == ", " <= ",
         "x[i]", "y[k]", "W[r, j]", "u[t-1]", ", i)", "**", "//", " % ", "(i, 1, n)", "Normal(0, 1)", " and ", "not ",
         "1e400", "claims:", "define:", "inputs:", "printed:", "examples:", "given:", "then:", "reference:", "- ", "  ",
         "real[n]", "simplex[", "onehot[",
         "spd[n, n]", "1..T", "!!", "&a ", "*a", "<<: ", "|\n", "? ", "\t", "---\n"]  # fmt: skip


class Slow(BaseException):  # past what catches exceptions on its way
    """The time of one input was over."""


def of_reader(data: bytes) -> None:
    text = data.decode("utf-8", "surrogateescape")
    with arena():
        for problem in read(text, "fuzz.yaml").errors:
            assert str(problem).isprintable() or "\n" in str(problem)
        catalog.names(text, "fuzz.yaml")


def of_language(data: bytes) -> None:
    claim, *lines = data.decode("utf-8", "surrogateescape").split("\n")
    define = dict(line.partition(": ")[::2] for line in lines)
    with arena(), contextlib.suppress(CatalogError):
        quick(claim, define, **INPUTS)


def of_pipeline(data: bytes) -> None:
    with arena():
        for formula in read(data.decode("utf-8", "surrogateescape"), "fuzz.yaml").formulas.values():
            for found in judged(formula, SETTINGS):
                said = f"{found.verdict}: {found.reason}"
                assert found.verdict != "conflict", said
                assert "internal error" not in said, said


TARGETS: dict[str, Callable[[bytes], None]] = {"reader": of_reader, "language": of_language, "pipeline": of_pipeline}


def seeds(target: str) -> Iterator[str]:
    whole = shipped().read_text(encoding="utf-8")
    if target != "language":
        longest = 450 if target == "pipeline" else 1500  # what is judged in a moment
        yield from (chunk.text for chunk in chunks(whole, "catalog") if len(chunk.text) < longest)
        return
    for formula in read(shipped()).formulas.values():
        for claim in formula.claims:
            yield "\n".join([claim.text, *(d.text for d in formula.definitions)])


def escaped(word: str) -> str:
    return "".join(f"\\x{byte:02x}" for byte in word.encode())


class Guard:
    """Runs a target on an input; keeps what crashes, made small, and what is slow, and goes on."""

    def __init__(self, target: str, folder: Path) -> None:
        self.run, self.folder, self.counts = TARGETS[target], folder, Counter[str]()
        self.seen: set[str] = set()
        (folder / "crashes").mkdir(parents=True, exist_ok=True)

    def __call__(self, data: bytes) -> None:
        kind = self.outcome(data)
        self.counts[kind or "fine"] += 1
        if kind and kind not in self.seen:
            self.seen.add(kind)
            small = data if kind == "slow" else self.smaller(data, kind)
            name = sha256(kind.encode()).hexdigest()[:12]
            (self.folder / "crashes" / name).write_bytes(small)
            print(f"FOUND {kind}\n  {small!r}", flush=True)

    def outcome(self, data: bytes) -> str:
        """ "" if all is well, else what went wrong, and in which line."""
        signal.setitimer(signal.ITIMER_REAL, HANG)
        try:
            self.run(data)
        except Slow:
            return "slow"
        except Exception as error:
            last = error.__traceback__
            while last and last.tb_next:
                last = last.tb_next
            where = f"{Path(last.tb_frame.f_code.co_filename).name}:{last.tb_lineno}" if last else ""
            return f"{type(error).__name__} at {where}" + (
                f" {error}"[:60] if isinstance(error, AssertionError) else ""
            )
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
        return ""

    def smaller(self, data: bytes, kind: str) -> bytes:
        """Less of the input with the same outcome."""
        size, end = max(len(data) // 2, 1), time.monotonic() + 20
        while size and time.monotonic() < end:
            for start in range(0, len(data), size):
                less = data[:start] + data[start + size :]
                if self.outcome(less) == kind:
                    data = less
                    break
            else:
                size //= 2
        return data


def main() -> None:
    parser = ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("target", choices=TARGETS)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--folder", type=Path, default=Path("fuzzed"))
    chosen = parser.parse_args()
    folder = chosen.folder / chosen.target
    (folder / "seeds").mkdir(parents=True, exist_ok=True)
    for number, text in enumerate(seeds(chosen.target)):
        (folder / "seeds" / str(number)).write_text(text, encoding="utf-8")
    (folder / "words").write_text("".join(f'"{escaped(word)}"\n' for word in WORDS))
    if chosen.target == "pipeline":
        load(SETTINGS.witnesses)

    def over(*_: object) -> None:
        raise Slow

    guard = Guard(chosen.target, folder)
    options = [f"-max_total_time={chosen.seconds}", f"-dict={folder / 'words'}", "-max_len=1500", "-handle_alrm=0",
               "-print_final_stats=1", "-timeout=120", "-rss_limit_mb=3000", str(folder / "seeds")]  # fmt: skip
    atheris.Setup([sys.argv[0], *options], guard)
    signal.signal(signal.SIGALRM, over)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
