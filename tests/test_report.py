"""The report: its JSON against the published schema, and what a terminal shows of it."""

import io
import json
from fractions import Fraction

import jsonschema
import msgspec
import pytest

from derive.selection import visible
from verify import terminal
from verify.outcome import status
from verify.report import (
    Entry,
    Judged,
    Point,
    Refused,
    Witnesses,
    decoded,
    encoded,
    plain,
    point,
    report,
    said,
    schema,
    summary,
)
from verify.testimony import Counterexample, Testimony

FOUND = Counterexample(
    sizes={"K": 2},
    indices={"k": 0},
    values={"x": (Fraction(1, 3), Fraction(-5, 7)), "y": (Fraction(2, 5), Fraction(3, 5))},
    derived="0.340312345678912345",
    claimed="1.140312345678912345",
    difference="0.8",
)


def witnesses(**testimonies):
    said_by = {name: said(testimonies.get(name)) for name in ("algebra", "exact", "sympy", "differences")}
    return Witnesses(**said_by)


def judged(verdict="proved", expected="holds", **more):
    return Judged(
        claim=more.pop("claim", "D(L, x[k]) == p[k] + y[k]"),
        origin=more.pop("origin", "claim"),
        expected=expected,
        verdict=verdict,
        as_expected=verdict in (("proved", "agrees") if expected == "holds" else ("refuted",)),
        where="catalog.yaml:131:7",
        witnesses=more.pop("witnesses", witnesses()),
        **more,
    )


def entry(*claims, name="softmax_ce_gradient", group="losses"):
    return Entry(name, group, "catalog.yaml:120:1", list(claims))


REFUTED = judged("refuted", counterexample=point(FOUND), diagnosis="the sign of y[k]")
UNDECIDED = judged("undecided", reason="a branch was never reached")
CONFLICT = judged(
    "conflict",
    reason="algebra says equal, but exact says differs",
    witnesses=witnesses(
        algebra=Testimony("algebra", "equal", "", {"rules": ["a sum is finite"]}),
        exact=Testimony("exact", "differs", "", {"points": 3, "digits": 60, "sizes": [{"n": 3}]}, FOUND),
    ),
)
FULL = [entry(judged(), REFUTED, UNDECIDED), entry(CONFLICT, judged("agrees"), name="other", group="norms")]


# ----------------------------------------------------------------------------------------------- JSON


def test_the_report_follows_its_published_schema():
    value = json.loads(encoded(report(7, FULL, [Refused("a.yaml:1:1", "a.yaml:1:1: no")], 1.5)))
    jsonschema.Draft202012Validator.check_schema(schema())
    jsonschema.validate(value, schema())


@pytest.mark.parametrize(
    "spoil",
    [
        lambda value: value["formulas"][0]["claims"][0].update(verdict="passed"),
        lambda value: value["summary"].update(passed=3),
        lambda value: value["formulas"][0].pop("where"),
        lambda value: value.update(schema="derive-report/0"),
    ],
)
def test_what_is_not_a_report_is_refused_by_the_schema_and_by_the_reader(spoil):
    value = json.loads(encoded(report(0, FULL)))
    spoil(value)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(value, schema())
    with pytest.raises(msgspec.ValidationError):
        decoded(json.dumps(value).encode())


def test_the_json_has_the_fields_that_the_design_shows_and_no_others():
    value = json.loads(encoded(report(0, FULL)))
    assert list(value) == ["schema", "seed", "engine", "summary", "formulas"]
    assert value["schema"] == "derive-report/1"
    assert list(value["engine"]) == ["derive", "python", "sympy", "numpy"]
    assert list(value["summary"]) == [
        "formulas", "claims", "proved", "agrees", "refuted", "undecided", "conflicts", "as_expected", "unexpected",
    ]  # fmt: skip
    assert list(value["formulas"][0]) == ["name", "group", "where", "claims"]
    claim = value["formulas"][0]["claims"][0]
    assert list(claim) == [
        "claim", "origin", "expected", "verdict", "as_expected", "where", "witnesses", "counterexample", "reason",
    ]  # fmt: skip
    assert list(claim["witnesses"]) == ["algebra", "exact", "sympy", "differences", "reference"]
    assert claim["witnesses"]["reference"] is None
    assert value["formulas"][1]["claims"][0]["witnesses"]["exact"] == {
        "says": "differs",
        "points": 3,
        "digits": 60,
        "sizes": [{"n": 3}],
    }


