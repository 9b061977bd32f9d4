"""Conflicts are impossible to miss: a defect planted in any part sets the witnesses against each other.

Each defect is planted alone, beside a claim that it touches: a right one that a witness now denies, or a wrong one
that a witness now affirms. What contradicts it is a witness that does not share the part. What all four share is no
matter of this file: the text is read once, and tests/test_notation.py holds the reading to the language.
"""

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sympy
from defects import LOGIC, NORMAL, PAIR, PARTS, SAMPLES, VECTOR, Defect, Monkey

from derive import functions
from derive.catalog import quick
from derive.cli import run_command
from derive.exchange import scalars
from derive.expression import (
    Add,
    Call,
    Compare,
    Constant,
    Delta,
    Derivative,
    Element,
    Expect,
    Extremum,
    Index,
    Logic,
    Multiply,
    Number,
    Power,
    Reduce,
    Size,
    Table,
    Variable,
    Where,
    arena,
)
from verify.arithmetic import balls, evaluation
from verify.floats import arrays
from verify.floats.labelled import Labelled
from verify.judge import judged
from verify.report import Judged
from verify.testimony import Settings

FOR_IT = ("equal", "agrees")


def verdict(claim: str, inputs: dict[str, str], define: dict[str, str] | None = None) -> Judged:
    with arena():
        (found,) = judged(quick(claim, define=define, **inputs), Settings())
    return found


def says(found: Judged, witness: str) -> str:
    return str(getattr(found.witnesses, witness).says)


# -------------------------------------------------------------------------- the table of functions

# From a textbook, not from the table.
SLOPES = {
    "exp": "exp(x)",
    "log": "1/x",
    "sin": "cos(x)",
    "cos": "-sin(x)",
    "erf": "2*exp(-x**2)/sqrt(pi)",
    "abs": "where(x > 0, 1, -1)",
    "sign": "0",
    "floor": "0",
    "tanh": "1 - tanh(x)**2",
    "sinh": "cosh(x)",
    "cosh": "sinh(x)",
    "sigmoid": "sigmoid(x)*(1 - sigmoid(x))",
    "softplus": "sigmoid(x)",
    "relu": "where(x > 0, 1, 0)",
    "log1p": "1/(1 + x)",
    "expm1": "exp(x)",
}
VALUES = {
    "abs": "max(x, -x)",
    "sign": "where(x > 0, 1, -1)",
    "tanh": "1 - 2/(exp(2*x) + 1)",
    "sinh": "(exp(x) - exp(-x))/2",
    "cosh": "(exp(x) + exp(-x))/2",
    "sigmoid": "1/(1 + exp(-x))",
    "softplus": "log(1 + exp(x))",
    "relu": "where(x > 0, x, 0)",
    "log1p": "log(1 + x)",
    "expm1": "exp(x) - 1",
}
NEIGHBOURS = {"exp": "erf", "log": "atan", "sin": "cos", "cos": "sin", "erf": "erfc"}


def given(name: str) -> dict[str, str]:
    return {"x": functions.TABLE[name].domain}


def slope_claim(name: str, more: str = "") -> str:
    return f"D({name}(x), x) == {SLOPES[name]}{more}"


def plant_in_table(monkeypatch: Monkey, name: str, **fields: Any) -> None:
    monkeypatch.setitem(functions.TABLE, name, replace(functions.TABLE[name], **fields))


def test_every_function_of_the_table_has_its_defects_planted():
    assert set(SLOPES) == set(functions.TABLE)
    assert set(VALUES) == {f.name for f in functions.TABLE.values() if f.value is not None}
    assert {*NEIGHBOURS, "floor"} == {f.name for f in functions.TABLE.values() if f.ball is not None}


@pytest.mark.parametrize("name", SLOPES)
def test_a_wrong_slope_is_a_conflict_where_it_would_prove_something_wrong(monkeypatch: Monkey, name: str):
    # Slopes are the algebra's alone: the others differentiate values.
    claim = slope_claim(name, " + 1")
    assert verdict(claim, given(name)).verdict == "refuted"
    plant_in_table(monkeypatch, name, slope=functions.TABLE[name].slope + 1)
    found = verdict(claim, given(name))
    assert (found.verdict, says(found, "algebra"), says(found, "exact")) == ("conflict", "equal", "differs")
    # and what is right loses its proof, but nothing more
    assert verdict(slope_claim(name), given(name)).verdict == "agrees"


