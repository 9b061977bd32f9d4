"""The options of `derive check` that choose claims and write reports, as a user meets them."""

import json
import os
import re
import shlex
from pathlib import Path

import click
import jsonschema
import pytest
import yaml
from junitparser import JUnitXml
from rich.console import Console
from sarif_kit.validate import validation_errors

from derive.cli import run_command
from derive.cli.keywords import test_of as keywords
from verify import terminal
from verify.formats import jsonl
from verify.progress import progress
from verify.report import Entry, report

CATALOG = """
groups:
  tests: Formulas that are there to be tested, one of them wrong on purpose, with an introduction of some length.
squares:
  title: Sum of squares
  group: tests
  inputs: {x: "real[n]"}
  define:
    L: sum(x[i]**2, i)
  claims:
    - D(L, x[k]) == 2*x[k]
    - D(L, x[k]) == 3*x[k]
  source: none
cubes:
  title: Sum of cubes
  group: tests
  inputs: {x: "real[n]"}
  define:
    L: sum(x[i]**3, i)
  claims:
    - D(L, x[k]) == 3*x[k]**2
  source: none
"""
FAST = ("--witness", "algebra,exact", "--jobs", "1")


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.yaml").write_text(CATALOG)
    return tmp_path


def check(capsys, *arguments):
    """Exit status, stdout and stderr."""
    status = run_command(["check", "mine.yaml", *FAST, *arguments])
    out, err = capsys.readouterr()
    assert "Traceback" not in err
    return status, out, err


def texts(capsys, *arguments):
    """The claims that are judged."""
    out = check(capsys, *arguments, "--output-format", "json")[1]
    return [claim["claim"] for entry in json.loads(out)["formulas"] for claim in entry["claims"]]


# --------------------------------------------------------------------------------------------- outputs


def test_several_reports_are_written_at_once_each_in_the_format_of_its_name(capsys, here):
    names = ["a.json", "a.jsonl", "a.xml", "a.sarif", "a.md", "a.txt", "github:b"]
    status, out, err = check(capsys, *(word for name in names for word in ("-o", name)), "-o", "-")
    assert (status, err) == (1, "")
    assert "squares  D(L, x[k]) == 3*x[k]   refuted" in out
    assert (here / "a.txt").read_text() == out
    assert json.loads((here / "a.json").read_text())["summary"]["refuted"] == 1
    assert JUnitXml.fromfile(str(here / "a.xml")).failures == 1
    log = json.loads((here / "a.sarif").read_text())
    assert validation_errors(log) == []
    assert log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["region"] == {
        "startLine": 12, "startColumn": 7
    }  # fmt: skip
    lines = [jsonl.decoded(line) for line in (here / "a.jsonl").read_text().splitlines()]
    assert [type(line) for line in lines] == [jsonl.Start, jsonl.Claim, jsonl.Claim, jsonl.Claim, jsonl.End]
    assert lines[-1].status == 1
    assert (here / "a.md").read_text().startswith("# derive: 2 as expected, 1 not\n")
    assert (here / "b").read_text().startswith("::error file=mine.yaml,line=12,col=7,title=D901 squares::")


def test_a_format_that_is_said_goes_before_the_name_and_before_it_its_own(capsys, here):
    assert check(capsys, "--output-format", "json", "-o", "a.txt", "-o", "junit:b.json")[:2] == (1, "")
    assert json.loads((here / "a.txt").read_text())["schema"] == "derive-report/1"
    assert JUnitXml.fromfile(str(here / "b.json")).tests == 3


def test_json_lines_go_to_stdout_as_they_come(capsys, here):
    status, out, _ = check(capsys, "--output-format", "jsonl")
    assert status == 1
    for line in out.splitlines():
        jsonschema.validate(json.loads(line), jsonl.schema())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-o", "a.json", "-o", "./a.json"], "stands twice"),
        (["-o", "json:"], "lacks the name of a file"),
        (["-o", "md:-"], "md is no format (did you mean markdown?)"),
        (["-o", "junti:a"], "junti is no format (did you mean junit?); a file of this name is ./junti:a"),
        (["-o", "no/such/a.json"], "no/such/a.json: there is no folder no/such"),
        (["-o", "no/such/a.jsonl"], "no/such/a.jsonl: there is no folder no/such"),
        (["-k", "a and"], "the expression ends too early"),
        (["-k", "a b"], "'b' is not expected there"),
        (["-k", "'a"], "a quote is never closed"),
        (["--durations", "-1"], "-1 is not in the range"),
    ],
)
def test_a_wrong_option_is_a_message_and_status_2(capsys, here, arguments, message):
    status, out, err = check(capsys, *arguments)
    assert (status, out) == (2, "")
    assert message in err


# ------------------------------------------------------------------------------------------- selection


