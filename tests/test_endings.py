"""What a run that does not come to its end leaves behind, and that nothing is written over what was read."""

import json
import os
import re
import subprocess
import sys

import jsonschema
import msgspec
import pytest
from junitparser import JUnitXml
from reports import example
from sarif_kit.validate import validation_errors

from derive.cli import run_command
from verify import changes
from verify.formats import WRITERS, jsonl
from verify.report import decoded, encoded, schema

CATALOG = """
squares:
  title: Sum of squares
  group: tests
  inputs: {x: "real[n]"}
  define:
    L: sum(x[i]**2, i)
  claims:
    - D(L, x[k]) == 2*x[k]
    - D(L, x[k]) == 3*x[k]
    - D(L, x[k]) == 4*x[k]
  source: none
"""
FAST = ("--witness", "algebra,exact", "--jobs", "1")


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.yaml").write_text(CATALOG)
    (tmp_path / "folder").mkdir()
    return tmp_path


def derive(capsys, *arguments):
    """Exit status, stdout and stderr of a command line."""
    status = run_command(list(arguments))
    out, err = capsys.readouterr()
    assert "Traceback" not in err
    return status, out, err


def check(capsys, *arguments):
    return derive(capsys, "check", "mine.yaml", *FAST, *arguments)


# ----------------------------------------------------------------------------------------- interruption

ALL = [f"a.{suffix}" for suffix in ("json", "jsonl", "xml", "sarif", "md", "html", "txt")]


@pytest.fixture
def interrupted(capsys, here, monkeypatch):
    """The folder after a run that Ctrl-C ended behind its second claim."""
    hear = jsonl.Stream.hear

    def heard(self, entry, claim):
        hear(self, entry, claim)
        if len(entry.claims) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(jsonl.Stream, "hear", heard)
    words = [word for name in ALL for word in ("-o", name)]
    status, out, err = check(capsys, *words, "-o", "github:b")
    assert (status, out) == (130, "")
    assert "derive: interrupted with 1 of 1 formulas to go" in err
    return here


def test_an_interrupted_run_says_so_in_every_format(interrupted):
    # What was judged is as expected but for one claim: nobody may take the report for a whole one.
    for name in [*ALL, "b"]:
        assert "interrupted" in (interrupted / name).read_text(), name


def test_the_reports_of_an_interrupted_run_are_whole_documents(interrupted):
    found = json.loads((interrupted / "a.json").read_text())
    jsonschema.validate(found, schema())
    assert (found["interrupted"], found["summary"]["claims"]) == (1, 2)
    lines = [json.loads(line) for line in (interrupted / "a.jsonl").read_text().splitlines()]
    assert [line["type"] for line in lines] == ["run", "claim", "claim", "summary"]
    assert (lines[-1]["status"], lines[-1]["interrupted"], lines[-1]["summary"]) == (130, 1, found["summary"])
    for line in lines:
        jsonschema.validate(line, jsonl.schema())
    suites = JUnitXml.fromfile(str(interrupted / "a.xml"))
    assert (suites.tests, suites.failures, suites.errors) == (3, 1, 1)
    log = json.loads((interrupted / "a.sarif").read_text())
    assert validation_errors(log) == []
    invocation = log["runs"][0]["invocations"][0]
    assert invocation["executionSuccessful"] is False
    assert "1 formula to go" in invocation["toolExecutionNotifications"][0]["message"]["text"]
    assert all(result["locations"] for result in log["runs"][0]["results"])


def test_a_catalog_that_is_not_there_is_no_result_without_a_place(capsys, here):
    # GitHub refuses a whole log for one result that has no location.
    for command in (("check", "mine.yaml", "gone.yaml", *FAST), ("lint", "mine.yaml", "gone.yaml")):
        assert derive(capsys, *command, "-o", "a.sarif")[0] == 2
        log = json.loads((here / "a.sarif").read_text())
        assert validation_errors(log) == []
        run = log["runs"][0]
        assert all(result["locations"] for result in run["results"])
        (told,) = run["invocations"][0]["toolExecutionNotifications"]
        assert told["message"]["text"] == "gone.yaml: No such file or directory"
        assert run["tool"]["driver"]["rules"][told["associatedRule"]["index"]]["id"] == "D100"
        assert run["invocations"][0]["executionSuccessful"] is False


def test_a_run_that_came_to_its_end_says_nothing_of_interruption():
    assert not any("interrupted" in write(example()) for write in WRITERS.values())
    broken = msgspec.structs.replace(example(), interrupted=2)
    assert all("interrupted" in write(broken) for write in WRITERS.values())
    assert decoded(encoded(broken)) == broken


