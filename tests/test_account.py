"""`derive show NAME --proof`: what a proof compared, what it relies on, and its steps."""

import pytest

from derive.catalog import quick, read, shipped
from derive.cli import run_command
from derive.derivation.account import ROUTINE, account, accounts
from derive.printing.display import FORMATS
from verify.steps import compared_steps


def formula_of(name):
    return read(shipped(), "catalog.yaml", {name}).formulas[name]


def told(claim, define=None, compare=compared_steps, **inputs):
    formula = quick(claim, define=define, **inputs)
    return account(formula, formula.claims[0], compare)


def test_the_normal_form_of_both_sides_is_shown_with_what_the_proof_relies_on():
    # the softmax gradient: y sums to 1, the exponentials stand over their sum
    found = told(
        "D(L, x[k]) == p[k] - y[k]",
        define={"p[i]": "exp(x[i])/sum(exp(x[j]), j)", "L": "-sum(y[i]*log(p[i]), i)"},
        x="real[n]",
        y="simplex[n]",
    )
    assert found.header[1:4] == [
        "proved for every n",
        "definitions read: p, L",
        "relies on: y sums to 1 over its last axis",
    ]
    assert "each compared in exact arithmetic" in found.header[4]
    first = found.display.text().splitlines()[0].replace("(x[i]), i)", "(x[j]), j)")
    assert first == "D(L, x[k]) == exp(x[k])/sum(exp(x[j]), j) - y[k]  # normal form of both sides"
    assert not found.wrong


def test_definitions_that_the_proof_does_not_open_are_named():
    found = told("D(L, h) == 2*h", define={"h": "exp(x)", "L": "h**2"}, x="real")
    assert "definitions kept as names: h, L" in found.header


def test_what_is_not_proved_says_why_and_shows_no_steps():
    found = told("sum(x[i], i) == 2*sum(x[i], i)", x="real[n]")
    assert found.header[1] == "not proved: the normal forms of the two sides differ"
    assert not found.display.lines


def test_two_normal_forms_that_meet_only_without_denominators_are_both_shown():
    found = told("1/x - 1/(x + y) == y/(x*(x + y))", x="positive", y="positive")
    rules = [line.rule[0] for line in found.display.lines[:2]]
    assert rules[0] == "normal form of the left side"
    assert rules[1].startswith("normal form of the right side")


def test_no_numbered_index_or_adjoint_is_left_for_the_reader():
    for name in ("bn_backward", "layer_norm", "momentum", "attention_context"):
        for one in accounts(formula_of(name), lambda *_: ""):
            assert "#" not in one.display.text().replace("  # ", "")
            assert "$" not in one.display.text()


def test_only_steps_that_do_more_than_put_in_order_are_shown_and_all_are_counted():
    found = told("exp(x + y)*exp(-y) == exp(x)", x="real", y="real")
    shown = {line.rule[0] for line in found.display.lines if line.rule}
    assert not shown & ROUTINE
    assert "steps, each compared" in found.header[-2]


@pytest.mark.parametrize("form", FORMATS)
def test_the_account_is_printed_in_every_format(form, capsys):
    assert run_command(["show", "mse", "--proof", "--format", form]) == 0
    assert "proved" in capsys.readouterr().out


def test_a_wrong_step_is_status_3_and_a_message(monkeypatch, capsys):
    monkeypatch.setattr("verify.steps.compared_steps", lambda *_: "multiply out: x*x == x: 4 is not 2")
    assert run_command(["show", "bn_backward", "--proof"]) == 3
    assert "a step of the proof is wrong: multiply out" in capsys.readouterr().err


def test_the_account_goes_with_a_format_alone(capsys):
    assert run_command(["show", "bn_backward", "--proof", "--steps"]) == 2
    assert "--proof goes with --format alone" in capsys.readouterr().err
