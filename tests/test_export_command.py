"""`derive export` as a command: what it writes where, and what it says of what it cannot write."""

import os
import shutil
import subprocess
import sys

import numpy as np
import pytest
from exports import run

from derive.cli import run_command

NAMES = """
lambda_rate:
  title: Names that mean something where the code goes
  group: mine
  inputs: {ctx: "real[n]", name: "real[n]", double: "positive", int: "real", argument: real, linux: real, NAN: real}
  define:
    value[i]: ctx[i]*name[i]/double + int*argument
    needed: sum(value[i]**2, i)*linux*NAN
  claims:
    - D(needed, ctx[k]) == 2*value[k]*name[k]/double*linux*NAN
    - D(needed, name[k]) == 2*value[k]*ctx[k]/double*linux*NAN
  source: nobody
"""
GIVEN = [[1.0, 2.0], [3.0, 5.0], 2.0, 0.5, 4.0, 1.5, 2.0]
WORTH = ((1.5 + 2) ** 2 + (5 + 2) ** 2) * 3
SLOPE = [2 * 3.5 * 3 / 2 * 3, 2 * 7 * 5 / 2 * 3]


def said(capsys, *arguments):
    """The exit status and what the command complains of."""
    status = run_command(["export", *map(str, arguments)])
    return status, capsys.readouterr().err


def test_without_a_name_it_asks_for_one(capsys):
    status, message = said(capsys)
    assert status == 2
    assert "which formula? `derive list` shows them" in message


def test_an_unknown_name_is_answered_with_the_nearest(capsys):
    status, message = said(capsys, "layer_nrm")
    assert status == 2
    assert "did you mean layer_norm" in message


def test_several_formulas_need_a_folder(capsys, tmp_path):
    status, message = said(capsys, "tanh", "sigmoid", "-o", tmp_path / "both.py")
    assert status == 2
    assert "2 formulas are files in a folder: say which with -o FOLDER/" in message
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("target", ["numpy", "c"])
def test_a_folder_gets_a_file_for_each(target, capsys, tmp_path):
    suffix = "c" if target == "c" else "py"
    assert said(capsys, "tanh", "sigmoid", "--to", target, "--test", "-o", tmp_path) == (0, "")
    files = [f"{name}.{suffix}" for name in ("sigmoid", "tanh", "test_sigmoid", "test_tanh")]
    assert sorted(path.name for path in tmp_path.iterdir()) == files


def test_a_folder_that_is_not_there_is_refused(capsys, tmp_path):
    for output in (f"{tmp_path}/none/", f"{tmp_path}/none/tanh.py"):
        status, message = said(capsys, "tanh", "-o", output)
        assert status == 2
        assert f"there is no folder {tmp_path}/none" in message


def test_what_has_no_code_is_named_and_the_others_are_written(capsys, tmp_path):
    status, message = said(capsys, "box_sum", "tanh", "non_max_suppression", "-o", tmp_path)
    assert status == 2
    assert "box_sum is not exported to numpy: a sum whose range" in message
    assert "non_max_suppression is not exported to numpy: the algorithm" in message
    assert [path.name for path in tmp_path.iterdir()] == ["tanh.py"]


def test_an_entry_without_definitions_is_refused(capsys, tmp_path):
    own = tmp_path / "own.yaml"
    own.write_text(
        "half:\n  title: A half\n  group: mine\n  inputs: {x: real}\n  claims:\n    - x/2 == 0.5*x\n  source: me\n"
    )
    status, message = said(capsys, own, "--to", "torch")
    assert status == 2
    assert "half is not exported to torch: it defines no value" in message


@pytest.mark.parametrize(
    ("option", "reason"),
    [
        (["--of", "z"], "no value z; there is y"),
        (["--by", "gama"], "no gradient by gama (did you mean gamma?); there is x, gamma, beta, epsilon"),
    ],
)
def test_a_value_or_an_input_that_is_not_there_is_refused(option, reason, capsys):
    status, message = said(capsys, "layer_norm", *option)
    assert status == 2
    assert reason in message


def test_a_gradient_that_no_claim_speaks_of_is_derived_when_it_is_asked_for(capsys, tmp_path):
    # y = gamma*(x - mu)/sqrt(var + epsilon) + beta, so dy/depsilon = -(y - beta)/(2*(var + epsilon))
    assert said(capsys, "layer_norm", "--by", "epsilon", "-o", tmp_path / "norm.py") == (0, "")
    scope = run((tmp_path / "norm.py").read_text(), "norm")
    x, gamma, beta = np.array([[1.0, 2.0, 4.0]]), np.array([1.0, 2.0, -1.0]), np.array([0.5, 0.0, 1.0])
    y, saved = scope["forward"](x, gamma, beta, 0.25)
    g = np.array([[1.0, -2.0, 3.0]])
    slope = np.sum(g * -(y - beta)) / (2 * (np.var(x) + 0.25))
    assert np.allclose(scope["backward"](saved, g), slope)


