"""Stable forms are equal to the formula, which the algebra proves, and keep every value finite in float32 too."""

import numpy as np
import pytest
from exports import exported, module_of, run

from derive.catalog import formula, quick
from derive.export import plan, printed, writer
from derive.export.stable import CHEAPER, RULES, Stable
from derive.expression import Call, number
from derive.formula import Claim
from derive.proof import Algebra

# One use of each rule: what is read, what it becomes.
USES = {
    "tanh_of_quotient": ("(exp(x) - exp(-x))/(exp(x) + exp(-x))", "tanh(x)"),
    "sigmoid_of_quotient": ("1/(1 + exp(-x))", "sigmoid(x)"),
    "log_of_product": ("log(prod(v[i], i))", "sum(log(v[i]), i)"),
    "log_of_exponential": ("log(exp(x)/p)", "x - log(p)"),
    "log_of_sigmoid": ("log(1 - sigmoid(x))", "-softplus(x)"),
    "softplus_of_log": ("log(1 + exp(x))", "softplus(x)"),
    "log_sum_exp": ("log(sum(exp(w[i]), i))", "max(w[i], i) + log(sum(exp(w[i] - max(w[j], j)), i))"),
    "shifted_quotient": (
        "exp(x)/sum(exp(w[i]), i)",
        "exp(x - max(w[j], j))/sum(exp(w[i] - max(w[j], j)), i)",
    ),
    "complement_of_sigmoid": ("1 - sigmoid(x)", "sigmoid(-x)"),
    "complement_of_tanh": ("1 - tanh(x)**2", "4*sigmoid(2*x)*sigmoid(-2*x)"),
    "log1p_of_log": ("log(1 + p)", "log1p(p)"),
    "expm1_of_exp": ("exp(x) - 1", "expm1(x)"),
    "centred_variance": ("mean(w[i]**2, i) - mean(w[i], i)**2", "mean((w[i] - mean(w[j], j))**2, i)"),
    "one_power_less": ("p**(x - 1)", "p**x/p"),
}
INPUTS = {"x": "real", "p": "positive", "v": "positive[n]", "w": "real[n]"}


def test_every_rule_has_a_use_here():
    assert {rule.__name__ for rule in (*RULES, *CHEAPER)} == set(USES)


@pytest.mark.parametrize("name", USES)
def test_a_rule_gives_an_equal_form_and_the_algebra_proves_it(name):
    before, after = USES[name]
    entry = quick(f"{before} == {after}", **INPUTS)
    (claim,) = entry.claims
    (rule,) = [rule for rule in (*RULES, *CHEAPER) if rule.__name__ == name]
    found = rule(claim.left, lambda part: None)
    assert found is not None
    for right in (found, claim.right):
        assert Algebra(entry).prove(Claim(claim.left, "==", right, "", claim.place)).equal


def test_a_rule_that_is_wrong_is_not_used():
    entry = quick("log(1 + x**2) == 0", x="real")
    algebra = Algebra(entry)

    def proved(left, right):
        return algebra.prove(Claim(left, "==", right, "", entry.place)).equal

    def wrong(node, body):
        return number(1) if isinstance(node, Call) else None

    node = entry.claims[0].left
    assert Stable(lambda part: None, proved, (wrong,))(node) is node


def test_every_rewriting_in_the_catalog_is_proved_again_on_its_own():
    used = [(name, step) for name in exported() for step in module_of(name).rewritings]
    assert len({step.rule for _, step in used}) >= 8
    for name, step in used[::7]:
        entry = module_of(name).formula
        assert Algebra(entry).prove(Claim(step.before, "==", step.after, "", entry.place)).equal, (name, step.rule)


LOGITS = [-1e4, -100.0, -1.0, 0.5, 90.0, 1e4]


