"""A catalog's file: entries each on their own, every complaint at its line and column, nothing typed or run by YAML."""

import subprocess
import sys
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import jsonschema
import pytest
import yaml

from derive import catalog
from derive.errors import CatalogError
from derive.expression import Index
from derive.language.editing import json_schema

GOOD = """\
good:
  title: A square
  group: squares
  inputs: {x: "real[n]"}
  claims: ["D(sum(x[i]**2, i), x[k]) == 2*x[k]"]
  source: none
"""
ENTRY = """\
entry:
  title: t
  group: g
  inputs: {x: "real[n]"}
  define:
    p[i]: FORMULA
  claims:
    - CLAIM
  source: s
"""


def entry(formula: str = "x[i]**2", claim: str = "D(p[i], x[i]) == 2*x[i]", more: str = "") -> str:
    return ENTRY.replace("FORMULA", formula).replace("CLAIM", claim) + more


def only_error(text: str) -> CatalogError:
    """The one complaint about a text behind a good entry, which is read all the same."""
    found = catalog.read(GOOD + text, "c.yaml")
    assert list(found.formulas) == ["good"]
    (problem,) = found.errors
    return problem


def under_caret(problem: CatalogError) -> str:
    return problem.place.source[problem.place.column - 1 :]


# --------------------------------------------------------------------------------- the shipped one


def test_the_shipped_catalog_is_read_without_an_error():
    found = catalog.read(catalog.shipped())
    assert [str(problem) for problem in found.errors] == []
    assert len(found.formulas) >= 60


def test_the_listing_of_names_agrees_with_the_reading():
    found = catalog.read(catalog.shipped())
    listed = catalog.names(catalog.shipped())
    assert [(e.name, e.title, e.group, e.aliases, e.line) for e in listed] == [
        (f.name, f.title, f.group, f.aliases, f.place.line) for f in found.formulas.values()
    ]


@pytest.mark.parametrize(
    "fields",
    ["title: A # B", "title: >\n    A\n    B", "title: 'it''s'", 'title: "\\u00e9"',
     "inputs:\n    title: real\n  title: A",
     "title: A\n  aliases:\n    - b\n    - c", "title: A\n  aliases: [b, 'c']", "title: A  ", "title:\n    A"],
)  # fmt: skip
def test_the_listing_agrees_with_the_reading_where_a_glance_may_err(fields: str):
    text = f'entry:\n  {fields}\n  group: g\n  claims: ["1 == 1"]\n  source: s\n'
    formula = catalog.formula(text)
    (listed,) = catalog.names(text)
    assert (listed.name, listed.title, listed.aliases) == ("entry", formula.title, formula.aliases)


def test_an_entry_is_read_alone_as_among_the_others():
    name = "bn_backward"
    alone = catalog.read(catalog.shipped(), only=[name]).formulas
    assert list(alone) == [name]
    assert alone[name] == catalog.read(catalog.shipped()).formulas[name]


def test_the_shipped_catalog_fits_the_published_schema():
    with catalog.shipped().open(encoding="utf-8") as file:
        jsonschema.validate(yaml.load(file, Loader=yaml.BaseLoader), json_schema())


def test_the_schema_refuses_an_unknown_field():
    with pytest.raises(jsonschema.ValidationError, match="titel"):
        jsonschema.validate({"f": {"title": "t", "group": "g", "source": "s", "titel": "t"}}, json_schema())


