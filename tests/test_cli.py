"""The command as a user meets it: what goes to stdout, what to stderr, and the exit status."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import jsonschema
import pytest

from derive.catalog import shipped
from derive.cli import run_command
from derive.selection import UnknownWord, select

ROOT = Path(__file__).parent.parent
CATALOG = """
squares:
  title: Sum of squares
  group: tests
  inputs: {x: "real[n]"}
  define:
    L: sum(x[i]**2, i)
  claims:
    - D(L, x[k]) == 2*x[k]
  source: none
"""
SECOND = CATALOG.replace("squares", "others").replace("group: tests", "group: more")
BAD = SECOND.replace("x[i]**2", "nosuch(x[i])")


def derive(capsys, *arguments):
    """Exit status, stdout and stderr of a command line."""
    status = run_command(list(arguments))
    out, err = capsys.readouterr()
    assert "Traceback" not in err
    return status, out, err


def process(*arguments, **more):
    """The command as a process of its own."""
    code = "import sys; from derive.cli import main; main(sys.argv[1:])"
    return subprocess.Popen([sys.executable, "-c", code, *arguments], cwd=ROOT, text=True, **more)


@pytest.fixture
def catalog(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(CATALOG)
    return path


# ------------------------------------------------------------------------------------ help and lists


@pytest.mark.parametrize("arguments", [["--help"], ["check", "--help"], ["show", "-h"]])
def test_help_is_an_answer_and_goes_to_stdout(capsys, arguments):
    status, out, err = derive(capsys, *arguments)
    assert (status, err) == (0, "")
    assert "Usage" in out


def test_the_version_is_that_of_the_package(capsys):
    from derive import __version__

    assert derive(capsys, "--version") == (0, f"derive {__version__}\n", "")


def test_the_list_has_a_line_for_every_entry_of_the_shipped_catalog(capsys):
    status, out, _ = derive(capsys, "list")
    names = [name for name in re.findall(r"^([A-Za-z]\w*):", shipped().read_text(), re.MULTILINE) if name != "groups"]
    assert status == 0
    assert [line.split()[0] for line in out.splitlines()] == names
    assert re.search(r"^bn_backward +normalization +", out, re.MULTILINE)


def test_the_list_of_a_group_or_a_file_has_its_entries(capsys, catalog):
    assert derive(capsys, "list", str(catalog)) == (0, "squares  tests  Sum of squares\n", "")
    out = derive(capsys, "list", "losses")[1]
    assert out
    assert all(line.split()[1] == "losses" for line in out.splitlines())


def test_the_shell_completes_names_and_groups():
    environment = {"_DERIVE_COMPLETE": "bash_complete", "COMP_WORDS": "derive check bn_", "COMP_CWORD": "2"}
    with process(stdout=subprocess.PIPE, env={**os.environ, **environment}) as run:
        out, _ = run.communicate()
    assert run.returncode == 0
    assert "plain,bn_backward" in out.splitlines()


def test_the_schemas_are_schemas_and_accept_what_they_describe(capsys, catalog):
    for kind in ("report", "catalog"):
        status, out, _ = derive(capsys, "schema", kind)
        assert status == 0
        jsonschema.Draft202012Validator.check_schema(json.loads(out))
    schema = json.loads(derive(capsys, "schema", "report")[1])
    out = derive(capsys, "check", str(catalog), "--witness", "algebra", "--output-format", "json")[1]
    jsonschema.validate(json.loads(out), schema)


# ----------------------------------------------------------------------------------------- selection


def test_words_select_names_aliases_groups_and_files(tmp_path, catalog):
    more = tmp_path / "more.yaml"
    more.write_text(SECOND + "  aliases: [another]\n")

    def selected(*words):
        return [entry.name for file in select([str(catalog), str(more), *words]).files for entry in file.entries]

    assert selected() == selected("all") == ["squares", "others"]
    assert selected("others") == selected("another") == selected("more") == ["others"]
    assert selected("others", "squares") == ["squares", "others"]
    with pytest.raises(UnknownWord, match="squarez; did you mean squares"):
        selected("squarez")


@pytest.mark.parametrize("command", ["check", "show", "list"])
def test_an_unknown_name_is_refused_with_the_nearest_one(capsys, command):
    status, out, err = derive(capsys, command, "bn_backwrd")
    assert (status, out) == (2, "")
    assert "no formula or group is called bn_backwrd; did you mean bn_backward" in err


def test_an_unknown_name_with_nothing_near_points_to_the_list(capsys):
    assert "`derive list` shows all names and groups" in derive(capsys, "check", "qqqqqqqq")[2]


@pytest.mark.parametrize(
    "arguments",
    [
        ["check", "--nosuch"],
        ["check", "--witness", "oracle"],
        ["check", "--jobs", "0"],
        ["check", "--timeout", "-1"],
        ["nosuch"],
        ["show"],
        ["schema", "nosuch"],
        ["check", "/nowhere/at/all.yaml"],
    ],
)
def test_a_wrong_command_line_is_a_message_and_status_2(capsys, arguments):
    status, out, err = derive(capsys, *arguments)
    assert (status, out) == (2, "")
    assert err


# ------------------------------------------------------------------------------------------- checking


def test_a_proved_claim_is_status_0_and_a_line(capsys, catalog):
    status, out, err = derive(capsys, "check", str(catalog), "squares", "--witness", "algebra")
    assert (status, err) == (0, "")
    assert "  proved    D(L, x[k]) == 2*x[k]\n" in out


def test_a_claim_that_is_not_shown_is_status_1_with_the_command_to_see_it_again(capsys, catalog):
    catalog.write_text(CATALOG.replace("2*x[k]", "3*x[k]"))
    status, out, _ = derive(capsys, "check", str(catalog), "--witness", "algebra", "--seed", "5")
    assert status == 1
    assert "squares  D(L, x[k]) == 3*x[k]   undecided\n  because  the exact witness was not asked" in out
    assert f"\n  again    derive check {catalog} --witness algebra squares --seed 5\n" in out


def test_a_bad_entry_is_reported_at_its_place_and_loses_no_other(capsys, catalog):
    catalog.write_text(BAD + CATALOG)
    status, out, err = derive(capsys, "check", str(catalog), "--witness", "algebra", "--output-format", "json")
    assert status == 2
    assert f"{catalog}:7:12: " in err
    value = json.loads(out)
    assert [entry["name"] for entry in value["formulas"]] == ["squares"]
    assert value["formulas"][0]["claims"][0]["verdict"] == "proved"
    assert value["errors"][0]["where"] == f"{catalog}:7:12"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# nothing\n",
        "- a\n- list\n",
        "just text",
        "a: [1, 2",
        "\x00",
        "%YAML 9.9\n---\nx: y",
        "a: &b [*b, *b]",
        "\xff",
    ],
)
def test_a_file_that_is_no_catalog_is_status_2(capsys, tmp_path, text):
    path = tmp_path / "bad.yaml"
    path.write_bytes(text.encode("latin-1"))
    status, _, err = derive(capsys, "check", str(path), "--witness", "algebra")
    assert status == 2
    assert "bad.yaml" in err


def test_the_same_seed_gives_the_same_bytes_whatever_the_workers_do(capsys):
    reports = {
        derive(capsys, "check", "losses", "--witness", "algebra", "--output-format", "json", "--jobs", jobs)[1]
        for jobs in ("1", "2", "3")
    }
    assert len(reports) == 1


def test_timings_are_in_the_report_only_where_they_are_asked_for(capsys, catalog):
    arguments = ("check", str(catalog), "--witness", "algebra", "--output-format", "json")
    timed = json.loads(derive(capsys, *arguments, "--timings")[1])
    assert timed["seconds"] >= timed["formulas"][0]["claims"][0]["seconds"] >= 0
    assert "seconds" not in derive(capsys, *arguments)[1]


def test_a_report_goes_to_a_file_whole_and_nothing_to_stdout(capsys, catalog, tmp_path):
    output = tmp_path / "report.json"
    output.write_text("what was there before")
    arguments = ("check", str(catalog), "--witness", "algebra", "--output-format", "json")
    assert derive(capsys, *arguments, "-o", str(output)) == (0, "", "")
    assert output.read_text() == derive(capsys, *arguments)[1]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine.yaml", "report.json"]


def test_a_report_that_cannot_be_written_is_status_2(capsys, catalog, tmp_path):
    status, _, err = derive(
        capsys, "check", str(catalog), "--witness", "algebra", "-o", str(tmp_path / "no" / "r.json")
    )
    assert status == 2
    assert "r.json: there is no folder" in err


def test_a_report_never_takes_the_place_of_a_device(capsys, catalog):
    assert derive(capsys, "check", str(catalog), "--witness", "algebra", "-o", os.devnull) == (0, "", "")
    assert not Path(os.devnull).is_file()


# --------------------------------------------------------------------------------------------- showing


def test_show_prints_latex_and_nothing_else(capsys):
    status, out, err = derive(capsys, "show", "bn_backward")
    assert (status, err) == (0, "")
    assert out.startswith("\\begin{align*}\n")
    assert out.endswith("\n\\end{align*}\n")
    assert r"\frac{\partial L}{\partial x_{k}} &=" in out
    # the textbook's form, as claimed and proved for every n
    assert r"\frac{1}{n} \sum_{i} g_{i} - \frac{\hat{x}_{k}}{n} \sum_{i} g_{i} \hat{x}_{i}" in out
    assert "#" not in out


def test_show_prints_the_engines_own_form_where_the_claimed_one_is_wrong(capsys, catalog):
    catalog.write_text(CATALOG.replace("2*x[k]", "3*x[k]"))
    _, out, _ = derive(capsys, "show", str(catalog))
    assert r"\frac{\partial L}{\partial x_{k}} &= 2 x_{k}" in out
    assert "3" not in out


def test_the_steps_are_the_chain_of_adjoints_down_to_the_claimed_form(capsys):
    status, out, _ = derive(capsys, "show", "softmax_ce_gradient", "--steps")
    assert status == 0
    chain = [
        r"&= -\frac{y_{k}}{p_{k}} && \text{sums over a delta keep one term}",
        r"\frac{\partial L}{\partial x_{k}} &= \sum_{i} \frac{\partial L}{\partial p_{i}} \frac{\partial p_{i}}",
        r"\text{chain rule through } p",
        r"&= p_{k} - y_{k} && \text{the claimed form, since y sums to 1 over its last axis}",
    ]
    places = [out.index(step) for step in chain]
    assert places == sorted(places)


# ------------------------------------------------------------------------- a process and its streams


def test_progress_is_not_shown_where_stderr_is_no_terminal():
    with process("check", "losses", "--witness", "algebra", stdout=subprocess.PIPE, stderr=subprocess.PIPE) as run:
        out, err = run.communicate()
    assert err == ""
    assert "\x1b" not in out


def test_a_stdout_without_unicode_gets_escapes_and_no_error(tmp_path):
    path = tmp_path / "u.yaml"
    path.write_text(CATALOG.replace("Sum of", "\u2211 of"), encoding="utf-8")
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    with process("list", str(path), stdout=subprocess.PIPE, env=environment) as run:
        out, _ = run.communicate()
    assert run.returncode == 0
    assert r"\u2211 of squares" in out


def test_a_reader_that_leaves_early_is_no_error():
    with process("list", stdout=subprocess.PIPE, stderr=subprocess.PIPE) as run:
        run.stdout.close()
        err = run.stderr.read()
    assert err == ""
    assert run.returncode in (0, 141)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_a_message_and_a_status():
    with Path("/dev/full").open("w") as full, process("list", stdout=full, stderr=subprocess.PIPE) as run:
        err = run.stderr.read()
    assert run.returncode == 2
    assert "No space left on device" in err
    assert "Traceback" not in err


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.usefixtures("heard")
def test_an_interrupted_run_ends_at_once_and_leaves_no_process():
    run = process("check", "all", stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
    workers = Path(f"/proc/{run.pid}/task/{run.pid}/children")
    while run.poll() is None and not workers.read_text():
        time.sleep(0.01)
    os.killpg(run.pid, signal.SIGINT)
    out, err = run.communicate(timeout=20)
    assert (run.returncode, out) == (130, "")
    assert "derive: interrupted with 349 of 349 formulas to go; the same command goes on from there" in err
    assert "Traceback" not in err
    with pytest.raises(ProcessLookupError):
        os.killpg(run.pid, 0)
