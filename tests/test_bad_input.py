"""What is refused, with the reason, the place and the nearest right thing; nothing crashes and nothing is run."""

import random
import string
from pathlib import Path

import pytest

from derive import catalog
from derive.catalog import quick
from derive.errors import CatalogError
from derive.language.spelling import ELSEWHERE
from derive.question import claims

INPUTS = {"x": "real[n]", "W": "real[m, d]", "a": "real", "b": "real", "k0": "integer", "g": "real[1..T]"}


def refused(claim: str, define: dict[str, str] | None = None, **inputs: str) -> CatalogError:
    with pytest.raises(CatalogError) as caught:
        quick(claim, define, **(inputs or INPUTS))
    return caught.value


def pointed_at(problem: CatalogError) -> str:
    """The text from the caret on."""
    return problem.place.source[problem.place.column - 1 :]


def test_an_index_over_two_sizes_shows_both_uses_and_the_declarations():
    text = """
bad:
  title: t
  group: g
  inputs: {x: "real[n]", W: "real[m, d]"}
  define:
    z[j]: sum(W[i, j]*x[i], i)
  claims: [1 == 1]
  source: s
"""
    (problem,) = catalog.read(text, "catalog.yaml").errors
    assert str(problem) == (
        "catalog.yaml:7:15: index i runs over n in x[i] but over m in W[i, j]  [D301]\n"
        "    z[j]: sum(W[i, j]*x[i], i)\n"
        "              ^\n"
        "    sizes: x is real[n], W is real[m, d]"
    )


