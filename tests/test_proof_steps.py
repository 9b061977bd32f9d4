"""Every step of a proof is compared in exact arithmetic by a check that shares nothing with the search."""

import pytest
from defects import Monkey

from derive.algebra import contraction, normal, powers, relations, rules, sums
from derive.algebra.polynomial import UNIT
from derive.algebra.steps import LAWS, Step, law_of
from derive.catalog import quick, read, shipped
from derive.expression import Call, add, multiply, number, power
from derive.proof import Algebra
from verify.judge import judged
from verify.steps import checked
from verify.testimony import Settings

ALGEBRA_ALONE = Settings(witnesses=("algebra",))
VECTOR = {"x": "real[n]"}

# A formula for each kind of step: deltas, one-hot and simplex sums, cases, roots, recurrences, expectations.
NAMES = (
    "softmax_cross_entropy", "bn_backward", "layer_norm", "attention_context", "l2_normalization", "relu", "huber_loss",
    "conv2d", "average_pooling", "lstm_cell", "momentum", "exponential_moving_average", "kl_two_gaussians",
    "logistic_regression_gradients", "summed_area_table", "layer_chain_rule", "bn_gradients", "cosine_similarity",
    "sigmoid_saturation",
)  # fmt: skip


def proved(claim, define=None, **inputs):
    formula = quick(claim, define=define, **inputs)
    algebra = Algebra(formula, is_recorded=True)
    assert algebra.prove(formula.claims[0]).equal
    return formula, algebra


@pytest.mark.parametrize("name", NAMES)
def test_every_step_of_the_proofs_of_a_formula_is_right(name):
    catalog = read(shipped(), "catalog.yaml", {name})
    formula = next(iter(catalog.formulas.values()))
    algebra = Algebra(formula, is_recorded=True)
    proofs = [algebra.prove(claim) for claim in formula.claims]  # all of them: no short cut
    assert any(proof.equal for proof in proofs)
    found = checked(formula, list(algebra.derivatives.values()), list(algebra.steps))
    assert not found.wrong
    assert found.right > 20
    assert found.right + found.open == len(algebra.steps)
    assert found.open <= len(algebra.steps) / 3


def test_an_algebra_that_nobody_checks_records_nothing():
    formula = quick("sum(x[i], i) == sum(x[j], j)", **VECTOR)
    algebra = Algebra(formula)
    assert algebra.prove(formula.claims[0]).equal
    assert algebra.steps is None


def test_a_wrong_step_is_found_and_told_with_both_sides():
    # exp(a + b) is exp(a)*exp(b), not exp(a) + exp(b)
    formula, _ = proved("exp(x + y) == exp(x)*exp(y)", x="real", y="real")
    a, b = formula.claims[0].left.argument.terms
    right = Step("exponential of a sum", Call("exp", add(a, b)), multiply(Call("exp", a), Call("exp", b)))
    wrong = Step("exponential of a sum", Call("exp", add(a, b)), add(Call("exp", a), Call("exp", b)))
    assert checked(formula, [], [right]).right == 1
    found = checked(formula, [], [right, wrong])
    assert found.right == 1
    assert "exponential of a sum: exp(x + y) == exp(x) + exp(y)" in found.wrong
    assert "is not" in found.wrong


def test_a_step_that_is_off_by_one_part_in_a_million_is_wrong():
    formula, _ = proved("x*x == x**2", x="real")
    square = formula.claims[0].right
    off = Step("multiply out", square, multiply(number(1) + power(number(10), number(-6)), square))
    assert checked(formula, [], [off]).wrong


def test_a_step_without_a_value_is_open_and_not_right():
    # log(-1 - x**2) has no value anywhere
    formula, _ = proved("x*x == x**2", x="real")
    nowhere = Call("log", add(-1, multiply(-1, formula.claims[0].right)))
    found = checked(formula, [], [Step("law of the function", nowhere, add(nowhere, nowhere))])
    assert (found.right, found.open, found.wrong) == (0, 1, "")