def test_keywords_choose_claims_by_formula_group_kind_and_text(capsys, here):
    assert texts(capsys, "-k", "cubes") == ["D(L, x[k]) == 3*x[k]**2"]
    assert texts(capsys, "-k", "SQUARES and not '== 3'") == ["D(L, x[k]) == 2*x[k]"]
    assert len(texts(capsys, "-k", "tests and claim")) == 3
    status, _, err = check(capsys, "-k", "nothing")
    assert (status, err) == (5, "there was nothing to judge\n")


@pytest.mark.parametrize(
    ("expression", "is_so"),
    [
        ("a", True),
        ("b", False),
        ("not b", True),
        ("a and b", False),
        ("b or a", True),
        ("not (a or b)", False),
        ("b and b or a", True),
        ("a or b and b", True),
        ("not b and not c", True),
        ("'l, x['", True),
        ('"L, y["', False),
        ("'and'", False),
        ("not not a", True),
    ],
)
def test_words_are_combined_as_python_does(expression, is_so):
    text = "a D(L, x[k])"
    assert keywords(expression)(text) is is_so
    # Python's own reading of the same, with each word in the place of its truth
    words = re.sub(r"'[^']*'|\"[^\"]*\"|\b(?!and\b|or\b|not\b)\w+\b",
                   lambda found: str(found[0].strip("'\"").lower() in text.lower()), expression)  # fmt: skip
    assert eval(words) is is_so


@pytest.mark.parametrize("expression", ["", "and", "(", "a)", "not", "((((", "not " * 200 + "a", "(" * 200 + "a"])
def test_what_is_no_expression_is_refused(expression):
    with pytest.raises(click.BadParameter):
        keywords(expression)


def test_the_last_failed_are_judged_again_until_they_hold(capsys, here):
    assert check(capsys)[0] == 1
    assert texts(capsys, "--lf") == ["D(L, x[k]) == 3*x[k]"]
    assert texts(capsys, "--lf", "-k", "cubes") == []
    (here / "mine.yaml").write_text(CATALOG.replace("== 3*x[k]\n", "== 2*x[k]\n"))
    check(capsys)
    status, out, err = check(capsys, "--lf")
    assert (status, err) == (0, "no claim of these failed last; all are judged\n")
    assert "as expected" in out


def test_what_is_remembered_is_not_trusted_to_be_whole(capsys, here, cache):
    cache.joinpath("lastfailed.json").write_text('{"x": [1, {"y": null}]}')
    assert check(capsys, "--lf")[0] == 1
    assert texts(capsys, "--lf") == ["D(L, x[k]) == 3*x[k]"]


def test_a_run_stops_at_the_first_claim_that_fails(capsys, here):
    (here / "mine.yaml").write_text(CATALOG.replace("2*x[k]", "5*x[k]"))
    status, out, err = check(capsys, "-x", "--output-format", "json", "-k", "squares")
    assert status == 1
    assert json.loads(out)["summary"]["claims"] == 1
    assert err == "stopped at the first claim that is not as expected\n"
    assert len(texts(capsys, "-k", "squares")) == 2


def test_status_1_alone_can_be_made_0(capsys, here):
    assert check(capsys, "--exit-zero")[0] == 0
    (here / "mine.yaml").write_text(CATALOG.replace("x[i]**3", "nosuch(x[i])"))
    assert check(capsys, "--exit-zero")[0] == 2


# -------------------------------------------------------------------------------------------- loudness


def test_verbose_says_what_each_witness_says(capsys, here):
    out = check(capsys, "-v", "-k", "cubes")[1]
    assert "  proved    D(L, x[k]) == 3*x[k]**2\n    algebra     equal\n    exact       agrees   (" in out


def test_quiet_says_what_fails_and_the_counts(capsys, here):
    out = check(capsys, "-q")[1]
    assert out.startswith("2 formulas, 3 claims, 2 proved, 1 refuted, 2 as expected, 1 unexpected\n\nsquares  D(L")
    assert check(capsys, "-q", "-k", "cubes")[1] == "1 formula, 1 claim, 1 proved, 1 as expected\n"


def test_the_slowest_claims_are_named_and_no_time_is_in_the_report(capsys, here):
    out = check(capsys, "--durations", "2", "-o", "-", "-o", "a.json")[1]
    assert len(re.findall(r"^ +\d+\.\d{3} s  (?:squares|cubes)  D\(L, x", out, re.MULTILINE)) == 2
    assert "seconds" not in (here / "a.json").read_text()


