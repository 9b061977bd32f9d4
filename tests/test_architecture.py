"""Which module may know which: imports point one way, and nothing from outside is ever run as code."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MODULES = sorted([*(ROOT / "derive").rglob("*.py"), *(ROOT / "verify").rglob("*.py")])
# Where symbols and numbers are tied together: the command, what `import derive` offers, and what pytest loads (beside
# the command, because nobody who runs tests is to wait for the command's imports).
ROOTS = [ROOT / "derive" / "api.py", ROOT / "derive" / "judging.py", ROOT / "derive" / "pytest_plugin.py"]
COMPOSITION = [path for path in MODULES if path.is_relative_to(ROOT / "derive" / "cli")] + ROOTS
RULES_OF_THE_ALGEBRA = {"derive.adjoints", "derive.calculus", "derive.algebra", "derive.resolution", "derive.proof"}


# What makes a text run without a name like exec in it. Code that we wrote ourselves is run in one place.
RUNNERS = {"exec_module", "source_to_code", "run_path", "run_module", "compile_command", "spec_from_file_location"}
RUNS_OWN_CODE = {ROOT / "derive" / "compiled.py": {"exec_module", "source_to_code"}}


def names(path):
    return str(path.relative_to(ROOT))


def imported(tree):
    """Every module that a file imports, wherever in it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def imports_of(path):
    return set(imported(ast.parse(path.read_text())))


def called(tree):
    """The names of what is called: f for f(x), g for a.g(x)."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield getattr(node.func, "id", getattr(node.func, "attr", ""))


def runs_code(tree):
    """What of a file can run a text, or read one as something that does."""
    calls = {"sympify", "parse_expr", "lambdify", "nsimplify", "S", *RUNNERS} & set(called(tree))
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} | set(called(tree))
    packages = {name.split(".")[0] for name in imported(tree)}
    return calls | {"eval", "exec", "__import__"} & used | {"pickle", "shelve", "dill", "joblib", "marshal"} & packages


@pytest.mark.parametrize("path", MODULES, ids=names)
def test_symbols_never_import_numbers(path):
    if path.is_relative_to(ROOT / "derive") and path not in COMPOSITION:
        assert not {name for name in imports_of(path) if name.split(".")[0] == "verify"}


@pytest.mark.parametrize("path", MODULES, ids=names)
def test_nothing_builds_on_what_ties_symbols_and_numbers_together(path):
    if path not in [*COMPOSITION, ROOT / "derive" / "__init__.py"]:
        above = ("derive.api", "derive.judging", "derive.cli")
        assert not {name for name in imports_of(path) if name.startswith(above)}


@pytest.mark.parametrize("path", MODULES, ids=names)
def test_numbers_never_use_the_algebra_whose_work_they_check(path):
    if path.is_relative_to(ROOT / "verify"):
        used = {name for name in imports_of(path) if any(name.startswith(rule) for rule in RULES_OF_THE_ALGEBRA)}
        assert used <= ({"derive.proof", "derive.proof.Algebra"} if path.name == "judge.py" else set())


@pytest.mark.parametrize("path", MODULES, ids=names)
def test_nothing_runs_a_text_as_code_or_reads_a_pickle(path):
    assert runs_code(ast.parse(path.read_text())) == RUNS_OWN_CODE.get(path, set())


@pytest.mark.parametrize(
    "text",
    [
        "eval('1')",
        "run = eval",
        "builtins.exec(x)",
        "import pickle",
        "from pickle import loads",
        "sympy.sympify(t)",
        "loader.exec_module(module)",
    ],
)
def test_the_rule_against_running_texts_sees_what_it_forbids(text):
    assert runs_code(ast.parse(text))


def loaded_by(*arguments):
    """The modules that a command has loaded when it ends."""
    code = (
        "import sys; from derive.cli import run_command; run_command(sys.argv[1:]); "
        "sys.stdout.write('\\n' + '\\n'.join(sys.modules))"
    )
    run = subprocess.run([sys.executable, "-c", code, *arguments], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(run.stdout.splitlines())


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["--version"],
        ["list"],
        ["list", "--groups"],
        ["check", "--help"],
        ["errata", "-h"],
        ["check", "nosuch"],
    ],
)
def test_a_command_that_computes_nothing_loads_no_mathematics(arguments):
    assert not loaded_by(*arguments) & {"sympy", "numpy", "flint", "mpmath", "scipy", "rich.progress", "verify.pool"}


def test_showing_a_formula_loads_neither_sympy_nor_numpy():
    loaded = loaded_by("show", "softmax_ce_gradient")
    assert "derive.proof" in loaded
    assert not loaded & {"sympy", "numpy", "scipy", "mpmath"}


def test_a_question_in_a_line_loads_no_sympy_and_a_known_answer_no_numbers_either(tmp_path, monkeypatch):
    monkeypatch.setenv("DERIVE_CACHE", str(tmp_path))
    question = ("d", "sum(log(1 + exp(x[i])), i)", "x[k]")
    assert "sympy" not in loaded_by(*question)
    assert not loaded_by(*question) & {"sympy", "numpy", "flint", "verify.judge", "derive.proof"}


def test_importing_derive_loads_no_more_than_the_package():
    code = "import sys; import derive; before = {*sys.modules}; derive.load; print({*sys.modules} - before != set())"
    code += "; print([n for n in before if n.startswith('derive.')], {'sympy', 'numpy', 'flint'} & {*sys.modules})"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout == "True\n[] set()\n"


def test_a_run_without_the_sympy_witness_does_not_load_sympy():
    code = (
        "import sys; from verify.judge import load; load(('algebra', 'exact', 'differences')); "
        "sys.stdout.write('\\n'.join(sys.modules))"
    )
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "verify.exact" in run.stdout
    assert "sympy" not in run.stdout.splitlines()


def test_judging_imports_nothing_of_the_engine_that_loading_did_not():
    # a module imported inside an arena would lose the nodes that it makes
    code = """
import sys
from derive.catalog import read, shipped
from verify.judge import judged, load
from verify.testimony import Settings
settings = Settings()
formula = read(shipped(), only={"softmax_ce_gradient"}).formulas["softmax_ce_gradient"]
load(settings.witnesses)
before = set(sys.modules)
for _ in judged(formula, settings): pass
print([name for name in set(sys.modules) - before if name.split(".")[0] in ("derive", "verify")])
"""
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout == "[]\n"
