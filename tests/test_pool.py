"""Workers: what becomes of formulas that hang, explode, crash the interpreter or are killed, and of the processes."""

import faulthandler
import os
import signal
import subprocess
import sys
import threading
import time
from multiprocessing import resource_tracker
from pathlib import Path

import pytest

from derive.language.document import chunks
from verify import pool, worker
from verify.pool import BrokenWorker, Job, Through, Verdict
from verify.testimony import Settings

CATALOG = """
{name}:
  title: A formula
  group: tests
  inputs: {{x: real}}
  claims: ["x == x", "x + 1 == x + 1", "2*x == 2*x"]
  source: none
"""
NAMES = ("first", "second", "third")
TEXT = "".join(CATALOG.format(name=name) for name in NAMES)
MEMORY = 4 << 30
EXPLODES = 512 << 20  # the least memory in which the libraries load, with room
ALL = {(name, number) for name in NAMES for number in range(3)}
SETTINGS = Settings(witnesses=("algebra",))

needs_fork = pytest.mark.skipif(sys.platform != "linux", reason="the disturbance reaches a worker by fork")
pytestmark = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="counts processes in /proc")


def children():
    """The processes below this one."""
    return {int(pid) for task in Path("/proc/self/task").iterdir() for pid in (task / "children").read_text().split()}


@pytest.fixture(autouse=True)
def nothing_is_left():
    before = children()
    yield
    assert children() <= before


def jobs():
    return [
        Job(number, "", chunk, name)
        for number, (chunk, name) in enumerate(zip(chunks(TEXT, "tests.yaml"), NAMES, strict=True))
    ]


def events(workers=2, timeout=20.0, memory=MEMORY, **more):
    return pool.run(jobs(), {}, SETTINGS, workers, timeout, memory, **more)


def verdicts(monkeypatch, disturb, **more):
    """What the pool makes of formulas whose judge is disturbed at some claim; the workers are forks of this process."""
    real = worker.judged

    def disturbed(formula, settings, start, timings):
        faulthandler.disable()  # a crash that is wanted needs no trace
        for number, found in enumerate(real(formula, settings, start, timings), start):
            disturb(formula.name, number)
            yield found

    monkeypatch.setattr(worker, "judged", disturbed)
    found = list(events(**more))
    assert {event.job.name for event in found if isinstance(event, Through)} == set(NAMES)
    return {(event.job.name, event.claim): event for event in found if isinstance(event, Verdict)}


def at(name, number, disturbance):
    return lambda *where: disturbance() if where == (name, number) else None


def reasons(found):
    """Of those that were lost, why; all others must be proved."""
    assert set(found) == ALL
    assert all(one.judged.verdict == ("undecided" if one.is_lost else "proved") for one in found.values())
    return {where: one.judged.reason for where, one in found.items() if one.is_lost}


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_every_claim_gets_its_verdict_from_any_number_of_workers(monkeypatch, workers):
    assert reasons(verdicts(monkeypatch, lambda name, number: None, workers=workers)) == {}


def test_workers_that_are_no_forks_do_the_same(monkeypatch):
    monkeypatch.setattr(pool, "METHOD", "spawn")
    found = [event.judged.verdict for event in events() if isinstance(event, Verdict)]
    assert found == ["proved"] * 9
    resource_tracker._resource_tracker._stop()  # which Python itself keeps for the next spawn


@needs_fork
@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGTERM, signal.SIGSEGV])
def test_a_worker_that_is_killed_loses_one_claim_after_a_second_try_and_no_other(monkeypatch, tmp_path, ending):
    tries = tmp_path / "tries"

    def die():
        tries.open("a").write("x")
        os.kill(os.getpid(), ending)

    found = verdicts(monkeypatch, at("second", 1, die))
    assert reasons(found) == {("second", 1): f"the worker process died ({ending.name})"}
    assert tries.read_text() == "xx"


