"""Questions in a line: `derive d`, `derive check --claim`, what they infer, and the short forms that they print."""

import json
import math
import re
import shlex

import pytest
import sympy

import derive
from derive import api
from derive.catalog import scope_of
from derive.cli import d as command
from derive.cli import run_command
from derive.errors import CatalogError, UnsupportedError
from derive.expression import add
from derive.forms import shortest as forms
from derive.language.notation import expression as read
from derive.printing.text import text
from derive.question import claims, derivative
from verify.report import Judged

LOGISTIC = "sum(log(1+exp(-y[i]*sum(w[j]*x[i,j], j))), i)"


@pytest.fixture(autouse=True)
def store(tmp_path, monkeypatch):
    monkeypatch.setenv("DERIVE_CACHE", str(tmp_path / "cache"))


def run(capsys, *arguments):
    status = run_command(list(arguments))
    out, err = capsys.readouterr()
    assert "Traceback" not in err
    return status, out, err


def form(expression, *by, define=None):
    question = derivative(expression, by, define=(define or {}).items())
    short = forms.shortest(question.formula, question.wanted)
    return text(short.whole)


def has_form(expression, by, expected, define=None):
    """Whether the short form is what is expected, whatever bound indices are called."""
    question = derivative(expression, [by], define=(define or {}).items())
    whole = forms.shortest(question.formula, question.wanted).whole
    indices = {str(leaf.name): leaf for leaf in question.wanted.free}
    wanted = read(expected, scope_of(question.formula), indices)
    return wanted is whole or text(whole)


# ------------------------------------------------------------------------------- what is inferred


@pytest.mark.parametrize(
    ("expression", "by", "assumed"),
    [
        (LOGISTIC, "w[k]", ("w: real[n]", "x: real[m, n]", "y: real[m]")),
        ("sum(A[i, j]*x[i]*x[j], i, j)", "x[k]", ("A: real[n, n]", "x: real[n]")),
        ("a*b**2", "b", ("a: real", "b: real")),
        ("x*log(x)", "x", ("x: positive",)),
        ("sum(sqrt(x[i]), i)", "x[k]", ("x: positive[n]",)),
        ("x**p", "x", ("p: real", "x: positive")),
        ("x**3 + sqrt(1 + x)", "x", ("x: real",)),
        ("t*log(p) + (1 - t)*log(1 - p)", "p", ("p: unit", "t: real")),
        ("where(x > 0, log(x), x)", "x", ("x: real",)),
        ("delta(i, j)*x[i]*y[j]", "x[k]", ("x: real[m]", "y: real[n]")),
    ],
)
def test_what_is_not_declared_is_inferred_from_its_subscripts(expression, by, assumed):
    assert derivative(expression, [by]).assumed == assumed


def test_what_is_declared_is_not_assumed():
    question = derivative("sum(x[i]*y[i], i)", ["x[k]"], [("x", " positive[K]")])
    assert question.assumed == ("y: real[K]",)
    assert [tensor.domain for tensor in question.formula.inputs] == ["positive", "real"]


def test_a_definition_tells_axes_like_any_other_line():
    question = derivative("-sum(y[i]*log(p[i]), i)", ["x[k]"], (), [("p[i]", "exp(x[i])/sum(exp(x[j]), j)")])
    assert question.assumed == ("x: real[n]", "y: real[n]")


@pytest.mark.parametrize(
    ("expression", "by", "column", "words"),
    [
        ("sum(x[i], i)/n", "x[k]", 14, "n is not declared: is it the length of an axis, or a number?"),
        ("sum(x[i], (i, 1, n))", "x[k]", 5, "nothing says how long x is"),
        ("x[2*i]*y[i]", "y[k]", 1, "nothing says how long x is"),
        ("x[i]*x[i, j]", "x[k]", 6, "x has 2 subscripts here and 1 elsewhere"),
        ("x[i+1]*x[i]", "x[k]", 3, "may leave its axis"),
    ],
)
def test_what_is_not_clear_is_asked_for_at_its_column(expression, by, column, words):
    with pytest.raises(CatalogError) as error:
        derivative(expression, [by])
    assert words in str(error.value)
    assert error.value.place.column == column


