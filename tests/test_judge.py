"""Verdicts from what witnesses say: every combination against the promises."""

import dataclasses
import itertools

import pytest

from derive.catalog import quick
from derive.errors import UnsupportedError
from verify.judge import decide, entry, hear, items, summoned
from verify.testimony import Counterexample, Settings, Testimony

POINT = Counterexample({"n": 2}, {"k": 0}, {"x": ()}, "1.5", "2.5", "1")
SAYINGS = {
    "algebra": ("equal", "cannot tell", None),
    "exact": ("agrees", "differs", "cannot tell", None),
    "sympy": ("agrees", "differs", "cannot tell", None),
    "differences": ("agrees", "differs", "cannot tell", None),
}


def says_so(name, says):
    return Testimony(
        name, says, f"{name} reason", counterexample=POINT if (name, says) == ("exact", "differs") else None
    )


def heard(**says):
    return {name: says_so(name, saying) for name, saying in says.items() if saying is not None}


COMBINATIONS = [dict(zip(SAYINGS, sayings, strict=True)) for sayings in itertools.product(*SAYINGS.values())]


@pytest.mark.parametrize("says", COMBINATIONS, ids=lambda says: "-".join(str(s) for s in says.values()))
def test_every_combination_gets_the_verdict_that_the_promises_allow(says):
    verdict, reason = decide(heard(**says))
    for_it = {name for name, saying in says.items() if saying in ("equal", "agrees")}
    against = {name for name, saying in says.items() if saying == "differs"}
    # one witness against another is a conflict, and nothing else is
    assert (verdict == "conflict") == bool(for_it and against)
    if verdict == "proved":
        assert says["algebra"] == "equal"
        assert not against
        assert says["exact"] in ("agrees", None)
    if verdict == "agrees":
        assert says["exact"] == "agrees"
        assert not against
    if verdict == "refuted":
        assert says["exact"] == "differs"
        assert not for_it
    # undecided is never silent, and nothing is undecided that exact agrees with
    assert (reason is not None) == (verdict in ("undecided", "conflict"))
    if verdict == "undecided":
        assert says["exact"] in ("cannot tell", None)


@pytest.mark.parametrize(
    ("says", "verdict"),
    [
        ({"algebra": "equal", "exact": "agrees", "sympy": "agrees", "differences": "agrees"}, "proved"),
        ({"algebra": "equal", "exact": "agrees", "sympy": "cannot tell", "differences": "cannot tell"}, "proved"),
        ({"algebra": "equal"}, "proved"),
        ({"algebra": "equal", "exact": "cannot tell", "sympy": "agrees"}, "undecided"),
        ({"algebra": "cannot tell", "exact": "agrees", "sympy": "agrees", "differences": "agrees"}, "agrees"),
        ({"algebra": "cannot tell", "exact": "differs", "sympy": "differs", "differences": "differs"}, "refuted"),
        ({"algebra": "cannot tell", "exact": "differs", "sympy": "cannot tell"}, "refuted"),
        ({"algebra": "cannot tell", "exact": "differs", "sympy": "agrees"}, "conflict"),
        ({"algebra": "equal", "exact": "differs"}, "conflict"),
        ({"algebra": "equal", "exact": "agrees", "differences": "differs"}, "conflict"),
        ({"exact": "agrees", "sympy": "differs"}, "conflict"),
        ({"exact": "cannot tell", "differences": "differs"}, "undecided"),
        ({"differences": "differs"}, "undecided"),
        ({"sympy": "differs"}, "undecided"),
        ({"sympy": "agrees", "differences": "agrees"}, "undecided"),
        ({}, "undecided"),
    ],
)
def test_a_verdict_is_the_one_that_the_design_names(says, verdict):
    assert decide(heard(**says))[0] == verdict


def test_an_exact_witness_without_a_certified_point_refutes_nothing():
    bare = Testimony("exact", "differs")
    doubtful = Testimony("exact", "differs", counterexample=dataclasses.replace(POINT, certified=False))
    for found in (bare, doubtful):
        verdict, reason = decide({"exact": found})
        assert verdict == "undecided"
        assert "certified" in reason


def test_an_undecided_claim_gives_the_reason_of_the_exact_witness():
    _, reason = decide({"exact": Testimony("exact", "cannot tell", "the domain has no points")})
    assert reason == "the domain has no points"


