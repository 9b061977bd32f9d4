"""A formula goes by its own names of bound indices, whatever was read after it.

The same expression is held once, and the entry that is read last names its index.
"""

import json

import pytest

import derive
from derive.cli import run_command

ENTRY = """
{name}:
  title: The sum of squares
  group: mine
  inputs: {{x: "real[n]"}}
  define: {{L: "sum(x[{index}]**2, {index})"}}
  claims: ["D(L, x[k]) == 2*x[k]"]
  printed:
    - {{says: "D(L, x[k]) == x[k]*sum(x[{index}], {index})", from: a sheet, holds: no}}
  source: by hand
"""


@pytest.fixture
def mine(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(ENTRY.format(name="first", index="i") + ENTRY.format(name="second", index="o"))
    return str(path)


@pytest.mark.parametrize("options", [[], ["--format", "unicode"], ["--steps"], ["--printed"]])
def test_what_is_shown_of_one_formula_is_the_same_beside_another(mine, options, capsys):
    alone = []
    for name in ("first", "second"):
        assert run_command(["show", mine, name, *options]) == 0
        alone.append(capsys.readouterr().out)
    assert alone[0] != alone[1]
    assert run_command(["show", mine, *options]) == 0
    together = capsys.readouterr().out
    formulas = [line for out in alone for line in out.splitlines() if "sum" in line or "\u2211" in line]
    assert formulas
    assert set(formulas) <= set(together.splitlines())


def test_an_erratum_of_one_formula_is_the_same_beside_another(mine, capsys):
    def errata(*names):
        assert run_command(["errata", mine, *names, "--no-cache", "--output-format", "json"]) == 0
        return json.loads(capsys.readouterr().out)["errata"]

    assert errata() == [*errata("first"), *errata("second")]


def test_code_of_one_formula_is_the_same_beside_another(mine, tmp_path):
    (tmp_path / "out").mkdir()
    assert run_command(["export", mine, "--to", "c", "-o", f"{tmp_path}/out/"]) == 0
    assert run_command(["export", mine, "first", "--to", "c", "-o", f"{tmp_path}/alone.c"]) == 0
    assert (tmp_path / "out" / "first.c").read_text().replace("first", "") == (
        tmp_path / "alone.c"
    ).read_text().replace("alone", "").replace("first", "")


def test_a_loaded_formula_keeps_its_names(mine):
    first, second = derive.load("first", file=mine), derive.load("second", file=mine)
    assert r"\sum_{i}" in first.latex()
    assert r"\sum_{o}" in second.latex()
    assert r"\sum_{i}" in first.steps()
