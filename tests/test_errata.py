"""The errata: what sources print and does not hold, with what shows it, what would be right, and the likely slip."""

import json
import re

import jsonschema
import pytest

from derive.catalog import formula, scope_of
from derive.cli import run_command
from derive.language.entry import read_claim
from derive.language.source import written
from derive.proof import Algebra

CATALOG = r"""
groups:
  losses: What a network is trained to make small.
  unused: Nothing here.
  rates: How fast things change.
squares:
  title: Sum of squares
  group: rates
  inputs: {x: "real[n]", a: "real"}
  define:
    L: sum(x[i]**2, i)/2
    y: a**2
  claims:
    - D(L, x[k]) == x[k]
  printed:
    - latex: '\frac{\partial L}{\partial x} = 2x'
      says: D(L, x[j]) == 2*x[j]
      from: a book, 1.2 Losses
      holds: no
    - {latex: 'y = a', says: y == a, from: "notes, Powers", holds: only if a is 0 or 1}
    - {latex: 'y = a \cdot a', says: y == a*a, from: "notes, Powers"}
    - {says: "D(y, a) == a", from: "notes, Slopes", holds: no}
  source: none
  aliases: [sum_of_squares]
variance:
  title: Mean and variance
  group: losses
  inputs: {x: "real[n]"}
  define:
    mu: mean(x[i], i)
    var: mean((x[i] - mu)**2, i)
  claims:
    - var == mean(x[i]**2, i) - mu**2
  printed:
    - {latex: '\sigma^2 = \frac1n \sum (x_i - \mu)', says: "var == mean(x[i] - mu, i)", from: a page, holds: no}
  source: none
"""
NUMBERS = """
mean:
  title: A mean
  group: numbers
  inputs: {x: "real[n]"}
  define: {mu: "mean(x[i], i)"}
  examples:
    - given: {x: [1, 2, 2]}
      then: {mu: 1.67}
      from: a page
    - given: {x: [1, 2, 2]}
      then: {mu: 1.66}
    - given: {x: [1, 2, 2]}
      then: {mu: 1.65, "x[i]**2": [1, 4, 5]}
      from: another page
      holds: no
  source: none
"""
WRONG_EXPECTATION = CATALOG.replace("says: y == a*a, from", "says: y == a*a, holds: no, from")
UNKNOWN_ERRATUM = CATALOG.replace('from: "notes, Slopes", holds: no', 'from: "notes, Slopes"')


@pytest.fixture
def derive(capsys, tmp_path):
    """Runs a command on a catalog's text: exit status, stdout and stderr."""

    def run(text, *arguments):
        path = tmp_path / "mine.yaml"
        path.write_text(text, encoding="utf-8")
        status = run_command([arguments[0], str(path), *arguments[1:]])
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        return status, out, err

    return run


def result(derive, text=CATALOG):
    status, out, _ = derive(text, "errata", "--output-format", "json")
    return status, json.loads(out)


# --------------------------------------------------------------------------------------- what is listed


def test_every_printed_claim_that_fails_is_listed_and_one_that_holds_is_counted(derive):
    status, value = result(derive)
    assert status == 0
    assert [item["claim"] for item in value["errata"]] == [
        "var == mean(x[i] - mu, i)", "D(L, x[j]) == 2*x[j]", "y == a", "D(y, a) == a",
    ]  # fmt: skip
    assert value["summary"] == {
        "printed": 5, "hold": 1, "fail": 3, "conditional": 1, "undecided": 0, "conflicts": 0, "numbers": 0,
        "rounded": 0, "cut": 0, "differ": 0, "as_expected": 5, "unexpected": 0,
    }  # fmt: skip


def test_an_erratum_has_its_source_its_latex_its_reading_and_a_point(derive):
    item = result(derive)[1]["errata"][1]
    assert item["source"] == "a book, 1.2 Losses"
    assert item["printed"] == r"\frac{\partial L}{\partial x} = 2x"
    assert item["latex"] == r"\frac{\partial L}{\partial x_{j}} = 2 x_{j}"
    found = item["counterexample"]
    assert found["sizes"] == {"n": 1}
    # d/dx of x**2/2 is x, where 2*x is printed
    assert float(found["derived"]) * 2 == float(found["claimed"])
    assert found["certified"]