@pytest.mark.parametrize(
    "name",
    ["softmax", "log_softmax", "log_sum_exp", "softplus", "sigmoid", "softmax_cross_entropy", "log_average_pool"],
)
@pytest.mark.parametrize("is_single", [False, True])
def test_logits_up_to_ten_thousand_leave_everything_finite(name, is_single):
    made = writer(module_of(name), "numpy", is_single)
    scope = run(made.source(), name)
    for routine in module_of(name).routines:
        given = {"y": np.eye(6)[0], "g": np.arange(6.0), "beta": 1.0, "c": 0.5}
        inputs = [given[t.name] if t.name in given else np.array(LOGITS) for t in routine.inputs]
        with np.errstate(over="raise", invalid="raise", divide="raise"):
            value, saved = scope[made.name("forward", routine)](*inputs)
            g = np.ones(np.shape(value))
            gradients = scope[made.name("backward", routine)](saved, g)
        for array in (value, *(gradients if isinstance(gradients, tuple) else (gradients,))):
            assert np.all(np.isfinite(array))


@pytest.mark.parametrize(
    ("name", "slope"),
    [("tanh", lambda x: 1 / np.cosh(x) ** 2), ("sigmoid", lambda x: 1 / (2 * np.cosh(x / 2)) ** 2)],
)
@pytest.mark.parametrize("target", ["numpy", "torch", "jax"])
def test_the_slope_of_what_saturates_keeps_its_digits(name, slope, target):
    # tanh' = 1/cosh^2 and sigmoid' = 1/(2 cosh(x/2))^2, where 1 - y^2 keeps no digit of float32 from 9 on
    library = pytest.importorskip({"jax": "jax.numpy"}.get(target, target))
    scope = run(writer(module_of(name), target, True).source(), name)
    x = np.array([-40.0, -15.0, -9.5, -2.0, 0.0, 0.3, 9.5, 15.0, 40.0], np.float32)
    whole = library.tensor if target == "torch" else library.asarray
    _, saved = scope["forward"](whole(x))
    found = np.asarray(scope["backward"](saved, whole(np.ones(9, np.float32))))
    assert found.dtype == np.float32
    truth = slope(x.astype(float))
    assert np.all(np.abs(found - truth) <= 4 * 2.0**-23 * truth)
    assert not np.all(np.abs((1 - np.tanh(x) ** 2) - 1 / np.cosh(x.astype(float)) ** 2) <= 1e-2 / np.cosh(x) ** 2)


HOSTILE = '''
evil:
  title: 'A """ quote, a \\ at the end, a /* comment */ and ??/ too \\'
  group: mine
  inputs: {double: "real[size_t]", forward: "real", g: "positive"}
  define:
    np[i]: forward*double[i]**2/g
    main: sum(np[i], i)
  claims:
    - D(main, double[k]) == 2*forward*double[k]/g
  source: 'x""" + __import__("os").system("true") + """ */ int main(void) { return 1; } /*'
'''


@pytest.mark.parametrize("target", ["numpy", "torch", "jax"])
def test_texts_of_a_catalog_stay_texts_and_names_of_any_kind_are_names(target):
    import ast

    text = printed(plan(formula(HOSTILE)), target)
    tree = ast.parse(text)
    assert isinstance(tree.body[0], ast.Expr)
    assert not [n for n in ast.walk(tree) if isinstance(n, ast.Name) and n.id in ("__import__", "os", "system")]
    assert "system" in ast.get_docstring(tree)


def test_numpy_computes_under_names_that_the_code_needs_itself():
    scope = run(printed(plan(formula(HOSTILE)), "numpy"), "evil")
    value, saved = scope["forward"]([1.0, 2.0], 3.0, 2.0)
    assert value == 7.5
    assert np.allclose(scope["backward"](saved, 1.0), [3.0, 6.0])


def test_a_comment_in_c_cannot_be_ended_from_a_catalog(tmp_path):
    import shutil
    import subprocess

    if shutil.which("gcc") is None:
        pytest.skip("no gcc here")
    (tmp_path / "evil.c").write_text(printed(plan(formula(HOSTILE)), "c"))
    flags = ["-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic", "-O2", "-c"]
    subprocess.run(["gcc", *flags, "-o", str(tmp_path / "evil.o"), str(tmp_path / "evil.c")], check=True)
    symbols = subprocess.run(["nm", str(tmp_path / "evil.o")], capture_output=True, text=True).stdout
    assert " T main" not in symbols
