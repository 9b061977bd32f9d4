"""Deep programs: work and memory grow with the number of layers alone, and nothing nests as deep as a net."""

import sys
from pathlib import Path

import pytest

from derive import catalog, expression
from derive.catalog import quick
from derive.proof import Algebra

sys.path.append(str(Path(__file__).parents[1] / "benchmarks"))
from depth import chain

DEPTHS = (30, 60, 120)


def made(depth: int, is_residual: bool) -> tuple[int, int]:
    """How many nodes reading makes, and how many deriving and proving make."""
    with expression.arena():
        before = len(expression._TABLE)
        formula = catalog.formula(chain(depth, is_residual))
        read = len(expression._TABLE)
        algebra = Algebra(formula)
        assert all(algebra.prove(claim).equal for claim in formula.claims)
        return read - before, len(expression._TABLE) - read


@pytest.mark.parametrize("is_residual", [False, True])
def test_the_nodes_made_for_a_net_grow_with_its_depth_alone(is_residual):
    one, two, four = (made(depth, is_residual) for depth in DEPTHS)
    for few, more, most in zip(one, two, four, strict=True):
        assert most - more == pytest.approx(2 * (more - few), rel=0.02)


def test_a_net_deeper_than_python_calls_go_is_derived():
    depth = sys.getrecursionlimit() // 5
    with expression.arena():
        formula = catalog.formula(chain(depth))
        algebra = Algebra(formula)
        assert algebra.prove(formula.claims[0]).equal
        assert len(algebra.resolution.adjoints) > sys.getrecursionlimit()


@pytest.mark.parametrize("depth", [8, 60])
@pytest.mark.parametrize(
    ("right", "wrong"), [("*a{before}[j]", "*a{k}[j]"), ("(1 - u{k}[i]**2)", "(1 - u{k}[i])"), ("- mean(", "+ mean(")]
)
def test_a_wrong_claim_about_a_layer_is_not_proved_at_any_depth(depth, right, wrong):
    text, k = chain(depth), depth // 2
    right, wrong = (part.format(before=k - 1, k=k) for part in (right, wrong))
    claims = text.index("  claims:")
    assert right in text[claims:]
    with expression.arena():
        formula = catalog.formula(text[:claims] + text[claims:].replace(right, wrong))
        changed = [claim for claim in formula.claims if wrong in claim.text]
        assert changed
        assert not any(Algebra(formula).prove(claim).equal for claim in changed)


# (sum over k of g_k**2 with g_k = D(sum(2*u**2), x_k) = 8*x_k**3, by x_j) is 384*x_j**5.
@pytest.mark.parametrize(("factor", "is_right"), [(384, True), (128, False), (256, False)])
def test_a_derivative_goes_through_every_name_in_a_definition_that_holds_another(factor, is_right):
    define = {"u[i]": "x[i]**2", "f": "sum(2*u[i]**2, i)", "g[k]": "D(f, x[k])"}
    formula = quick(f"D(sum(g[k]**2, k), x[j]) == {factor}*x[j]**5", define=define, x="real[n]")
    assert Algebra(formula).prove(formula.claims[0]).equal is is_right
