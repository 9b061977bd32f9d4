"""Settings in pyproject.toml: defaults that the command line outdoes, each mistake shown at its line."""

import json

import pytest

from derive.cli import run_command
from derive.codes.code import ENTRY


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder with a catalog, in which the command is run; call it with the lines of the table."""
    (tmp_path / "mine.yaml").write_text(ENTRY)
    (tmp_path / "inner").mkdir()
    monkeypatch.chdir(tmp_path / "inner")

    def write(lines):
        (tmp_path / "pyproject.toml").write_text(f'[project]\nname = "x"\n\n[tool.derive]\n{lines}\n')
        return tmp_path

    return write


def derive(capsys, *arguments):
    status = run_command(list(arguments))
    out, err = capsys.readouterr()
    return status, out, err


def report(capsys, *arguments):
    return json.loads(derive(capsys, "check", *arguments, "--output-format", "json", "--jobs", "1")[1])


def test_the_nearest_file_upwards_gives_defaults_and_the_command_line_goes_first(capsys, here):
    here('seed = 3\nwitness = ["algebra"]\ncatalogs = ["mine.yaml"]')
    found = report(capsys)
    assert found["seed"] == 3
    assert [entry["name"] for entry in found["formulas"]] == ["ridge"]
    assert found["formulas"][0]["claims"][0]["witnesses"]["exact"]["says"] == "not run"
    assert report(capsys, "--seed", "5")["seed"] == 5
    assert derive(capsys, "list")[1].startswith("ridge  mine")
    assert len(derive(capsys, "list", "all")[1].splitlines()) > 300


def test_a_table_of_a_command_is_for_that_command(capsys, here):
    folder = here('catalogs = ["*.yaml"]\n[tool.derive.lint]\nignore = ["D511"]')
    (folder / "mine.yaml").write_text(ENTRY.replace("title: R", "title: r"))
    assert derive(capsys, "lint")[:2] == (0, "")
    assert "D511" in derive(capsys, "lint", "--ignore", "D501")[1]


def test_an_option_that_is_counted_may_be_true(capsys, here):
    here('catalogs = ["mine.yaml"]\nwitness = ["algebra"]\nquiet = true')
    assert derive(capsys, "check")[1] == "1 formula, 2 claims, 2 proved, 2 as expected\n"


def test_a_file_without_the_table_is_passed_over(capsys, here):
    folder = here("seed = 3")
    (folder / "inner" / "pyproject.toml").write_text('[project]\nname = "y"\n')
    assert report(capsys, "../mine.yaml", "--witness", "algebra")["seed"] == 3


def test_verbose_says_where_settings_come_from(capsys, here):
    folder = here('seed = 3\nwitness = ["algebra"]')
    err = derive(capsys, "check", "../mine.yaml", "-v", "--jobs", "1")[2]
    assert f"settings of {folder / 'pyproject.toml'}: seed = 3, witness = ['algebra']\n" in err


@pytest.mark.parametrize(
    ("lines", "place", "message"),
    [
        ("sed = 3", "5:1", "[tool.derive] has no sed (did you mean seed?)"),
        ("seed = 3\n  timeout = -1", "6:3", "setting timeout: -1.0 is not in the range x>0"),
        ('seed = "x"', "5:1", "setting seed: 'x' is not a valid integer"),
        ("seed = true", "5:1", "setting seed: a value is expected"),
        ('no-cache = "yes"', "5:1", "setting no-cache: true or false is expected"),
        ('witness = ["oracle"]', "5:1", "'oracle' is no witness"),
        ('color = "loud"', "5:1", "setting color: 'loud' is not one of"),
        ("[tool.derive.lint]\nignroe = []", "6:1", "[tool.derive.lint] has no ignroe (did you mean ignore?)"),
        ('[tool.derive.lint]\nignore = ["Q"]', "6:1", "'Q' begins no code"),
        ("[tool.derive.chekc]\nseed = 1", "5:1", "[tool.derive] has no chekc (did you mean check?)"),
        ('catalogs = "mine.yaml"', "5:1", "catalogs is a list of files"),
        ('catalogs = ["*.nothing"]', "5:1", "no file is called *.nothing"),
        ('output = ["a.json"]', "5:1", "[tool.derive] has no output"),
    ],
)
def test_a_mistake_is_refused_at_its_line(capsys, here, lines, place, message):
    folder = here(lines)
    status, out, err = derive(capsys, "list")
    assert (status, out) == (2, "")
    assert f"{folder / 'pyproject.toml'}:{place}: " in err
    assert message in err
    assert "[D120]" in err


def test_a_file_that_is_no_toml_is_refused(capsys, here):
    folder = here("seed = = 3")
    status, _, err = derive(capsys, "list")
    assert status == 2
    assert f"{folder / 'pyproject.toml'}: not TOML: Invalid value (at line 5" in err


def test_help_is_an_answer_whatever_the_settings_are(capsys, here):
    here("sed = 3")
    assert derive(capsys, "--help")[0] == 0
