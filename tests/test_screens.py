"""Every command fits the terminal that it is shown on, and a pipe has its lines whole."""

import io
import re
import sys
from itertools import pairwise

import pytest

from derive import fitting
from derive.cli import run_command

LONG = "D(L, x[a, b]) == (g[a, b]*gamma[b] - mean(g[a, d]*gamma[d], d) {} h[a, b]*mean(g[a, d]*gamma[d]*h[a, d], d))"
CATALOG = f"""
layer_norm_with_a_name_that_is_long:
  title: Layer normalization with a title that says a great deal of what it is, whence it comes, and what it is for 正規
  group: a_group_with_a_long_name_indeed
  inputs: {{x: "real[m, n]", gamma: "real[n]", beta: "real[n]", g: "real[m, n]", epsilon: positive}}
  define:
    mu[a]: mean(x[a, d], d)
    v[a]: mean((x[a, d] - mu[a])**2, d)
    h[a, d]: (x[a, d] - mu[a])/sqrt(v[a] + epsilon)
    y[a, d]: gamma[d]*h[a, d] + beta[d]
    L: sum(g[a, d]*y[a, d], a, d)
  claims:
    - {LONG.format("-")}/sqrt(v[a] + epsilon)
    - {LONG.format("+")}/sqrt(v[a] + epsilon)
  printed:
    - latex: '\\frac{{\\partial L}}{{\\partial \\gamma_b}} = \\sum_a g_{{ab}} \\hat{{h}}_{{ab}}^{{3}} + 0 + 0 + 0 + 0'
      says: D(L, gamma[b]) == sum(g[a, b]*h[a, b]*h[a, b]*h[a, b], a)
      from: a book with a long title, by many authors and editors, in its third edition of 2019, section 12, page 123
      holds: no
  source: a
"""
BAD = """
bad:
  title: x
  group: g
  inputs: {x: "real[n]"}
  define:
    L: sum(aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa + bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb + cccccccccccccccccccc + x_i^2, i)
  claims: [L == 2]
  source: b
"""
QUICK = ("--witness", "algebra,exact", "--jobs", "1")
COMMANDS = [
    ("check", "mine.yaml", *QUICK),
    ("check", "mine.yaml", *QUICK, "-v", "--durations", "2"),
    ("check", "mine.yaml", *QUICK, "-q"),
    ("check", "mine.yaml", "bad.yaml", *QUICK, "-q"),
    ("check", *QUICK, "-v", "--claim", f"{LONG.format('-')} == 0", "--input", "L: real", "--input", "h: real[m, n]"),
    ("check", *QUICK, "--claim", "D(sum(log(1 + exp(-y[i]*x[i])), i), x[k]) == y[k]*sigmoid(-y[k]*x[k]) + 0*x[k]"),
    ("check", "no_such_formula_nor_any_group_of_that_name_is_there", *QUICK),
    ("errata", "mine.yaml", "--jobs", "1"),
    ("list", "mine.yaml"),
    ("list", "--groups", "normalization"),
    ("lint", "mine.yaml", "bad.yaml"),
    ("explain",),
    ("explain", "D301"),
    ("explain", "refuted"),
    ("d", "sum(log(1 + exp(-y[i]*sum(w[j]*x[i, j], j))), i)", "w[k]"),
    ("diff-reports", "before.json", "after.json"),
    ("diff-reports", "bad.yaml", "after.json"),
]


class Screen(io.StringIO):
    """A stream that says it is a terminal."""

    encoding = "utf-8"

    def isatty(self):
        return True


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    """A folder with two catalogs and two reports; what was judged there once is known."""
    folder = tmp_path_factory.mktemp("screens")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("DERIVE_CACHE", str(folder / "cache"))
        for name, text in (("mine", CATALOG), ("bad", BAD)):
            (folder / f"{name}.yaml").write_text(text)
        run_command(["check", "mine.yaml", *QUICK, "-o", "after.json"])
    after = (folder / "after.json").read_text()
    (folder / "before.json").write_text(after.replace('"refuted"', '"proved"'))
    return folder