def test_what_is_right_is_the_definition_or_the_own_claim_in_the_printed_letters_or_the_engines_form(derive):
    forms = [(item["right"]["basis"], item["right"]["claim"]) for item in result(derive)[1]["errata"]]
    assert forms == [
        ("definition", "var == mean((x[i] - mu)**2, i)"),
        ("claim", "D(L, x[j]) == x[j]"),
        ("definition", "y == a**2"),
        ("repaired", "D(y, a) == 2*a"),
    ]
    text = CATALOG.replace("D(y, a) == a", "D(y, a) == sin(a) + 1/7")
    assert result(derive, text)[1]["errata"][3]["right"]["basis"] == "derived"
    assert result(derive, text)[1]["errata"][3]["right"]["claim"] == "D(y, a) == 2*a"


def test_what_is_given_as_right_is_proved(derive):
    _, value = result(derive)
    for name in ("squares", "variance"):
        start = CATALOG.index(f"\n{name}:")
        own = formula(CATALOG[start : CATALOG.index("\nvariance:") if name == "squares" else None])
        for item in (item for item in value["errata"] if item["name"] == name):
            for text in (item["right"]["claim"], item["slip"]["claim"]):
                assert Algebra(own).prove(read_claim(written(text, "right"), scope_of(own))).equal, text


def test_a_wrong_own_claim_is_not_given_as_right(derive):
    text = CATALOG.replace("- D(L, x[k]) == x[k]", "- D(L, x[k]) == 3*x[k]")
    status, out, err = derive(text, "errata", "squares", "--output-format", "json")
    right = json.loads(out)["errata"][0]["right"]
    assert (status, right["basis"], right["claim"]) == (1, "repaired", "D(L, x[j]) == x[j]")
    assert "squares: D(L, x[k]) == 3*x[k] is refuted; see `derive check squares`" in err


def test_the_slip_is_named_and_a_claim_without_it_is_given(derive):
    slips = [(item["slip"]["says"], item["slip"]["claim"]) for item in result(derive)[1]["errata"]]
    assert slips == [
        ("the square of x[i] - mu is missing", "var == mean((x[i] - mu)**2, i)"),
        ("the factor 2 is too much", "D(L, x[j]) == x[j]"),
        ("the square of a is missing", "y == a**2"),
        ("the factor 2 is missing", "D(y, a) == 2*a"),
    ]


def test_what_is_near_nothing_true_has_no_slip_and_no_line_for_it(derive):
    text = CATALOG.replace("says: y == a,", "says: y == exp(sin(a)) + 1/7,")
    item = next(item for item in result(derive, text)[1]["errata"] if "exp" in item["claim"])
    assert item["slip"] is None
    assert derive(text, "errata", "squares")[1].count("perhaps") == 2


# --------------------------------------------------------------------------------------- expectations


def test_a_claim_that_is_recorded_as_false_and_holds_is_unexpected_and_listed(derive):
    status, value = result(derive, WRONG_EXPECTATION)
    assert (status, value["summary"]["unexpected"]) == (1, 1)
    (item,) = (item for item in value["errata"] if not item["as_expected"])
    assert (item["claim"], item["verdict"], item["expected"]) == ("y == a*a", "proved", "fails")
    assert "holds; unexpected: the catalog says that it fails" in derive(WRONG_EXPECTATION, "errata")[1]
    assert derive(WRONG_EXPECTATION, "check")[0] == 1


def test_an_erratum_that_the_catalog_does_not_know_of_is_unexpected(derive):
    status, out, _ = derive(UNKNOWN_ERRATUM, "errata")
    assert status == 1
    assert "does not hold; unexpected: the catalog says that it holds" in out
    assert "1 not as the catalog expects" in out
    status, out, _ = derive(UNKNOWN_ERRATUM, "check")
    assert status == 1
    assert "\n  perhaps  the factor 2 is missing: D(y, a) == 2*a\n" in out


