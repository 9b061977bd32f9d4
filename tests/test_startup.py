"""Start-up: what a command does not need is not loaded, and the table of the subcommands says the truth."""

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from derive.cli import COMMANDS, command, run_command

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize("name", COMMANDS)
def test_the_line_of_a_command_in_the_help_is_the_first_of_its_own_help(name):
    place, line = COMMANDS[name]
    module, _, attribute = place.partition(":")
    found = getattr(import_module(module), attribute)
    assert found.name == name
    assert found.get_short_help_str(1000) == line


def test_the_help_names_every_command_in_order(capsys):
    assert run_command(["--help"]) == 0
    lines = capsys.readouterr().out.partition("Commands:\n")[2].splitlines()
    assert [line.split()[0] for line in lines if line.startswith("  ") and line[2] != " "] == list(COMMANDS)


def test_every_command_can_be_called(capsys):
    for name in command.list_commands(None):
        assert run_command([name, "--help"]) == 0
    assert run_command(["nosuch"]) == 2
    assert "No such command 'nosuch'" in capsys.readouterr().err


def test_the_help_loads_neither_a_subcommand_nor_rich():
    code = "import sys; from derive.cli import run_command; run_command(['--help']); print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = set(run.stdout.split())
    assert "click.core" in loaded
    assert not {name for name in loaded if name.startswith(("rich", "msgspec", "yaml", "derive.language", "verify"))}


def loaded_by(*arguments):
    """The modules that a command has loaded when it ends."""
    code = "import sys; from derive.cli import run_command; run_command(sys.argv[1:]); print(); print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code, *arguments], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(run.stdout.splitlines()[-1].split())


@pytest.mark.parametrize("arguments", [["list"], ["show", "bn_backward"]])
def test_a_command_that_runs_does_not_load_what_draws_help(arguments):
    assert not {name for name in loaded_by(*arguments) if name.startswith("rich")}


# What other commands or rare turns need: SymPy and NumPy, numbers of this package, the steps of a derivation, what
# writes files (tempfile, with what shutil packs), what finds the nearest word, what writes JSON.
BESIDE = {
    "sympy",
    "numpy",
    "scipy",
    "derive.derivation.steps",
    "derive.export",
    "tempfile",
    "shutil",
    "difflib",
    "json",
}


def test_a_formula_is_shown_with_what_that_needs_alone():
    loaded = loaded_by("show", "bn_backward")
    assert {"derive.proof", "derive.printing.latex"} <= loaded
    assert not BESIDE & loaded
    assert not {name for name in loaded if name.startswith("verify")}


def test_what_draws_help_is_loaded_where_help_is_asked_for():
    assert {"rich_click", "rich.panel"} <= loaded_by("show", "--help")


def test_the_collector_looks_for_garbage_neither_while_a_formula_is_shown_nor_at_the_end():
    # Of a process that took 200 ms, it took 15 on the way and 30 at the end, and found nothing that mattered.
    code = """
import atexit, gc, sys
from derive.cli import main
before = gc.get_stats()[2]["collections"]
atexit.register(lambda: print(gc.get_stats()[2]["collections"] - before, len(gc.get_objects()) < 1000))
main(["show", "bn_backward"])
"""
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout.splitlines()[-1] == "0 True"