@pytest.fixture
def shown(here, monkeypatch):
    """All that a command shows on a terminal of some columns, as lines without colours."""
    monkeypatch.chdir(here)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("DERIVE_CACHE", str(here / "cache"))

    def run(arguments, width):
        screen = Screen()
        monkeypatch.setenv("COLUMNS", str(width))
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stdout", screen)
            patch.setattr(sys, "stderr", screen)
            run_command(arguments)
        text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", screen.getvalue())
        assert "internal error:" not in text
        return [line.rpartition("\r")[2] for line in text.split("\n")]

    return run


@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_no_line_is_wider_than_the_terminal_but_a_command_to_copy(shown, command, width):
    lines = shown(command, width)
    assert any(lines)
    assert [line for line in lines if fitting.cells(line) > width and not line.startswith("  again  ")] == []


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("what", ["--proof", "--steps"])
def test_a_proof_that_is_drawn_fits_with_its_words(shown, what, width):
    # A fraction that is wider than the terminal cannot be broken; here there is none.
    lines = shown(("show", "bn_backward", what, "--format", "unicode"), width)
    assert any("term by term" in line for line in lines)
    assert [line for line in lines if fitting.cells(line) > width] == []


@pytest.mark.parametrize("command", [COMMANDS[1], COMMANDS[7], COMMANDS[8], COMMANDS[10]], ids=" ".join)
def test_a_wide_terminal_has_every_line_whole(shown, capsys, command):
    # What is broken on a narrow terminal is the same words in the same order.
    wide, narrow = (" ".join(" ".join(shown(command, width)).split()) for width in (400, 60))
    if "lint" not in command:  # which shows the part of a line around its caret
        assert re.sub(r"[\d.]+ s\b|[━╸╺]+|\d:\d\d:\d\d", "", narrow).split()[-20:] == wide.split()[-20:]
    assert run_command(command) in (0, 1, 2)
    out = "".join(capsys.readouterr())
    whole = "whence it comes, and what it is for" if command[0] in ("list", "errata") else "d]*gamma[d]*h[a, d], d))"
    assert command[0] == "lint" or any(whole in line and len(line) > 100 for line in out.split("\n"))


def test_a_text_file_is_the_same_whatever_the_terminal(shown, here):
    texts = set()
    for width in (60, 200):
        shown(("check", "mine.yaml", *QUICK, "-o", "a.txt", "-o", "-"), width)
        shown(("errata", "mine.yaml", "--jobs", "1", "-o", "b.txt"), width)
        texts.add((here / "a.txt").read_text() + (here / "b.txt").read_text())
    assert len(texts) == 1
    assert "\x1b" not in texts.pop()


# ------------------------------------------------------------------------------------------- breaking lines


def test_a_line_is_broken_where_the_fewest_brackets_are_open_and_never_behind_an_operator():
    rows = fitting.rows(LONG.format("+"), 70)
    assert rows == [
        "D(L, x[a, b]) == (g[a, b]*gamma[b] - mean(g[a, d]*gamma[d], d)",
        "+ h[a, b]*mean(g[a, d]*gamma[d]*h[a, d], d))",
    ]
    for width in range(20, 120):
        rows = fitting.rows(LONG.format("-"), width)
        assert " ".join(rows) == LONG.format("-")
        assert not any(row.split()[-1] in fitting.OPERATORS for row in rows)


def test_what_has_no_space_is_not_broken():
    assert fitting.rows("a " + "b" * 50 + " c", 20) == ["a", "b" * 50, "c"]


def test_wide_characters_take_two_columns_and_accents_none():
    assert fitting.cells("x\u0302") == 1
    assert fitting.cells("正規") == 4
    assert max(map(fitting.cells, fitting.rows("正規 " * 30, 21))) <= 21


@pytest.mark.parametrize("place", [4, 10, 45, 110, 123])
def test_a_caret_still_stands_below_its_character(place):
    source = "    " + "abcdefghij" * 12
    message = f"a.yaml:1:1: not there\n{source}\n{' ' * place}^"
    for width in (40, 60, 80):
        lines = fitting.message(message, width).split("\n")
        ((line, caret),) = [(a, b) for a, b in pairwise(lines) if b.strip() == "^"]
        assert len(line) <= width
        assert line[caret.index("^")] == source[place]
    assert fitting.message(message, 200) == message


def test_a_very_long_text_is_broken_in_the_time_that_it_takes_to_read():
    rows = fitting.rows("a b (cc) " * 20_000, 60)
    assert len(rows) > 2500
