"""Whole processes: killed at any moment, interrupted, attacked; the run ends, nothing is left, nothing found is lost.

Fifty kills in place of eight: DERIVE_KILLS=50 python -m pytest tests/test_isolation.py
"""

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from verify.store import NAME

ROOT = Path(__file__).parent.parent
KILLS = int(os.environ.get("DERIVE_KILLS", "8"))
ENTRY = """
{name}:
  title: A formula
  group: tests
  inputs: {{x: "real[n]", a: positive}}
  define:
    L: sum({form}, i)
  claims:
    - D(L, x[k]) == {slope}
    - D(L, x[k]) == 2*({slope})
  source: none
"""
FORMS = {
    "a*x[i]**2": "2*a*x[k]",
    "exp(a*x[i])": "a*exp(a*x[k])",
    "tanh(x[i])/a": "(1 - tanh(x[k])**2)/a",
    "log(a + x[i]**2)": "2*x[k]/(a + x[k]**2)",
}
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


def catalog_of(path, count):
    pairs = list(FORMS.items())
    texts = []
    for number in range(count):
        form, slope = pairs[number % len(pairs)]
        texts.append(ENTRY.format(name=f"f{number}", form=f"{number + 1}*({form})", slope=f"{number + 1}*({slope})"))
    path.write_text("".join(texts))
    return path


def process(*arguments, code="from derive.cli import main; main(sys.argv[1:])", **more):
    words = [sys.executable, "-c", f"import sys; {code}", *map(str, arguments)]
    return subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more)


def check(*arguments):
    run = process("check", *arguments, "--witness", "exact", "--output-format", "json")
    out, err = run.communicate(timeout=120)
    assert "Traceback" not in err
    return run.returncode, out, err


def below(pid):
    """The processes below one, and below them."""
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children = task.read_text().split()
        except OSError:
            continue
        for child in children:
            found += [child, *below(child)]
    return found


def alive(pids):
    found = []
    for pid in pids:
        try:
            if Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z":
                found.append(pid)
        except OSError:
            continue
    return found


def are_gone(pids, seconds=5.0):
    until = time.monotonic() + seconds
    while alive(pids) and time.monotonic() < until:
        time.sleep(0.02)
    return not alive(pids)


def kept(cache):
    """How many formulas the store knows."""
    try:
        with sqlite3.connect(f"file:{cache / NAME}?mode=ro", uri=True) as database:
            (rows,) = database.execute("SELECT count(*) FROM verdicts").fetchone()
        database.close()
    except sqlite3.OperationalError:  # killed before there was a file or a table in it
        return 0
    return rows


TELLS = """
from derive.selection import select
from verify.run import Limits, Run
from verify.store import opened
from verify.testimony import Settings
from verify.watch import Watcher
class Tells(Watcher):
    def end(self, name): print(name, flush=True)
with opened(print) as store:
    print('begun', flush=True)
    Run(select(sys.argv[1:]), Settings(witnesses=('exact',)), store=store).judged(Limits(1, 60.0), Tells())
"""


def test_a_run_that_is_killed_at_any_moment_loses_at_most_the_formula_at_work(tmp_path, cache):
    path = catalog_of(tmp_path / "mine.yaml", max(40, 4 * KILLS))
    chance = random.Random(7)
    before = 0
    for _ in range(KILLS):
        run = process(path, code=TELLS, start_new_session=True)
        run.stdout.readline()  # the interpreter and its imports are no news
        time.sleep(chance.uniform(0, 0.4))
        workers = below(run.pid)
        run.send_signal(signal.SIGKILL)
        told, err = run.communicate(timeout=20)
        assert "cannot be read" not in err + told
        assert are_gone(workers)
        after = kept(cache)
        told = [line for line in told.splitlines() if line.startswith("f")]
        # What was known at the start is told again; the last formula may have been kept and not yet told.
        assert max(before, len(told)) <= after <= max(before, len(told)) + 1
        before = after
    status, resumed, err = check(path, "--jobs", "2")
    assert (status, err) == (1, "")
    assert (status, resumed, err) == check(path, "--jobs", "2", "--no-cache")
    assert not list(cache.glob("*.aside-*"))


