"""Wrong twins made by systematic edits: the whole catalog is covered, and none survives."""

from random import Random

import pytest

from derive.catalog import quick, read, shipped
from derive.expression import arena
from derive.printing.text import text
from derive.proof import Algebra
from verify import exact
from verify.slips.mutation import is_edited, mutants
from verify.testimony import Settings

SAMPLE = 300
NAMES = sorted(read(shipped()).formulas)


def twins_of(claim: str, **inputs: str) -> dict[str, str]:
    """The right sides of the twins of a claim, with what was done."""
    formula = quick(claim, **inputs)
    return {text(m.claim.right): m.edit for m in mutants(formula.claims[0])}


def test_each_kind_of_slip_is_among_the_edits():
    twins = twins_of("W[i, j]*x[j]/n - tanh(x[i])**2 == W[i, j]*x[j]/n - tanh(x[i])**2", W="real[n, n]", x="real[n]")
    assert twins["W[i, j]*x[j]/n + tanh(x[i])**2"] == "sign of a term"
    assert twins["W[i, j]*x[j]/n"] == "dropped term"
    assert twins["W[j, i]*x[j]/n - tanh(x[i])**2"] == "transposed"
    assert twins["W[i, j]*x[i]/n - tanh(x[i])**2"] == "swapped index"
    assert twins["W[i, j]*x[j]/(n - 1) - tanh(x[i])**2"] == "n for n - 1"
    assert twins["W[i, j]*x[j] - tanh(x[i])**2"] == "dropped factor"
    assert twins["W[i, j]*x[j]/n - tanh(x[i])"] == "exponent off by one"
    assert twins["W[i, j]*x[j]/n - sigmoid(x[i])**2"] == "function by a neighbour"
    assert "one part in a million" in twins.values()


def test_sums_and_cases_are_edited_inside():
    twins = twins_of("sum(where(x[i] > 0, x[i], 0), i) == sum(where(x[i] > 0, x[i], 0), i)", x="real[n]")
    assert twins["mean(where(x[i] > 0, x[i], 0), i)"] == "reduction by a neighbour"
    assert twins["sum(where(x[i] < 0, x[i], 0), i)"] == "comparison turned"


def test_no_twin_is_the_claim_itself():
    formula = quick("x[i]*y[i] + a == x[i]*y[i] + a", x="real[n]", y="real[n]", a="real")
    assert all(m.claim.right is not formula.claims[0].right for m in mutants(formula.claims[0]))


@pytest.mark.parametrize("part", range(10))
def test_every_mechanical_twin_of_a_fixed_sample_is_refuted_or_true(part: int):
    """Each twin of a fixed sample over the catalog is refuted for certain, or proved to be true all the same."""
    random, alive = Random(part), []
    for name in random.sample(NAMES, SAMPLE // 10):
        with arena():
            formula = read(shipped(), only={name}).formulas[name]
            twins = [m for claim in formula.claims if is_edited(claim) for m in mutants(claim)]
            if not twins:
                continue
            mutant = random.choice(twins)
            says = exact.testify(formula, mutant.claim, Settings()).says
            is_true = Algebra(formula).prove(mutant.claim).equal
            assert not (is_true and says == "differs"), (name, text(mutant.claim.right))
            if says != "differs" and not is_true:
                alive.append((name, mutant.edit, mutant.claim.text, text(mutant.claim.right), says))
    assert alive == []