def test_a_condition_is_shown_by_errata_by_check_and_by_show(derive):
    assert "holds only if a is 0 or 1" in derive(CATALOG, "errata")[1]
    status, out, _ = derive(CATALOG, "check", "squares")
    assert status == 0
    assert "refuted   y == a   (printed, expected: holds only if a is 0 or 1)" in out
    claims = json.loads(derive(CATALOG, "check", "squares", "--output-format", "json")[1])["formulas"][0]["claims"]
    assert [claim.get("condition") for claim in claims] == [None, None, "only if a is 0 or 1", None, None]
    assert claims[2]["source"] == "notes, Powers"
    assert claims[2]["latex"] == "y = a"
    assert not {"source", "latex", "condition", "diagnosis"} & claims[0].keys()
    assert "% squares: notes, Powers: holds only if a is 0 or 1 (refuted)\n" in derive(CATALOG, "show", "--printed")[1]


def test_a_condition_under_which_all_is_well_is_unexpected_too(derive):
    text = CATALOG.replace("says: y == a*a, from", "says: y == a*a, holds: only if a > 0, from")
    assert derive(text, "errata")[0] == derive(text, "check")[0] == 1


# ------------------------------------------------------------------------------------ worked numbers


def test_a_worked_number_is_judged_at_its_digits_as_rounded_cut_or_wrong(derive):
    # the mean of 1, 2, 2 is 5/3: 1.67 is rounded, 1.66 is cut, 1.65 is neither
    status, value = result(derive, NUMBERS)
    assert status == 0
    counts = value["summary"]
    assert (counts["numbers"], counts["rounded"], counts["cut"], counts["differ"]) == (6, 3, 1, 2)
    assert [(n["what"], n["indices"], n["printed"], n["holds"]) for n in value["numbers"]] == [
        ("mu", {}, "1.66", "cut"), ("mu", {}, "1.65", "differs"), ("x[i]**2", {"i": 2}, "5", "differs"),
    ]  # fmt: skip
    assert value["numbers"][1]["value"].startswith("1.6666")
    out = derive(NUMBERS, "errata")[1]
    assert "mean  mu: printed 1.66, is 1.666666666666…   cut, not rounded\n" in out
    assert "mean  x[i]**2, i = 2: printed 5, is 4   wrong\n  from     another page\n" in out
    assert "6 worked numbers: 3 right as rounded, 1 cut, not rounded, 2 wrong\n" in out


def test_a_wrong_number_that_the_catalog_does_not_know_of_is_unexpected(derive):
    status, value = result(derive, NUMBERS.replace("      holds: no\n", ""))
    assert (status, value["summary"]["unexpected"]) == (1, 1)
    assert {n["as_expected"] for n in value["numbers"] if n["holds"] == "differs"} == {False}


# -------------------------------------------------------------------------------------------- formats


def test_the_json_follows_its_published_schema(derive, capsys):
    run_command(["schema", "errata"])
    schema = json.loads(capsys.readouterr()[0])
    jsonschema.Draft202012Validator.check_schema(schema)
    for text in (CATALOG, NUMBERS, WRONG_EXPECTATION):
        jsonschema.validate(result(derive, text)[1], schema)
    value = result(derive)[1]
    value["errata"][0]["verdict"] = "passed"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(value, schema)


def test_the_text_has_a_block_for_each_erratum(derive):
    status, out, err = derive(CATALOG, "errata", "variance")
    assert (status, err) == (0, "")
    # which of the smallest points it is depends on how points are drawn
    assert re.sub(r"x = .*|is \S+,|right side \S+;|by \S+", "?", out) == (
        "variance  Mean and variance   does not hold\n"
        "  from     a page\n"
        "  printed  \\sigma^2 = \\frac1n \\sum (x_i - \\mu)\n"
        "  reads    var == mean(x[i] - mu, i)\n"
        "  at       n = 2   ?\n"
        "           the left side ? the printed ? they differ ? (certified)\n"
        "  right    var == mean((x[i] - mu)**2, i)   (as defined)\n"
        "           \\mathrm{var} = \\frac{1}{n} \\sum_{i} \\left(x_{i} - \\mu\\right)^{2}\n"
        "  perhaps  the square of x[i] - mu is missing\n"
        "\n"
        "1 printed claim: 0 right, 1 wrong\n"
    )


def test_the_markdown_has_groups_with_their_introductions_and_formulas_as_math(derive):
    out = derive(CATALOG, "errata", "--output-format", "markdown")[1]
    assert re.findall("^#+ .*", out, re.MULTILINE) == [
        "# Errata", "## Losses", "### Mean and variance", "## Rates", "### Sum of squares", "### Sum of squares",
        "### Sum of squares",
    ]  # fmt: skip
    assert "\n## Losses\n\nWhat a network is trained to make small.\n" in out
    assert "\n```math\n\\frac{\\partial L}{\\partial x} = 2x\n```\n" in out
    assert "Nothing here" not in out
    assert out.count("```") % 2 == 0


