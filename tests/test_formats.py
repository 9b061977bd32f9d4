"""Every entry of the catalog in every format, and texts from outside as text in each."""

import re
import xml.etree.ElementTree as ElementTree
from contextlib import suppress
from dataclasses import replace
from html import unescape

import pytest
from displays import displays

from derive.catalog import quick, scope_of
from derive.cli import run_command
from derive.errors import UnsupportedError
from derive.exchange.symbols import to_sympy
from derive.expression import Call, Index, Size, Tensor, axis, element
from derive.language.notation import expression
from derive.printing.blocks import width
from derive.printing.latex import Printer, latex
from derive.printing.mathml import NAMESPACE, mathml
from derive.printing.unicode import unicode
from derive.proof import prove
from derive.show import result

# Presentation elements of https://www.w3.org/TR/mathml-core/
CORE = {
    "math", "mrow", "mi", "mn", "mo", "mtext", "mspace", "mfrac", "msqrt", "msub", "msup", "msubsup", "munder",
    "munderover", "mover", "mtable", "mtr", "mtd",
}  # fmt: skip
ATTRIBUTES = {
    "display",
    "style",
    "displaystyle",
    "form",
    "stretchy",
    "lspace",
    "rspace",
    "width",
    "accent",
    "mathvariant",
}
ARITY = {"mfrac": 2, "msub": 2, "msup": 2, "msubsup": 3, "munder": 2, "munderover": 3, "mover": 2, "msqrt": 1}
PAGE = """
odd:
  title: '<script>alert(1)</script> \\href{javascript:x}{y} [red]$`*_&'
  group: mine
  inputs: {x: "real[n]"}
  define:
    script: sum(x[i]**2, i)
  claims:
    - D(script, x[k]) == 2*x[k]
  source: mine
"""


@pytest.fixture(scope="module")
def shown():
    return displays()


def side(text, **inputs):
    return quick(f"{text} == 0", **inputs).claims[0].left


@pytest.mark.parametrize("form", ["latex", "unicode", "markdown", "text"])
def test_every_entry_prints_in_every_format(form, shown):
    for entry, display in shown:
        made = display.written(form)
        assert bool(made) == (bool(display.lines) or form == "markdown"), entry.name
        assert not re.search(r"[#$]\d|\bNone\b|object at", made), entry.name  # as the engine names what it frees


def test_the_brackets_of_every_latex_are_balanced(shown):
    opening = {"}": "{", r"\right": r"\left", r"\end": r"\begin"}
    for entry, display in shown:
        stack = []
        for mark in re.findall(r"\\left(?![a-z])|\\right(?![a-z])|\\begin|\\end|(?<!\\)[{}]", display.latex()):
            if mark in opening:
                assert stack.pop() == opening[mark], entry.name
            else:
                stack.append(mark)
        assert not stack, entry.name


def test_the_lines_of_a_unicode_layout_are_as_wide_as_the_terminal_at_most_where_they_can_be_broken(shown):
    for entry, display in shown:
        if entry.name in ("bn_backward", "layer_norm", "adam", "softmax_ce_gradient"):
            made = display.unicode(60)
            assert max(map(width, made.splitlines())) <= 60, entry.name


def test_the_mathml_of_every_entry_is_xml_of_core_elements_alone(shown):
    for entry, display in shown:
        if not display.lines:
            continue
        made = display.mathml()
        assert made.isascii()
        for part in ElementTree.fromstring(made).iter():
            space, _, tag = part.tag.removeprefix("{").partition("}")
            assert (space, tag in CORE) == (NAMESPACE, True), entry.name
            assert part.attrib.keys() <= ATTRIBUTES, entry.name
            assert len(part) == ARITY.get(tag, len(part)), entry.name
            assert len(part) == 0 or not (part.text or "").strip()


def test_the_text_of_every_line_reads_back_as_what_it_shows(shown):
    # the text format is the language of the catalog
    for entry, display in shown:
        scope = scope_of(entry)
        for line, read_back in zip(display.lines, display.text().splitlines(), strict=True):
            if any(definition.bases for definition in entry.definitions):
                continue
            left, _, right = (part.strip() for part in re.split(r" (==|<=|>=) (?![^(]*\))", read_back, maxsplit=1))
            free = {str(i.name): i for i in line.left.free | line.right.free if isinstance(i, Index)}
            assert expression(left, scope, free) is line.left, entry.name
            assert expression(right, scope, free) is line.right, entry.name


def test_two_different_claims_of_an_entry_never_look_alike(shown):
    for entry, _ in shown:
        printer = Printer([part for claim in entry.claims for part in (claim.left, claim.right)])
        seen = {}
        for claim in entry.claims:
            line = printer.relation(claim.left, claim.operator, claim.right)
            before = seen.setdefault(line, claim)
            # a mean is written as the sum over n that it is
            for one, two in ((before.left, claim.left), (before.right, claim.right)):
                assert one is two or prove(entry, replace(claim, left=one, right=two)).equal, entry.name


def test_the_sympy_code_runs_and_makes_the_expressions_that_are_handed_out(shown):
    from sympy import expand

    for name in ("bn_backward", "softmax_ce_gradient", "gan_minimax", "scaled_dot_product_attention", "conv2d"):
        display = next(display for entry, display in shown if entry.name == name)
        made, expected = [], []
        scope = {}
        for line in display.sympy().splitlines():
            if line.startswith("from ") or " = " in line.partition("(")[0]:
                exec(line, scope)
            elif line:
                made.append(eval(line, scope))
        for line in display.lines:
            with suppress(UnsupportedError):
                expected.append((to_sympy(line.left), to_sympy(line.right)))
        assert expected
        for equation, sides in zip(made, expected, strict=True):
            assert [expand(side) for side in equation.args] == [expand(side) for side in sides], name


