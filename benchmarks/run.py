"""All benchmarks with one command: a table each, with ratios from the same run, as Markdown and as JSON.

python benchmarks/run.py [--quick] [--only WORD …] [-o FILE.md]  prints the tables; with -o they go to that file, and
as data beside it, to FILE.json. Run it where `derive` is installed, on a machine that does nothing else. A part that
fails or passes its time limit says so, and the rest goes on: its whole process group is ended.
"""

import json
import os
import platform
import re
import signal
import subprocess
import sys
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any, NamedTuple

HERE = Path(__file__).parent


class Part(NamedTuple):
    """One benchmark: what it shows, its script with arguments, those of a quick run, and its limits in seconds."""

    title: str
    script: str
    words: tuple[str, ...] = ()
    quick: tuple[str, ...] | None = None  # None: as the full run
    limit: int = 600
    limit_of_quick: int = 120


def _against_sympy(size: int) -> Part:
    title = f"Deriving and proving, against tensorgrad and SymPy at n = {size}"
    quick = ("--size", str(size), "--rounds", "2", "--limit", "5")
    return Part(title, "rivals.py", ("--size", str(size), "--rounds", "5", "--limit", "20"), quick, 900)


PARTS = (
    Part("Start-up, against import sympy", "startup.py", (), ("3",), 600, 300),
    Part("A cold check, by part", "cold.py", (), ("--every", "10")),
    Part("Checks of a given gradient", "gradcheck.py", (), ("--quick", "--rounds", "3")),
    *map(_against_sympy, (3, 4, 6, 8)),
    Part("Proofs, over the catalog", "proofs.py"),
    Part("Sizes", "sizes.py"),
    Part("Depth", "depth.py", (), ("--quick",)),
    Part("Formulas and workers", "scale.py", ("200", "3"), ("40", "1")),
    Part("Export, speed", "export.py", (), None, 900, 300),
    Part("Export, accuracy", "accuracy.py", (), None, 900, 300),
)


class Outcome(NamedTuple):
    """text: what it printed.  problem: why there is no more, "" if it came to its end."""

    part: Part
    text: str
    problem: str
    seconds: float


def run(part: Part, is_quick: bool) -> Outcome:
    words = part.words if not is_quick or part.quick is None else part.quick
    limit = part.limit_of_quick if is_quick else part.limit
    started = time.monotonic()
    process = subprocess.Popen([sys.executable, str(HERE / part.script), *words], stdout=subprocess.PIPE, text=True,
                               stderr=subprocess.PIPE, start_new_session=True)  # fmt: skip
    try:
        text, errors = process.communicate(timeout=limit)
        last = (errors.strip().splitlines() or [""])[-1]
        problem = f"It ended with status {process.returncode}: {last[:200]}" if process.returncode else ""
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        text, _ = process.communicate()
        problem = f"It was ended after its limit of {limit} s."
    except KeyboardInterrupt:
        os.killpg(process.pid, signal.SIGKILL)
        raise
    return Outcome(part, text.strip(), problem, time.monotonic() - started)


def tables(text: str) -> list[list[dict[str, str]]]:
    """The Markdown tables in a text, each a list of rows by column; columns without a name are numbered."""
    found: list[list[dict[str, str]]] = []
    names: list[str] = []
    for line in text.splitlines():
        cells = [cell.strip().strip("`") for cell in line.strip().strip("|").split("|")] if line.startswith("|") else []
        if not cells:
            names = []
        elif not names:
            names = [name or str(place) for place, name in enumerate(cells)]
            found.append([])
        elif not all(re.fullmatch(":?-+:?", cell) for cell in cells):
            found[-1].append(dict(zip(names, cells, strict=False)))
    return found


def machine() -> dict[str, Any]:
    """In general words: no names of hosts, no paths."""
    model = platform.machine()
    try:
        line = next(line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name"))
        words = re.sub(r"\(.*?\)|@.*", "", line.split(":", 1)[1]).split()
        model += ", " + " ".join(
            word for word in words if not re.search(r"\d", word) and word not in ("CPU", "Processor")
        )
    except (OSError, StopIteration):
        pass
    return {"processor": model, "cores": os.cpu_count(), "system": platform.system(),
            "python": platform.python_version()}  # fmt: skip


def document(outcomes: list[Outcome], about: dict[str, Any], is_quick: bool) -> str:
    kind = "a short run" if is_quick else "a full run"
    lines = [
        "# Results",
        f"From {kind} of `python benchmarks/run.py` on {about['cores']} cores ({about['processor']}), "
        f"{about['system']}, Python {about['python']}. Times compare within a table: each takes its cases in "
        "turn, in one run.",
    ]
    for outcome in outcomes:
        text = re.sub(r"(?m)^(#+) ", r"##\1 ", outcome.text)
        lines += [f"## {outcome.part.title}", text, outcome.problem and f"**{outcome.problem}**"]
    return "\n\n".join(line for line in lines if line) + "\n"


def main() -> None:
    parser = ArgumentParser(description="Every benchmark, with its tables.")
    parser.add_argument("--quick", action="store_true", help="short versions, a few minutes in all")
    parser.add_argument("--only", nargs="+", default=[], metavar="WORD", help="parts whose title or script has a word")
    parser.add_argument("-o", dest="file", type=Path, help="a Markdown file; the data goes beside it as JSON")
    options = parser.parse_args()
    words = [word.lower() for word in options.only]
    wanted = [p for p in PARTS if not words or any(word in f"{p.title} {p.script}".lower() for word in words)]
    if not wanted:
        parser.error("no part has such a word in its title")
    outcomes = []
    for part in wanted:
        print(f"{part.title} …", end=" ", file=sys.stderr, flush=True)
        outcomes.append(run(part, options.quick))
        print(f"{outcomes[-1].seconds:.0f} s {outcomes[-1].problem}", file=sys.stderr, flush=True)
    about = machine()
    text = document(outcomes, about, options.quick)
    if options.file is None:
        print(text, end="")
        return
    data = {"machine": about, "quick": options.quick, "parts": [
        {"title": o.part.title, "problem": o.problem or None, "seconds": round(o.seconds, 1), "tables": tables(o.text)}
        for o in outcomes]}  # fmt: skip
    options.file.write_text(text, encoding="utf-8")
    options.file.with_suffix(".json").write_text(
        json.dumps(data, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
    )


if __name__ == "__main__":
    main()
