"""`derive` opens no socket, runs no program, and writes nothing but its cache and what is named to it.

The commands run in a process of their own under an audit hook, which a worker inherits as it is forked; what the
interpreter is asked for is written to a file that is opened before.
"""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="workers inherit the hook by fork")

# Run by the process that is watched: every event that matters goes to the file, as a line of JSON.
WATCHED = r"""
import json, os, sys
out = os.open(os.environ["AUDIT"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
CHANGES = ("os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.truncate", "os.chmod",
           "os.chown", "os.utime", "shutil.", "tempfile.")
STARTS = ("socket.", "subprocess.Popen", "os.exec", "os.system", "os.posix_spawn", "os.spawn", "os.startfile",
          "urllib.", "ftplib.", "http.", "smtplib.", "webbrowser.", "pty.spawn", "ctypes.dlopen", "code.__new__")

def told(event, args):
    if event == "open":
        path, mode, flags = args
        if isinstance(path, int) or not (isinstance(flags, int) and flags & WRITING):
            return
    elif event == "ctypes.dlopen" and args[0] is None:
        return  # the process itself, whose prctl a worker calls
    elif not event.startswith((*CHANGES, *STARTS)) and event != "sqlite3.connect":
        return
    shown = [os.fsdecode(a) if isinstance(a, (bytes, os.PathLike)) else str(a) for a in args]
    os.write(out, (json.dumps([event, os.getpid(), *shown]) + "\n").encode())

import derive.cli, verify.judge
verify.judge.load(["algebra", "exact", "sympy", "differences"])  # imports make folders of their own (fonts, bytecode)
sys.dont_write_bytecode = True
sys.addaudithook(told)
PLANTED
for words in json.loads(os.environ["COMMANDS"]):
    derive.cli.run_command(words)
"""

NORMAL = """\
squares:
  title: Half the sum of squares
  group: mine
  inputs: {x: "real[n]"}
  define:
    L: sum(x[i]**2, i)/2
  claims:
    - D(L, x[k]) == x[k]
    - D(L, x[k]) == 2*x[k]
  source: my own
"""
HOSTILE = """\
bad:
  title: "[link=http://example.com]x[/link] <script src=http://example.com>"
  group: mine
  inputs: {x: "real[n]"}
  define:
    L: sum(x[i]**2, i)
  claims:
    - D(L, x[k]) == 2*x[k]
    - "__import__('os').system('touch pwned') == 1"
  source: http://example.com/$(touch pwned)
tagged: !!python/object/apply:os.system ['touch pwned']
"""
COMMANDS = [
    ["check", "normal.yaml"],
    ["check", "normal.yaml", "hostile.yaml", "--jobs", "2", "--no-cache"],
    ["check", "normal.yaml", "-o", "out/report.json", "-o", "out/report.xml", "-o", "out/lines.jsonl"],
    ["check", "--claim", "D(sum(x[i]**2, i), x[k]) == 2*x[k]"],
    ["d", "sum(x[i]**2, i)", "x[k]"],
    ["show", "squares", "normal.yaml", "--steps"],
    ["show", "normal.yaml", "--format", "mathml"],
    ["show", "hostile.yaml"],
    ["export", "squares", "normal.yaml", "-o", "out/squares.py", "--test"],
    ["export", "squares", "normal.yaml", "--to", "c"],
    ["errata", "normal.yaml"],
    ["mutate", "squares", "normal.yaml"],
    ["report", "normal.yaml", "--out", "out/book"],
    ["lint", "hostile.yaml", "-o", "out/lint.json", "--output-format", "json"],
    ["list", "hostile.yaml"],
    ["cache", "info"],
    ["cache", "clear"],
]
ALLOWED = ("/dev/null", "/dev/tty")


