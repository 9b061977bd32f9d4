"""The README's sessions are what their commands print, and can be written anew. (Its Python lines are doctests.)"""

from pathlib import Path

import pytest
from readme import README, ran, rewritten, sessions

TEXT = README.read_text()
SESSIONS = list(sessions(TEXT))


@pytest.mark.parametrize(("command", "catalog", "printed"), SESSIONS, ids=[command for command, _, _ in SESSIONS])
def test_a_command_of_the_readme_prints_what_stands_below_it(command, catalog, printed):
    assert ran(command, catalog) == printed, "python tests/readme.py writes the sessions anew"


def test_sessions_are_written_anew_where_they_are_no_longer_true():
    assert len(SESSIONS) >= 5
    answers = {command: printed for command, _, printed in SESSIONS}
    stale = TEXT
    for command, _, printed in SESSIONS:
        stale = stale.replace(f"$ derive {command}\n{printed}", f"$ derive {command}\nsomething of last year\n")
    assert stale.count("something of last year") == len(SESSIONS)
    assert rewritten(stale, lambda command, catalog: answers[command]) == TEXT


def test_the_readme_has_the_commands_that_ci_runs():
    ci = (Path(__file__).parent.parent / ".ci" / "run").read_text()
    for command in ("python -m pytest", "derive check all"):
        assert command in TEXT
        assert command in ci
