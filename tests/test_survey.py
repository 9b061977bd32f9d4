"""`derive mutate`: what becomes of wrong twins, counted and kept, and those that are left are shown."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from msgspec.structs import replace

from derive.cli import run_command
from verify import journal, worker
from verify.survey import FATES

MINE = """
squares:
  title: Sum of squares
  group: mine
  inputs: {x: "real[n]"}
  claims:
    - D(sum(x[i]**2, i), x[k]) == 2*x[k]
    - sum(x[i]**2, i) >= 0
  source: me, 2026
cubes:
  title: Cubes
  group: others
  inputs: {a: real}
  claims:
    - D(a**3, a) == 3*a**2
  source: me, 2026
"""


@pytest.fixture
def mine(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(MINE, encoding="utf-8")
    return str(path)


@pytest.fixture
def kept(tmp_path):
    return tmp_path / "kept" / "fates.jsonl"


def mutate(capsys, *words):
    """The exit status, the report, and what was said beside it."""
    status = run_command(["mutate", *words, "--output-format", "json", "--jobs", "1"])
    out, err = capsys.readouterr()
    return status, json.loads(out), err


def test_every_twin_of_a_right_equation_is_killed(mine, capsys):
    status, found, _ = mutate(capsys, mine, "--again")
    assert status == 0
    assert found["counts"] == {"killed": found["twins"]}
    assert found["alive"] == []
    assert sum(counts["killed"] for counts in found["edits"].values()) == found["twins"]
    assert found["groups"].keys() == {"mine", "others"}


def test_a_survivor_is_listed_with_its_edit_and_is_not_a_success(mine, capsys, monkeypatch):
    monkeypatch.setitem(FATES, "refuted", "survived")
    assert run_command(["mutate", mine, "--jobs", "1", "--sample", "2", "--again"]) == 1
    out = capsys.readouterr().out
    assert "survived" in out
    assert "edit     " in out
    assert "twin     D(" in out


ORDERS = """
orders:
  title: A larger of two
  group: mine
  inputs: {p: nonzero, q: nonzero}
  define:
    c: max(p**2, q**2)**(1/2)
  claims:
    - c == max(abs(p), abs(q))
  source: me, 2026