def test_reading_a_catalog_imports_no_arrays_and_no_algebra():
    code = (
        "import sys; from derive import catalog; catalog.read(catalog.shipped());"
        "print([m for m in ('numpy', 'sympy', 'flint') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"


# -------------------------------------------------------------------------------------- an entry


def test_an_entry_is_read_as_written():
    text = """
softmax_ce_gradient:
  title: Softmax cross-entropy and its gradient
  group: losses
  aliases: [xent]
  inputs: {x: "real[K]", y: "simplex[K]"}
  define:
    p[i]: exp(x[i]) / sum(exp(x[j]), j)
    L: -sum(y[i]*log(p[i]), i)
  claims:
    - D(L, x[k]) == p[k] - y[k]
  printed:
    - {latex: 'p - y', says: "D(L, x[k]) == p[k] - y[k]", from: a book}
    - {latex: 'p + y', says: "D(L, x[k]) == p[k] + y[k]", from: a note, holds: no}
    - {says: "D(L, x[k]) == p[k]", from: a blog, holds: only if y is 0}
  source: Bridle 1990; Goodfellow, Bengio and Courville 2016, section 6.2.2.3
  note: a note
"""
    formula = catalog.formula(text)
    assert (formula.name, formula.group, formula.aliases, formula.note) == (
        "softmax_ce_gradient",
        "losses",
        ("xent",),
        "a note",
    )
    assert [size.name for size in formula.sizes] == ["K"]
    assert [tensor.domain for tensor in formula.inputs] == ["real", "simplex"]
    assert [definition.name for definition in formula.definitions] == ["p", "L"]
    assert [(c.origin, c.expected) for c in formula.claims] == [
        ("claim", "holds"), ("printed", "holds"), ("printed", "fails"), ("printed", "fails"),
    ]  # fmt: skip
    assert formula.claims[2].latex == "p + y"
    assert (formula.claims[3].source, formula.claims[3].condition) == ("a blog", "only if y is 0")
    assert formula.claims[0].left is formula.claims[1].left
    assert str(formula.place) == "catalog:2:1"
    assert str(formula.claims[0].place) == "catalog:11:7"


GROUPED = """
groups:
  second: Text of
    two lines.
  first: Other text.
entry:
  title: A
  group: first
  claims: ["1 == 1"]
  source: s
"""


def test_groups_are_introduced_under_a_key_of_their_own():
    found = catalog.read(GROUPED)
    assert found.errors == []
    assert found.groups == {"second": "Text of two lines.", "first": "Other text."}
    assert list(found.groups) == ["second", "first"]
    assert list(found.formulas) == [listed.name for listed in catalog.names(GROUPED)] == ["entry"]
    assert catalog.read(GROUPED, only=()).groups == found.groups
    jsonschema.validate(yaml.load(GROUPED, Loader=yaml.BaseLoader), json_schema())


@pytest.mark.parametrize(
    ("groups", "reason"),
    [("groups: text", "groups is a mapping"), ("groups: {a: [b]}", "a text is expected in a"),
     ("groups: {a: b}\ngroups: {c: d}", "groups stands here twice")],
)  # fmt: skip
def test_introductions_that_are_none_are_refused_at_their_place_and_lose_no_formula(groups, reason):
    found = catalog.read(f"{groups}\n" + GROUPED[GROUPED.index("entry") :])
    (problem,) = found.errors
    assert reason in str(problem)
    assert list(found.formulas) == ["entry"]


def test_yaml_types_nothing():
    text = 'yes:\n  title: 010\n  group: no\n  source: 2024-01-01\n  note: ~\n  claims: ["1 == 1"]\n'
    formula = catalog.formula(text)
    assert (formula.name, formula.title, formula.group, formula.source, formula.note) == (
        "yes",
        "010",
        "no",
        "2024-01-01",
        "~",
    )


def test_a_literal_array_may_be_written_as_a_list():
    text = entry("x[i]**2", more="").replace("    p[i]:", "    H: [[1, 2*x[0]], [x[0], 4]]\n    p[i]:")
    quoted = text.replace("[[1, 2*x[0]], [x[0], 4]]", "'[[1, 2*x[0]], [x[0], 4]]'")
    assert catalog.formula(quoted).definitions[0].body is not None
    plain = entry().replace("    p[i]:", "    H: [[1, 2], [3, 4]]\n    p[i]:")
    assert (
        catalog.formula(plain).definitions[0].body
        is catalog.formula(plain.replace("[[1, 2], [3, 4]]", "'[[1, 2], [3, 4]]'")).definitions[0].body
    )


@pytest.mark.parametrize(
    "written",
    ["q + 1", "'q + 1'", '"q + 1"', "|\n      1 +\n        q", ">-\n      1 +\n      q", "1 +\n      q",
     '"1 +\n      q"', "'1 +\n\n      q'", "   q"],
)  # fmt: skip
def test_the_place_is_right_in_every_style_of_text(written: str):
    problem = only_error(entry(written))
    assert problem.message.startswith("q is not declared")
    assert under_caret(problem).startswith("q")
    line = (GOOD + entry(written)).split("\n")[problem.place.line - 1]
    assert line[problem.place.column - 1] == "q"


def test_a_byte_order_mark_and_other_line_ends_change_nothing(tmp_path: Path):
    plain, other = tmp_path / "a.yaml", tmp_path / "b.yaml"
    plain.write_bytes((GOOD + entry("q")).encode())
    other.write_bytes(b"\xef\xbb\xbf" + (GOOD + entry("q")).replace("\n", "\r\n").encode())
    one, two = catalog.read(plain, "c"), catalog.read(other, "c")
    assert list(one.formulas) == list(two.formulas) == ["good"]
    assert str(one.errors[0]) == str(two.errors[0])


def test_a_catalog_may_be_json():
    text = '{"a": {"title": "t", "group": "g", "source": "s", "claims": ["1 == 1"]},\n"b": {}}'
    found = catalog.read(text)
    assert list(found.formulas) == list(catalog.read(text, only=["a"]).formulas) == ["a"]
    assert [listed.name for listed in catalog.names(text)] == ["a", "b"]
    assert "b lacks title, group, source" in str(found.errors[0])


def test_the_slow_loader_reads_the_same(monkeypatch: pytest.MonkeyPatch):
    text = GOOD + entry("q") + entry().replace("entry", "other")
    fast = catalog.read(text)
    monkeypatch.delattr(yaml, "CLoader", raising=False)
    slow = catalog.read(text)
    assert slow.formulas == fast.formulas
    assert [str(problem) for problem in slow.errors] == [str(problem) for problem in fast.errors]


# --------------------------------------------------------------------------------------- refused


@pytest.mark.parametrize(
    ("text", "reason", "under"),
    [
        (GOOD, "good is a name already, of the entry in line 1", "good"),
        (GOOD.replace("good", "Good"), "Good is a name already", "Good"),
        (entry(more="  aliases: [good]\n"), "good is a name already", "entry"),
        (entry(more="  aliases: [../x]\n"), "../x is not a name", "../x"),
        (entry(more="  title: u\n"), "title stands here twice", "title: u"),
        (entry(more="  titel: u\n"), "unknown field titel (did you mean title?)", "titel"),
        (entry(more="  printed:\n  - {say: x}\n"), "unknown field say (did you mean says?)", "say"),
        (entry(more="  printed:\n  - {latex: x}\n"), "printed lacks says", "{latex"),
        (entry(more="  printed:\n  - {says: 1 == 1, holds: maybe}\n"), "holds is yes, no or", "maybe"),
        (entry(more="  printed: x\n"), "printed is a list", "x"),
        ("entry:\n  title: t\n", "entry lacks group, source", "entry"),
        ("entry:\n", "entry has fields", ""),
        ("entry: text\n", "entry has fields", "text"),
        (entry().replace("title: t", "title:"), "title is empty", "title"),
        (entry().replace("  claims:\n    - D(p[i], x[i]) == 2*x[i]\n", ""), "entry says nothing", "entry"),
        (entry(claim="- x[0] == 1"), "a text is expected in claims", "- x"),
        (entry("{a: b}"), "a text is expected in p[i]", "{a"),
        (entry().replace("entry", "../entry"), "../entry is not a name", "../entry"),
        (entry().replace("entry", "__init__"), "__init__ is not a name", "__init__"),
        (entry().replace("entry:", "entry: &a"), "anchors are refused", "&a"),
        ("entry: *a\n", "aliases are refused", "*a"),
        (entry().replace("title: t", "<<: {title: t}"), "merges are refused", "<<"),
        ("entry: !!python/object/apply:os.system [x]\n", "tags are refused", "!!python"),
        (entry().replace("title: t", "title: !t"), "tags are refused", "!t"),
        ("%TAG ! tag:x\n", "directives are refused", "%TAG"),
        ("---\n", "a second document is refused", "---"),
        ("? [a]\n", "a key is a text", "[a]"),
        ("- entry\n", "an entry is expected here", "- entry"),
        ("some words\n", "an entry is expected here", "some words"),
        (entry(claim="D(p[i], x[i]) == 2*x[i] # why"), "YAML cuts this text off at #", "D(p"),
        (entry("x[i] #* 2"), "YAML cuts this text off at #", "x[i]"),
        (entry().replace('"real[n]"', "real[n]"), "not YAML", "["),
        (entry('"\\frac"'), "U+000C in a text", '\\frac"'),
        (entry().replace("title: t", "title: a\u202eb"), "U+202E does not show", "\ufffdb"),
        (entry().replace("title: t", "title: a\0b"), "U+0000 does not show", "\ufffdb"),
        (entry().replace("title: t", 'title: "a\\0b"'), "U+0000 in a text", '\\0b"'),
        (entry().replace("title: t", "title: a\ud800b"), "U+D800 does not show", "\ufffdb"),
        ("entry: " + "[" * 100_000, "nested deeper than 20", ""),
        ("entry: " + "{a: " * 100_000, "nested deeper than 20", ""),
        ("entry:\n" + "".join(f"{' ' * k}a:\n" for k in range(1, 300)), "nested deeper than 20", "a:"),
    ],
)
def test_a_bad_entry_is_refused_at_its_place_and_loses_no_other(text: str, reason: str, under: str):
    problem = only_error(text)
    assert reason in str(problem)
    assert under_caret(problem).startswith(under)


def test_every_bad_claim_of_an_entry_is_told():
    text = entry(claim="q == 1\n    - p[0] == r\n    - x[0] == x[0]")
    found = catalog.read(GOOD + text)
    assert [problem.message for problem in found.errors] == ["q is not declared", "r is not declared"]


def test_an_alias_bomb_is_refused_at_once():
    text = "a: &a [x, x]\n" + "".join(f"a{k}: &a{k} [*a, *a]\n" for k in range(30))
    found = catalog.read(GOOD + text)
    assert list(found.formulas) == ["good"]
    assert len(found.errors) == 31


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "no entries"),
        (b"# nothing\n", "no entries"),
        (b"\xff\xfeg\0", "not UTF-8"),
        (b"good:\n  title: \xe9\n", "c.yaml:2:10: not UTF-8"),
        (b"#" * 1_000_001, "longer than 1000000 bytes"),
    ],
)
def test_a_file_that_is_no_catalog_is_refused(tmp_path: Path, data: bytes, reason: str):
    path = tmp_path / "c.yaml"
    path.write_bytes(data)
    found = catalog.read(path, "c.yaml")
    assert not found.formulas
    assert reason in str(found.errors[0])


