"""Wrong twins made by systematic edits: the whole catalog is covered, and none survives."""

from collections.abc import Mapping
from dataclasses import replace
from random import Random

import pytest

from derive.catalog import quick, read, shipped
from derive.expression import arena
from derive.printing.text import text
from derive.proof import Algebra
from verify import differences, exact
from verify.judge import judged
from verify.slips.mutation import KINDS, is_edited, mutants
from verify.survey import twins
from verify.testimony import Settings

SAMPLE = 300
NAMES = sorted(read(shipped()).formulas)
UNSHOWN = Settings(is_shown=False)


def twins_of(claim: str, define: Mapping[str, str] | None = None, **inputs: str) -> dict[str, str]:
    """The right sides of the twins of a claim, with what was done."""
    formula = quick(claim, define=define, **inputs)
    return {text(m.claim.right, taken=["i"]): m.edit for m in mutants(formula, formula.claims[0])}


# What is right, what a slip makes of it, and what the slip is called: every kind that a source was seen to make.
SLIPS = [
    ("x[i] - y[i]", "x[i] + y[i]", "sign"),
    ("exp(-x[i])", "exp(x[i])", "sign"),
    ("where(x[i] > 0, -y[i], y[i])", "where(x[i] > 0, y[i], y[i])", "sign"),
    ("a**(-x[i])", "a**x[i]", "sign"),
    ("a*x[i]*y[i]", "a*y[i]", "factor"),
    ("2*x[i]", "x[i]", "factor"),
    ("x[i]/2", "2*x[i]", "factor"),
    ("a + x[i]", "a + 2*x[i]", "factor"),
    ("a + x[i]", "a", "dropped term"),
    ("x[i]/sqrt(y[i]**2 + epsilon)", "x[i]/sqrt(y[i]**2)", "missing epsilon"),
    ("W[i, j]*x[j]", "W[i, j]*x[i]", "swapped index"),
    ("sum(W[i, j]*x[j], j)", "sum(W[i, j]*x[i], j)", "swapped index"),
    ("x[i]*delta(j, i)", "x[i]*delta(i, i)", "swapped index"),
    ("W[i, j]", "W[j, i]", "transposed"),
    ("sum(W[i, j]*x[j], j)", "sum(W[j, i]*x[j], j)", "transposed"),
    ("sum(exp(W[i, j]), j)", "exp(W[i, i])", "axis of a sum"),
    ("x[i]/sum(W[i, k]*y[k], k)", "x[i]/sum(W[j, i]*y[i], j)", "axis of a sum"),
    ("sum(V[i, p], p)*x[i]", "sum(V[i, j], (j, 0, m - 2))*x[i]", "range of a sum"),
    ("sum(V[i, p], p)*x[i]", "sum(V[i, j], (j, 1, m - 1))*x[i]", "range of a sum"),
    ("x[i]/n", "x[i]/(n - 1)", "size"),
    ("x[i]/n", "x[i]/(n + 1)", "size"),
    ("mean(V[i, p], p)*x[i]/n", "mean(V[i, p], p)*x[i]/m", "size"),
    ("x[i] - mean(y[k], k)", "x[i] - sum(y[k], k)/(n - 1)", "size"),
    ("x[i]**2", "x[i]**3", "exponent"),
    ("x[i]**2", "x[i]", "exponent"),
    ("a*x[i]", "a*x[i]**2", "exponent"),
    ("1/sqrt(y[i]**2 + a)", "sqrt(y[i]**2 + a)", "exponent"),
    ("a**x[i]", "a**(x[i] - 1)", "exponent"),
    ("sigmoid(x[i])", "tanh(x[i])", "function"),
    ("tanh(x[i])", "x[i]", "function"),
    ("mean(V[i, p], p)", "sum(V[i, p], p)", "function"),
    ("max(x[i], 0)", "min(x[i], 0)", "function"),
    ("where(x[i] > 0, x[i], 0)", "where(x[i] < 0, x[i], 0)", "case"),
    ("where(x[i] > 0 and y[i] > 0, x[i], 0)", "where(x[i] > 0 or y[i] > 0, x[i], 0)", "case"),
    ("where(x[i] > 0, x[i], 0)", "x[i]", "case"),
    ("x[i]*delta(j, i)", "x[i]", "dropped delta"),
    ("where(x[i] > 6, x[i], 0)", "where(x[i] > 5, x[i], 0)", "number off by one"),
    ("1 - x[i]", "2 - x[i]", "number off by one"),
    ("a*x[i] + y[i]", "a*x[i] + 1000001*y[i]/1000000", "one part in a million"),
    ("exp(a*x[i])", "exp(1000001*a*x[i]/1000000)", "one part in a million"),
    ("where(x[i] > 6, x[i], 0)", "where(x[i] > 3000003/500000, x[i], 0)", "one part in a million"),
    ("0", "1/1000000", "one part in a million"),
]  # fmt: skip
INPUTS = {
    "x": "real[n]", "y": "real[n]", "a": "positive", "epsilon": "positive", "W": "real[n, n]", "V": "real[n, m]",
}  # fmt: skip


