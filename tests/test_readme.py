"""The README's session, run as it stands there. (Its Python lines are doctests.)"""

import re
import shlex
from pathlib import Path

import pytest

from derive.cli import run_command

README = (Path(__file__).parent.parent / "README.md").read_text()
BLOCKS = re.findall(r"```(yaml|console)\n(.*?)```", README, re.DOTALL)
# Each command with what it prints, and the last catalog above it.
SESSION = [
    (*block.removeprefix("$ derive ").split("\n", 1), [text for kind, text in BLOCKS[:at] if kind == "yaml"][-1])
    for at, (kind, block) in enumerate(BLOCKS)
    if kind == "console"
]


@pytest.mark.parametrize(("command", "output", "catalog"), SESSION, ids=[command for command, _, _ in SESSION])
def test_a_command_of_the_readme_prints_what_stands_below_it(capsys, tmp_path, monkeypatch, command, output, catalog):
    for file in (word for word in shlex.split(command) if word.endswith(".yaml")):
        (tmp_path / file).write_text(catalog)
    monkeypatch.setenv("DERIVE_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    run_command(shlex.split(command))
    assert capsys.readouterr().out == output


def test_the_readme_has_the_commands_that_ci_runs():
    ci = (Path(__file__).parent.parent / ".ci" / "run").read_text()
    for command in ("python -m pytest", "derive check all"):
        assert command in README
        assert command in ci