# What is claimed, a part of the reason, and what the caret stands under.
CLAIMS = [
    # Python that is no formula
    ("__import__('os').system('x') == a", "__import__ is not a name", "__import__"),
    ("a.__class__ == a", "attributes, methods and dots", ".__class__"),
    ("x.sum() == a", "attributes, methods and dots", ".sum"),
    ("(lambda: 1)() == a", "write lam", "lambda"),
    ("f'{a}' == a", "strings are not part", "'{a}"),
    ('"a" == a', "strings are not part", '"a"'),
    ("[i for i in x] == a", "sum(e, i)", "for i"),
    ("(a := 3) == a", "nothing is assigned", ":= 3"),
    ("exp(*x) == a", "a starred value", "*x"),
    ("exp(v=a) == a", "left == right", "=a"),
    ("exp(a)(b) == a", "by their names", "exp"),
    ("exp(a)[0] == a", "has subscripts", "exp(a)[0]"),
    ("x[0][0] == a", "has subscripts", "x[0][0]"),
    ("x[0:1] == a", "a colon", ":1"),
    ("a if b else a == a", "where(condition, a, b)", "if b"),
    ("{a} == a", "group with ( )", "{a}"),
    ("... == a", "dots", "..."),
    ("a @ b == a", "sum(A[i, j]*B[j, k], j)", "@"),
    ("a; b == a", "one expression at a time", ";"),
    ("print(a) == a", "unknown function print", "print"),
    ("a # b == a", "a comment", "#"),
    ("1j == a", "a product is written with *", "j"),
    ("0x1F == a", "a product is written with *", "x1F"),
    ("1_000 == a", "_000 is not a name", "_000"),
    ("True == a", "no truth values", "True"),
    # near misses
    ("a^2 == b", "a power is written x**2", "^"),
    ("a = b", "left == right", "="),
    ("2a == b", "a product is written with *", "a =="),
    ("a b == 1", "a product is written with *", "b"),
    ("a == b == 1", "one equation", "a"),
    ("a < b", "left == right, left <= right or left >= right", "<"),
    ("a", "one equation", "a"),
    ("x[i == a", "[ is never closed", "[i"),
    ("x[0]) == a", ") closes nothing", ")"),
    ("(a] == a", "] closes nothing", "]"),
    ("a == \u0445[0]", "\u0445 (U+0445) is not part of the language: names and signs are ASCII; write x", "\u0445"),
    ("a == \u2212b", "U+2212", "\u2212b"),
    ("a == b\u200b", "U+200B", "\ufffd"),
    ("a \u2264 b", "write <=", "\u2264"),
    ("", "an expression is missing", ""),
    # names
    ("c0 == a", "c0 is not declared", "c0"),
    ("xx[0] == a", "xx is not declared (did you mean x?)", "xx"),
    ("softmax(x)[i] == a", "unknown function softmax; write exp(x[i])/sum(exp(x[j]), j)", "softmax"),
    ("ln(a) == b", "unknown function ln; write log(x)", "ln"),
    ("argmax(a) == b", "unknown function argmax (did you mean max?)", "argmax"),
    ("tanh(x)[i] == a", "write tanh(x[i])", "tanh"),
    ("W[i][j] == a", "write W[i, j]", "W["),
    ("(a + b)(a - b) == 1", "a product is written with *", "(a + b)"),
    ("exp a == b", "a function is called with brackets: exp(x)", "a =="),
    ("dx == a", "dx is not declared; a derivative is written D(x, x) or D(x, x[i])", "dx"),
    ("W_ij == a", "W_ij is not declared; an element of W is written W[i, j]", "W_ij"),
    ("sum(x_i**2, i) == a", "perhaps sum(x[i]**2, i) == a", "i) =="),
    ("x^T == a", "a transposed matrix is written A[j, i]", "^"),
    ("sigmod(a) == b", "unknown function sigmod (did you mean sigmoid?)", "sigmod"),
    ("a(2) == b", "a is an input, not a function; a product is written with *", "a(2)"),
    ("x(0) == b", "its elements are x[i]", "x(0)"),
    ("exp == b", "exp is a function, not a value", "exp"),
    ("exp(a, b) == b", "exp takes 1 argument, got 2", "exp(a"),
    # subscripts and indices
    ("x[0, 0] == a", "x takes 1 subscript, got 2 in x[0, 0]", "x[0, 0]"),
    ("x == a", "x is real[n]; an element is x[i]", "x =="),
    ("x == a", "x takes 1 subscript, got none", "x =="),
    ("a[0] == b", "a takes no subscripts", "a[0]"),
    ("n[0] == a", "n is a size and has no subscripts", "n[0]"),
    ("x[i + 1] == x[i]", "subscript i + 1 of x[i + 1] may leave its axis", "i + 1"),
    ("x[a] == b", "indices, sizes and integers", "a]"),
    ("x[i/2] == x[i]", "indices, sizes and integers", "i/2"),
    ("a == x[i]", "index i is free on the right only", "i]"),
    ("W[i, j] == x[j]*0 + a", "index j runs over n in x[j] but over d in W[i, j]", "W[i, j]"),
    ("W[i, j] == sum(W[i, l], l)", "index j is free on the left only", "j] =="),
    ("sum(x[i], i)*x[i] == x[i]", "i is bound here and free elsewhere", "i)*"),
    ("sum(x[i]*sum(x[i], i), i) == 1", "bound around this already", "i), i)"),
    ("sum(x[i], i, i) == 1", "bound twice", "i, i)"),
    ("sum(x[i], n) == 1", "n is a size, not an index", "n)"),
    ("sum(x[i], a) == 1", "a is an input, not an index", "a)"),
    ("sum(x[i], 3) == 1", "sum runs over indices", "3)"),
    ("sum(a) == 1", "sum runs over indices", "sum(a)"),
    ("sum(a, i) == 1", "nothing says what index i runs over", "i)"),
    ("sum(a, (i, b, n)) == 1", "bounds are made of indices, sizes and integers", "b, n"),
    ("sum(a, (i, 3, n)) == 1", "not shown to run forwards", "3, n"),
    ("sum(1/i, (i, 1, 10**9)) == 1", "a range of more than 10000 values", "1, 10"),
    ("D(x[2*i]**2, x[2*i]) == 1", "nothing says what index i runs over", "i]**2"),
    # conditions
    ("where(a, 1, 2) == b", "a condition is a comparison", "a, 1"),
    ("where(a < b, 1) == b", "where(condition, a, b)", "where"),
    ("(a < b) + 1 == b", "only in where", "a < b"),
    ("-(a and b) == 1", "only in where", "a and"),
    # derivatives
    ("D(a**2, k0) == 0", "no derivative by k0, which is integer", "k0"),
    ("D(a**2, n) == 0", "by an input or a definition, not by n", "n)"),
    ("D(x[k], k) == 0", "by an input or a definition, not by k", "k)"),
    ("D(a, 3) == 0", "by an input or a definition, not by 3", "3)"),
    ("D(3, a) == 0", "nothing to differentiate: 3 reads no input", "3, a"),
    ("D(n**2, a) == 0", "nothing to differentiate", "n**2"),
    ("D(a**2) == 0", "D(f, x)", "D(a"),
    ("D(sum(x[i], i), x[n - 1]) == 1", "plain indices or numbers", "x[n - 1]"),
    ("D(sum(x[i], i), x) == 1", "x takes 1 subscript", "x)"),
    # numbers
    ("9**9**9 == a", "beyond 4096 bits", "9**9"),
    ("a**9**9 == b", "a power beyond 400", "9**9"),
    ("2**5000 == a", "beyond 4096 bits", "2**5000"),
    ("2**(2**(2**(2**9))) == a", "beyond 4096 bits", "2**(2"),
    ("(a**400)**400 == b", "beyond 4096 bits", "(a"),
    ("2**(3**(2*100)) == a", "beyond 4096 bits", "2**"),
    ("2**a**b**a**b == a", "beyond 4096 bits", "a**b**a**b"),
    ("1e401 == a", "beyond 4096 bits or 1e400", "1e401"),
    ("1e99999999 == a", "beyond 4096 bits or 1e400", "1e99999999"),
    ("1/0 == a", "division by zero", "0"),
    ("a/(1 - 1.0 + 0) == b/(0*2)", "division by zero", "0*2"),
    ("0**0 == a", "undefined", "0**0"),
    # expectations
    ("expect(z, z, 3) == 0", "expect(e, z, Normal(mean, deviation))", "expect"),
    ("expect(a, a, Normal(0, 1)) == 0", "a is an input", "a, Normal"),
]  # fmt: skip