def test_a_report_read_back_is_the_same_bytes():
    text = encoded(report(3, FULL))
    assert encoded(decoded(text)) == text


def test_a_counterexample_keeps_its_rationals_exactly():
    assert json.loads(encoded(report(0, [entry(REFUTED)])))["formulas"][0]["claims"][0]["counterexample"] == {
        "sizes": {"K": 2},
        "indices": {"k": 0},
        "values": {"x": ["1/3", "-5/7"], "y": ["2/5", "3/5"]},
        "derived": "0.340312345678912345",
        "claimed": "1.140312345678912345",
        "difference": "0.8",
        "certified": True,
    }


@pytest.mark.parametrize(
    ("value", "expected"),
    [(float("nan"), "nan"), (float("-inf"), "-inf"), (0.5, 0.5), (Fraction(1, 3), "1/3"), ((1, (2,)), [1, [2]])],
)
def test_a_figure_that_json_does_not_know_is_text(value, expected):
    assert plain(value) == expected


def test_a_figure_that_no_field_is_made_for_is_kept_aside():
    found = said(Testimony("exact", "agrees", "", {"points": 6, "branches": {"x[i] > 0": 2}}))
    assert (found.points, found.more) == (6, {"branches": {"x[i] > 0": 2}})


def test_the_summary_counts_each_verdict_on_its_own():
    counts = summary(FULL)
    found = (counts.proved, counts.agrees, counts.refuted, counts.undecided, counts.conflicts)
    assert found == (1, 1, 1, 1, 1)
    assert (counts.formulas, counts.claims, counts.as_expected, counts.unexpected) == (2, 5, 2, 3)


@pytest.mark.parametrize(
    ("claims", "errors", "expected"),
    [
        ([judged()], [], 0),
        ([judged("refuted", "fails")], [], 0),
        ([judged(), UNDECIDED], [], 1),
        ([REFUTED], [], 1),
        ([judged("proved", "fails")], [], 1),
        ([judged()], [Refused("", "bad")], 2),
        ([REFUTED], [Refused("", "bad")], 2),
        ([CONFLICT], [Refused("", "bad")], 3),
        ([judged("undecided", reason="internal error: ValueError")], [], 3),
        ([judged(witnesses=witnesses(sympy=Testimony("sympy", "cannot tell", "no", {"broken": True})))], [], 3),
        ([], [], 5),
    ],
)
def test_the_exit_status_is_that_of_the_gravest_thing_that_happened(claims, errors, expected):
    assert status(report(0, [entry(*claims)], errors)) == expected


# -------------------------------------------------------------------------------------------- terminal


def shown(entries, color="never", encoding="utf-8", each=False, again=()):
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    return terminal.rendered(report(7, entries), stream, color, again, each)


def test_a_refuted_claim_shows_the_point_both_values_and_the_command_that_finds_it_again():
    # as the style guide prints it
    expected = """\
softmax_ce_gradient  D(L, x[k]) == p[k] + y[k]   refuted
  at       K = 2   x = (1/3, -5/7)   y = (2/5, 3/5)   k = 0
  derived  0.340312345678…     claimed  1.140312345678…     differ by 0.8 (certified)
  perhaps  the sign of y[k]
  again    derive check softmax_ce_gradient --seed 7
"""
    assert shown([entry(REFUTED)]).endswith("\n" + expected)


def test_a_terminal_without_the_ellipsis_gets_dots():
    text = shown([entry(REFUTED)], encoding="ascii")
    assert "0.340312345678...     claimed" in text
    assert text.isascii()


