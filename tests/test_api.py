"""`import derive`: formulas, verdicts and derivatives as Python code asks for them."""

import math

import numpy as np
import pytest
import sympy

import derive
from derive import compiled
from derive.catalog import quick
from derive.compiled import UnexpectedCode, look_over
from derive.errors import CatalogError
from derive.selection import UnknownWord

MINE = """
squares:
  title: "Sum of <b>squares</b> & \\"more\\""
  group: tests
  inputs: {x: "real[n]", a: real}
  define:
    L: a*sum(x[i]**2, i)
  claims:
    - D(L, x[k]) == 2*a*x[k]
    - D(L, a) == sum(x[i]**2, i)
  printed:
    - {latex: '3x', says: "D(L, x[k]) == 3*a*x[k]", from: nowhere, holds: no}
  source: "none \\"\\"\\" + __import__('os').abort()"
"""


@pytest.fixture
def mine(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(MINE)
    return path


# ------------------------------------------------------------------------------------------ check


def test_a_gradient_off_by_one_part_in_a_thousand_is_refuted():
    # d/dx sum x_i^2 = 2 x_k, not 2.002 x_k
    verdict = derive.check("D(sum(x[i]**2, i), x[k]) == 2.002*x[k]", x="real[n]")
    assert verdict.is_refuted
    assert not verdict
    assert "claimed" in verdict.message
    assert "n = " in verdict.message
    assert (
        "again    derive check --claim 'D(sum(x[i]**2, i), x[k]) == 2.002*x[k]' --input 'x: real[n]'" in verdict.message
    )
    point = verdict.counterexample
    # an oracle of its own: both sides at that very point
    value = float(sympy.Rational(point.values["x"][point.indices["k"]]))
    assert float(point.derived) == pytest.approx(2 * value)
    assert float(point.claimed) == pytest.approx(2.002 * value)


def test_the_right_gradient_is_proved():
    verdict = derive.check("D(L, x[k]) == 2*x[k]", define={"L": "sum(x[i]**2, i)"}, x="real[n]")
    assert verdict
    assert verdict.is_proved
    assert verdict.counterexample is None
    assert verdict.witnesses == {"algebra": "equal", "exact": "agrees", "sympy": "agrees", "differences": "agrees"}
    assert verdict.assumed == ()


def test_what_the_exact_witness_does_not_speak_of_is_undecided_and_no_pass():
    verdict = derive.check("D(sum(x[i]**2, i), x[k]) == 2.002*x[k]", witnesses=["algebra"])
    assert verdict.is_undecided
    assert not verdict
    assert "the exact witness was not asked" in verdict.reason
    assert verdict.assumed == ("x: real[n]",)


def test_a_file_is_judged_as_the_catalog_expects(mine):
    verdict = derive.check(mine)
    assert verdict.is_proved
    assert verdict.is_as_expected
    (entry,) = verdict.parts
    assert [part.verdict for part in entry.parts] == ["proved", "proved", "refuted"]


def test_the_gravest_verdict_is_that_of_the_whole(mine):
    mine.write_text(MINE.replace("== sum(x[i]**2, i)", "== sum(x[i], i)"))
    verdict = derive.check(mine)
    assert verdict.is_refuted
    assert not verdict.is_as_expected
    assert "again    derive check" in verdict.message


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("x = y",), "no formula or group is called x = y"),
        (("x == ",), "not an expression"),
        (("x == y^2",), "a power is written x**2"),
        (("x == \\u202e",), "is not part of the language"),
        (("bn_backwards",), "did you mean bn_backward"),
    ],
)
def test_what_cannot_be_read_is_refused(arguments, words):
    with pytest.raises((CatalogError, UnknownWord)) as error:
        derive.check(*arguments)
    assert words in str(error.value)


def test_a_witness_that_there_is_not_and_inputs_of_a_name_are_refused():
    with pytest.raises(CatalogError, match="is no witness"):
        derive.check("x == x", witnesses=["oracle"])
    with pytest.raises(CatalogError, match="go with a claim"):
        derive.check("bn_backward", x="real")


# ------------------------------------------------------------------------------------------- load


def test_a_formula_answers_by_its_name():
    formula = derive.load("softmax_ce_gradient")
    assert "D(L, x[k]) == p[k] - y[k]" in formula.claims
    assert repr(formula).startswith("<formula softmax_ce_gradient: ")
    assert "\\begin{align*}" in formula.latex()
    assert formula.latex("x[k]") == "p_{k} - y_{k}"
    assert "\\frac{\\partial L}{\\partial p" in formula.steps()


@pytest.mark.parametrize("words", [("x[k]",), ("L", "x[k]"), ("D(L, x[k])",)])
def test_a_derivative_is_a_sympy_expression_however_it_is_asked_for(mine, words):
    formula = derive.load("squares", mine)
    found = formula.derivative(*words)
    (element,), (a,) = found.atoms(sympy.Indexed), [s for s in found.free_symbols if str(s) == "a"]
    assert str(element) == "x[k]"
    assert found - 2 * a * element == 0


def test_a_derivative_that_nobody_claims_is_derived(mine):
    formula = derive.load("squares", mine)
    assert str(formula.derivative("L", "x[k]", "a")) == "2*x[k]"
    assert str(formula.derivative("L**2", "a")) == "2*a*Sum(x[i], (i, 0, n - 1))**2".replace("x[i]", "x[i]**2")


