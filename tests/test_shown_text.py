"""Whatever text a catalog holds is shown as text: on a terminal, in a pipe, to the runner of GitHub, to pytest."""

import json
import os
import re
import subprocess
import sys
import unicodedata

import pytest

from derive.cli import run_command

# Texts that mean something else to somebody: a page, LaTeX, rich, a terminal, a table, XML, a runner of GitHub.
EVIL = r"""<script>alert(1)</script> \\href{javascript:x}{y} [red]z[/red] | a | ]]> %0A::error::x ##[add-mask]x"""
HIDDEN = r"\e[31mred\a \u202Eevil\u2066 \u200F\uFEFF \x9B31m"
FIRST = "::stop-commands::x " + EVIL
CATALOG = f"""
groups:
  tests: "{FIRST}\\n  ::error::{EVIL}"
squares:
  title: "{FIRST}"
  group: tests
  inputs: {{x: "real[n]"}}
  define:
    L: sum(x[i]**2, i)
  claims:
    - D(L, x[k]) == 2*x[k]
    - D(L, x[k]) == 3*x[k]
  printed:
    - latex: "::error::x {EVIL}"
      says: D(L, x[k]) == 4*x[k]
      from: "::error::x {EVIL}"
      holds: "only if ::error::x {EVIL}"
  examples:
    - given: {{x: [1, 2]}}
      then: {{L: 4}}
      from: "::error::x {EVIL}"
  note: "{EVIL}"
  source: "{FIRST}"
"{EVIL}":
  title: x
"hidden {HIDDEN}":
  title: "{HIDDEN}"
hidden_title:
  title: "{FIRST} {HIDDEN}"
  group: "{HIDDEN}"
  inputs: {{x: "{HIDDEN}"}}
  define: {{L: "{HIDDEN}"}}
  claims: ["{HIDDEN}"]
"""
QUICK = ("--witness", "algebra,exact", "--jobs", "1")
COMMANDS = [
    ("check", "mine.yaml", *QUICK, "-v", "--durations", "1"),
    ("check", "mine.yaml", *QUICK, "-q"),
    ("errata", "mine.yaml", "--jobs", "1"),
    ("list", "mine.yaml"),
    ("list", "--groups", "mine.yaml"),
    ("lint", "mine.yaml"),
    ("show", "squares", "mine.yaml", "--printed"),
    ("show", "mine.yaml", "--format", "unicode"),
    ("mutate", "mine.yaml", "--sample", "2", "--again", "--jobs", "1"),
    ("diff-reports", "before.json", "after.json"),
    ("check", "mine.yaml", "hidden \x1b[31m\u202e::x", "\n::error::x"),
    ("explain", "\n::error::\x1b[31m"),
    ("d", "x + \x1b[31m\u202e", "\n::error::x"),
    ("check", "mine.yaml", "-k", "(\x1b[31m\n::error::x"),
    ("check", "-o", "\x1b[31m\n::error::x/a.json", "mine.yaml"),
    ("check", "mine.yaml", "--witness", "\n::error::\x1b[31m"),
    ("diff-reports", "\x1b[31m\n::error::x", "after.json"),
    ("init", "\x1b[31m\n::error::x"),
]
DRAWN = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\r")  # of the colours and the progress that derive itself draws


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    folder = tmp_path_factory.mktemp("texts")
    (folder / "mine.yaml").write_text(CATALOG)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("DERIVE_CACHE", str(folder / "cache"))
        run_command(["check", "mine.yaml", *QUICK, "-o", "after.json"])
    after = json.loads((folder / "after.json").read_text())
    assert after["summary"]["claims"] == 4
    for claim in after["formulas"][0]["claims"]:
        claim["verdict"] = "proved"
    (folder / "before.json").write_text(json.dumps({**after, "errors": []}))
    return folder


def hidden(text):
    """The characters that show nothing, or change what others show."""
    return [c for c in text if c != "\n" and unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: " ".join(command).encode("unicode_escape").decode())
def test_text_from_a_catalog_or_a_command_line_is_text_wherever_it_is_shown(here, capsys, monkeypatch, command):
    monkeypatch.chdir(here)
    monkeypatch.setenv("DERIVE_CACHE", str(here / "cache"))
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    assert run_command(list(command)) in (0, 1, 2, 5)
    shown = "".join(capsys.readouterr())
    assert shown
    assert hidden(shown) == []
    assert not re.search(r"(?m)^\s*::|##\[", shown)
    assert "Traceback" not in shown


def test_titles_are_shown_as_they_are_written(here, capsys, monkeypatch):
    monkeypatch.chdir(here)
    run_command(["list", "mine.yaml"])
    title = capsys.readouterr().out.splitlines()[0]
    assert title.endswith(r"::stop-commands::x " + EVIL.replace("\\\\", "\\"))


@pytest.mark.parametrize("width", ["60", "200"])
def test_a_terminal_is_driven_by_derive_alone(here, width):
    # In a terminal of its own, progress and all; what is drawn there is colours and the bar.
    pytest.importorskip("pty")
    code = "import sys; from derive.cli import main; main(sys.argv[1:])"
    words = [sys.executable, "-c", code, "check", "mine.yaml", *QUICK, "--no-cache", "-v"]
    given = {"COLUMNS": width, "TERM": "xterm", "DERIVE_CACHE": str(here / "cache")}
    spawn = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))"
    found = subprocess.run([sys.executable, "-c", spawn, *words], cwd=here, env={**os.environ, **given},
                           capture_output=True, stdin=subprocess.DEVNULL, timeout=120)  # fmt: skip
    shown = found.stdout.decode()
    assert found.returncode == 2
    assert "refuted" in shown
    assert "\x1b[" in shown
    assert hidden(DRAWN.sub("", shown)) == []
    assert "\x1b[31mred" not in shown


def test_pytest_shows_what_a_catalog_says_as_text(here):
    words = [sys.executable, "-m", "pytest", "-p", "derive.pytest_plugin", "-p", "no:cacheprovider", "-v", "--derive",
             "mine.yaml", "--junitxml=junit.xml"]  # fmt: skip
    given = {"DERIVE_CACHE": str(here / "cache"), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    found = subprocess.run(words, cwd=here, capture_output=True, text=True, env={**os.environ, **given}, timeout=120)
    assert found.returncode == 1
    assert "D(L, x[k]) == 3*x[k]   refuted" in found.stdout
    assert hidden(found.stdout) == []
    assert hidden((here / "junit.xml").read_text()) == []