@pytest.mark.parametrize(
    ("expression", "by", "column", "words"),
    [
        ("sum(x[i]**2, i)", "y[k]", 1, "y is not declared"),
        ("sum(xs[i]**2, i)", "x[k]", 1, "did you mean xs?"),
        ("e**x", "x", 1, "the exponential is written exp(x)"),
    ],
)
def test_a_slip_is_not_taken_for_an_input(expression, by, column, words):
    with pytest.raises(CatalogError) as error:
        derivative(expression, [by])
    assert words in str(error.value)
    assert error.value.place.column == column
    assert derivative(
        expression, [by], [("e", "positive"), ("x", "real[n]" if "[" in by else "real"), ("y", "real[n]")]
    )


def test_an_expression_may_start_with_a_sign(capsys):
    # d(-x**3)/dx at x = 2 is -12; and -h is still the help
    for line in (["d", "-x**3", "x"], ["d", "--seed", "1", "-h*x", "h"], ["d", "--", "-x", "x"], ["d", "-x", "x"]):
        status, out, err = run(capsys, *line)
        assert (status, err) == (0, ""), line
        assert out.startswith(f"D({line[-2]}, {line[-1]})\n")
    assert run(capsys, "d", "-h")[1].lstrip().startswith("Usage")
    assert run(capsys, "d", "--sed", "1", "x", "x")[0] == 2


def test_the_larger_of_two_inputs_is_no_maximum_over_an_index():
    assert derivative("max(0, x)", ["x"]).assumed == ("x: real",)
    assert derivative("max(x, y)", ["x"]).assumed == ("x: real", "y: real")
    assert derivative("max(x[i], i)", ["x[k]"]).assumed == ("x: real[n]",)


@pytest.mark.parametrize(
    "hostile",
    ["__import__('os')", "x.real", "x\u202e", "lambda: x", "x" * 5000, "(" * 300, "9**9**9**9*x", "[x for x in y]", "",
     "\0", "х", "[bold]x[/bold]"],
)  # fmt: skip
def test_hostile_text_is_refused_at_its_place_wherever_it_stands(capsys, hostile):
    for line in (
        ["d", hostile or " ", "x"],
        ["d", "x", hostile or " "],
        ["d", "x", "x", "--input", f"{hostile}: real"],
        ["d", "x", "x", "--input", f"x: {hostile}"],
        ["d", "x", "x", "--define", f"L: {hostile}"],
        ["d", "x", "x", "--define", f"{hostile}: x"],
        ["check", "--claim", f"{hostile} == x"],
    ):
        status, out, err = run(capsys, *line)
        assert (status, out) == (2, ""), line
        assert err.startswith("derive: ")
        assert ":1:" in err
        assert not {"\u202e", "\0"} & set(err)


def test_an_index_may_be_bound_in_the_expression_and_free_outside():
    assert form("sum(x[i]**2, i)", "x[i]") == form("sum(x[j]**2, j)", "x[i]") == "2*x[i]"


def test_an_array_without_subscripts_gets_letters_that_stand_for_nothing_else():
    assert text(derivative("k*sum(x[i]**2, i)", ["x"]).wanted.by[0]) == "x[j]"


# ---------------------------------------------------------------------------------- short forms


@pytest.mark.parametrize(
    ("expression", "by", "expected"),
    [
        (LOGISTIC, "w[k]", "-sum(x[i, k]*y[i]*sigmoid(-y[i]*sum(w[j]*x[i, j], j)), i)"),
        ("sum((y[i] - sum(w[j]*x[i, j], j))**2, i)/2", "w[k]", "sum(x[i, k]*(sum(w[j]*x[i, j], j) - y[i]), i)"),
        ("sum(y[i]*log(sigmoid(z[i])) + (1 - y[i])*log(1 - sigmoid(z[i])), i)", "z[k]", "y[k] - sigmoid(z[k])"),
        ("sum(tanh(x[i])*g[i], i)", "x[k]", "g[k]*(1 - tanh(x[k])**2)"),
        ("sqrt(sum(x[i]**2, i))", "x[k]", "x[k]/sqrt(sum(x[i]**2, i))"),
        ("sum(abs(x[i]), i)", "x[k]", "sign(x[k])"),
        ("sum(max(0, x[i])**2, i)", "x[k]", "2*max(0, x[k])"),
        ("mean((x[i] - mean(x[j], j))**2, i)", "x[k]", "2*(x[k] - mean(x[j], j))/n"),
        ("sum(softplus(x[i]), i)", "x[k]", "sigmoid(x[k])"),
        ("sum(y[i]*log(p[i]), i)", "p[k]", "y[k]/p[k]"),
        ("1/x", "x", "-1/x**2"),
        ("where(abs(r) < d, r**2/2, d*(abs(r) - d/2))", "r", "where(abs(r) < d, r, d*sign(r))"),
        ("sum(max(0, 1 - y[i]*f[i]), i)", "f[k]", "where(1 - f[k]*y[k] > 0, -y[k], 0)"),
        ("sqrt(x)", "x", "1/(2*sqrt(x))"),
        ("x/(y + 1)**2", "y", "-2*x/(y + 1)**3"),
    ],
)
def test_a_derivative_is_as_short_as_a_person_would_write_it(expression, by, expected):
    assert has_form(expression, by, expected) is True