@pytest.mark.parametrize("words", [(), ("z",), ("L", "x[k"), ("__import__('os')",), ("L", "n"), ("\0",), ("D(L, y)",)])
def test_what_a_formula_cannot_be_asked_is_refused(mine, words):
    with pytest.raises(CatalogError):
        derive.load("squares", mine).derivative(*words)


def test_a_name_that_there_is_not_is_refused_with_the_nearest(mine):
    with pytest.raises(UnknownWord, match="did you mean bn_backward"):
        derive.load("bn_bakward")
    with pytest.raises(UnknownWord):
        derive.load("cubes", mine)
    with pytest.raises(CatalogError, match="is a group of"):
        derive.load("losses")
    with pytest.raises((CatalogError, OSError)):
        derive.load("squares", mine.with_name("nosuch.yaml"))


def test_a_notebook_gets_latex_and_escaped_html(mine):
    formula = derive.load("squares", mine)
    assert formula._repr_latex_() == formula.latex()
    html = formula._repr_html_()
    assert "Sum of &lt;b&gt;squares&lt;/b&gt; &amp;" in html
    assert "<math " in html
    answer = derive.d("sum(x[i]**2, i)", "x[k]")
    assert answer._repr_latex_() == "$\\displaystyle 2 x_{k}$"
    assert "<math " in answer._repr_html_()
    verdict = derive.check("x <= x + 1", witnesses=["algebra", "exact"])
    assert verdict._repr_html_().startswith("<pre>proved    x &lt;= x + 1")


# --------------------------------------------------------------------------------------- function


def test_the_function_of_a_formula_is_its_value_and_its_gradients():
    function = derive.load("softmax_ce_gradient").function("numpy")
    x, y = np.array([0.2, -1.3, 0.7]), np.array([0.5, 0.2, 0.3])
    p = [math.exp(v) / sum(map(math.exp, x)) for v in x]
    assert float(function(x, y)) == pytest.approx(-sum(b * math.log(a) for a, b in zip(p, y, strict=True)))
    assert function.gradient(2.0, x, y=y)[0] == pytest.approx(2 * (np.array(p) - y))
    assert "def forward(" in function.source


def test_a_hostile_title_or_source_is_only_text(mine):
    function = derive.load("squares", mine).function()
    assert float(function(np.array([1.0, 2.0]), 3.0)) == 15.0


def test_one_of_several_values_is_named():
    formula = derive.load("entropy")
    with pytest.raises(CatalogError, match="has the values H, S; name one, as in of='H'"):
        formula.function()
    assert float(formula.function(of="H")(np.array([0.5, 0.5]))) == pytest.approx(math.log(2))
    with pytest.raises(CatalogError, match="functions are made for numpy"):
        formula.function("os")


@pytest.mark.parametrize(
    "text",
    ["import os", "import numpy as np\nnp.load('x')", "eval('1')", "x = ().__class__", "(lambda: 1)()", "f = np.memmap",
     "import numpy.f2py", "from os import system", "[x for x in y]", "getattr(np, 'load')", "np['load']('x')()",
     "def f():\n    yield 1", "__builtins__", "def __import__(x):\n    return x", "np.load.x(1)", "class A:\n    pass",
     "with open('x') as f:\n    f.read()", "async def f():\n    return 1", "global x", "import numpy as np, os"],
)  # fmt: skip
def test_a_text_that_our_printer_would_not_write_is_not_run(text):
    with pytest.raises(UnexpectedCode):
        look_over(text, {"numpy"})


def test_a_generated_text_is_looked_over_before_it_runs(monkeypatch):
    monkeypatch.setattr(compiled, "source", lambda *_: "import os\ndef forward(x):\n    return os.abort()\n")
    with pytest.raises(UnexpectedCode, match="an import in line 1"):
        compiled.compiled(quick("D(x**2, x) == 2*x", x="real"))


# ---------------------------------------------------------------------------------------------- d


def test_a_derivative_in_every_format():
    answer = derive.d("sum(log(1 + exp(x[i])), i)", "x[k]")
    assert str(answer) == "sigmoid(x[k])"
    assert answer.verdict.is_proved
    assert answer.assumed == ("x: real[n]",)
    assert answer.latex() == "\\sigma\\left(x_{k}\\right)"
    assert str(answer.sympy()) in ("1/(1 + exp(-x[k]))", "exp(x[k])/(exp(x[k]) + 1)")
    assert "= σ" in answer.unicode()
    assert answer.mathml().startswith("<math ")
    assert answer.written("latex").startswith("\\begin{align*}")


def test_a_derivative_with_definitions_and_domains():
    answer = derive.d("-sum(y[i]*log(p[i]), i)", "x[k]", define={"p[i]": "exp(x[i])/sum(exp(x[j]), j)"}, y="simplex[K]")
    assert str(answer) == "p[k] - y[k]"
    assert answer.assumed == ("x: real[K]",)


@pytest.mark.parametrize(
    "arguments",
    [("x",), ("x", "y["), ("1 +", "x"), ("x", "x.y"), ("x", "\u202e"), ("3", "x"), ("x", "'x'"), ("x" * 5000, "x")],
)
def test_a_question_that_is_none_is_refused(arguments):
    with pytest.raises(CatalogError):
        derive.d(*arguments)


def test_what_there_is_not_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'nosuch'"):
        derive.nosuch  # noqa: B018
    assert {"check", "d", "load", "Verdict", "__version__"} <= {*dir(derive)}