def test_a_test_needs_a_file_that_can_be_imported(capsys, tmp_path):
    status, message = said(capsys, "tanh", "--test")
    assert status == 2
    assert "say where that is with -o" in message
    status, message = said(capsys, "tanh", "--test", "-o", tmp_path / "my-tanh.py")
    assert status == 2
    assert "my-tanh is no name that can be imported" in message


def test_a_test_needs_a_point_where_the_value_is_defined(capsys, tmp_path):
    own = tmp_path / "own.yaml"
    own.write_text(
        "none:\n  title: Nothing\n  group: mine\n  inputs: {x: real}\n  define:\n    y: log(-x**2)\n"
        "  claims:\n    - D(y, x) == 2/x\n  source: me\n"
    )
    status, message = said(capsys, own, "--test", "-o", tmp_path / "none.py")
    assert status == 2
    assert "--test knows no values: y or its slope has no value at the points drawn" in message
    assert not (tmp_path / "none.py").exists()


def test_the_help_shows_an_example(capsys):
    assert run_command(["export", "--help"]) == 0
    assert "derive export layer_norm --to torch" in " ".join(capsys.readouterr().out.split())


def test_the_same_entry_gives_the_same_code_in_every_process():
    # Factors once came in the order of a set of nodes, which is that of their places in memory.
    texts = set()
    for seed in ("1", "2"):
        command = [sys.executable, "-c", "from derive.cli import main; main()", "export", "attention_as_dictionary"]
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        texts.add(subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout)
    assert len(texts) == 1
    assert "def backward" in texts.pop()


@pytest.fixture
def own(tmp_path):
    path = tmp_path / "own.yaml"
    path.write_text(NAMES)
    return path


@pytest.mark.parametrize("target", ["numpy", "torch", "jax"])
def test_names_that_python_code_needs_itself_are_given_others(target, own, tmp_path):
    library = pytest.importorskip({"jax": "jax.numpy"}.get(target, target))
    assert run_command(["export", str(own), "--to", target, "-o", str(tmp_path / "names.py")]) == 0
    scope = run((tmp_path / "names.py").read_text(), "names")
    if target == "torch":
        inputs = [library.tensor(value, dtype=library.float64) for value in GIVEN]
        inputs[0].requires_grad_()
        found = scope["Function"].apply(*inputs)
        found.backward()
        value, slope = found.item(), inputs[0].grad
    elif target == "jax":
        import jax

        value, slope = jax.value_and_grad(scope["value"])(*map(library.asarray, GIVEN))
    else:
        value, saved = scope["forward"](*GIVEN)
        slope = scope["backward"](saved, 1.0)[0]
    assert np.isclose(float(value), WORTH)
    assert np.allclose(np.asarray(slope), SLOPE)


@pytest.mark.skipif(shutil.which("gcc") is None, reason="no gcc here")
@pytest.mark.parametrize("standard", ["c99", "gnu17"])
def test_names_that_c_needs_itself_are_given_others(standard, own, tmp_path):
    assert run_command(["export", str(own), "--to", "c", "-o", str(tmp_path / "names.c"), "--test"]) == 0
    flags = [f"-std={standard}", "-Wall", "-Wextra", "-Werror"]
    command = ["gcc", *flags, "-o", "one", "names.c", "test_names.c", "-lm"]
    made = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    assert subprocess.run([tmp_path / "one"], check=False).returncode == 0


@pytest.mark.parametrize("target", ["numpy", "torch", "c"])
def test_a_derivative_in_a_line_comes_as_code_too(target, capsys, tmp_path):
    # d/dx sum x_i^2 = 2 x
    assert run_command(["d", "sum(x[i]**2, i)", "x[k]", "--code", target]) == 0
    text = capsys.readouterr().out
    x = [1.0, -3.0]
    if target == "c":
        if shutil.which("gcc") is None:
            pytest.skip("no gcc here")
        (tmp_path / "one.c").write_text(text)
        subprocess.run(["gcc", "-std=c99", "-Wall", "-Wextra", "-Werror", "-c", "one.c"], cwd=tmp_path, check=True)
        return
    library = pytest.importorskip(target)
    whole = library.tensor if target == "torch" else library.asarray
    scope = run(text, "one")
    value, saved = scope["forward"](whole(x))
    assert float(value) == 10
    assert np.allclose(np.asarray(scope["backward"](saved, whole(1.0))), [2.0, -6.0])