def test_a_file_that_is_not_there_is_refused(tmp_path: Path):
    assert "No such file" in str(catalog.read(tmp_path / "none.yaml").errors[0])
    assert "directory" in str(catalog.read(tmp_path).errors[0])


# -------------------------------------------------------------------------------------- examples


EXAMPLE = """
normalized:
  title: t
  group: g
  inputs: {x: "positive[n]", W: "real[n, 2]", c: "onehot[n]", b: real}
  define:
    p[i]: x[i]/sum(x[j], j)
    q[j]: sum(W[i, j]*p[i], i)
    u: n*b
  examples:
    - given: GIVEN
      then: THEN
  source: s
"""


def example(given: str, then: str) -> str:
    return EXAMPLE.replace("GIVEN", given).replace("THEN", then)


def test_an_example_keeps_its_digits_and_tells_its_sizes():
    formula = catalog.formula(
        example(
            "{x: [1, 2.50, 1/3]}", "{p: [0.26, 0.6520, 8.7e-2], 'D(p[i], x[k])': [[1, 2, 3], [4, 5, 6], [7, 8, 9]]}"
        )
    )
    (found,) = formula.examples
    assert found.given == {"x": [Decimal("1"), Decimal("2.50"), Fraction(1, 3)]}
    assert found.sizes == {"n": 3}
    node, digits = found.then["p"]
    assert [str(digit) for digit in digits] == ["0.26", "0.6520", "0.087"]
    assert found.indices["p"] == tuple(node.subscripts)
    assert [index.name for index in found.indices["D(p[i], x[k])"]] == ["i", "k"]
    assert all(isinstance(index, Index) for index in found.indices["D(p[i], x[k])"])