@pytest.mark.parametrize(("claim", "reason", "under"), CLAIMS, ids=[claim for claim, _, _ in CLAIMS])
def test_a_bad_claim_is_refused_at_its_place(claim: str, reason: str, under: str):
    problem = refused(claim)
    assert reason in str(problem)
    assert pointed_at(problem).startswith(under)


def test_an_index_on_the_wrong_axis_is_offered_its_place():
    # W x, with the subscripts of W the wrong way round
    problem = refused("sum(W[j, i]*x[j], j) == 0", x="real[d]", W="real[m, d]")
    assert problem.notes[-1] == "perhaps W[i, j]"
    assert not any("perhaps" in note for note in refused("sum(W[i, i], i) == 0").notes)


ENTRY = """\
bad:
  title: t
  group: g
  inputs: {x: "real[n]"}
  define: {L: "sum(x[i]**2, i)"}
  claims: ["D(L, x[k]) == 2*x[k]"]
  source: s
"""


@pytest.mark.parametrize(
    ("right", "wrong", "says"),
    [
        ("  group", "\tgroup", "lines are indented with spaces, not tabs"),
        ("  group", "   group", "the fields of an entry start in one column"),
        ("title: t", "title: Loss: half", "a text with `: ` in it is quoted"),
        ('"real[n]"', "real[n]", "or a leading * & ! % @ ` is quoted"),
        ('"real[n]"', '"float[n]"', "a vector real[n], a matrix real[m, n]"),
        ("define", "definitions", "unknown field definitions (did you mean define?)"),
        ("D(L, x[k])", "dL/dx[k]", "a derivative is written D(L, x) or D(L, x[i])"),
    ],
)
def test_a_slip_in_yaml_is_told_what_to_do_about_it(right: str, wrong: str, says: str):
    assert not catalog.read(ENTRY, "catalog.yaml").errors
    problem = catalog.read(ENTRY.replace(right, wrong, 1), "catalog.yaml").errors[0]
    assert says in str(problem)