"""


def test_a_twin_that_says_the_same_as_its_claim_is_no_wrong_twin_though_the_claim_itself_is_not_proved(
    tmp_path, capsys
):
    path = tmp_path / "mine.yaml"
    path.write_text(ORDERS, encoding="utf-8")
    status, found, _ = mutate(capsys, str(path), "--journal", str(tmp_path / "fates"))
    assert (status, found["alive"]) == (0, [])
    assert found["edits"]["sign"]["equal in truth"] >= 2  # max(abs(-p), abs(q)) …
    assert mutate(capsys, str(path), "--journal", str(tmp_path / "fates"))[:2] == (status, found)


def test_nothing_to_edit_is_said(tmp_path, capsys):
    path = tmp_path / "mine.yaml"
    path.write_text(MINE.split("cubes:")[0].replace("    - D(sum(x[i]**2, i), x[k]) == 2*x[k]\n", ""), encoding="utf-8")
    assert run_command(["mutate", str(path), "--again"]) == 5
    assert "nothing to edit" in capsys.readouterr().err


# ------------------------------------------------------------------------------------- the journal


def test_a_second_run_asks_nobody_and_says_the_same(mine, kept, capsys, monkeypatch):
    first = mutate(capsys, mine, "--journal", str(kept))
    assert len(kept.read_text().splitlines()) == first[1]["twins"]
    monkeypatch.setattr("verify.judge.summoned", None)  # whoever asks a witness now breaks
    again = mutate(capsys, mine, "--journal", str(kept))
    assert again[:2] == first[:2]
    assert "are known from" in again[2]


def test_a_run_that_is_killed_goes_on_where_it_was(mine, kept, capsys):
    whole = mutate(capsys, mine, "--journal", str(kept))[1]
    lines = kept.read_bytes().splitlines(keepends=True)
    kept.write_bytes(b"".join(lines[:5]) + lines[5][:20])  # as a kill leaves it
    status, found, err = mutate(capsys, mine, "--journal", str(kept))
    assert (status, found) == (0, whole)
    assert f"5 of {whole['twins']} twins are known" in err
    assert "1 line of" in err
    assert len(kept.read_bytes().splitlines()) == whole["twins"]


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL there")
def test_what_a_killed_process_found_is_kept(kept, capsys):
    command = "import sys; from derive.cli import main; main(sys.argv[1:])"
    process = subprocess.Popen(
        [sys.executable, "-c", command, "mutate", "softmax_ce_gradient", "--jobs", "1", "--journal", str(kept)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        until = time.monotonic() + 60
        while time.monotonic() < until and not (kept.exists() and kept.stat().st_size > 300):
            time.sleep(0.02)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    again = mutate(capsys, "softmax_ce_gradient", "--journal", str(kept))
    assert again[0] == 0
    assert "twins are known from" in again[2]
    assert again[1] == mutate(capsys, "softmax_ce_gradient", "--again")[1]


@pytest.mark.parametrize("change", ["engine", "seed", "entry"])
def test_a_stale_line_is_not_believed(mine, kept, capsys, monkeypatch, change):
    mutate(capsys, mine, "--journal", str(kept))
    told = kept.read_text()
    kept.write_text(told.replace('"killed"', '"survived"'))  # even if somebody forged it: the mark is over it
    more = []
    if change == "engine":
        kept.write_text(told)
        monkeypatch.setattr(journal, "_engine", lambda: "another")
    elif change == "seed":
        kept.write_text(told)
        more = ["--seed", "1"]
    else:
        kept.write_text(told)
        Path(mine).write_text(MINE.replace("me, 2026", "me, 2027"), encoding="utf-8")
    status, found, err = mutate(capsys, mine, "--journal", str(kept), *more)
    assert (status, found["alive"]) == (0, [])
    assert "are known" not in err


@pytest.mark.parametrize(
    "spoil",
    [
        lambda line: line.replace(b'"killed"', b'"survived"'),
        lambda line: line.replace(b'"killed"', b'"proved"'),
        lambda line: line[:-10],
        lambda line: b"\xff\x00" + line,
        lambda line: line.replace(b'"fate"', b'"more":1,"fate"'),
        lambda line: b"[]",
        lambda line: b"",
    ],
)
def test_a_line_that_is_not_whole_is_set_aside_and_its_twin_judged_again(mine, kept, capsys, spoil):
    whole = mutate(capsys, mine, "--journal", str(kept))[1]
    lines = kept.read_bytes().split(b"\n")
    lines[2] = spoil(lines[2])
    kept.write_bytes(b"\n".join(lines))
    status, found, err = mutate(capsys, mine, "--journal", str(kept))
    assert (status, found) == (0, whole)
    assert "1 line of" in err
    assert lines[2] in (kept.parent / "fates.jsonl.broken").read_bytes()
    assert mutate(capsys, mine, "--journal", str(kept))[2].count("cannot be read") == 0


def test_a_link_is_not_followed(mine, tmp_path, capsys):
    victim, link = tmp_path / "victim", tmp_path / "link.jsonl"
    victim.write_text("precious")
    link.symlink_to(victim)
    assert run_command(["mutate", mine, "--jobs", "1", "--journal", str(link)]) == 2
    assert victim.read_text() == "precious"


def test_without_a_place_for_the_usual_journal_a_run_goes_on(mine, tmp_path, capsys, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("DERIVE_CACHE", str(tmp_path / "file"))
    status, found, err = mutate(capsys, mine)
    assert status == 0
    assert found["alive"] == []
    assert "no journal is kept" in err


def test_a_twin_that_nobody_had_time_for_is_asked_again(mine, kept, capsys, monkeypatch):
    monkeypatch.setattr("verify.worker.judged", lambda *_: time.sleep(60))
    status, found, _ = mutate(capsys, mine, "--journal", str(kept), "--sample", "2", "--timeout", "0.2")
    assert (status, found["counts"]) == (1, {"undecided": 2})
    assert kept.read_bytes() == b""
    monkeypatch.undo()
    assert mutate(capsys, mine, "--journal", str(kept), "--sample", "2")[0] == 0


@pytest.mark.parametrize("is_mended", [True, False])
def test_a_conflict_is_judged_once_more_at_a_counterexample_made_small(mine, kept, capsys, monkeypatch, is_mended):
    ask = worker.judged

    def at_odds(formula, settings, *more):
        for found in ask(formula, settings, *more):
            is_odd = not (settings.is_shown and is_mended)
            yield replace(found, verdict="conflict", reason="digits say agrees") if is_odd else found

    monkeypatch.setattr("verify.worker.judged", at_odds)
    status, found, _ = mutate(capsys, mine, "--journal", str(kept), "--sample", "2")
    assert (status, found["counts"]) == ((0, {"killed": 2}) if is_mended else (3, {"conflict": 2}))
    assert len(kept.read_text(encoding="utf-8").splitlines()) == 2  # a fate is kept once it is final