@pytest.mark.parametrize(
    ("given", "then", "reason"),
    [
        ("{x: [1, 2]}", "{p: [1]}", "p has 1 values over the axis n, which has 2 (n = 2)"),
        ("{x: [1, 2], W: [[1, 2]]}", "{q: [1, 2]}", "W has 1 values over the axis n, which has 2"),
        ("{x: [1, 2], W: [[1, 2], [3]]}", "{q: [1, 2]}", "the rows of an array have the same length"),
        ("{x: 3}", "{p: 3}", "x has 1 axis [n], its values are nested 0 deep"),
        ("{x: [1, -2]}", "{p: [1, 2]}", "-2 is outside the domain positive"),
        ("{c: [0, 2]}", "{'sum(c[i], i)': 2}", "2 is outside the domain onehot"),
        ("{x: [1, nan]}", "{p: [1, 2]}", "nan is not a number"),
        ("{x: [1, 1e999]}", "{p: [1, 2]}", "beyond"),
        ("{x: []}", "{p: [1, 2]}", "an empty list"),
        ("{y: 1}", "{p: [1, 2]}", "y is no input"),
        ("{p: 1}", "{p: [1, 2]}", "p is no input"),
        ("{x: [1, 2]}", "{q: [1, 2]}", "q needs a value of W"),
        ("{x: [1, 2]}", "{zz: 1}", "zz is not declared"),
        ("{x: [1, 2]}", "{p: [1/2, 1]}", "1/2 is not a number"),
        ("{b: 1, n: 0}", "{u: 2}", "n is a size"),
    ],
)
def test_a_bad_example_is_refused(given: str, then: str, reason: str):
    assert reason in str(only_error(example(given, then)))


def test_a_size_that_no_array_shows_is_given_as_a_number():
    (found,) = catalog.formula(example("{b: 2, n: 3}", "{u: 6}")).examples
    assert found.sizes == {"n": 3}
