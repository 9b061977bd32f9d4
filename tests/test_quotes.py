"""`derive show --printed`: what a source prints is quoted as it stands, unless TeX would do more than typeset it."""

import pytest

from derive.cli import run_command

ENTRY = """
square:
  title: A square
  group: mine
  inputs: {{x: "real"}}
  claims: ["D(x**2, x) == 2*x"]
  printed:
    - latex: '{quote}'
      says: D(x**2, x) == 2*x
      from: notes
  source: own
"""


def shown(quote, tmp_path, capsys):
    path = tmp_path / "mine.yaml"
    path.write_text(ENTRY.format(quote=quote))
    assert run_command(["show", "square", str(path), "--printed"]) == 0
    return capsys.readouterr().out


def test_a_plain_quote_stands_as_it_is(tmp_path, capsys):
    assert "\n  \\frac{d}{dx} x^2 = 2x\n" in shown(r"\frac{d}{dx} x^2 = 2x", tmp_path, capsys)


@pytest.mark.parametrize(
    "quote",
    [
        r"\input{/etc/passwd}",
        r"\immediate\write18{ls} 2x",
        r"\href{javascript:alert(1)}{2x}",
        r"\csname in\endcsname 2x",
        r"\def\x{\x}\x",
        r"^^5cinput{a}",
        r"2x \end{document}",
        r"2x % \]",
    ],
)
def test_a_quote_that_could_act_is_a_comment_and_the_display_our_own(quote, tmp_path, capsys):
    lines = shown(quote, tmp_path, capsys).splitlines()
    assert [line for line in lines if quote in line] == [f"% quoted: {quote}"]
    assert "2 x" in "\n".join(line for line in lines if not line.startswith("%"))
