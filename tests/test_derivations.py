"""Derivations: each step has its rule, is checked, and a wrong one is not shown."""

from dataclasses import replace
from fractions import Fraction

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

import derive.derivation.steps as steps
from derive.binding import total
from derive.catalog import quick, read, shipped
from derive.cli import command
from derive.derivation.deltas import contracted
from derive.derivation.lines import Checked
from derive.derivation.reading import folded
from derive.derivation.rules import rules
from derive.derivation.steps import derivation
from derive.expression import (
    Compare,
    Delta,
    Index,
    Power,
    Size,
    Tensor,
    Where,
    axis,
    element,
    multiply,
    number,
    power,
)
from derive.formula import Claim
from derive.printing.text import text
from derive.proof import Algebra, prove
from verify.stepwise import checker, sift

over, other = axis(Size("n")), axis(Size("m"))
i, j, k, c = Index("i", over), Index("j", over), Index("k", over), Index("c", other)
x, a = Tensor("x", (over,), "real"), element(Tensor("a", (), "positive"))
NETWORK = {"s": "sum(x[i]**2, i)", "h[i]": "x[i]/s", "L": "sum(g[i]*h[i], i)"}


def x_(index):
    return element(x, index)


def formula(*claims):
    return quick(claims or ["D(L, x[k]) == g[k]/s - 2*x[k]*L/s"], NETWORK, x="real[n]", g="real[n]")


def lines(display):
    return [(text(line.left), text(line.right), "".join(map(str, line.rule))) for line in display.lines]


def test_a_derivation_names_the_rule_of_every_line():
    display = derivation(formula(), checker(formula()))
    assert all(line.rule for line in display.lines)
    shown = "\n".join(f"{right}  # {rule}" for _, right, rule in lines(display))
    for rule in (
        "definition",
        "chain rule through",
        "quotient rule",
        "sums over a delta keep one term",
        "claimed form",
    ):
        assert rule in shown


def test_every_step_is_given_to_the_check_before_it_is_shown():
    entry, asked = formula(), []

    def check(step):
        asked.append((step.left, step.right))
        return Checked("agrees")

    display = derivation(entry, check)
    defined = len(entry.definitions)
    assert [(line.left, line.right) for line in display.lines[defined:]] == asked


def test_no_step_of_a_total_derivative_is_written_with_partial_ones():
    # h reads s, which reads x too: D(h[i], x[k]) is no slope of h alone, so the chain rule is given with slopes
    display = derivation(formula(), checker(formula()))
    assert not display.failures
    chain = [(right, rule) for _, right, rule in lines(display) if "chain rule through" in rule]
    assert not any("D(h[" in right and "D(s, x" in right for right, _ in chain)


def test_a_wrong_rule_is_not_shown_and_is_a_failure(monkeypatch):
    # the contraction with a slip: the delta falls away and the sum stays
    def wrong(node):
        return multiply(2, contracted(node))

    monkeypatch.setattr(steps, "contracted", wrong)
    display = derivation(formula(), checker(formula()))
    assert display.failures
    assert "is not shown" in display.failures[0]
    # the algebra, which is no part of the check, finds nothing wrong in what is shown
    for line in display.lines[len(NETWORK) :]:
        assert prove(formula(), replace(formula().claims[0], left=line.left, right=line.right)).equal


def test_lines_that_are_compared_all_at_once_are_sifted_alike(monkeypatch):
    entry, right = formula(), derivation(formula(), checker(formula()))
    display = derivation(entry)
    sift(display, entry)
    assert (lines(display), display.failures, display.notes) == (lines(right), [], [])
    monkeypatch.setattr(steps, "contracted", lambda node: multiply(2, contracted(node)))
    wrong, told = derivation(entry, checker(entry)), derivation(entry)
    sift(told, entry)
    assert told.failures
    assert (lines(told), told.failures, told.notes) == (lines(wrong), wrong.failures, wrong.notes)


def test_what_was_found_of_claims_before_is_not_looked_for_again(monkeypatch):
    entry = formula()
    (claim,) = entry.claims
    before = derivation(entry)
    monkeypatch.setattr(Algebra, "_shown", None)
    assert lines(derivation(entry, known={claim: ()})) == lines(before)
    unproved = derivation(entry, known={claim: None})
    assert not any("claimed form" in rule for _, _, rule in lines(unproved))


def test_a_failed_step_is_exit_status_3_and_loud(monkeypatch):
    monkeypatch.setattr(steps, "contracted", lambda node: multiply(2, contracted(node)))
    run = CliRunner().invoke(command, ["show", "softmax_ce_gradient", "--steps"])
    assert run.exit_code == 3
    assert "a step fails its check and is not shown" in run.stderr


def test_a_step_that_cannot_be_told_is_left_out_with_the_reason():
    display = derivation(formula(), lambda step: Checked("cannot tell", "no time"))
    assert len(display.lines) == len(NETWORK)
    assert all(note.endswith("no time") for note in display.notes)