@pytest.mark.parametrize(("right", "wrong", "edit"), SLIPS, ids=[f"{edit}: {wrong}" for _, wrong, edit in SLIPS])
def test_each_kind_of_slip_is_among_the_edits(right: str, wrong: str, edit: str):
    is_matrix = "j" in right and ", j)" not in right
    found = twins_of(f"T[i, j] == {right}" if is_matrix else f"u[i] == {right}", T="real[n, n]", u="real[n]", **INPUTS)
    assert found.get(wrong) == edit, [twin for twin, made in found.items() if made == edit]


def test_every_kind_is_tried_here():
    assert {edit for _, _, edit in SLIPS} == set(KINDS)


def test_an_epsilon_that_stands_in_a_definition_is_left_out_too():
    define = {"v": "mean(x[i]**2, i)", "s": "sqrt(v + epsilon)"}
    twins = twins_of("x[k]/s == x[k]/s", define, x="real[n]", epsilon="positive")
    assert twins["x[k]/sqrt(v)"] == "missing epsilon"


def test_no_twin_is_the_claim_itself_and_each_is_made_once():
    formula = quick("x[i]*y[i] + a == x[i]*y[i] + a", x="real[n]", y="real[n]", a="real")
    found = [m.claim.right for m in mutants(formula, formula.claims[0])]
    assert formula.claims[0].right not in found
    assert len(set(found)) == len(found)


def test_a_twin_is_expected_to_fail_and_says_what_it_claims():
    formula = quick("D(a**2, a) == 2*a", a="real")
    made = mutants(formula, formula.claims[0])
    assert {m.claim.expected for m in made} == {"fails"}
    assert "D(a**2, a) == -2*a" in [m.claim.text for m in made]
    assert {m.original.text for m in made} == {"D(a**2, a) == 2*a"}


def test_what_a_sign_or_a_floor_hides_is_no_slip():
    assert "sign(1000001*x[i]/1000000)" not in twins_of("sign(x[i]) == sign(x[i])", x="real[n]")
    assert not [twin for twin in twins_of("floor(a) == floor(a)", a="real") if twin.startswith("floor(1000001")]


