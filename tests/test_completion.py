"""What the shells complete, asked of the shells themselves: nothing from outside may be more to them than a word."""

import os
import shutil
import subprocess
import sys

import pytest

CATALOG = """
good_one: {title: x, group: "$(touch pwned)", inputs: {x: real}, define: {L: x}, claims: ["L == x"]}
"$(touch pwned)": {title: y, group: ours, inputs: {x: real}, define: {L: x}, claims: ["L == x"]}
"a`touch pwned`": {title: y, group: "*", inputs: {x: real}, define: {L: x}, claims: ["L == x"]}
"good;touch pwned": {title: y, group: "good two", inputs: {x: real}, define: {L: x}, claims: ["L == x"]}
"""
HOSTILE = ["$(touch pwned).yaml", "a;touch pwned.yaml", "s p.yaml", "star*.yaml", "-q.yaml", "`touch pwned`.yaml"]
BASH = """
compopt() { local IFS=' '; echo "shell's own: $*"; }
eval "$(derive completion bash)"
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=()
_derive_completion derive
printf '%s\\n' "${COMPREPLY[@]}"
"""
FISH = "derive completion fish | source; complete -C (string join ' ' -- $argv)"


@pytest.fixture
def complete(tmp_path, monkeypatch):
    """What a shell offers at the end of a line, in a folder with catalogs of all kinds."""
    (tmp_path / "mine.yaml").write_text(CATALOG)
    (tmp_path / "sub").mkdir()
    for name in [*HOSTILE, "sub/other.yaml"]:
        (tmp_path / name).write_text("")
    before = {*os.listdir(tmp_path)}
    program = tmp_path.parent / f"{tmp_path.name}-bin"
    program.mkdir()
    (program / "derive").write_text(
        f"#!/bin/sh\nexec {sys.executable} -c 'import sys; from derive.cli import main; main(sys.argv[1:])' \"$@\"\n"
    )
    (program / "derive").chmod(0o755)
    monkeypatch.setenv("PATH", f"{program}:{os.environ['PATH']}")

    def run(*words, shell="bash"):
        if not shutil.which(shell):
            pytest.skip(f"{shell} is not installed")
        line = ["bash", "--norc", "-c", BASH, "bash"] if shell == "bash" else ["fish", "--no-config", "-c", FISH]
        found = subprocess.run([*line, *words], cwd=tmp_path, capture_output=True, text=True, timeout=60)
        assert found.stderr == ""
        assert {*os.listdir(tmp_path)} == before
        return [word for word in found.stdout.splitlines() if word]

    return run


@pytest.mark.parametrize("shell", ["bash", "fish"])
def test_names_groups_commands_and_codes_are_completed(complete, shell):
    assert "bn_backward" in complete("derive", "check", "bn_b", shell=shell)
    assert "bn_backward" in complete("derive", "export", "bn_b", shell=shell)
    assert complete("derive", "explain", "D30", shell=shell)[:2] == ["D301", "D302"]
    assert complete("derive", "lint", "normaliz", shell=shell) == ["normalization"]


@pytest.mark.parametrize("shell", ["bash", "fish"])
def test_catalogs_are_completed_beside_names(complete, shell):
    offered = complete("derive", "check", "mi", shell=shell)
    assert {"mine.yaml", "minimal_gru"} <= {*offered}
    assert complete("derive", "check", "sub/o", shell=shell) == ["sub/other.yaml"]


@pytest.mark.parametrize("shell", ["bash", "fish"])
def test_behind_a_catalog_its_own_names_are_completed_and_only_words(complete, shell):
    # bn_backward would be refused there: it is no formula of mine.yaml.
    assert complete("derive", "check", "mine.yaml", "good", shell=shell) == ["good_one"]
    assert not any("bn_" in word for word in complete("derive", "check", "mine.yaml", "b", shell=shell))
    offered = complete("derive", "check", "mine.yaml", "", shell=shell)
    assert not [word for word in offered if set(word) & set("$`;* ()")]
    assert {"all", "good_one", "ours"} <= {*offered}


def test_the_catalogs_of_the_settings_are_those_whose_names_are_completed(complete, tmp_path):
    (tmp_path / "sub" / "pyproject.toml").write_text("")  # not looked at: it is further down
    (tmp_path.parent / "pyproject.toml").write_text(f"[tool.derive]\ncatalogs = ['{tmp_path.name}/mine.yaml']\n")
    try:
        assert complete("derive", "check", "good") == ["good_one"]
    finally:
        (tmp_path.parent / "pyproject.toml").unlink()


def test_where_nothing_is_known_the_shell_completes_files(complete):
    assert complete("derive", "check", "sub") == ["shell's own: -o default"]
    assert complete("derive", "check", "-o", "") == ["shell's own: -o default"]