def test_the_check_refutes_a_wrong_step_and_says_where():
    entry = formula()
    wrong = Claim(entry.claims[0].left, "==", entry.claims[0].right * 2, "twice", entry.place)
    found = checker(entry)(wrong)
    assert (found.says, "n = " in found.reason) == ("differs", True)
    assert checker(entry)(entry.claims[0]) == Checked("agrees")


@pytest.mark.parametrize("name", ["bn_backward", "softmax_ce_gradient", "layer_norm", "conv2d"])
def test_the_derivation_of_an_entry_of_the_catalog_ends_in_its_claimed_forms(name):
    entry = read(shipped(), only={name}).formulas[name]
    display = derivation(entry, checker(entry))
    assert not display.failures
    shown = {(line.left, line.right) for line in display.lines}
    claimed = [c for c in entry.claims if c.origin == "claim" and text(c.left).startswith("D(")]
    assert claimed
    assert {(c.left, c.right) for c in claimed} <= shown


# --------------------------------------------------------------------------------------- single rules


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        (total(Delta(i, k) * x_(i) ** 17, i), x_(k) ** 17),
        (total(Delta(k, i) * x_(i) * x_(j), i, j), total(x_(k) * x_(j), j)),
        (total(x_(i) * (Delta(i, k) + 1), i), x_(k) + total(x_(i), i)),
        # no delta, a delta of other indices, one over another axis: nothing to contract
        (total(x_(i) ** 19, i), total(x_(i) ** 19, i)),
        (total(x_(i) * Delta(j, k), i), total(x_(i) * Delta(j, k), i)),
        (total(x_(i) * Delta(i, c), i), total(x_(i) * Delta(i, c), i)),
    ],
)
def test_a_sum_over_a_delta_keeps_one_term(node, expected):
    assert contracted(node) is expected


def test_a_delta_in_every_case_is_one_delta_outside():
    # sum over i of [x_i > 0] x_i delta(i, k) + [x_i <= 0] 3 delta(i, k) has one term, of k
    def cases(at, then, otherwise):
        return Where(Compare(">", x_(at), number(0)), then, otherwise)

    assert contracted(total(cases(i, x_(i) * Delta(i, k), 3 * Delta(i, k)), i)) is cases(k, x_(k), number(3))
    assert contracted(total(cases(i, Delta(i, k), number(0)), i)) is cases(k, number(1), number(0))
    both = total(cases(i, Delta(i, k), number(1)), i)
    assert contracted(both) is both


def test_the_boundaries_of_a_proof_are_told_once_under_letters():
    # Huber's slope is claimed except where |r| = c, whatever the proof calls the index
    huber = read(shipped(), only={"huber_loss"}).formulas["huber_loss"]
    words = ["".join(map(str, line.rule)) for line in derivation(huber).lines]
    assert "the claimed form, except where c - r[k] = 0 or c + r[k] = 0" in words
    assert not any("#" in rule for rule in words)


@given(st.fractions(min_value=-3, max_value=3), st.fractions(min_value=-3, max_value=3))
def test_powers_of_one_base_are_put_together(first, second):
    # a**p * a**q = a**(p + q) for a > 0
    folded_node = folded(multiply(Power(a, number(first)), Power(a, number(second))))
    expected = power(a, first + second) if first + second else number(1)
    assert folded_node is expected


def test_a_square_under_a_root_keeps_its_sign():
    # (x**2)**(1/2) is |x|, not x
    node = Power(Power(x_(i), number(2)), number(Fraction(1, 2)))
    assert folded(node) is node


def test_the_rules_are_those_that_the_expression_needs():
    entry = quick("f == 0", {"f": "log(sum(exp(x[i]), i))/x[0]"}, x="real[n]")
    (definition,) = entry.definitions
    named = rules(definition.body, entry.inputs[0])
    assert named == ["quotient rule", "derivative of log", "term by term", "derivative of exp"]


# ---------------------------------------------------------------------------------------- one derivative


def show(*arguments):
    return CliRunner().invoke(command, ["show", "softmax_ce_gradient", *arguments])


def test_one_derivative_is_shown_under_the_names_that_were_asked():
    run = show("--of", "D(L, x[a])", "--format", "text")
    assert (run.exit_code, run.stdout) == (0, "D(L, x[a]) == p[a] - y[a]\n")


def test_an_expression_with_derivatives_is_worked_out():
    run = show("--of", "sum(D(L, x[k]), k)", "--format", "text")
    assert (run.exit_code, run.stdout) == (0, "sum(D(L, x[k]), k) == 0\n")


def test_what_cannot_be_read_is_refused_with_its_column():
    run = show("--of", "D(L, q[a])")
    assert run.exit_code != 0
    with pytest.raises(Exception, match="--of:1:6: q is not declared"):
        raise run.exception


def test_steps_of_what_has_no_derivative_are_refused():
    assert show("--of", "L", "--steps").exit_code == 2


def test_the_steps_of_one_derivative_show_only_what_it_needs():
    run = show("--of", "D(L, y[k])", "--steps", "--format", "text")
    assert run.exit_code == 0
    assert "D(L, x[" not in run.stdout
    assert run.stdout.splitlines()[-1].startswith("D(L, y[k]) == -log(p[k])  # ")