def events(folder: Path, commands: list[list[str]], planted: str = "") -> list[list[str]]:
    """What the commands asked the interpreter for, in a folder with both catalogs."""
    (folder / "out").mkdir(exist_ok=True)
    (folder / "normal.yaml").write_text(NORMAL)
    (folder / "hostile.yaml").write_text(HOSTILE)
    environment = {
        **os.environ,
        "AUDIT": str(folder / "audit"),
        "COMMANDS": json.dumps(commands),
        "DERIVE_CACHE": str(folder / "cache"),
    }
    run = subprocess.run(
        [sys.executable, "-c", WATCHED.replace("PLANTED", planted)],
        cwd=folder, env=environment, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert "internal error" not in run.stderr + run.stdout
    assert run.returncode == 0, run.stderr
    return [json.loads(line) for line in (folder / "audit").read_text().splitlines()]


def broken(found: list[list[str]], folder: Path) -> list[list[str]]:
    """The events that nobody asked for: what is no write, and writes elsewhere than to the cache and `out`.

    The pipe to a worker is a pair of local sockets without a name; to bind or to connect one is an event of its own.
    """
    own = (str(folder / "cache"), str(folder / "out"), "out/", *ALLOWED)
    return [
        [event, *args]
        for event, _, *args in found
        if not _is_pipe(event, args)
        and (not _is_write(event) or not all(path.startswith(own) for path in _paths(event, args)))
    ]


def _is_pipe(event: str, args: list[str]) -> bool:
    return event == "socket.__new__" and args[1] == str(int(socket.AF_UNIX))


def _is_write(event: str) -> bool:
    return event == "open" or (event.startswith(("os.", "tempfile.", "sqlite3.")) and not _starts(event))


def _starts(event: str) -> bool:
    return event.startswith(("os.exec", "os.system", "os.posix_spawn", "os.spawn"))


def _paths(event: str, args: list[str]) -> list[str]:
    return args[:2] if event in ("os.rename", "os.link", "os.symlink") else args[:1]


def test_derive_opens_no_socket_runs_no_program_and_writes_only_what_is_its_own(tmp_path):
    found = events(tmp_path, COMMANDS)
    assert not broken(found, tmp_path)
    assert {*os.listdir(tmp_path)} == {"audit", "cache", "out", "normal.yaml", "hostile.yaml"}
    assert {*os.listdir(tmp_path / "out")} == {
        "report.json", "report.xml", "lines.jsonl", "squares.py", "test_squares.py", "lint.json", "book",
    }  # fmt: skip
    assert (tmp_path / "out" / "book" / "index.html").exists()


def test_the_hook_hears_what_is_written_at_all(tmp_path):
    found = events(tmp_path, COMMANDS[:1])
    assert {"sqlite3.connect", "os.mkdir"} <= {event for event, *_ in found}


# What a defect would do, in the process of the command or in a worker of it.
PLANTS = {
    "open": "open('elsewhere', 'w').close()",
    "os.mkdir": "os.mkdir('elsewhere')",
    "os.remove": "open(os.environ['AUDIT'] + '2', 'w').close(); os.remove(os.environ['AUDIT'] + '2')",
    "os.system": "os.system('true')",
    "subprocess.Popen": "__import__('subprocess').run(['true'])",
    "socket.__new__": "__import__('socket').socket().close()",
}


@pytest.mark.parametrize("event", PLANTS)
def test_a_planted_write_socket_or_program_is_caught(event, tmp_path):
    assert event in {name for name, *_ in broken(events(tmp_path, [], PLANTS[event]), tmp_path)}


def test_what_a_worker_does_is_caught_too(tmp_path):
    plant = (
        "import verify.judge as j; before = j.decide\n"
        "def after(heard):\n    __import__('socket').socket().close()\n    return before(heard)\n"
        "j.decide = after"
    )
    found = events(tmp_path, [["check", "normal.yaml", "--no-cache"]], plant)
    assert "socket.__new__" in {name for name, *_ in broken(found, tmp_path)}
    command = found[0][1]
    assert {process for name, process, *args in found if name == "socket.__new__" and not _is_pipe(name, args)} - {
        command
    }
