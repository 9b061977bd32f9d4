"""`derive diff-reports`: what changed verdict, and whether that is worse."""

import json

import jsonschema
import pytest
from markdown_it import MarkdownIt
from reports import HOSTILE, judged, parts

from derive.cli import run_command
from verify import changes
from verify.report import Entry, Refused, encoded, report

PROVED = {"verdict": "proved", "as_expected": True}
SLIP = {"expected": "fails"}  # what a source prints wrong


def reported(*claims, errors=()):
    return report(0, [Entry("squares", "g", "a.yaml:2:1", list(claims))], errors)


def compared(before, after):
    return changes.changes(reported(*before), reported(*after))


def test_equal_reports_have_no_changes():
    found = compared([judged(**PROVED), judged("L == 1")], [judged("L == 1"), judged(**PROVED)])
    assert (found.changes, found.same, changes.is_worse(found)) == ([], 2, False)


@pytest.mark.parametrize(
    ("before", "after", "direction"),
    [
        (PROVED, {"verdict": "refuted"}, "worse"),
        (PROVED, {"verdict": "agrees", "as_expected": True}, "worse"),
        ({"verdict": "agrees", "as_expected": True}, PROVED, "better"),
        ({"verdict": "undecided"}, PROVED, "better"),
        ({"verdict": "undecided"}, {"verdict": "conflict"}, "worse"),
        ({"verdict": "refuted", "as_expected": True, **SLIP}, {"verdict": "proved", **SLIP}, "worse"),
        ({"verdict": "proved", **SLIP}, {"verdict": "undecided", **SLIP}, "better"),
        (PROVED, None, "other"),
        (None, PROVED, "other"),
        (None, {"verdict": "refuted"}, "worse"),
    ],
)  # fmt: skip
def test_a_change_is_worse_if_less_is_known_or_it_is_not_as_expected(before, after, direction):
    found = compared(*([] if claim is None else [judged(**claim)] for claim in (before, after)))
    (change,) = found.changes
    assert change.direction == direction
    assert (change.before, change.after) == tuple(claim and claim["verdict"] for claim in (before, after))
    assert changes.is_worse(found) is (direction == "worse")


def test_a_claim_that_stands_twice_is_compared_one_by_one():
    found = compared([judged(**PROVED), judged()], [judged(**PROVED), judged(**PROVED)])
    assert [change.direction for change in found.changes] == ["better"]


def test_what_can_no_longer_be_read_is_worse():
    error = Refused("a.yaml:3:5", "a.yaml:3:5: unknown field x  [D106]")
    found = changes.changes(reported(judged(**PROVED)), reported(judged(**PROVED), errors=[error]))
    assert changes.is_worse(found)
    assert "worse   could not be read: a.yaml:3:5: unknown field x" in changes.rendered(found)


def run(capsys, tmp_path, before, after, *arguments):
    for name, found in (("a.json", before), ("b.json", after)):
        (tmp_path / name).write_bytes(encoded(found))
    status = run_command(["diff-reports", str(tmp_path / "a.json"), str(tmp_path / "b.json"), *arguments])
    return status, capsys.readouterr().out


def test_the_command_names_what_changed_and_its_status_says_if_it_is_worse(capsys, tmp_path):
    right, wrong = reported(judged(**PROVED)), reported(judged())
    line = "worse   proved -> refuted         squares  D(L, x[k]) == 3*x[k]\n"
    assert run(capsys, tmp_path, right, wrong) == (1, line + "1 changed, 1 worse, 0 the same\n")
    assert run(capsys, tmp_path, wrong, right)[0] == 0
    assert run(capsys, tmp_path, right, right) == (0, "0 changed, 1 the same\n")


def test_the_changes_as_json_follow_their_schema(capsys, tmp_path):
    out = run(capsys, tmp_path, reported(judged(**PROVED)), reported(judged()), "--output-format", "json")[1]
    jsonschema.validate(json.loads(out), changes.schema())
    assert json.loads(out)["changes"][0]["after"] == "refuted"


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_is_text_in_the_table_of_changes(text):
    found = compared([judged(text, **PROVED)], [judged(text)])
    tokens = MarkdownIt("commonmark").enable("table").parse(changes.markdown(found))
    cells = [token for token in tokens if token.type == "inline"]
    assert [token.type for token in tokens].count("td_open") == 5
    assert all(word in cells[-1].content for word in parts(text))
    assert {child.type for child in cells[-1].children} == {"code_inline"}


def test_a_file_that_is_no_report_is_refused(capsys, tmp_path):
    (tmp_path / "a.json").write_text("{}")
    assert run_command(["diff-reports", *[str(tmp_path / "a.json")] * 2]) == 2
    assert "a.json: not a report of `derive check`" in capsys.readouterr().err
    assert run_command(["diff-reports", *[str(tmp_path / "nowhere.json")] * 2]) == 2