@needs_fork
def test_an_interpreter_that_ends_itself_loses_one_claim(monkeypatch):
    found = verdicts(monkeypatch, at("second", 1, lambda: os._exit(7)))
    assert reasons(found) == {("second", 1): "the worker process died (exit status 7)"}


@needs_fork
def test_a_crash_of_native_code_loses_one_claim(monkeypatch):
    def crash():
        import ctypes

        ctypes.string_at(0)

    found = verdicts(monkeypatch, at("first", 2, crash))
    assert reasons(found) == {("first", 2): "the worker process died (SIGSEGV)"}


@needs_fork
def test_a_formula_that_hangs_is_given_up_at_its_time_and_the_run_goes_on(monkeypatch):
    before = time.monotonic()
    found = verdicts(monkeypatch, at("first", 1, lambda: time.sleep(60)), timeout=0.5)
    assert reasons(found) == {
        ("first", 1): "no verdict within 0.5 s",
        ("first", 2): "the 0.5 s of the formula were over before it",
    }
    assert time.monotonic() - before < 30


@needs_fork
def test_a_formula_that_hangs_in_native_code_is_given_up_too(monkeypatch):
    def hang():  # without a check for signals, as long powers of big integers are
        return pow(3, 1 << 40)

    found = verdicts(monkeypatch, at("third", 2, hang), timeout=0.5)
    assert reasons(found) == {("third", 2): "no verdict within 0.5 s"}


@needs_fork
def test_a_formula_whose_time_is_over_just_behind_its_last_verdict_loses_none(monkeypatch):
    real = worker.judged

    def slow_to_end(formula, *rest):
        yield from real(formula, *rest)
        time.sleep(60 if formula.name == "first" else 0)

    monkeypatch.setattr(worker, "judged", slow_to_end)
    found = list(events(timeout=0.5))
    assert sum(isinstance(event, Through) for event in found) == len(NAMES)
    assert reasons({(e.job.name, e.claim): e for e in found if isinstance(e, Verdict)}) == {}


@needs_fork
def test_the_time_of_a_formula_is_that_of_all_its_claims(monkeypatch):
    found = verdicts(monkeypatch, lambda name, number: time.sleep(0.4) if name == "first" else None, timeout=0.7)
    assert [where for where, reason in reasons(found).items() if reason] == [("first", 1), ("first", 2)]


@needs_fork
def test_where_each_claim_has_its_own_time_only_the_one_that_takes_it_is_lost(monkeypatch):
    def slow(name, number):
        time.sleep(60 if (name, number) == ("first", 1) else 0.2)

    found = verdicts(monkeypatch, slow, timeout=0.7, is_each=True)
    assert reasons(found) == {("first", 1): "no verdict within 0.7 s"}


@needs_fork
def test_a_formula_whose_worker_crashes_and_then_hangs_has_no_more_time_than_another(monkeypatch, tmp_path):
    before = time.monotonic()

    def crash_then_hang():
        time.sleep(0.5)
        if not (tmp_path / "tried").exists():
            (tmp_path / "tried").touch()
            os._exit(1)
        time.sleep(60)

    found = verdicts(monkeypatch, at("first", 0, crash_then_hang), timeout=1.0, workers=1)
    assert len(reasons(found)) == 3
    assert time.monotonic() - before < 20


@needs_fork
def test_what_explodes_fails_at_the_limit_of_its_memory_and_takes_no_other_with_it(monkeypatch):
    found = verdicts(monkeypatch, at("second", 0, lambda: bytearray(2 * EXPLODES)), memory=EXPLODES)
    assert reasons(found) == {("second", 0): "out of memory"}


@needs_fork
def test_within_the_limit_the_same_is_judged(monkeypatch):
    assert reasons(verdicts(monkeypatch, at("second", 0, lambda: bytearray(EXPLODES)), memory=4 * EXPLODES)) == {}