def test_a_definition_is_read_by_its_name():
    softmax = {"p[i]": "exp(x[i])/sum(exp(x[j]), j)"}
    assert has_form("-sum(y[i]*log(p[i]), i)", "x[k]", "p[k]*sum(y[i], i) - y[k]", softmax) is True


def test_what_repeats_stands_under_a_letter():
    answer = derive.d(
        "sum(g[i]*(x[i] - mean(x[j], j))/sqrt(mean((x[j] - mean(x[l], l))**2, j) + e), i)", "x[k]", e="positive"
    )
    (_, shown), *where = answer.lines
    # what bound indices are called follows who read such a sum first
    assert re.sub("[ijlp]", "i", shown) == "(g[k] - mean(g[i], i))/sqrt(t) - s[k]*mean(g[i]*s[i], i)/t**(3/2)"
    assert re.sub("[ijlp]", "i", str(where)) == "[('s[i]', 'x[i] - mean(x[i], i)'), ('t', 'mean(s[i]**2, i) + e')]"


def test_what_vanishes_is_nought():
    # the deviations from a mean add up to 0, whatever is done with them then
    assert form("sum(x[i] - mean(x[j], j), i)**2 + a", "x[k]") == "0"


def test_the_derivative_of_a_recurrence_has_no_form_in_a_line():
    define = {"m[0]": "0", "m[t]": "b*m[t-1] + g[t]"}
    question = derivative("m[T]", ["b"], [("g", "real[1..T]"), ("b", "real")], define.items())
    with pytest.raises(UnsupportedError, match="the derivative of a recurrence"):
        forms.shortest(question.formula, question.wanted)


def test_no_form_is_taken_that_the_algebra_does_not_prove(monkeypatch):
    # whatever the grouping makes of a normal form, and the rules of the expression: here one more than it is
    grouped, ruled = forms.Grouping.__call__, forms._by_the_rules
    monkeypatch.setattr(forms.Grouping, "__call__", lambda self, p: add(grouped(self, p), 1))
    assert form("sum(tanh(x[i])*y[i], i)", "x[k]") == "y[k]*(1 - tanh(x[k])**2)"
    monkeypatch.setattr(forms, "_by_the_rules", lambda wanted: add(ruled(wanted), 1))
    assert form("sum(tanh(x[i])*y[i], i)", "x[k]").count("exp") > 1
    assert form("sum(x[i]**2, i)", "x[k]") == "2*x[k]"


# An oracle that shares nothing: the functions written by hand, differentiated by central differences.
X, Y = [0.3, -1.1, 0.7], [1.3, 0.2, -0.9]
ORACLES = [
    ("sum(log(1 + exp(-y[i]*x[i])), i)",
     lambda x, y: sum(math.log(1 + math.exp(-b * a)) for a, b in zip(x, y, strict=True))),
    ("sum(x[i]*y[i], i)/sqrt(sum(x[i]**2, i))",
     lambda x, y: sum(a * b for a, b in zip(x, y, strict=True)) / math.sqrt(sum(a * a for a in x))),
    ("log(sum(exp(x[i]*y[i]), i))", lambda x, y: math.log(sum(math.exp(a * b) for a, b in zip(x, y, strict=True)))),
    ("sum(y[i]*tanh(x[i])**3, i)", lambda x, y: sum(b * math.tanh(a) ** 3 for a, b in zip(x, y, strict=True))),
    ("mean(y[i]*(x[i] - mean(x[j], j))**2, i)",
     lambda x, y: sum(b * (a - sum(x) / 3) ** 2 for a, b in zip(x, y, strict=True)) / 3),
]  # fmt: skip