def test_an_undecided_claim_shows_its_reason():
    text = shown([entry(UNDECIDED)])
    assert "\n  because  a branch was never reached  [D919]\n" in text
    assert "  at  " not in text


def test_a_conflict_shows_what_each_witness_says():
    text = shown([entry(CONFLICT)])
    assert (
        "\n  because  algebra says equal, but exact says differs  [D921]\n  algebra  equal\n  exact    differs\n"
        in text
    )


def test_a_claim_that_is_wrong_as_expected_is_no_failure():
    assert "again" not in shown([entry(judged("refuted", "fails", counterexample=point(FOUND)))])


def test_a_wrong_claim_that_is_proved_is_a_failure_that_says_what_was_expected():
    assert "\n  expected fails\n" in shown([entry(judged("proved", "fails"))])


def test_the_command_to_repeat_a_failure_names_the_file_and_is_safe_for_a_shell():
    assert "derive check 'my formulas.yaml' softmax_ce_gradient --seed 7" in shown(
        [entry(REFUTED)], again=["my formulas.yaml"]
    )


def test_text_from_a_catalog_is_never_markup():
    # rich would turn [i] into italics, lose [j], and raise at [/bold]
    claim = "x[i] + y[j] == [link=http://evil]z[/link] [/bold] :smile:"
    assert claim in shown([entry(judged("undecided", claim=claim, reason=claim))], each=True)


def test_characters_that_drive_a_terminal_are_shown_and_not_obeyed():
    evil = "x\x1b[2J\u202e\x9b\u2028y"
    text = shown([entry(judged("undecided", claim=evil, reason=evil), name="a\x07", group="g\x1b")], each=True)
    assert "x\\u{1b}[2J\\u{202e}\\u{9b}\\u{2028}y" in text
    assert not {"\x1b", "\u202e", "\x9b", "\x07", "\u2028"} & set(text)
    assert visible("plain text, with Ünïcödé and ∑") == "plain text, with Ünïcödé and ∑"


def test_the_table_counts_by_group_and_no_column_is_cut():
    lines = [line.split() for line in shown(FULL).splitlines()[:4]]
    assert " ".join(lines[0]) == (
        "group formulas claims proved agrees refuted undecided conflicts as expected unexpected"
    )
    assert " ".join(lines[1]) == "losses 1 3 1 - 1 1 - 1 2"
    assert " ".join(lines[2]) == "norms 1 2 - 1 - - 1 1 1"
    assert " ".join(lines[3]) == "all 2 5 1 1 1 1 1 2 3"


def test_every_claim_is_listed_where_that_is_asked_for():
    text = shown([entry(judged(), judged("refuted", "fails", origin="printed"))], each=True)
    assert "  proved    D(L, x[k]) == p[k] + y[k]\n" in text
    assert "  refuted   D(L, x[k]) == p[k] + y[k]   (printed, expected: fails)\n" in text


@pytest.mark.parametrize(
    ("color", "environment", "is_colored"),
    [
        ("auto", {}, False),
        ("always", {}, True),
        ("always", {"NO_COLOR": "1"}, True),
        ("never", {"FORCE_COLOR": "1"}, False),
    ],
)
def test_color_is_for_terminals_and_the_flag_wins_over_the_environment(monkeypatch, color, environment, is_colored):
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert ("\x1b[3" in shown([entry(REFUTED)], color)) is is_colored


def test_a_point_of_a_matrix_is_written_in_rows():
    assert terminal.nested([["1/2", "3"], ["-4", "5"]]) == "((1/2, 3), (-4, 5))"


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("0.8", "0.8"),
        ("2.33333333333333333…", "2.333333333333…"),
        ("0.6989788961…", "0.6989788961…"),
        ("undefined", "undefined"),
        ("1.2345678901234567e-30", "1.234567890123…e-30"),
        ("-3", "-3"),
    ],
)
def test_a_long_number_is_cut_with_a_mark_and_keeps_its_exponent(number, expected):
    assert terminal.shortened(number) == expected


def test_a_point_type_refuses_unknown_fields():
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"sizes": {}, "more": 1}, Point)