def test_what_a_catalog_says_is_never_markup(derive):
    text = CATALOG.replace("a book, 1.2 Losses", "'[red]a* book_ <b> [x](y) `z`'").replace(
        r"'\frac{\partial L}{\partial x} = 2x'", '"x\\n```\\n# y"'
    )
    out = derive(text, "errata", "squares")[1]
    assert "[red]a* book_ <b> [x](y) `z`" in out
    out = derive(text, "errata", "squares", "--output-format", "markdown")[1]
    assert r"\[red\]a\* book\_ \<b\> \[x\](y) \`z\`" in out
    assert "\n````math\nx\n```\n# y\n````\n" in out
    out = derive(text.replace("\\n```\\n# y", "").replace("[red]", "[red]%"), "show", "squares", "--printed")[1]
    assert [line for line in out.splitlines() if "red" in line and not line.startswith("%")] == []


def test_a_report_goes_to_a_file(derive, tmp_path):
    output = tmp_path / "errata.md"
    assert derive(CATALOG, "errata", "--output-format", "markdown", "-o", str(output)) == (0, "", "")
    assert output.read_text().startswith("# Errata\n")


def test_reports_go_to_several_files_in_the_formats_that_their_names_say(derive, tmp_path):
    files = [tmp_path / name for name in ("e.md", "e.json", "e.txt")]
    words = [word for file in files for word in ("-o", str(file))]
    status, out, _ = derive(CATALOG, "errata", *words, "-o", "-")
    assert (status, [file.read_text()[:2] for file in files]) == (0, ["# ", "{\n", out[:2]])
    assert files[2].read_text() == out
    status, _, err = derive(CATALOG, "errata", "-o", str(tmp_path / "e.sarif"))
    assert (status, "there is no sarif of this" in err) == (2, True)


def test_the_same_seed_gives_the_same_bytes_whatever_the_workers_do(derive):
    reports = {derive(CATALOG, "errata", "--output-format", "json", "--jobs", jobs)[1] for jobs in ("1", "2")}
    assert len(reports) == 1


def test_nothing_printed_is_status_5(derive):
    text = NUMBERS[: NUMBERS.index("  examples")] + '  claims: ["mu == mu"]\n  source: none\n'
    assert derive(text, "errata") == (5, "", "nothing that is printed was selected\n")


# ------------------------------------------------------------------------------------ show and groups


def test_show_finds_a_formula_by_its_alias_and_shows_only_what_is_true(derive):
    by_name, by_alias = derive(CATALOG, "show", "squares"), derive(CATALOG, "show", "sum_of_squares")
    assert by_name == by_alias
    status, out, err = by_name
    assert (status, err) == (0, "")
    assert r"\frac{\partial L}{\partial x_{k}} &= x_{k}" in out
    assert "2" not in out.replace("^{2}", "").replace(r"\frac{1}{2}", "")


def test_show_can_list_what_sources_print_each_with_its_verdict(derive):
    status, out, err = derive(CATALOG, "show", "--printed", "sum_of_squares")
    assert (status, err) == (0, "")
    assert re.findall("^% .*", out, re.MULTILINE) == [
        "% squares: a book, 1.2 Losses: does not hold (refuted)",
        "% squares: notes, Powers: holds only if a is 0 or 1 (refuted)",
        "% squares: notes, Powers: holds (proved)",
        "% squares: notes, Slopes: does not hold (refuted)",
    ]
    assert "\\[\n  y = a \\cdot a\n\\]\n" in out
    assert derive(NUMBERS, "show", "--printed")[0] == 5


def test_groups_follow_each_other_as_the_catalog_introduces_them(derive):
    _, out, _ = derive(CATALOG, "check", "--witness", "algebra")
    table = out[out.index("group ") :]
    assert table.index("losses") < table.index("rates")
    assert derive(CATALOG, "list", "--groups") == (
        0, "losses (1)\n  What a network is trained to make small.\n\nrates (1)\n  How fast things change.\n", "",
    )  # fmt: skip
    assert derive(NUMBERS, "list", "--groups") == (0, "numbers (1)\n", "")
