"""Every hostile input of tests/hostile ends in its own clear outcome: no traceback, no hang, no file, no program."""

import ast
import dataclasses
import io
import multiprocessing
import os
import re
import sys
import time
import tokenize
import unicodedata
from pathlib import Path

import pytest
from hostile import Hostile, corpus

from derive.cli import run_command
from verify.judge import MODULES, load

CASES = list(corpus())
SECONDS = 20.0  # in which each must end, on a machine that is busy; alone they take a fraction of one
OWN = {"cache", "hostile.yaml"}  # what may be there beside what was put there


@pytest.fixture(scope="module", autouse=True)
def witnesses() -> None:
    """Imported once, so that every worker that is forked has them."""
    load([name for name in MODULES if name != "reference"])


@pytest.fixture
def outcome(tmp_path, monkeypatch, capfd):
    """The status and all that is printed for a case, in a folder of its own."""

    def run(case: Hostile) -> tuple[int, str]:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("DERIVE_CACHE", str(tmp_path / "cache"))
        for stream in (sys.stdout, sys.stderr):
            stream.reconfigure(errors="backslashreplace")  # as derive.cli.main does
        words = case.prepared(tmp_path)
        limit = ["--timeout", "3"] if words[0] == "check" and "--timeout" not in words else []
        before = {*os.listdir(tmp_path)}
        begun = time.monotonic()
        status = run_command([*words, *limit])
        assert time.monotonic() - begun < SECONDS
        assert {*os.listdir(tmp_path)} <= before | OWN
        return status, "".join(capfd.readouterr())

    return run


def test_the_corpus_is_large_and_no_name_stands_twice():
    assert len(CASES) >= 150
    assert len({str(case) for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_hostile_input_has_its_clear_outcome(case, outcome):
    status, told = outcome(case)
    assert (status, case.says in told, case.code in told) == (case.status, True, True), told[:2000]
    assert "Traceback" not in told
    assert "internal error" not in told
    assert not [c for c in told if c != "\n" and unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp")]
    assert not multiprocessing.active_children()


EXPORTED = [case for case in CASES if "exported" in case.given]


@pytest.mark.parametrize("case", EXPORTED, ids=str)
def test_a_hostile_text_changes_nothing_of_exported_code_but_its_comments(case, outcome):
    given = {key: value for key, value in case.given.items() if key != "fields"}
    if "inputs" in given:  # names that are words of the target, which get others
        code = outcome(case)[1]
        assert _bare(code, case.given["exported"])
        return
    hostile, harmless = (outcome(one)[1] for one in (case, dataclasses.replace(case, given=given)))
    assert hostile != harmless
    bare = [_bare(text, case.given["exported"]) for text in (hostile, harmless)]
    assert bare[0] == bare[1]


def test_code_that_escapes_its_comment_would_be_seen():
    # The wrong twin of the test above: what `_bare` leaves is all that a compiler reads.
    assert _bare('"""a"""\nimport os\n"""b"""', "numpy") != _bare('"""a"""\n"""b"""', "numpy")
    assert _bare("/* a */ int x; /* b */", "c") != _bare("/* a */ /* b */", "c")
    assert _bare("/* a */ // b ??/\nint x;", "c") == _bare("/* a */ // b", "c")


def _bare(code: str, target: str) -> str:
    """What is left of code without comments and docstrings, as its compiler finds them."""
    if target != "c":
        data = code.encode()
        assert tokenize.detect_encoding(io.BytesIO(data).readline)[0] == "utf-8"
        tree = ast.parse(data)
        for node in ast.walk(tree):
            if isinstance(node, (ast.Module, ast.FunctionDef, ast.ClassDef)) and ast.get_docstring(node) is not None:
                node.body[0] = ast.Pass()
        return ast.unparse(tree)
    for trigraph, sign in (("??/", "\\"), ("??'", "^"), ("??!", "|"), ("\\\n", "")):
        code = code.replace(trigraph, sign)
    return re.sub(r"/\*.*?\*/|//[^\n]*", " ", code, flags=re.DOTALL).split().__str__()


def test_a_case_is_prepared_as_its_data_say(tmp_path):
    case = next(case for case in CASES if case.name == "unclosed_brackets")
    assert case.prepared(tmp_path) == ["check", "hostile.yaml"]
    assert "(" * 3000 in Path(tmp_path, "hostile.yaml").read_text()
