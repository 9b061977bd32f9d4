"""The README's session, run as it stands there. (Its Python lines are doctests.)"""

import re
import shlex
from pathlib import Path

import pytest

from derive.cli import run_command

README = (Path(__file__).parent.parent / "README.md").read_text()
SESSION = [block.partition("\n") for block in re.findall(r"```console\n\$ derive (.*?)```", README, re.DOTALL)]


@pytest.mark.parametrize(("command", "output"), [(c, o) for c, _, o in SESSION], ids=[c for c, _, _ in SESSION])
def test_a_command_of_the_readme_prints_what_stands_below_it(capsys, tmp_path, monkeypatch, command, output):
    (catalog,) = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)
    (tmp_path / "mine.yaml").write_text(catalog)
    monkeypatch.chdir(tmp_path)
    run_command(shlex.split(command))
    assert capsys.readouterr().out == output


def test_the_readme_has_the_commands_that_ci_runs():
    ci = (Path(__file__).parent.parent / ".ci" / "run").read_text()
    for command in ("python -m pytest", "derive check all"):
        assert command in README
        assert command in ci