@pytest.mark.parametrize("part", range(10))
def test_every_mechanical_twin_of_a_fixed_sample_is_refuted_or_true(part: int):
    """Each twin of a fixed sample over the catalog is refuted for certain, or proved to be true all the same."""
    random, alive = Random(part), []
    for name in random.sample(NAMES, SAMPLE // 10):
        with arena():
            formula = read(shipped(), only={name}).formulas[name]
            made = twins(formula)
            if not made:
                continue
            mutant = random.choice(made)
            says = exact.testify(formula, mutant.claim, UNSHOWN).says
            is_true = Algebra(formula).prove(mutant.claim).equal
            assert not (is_true and says == "differs"), (name, mutant.claim.text)
            if says != "differs" and not is_true:
                alive.append((name, mutant.edit, mutant.original.text, mutant.claim.text, says))
    assert alive == []


def test_a_point_that_nobody_reads_is_not_made_small_but_certified():
    formula = quick("D(sum(x[i]**2, i), x[k]) == 3*x[k]", x="real[n]")
    found = exact.testify(formula, formula.claims[0], UNSHOWN)
    assert found.says == "differs"
    assert found.counterexample is not None
    assert found.counterexample.certified
    shown = exact.testify(formula, formula.claims[0], Settings()).counterexample
    assert shown is not None
    assert len(str(shown.values)) < len(str(found.counterexample.values))


def test_an_inequality_is_not_edited_since_its_twins_may_hold():
    formula = quick(["sum(x[i]**2, i) >= 0", "x[i] == x[i]"], x="real[n]")
    assert [is_edited(claim) for claim in formula.claims] == [False, True]


# Twins that the engine once let live, or over which its witnesses fell out; and what it was that did not see them.
ONCE_ALIVE = [
    # six one-hot vectors, none of them with its last place hot
    ("L == -sum(y[i]*log(p[i]), (i, 0, K - 2))", {"L": "-sum(y[i]*log(p[i]), i)"},
     {"y": "onehot[K]", "p": "simplex[K]"}),
    # six draws of bits, in none of which the last two are both 1
    ("T == sum(p[i]*y[i], (i, 0, n - 2))", {"T": "sum(p[i]*y[i], i)"}, {"p": "binary[n]", "y": "binary[n]"}),
    ("a == (T + F**2)/(T + F + 1)",
     {"T": "sum(p[i]*y[i], i)", "F": "sum(p[i]*(1 - y[i]), i)", "a": "(T + F)/(T + F + 1)"},
     {"p": "binary[n]", "y": "binary[n]"}),
    # floors of integers, the same at half of all points
    ("O == -floor(-(W + 2*P - K)/S)", {"O": "floor((W + 2*P - K)/S) + 1"}, dict.fromkeys("WKPS", "natural")),
    # more components than floats look at, and the one that differs not among them
    ("D(A[j, s], Z[l, r]) == where(Z[j, s] > 1, 1, 0)*delta(j, l)*delta(s, r)", {"A[j, s]": "max(Z[j, s], 0)"},
     {"Z": "real[h, m]"}),
    # a ball around 0 to the third power, which has no value in flint
    ("1 == sum((v[i]*w[j] - v[j]*w[i])**3, i, j)", {}, {"v": "real[n]", "w": "real[n]"}),
    # a branch that was only taken at n = 1, where every delta is 1
    ("D(u[i], g[k]) == where(r < c, 1, c*(delta(i, k) - g[i]*g[k]/r**2)/r)",
     {"r": "sqrt(sum(g[i]**2, i))", "u[i]": "where(r < c, g[i], c*g[i]/r)"}, {"g": "real[n]", "c": "positive"}),
    # a degree of a million, at which flint ends the process
    ("D(s, b) == a*(1/2 - sigmoid(1000001*(a*u + b)/1000000))**2", {"s": "sigmoid(a*u + b)"},
     dict.fromkeys("abu", "real")),
    # a root of the ten-thousandth power of a number, which SymPy would factor
    ("y == x**(1000001*p/1000000)", {"y": "x**p"}, {"x": "positive", "p": "positive"}),
    ("D(y, x) == n*x", {"y": "x**n"}, {"x": "positive", "n": "real"}),
]  # fmt: skip


@pytest.mark.parametrize(("claim", "define", "inputs"), ONCE_ALIVE, ids=[claim for claim, _, _ in ONCE_ALIVE])
def test_a_twin_that_once_lived_is_refuted_by_the_whole_engine(
    claim: str, define: dict[str, str], inputs: dict[str, str]
):
    with arena():
        (found,) = judged(quick(claim, define=define, **inputs), UNSHOWN)
    assert (found.verdict, found.reason) == ("refuted", None)


def test_floats_agree_at_a_counterexample_only_if_they_are_sharp_in_its_component():
    # an error estimate beside a jump of the subscripts hid a millionth in an entry of a mask
    formula = read(shipped(), only={"robinson_compass"}).formulas["robinson_compass"]
    wrong = next(m.claim for m in twins(formula) if "[-1000001/1000000, 0, 1]" in m.claim.text)
    found = exact.testify(formula, wrong, UNSHOWN)
    there = replace(UNSHOWN, at=found.counterexample)
    assert found.says == "differs"
    assert differences.testify(formula, wrong, there).says != "agrees"
