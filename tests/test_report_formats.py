"""Every format of a report is read back by a tool that others wrote, and shows hostile text as text."""

import json
import re
import unicodedata
from html.parser import HTMLParser
from xml.etree import ElementTree

import jsonschema
import msgspec
import pytest
from junitparser import Error, Failure, JUnitXml
from markdown_it import MarkdownIt
from msgspec import UNSET
from reports import HOSTILE, example, judged, parts
from sarif_kit.validate import validation_errors

from derive.codes import TABLE
from verify import formats, terminal
from verify.formats import github, html, jsonl, junit, markdown, sarif
from verify.report import Entry, decoded, encoded, report, schema

EVERY = pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))


def test_the_table_of_formats_names_every_writer():
    assert set(formats.WRITERS) == {"json", "junit", "sarif", "github", "markdown", "html"}
    names = {
        "a.json": "json",
        "a.JSON": "json",
        "a.xml": "junit",
        "a.sarif": "sarif",
        "a.md": "markdown",
        "a.html": "html",
        "a.b/c": None,
    }
    assert {name: formats.of_suffix(name) for name in names} == names


# ------------------------------------------------------------------------------------------------ text


class Stream:
    encoding = "utf-8"

    def write(self, text):
        assert text == ""  # what is rendered is returned

    def flush(self):
        pass

    def isatty(self):
        return False


@EVERY
@pytest.mark.parametrize("volume", [-1, 0, 1])
def test_hostile_text_is_text_on_the_terminal(text, volume):
    shown = terminal.rendered(example(text), Stream(), "always", [text], True, {text: text}, volume=volume)
    plain = re.sub(r"\x1b\[[0-9;]*m", "", shown)  # what we colour ourselves
    assert all(word in plain for word in parts(text))
    assert all(c == "\n" or c == " " or unicodedata.category(c)[0] not in "CZ" for c in plain)
    assert "[red]" in plain or "[red]" not in text


def test_a_reason_has_the_code_that_explains_it():
    shown = terminal.rendered(example(), Stream(), "never", [], False)
    assert "  because  no verdict within 60 s squares  [D911]\n" in shown


# ------------------------------------------------------------------------------------------------ JSON


@EVERY
def test_json_follows_its_schema_and_comes_back_as_it_was(text):
    found = msgspec.convert(msgspec.to_builtins(example(text.replace("\udc80", ""))), type=type(example()))
    jsonschema.validate(json.loads(encoded(found)), schema())
    assert decoded(encoded(found)) == found


# ------------------------------------------------------------------------------------------ JSON Lines


def lines_of(found, timings=False):
    written = []
    stream = jsonl.Stream(written.append, found.seed, len(found.formulas), timings)
    for entry in found.formulas:
        for claim in entry.claims:
            stream.hear(entry, claim)
    stream.close(found, 2)
    return written


@EVERY
def test_each_line_follows_its_schema_and_is_one_line(text):
    lines = lines_of(example(text.replace("\udc80", "")))
    validator = jsonschema.Draft202012Validator(jsonl.schema())
    for line in lines:
        assert line.count("\n") == 1
        validator.validate(json.loads(line))
    assert [json.loads(line)["type"] for line in lines] == ["run", *["claim"] * 5, "error", "summary"]


def test_the_schema_of_lines_refuses_what_is_no_line():
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"type": "claim", "formula": "x"}, jsonl.schema())


def test_the_lines_together_are_the_report():
    found = example()
    records = [jsonl.decoded(line) for line in lines_of(found)]
    assert [record.judged for record in records if isinstance(record, jsonl.Claim)] == found.formulas[0].claims
    assert [record.refused for record in records if isinstance(record, jsonl.Error)] == found.errors
    assert records[-1].summary == found.summary


def test_times_are_in_a_line_only_where_they_were_asked_for():
    claim = judged(seconds=1.5)
    timed = report(0, [Entry("squares", "g", "a.yaml:2:1", [claim])])
    assert jsonl.decoded(lines_of(timed)[1]).judged.seconds is UNSET
    assert jsonl.decoded(lines_of(timed, timings=True)[1]).judged.seconds == 1.5


