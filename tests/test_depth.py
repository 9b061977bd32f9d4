"""Deep programs: work and memory grow with the number of layers alone, and nothing nests as deep as a net."""

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from derive import catalog, expression
from derive.catalog import quick
from derive.proof import Algebra
from verify import differences, exact, section, written
from verify.section import in_parts
from verify.steps import checked
from verify.testimony import Settings

sys.path.append(str(Path(__file__).parents[1] / "benchmarks"))
from depth import chain

DEPTHS = (30, 60, 120)
WAYS = {"exact": exact.testify, "sympy": written.testify, "differences": differences.testify}


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


# ------------------------------------------------------------------------------ in numbers, part by part


def heard(formula, claim, witness="exact"):
    return in_parts(WAYS[witness], formula, claim, Settings())


def deep(claims: str, result: str = "sum((t[i] - a11[i])**2, i)/2"):
    """A chain of 12 layers with these claims, and perhaps another result."""
    text = chain(12)
    text = text[: text.index("  claims:")].replace("L: sum((t[i] - a11[i])**2, i)/2", f"L: {result}")
    return catalog.formula(text + "  claims:\n" + "".join(f"    - {claim}\n" for claim in claims.split("; ")))


@pytest.mark.parametrize("witness", WAYS)
def test_a_claim_about_one_layer_of_many_is_tried_on_a_few_definitions(witness):
    formula = catalog.formula(chain(150, is_residual=True))
    for claim in formula.claims[::4]:
        found = heard(formula, claim, witness)
        assert found.says == "agrees", found
        tried, of, whole, _ = found.facts["tried_on"].split()
        assert int(tried) < 40
        assert (of, int(whole)) == ("of", len(formula.definitions))


# D(L, z) = D(L, u)*(1 - u**2) + what else reads z: a second way to the result belongs to the slopes.
@pytest.mark.parametrize(
    "result",
    ["sum((t[i] - a11[i])**2 + z5[i]**2, i)", "sum(t[i]*a11[i]*z5[i], i)", "sum(t[i]*a11[i], i)*mean(z5[i], i)"],
)
def test_a_second_way_from_a_layer_to_the_result_is_not_missed(result):
    formula = deep("D(L, z5[i]) == D(L, u5[i])*(1 - u5[i]**2); D(L, z6[i]) == D(L, u6[i])*(1 - u6[i]**2)", result)
    assert [heard(formula, claim).says for claim in formula.claims] == ["differs", "agrees"]


@pytest.mark.parametrize("wrong", ["(1 - u5[i])", "(1 + u5[i]**2)", "(1 - u5[i]**2)*1001/1000"])
def test_a_wrong_claim_about_a_layer_is_refuted_by_the_whole_net(wrong):
    formula = deep(f"D(L, z5[i]) == D(L, u5[i])*{wrong}")
    found = heard(formula, formula.claims[0])
    assert found.says == "differs"
    assert found.counterexample.certified


def test_a_claim_that_rests_on_more_than_its_part_is_tried_on_the_whole():
    define = {"y0[i]": "x[i]**2", **{f"y{k + 1}[i]": f"y{k}[i] + c" for k in range(50)}}
    formula = quick("y50[i] == x[i]**2 + 50*c", define=define, x="real[n]", c="real")
    found = heard(formula, formula.claims[0])
    assert found.says == "agrees"
    assert "tried_on" not in found.facts
    wrong = quick("y50[i] == x[i]**2 + 51*c", define=define, x="real[n]", c="real")
    assert heard(wrong, wrong.claims[0]).says == "differs"


def test_a_wrong_claim_about_a_net_too_deep_to_be_tried_is_not_agreed_with():
    text = chain(150).replace("(1 - u75[i]**2)", "(1 - u75[i])")
    formula = catalog.formula(text)
    (claim,) = (claim for claim in formula.claims if "(1 - u75[i])" in claim.text)
    for witness in WAYS:
        found = heard(formula, claim, witness)
        assert found.says == "cannot tell"
        assert "too deep to be tried" in found.reason


# v = f(a, b) with slopes in a and b: the chain rule says D(L, v) = the sum over all u that read v of D(L, u)*du/dv.
FORMS = {
    "{a}*{b}": ("{b}", "{a}"),
    "{a} - 2*{b}": ("1", "-2"),
    "exp(-{a}**2)*{b}": ("(-2*{a}*exp(-{a}**2)*{b})", "exp(-{a}**2)"),
    "{a}/(1 + {b}**2)": ("1/(1 + {b}**2)", "(-2*{a}*{b}/(1 + {b}**2)**2)"),
}


@st.composite
def programs(draw):
    """A random program of scalars, of which one is chosen, and the terms of the chain rule for its slope."""
    length = draw(st.integers(6, 12))
    define, terms = {"v0": "x", "v1": "y"}, []
    chosen = draw(st.integers(0, length // 2))
    for k in range(2, length):
        form = draw(st.sampled_from(sorted(FORMS)))
        a, b = (draw(st.integers(max(k - 3, 0), k - 1)) for _ in "ab")
        define[f"v{k}"] = form.format(a=f"v{a}", b=f"v{b}")
        terms += [f"D(L, v{k})*{slope.format(a=f'v{a}', b=f'v{b}')}"
                  for read, slope in zip((a, b), FORMS[form], strict=True) if read == chosen]  # fmt: skip
    define["L"] = f"v{length - 1}**2 + v{length - 2}"
    if chosen == length - 2:
        terms.append("1")
    return define, chosen, terms


@settings(max_examples=40, deadline=None)
@given(programs(), st.integers(0, 5))
def test_parts_of_random_programs_agree_with_the_chain_rule_and_miss_no_term_of_it(program, left_out):
    define, chosen, terms = program
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(section, "DEEP", 3)
        patch.setattr(section, "_MARGIN", 2)
        right = quick(f"D(L, v{chosen}) == {' + '.join(terms or ['0'])}", define=define, x="real", y="real")
        whole = exact.testify(right, right.claims[0], Settings()).says
        assert whole != "differs"
        assert heard(right, right.claims[0]).says == whole
        if terms:
            del terms[left_out % len(terms)]
            wrong = quick(f"D(L, v{chosen}) == {' + '.join(terms or ['0'])}", define=define, x="real", y="real")
            says = exact.testify(wrong, wrong.claims[0], Settings()).says
            assert heard(wrong, wrong.claims[0]).says == says


def test_the_steps_of_a_deep_proof_are_compared_on_their_own_layers():
    formula = catalog.formula(chain(60))
    algebra = Algebra(formula, is_recorded=True)
    claim = formula.claims[5]
    algebra.prove(formula.claims[0])
    known = len(list(algebra.steps))
    assert algebra.prove(claim).equal
    steps = list(algebra.steps)[known:]
    program = list(algebra.derivatives.values())
    found = checked(formula, program, steps, points=1)
    assert not found.wrong
    assert found.right > found.open
    wrong = (SimpleNamespace(rule="none", before=s.before, after=2 * s.after + 1, operator="==") for s in steps)
    assert any("none" in checked(formula, program, [step], points=1).wrong for step in wrong)