def test_a_missing_delta_is_offered():
    # d(x_i^2)/dx_k = 2 x_i [i = k]
    problem = refused("D(x[i]**2, x[k]) == 2*x[i]", x="real[n]")
    assert problem.notes == ("perhaps the factor delta(i, k) is missing on the right",)


# As people write from memory, and what is offered in its place. Nothing is offered where it might mean two things.
OFFERS = [
    ("a^2 == b", "a**2 == b"),
    ("D(a^2, a) = 2a", "D(a**2, a) == 2*a"),
    ("a == x[i]^2 b", "a == x[i]**2*b"),
    ("e^{-a} == b", "exp(-a) == b"),
    ("e^a == b", "exp(a) == b"),
    ("np.log(a) == b", "log(a) == b"),
    ("a == torch.sum(x[i], i)", "a == sum(x[i], i)"),
    ("a == sum(x[i] for i in range(n))", "a == sum(x[i], i)"),
    ("a == sum(x_i^2, i)", "a == sum(x[i]**2, i)"),
    ("a == ∑(xᵢ², i)", "a == sum(x[i]**2, i)"),
    ("||x - y||^2 == a", "sum((x[i] - y[i])**2, i) == a"),
    ("‖x‖₂ == a", "sqrt(sum(x[i]**2, i)) == a"),
    ("|a| == b", "abs(a) == b"),
    ("√a == b", "sqrt(a) == b"),
    ("2λa == b", "2*lam*a == b"),
    ("ŷ − x₁ == a", "y_hat - x1 == a"),
    ("exp a - log x[0] == b", "exp(a) - log(x[0]) == b"),
    ("(a + b)(a - b) == 1/2 a", "(a + b)*(a - b) == 1/2*a"),
    ("1/2 sum(x[i], i) == a", "1/2*sum(x[i], i) == a"),
    ("x_{i} == W_{ij}", "x[i] == W[i, j]"),
    ("1{a > 0} b == a", "where(a > 0, 1, 0)*b == a"),
    ("log a b == 1", None),
    ("x^T W == a", None),
    ("x.T == a", None),
    ("np.sum(x) == a", None),
    ("\\frac{a}{b} == 1", None),
    ("open(a)^2 == b", None),
]


@pytest.mark.parametrize(("claim", "offer"), OFFERS, ids=[claim for claim, _ in OFFERS])
def test_the_nearest_right_thing_is_offered_and_never_taken(claim: str, offer: str | None):
    offers = [note.removeprefix("perhaps ") for note in refused(claim).notes if note.startswith("perhaps ")]
    assert offers == ([] if offer is None else [offer])


@pytest.mark.parametrize("here", sorted({here for here in ELSEWHERE.values() if here}))
def test_what_is_offered_for_a_function_of_other_libraries_is_in_the_language(here: str):
    # an equation of it with itself is read, with inputs as its subscripts tell
    (claim,) = claims([f"{here} == {here}"]).formula.claims
    assert claim.left is claim.right