# ----------------------------------------------------------------------------------------------- JUnit


def cases_of(found):
    return [case for suite in JUnitXml.fromstring(junit.rendered(found).encode()) for case in suite]


def test_junit_counts_what_junitparser_counts():
    found = JUnitXml.fromstring(junit.rendered(example()).encode())
    assert (found.tests, found.failures, found.errors) == (6, 3, 2)
    declared = (found.tests, found.failures, found.errors)
    found.update_statistics()
    assert (found.tests, found.failures, found.errors) == declared


def test_a_junit_case_says_what_is_wrong_and_where():
    passed, refuted, undecided, conflict, holds, refused = cases_of(example())
    assert passed.result == []
    assert isinstance(refuted.result[0], Failure)
    assert isinstance(conflict.result[0], Error)
    assert isinstance(refused.result[0], Error)
    assert (refuted.result[0].type, undecided.result[0].type, holds.result[0].type) == (
        "refuted",
        "undecided",
        "proved",
    )
    assert "differ by 1 (certified)" in refuted.result[0].text
    assert (refuted._elem.get("file"), refuted._elem.get("line")) == ("my catalogs/a.yaml", "8")
    assert (refused.result[0].type, refused._elem.get("line")) == ("D106", "3")


def test_times_are_in_junit_only_where_they_were_asked_for():
    timed = report(0, [Entry("squares", "g", "a.yaml:2:1", [judged(seconds=1.5), judged(seconds=0.25)])])
    (suite,) = JUnitXml.fromstring(junit.rendered(timed).encode())
    assert (suite.time, [case.time for case in suite]) == (1.75, [1.5, 0.25])
    assert "time=" not in junit.rendered(example())


@EVERY
def test_hostile_text_is_text_in_junit(text):
    found = cases_of(example(text))
    assert len(found) == 6
    assert all(word in found[1].name for word in parts(text))
    assert all(word in found[1].result[0].text for word in parts(text))
    tags = {element.tag for element in ElementTree.fromstring(junit.rendered(example(text))).iter()}
    assert tags == {"testsuites", "testsuite", "properties", "property", "testcase", "failure", "error"}


# ----------------------------------------------------------------------------------------------- SARIF


def results_of(found):
    return json.loads(sarif.rendered(found))["runs"][0]["results"]


@EVERY
def test_sarif_follows_the_schema_of_oasis_whatever_the_text(text):
    log = json.loads(sarif.rendered(example(text)))
    assert validation_errors(log) == []
    results = log["runs"][0]["results"]
    assert len(results) == 5
    message = results[1]["message"]["text"]
    assert all(word in message for word in parts(text))
    assert not re.search(r"(?<!\\)\[[^]\[]*\]\(|(?<!\{)\{\d+\}", message)


def test_the_schema_of_oasis_refuses_a_log_that_is_none():
    log = json.loads(sarif.rendered(example()))
    log["runs"][0]["results"][0]["level"] = "catastrophe"
    assert validation_errors(log)


def test_sarif_points_at_the_line_of_the_claim_and_at_its_rule():
    log = json.loads(sarif.rendered(example()))
    rules = [rule["id"] for rule in log["runs"][0]["tool"]["driver"]["rules"]]
    assert rules == ["D106", "D901", "D902", "D911", "D921"]
    for result in results_of(example()):
        assert rules[result["ruleIndex"]] == result["ruleId"]
    place = results_of(example())[1]["locations"][0]
    assert place["physicalLocation"] == {
        "artifactLocation": {"uri": "my%20catalogs/a.yaml"},
        "region": {"startLine": 8, "startColumn": 7},
    }
    assert place["logicalLocations"] == [{"name": "squares", "kind": "member"}]


def test_a_sarif_fingerprint_stays_when_the_line_moves_and_tells_equal_findings_apart():
    def prints(*claims):
        found = report(0, [Entry("squares", "g", "a.yaml:2:1", list(claims))])
        return [result["partialFingerprints"]["finding/v1"] for result in results_of(found)]

    moved = judged(where="my catalogs/a.yaml:80:7")
    assert prints(judged()) == prints(moved)
    assert len(set(prints(judged(), moved, judged("L == 1")))) == 3