@pytest.mark.usefixtures("heard")
def test_ctrl_c_prints_what_is_known_leaves_no_process_and_a_second_run_goes_on(tmp_path, cache):
    path = catalog_of(tmp_path / "mine.yaml", 60)
    run = process("check", path, "--witness", "exact", "--output-format", "json", "--jobs", "2", start_new_session=True)
    while kept(cache) < 3:
        assert run.poll() is None
        time.sleep(0.02)
    workers = below(run.pid)
    assert len(workers) == 2
    os.killpg(run.pid, signal.SIGINT)
    out, err = run.communicate(timeout=20)
    assert run.returncode == 130
    assert are_gone(workers, 1.0)
    report = json.loads(out)
    left = report["interrupted"]
    assert 0 < left <= 57
    assert f"interrupted with {left} of 60 formulas to go; the same command goes on from there" in err
    assert kept(cache) == 60 - left
    # Of a formula at which a worker was, the claims that were judged are told, too.
    assert 60 - left <= report["summary"]["formulas"] <= 60 - left + len(workers)
    assert {claim["verdict"] for entry in report["formulas"] for claim in entry["claims"]} == {"agrees", "refuted"}
    assert check(path, "--jobs", "2") == check(path, "--jobs", "2", "--no-cache")


ATTACK = """
import os, time, ctypes, faulthandler
from verify import exact, worker
from derive.cli import main
real = exact.testify
def testify(formula, claim, settings):
    faulthandler.disable()
    if formula.name == 'f1': time.sleep(1000)
    if formula.name == 'f2': pow(3, 1 << 40)
    if formula.name == 'f3': os._exit(0)
    if formula.name == 'f4': ctypes.string_at(0)
    if formula.name == 'f5': os.kill(os.getpid(), 9)
    if formula.name == 'f6': return bytearray(1 << 40)
    if formula.name == 'f7': os.abort()
    return real(formula, claim, settings)
exact.testify = testify
main(sys.argv[1:])
"""


def test_formulas_that_hang_explode_or_crash_are_undecided_and_the_run_ends(tmp_path, cache):
    path = catalog_of(tmp_path / "mine.yaml", 10)
    words = ["check", path, "--witness", "exact", "--output-format", "json", "--timeout", "2", "--jobs", "2"]
    run = process(*words, code=ATTACK)
    out, _ = run.communicate(timeout=120)
    assert run.returncode == 1
    report = json.loads(out)
    reasons = {entry["name"]: [claim["reason"] for claim in entry["claims"]] for entry in report["formulas"]}
    crashed = "the worker process died ({})".format
    late = ["no verdict within 2 s", "the 2 s of the formula were over before it"]
    assert reasons == {
        **{f"f{number}": [None, None] for number in (0, 8, 9)},
        "f1": late,
        "f2": late,
        "f3": [crashed("exit status 0")] * 2,
        "f4": [crashed("SIGSEGV")] * 2,
        "f5": [crashed("SIGKILL")] * 2,
        "f6": ["out of memory"] * 2,
        "f7": [crashed("SIGABRT")] * 2,
    }
    assert report["summary"]["undecided"] == 14
    assert kept(cache) == 3  # none of them is known for good
    assert check(path) == check(path, "--no-cache")


def test_two_runs_at_once_say_the_same_and_share_what_they_find(tmp_path, cache):
    path = catalog_of(tmp_path / "mine.yaml", 12)
    words = ["check", path, "--witness", "exact", "--output-format", "json", "--jobs", "1"]
    runs = [process(*words) for _ in range(2)]
    said = [run.communicate(timeout=60) for run in runs]
    assert said[0] == said[1]
    assert said[0][1] == ""
    assert kept(cache) == 12