@needs_fork
def test_a_worker_that_has_grown_is_replaced(monkeypatch, tmp_path):
    kept = []

    def grow(name, number):
        kept.append(bytearray(b"x" * 1000) * 150_000)
        with (tmp_path / "pids").open("a") as stream:
            stream.write(f"{os.getpid()}\n")

    assert reasons(verdicts(monkeypatch, grow, workers=1)) == {}
    assert len(set((tmp_path / "pids").read_text().split())) == 3


@needs_fork
def test_a_defect_of_the_judge_is_an_internal_error_of_that_claim_alone(monkeypatch):
    def fail():
        raise ValueError("a defect")

    found = verdicts(monkeypatch, at("third", 2, fail))
    assert reasons(found) == {("third", 2): "internal error: ValueError: a defect"}


@needs_fork
@pytest.mark.parametrize(
    ("disturbance", "reason"),
    [
        (lambda: time.sleep(60), "no verdict within 0.5 s"),
        (lambda: os._exit(3), "the worker process died (exit status 3)"),
        (lambda: bytearray(2 * EXPLODES), "out of memory"),
    ],
    ids=["hangs", "crashes", "explodes"],
)
def test_an_entry_that_cannot_even_be_read_is_through_with_the_reason(monkeypatch, disturbance, reason):
    real = worker.read_chunk

    def disturbed(chunk, only):
        if chunk.text.startswith("second"):
            disturbance()
        return real(chunk, only)

    monkeypatch.setattr(worker, "read_chunk", disturbed)
    found = list(events(timeout=0.5, memory=EXPLODES))
    assert [event.reason for event in found if isinstance(event, Through) and event.job.name == "second"] == [reason]
    assert len([event for event in found if isinstance(event, Verdict)]) == 6


@needs_fork
def test_workers_that_cannot_start_end_the_run_with_a_message(monkeypatch):
    def load(names):
        raise ImportError("no module named flint")

    monkeypatch.setattr(worker, "load", load)
    with pytest.raises(BrokenWorker, match="no module named flint"):
        list(events())


@needs_fork
def test_a_run_that_is_abandoned_leaves_no_process():
    before = children()
    run = events()
    next(run)
    assert children() - before
    run.close()
    assert not children() - before


@needs_fork
def test_a_run_that_goes_on_in_another_thread_than_it_began_in_keeps_its_workers():
    # as it does where results are streamed by whichever thread of an executor is free
    run, first = events(), []
    begins = threading.Thread(target=lambda: first.append(next(run)))
    begins.start()
    begins.join()
    workers = children()
    time.sleep(0.2)  # Linux signals at the end of the thread that forked
    assert all(map(is_alive, workers))
    found = [event for event in [*first, *run] if isinstance(event, Verdict)]
    assert [event.judged.verdict for event in found] == ["proved"] * 9


RUN_THAT_HANGS = """
import sys, time
from tests.test_pool import jobs, SETTINGS, MEMORY
from verify import pool, worker
worker.judged = lambda *a: iter([pow(3, 1 << 40)])
for event in pool.run(jobs(), {}, SETTINGS, 2, 60.0, MEMORY, begin=lambda name: print(name, flush=True)): pass
"""


@needs_fork
@pytest.mark.usefixtures("heard")
@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_workers_die_with_their_parent_even_in_native_code(ending):
    root = Path(__file__).parent.parent
    run = subprocess.Popen(
        [sys.executable, "-c", RUN_THAT_HANGS], cwd=root, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    with run:
        assert {run.stdout.readline().strip(), run.stdout.readline().strip()} == {"first", "second"}
        workers = Path(f"/proc/{run.pid}/task/{run.pid}/children").read_text().split()
        assert len(workers) == 2
        time.sleep(0.1)
        run.send_signal(ending)
        run.wait(10)
    until = time.monotonic() + 5
    while any(is_alive(pid) for pid in workers) and time.monotonic() < until:
        time.sleep(0.02)
    assert not [pid for pid in workers if is_alive(pid)]


def is_alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False