@pytest.mark.parametrize(("expression", "function"), ORACLES, ids=[e for e, _ in ORACLES])
def test_a_short_form_is_the_slope_of_the_function_written_by_hand(expression, function):
    answer = derive.d(expression, "x[k]")
    value = answer.sympy().subs(sympy.Symbol("n", integer=True, positive=True), 3)
    x, y = sympy.IndexedBase("x"), sympy.IndexedBase("y")
    for at in range(3):
        symbolic = value
        for index in [s for s in value.free_symbols if s.name == "k"]:
            symbolic = symbolic.subs(index, at)
        for size in [s for s in symbolic.free_symbols if s.name == "n"]:
            symbolic = symbolic.subs(size, 3)
        symbolic = symbolic.doit()
        given = {e: (X if e.base.name == "x" else Y)[int(e.indices[0])] for e in symbolic.atoms(sympy.Indexed)}
        step = 1e-5
        up, down = ([*X[:at], X[at] + s, *X[at + 1 :]] for s in (step, -step))
        assert float(symbolic.subs(given)) == pytest.approx(
            (function(up, Y) - function(down, Y)) / (2 * step), rel=1e-7
        )
    assert x != y


# ------------------------------------------------------------------------------------- derive d


def test_an_answer_says_the_form_the_verdict_and_what_was_assumed(capsys):
    status, out, err = run(capsys, "d", LOGISTIC, "w[k]", "--no-cache")
    assert (status, err) == (0, "")
    assert "  = -sum(x[i, k]*y[i]*sigmoid(" in out
    assert "  proved   algebra for every size, exact at 13 points to 60 digits, differences at " in out
    assert "  assumed  w: real[n]   x: real[m, n]   y: real[m]\n" in out
    assert "  latex    -\\sum_{i} x_{ik} y_{i}" in out


@pytest.mark.parametrize(
    ("form", "piece"),
    [("latex", "&= 2 x_{k}"), ("unicode", "= 2 xₖ"), ("mathml", "<math "), ("markdown", "```math"), ("sympy", "Eq(")],
)
def test_another_format_stands_alone_on_stdout(capsys, form, piece):
    status, out, err = run(capsys, "d", "sum(x[i]**2, i)", "x[k]", "--format", form)
    assert status == 0
    assert piece in out
    assert "proved" not in out
    assert "proved   algebra" in err
    assert "assumed  x: real[n]" in err


def test_the_code_of_an_answer_is_the_slope_of_the_function_written_by_hand(capsys):
    expression, function = ORACLES[0]
    status, out, err = run(capsys, "d", expression, "x[k]", "--code", "numpy")
    assert status == 0
    assert "proved   algebra" in err
    scope = {}
    exec(out, scope)
    value, saved = scope["forward"](x=X, y=Y)
    assert value == pytest.approx(function(X, Y))
    for at, slope in enumerate(scope["backward"](saved, 1.0)):
        up, down = ([*X[:at], X[at] + s, *X[at + 1 :]] for s in (1e-5, -1e-5))
        assert slope == pytest.approx((function(up, Y) - function(down, Y)) / 2e-5, rel=1e-7)


def test_code_is_written_for_first_derivatives_by_inputs(capsys):
    assert run(capsys, "d", "x**3", "x", "x", "--code", "numpy")[0] == 2
    status, out, err = run(capsys, "d", "p**2", "p", "--define", "p: exp(x)", "--code", "numpy")
    assert (status, out) == (1, "")
    assert "no numpy code: p is defined; gradients are by inputs" in err


def test_json_has_all_of_it(capsys):
    status, out, _ = run(capsys, "d", "sum(x[i]**2, i)", "x[k]", "x[l]", "--format", "json")
    answer = json.loads(out)
    assert status == 0
    assert answer["derivative"] == "D(sum(x[i]**2, i), x[k], x[l])"
    assert (answer["is"], answer["verdict"], answer["assumed"]) == ("2*delta(k, l)", "proved", ["x: real[n]"])
    assert answer["witnesses"]["exact"] == "agrees"


def test_the_second_answer_is_the_first_from_the_store(capsys, monkeypatch):
    first = run(capsys, "d", LOGISTIC, "w[k]")
    monkeypatch.setattr(api, "worked_out", lambda *_: pytest.fail("it was known"))
    assert run(capsys, "d", LOGISTIC, "w[k]") == first


