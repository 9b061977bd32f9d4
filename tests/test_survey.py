"""`derive mutate`: what becomes of wrong twins, counted, and those that are left are shown."""

import json

import pytest

from derive.catalog import read
from derive.cli import run_command
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
"""


@pytest.fixture
def mine(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(MINE, encoding="utf-8")
    return str(path)


def test_every_twin_of_a_right_equation_is_killed(mine, capsys):
    assert run_command(["mutate", mine, "--output-format", "json", "--jobs", "1"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["counts"] == {"killed": found["twins"]}
    assert found["alive"] == []


def test_an_inequality_is_not_edited_since_its_twins_may_hold(mine):
    from verify.slips.mutation import is_edited

    assert [is_edited(claim) for claim in read(MINE).formulas["squares"].claims] == [True, False]


def test_a_survivor_is_listed_with_its_edit_and_is_not_a_success(mine, capsys, monkeypatch):
    monkeypatch.setitem(FATES, "refuted", "survived")
    assert run_command(["mutate", mine, "--jobs", "1", "--sample", "2"]) == 1
    out = capsys.readouterr().out
    assert "survived" in out
    assert "edit     " in out
    assert "twin     D(sum(x[i]**2, i), x[k]) == " in out


def test_nothing_to_edit_is_said(tmp_path, capsys):
    path = tmp_path / "mine.yaml"
    path.write_text(MINE.replace("    - D(sum(x[i]**2, i), x[k]) == 2*x[k]\n", ""), encoding="utf-8")
    assert run_command(["mutate", str(path)]) == 5
    assert "nothing to edit" in capsys.readouterr().err
