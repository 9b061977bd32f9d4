"""The codes of findings: each message has one, each means what it says, and its own example earns it."""

import ast
import re
from pathlib import Path

import pytest

from derive.catalog import read
from derive.codes import READING, TABLE, find, of_message, of_verdict
from derive.codes.code import ENTRY
from derive.codes.files import FALLBACK

ROOT = Path(__file__).parent.parent
SOURCES = [*sorted((ROOT / "derive" / "language").glob("*.py")), ROOT / "derive" / "catalog.py"]


def template(node):
    """The text of a message with X where a value is put in."""
    match node:
        case ast.Constant():
            return str(node.value)
        case ast.JoinedStr():
            return "".join(part.value if isinstance(part, ast.Constant) else "X" for part in node.values)
        case ast.BinOp(op=ast.Add()):
            return template(node.left) + template(node.right)
        case ast.IfExp():
            return template(node.body)
    return "X"


def messages(path):
    """The messages of a module that name what is wrong; those handed on from elsewhere are left to their origin."""
    for node in ast.walk(ast.parse(path.read_text())):
        name = getattr(node.func, "attr", getattr(node.func, "id", "")) if isinstance(node, ast.Call) else ""
        if name in ("error", "chunk_error", "CatalogError"):
            texts = (template(argument) for argument in node.args[:2])
            yield from [text for text in texts if re.search("[a-z]{2}", text)][:1]


MESSAGES = sorted({message for path in SOURCES for message in messages(path)})


def test_the_reader_has_many_messages():
    assert len(MESSAGES) > 100


@pytest.mark.parametrize("message", MESSAGES)
def test_every_message_of_the_reader_has_one_code(message):
    found = [code.name for code in READING if any(re.match(pattern, message) for pattern in code.patterns)]
    assert len(found) == 1, f"{message!r}: give it a code in derive/codes, not {found}"


def errors_of(text):
    return read(text).errors


def test_the_entry_of_the_examples_is_right():
    assert errors_of(ENTRY) == []


@pytest.mark.parametrize("code", [code for code in READING if code.wrong], ids=lambda code: code.name)
def test_the_example_of_a_code_of_the_reader_earns_it(code):
    assert ENTRY.count(code.right) == 1
    assert code.name in [error.code for error in errors_of(ENTRY.replace(code.right, code.wrong))]


def test_a_code_stands_at_the_end_of_the_first_line_of_its_error():
    (error,) = errors_of(ENTRY.replace("X[i, j]*w[j], j", "X[i, j]*w[i], j"))
    assert str(error).splitlines()[0] == f"{error.place}: {error.message}  [D301]"


def test_a_message_nobody_foresaw_has_the_code_of_all_the_others():
    assert of_message("the moon is in the way") is FALLBACK


def test_codes_are_three_digits_in_order_and_say_something():
    assert all(re.fullmatch("D[0-9]{3}", name) for name in TABLE)
    assert len({code.text for code in TABLE.values()}) == len(TABLE)
    assert all(code.meaning and code.text and not code.meaning.endswith(".") for code in TABLE.values())


@pytest.mark.parametrize(
    ("verdict", "expected", "reason", "code"),
    [
        ("refuted", "holds", None, "D901"),
        ("proved", "fails", None, "D902"),
        ("agrees", "fails", None, "D902"),
        ("proved", "holds", "torch.tanh (torch 2.13.0) differs: y[0] is 1 here and 2 there", "D903"),
        ("refuted", "fails", "torch.tanh (torch 2.13.0) differs: y[0] is 1 here and 2 there", "D903"),
        ("undecided", "holds", "no verdict within 60 s", "D911"),
        ("undecided", "holds", "branch never reached: x[i] > 20", "D912"),
        ("undecided", "holds", "only 2 of 6 points counted: the left side is undefined there (9 times)", "D913"),
        ("undecided", "holds", "the worker process died (SIGSEGV)", "D915"),
        ("undecided", "holds", "Gamma has no rule", "D919"),
        ("undecided", "holds", None, "D919"),
        ("undecided", "holds", "internal error: KeyError: 'x'", "D922"),
        ("conflict", "holds", "algebra says equal, but exact says differs", "D921"),
    ],
)
def test_a_verdict_has_the_code_of_its_reason(verdict, expected, reason, code):
    assert of_verdict(verdict, expected, reason).name == code


def test_a_code_is_found_in_any_case_by_its_digits_and_by_the_word_of_a_verdict():
    assert find("d301") is find("301") is find("D301") is TABLE["D301"]
    assert find("refuted") is TABLE["D901"]
    assert find("D999") is None