@pytest.mark.parametrize("name", VALUES)
def test_a_wrong_value_is_a_conflict_though_three_witnesses_may_read_it(monkeypatch: Monkey, name: str):
    # The NumPy form is a statement of its own, and SymPy has some of the functions itself.
    claim = f"{name}(x) == {VALUES[name]} + x"
    assert verdict(claim, given(name)).verdict == "refuted"
    value = functions.TABLE[name].value
    assert value is not None
    plant_in_table(monkeypatch, name, value=value + functions.x)
    found = verdict(claim, given(name))
    assert (found.verdict, says(found, "exact"), says(found, "differences")) == ("conflict", "agrees", "differs")


@pytest.mark.parametrize("name", SLOPES)
def test_a_wrong_numpy_form_is_a_conflict(monkeypatch: Monkey, name: str):
    claim = "floor(x + 1) == floor(x) + 1" if name == "floor" else slope_claim(name)
    assert verdict(claim, given(name)).verdict == "proved"
    form = functions.TABLE[name].numpy

    def wrong(np: Any, v: Any) -> Any:
        return (getattr(np, form)(v) if isinstance(form, str) else form(np, v)) ** 2 + v

    plant_in_table(monkeypatch, name, numpy=wrong)
    if name == "sign":  # what is no longer constant between its jumps has no numerical derivative
        claim = f"sign(x) == {VALUES['sign']}"
    found = verdict(claim, given(name))
    assert (found.verdict, says(found, "differences")) == ("conflict", "differs"), found


@pytest.mark.parametrize("name", NEIGHBOURS)
def test_a_wrong_ball_form_is_a_conflict(monkeypatch: Monkey, name: str):
    claim = slope_claim(name)
    assert verdict(claim, given(name)).verdict == "proved"
    plant_in_table(monkeypatch, name, ball=NEIGHBOURS[name])
    found = verdict(claim, given(name))
    assert (found.verdict, says(found, "exact")) == ("conflict", "differs"), found


# ---------------------------------------------------------- every rule of every evaluator, in turn

# A right claim for each type of node, which is wrong as soon as these nodes have another value.
CLAIMS: dict[type, tuple[str, dict[str, str]]] = {
    Number: ("x + x + x == 3*x", PAIR),
    Constant: ("sin(x + pi) == -sin(x)", PAIR),
    Size: ("sum(x[i], i) == n*mean(x[i], i)", VECTOR),
    Index: ("sum(i*x[0], (i, 0, n - 1)) == x[0]*n*(n - 1)/2", VECTOR),
    Variable: ("expect(z, z, Normal(m, s)) == m", NORMAL),
    Element: ("sum(p[i], i) == 1", {"p": "simplex[n]"}),
    Add: ("x + x == 2*x", PAIR),
    Multiply: ("2*x == x + x", PAIR),
    Power: ("x**2 == x*x", PAIR),
    Call: ("exp(x)*exp(y) == exp(x + y)", PAIR),
    Extremum: ("max(x, y) == where(x > y, x, y)", PAIR),
    Compare: ("delta(i, k)*x[i]*x[k] == where(i == k, x[i]*x[k], 0)", VECTOR),
    Logic: (LOGIC, PAIR),
    Where: ("where(x > y, x, y) == max(x, y)", PAIR),
    Delta: ("delta(i, k)*x[i]*x[k] == where(i == k, x[i]*x[k], 0)", VECTOR),
    Table: ("H[0, 1] == y", PAIR),
    Reduce: ("sum(x[i], i) == n*mean(x[i], i)", VECTOR),
    Expect: ("expect(z, z, Normal(m, s)) == m", NORMAL),
    Derivative: ("D(x**2, x) == 2*x", PAIR),
}
DEFINE = {Table: {"H": "[[x, y], [y, x]]"}}


def spoilt_ball(value: balls.Array) -> balls.Array:
    return balls.add(balls.multiply(balls.exact(2), value), balls.ONE)


def spoilt_scalar(value: Any) -> Any:
    return sympy.Not(value) if isinstance(value, sympy.logic.boolalg.Boolean) else 2 * value + 1