def test_diff_reports_tells_that_a_report_is_not_whole(capsys, interrupted):
    status, out, err = derive(capsys, "diff-reports", "a.json", "a.json")
    assert (status, out) == (0, "0 changed, 2 the same\n")
    assert err.count("a.json: interrupted with 1 formula to go: what is not there was not judged") == 2


# ------------------------------------------------------------------------------ what is not written over


COMMANDS = {
    "check": ("check", "mine.yaml", *FAST),
    "errata": ("errata", "mine.yaml"),
    "lint": ("lint", "mine.yaml"),
    "mutate": ("mutate", "mine.yaml"),
}


@pytest.mark.parametrize("output", ["mine.yaml", "json:mine.yaml", "./folder/../mine.yaml", "link", "new.yaml"])
@pytest.mark.parametrize("command", COMMANDS)
def test_a_catalog_is_never_overwritten_by_a_report(capsys, here, command, output):
    (here / "link").symlink_to("mine.yaml")
    status, out, err = derive(capsys, *COMMANDS[command], "-o", output)
    assert (status, out) == (2, "")
    assert "would be overwritten" in err
    assert (here / "mine.yaml").read_text() == CATALOG
    assert not (here / "new.yaml").exists()


def test_the_option_that_swallows_the_name_of_the_catalog_does_not_destroy_it(capsys, here):
    # `derive check -o mine.yaml` for `derive check mine.yaml -o FILE`
    assert derive(capsys, "check", "-o", "mine.yaml")[0] == 2
    assert derive(capsys, "mutate", "mine.yaml", "--journal", "mine.yaml")[0] == 2
    assert derive(capsys, "export", "squares", "mine.yaml", "-o", "mine.yaml")[0] == 2
    assert (here / "mine.yaml").read_text() == CATALOG


def test_a_report_that_is_compared_is_not_overwritten(capsys, here):
    check(capsys, "-o", "a.json")
    before = (here / "a.json").read_text()
    for output in ("a.json", "json:folder/../a.json"):
        status, _, err = derive(capsys, "diff-reports", "a.json", "a.json", "-o", output)
        assert (status, "a.json is read, and would be overwritten" in err) == (2, True)
    assert (here / "a.json").read_text() == before


@pytest.mark.parametrize(
    ("output", "message"),
    [
        (["-o", "folder"], "folder is a folder"),
        (["-o", "json:folder/"], "folder is a folder"),
        (["-o", "nowhere/a.json"], "there is no folder nowhere"),
        (["-o", "a.json", "-o", "json:folder/../a.json"], "stands twice"),
    ],
)
def test_what_cannot_be_written_is_refused_before_anything_is_judged(capsys, here, monkeypatch, output, message):
    monkeypatch.setattr("verify.run.Run.judged", lambda *_: pytest.fail("judged"))
    status, out, err = check(capsys, *output)
    assert (status, out) == (2, "")
    assert message in err


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written_to_is_refused_at_once(capsys, here):
    (here / "folder").chmod(0o500)
    assert "permission to write there is denied" in check(capsys, "-o", "folder/a.json")[2]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no device that is always full")
def test_a_report_that_fails_keeps_no_other_from_being_written(capsys, here):
    status, _, err = check(capsys, "-o", "json:/dev/full", "-o", "b.json", "-o", "b.xml")
    assert (status, err) == (2, "derive: /dev/full: No space left on device\n")
    assert json.loads((here / "b.json").read_text())["summary"]["claims"] == 3
    assert JUnitXml.fromfile(str(here / "b.xml")).tests == 3


def test_a_device_may_take_several_reports(capsys, here):
    assert check(capsys, "-o", f"json:{os.devnull}", "-o", f"junit:{os.devnull}")[0] == 1


# ------------------------------------------------------------------------------------ formats by suffix


def test_findings_and_changes_are_written_in_the_format_of_each_file(capsys, here):
    derive(capsys, "lint", "mine.yaml", "--select", "D503,D508", "-o", "a.sarif", "-o", "a.json", "-o", "a.txt")
    assert validation_errors(json.loads((here / "a.sarif").read_text())) == []
    assert json.loads((here / "a.json").read_text())["schema"] == "derive-lint/1"
    check(capsys, "-o", "b.json")
    derive(capsys, "diff-reports", "b.json", "b.json", "-o", "c.json", "-o", "c.md", "-o", "-")
    jsonschema.validate(json.loads((here / "c.json").read_text()), changes.schema())
    assert (here / "c.md").read_text().startswith("# Changed verdicts")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            '{"type":"run","schema":"derive-lines/1"}\n{"type":"claim"}\n',
            "JSON Lines; what is compared are JSON reports",
        ),
        ('{"schema": "derive-report/2", "more": 1}', "a document 'derive-report/2'; what is compared are those of"),
        ('{"schema": "derive-changes/1"}', "a document 'derive-changes/1'"),
        ('{"schema": "derive-report/1", "newer": 1}', "not a report of `derive check`, of a newer derive perhaps"),
        ("", "not a report of `derive check`: "),
        ('{"schema": "derive-report/1"', "truncated"),
        ("[" * 100_000, "not a report of `derive check`: "),
        ('{"schema": "\\u001b[31m"}', "a document '\\u{1b}[31m'"),
    ],
)
def test_a_file_that_cannot_be_compared_is_refused_with_what_it_is(capsys, here, text, message):
    (here / "a.json").write_text(text)
    status, out, err = derive(capsys, "diff-reports", "a.json", "a.json")
    assert (status, out) == (2, "")
    assert message in err
    assert "\x1b" not in err


