"""The pytest plugin, in pytest itself: ids, failures, selection, and that it is not there unless asked for."""

import subprocess
import sys

import pytest
from junitparser import Failure, JUnitXml

import verify.pool
import verify.store
import verify.terminal  # noqa: F401
from derive import pytest_plugin
from verify import judge

# pytester forgets the modules that a run inside this process imports, and NumPy can be imported only once.
judge.load(("algebra", "exact"))
pytest_plugins = ["pytester"]

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
    - L >= 0
  printed:
    - {latex: "2x^2", says: "D(L, x[k]) == 2*x[k]**2", from: notes, holds: no}
  examples:
    - given: {x: [1, 2]}
      then: {L: 5}
  source: none
"""
BAD = """
broken:
  title: An index over two sizes
  group: tests
  inputs: {x: "real[n]", y: "real[m]"}
  claims: ["sum(x[i]*y[i], i) == 0"]
  source: none
"""
IDS = [
    "my_catalog.yaml::squares::D(L, x[k]) [claim]",
    "my_catalog.yaml::squares::D(L, x[k]) [claim 2]",
    "my_catalog.yaml::squares::L",
    "my_catalog.yaml::squares::D(L, x[k]) [printed]",
    "my_catalog.yaml::squares::example",
]
QUICK = '[tool.derive]\nwitness = ["algebra", "exact"]\nseed = 7\n'


@pytest.fixture
def here(pytester):
    """A folder with a catalog, and settings that are quick."""
    pytester.path.joinpath("my_catalog.yaml").write_text(CATALOG)
    pytester.path.joinpath("pyproject.toml").write_text(QUICK)
    return pytester


# Hypothesis imports itself at the end of every run, which pytester then forgets.
ALONE = ("-p", "no:hypothesispytest")


def ran(here, *arguments):
    return here.runpytest_inprocess(*ALONE, "-p", "no:cacheprovider", *arguments)


def test_without_the_flag_no_catalog_is_collected(here):
    here.makepyfile("def test_nothing(): pass")
    ran(here).assert_outcomes(passed=1)


def test_the_flag_alone_leaves_files_that_are_not_named_in_peace(here):
    here.makepyfile("def test_nothing(): pass")
    ran(here, "--derive").assert_outcomes(passed=1)


def test_every_claim_is_an_item_with_an_id_that_stays(here):
    for _ in range(2):
        out = ran(here, "--derive", "--collect-only", "-q", "my_catalog.yaml")
        assert [line for line in out.outlines if "::" in line] == IDS


def test_an_id_stays_when_the_right_side_is_mended(here):
    here.path.joinpath("my_catalog.yaml").write_text(CATALOG.replace("3*x[k]", "2.5*x[k]"))
    out = ran(here, "--derive", "--collect-only", "-q", "my_catalog.yaml")
    assert [line for line in out.outlines if "::" in line] == IDS


def test_a_wrong_claim_fails_and_shows_what_the_command_shows(here):
    out = ran(here, "--derive", "my_catalog.yaml")
    out.assert_outcomes(passed=4, failed=1)
    shown = out.outlines.index("squares  D(L, x[k]) == 3*x[k]   refuted")
    assert out.outlines[shown + 1].startswith("  at       n = 1   x = (")
    assert "(certified)" in out.outlines[shown + 2]
    assert out.outlines[shown + 3] == "  perhaps  3 in place of 2: D(L, x[k]) == 2*x[k]"
    assert out.outlines[shown + 4] == "  again    derive check my_catalog.yaml squares --seed 7"
    assert "Traceback" not in str(out.stdout)


def test_what_cannot_be_read_fails_at_its_place_and_loses_no_other(here):
    here.path.joinpath("my_catalog.yaml").write_text(BAD + CATALOG.replace("3*x[k]", "x[k] + x[k]"))
    out = ran(here, "--derive", "my_catalog.yaml")
    out.assert_outcomes(passed=5, failed=1)
    out.stdout.fnmatch_lines(["my_catalog.yaml:6:*: index i runs over * but over * [[]D301]", "*sum(x*", "*^*"])


@pytest.mark.parametrize(
    ("arguments", "passed", "failed"),
    [
        ([IDS[0]], 1, 0),
        ([IDS[1]], 0, 1),
        (["my_catalog.yaml::squares"], 4, 1),
        (["my_catalog.yaml", "-k", "printed or example"], 2, 0),
        (["my_catalog.yaml", "-x"], 1, 1),
    ],
    ids=["an id", "a second id", "a formula", "keywords", "the first failure"],
)
def test_items_are_selected_as_those_of_any_test(here, arguments, passed, failed):
    outcomes = ran(here, "--derive", *arguments).parseoutcomes()
    assert (outcomes.get("passed", 0), outcomes.get("failed", 0)) == (passed, failed)


def test_the_last_failed_are_run_again(here):
    assert here.runpytest_inprocess(*ALONE, "--derive", "my_catalog.yaml").parseoutcomes()["failed"] == 1
    outcomes = here.runpytest_inprocess(*ALONE, "--derive", "my_catalog.yaml", "--lf").parseoutcomes()
    assert (outcomes.get("failed"), outcomes.get("passed"), outcomes.get("deselected")) == (1, None, 4)


def test_catalogs_of_a_folder_are_found_by_patterns(here):
    here.path.joinpath("pyproject.toml").write_text(QUICK + '[tool.pytest.ini_options]\nderive_files = ["my_*.yaml"]\n')
    here.path.joinpath("other.yaml").write_text("no: catalog\n")
    ran(here, "--derive").assert_outcomes(passed=4, failed=1)
    assert "no tests ran" in str(ran(here).stdout)


def test_a_wrong_setting_is_refused_at_its_line(here):
    here.path.joinpath("pyproject.toml").write_text(QUICK.replace("= 7", '= "x"'))
    out = ran(here, "--derive", "my_catalog.yaml")
    assert out.ret != 0
    out.stdout.fnmatch_lines(["*pyproject.toml:3:1: setting seed: 'x' is not a valid integer*"])


def test_junitparser_reads_what_pytest_reports_of_it(here):
    ran(here, "--derive", "my_catalog.yaml", "--junitxml", "out.xml")
    (suite,) = JUnitXml.fromfile(str(here.path / "out.xml"))
    assert [case.name for case in suite] == [name.rsplit("::")[-1] for name in IDS]
    assert [type(case.result[0]) for case in suite if case.result] == [Failure]


def test_a_run_without_the_flag_imports_nothing_of_the_engine(here):
    here.makepyfile(
        """
        import sys
        def test_nothing():
            names = {name.split(".")[0] for name in sys.modules}
            assert not names & {"verify", "sympy", "numpy", "flint", "click", "yaml"}
            loaded = {name for name in sys.modules if name.split(".")[0] == "derive"}
            assert loaded == {"derive", "derive.pytest_plugin"}
        """
    )
    code = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    environment = {"PATH": "", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    run = subprocess.run([*code, "-p", "derive.pytest_plugin"], cwd=here.path, env=environment, capture_output=True,
                         text=True, check=False)  # fmt: skip
    assert run.returncode == 0, run.stdout


@pytest.mark.parametrize(
    ("text", "origin", "name"),
    [
        ("D(L, gamma) == 1", "claim", "D(L, gamma)"),
        ("D(L, x[k]) == where(x[k] <= 1, 0, 2)", "claim", "D(L, x[k]) [claim]"),
        ("where(x[k] <= 1, 0, 2) == y", "claim", "where(x[k] <= 1, 0, 2) [claim]"),
        ("given: {x: [1]} then: {L: 2}", "example", "example"),
        ("keeps a == b", "example", "keeps a == b"),
        ("a::b", "example", "a: :b"),
        ("a\u202eb == 1", "claim", "a\\u{202e}b"),
    ],
)
def test_a_claim_is_named_by_its_left_side(text, origin, name):
    taken = {}
    assert pytest_plugin.named(text, origin, taken) == name
    second = pytest_plugin.named(text, origin, taken)
    assert second != name
    assert second.endswith(" 2]")


def test_pytest_reads_a_name_as_it_is_written():
    nodeid = pytest.importorskip("_pytest.nodeid", reason="pytest before 9 keeps ids as texts")
    for name in IDS:
        parsed = nodeid.NodeId.parse(name)
        assert str(nodeid.NodeId(path=parsed.path, names=parsed.names, params=parsed.params)) == name
