"""The tests that go with exported code pass as written, and fail when one sign of the code is flipped."""

import re
import shutil
import subprocess
import sys

import pytest

from derive.cli import run_command

ENTRY = "layer_norm"
FLAGS = ["-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic", "-O1"]
needs_gcc = pytest.mark.skipif(shutil.which("gcc") is None, reason="no gcc here")


def written(folder, name, target, entry=ENTRY, *options):
    """The source of an entry, with its test beside it."""
    path = folder / (f"{name}.c" if target == "c" else f"{name}.py")
    assert run_command(["export", entry, "--to", target, "-o", str(path), "--test", *options]) == 0
    assert path.with_name(f"test_{path.name}").is_file()
    return path


def with_a_wrong_sign(path):
    """The file with the first difference of its backward pass made a sum."""
    text = path.read_text()
    start = re.search(r" = saved$|^int \w*backward.*$", text, re.MULTILINE).end()
    wrong, count = re.subn(r"(\w|\)|\]) -(=?) ", r"\1 +\2 ", text[start:], count=1)
    assert count == 1
    path.write_text(text[:start] + wrong)


@pytest.mark.parametrize("target", ["numpy", "torch", "jax"])
def test_a_python_test_passes_and_fails_with_one_sign_flipped(target, tmp_path):
    pytest.importorskip(target)
    written(tmp_path, "norm", target)
    with_a_wrong_sign(written(tmp_path, "twin", target))
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-rA", "-p", "no:cacheprovider", str(tmp_path)],
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    said = re.findall(r"^(PASSED|FAILED) test_(\w+)\.py", ran.stdout, re.MULTILINE)
    assert sorted(said) == [("FAILED", "twin")] * 2 + [("PASSED", "norm")] * 2, ran.stdout


def compiled(path):
    """The test program of a source, made by the command that its own comment gives, with every warning an error."""
    test = path.with_name(f"test_{path.name}")
    command = re.search(r"cc -std=c99 -O2 -o (\w+) (\w+\.c) (\w+\.c) -lm", test.read_text())
    assert command.groups() == (test.stem, test.name, path.name)
    made = subprocess.run(
        ["gcc", *FLAGS, "-o", *command.groups(), "-lm"], cwd=path.parent, capture_output=True, text=True
    )
    assert made.returncode == 0, made.stderr[:2000]
    return path.with_name(test.stem)


@needs_gcc
@pytest.mark.parametrize("entry", [ENTRY, "adam", "conv2d", "relu", "kirsch_compass", "softmax_ce_batch"])
def test_a_program_in_c_returns_0(entry, tmp_path):
    ran = subprocess.run([compiled(written(tmp_path, "one", "c", entry))], capture_output=True, text=True)
    assert (ran.returncode, ran.stdout) == (0, "")


@needs_gcc
def test_a_program_in_single_precision_returns_0(tmp_path):
    ran = subprocess.run([compiled(written(tmp_path, "one", "c", ENTRY, "--float32"))], capture_output=True, text=True)
    assert (ran.returncode, ran.stdout) == (0, "")


@needs_gcc
def test_a_program_in_c_returns_1_with_one_sign_flipped_and_says_where(tmp_path):
    path = written(tmp_path, "twin", "c")
    with_a_wrong_sign(path)
    ran = subprocess.run([compiled(path)], capture_output=True, text=True)
    assert ran.returncode == 1
    assert re.search(r"^dx: element \d is .*, not ", ran.stdout, re.MULTILINE)
    assert "dx: the slope of forward is" in ran.stdout
    assert "dbeta" not in ran.stdout