def test_a_run_as_expected_is_a_sarif_log_without_results():
    found = report(0, [Entry("squares", "g", "a.yaml:2:1", [judged(verdict="proved", as_expected=True)])])
    assert validation_errors(json.loads(sarif.rendered(found))) == []
    assert results_of(found) == []


def test_a_path_is_a_reference():
    assert sarif.uri("/a b/c.yaml") == "file:///a%20b/c.yaml"
    assert sarif.uri("a b/ü%.yaml") == "a%20b/%C3%BC%25.yaml"


# ------------------------------------------------------------------------------- GitHub's annotations


def commands(text):
    """Workflow commands as GitHub's runner reads them (actions/runner, ActionCommand.TryParseV2)."""
    found = []
    for line in text.split("\n"):
        match = re.match(r"\s*::([^:\s]+)(?: (.*?))?::(.*)$", line)
        if match:
            pairs = dict(pair.split("=", 1) for pair in (match[2] or "").split(",") if "=" in pair)
            found.append((match[1], {name: unescaped(value) for name, value in pairs.items()}, unescaped(match[3])))
    return found


def unescaped(value):
    for code, character in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        value = value.replace(code, character)
    return value


def test_an_annotation_stands_beside_the_line_of_the_claim():
    name, properties, message = commands(github.rendered(example()))[1]
    assert name == "error"
    assert properties == {"file": "my catalogs/a.yaml", "line": "8", "col": "7", "title": "D901 squares"}
    assert message.startswith("squares: refuted, and expected to hold\nat")


@EVERY
def test_hostile_text_makes_no_command_of_its_own(text):
    found = commands(github.rendered(example(text)))
    assert [name for name, _, _ in found] == ["error", "error", "warning", "error", "error"]
    assert all(word in found[1][2] for word in parts(text))
    assert found[0][1]["line"] == "3"
    assert "\r" not in github.rendered(example(text))


# -------------------------------------------------------------------------------------------- Markdown


class Tags(HTMLParser):
    """The tags of a page, the names of their attributes, and its text."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.names, self.text = [], [], ""
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.names.append(sorted(name for name, _ in attrs))

    def handle_data(self, data):
        self.text += data


def page_of(text):
    return Tags(MarkdownIt("commonmark", {"linkify": False}).enable("table").render(text))


def test_the_markdown_summary_has_a_table_and_a_section_for_each_finding():
    page = page_of(markdown.rendered(example()))
    assert (page.tags.count("table"), page.tags.count("h3"), page.tags.count("pre")) == (1, 4, 5)
    assert page.tags.count("tr") == 3
    assert page.tags.count("td") == 2 * 10


@EVERY
def test_hostile_text_is_text_in_markdown(text):
    plain, page = page_of(markdown.rendered(example("plain"))), page_of(markdown.rendered(example(text)))
    assert page.tags == plain.tags
    assert all(word in page.text for word in parts(text))
    assert not re.search("[\x00-\x08\x0b-\x1f\u202a-\u202e\u2066-\u2069]", page.text)


def html_page(text):
    return Tags(html.rendered(example(text) if text else example()))


def test_the_page_has_every_claim_and_what_is_not_as_expected_above():
    page = html_page("")
    assert (page.tags.count("table"), page.tags.count("pre")) == (2, 5)
    claims = example().formulas[0].claims
    assert all(claim.claim in page.text for claim in claims)
    assert page.text.index("Not as expected") < page.text.index("Every claim")
    assert "script" not in page.tags
    assert not {"src", "href"} & {name for names in page.names for name in names}


@EVERY
def test_hostile_text_is_text_in_html(text):
    plain, page = html_page("plain"), html_page(text)
    assert (page.tags, page.names) == (plain.tags, plain.names)
    assert all(word in page.text for word in parts(text))
    assert not re.search("[\x00-\x08\x0b-\x1f\u202a-\u202e\u2066-\u2069\ufffe\udc80]", page.text)


def test_every_finding_of_every_format_has_a_code_of_the_table():
    for result in results_of(example()):
        assert result["ruleId"] in TABLE