def test_colour_follows_the_flag_then_the_environment(capsys, here, monkeypatch):
    assert "\x1b" not in check(capsys)[1]
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    assert "\x1b[31mrefuted" in check(capsys)[1]
    assert "\x1b" not in check(capsys, "--color", "never")[1]
    check(capsys, "-o", "a.txt")
    assert "\x1b" not in (here / "a.txt").read_text()
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[31m" not in check(capsys)[1]
    assert "\x1b[31m" in check(capsys, "--color", "always")[1]


def test_nothing_that_is_printed_is_a_command_to_the_runner_of_github(capsys, here, monkeypatch):
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    hostile = CATALOG.replace("group: tests", "group: '::stop-commands::x'").replace(
        "D(L, x[k]) == 2", "'::set-env::##[x]"
    )
    (here / "mine.yaml").write_text(
        hostile.replace("*x[k]\n    - D(L, x[k]) == 3*x[k]", "'\n    - D(L, x[k]) == 3*x[k]")
    )
    _, out, err = check(capsys)
    assert "stop-commands" in out + err
    assert not re.search(r"(?m)^\s*::|##\[", out + err)


# ------------------------------------------------------------------------------------- the terminal's width


def screen(width, groups):
    """The lines of a table of many groups on a terminal of that width."""
    entries = [Entry(f"f{number}", group, "a.yaml:1:1", []) for number, group in enumerate(groups)]
    out = Console(width=width, file=open(os.devnull, "w"), soft_wrap=True)  # noqa: SIM115
    with out, out.capture() as captured:
        out.print(terminal.table(entries, width, groups))
    out.file.close()
    return captured.get().splitlines()


GROUPS = {
    "normalization": "Layers that " + "centre and scale " * 9,
    "a_group_with_a_name_that_goes_on_and_on": "Short.",
}


def test_the_table_fits_80_columns_and_uses_200():
    narrow, wide = screen(80, GROUPS), screen(200, GROUPS)
    assert max(map(len, narrow)) <= 80
    assert not any("centre and scale" in line for line in narrow)
    assert 150 < max(map(len, wide)) <= 200
    assert any("centre and scale" in line for line in wide)


class Screen:
    """A stream that says it is a terminal."""

    encoding = "utf-8"

    def __init__(self):
        self.text = ""

    def write(self, text):
        self.text += text

    def flush(self):
        pass

    def isatty(self):
        return True


def test_progress_names_what_is_at_work_and_the_time_left(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    stream = Screen()
    out = Console(file=stream, width=80, force_terminal=True, markup=False)
    entry = Entry("squares", "g", "a.yaml:1:1", [])
    with progress(out, 3, is_each=False) as watch:
        watch.drawn = -1
        watch.begin("[red]\x1b[31m")
        watch.begin("squares")
        watch.end("[red]\x1b[31m")
        watch.hear(entry, None)
        watch.drawn = -1
        watch.end("nobody")
    shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", stream.text)
    assert "[red]\\u{1b}[31m" in shown
    assert re.search(r"2/3 .* left squares", shown)
    assert max(len(line) for line in re.split(r"[\r\n]", shown)) <= 80


def test_progress_is_silent_on_a_terminal_that_cannot_move_its_cursor(monkeypatch):
    monkeypatch.setenv("TERM", "dumb")
    stream = Screen()
    with progress(Console(file=stream, width=80, force_terminal=True, markup=False), 3) as watch:
        watch.begin("squares")
    assert stream.text == ""


def test_progress_is_silent_where_colour_is_forced_on_a_file(monkeypatch, capsys):
    monkeypatch.setenv("FORCE_COLOR", "1")
    out = terminal.console(__import__("sys").stderr, "auto")
    with progress(out, 3) as watch:
        watch.begin("squares")
    assert capsys.readouterr().err == ""


# ------------------------------------------------------------------------------------------ pre-commit


def test_the_hooks_of_pre_commit_are_commands_that_take_files(capsys, here):
    hooks = yaml.safe_load((Path(__file__).parent.parent / ".pre-commit-hooks.yaml").read_text())
    assert [hook["id"] for hook in hooks] == ["derive-lint", "derive-check"]
    for hook in hooks:
        assert {"id", "name", "entry", "language", "files"} <= set(hook)
        program, *arguments = shlex.split(hook["entry"])
        assert program == "derive"
        quick = FAST if arguments[0] == "check" else ()
        assert run_command([*arguments, "mine.yaml", *quick]) == 1
        assert "D(L, x[k]) == 3*x[k]" in capsys.readouterr().out or arguments[0] == "lint"
        for name in ("formulas.yaml", "models/formulas.yml", "models/losses.formulas.yaml"):
            assert re.search(hook["files"], name)
        assert not re.search(hook["files"], "docker-compose.yaml")


def test_a_run_that_judges_nothing_still_writes_what_machines_read(capsys, here):
    assert check(capsys, "-k", "nothing", "-o", "a.json", "-o", "a.xml", "-o", "a.sarif", "-o", "a.txt")[0] == 5
    assert sorted(path.name for path in here.iterdir()) == ["a.json", "a.sarif", "a.xml", "mine.yaml"]
    assert report(0, []).summary.claims == json.loads((here / "a.json").read_text())["summary"]["claims"]