@pytest.mark.parametrize(
    "claim",
    [
        "+".join(["a"] * 60_000) + " == a",
        "(" * 10_000 + "a" + ")" * 10_000 + " == a",
        "1" * 3000 + " == a",
        "(" * 150 + "a" + ")" * 150 + " == a",
        "-" * 3000 + "a == b",
        "not " * 900 + "a == b",
        "**".join("a" * 900) + " == b",
        "exp(" * 120 + "a" + ")" * 120 + " == b",
        "a" * 100 + " == 1",
        " % ".join("a" * 200) + " == b",
        " // ".join("a" * 200) + " == b",
        "where(a<b, 1, " * 99 + "a" + ")" * 99 + " == " + "-a" * 500 + "[" * 101,
    ],
    ids=lambda claim: claim[:12],
)
def test_what_is_too_long_or_too_deep_is_refused_before_it_is_parsed(claim: str):
    problem = refused(claim)
    assert any(word in problem.message for word in ("limit", "deeper", "beyond", "more than"))
    assert len(str(problem)) < 600


def test_long_chains_and_a_hundred_brackets_are_read():
    quick("(" * 90 + "a" + ")" * 90 + " == " + " + ".join(["a"] * 900), a="real")
    quick("*".join(["a"] * 900) + " == " + "exp(" * 90 + "a" + ")" * 90, a="real")


# Left and right sides in order, a part of the reason, and what the caret stands under.
DEFINITIONS = [
    ({"p": "q", "q": "p"}, "q is defined only further down", "q"),
    ({"p": "p + 1"}, "p reads itself and has no first step", "p + 1"),
    ({"m0[t]": "m0[t - 1] + g[t]"}, "has no first step", "m0[t - 1]"),
    ({"m0[0]": "0"}, "has first steps only", "m0[0]"),
    ({"m0[0]": "0", "m0[t]": "m0[t] + g[t]"}, "not shown to be an earlier step than t", "m0[t]"),
    ({"m0[0]": "0", "m0[t:1..T]": "m0[T - t] + 1"}, "not shown to be an earlier step", "m0[T - t]"),
    ({"m0[0]": "0", "m0[t:2..T]": "m0[t - 1]"}, "do not lead up to the step", "m0[0]"),
    ({"m0[0]": "0", "m0[2]": "1", "m0[t:3..T + 2]": "m0[t - 1]"}, "do not lead up to the step", "m0[0]"),
    ({"m0[0]": "m0[0]", "m0[t]": "m0[t - 1] + g[t]"}, "m0 is not declared", "m0[0]"),
    ({"m0[0, 0]": "0", "m0[t, i]": "m0[t - 1, i] + g[t]*x[i]"}, "one number", "m0[0, 0]"),
    ({"x": "a"}, "x is an input already", "x"),
    ({"n": "a"}, "n is a size already", "n"),
    ({"exp": "a"}, "exp is a function already", "exp"),
    ({"pi": "a"}, "pi is a constant already", "pi"),
    ({"p": "sum(x[i], i)", "i": "a"}, "i is an index already", "i"),
    ({"p": "a", "q": "b", "p[i]": "x[i]"}, "p is a definition already", "p[i]"),
    ({"p": "a", "p[i]": "x[i]"}, "p is defined twice", "p[i]"),
    ({"p[i]": "a"}, "nothing says what index i runs over; give its axis as i:n", "i]"),
    ({"p[i]": "x[i]*x[j]"}, "index j is free in the body and not on the left", "j]"),
    ({"p[i, i]": "W[i, i]"}, "index i stands twice on the left", "i, i"),
    ({"p[n]": "x[0]"}, "n is a size, not an index", "n]"),
    ({"p[i + 1]": "x[i]"}, "a subscript on the left is an index", "i + 1"),
    ({"p[i:m]": "x[i]"}, "may leave its axis", "i]"),
    ({"p[i:3..1]": "x[i]"}, "no point", "3..1"),
    ({"p[i]": "sum(x[i], i)"}, "i is bound here and free elsewhere", "i)"),
    ({"2p": "a"}, "the left side of a definition", "2p"),
    ({"p.q": "a"}, "the left side of a definition", "p.q"),
    ({"lambda": "a"}, "write lam", "lambda"),
    ({"H": "[[a, 1], [2]]"}, "every row of a list has the same length", "[2]"),
    ({"H": "[a, [1]]"}, "a literal list", "[1]"),
    ({"H": "[x[i]]"}, "index i is free in a literal array", "i]"),
    ({"H": "[]"}, "an empty list", "[]"),
    ({"q": "D(3, a)"}, "nothing to differentiate", "3"),
]