@pytest.mark.parametrize(
    ("expected", "verdict", "as_expected"),
    [
        ("holds", "proved", True),
        ("holds", "agrees", True),
        ("holds", "refuted", False),
        ("holds", "undecided", False),
        ("holds", "conflict", False),
        ("fails", "refuted", True),
        ("fails", "proved", False),
        ("fails", "agrees", False),
        ("fails", "undecided", False),
        ("fails", "conflict", False),
    ],
)
def test_undecided_never_passes_and_a_claim_that_fails_must_be_refuted(expected, verdict, as_expected):
    claim = dataclasses.replace(quick("x == x", x="real").claims[0], expected=expected)
    assert entry(claim, verdict, None, heard(exact="differs")).as_expected is as_expected


# ----------------------------------------------------------------------------- asking at the same point


def panel(at_the_point):
    """An exact witness that has a counterexample, and a SymPy that agrees elsewhere."""

    def exact(claim, settings):
        return says_so("exact", "differs")

    def sympy(claim, settings):
        return says_so("sympy", at_the_point if settings.at is POINT else "agrees")

    return {"exact": exact, "sympy": sympy}


@pytest.mark.parametrize(
    ("at_the_point", "verdict"), [("differs", "refuted"), ("cannot tell", "refuted"), ("agrees", "conflict")]
)
def test_only_a_witness_that_agrees_at_the_counterexample_itself_contradicts_it(at_the_point, verdict):
    # a factor 1 + (n - 2)*(n - 3) is right at n = 2 and n = 3: to agree there is no contradiction
    claim = quick("x == x", x="real").claims[0]
    assert decide(hear(panel(at_the_point), claim, Settings()))[0] == verdict


# ----------------------------------------------------------------------------------- broken witnesses


@pytest.mark.parametrize(
    ("error", "reason", "is_broken"),
    [
        (UnsupportedError("no rule for Expect"), "no rule for Expect", False),
        (RecursionError(), "the expression is nested too deeply", False),
        (MemoryError(), "out of memory", False),
        (ZeroDivisionError("oops"), "internal error: ZeroDivisionError: oops", True),
    ],
)
def test_a_witness_that_raises_cannot_tell_and_says_why(error, reason, is_broken):
    def broken(claim, settings):
        raise error

    found = hear({"exact": broken}, quick("x == x", x="real").claims[0], Settings())["exact"]
    assert (found.says, found.reason) == ("cannot tell", reason)
    assert ("broken" in found.facts) is is_broken


def test_the_algebra_is_asked_through_its_proof():
    formula = quick(["D(sum(x[i]**2, i), x[k]) == 2*x[k]", "D(sum(x[i]**2, i), x[k]) == 3*x[k]"], x="real[n]")
    algebra = summoned(formula, Settings(witnesses=("algebra",)))["algebra"]
    right, wrong = (algebra(claim, Settings()) for claim in formula.claims)
    assert right.says == "equal"
    assert wrong.says == "cannot tell"
    assert wrong.reason


def test_a_proof_tells_what_it_read_and_by_which_rules_it_went():
    # x y = x (x + 1) holds where y is read, and D(y, x) == 1 without.
    claims = ["x*y == x**2 + x", "D(x, x) == 1", "x*y == x**2 + x + 1"]
    formula = quick(claims, define={"y": "x + 1"}, x="real")
    algebra = summoned(formula, Settings(witnesses=("algebra",)))["algebra"]
    read, named, wrong = (algebra(claim, Settings()).facts for claim in formula.claims)
    assert (read["read"], read["chained"]) == (["y"], False)
    assert "definition" in read["steps"]
    assert named["read"] == []
    assert "read" not in wrong


def test_a_text_of_several_lines_is_one_line_in_the_report():
    claim = dataclasses.replace(quick("x == x", x="real").claims[0], text="x ==\n      x\n")
    assert entry(claim, "proved", None, {}).claim == "x == x"


def test_worked_examples_are_left_to_the_exact_witness():
    formula = dataclasses.replace(quick("x == x", x="real"), examples=("an example",))
    assert len(items(formula, Settings())) == 2
    assert len(items(formula, Settings(witnesses=("algebra",)))) == 1