# --------------------------------------------------------------------------- options, as pytest has them


def test_a_run_that_knows_all_verdicts_stops_at_the_first_failure_too(capsys, here):
    assert check(capsys)[0] == 1
    status, out, err = check(capsys, "-x", "--output-format", "json")
    claims = [claim["claim"] for claim in json.loads(out)["formulas"][0]["claims"]]
    assert (status, claims) == (1, ["D(L, x[k]) == 2*x[k]", "D(L, x[k]) == 3*x[k]"])
    assert err == "stopped at the first claim that is not as expected\n"


@pytest.mark.parametrize("words", ["", "  "])
def test_no_keywords_choose_everything(capsys, here, words):
    assert check(capsys, "-q", "-k", words)[1:] == check(capsys, "-q")[1:]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("explain", "refutd"), "'refutd' is no code (did you mean refuted?)"),
        (("explain", "\x1b[31m"), "derive: '\\u{1b}[31m' is no code"),
        (("check", "mine.yaml", "--witness", "\x07"), "'\\u{7}' is no witness"),
        (("check", "mine.yaml", ""), "no formula or group is called ''"),
        (("init", "nowhere/a.yaml"), "there is no folder nowhere"),
    ],
)
def test_a_word_that_is_refused_is_shown_as_it_can_be_seen(capsys, here, words, message):
    status, out, err = derive(capsys, *words)
    assert (status, out) == (2, "")
    assert message in err


def test_init_names_its_files_so_that_shells_and_editors_read_them(capsys, here):
    status, out, err = derive(capsys, "init", "a b.yaml")
    assert (status, out) == (0, "")
    assert "try `derive check 'a b.yaml'`" in err
    first = (here / "a b.yaml").read_text().splitlines()[0]
    assert first == "# yaml-language-server: $schema=./a%20b.schema.json"
    assert derive(capsys, "init", "line\nfeed.yaml")[0] == 0
    assert derive(capsys, "lint", "line\nfeed.yaml")[0] == 0


LINE = ("check", *FAST, "--input", "x: real", "--claim", "D(x**2, x) == 2*x",
        "--claim", "D(x**2, x) == 3*x", "--claim", "D(x**2, x) == 4*x")  # fmt: skip


def test_claims_in_a_line_are_judged_with_the_options_of_a_catalog(capsys, here):
    assert derive(capsys, *LINE)[0] == 1
    assert derive(capsys, *LINE, "--exit-zero")[0] == 0
    out = derive(capsys, *LINE, "-x")[1]
    assert "== 3*x" in out
    assert "== 4*x" not in out
    assert derive(capsys, *LINE, "-k", "2*x and not 3*x")[1] == "proved    D(x**2, x) == 2*x\n"
    assert derive(capsys, *LINE, "-k", "nothing")[::2] == (5, "there was nothing to judge\n")
    assert "    algebra     equal\n" in derive(capsys, *LINE, "-v")[1]
    assert derive(capsys, *LINE, "-q")[1].startswith("1 formula, 3 claims, 1 proved, 2 refuted")
    assert len(re.findall(r"\d\.\d{3} s  claim  D", derive(capsys, *LINE, "--durations", "2")[1])) == 2
    assert "--lf asks of a catalog" in derive(capsys, *LINE, "--lf")[2]
    claims = json.loads(derive(capsys, *LINE, "--timings", "--output-format", "json")[1])["formulas"][0]["claims"]
    assert all(claim["seconds"] > 0 for claim in claims)
    assert "seconds" not in derive(capsys, *LINE, "--output-format", "json")[1]


@pytest.mark.parametrize("words", [[], ["cache"]])
def test_a_command_that_lacks_its_subcommand_shows_its_help_as_it_is_drawn(words):
    # In a process of its own: rich-click asks for colours once, when it is loaded.
    code = "import sys; from derive.cli import main; main(sys.argv[1:])"
    found = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True,
                           env={**os.environ, "FORCE_COLOR": "1"})  # fmt: skip
    assert (found.returncode, found.stdout) == (2, "")
    assert "Usage:" in found.stderr
    assert "\\u{1b}" not in found.stderr
    assert not found.stderr.startswith("derive:")