@pytest.mark.parametrize(("define", "reason", "under"), DEFINITIONS, ids=[str(d) for d, _, _ in DEFINITIONS])
def test_a_bad_definition_is_refused_at_its_place(define: dict[str, str], reason: str, under: str):
    problem = refused("a == a", define)
    assert reason in str(problem)
    assert pointed_at(problem).startswith(under)


@pytest.mark.parametrize(
    ("declared", "reason", "under"),
    [
        ("reals[n]", "unknown domain reals (did you mean real?)", "reals"),
        ("spd[n, m]", "no point: spd has two equal axes at the end, not n and m", "spd"),
        ("spd[n]", "spd needs 2 axes or more", "spd"),
        ("simplex", "simplex needs 1 axis or more", "simplex"),
        ("simplex[n - 1]", "no point", "n - 1"),
        ("real[3..1]", "no point", "3..1"),
        ("real[0]", "no point", "0"),
        ("real[n - 2]", "no point", "n - 2"),
        ("real[n", "domain[axes]", "real[n"),
        ("real[]", "an expression is missing", "]"),
        ("real[n/2]", "an axis is made of sizes and integers", "n/2"),
        ("real[9**9**9]", "beyond 4096 bits", "9**9**9"),
        ("real[10**9]", "more than 10000 places", "10**9"),
        ("real[pi]", "pi is a constant, not a size", "pi"),
        ("real[n, exp]", "exp is a function, not a size", "exp"),
        ("real[n*n*n*n*n*n]", "too many terms", "n*n"),
        ("", "domain[axes]", ""),
    ],
)
def test_a_domain_without_points_or_meaning_is_refused(declared: str, reason: str, under: str):
    problem = refused("1 == 1", x0=declared)
    assert reason in str(problem)
    assert pointed_at(problem).startswith(under)


def test_a_name_is_one_thing_only():
    assert "x is a size already" in str(refused("1 == 1", y="real[x]", x="real"))
    assert "delta is a function already" in str(refused("1 == 1", delta="real"))
    assert "i is an index, not a size" in str(refused("1 == 1", {"p": "sum(y[i], i)", "q[j:i]": "1"}, y="real[n]"))


def test_no_text_crashes_the_reader():
    pieces = [*"abxWin0129.+-*/%()[],<>=! ", "**", "sum(", "D(", "x[i]", "W[i, j]", ", i)", "where(", "==", "exp(",
              "(i, 1, n)", "\u00e9", "\n", "lambda", "'", "1e5", "max(", "\\"]  # fmt: skip
    chance = random.Random(7)
    refusals = []
    for _ in range(2000):
        text = "".join(chance.choices(pieces, k=chance.randint(1, 14)))
        try:
            quick(text, **INPUTS)
        except CatalogError as problem:
            refusals.append(problem)
    assert len(refusals) > 1500
    assert all(str(problem).startswith("claim:") for problem in refusals)


def test_no_file_crashes_the_reader():
    whole = Path(catalog.shipped()).read_text(encoding="utf-8")
    sound = whole[whole.index("# ---") :][:6000]
    chance = random.Random(8)
    for _ in range(50):
        spoilt = list(sound)
        for _ in range(chance.randint(1, 6)):
            position = chance.randrange(len(spoilt))
            spoilt[position] = chance.choice([*string.printable, "", "\0", "\u202e", "[" * 30, "&a ", "*a", "\ud800"])
        found = catalog.read("".join(spoilt), "spoilt.yaml")
        assert found.formulas or found.errors
        assert all(str(problem) for problem in found.errors)