def test_a_symbol_that_has_the_name_of_something_imported_gets_another_variable():
    E = quick("D(E*exp(x), x) == E*exp(x)", E="real", x="real")
    code = result(E).sympy()
    assert "E = Symbol('E', real=True)" in code
    exp = quick("D(Sum*sum(y[i], i), Sum) == sum(y[i], i)", Sum="real", y="real[n]")
    assert "Sum_ = Symbol('Sum', real=True)" in result(exp).sympy()


# ----------------------------------------------------------------------------- texts from outside


def test_a_hostile_title_appears_as_text_in_every_format(capsys, tmp_path):
    (tmp_path / "odd.yaml").write_text(PAGE)
    for form in ("latex", "unicode", "mathml", "markdown", "text", "sympy"):
        assert run_command(["show", str(tmp_path / "odd.yaml"), "--format", form]) == 0
        out = capsys.readouterr().out
        assert not re.search(r"(?<!\\)<script", out)
        assert not re.search(r"(?<!\\)\\href", out)
        if form == "markdown":
            assert out.startswith(r"### \<script\>alert(1)\</script\> \\href\{javascript:x\}\{y\} \[red\]\$\`\*\_\&")


def test_a_control_character_of_a_title_is_made_visible():
    entry = result(quick("D(x**2, x) == 2*x", x="real"))
    entry.title = "a\u202eb\x1b[31m"
    assert entry.markdown().startswith(r"### a\\u\{202e\}b\\u\{1b\}\[31m")


def test_a_remark_is_escaped_in_latex_and_mathml():
    display = result(quick("D(x**2, x) == 2*x", x="real"))
    line = display.lines[0]
    display.lines = []
    display.add(line.left, line.right, rule=("<b> & 50% of \\x {y}_$",))
    assert r"\text{<b> \& 50\% of \textbackslash x \{y\}\_\$}" in display.latex()
    assert "&lt;b&gt;" in display.mathml()
    assert "<b>" not in display.mathml()


# ------------------------------------------------------------------------------ layouts looked at

LOOKED_AT = [
    ("x + 1", "x + 1"),
    ("-x/2", " x\n−─\n 2"),
    ("x/(x + 1)", "  x\n─────\nx + 1"),
    ("sqrt(x + 1)", " ┌─────\n√│x + 1"),
    ("sqrt(x)", "√x"),
    ("x**2", "x²"),
    ("x**(1/3)", " 1/3\nx"),
    ("(x + 1)**2", "(x + 1)²"),
    ("abs(x)", "│x│"),
    ("floor(x/2)", "⎢x⎥\n⎢─⎥\n⎣2⎦"),
    ("exp(-x)", " −x\ne"),
    ("sum(v[i]**2, i)", "∑ vᵢ²\ni"),
    ("mean(v[i], i)", "1\n─ ∑ vᵢ\nn i"),
    ("sum(W[i, b]*v[i], i)", "∑ W   v\ni  ib  i"),
    ("sum(v[i], (i, 1, n - 1))", "n − 1\n  ∑   vᵢ\n i=1"),
    ("prod(v[i], i)", "∏ vᵢ\ni"),
    ("max(v[i], i)", "max vᵢ\n i"),
    ("max(0, x)", "max(0, x)"),
    ("log(x/2)", "   ⎛x⎞\nlog⎜─⎟\n   ⎝2⎠"),
    ("where(x > 0, x, 0)", "⎧x  if x > 0\n⎨0  otherwise\n⎩"),
    ("delta(i, k)*v[i]", "δᵢₖ vᵢ"),
    ("D(x**2, x)", "∂\n── x²\n∂x"),
    ("(1 + 1/x)**2", "⎛    1⎞²\n⎜1 + ─⎟\n⎝    x⎠"),
]


@pytest.mark.parametrize(("text", "expected"), LOOKED_AT, ids=[text for text, _ in LOOKED_AT])
def test_a_terminal_shows_fractions_sums_and_brackets_over_lines(text, expected):
    inputs = {name: kind for name, kind in {"x": "real", "v": "real[n]", "W": "real[n, m]"}.items() if name in text}
    if "delta" in text:
        node = quick("D(v[i], v[k])*v[i] == delta(i, k)*v[i]", v="real[n]").claims[0].right
    elif "[i, b]" in text:
        node = quick(f"{text} == {text}", **inputs).claims[0].left
    else:
        node = side(text, **inputs)
    assert unicode(node) == expected


def test_mathml_has_invisible_operators_for_screen_readers():
    made = mathml(side("x*log(x + 1)", x="real"), "inline")
    assert "<mo>&#x2062;</mo>" in made
    assert "<mi>log</mi><mo>&#x2061;</mo>" in made


def test_a_quotient_in_a_subscript_stands_on_one_line():
    over = axis(Size("n"))
    node = element(Tensor("v", (over,), "real"), Call("floor", Index("i", over) / 2))
    assert latex(node) == r"v_{\left\lfloor i/2\right\rfloor}"


def test_capital_greek_stands_upright_as_in_latex_and_what_is_small_slants():
    made = mathml(side("Phi*phi*Gamma", Phi="real", phi="real", Gamma="real"), "inline")
    assert re.findall(r"<mi[^>]*>[^<]*</mi>", unescape(made)) == [
        '<mi mathvariant="normal">Φ</mi>', "<mi>φ</mi>", '<mi mathvariant="normal">Γ</mi>',
    ]  # fmt: skip