def test_an_answer_in_the_store_is_not_taken_for_another_question():
    question, other = derivative("x**2", ["x"]), derivative("x**3", ["x"])
    _, found = api.worked_out(question)
    assert isinstance(found, Judged)
    assert command.reread(question, [found]).formula.claims[0].text == "D(x**2, x) == 2*x"
    assert command.reread(other, [found]) is None
    assert command.reread(question, []) is None


def test_a_wrong_form_is_a_defect_and_never_shown_as_right(capsys, monkeypatch):
    right = forms.shortest

    def wrong(formula, wanted):
        found = right(formula, wanted)
        return forms.Short(add(found.whole, found.whole), found.form)

    monkeypatch.setattr(forms, "shortest", wrong)
    status, out, _ = run(capsys, "d", "sum(x[i]**2, i)", "x[k]", "--no-cache")
    assert status == 3
    assert "refuted" in out
    assert "proved" not in out
    status, out, err = run(capsys, "d", "sum(x[i]**2, i)", "x[k]", "--no-cache", "--format", "latex")
    assert (status, out) == (3, "")
    assert "refuted" in err


def test_what_has_no_rule_is_not_known(capsys):
    status, out, err = run(capsys, "d", "expect(max(x, z), z, Normal(0, 1))", "x")
    assert (status, out) == (1, "")
    assert err.startswith("derive: no derivative: ")


def test_the_time_has_an_end(capsys):
    slow = "+".join(f"sum(tanh(x[i]*{k})/(1+exp(x[i]**{k})), i)**2" for k in range(2, 30))
    status, out, err = run(capsys, "d", slow, "x[k]", "--timeout", "0.05")
    assert (status, out) == (1, "")
    assert err == "derive: no derivative within 0.05 s\n"


# ------------------------------------------------------------------------------ check --claim


def test_a_claim_in_a_line_is_judged_as_one_of_a_catalog(capsys):
    status, out, err = run(capsys, "check", "--claim", "D(sum(x[i]**2, i), x[k]) == 2*x[k]", "--input", "x: real[n]")
    assert (status, out, err) == (0, "proved    D(sum(x[i]**2, i), x[k]) == 2*x[k]\n", "")


def test_a_wrong_claim_shows_where_and_the_command_that_shows_it_again(capsys):
    line = ["check", "--claim", "D(L, x[k]) == 2.002*x[k]", "--claim", "L >= 0", "--input", "x: real[n]",
            "--define", "L: sum(x[i]**2, i)", "--witness", "algebra,exact"]  # fmt: skip
    status, out, _ = run(capsys, *line)
    assert status == 1
    assert "differ by 0.002 (certified)" in out
    assert "proved    L >= 0" in out
    (again,) = (shown.split("again", 1)[1] for shown in out.splitlines() if "again" in shown)
    assert run(capsys, *shlex.split(again)[1:])[:2] == (1, out.replace("proved    L >= 0\n", ""))


def test_a_claim_past_its_time_is_undecided_and_the_next_is_judged(capsys):
    hard = "D(sum(tanh(x[i])**9/(1 + exp(x[i]))**9, i)**9, x[k], x[l], x[p], x[q], x[r]) == x[k]*x[l]*x[p]*x[q]*x[r]"
    status, out, _ = run(capsys, "check", "--claim", hard, "--timeout", "0.01", "--witness", "algebra,exact")
    assert status == 1
    assert "because  no verdict within 0.01 s" in out


def test_claims_and_names_are_not_mixed(capsys):
    for line in (["bn_backward", "--claim", "x == x"], ["--input", "x: real"]):
        status, _, err = run(capsys, "check", *line)
        assert status == 2
        assert "--claim" in err


def test_the_report_of_a_claim_is_that_of_a_catalog(capsys):
    status, out, _ = run(
        capsys, "check", "--claim", "x <= x + 1", "--output-format", "json", "--witness", "algebra,exact"
    )
    (entry,) = json.loads(out)["formulas"]
    assert status == 0
    assert (entry["name"], entry["claims"][0]["verdict"]) == ("claim", "proved")


def test_claims_share_inputs_and_definitions():
    question = claims(["D(L, x[k]) == x[k]", "L >= 0"], define=[("L", "sum(x[i]**2, i)/2")])
    assert question.assumed == ("x: real[n]",)
    assert [claim.text for claim in question.formula.claims] == ["D(L, x[k]) == x[k]", "L >= 0"]
