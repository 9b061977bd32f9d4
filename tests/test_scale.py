"""Many formulas on many machines: a cluster finds the same, loses nothing with a worker, and is one engine."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from test_isolation import alive, are_gone, below, catalog_of

from derive import expression
from derive.catalog import quick
from derive.cli import run_command
from derive.proof import Algebra
from verify import cluster
from verify.slot import Unreachable

distributed = pytest.importorskip("distributed")
ROOT = Path(__file__).parent.parent
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


class Cluster:
    """A scheduler and workers as processes of their own, on this machine's own address alone."""

    def __init__(self, folder):
        self.folder, self.workers = folder, []
        self.scheduler = self.start("scheduler", "--port", "0", "--scheduler-file", folder / "scheduler.json")
        until = time.monotonic() + 30
        while not (folder / "scheduler.json").exists():
            assert self.scheduler.poll() is None
            assert time.monotonic() < until
            time.sleep(0.05)
        self.address = json.loads((folder / "scheduler.json").read_text())["address"]

    def start(self, kind, *arguments):
        words = [sys.executable, "-m", "distributed.cli.dask_" + kind, *map(str, arguments), "--host", "127.0.0.1"]
        words += ["--no-dashboard"]
        environment = {**os.environ, "DASK_DISTRIBUTED__LOGGING__DISTRIBUTED": "critical"}
        with (self.folder / "log").open("a") as log:
            return subprocess.Popen(words, cwd=ROOT, stdout=log, stderr=log, env=environment)

    def add(self):
        worker = self.start("worker", self.address, "--nthreads", "1", "--no-nanny", "--memory-limit", "0")
        self.workers.append(worker)
        return worker

    def close(self):
        started = [self.scheduler, *self.workers]
        pids = [pid for process in started for pid in [str(process.pid), *below(process.pid)]]
        for process in started:
            process.kill()
            process.wait(10)
        assert are_gone(pids, 10), alive(pids)


@pytest.fixture(scope="module")
def workers(tmp_path_factory):
    found = Cluster(tmp_path_factory.mktemp("cluster"))
    try:
        found.add()
        found.add()
        with distributed.Client(found.address, set_as_default=False) as client:
            client.wait_for_workers(2, timeout=30)
        yield found
    finally:
        found.close()


def check(capsys, *arguments):
    words = ["--witness", "exact", "--output-format", "json", "--no-cache"]
    status = run_command(["check", *map(str, arguments), *words])
    return status, *capsys.readouterr()


def test_a_cluster_finds_the_same_even_if_a_worker_is_killed_in_the_middle(tmp_path, workers, capsys):
    path = catalog_of(tmp_path / "mine.yaml", 32)
    path.write_text(path.read_text().replace("D(L, x[k]) == 3*(a*exp", "D(L, x[k]) == 3*(nosuch*exp"))
    here = check(capsys, path, "--jobs", "1")
    words = [sys.executable, "-c", "import sys; from derive.cli import main; main(sys.argv[1:])", "check", str(path)]
    words += ["--witness", "exact", "--output-format", "json", "--no-cache", "--cluster", workers.address]
    run = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    victim = workers.workers[0]
    until = time.monotonic() + 30
    while not (judging := below(victim.pid)) and run.poll() is None and time.monotonic() < until:
        time.sleep(0.02)
    assert judging, run.communicate(timeout=60)
    victim.send_signal(signal.SIGKILL)
    out, err = run.communicate(timeout=60)
    assert err == ""
    assert (run.returncode, out, err) == here
    victim.wait(10)
    assert are_gone(judging)


def test_formulas_that_hang_are_given_up_on_a_cluster_too(tmp_path, workers, capsys):
    path = catalog_of(tmp_path / "mine.yaml", 3)
    status, out, _ = check(capsys, path, "--cluster", workers.address, "--timeout", "0.001")
    report = json.loads(out)
    assert status == 2
    assert report["summary"]["formulas"] == 0
    assert "could not be read: no verdict within 0.001 s" in report["errors"][0]["message"]


def test_another_engine_is_refused_with_what_differs(tmp_path, workers, capsys, monkeypatch):
    own = cluster.identity()
    monkeypatch.setattr(cluster, "identity", lambda witnesses: {**own, "sympy": "1.0"})
    status, out, err = check(capsys, catalog_of(tmp_path / "mine.yaml", 1), "--cluster", workers.address)
    assert (status, out) == (2, "")
    assert "of the cluster would judge with another engine: sympy " in err
    assert "here 1.0" in err


def test_a_worker_that_came_later_with_another_engine_judges_nothing():
    batch = cluster.Batch([], cluster.Settings(), 60.0, 4 << 30, False, {"derive": "another"})
    assert cluster.answered(batch).identity == cluster.identity()
    with pytest.raises(Unreachable, match="would judge with another engine"):
        cluster._refuse(cluster.answered(batch).identity, {"derive": "another"}, "a worker")


def test_without_a_scheduler_the_address_is_told(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(cluster, "PATIENCE", 0.3)
    status, out, err = check(capsys, catalog_of(tmp_path / "mine.yaml", 1), "--cluster", "tcp://127.0.0.1:9")
    assert (status, out) == (2, "")
    assert "no Dask scheduler answers at tcp://127.0.0.1:9" in err


def test_without_dask_the_extra_is_named(tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    status, _, err = check(capsys, catalog_of(tmp_path / "mine.yaml", 1), "--cluster", "tcp://127.0.0.1:9")
    assert status == 2
    assert "pip install dask distributed" in err


# A wrong twin of a gradient through quotients in quotients: the normal forms of both sides have thousands of terms.
TOWER = {
    "m": "mean(x[i], i)",
    "s": "sqrt(946/7 + mean((x[i] - m)**2, i))",
    "u[i]": "(x[i] - m)/s",
    "v[i]": "w[i]*u[i]/(1 + w[i]**2)",
    "a[i]": "1/(2 + v[i]**2)",
    "L": "284/17*log(1 + sum(a[i]**2, i))",
    "q[k]": "(2*284/17*a[k]/(1 + sum(a[i]**2, i)))*(-2*v[k]*a[k]**2)",
    "h[i]": "w[i]*q[i]/(1 + w[i]**2)",
}


def test_a_proof_that_takes_too_much_work_is_given_up_before_it_takes_too_much_memory():
    claim = "D(L, x[k]) == 1001/1000*((h[k] - mean(h[i], i) - u[k]*mean(h[i]*u[i], i))/s)"
    with expression.arena():
        formula = quick(claim, define=TOWER, x="real[n]", w="real[n]")
        before = len(expression._TABLE)
        proof = Algebra(formula).prove(formula.claims[0])
        assert not proof.equal
        assert "too much work" in proof.reason
        assert len(expression._TABLE) - before < 200_000