def spoilt_array(value: Labelled) -> Labelled:
    array = value.array
    return Labelled(value.labels, ~array if array.dtype == bool else 2 * array + 1)


EVALUATORS: dict[str, tuple[dict[type, Any], Callable[[Any], Any]]] = {
    "exact": (evaluation._RULES, spoilt_ball),
    "sympy": (scalars._RULES, spoilt_scalar),
    "differences": (arrays._RULES, spoilt_array),
}


# The sympy witness decides conditions at its point by itself (see tests/defects.py).
RULES = [(w, kind) for w, (rules, _) in EVALUATORS.items() for kind in rules if (w, kind) != ("sympy", Logic)]


@pytest.mark.parametrize(("witness", "kind"), RULES, ids=[f"{w}-{kind.__name__}" for w, kind in RULES])
def test_a_wrong_rule_of_an_evaluator_is_a_conflict(monkeypatch: Monkey, witness: str, kind: type):
    claim, inputs = CLAIMS[kind]
    assert verdict(claim, inputs, DEFINE.get(kind)).verdict in ("proved", "agrees")
    rules, spoilt = EVALUATORS[witness]
    rule = rules[kind]
    monkeypatch.setitem(rules, kind, lambda *given: spoilt(rule(*given)))
    found = verdict(claim, inputs, DEFINE.get(kind))
    if (witness, kind) == ("exact", Size):  # the arrays drawn fit no axis any more: without a point nothing is judged
        assert (found.verdict, says(found, witness)) == ("undecided", "cannot tell")
    else:
        assert (found.verdict, says(found, witness)) == ("conflict", "differs"), found


# ------------------------------------------------------------------------- one defect at a time

DEFECTS = [pytest.param(one, id=f"{part}: {name}") for part, found in PARTS.items() for name, one in found.items()]


@pytest.mark.parametrize("defect", DEFECTS)
def test_a_planted_defect_is_a_conflict(monkeypatch: Monkey, defect: Defect):
    assert verdict(defect.claim, defect.inputs, defect.define).verdict == defect.sound
    defect.plant(monkeypatch)
    found = verdict(defect.claim, defect.inputs, defect.define)
    assert found.verdict == "conflict", found
    # the witness with the defect has changed sides, and another contradicts it
    assert (says(found, defect.witness) in FOR_IT) is (defect.sound == "refuted"), found


@pytest.mark.parametrize("name", SAMPLES)
def test_a_point_outside_the_domain_refutes_nothing_even_where_no_proof_contradicts_it(monkeypatch: Monkey, name: str):
    # The algebra, which alone would contradict it, is left out: the point itself is held against the domain.
    defect = SAMPLES[name]
    defect.plant(monkeypatch)
    with arena():
        formula = quick(defect.claim, **defect.inputs)
        (found,) = judged(formula, Settings(witnesses=("exact", "sympy", "differences")))
    assert found.verdict == "undecided"
    assert found.witnesses.exact.broken
    assert "outside the declared domain" in (found.reason or "")


# ----------------------------------------------------------------------------------- the command

CATALOG = """
odd:
  title: Hyperbolic tangent
  group: tests
  inputs: {x: real}
  claims:
    - D(tanh(x), x) == 1 - tanh(x)
    - D(exp(x), x) == exp(x)
  source: none
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the defect reaches a worker by fork")
def test_the_command_ends_with_status_3_and_says_who_contradicts_whom(monkeypatch: Monkey, tmp_path: Path, capsys: Any):
    path = tmp_path / "odd.yaml"
    path.write_text(CATALOG)
    assert run_command(["check", str(path), "--no-cache", "--jobs", "1"]) == 1
    capsys.readouterr()
    plant_in_table(monkeypatch, "tanh", slope=1 - functions.y)
    assert run_command(["check", str(path), "--no-cache", "--jobs", "1"]) == 3
    out, _ = capsys.readouterr()
    assert "conflict" in out
    assert "algebra says equal, but exact" in " ".join(out.split())
    assert run_command(["check", str(path), "--no-cache", "--jobs", "1", "--output-format", "json"]) == 3
    summary = json.loads(capsys.readouterr().out)["summary"]
    assert (summary["conflicts"], summary["proved"], summary["refuted"]) == (1, 1, 0)
