"""What others' programs make of our LaTeX: a plain article with amsmath, and KaTeX."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from displays import displays

from derive.derivation.steps import derivation
from verify.stepwise import checker

SCRIPT = Path(__file__).parent / "katex_all.js"
DERIVED = ("bn_backward", "softmax_ce_gradient", "layer_norm", "lstm_cell")
HEAD = "\\documentclass{article}\n\\usepackage{amsmath}\n\\begin{document}\n"


@pytest.fixture(scope="module")
def latex():
    """The LaTeX of every entry, and of some derivations, by name."""
    made = {entry.name: display.latex() for entry, display in displays()}
    for entry in (entry for entry, _ in displays() if entry.name in DERIVED):
        made[f"{entry.name} --steps"] = derivation(entry, checker(entry)).latex()
    return {name: text for name, text in made.items() if text}


def compiled(body, folder):
    (folder / "all.tex").write_text(f"{HEAD}{body}\\end{{document}}\n")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "all.tex"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, errors="replace")


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
def test_the_latex_of_all_entries_compiles_in_a_plain_article_with_amsmath(latex, tmp_path):
    run = compiled("\n".join(latex.values()), tmp_path)
    assert run.returncode == 0, run.stdout[-2000:]
    assert (tmp_path / "all.pdf").stat().st_size > 100_000


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
def test_latex_that_is_wrong_does_not_compile(tmp_path):
    assert compiled("\\begin{align*}\n  \\frac{1}{2 &= x\n\\end{align*}\n", tmp_path).returncode != 0


def refused(displays):
    if shutil.which("node") is None:
        pytest.skip("node is not installed")
    environment = {**os.environ, "NODE_PATH": os.environ.get("NODE_PATH", str(SCRIPT.parent.parent / "node_modules"))}
    found = ["node", "-e", "require('katex')"]
    if subprocess.run(found, env=environment, capture_output=True, check=False).returncode:
        pytest.skip("the npm package katex is not installed (npm install katex, or NODE_PATH)")
    run = subprocess.run(
        ["node", str(SCRIPT)], input=json.dumps(displays), env=environment, capture_output=True, text=True, check=True
    )
    return run.stdout.splitlines()


def test_katex_renders_all_entries_without_an_error(latex):
    parts = [
        (name, part)
        for name, text in latex.items()
        for part in (re.findall(r"\\\[(.*?)\\\]", text, re.DOTALL) if "--steps" in name else [text.strip()])
    ]
    assert refused(parts) == [f"{len(parts)} read"]


def test_katex_refuses_what_is_no_latex():
    assert len(refused([("wrong", r"\frac{1}{2")])) == 2