def test_every_law_of_the_algebra_has_a_name():
    for law in (*relations.RELATIONS.values(), *contraction.REWRITES, normal.relation_of_choice):
        assert law_of(law) == LAWS[law.__name__]
    kinds = set(rules.RULES) - set(rules.NAMES)
    assert {kind.__name__ for kind in kinds} == {"Number", "Constant", "Size", "Variable", "Index"}


# ------------------------------------------------------------------ a wrong rule, and nobody else to see it


def wrong_power(monkeypatch):
    """(a*b)**-1 as a**-1 * b**-2."""
    real = powers.inverse
    monkeypatch.setattr(powers, "inverse", lambda ring, p: real(ring, ring.product(p, p) if len(p.terms) > 1 else p))


def wrong_square(monkeypatch):
    """A product of two sums that comes out twice too large."""
    real = normal.Normalizer.product

    def product(ring, a, b):
        return real(ring, a, b).scaled(2 if len(a.terms) > 1 and len(b.terms) > 1 else 1)

    monkeypatch.setattr(normal.Normalizer, "product", product)


def wrong_sum(monkeypatch):
    """A sum of what does not depend on the index as if the axis had one element more."""
    real = sums._count
    monkeypatch.setattr(sums, "_count", lambda ring, indices: real(ring, indices) + UNIT)


def wrong_simplex(monkeypatch):
    """The elements of any array add up to 1."""
    monkeypatch.setattr(contraction, "is_distribution_over", lambda atom, index: atom.tensor.axes[-1] is index.axis)


@pytest.mark.parametrize(
    ("plant", "claim", "inputs"),
    [
        (wrong_power, "1/(x + y) == 1/(y + x)", {"x": "positive", "y": "positive"}),
        (wrong_square, "(x + y)*(x + y) == (y + x)*(x + y)", {"x": "real", "y": "real"}),
        (wrong_sum, "sum(x, (i, 1, n)) == sum(x, (j, 1, n))", {"x": "real", "z": "real[n]"}),
        (wrong_simplex, "sum(x[i], i) == sum(x[j], j)", VECTOR),
    ],
    ids=["power", "square", "sum", "simplex"],
)  # fmt: skip
def test_a_wrong_rule_behind_a_right_claim_is_a_conflict(monkeypatch: Monkey, plant, claim, inputs):
    # Both sides are bent alike, so the claim comes out right and no other witness objects: only the steps tell.
    def found():
        return next(iter(judged(quick(claim, **inputs), Settings(witnesses=("algebra", "exact")))))

    assert found().verdict == "proved"
    plant(monkeypatch)
    caught = found()
    assert caught.verdict == "conflict"
    assert "a step of the proof is wrong" in caught.reason


def test_without_the_check_the_same_wrong_rule_goes_unseen(monkeypatch: Monkey):
    wrong_sum(monkeypatch)
    formula = quick("sum(x, (i, 1, n)) == sum(x, (j, 1, n))", x="real", z="real[n]")
    (found,) = judged(formula, Settings(witnesses=("algebra", "exact"), steps=False))
    assert found.verdict == "proved"


def test_a_slope_of_a_slope_is_followed_through_the_definition_that_holds_it():
    # f = 2*u**2 with u = x**2, so g = D(f, x) = 8*x**3 and D(g**2, x) = 384*x**5; 128 forgets how D(f, u) moves
    define = {"u": "x**2", "f": "sum(2*u**2*o[i], i)/n", "g": "D(f, x)"}
    inputs = {"x": "real", "o": "sign[n]"}
    right, wrong = "D(g**2, x) == 384*x**5*(sum(o[i], i)/n)**2", "D(g**2, x) == 128*x**5*(sum(o[i], i)/n)**2"
    formula = quick([right, wrong], define=define, **inputs)
    found, bad = judged(formula, Settings(witnesses=("algebra", "exact")))
    assert (found.verdict, bad.verdict) == ("proved", "refuted")
    algebra = Algebra(formula, is_recorded=True)
    assert algebra.prove(formula.claims[0]).equal
    compared = checked(formula, list(algebra.derivatives.values()), list(algebra.steps))
    assert not compared.wrong
    assert compared.open == 0
