"""The formula book: whole, safe, the same each time."""

import json
import os
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import msgspec
import pytest

from derive.catalog import read
from derive.cli import run_command
from derive.derivation import steps
from derive.derivation.account import account
from derive.expression import multiply
from derive.printing.glyphs import ACCENTS, RELATIONS, SIGNS, glyph
from derive.printing.layout import Symbol
from derive.printing.letters import GREEK
from derive.printing.mathml import BIG
from derive.selection import select
from verify import run
from verify.book import binding, pictures, press, site
from verify.book.formula_page import anchor
from verify.book.html import admitted, tag, text
from verify.book.press import File, Press
from verify.report import VERDICTS, Witnesses
from verify.testimony import Settings

CATALOG = """\
groups:
  small: What fits on one page.
square:
  title: The square
  group: small
  inputs: {x: "real[n]"}
  define:
    y[i]: x[i]**2
  claims:
    - D(y[i], x[k]) == 2*x[i]*delta(i, k)
  printed:
    - latex: '3x'
      says: D(y[i], x[i]) == 3*x[i]
      from: a page
      holds: no
  source: A book
  note: See also square_sum, which adds them up.
square_sum:
  title: The sum of the squares
  group: small
  inputs: {x: "real[n]"}
  define:
    y[i]: x[i]**2
    L: sum(y[i], i)
  claims:
    - D(L, x[k]) == 2*x[k]
  examples:
    - given: {x: [1, 2]}
      then: {L: 5}
  source: A book
"""


class Page(HTMLParser):
    """The elements of a page with their attributes, and its text."""

    def __init__(self, source):
        super().__init__()
        self.elements, self.words = [], []
        self.feed(source)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.words.append(data)

    @property
    def text(self):
        return "".join(self.words)


def book_of(source, folder, seed=0):
    """The files of the book of a catalog, by path."""
    file = folder / "catalog.yaml"
    file.write_text(source, encoding="utf-8")
    planned = run.Run(select([str(file)]), Settings(seed=seed))
    report = planned.judged(run.Limits(1, 60))
    formulas = {str(formula.place): formula for _, _, formula in planned.formulas}
    leaves = binding.bound(formulas, report.formulas)
    return {made.path: made.content for made in site.book(report, leaves, planned.groups, [str(file)], Press())}


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    return book_of(CATALOG, tmp_path_factory.mktemp("book"))


def test_a_page_tells_what_is_right_where_no_small_edit_mends_a_derivative(tmp_path):
    wrong = CATALOG.replace("D(L, x[k]) == 2*x[k]", "D(L, x[k]) == sin(7*x[k])**3 + 5*n")
    page = Page(book_of(wrong, tmp_path)["formulas/square_sum.html"].decode())
    assert "perhaps" not in page.text
    assert "rightD(L, x[k]) == 2*x[k]" in page.text


def test_a_page_tells_what_is_claimed_what_is_known_and_what_is_printed_wrong(book):
    page = Page(book["formulas/square.html"].decode())
    for words in ("The square", "What fits on one page.", "proved", "refuted", "3x", "claimed", "expected: fails"):
        assert words in page.text
    assert sum(name == "math" for name, _ in page.elements) >= 4


def test_a_page_tells_how_each_claim_is_proved(book):
    # The sides of D(L, x[k]) == 2*x[k] meet only where y is read, after other steps than that.
    page = Page(book["formulas/square_sum.html"].decode())
    (claim,) = read(CATALOG).formulas["square_sum"].claims
    header = account(read(CATALOG).formulas["square_sum"], claim, lambda *_: "").header
    assert "definitions kept as names: y, L" in header
    assert "definitionsy, L as names" in page.text
    (counts,) = (line.partition("arithmetic: ")[2] for line in header if "steps" in line)
    assert counts
    assert f"arithmetic: {counts}." in page.text
    told = book["formulas/square_sum.html"].decode().partition("<dt>normal form</dt>")[2].partition("</dd>")[0]
    assert "<mn>2</mn>" in told
    assert "derive show square_sum" in page.text


def test_every_verdict_and_every_witness_is_explained(book):
    page = Page(book["about.html"].decode())
    for name in (*VERDICTS, *Witnesses.__struct_fields__):
        assert name in page.words


def test_a_formula_keeps_its_own_names_of_indices_whatever_was_read_after_it(tmp_path):
    # The same expression is held once, and the entry that is read last names its index.
    other = (
        CATALOG[CATALOG.index("square_sum:") :].replace("square_sum", "other").replace("i)", "o)").replace("[i]", "[o]")
    )
    page = book_of(CATALOG + other, tmp_path)["formulas/square_sum.html"].decode()
    definition = page.partition('id="definition"')[2].partition("<details>")[0]
    assert "<mi>i</mi>" in definition
    assert "<mi>o</mi>" not in definition


def test_what_scrolls_is_reached_by_keyboard_and_has_a_name(book):
    for name, content in book.items():
        for element, attributes in Page(content.decode()).elements if name.endswith(".html") else ():
            if element == "pre" or attributes.get("class") in ("wide", "math", "drawing"):
                assert (attributes.get("tabindex"), attributes.get("role")) == ("0", "group"), (name, element)
                assert attributes.get("aria-label")


def test_a_page_says_whether_what_is_refuted_was_expected(book, tmp_path):
    assert "as the catalog expects" in Page(book["formulas/square.html"].decode()).text
    assert "All as the catalog expects" in Page(book["index.html"].decode()).text
    wrong = book_of(CATALOG.replace("holds: no", "holds: yes"), tmp_path)
    assert "1 not as expected" in Page(wrong["formulas/square.html"].decode()).text
    assert "1 verdict is not as the catalog expects" in Page(wrong["index.html"].decode()).text


def test_a_long_normal_form_is_counted_and_not_shown(tmp_path):
    terms = " + ".join(f"x[i]**{power}" for power in range(2, 14))
    long = (
        f"long:\n  title: l\n  group: g\n  inputs: {{x: 'real[n]'}}\n  claims: ['({terms})*x[j] == x[j]*({terms})']\n"
    )
    page = Page(book_of(f"{long}  source: s\n", tmp_path)["formulas/long.html"].decode())
    assert re.search(r"normal form\d\d names, numbers and signs", page.text)


def test_links_lead_to_files_of_the_book(book):
    links = 0
    for name, content in book.items():
        for _, attributes in Page(content.decode()).elements if name.endswith(".html") else ():
            for link in (attributes.get("href"), attributes.get("src")):
                if link and not link.startswith("#"):
                    folder = name.rpartition("/")[0]
                    path = link.partition("#")[0]
                    target = path.removeprefix("../") if path.startswith("../") else f"{folder}/{path}".lstrip("/")
                    assert target in book, (name, link)
                    links += 1
    assert links > 30


def test_formulas_that_define_the_same_or_name_each_other_are_linked(book):
    page = Page(book["formulas/square.html"].decode())
    assert ("a", {"href": "square_sum.html"}) in page.elements
    assert "named in the note" in page.text


def test_a_refused_export_says_why(tmp_path):
    algorithm = "masks:\n  title: Masks\n  group: small\n  algorithm: sobel\n  source: A book\n"
    page = Page(book_of(algorithm, tmp_path)["formulas/masks.html"].decode())
    assert "Not exported" in page.text


def test_text_is_text_wherever_it_stands():
    assert tag("p", "<script>alert(1)</script>") == "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>"
    assert tag("p", title='"><script>') == '<p title="&quot;&gt;&lt;script&gt;"></p>'
    assert text("a\u202eb\x1b[31m") == r"a\u{202e}b\u{1b}[31m"


@pytest.mark.parametrize("link", ["javascript:alert(1)", "//host/x", "https://host/", "data:text/html,x", "../../etc"])
def test_links_lead_into_the_site_alone(link):
    with pytest.raises(ValueError, match="leads out"):
        tag("a", "x", href=link)


@pytest.mark.parametrize(
    "inside", ["<script>x</script>", '<mi onclick="x()">x</mi>', '<mi href="javascript:x()">x</mi>', "<mi>x", "<x/>"]
)
def test_drawings_that_do_more_than_draw_are_refused(inside):
    with pytest.raises(ValueError, match=r"no place|not well formed"):
        admitted(f'<math xmlns="http://www.w3.org/1998/Math/MathML">{inside}</math>')


def test_names_that_differ_in_case_alone_have_pages_of_their_own():
    source = "A:\n  title: a\n  group: g\n  inputs: {x: real}\n  claims: [x == x]\n  source: s\n"
    formulas = [*read(source).formulas.values(), *read(source.replace("A:", "a:")).formulas.values()]
    assert binding.pages_of(formulas) == ["A.html", "a-2.html"]


def test_a_folder_with_anything_else_in_it_is_left_alone(tmp_path, capsys):
    (tmp_path / "thesis.tex").write_text("precious")
    assert run_command(["report", "slope_of_a_line", "--out", str(tmp_path)]) == 2
    assert "nothing was touched" in capsys.readouterr().err
    assert [file.name for file in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_step_that_fails_its_check_is_loud_and_exit_status_3(tmp_path, monkeypatch, capsys):
    contracted = steps.contracted
    monkeypatch.setattr(steps, "contracted", lambda node: multiply(2, contracted(node)))
    assert run_command(["report", "softmax_ce_gradient", "--out", str(tmp_path / "book"), "--no-cache"]) == 3
    assert "softmax_ce_gradient: a step fails its check and is not shown" in capsys.readouterr().err
    assert "fails its check" in (tmp_path / "book" / "formulas" / "softmax_ce_gradient.html").read_text()


def test_a_second_book_finds_its_chapters_and_the_times_of_the_check_until_they_are_cleared(
    tmp_path, monkeypatch, capsys
):
    monkeypatch.setenv("DERIVE_CACHE", str(tmp_path / "cache"))
    assert run_command(["report", "bn_backward", "--out", str(tmp_path / "one")]) == 0
    monkeypatch.setattr(press, "chapters", None)
    assert run_command(["report", "bn_backward", "--out", str(tmp_path / "two")]) == 0
    pages = ["formulas/bn_backward.html", "index.html", "pictures.html"]
    assert all((tmp_path / "one" / page).read_bytes() == (tmp_path / "two" / page).read_bytes() for page in pages)
    assert not pictures.are_there() or "claims took" in (tmp_path / "two" / "pictures.html").read_text()
    capsys.readouterr()
    assert run_command(["cache", "info"]) == 0
    assert "1 page of the book" in capsys.readouterr().out
    assert run_command(["cache", "clear"]) == 0
    assert capsys.readouterr().out == "forgot 1 formula and 1 page of the book\n"
    assert not list((tmp_path / "cache" / "book").iterdir())


def test_without_the_libraries_that_draw_a_book_has_no_pictures_and_says_so(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(pictures, "are_there", lambda: False)
    assert run_command(["report", "bn_backward", "--out", str(tmp_path / "book"), "--no-cache"]) == 0
    assert "without pictures: they need matplotlib" in capsys.readouterr().err
    assert "pip install" in (tmp_path / "book" / "pictures.html").read_text()
    assert "<svg" not in (tmp_path / "book" / "formulas" / "bn_backward.html").read_text()


def test_a_later_book_takes_the_place_of_an_earlier_one(tmp_path):
    folder = tmp_path / "book"
    site.written([File("index.html", b"1"), File("formulas/old.html", b"1")], folder)
    (folder / "formulas" / "own.txt").write_text("kept")
    site.written([File("index.html", b"2")], folder)
    files = {str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file()}
    assert files == {"index.html", ".derive-book", "formulas/own.txt"}
    assert (folder / "index.html").read_bytes() == b"2"


def test_what_an_interrupted_book_left_goes_with_the_next(tmp_path):
    def interrupted():
        yield File("formulas/half.html", b"1")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        site.written(interrupted(), tmp_path / "book")
    site.written([File("index.html", b"2")], tmp_path / "book")
    assert [file.name for file in (tmp_path / "book").rglob("*.html")] == ["index.html"]


def test_the_same_report_gives_the_same_bytes(tmp_path):
    assert book_of(CATALOG, tmp_path) == book_of(CATALOG, tmp_path)


# ------------------------------------------------------------------------------------------ what is hostile

HOSTILE = (
    r"""<script>window.ran=1;alert(1)</script><img src=x onerror="window.ran=1">"""
    r"\\href{javascript:alert(1)}{x}[red]x[/red]"
)
ENTRY = f"""\
groups:
  small: '{HOSTILE}'
bad:
  title: '{HOSTILE}'
  group: small
  inputs: {{x: "real[n]"}}
  define:
    y[i]: x[i]**2
  claims:
    - D(y[i], x[i]) == 2*x[i]
  printed:
    - latex: '{HOSTILE}'
      says: D(y[i], x[i]) == 3*x[i]
      from: '{HOSTILE}'
      holds: no
  source: '{HOSTILE}'
  note: '{HOSTILE}'
links:
  title: 'javascript:window.ran=1'
  group: '{HOSTILE}'
  inputs: {{x: "real[n]"}}
  define:
    y[i]: sigmoid(x[i])
  claims:
    - D(y[i], x[i]) == y[i]*(1 - y[i])
  examples:
    - given: {{x: [0, 1]}}
      then: {{y: [0, 5]}}
      from: '{HOSTILE}'
      holds: 'only if {HOSTILE}'
  reference:
    - call: torch.sigmoid
      gives: y
      with: {{input: x}}
      differs: '{HOSTILE}'
  source: 'javascript:window.ran=1'
"""


def with_controls(report):
    """The report with characters that no catalog may hold, which a report from elsewhere may."""
    worse = msgspec.json.encode(report).replace(b"a page", b"\\u001b[31m\\u202etxt")
    return msgspec.json.decode(worse, type=type(report))


def test_hostile_text_is_text_on_every_page(tmp_path):
    made = book_of(ENTRY, tmp_path)
    assert "formulas/bad.html" in made
    for name, content in made.items():
        if name.endswith(".html"):
            page = Page(content.decode())
            assert [a for n, a in page.elements if n == "script"] == [
                {"src": "../assets/book.js" if "/" in name else "assets/book.js", "defer": None}
            ]
            assert not any(key.startswith("on") for _, attributes in page.elements for key in attributes)
            assert not any("javascript:" in (a.get("href") or "") for _, a in page.elements)
            assert not any(n == "img" for n, _ in page.elements)
            names = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
            assert len(names) == len(set(names))
            assert not [name for name in names if not re.fullmatch(r"[\w-]+", name, re.ASCII)]
            assert not [link for _, a in page.elements if (link := a.get("href") or a.get("src")) and ":" in link]
    assert Page(made["formulas/bad.html"].decode()).text.count("<script>window.ran=1") >= 5
    other = Page(made["formulas/links.html"].decode()).text
    assert other.count("<script>window.ran=1") >= 4  # the group, the example's source and condition, the library's
    assert other.count("javascript:window.ran=1") >= 3  # in the title, above the text, and as the source
    assert made["formulas/links.html"].decode().count("<figcaption>javascript:window.ran=1") == pictures.are_there()


def test_groups_with_names_alike_have_places_of_their_own():
    groups = ["a b", "a-b", "a_b", "a20b", "a-20-b", "ä", "ö", "A b"]
    assert len({anchor(group) for group in groups}) == len(groups)
    assert all(re.fullmatch(r"[\w-]+", anchor(group), re.ASCII) for group in groups)


def test_characters_that_turn_text_around_or_drive_a_terminal_are_shown_by_their_numbers(tmp_path, monkeypatch):
    judged = run.Run.judged
    monkeypatch.setattr(run.Run, "judged", lambda *arguments: with_controls(judged(*arguments)))
    page = book_of(CATALOG, tmp_path)["formulas/square.html"].decode()
    assert r"\u{202e}txt" in page
    assert "\u202e" not in page
    assert "\x1b" not in page


# ------------------------------------------------------------------------------------------ in a browser

BROWSER = Path(__file__).parent / "book_in_a_browser.js"
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")


def font():
    """The characters of the mathematics font, by a reader of fonts that others wrote."""
    fonts = pytest.importorskip("fontTools.ttLib")
    pytest.importorskip("brotli")
    path = Path(site.__file__).parent / "assets" / "stix-two-math.woff2"
    return fonts.TTFont(path)


def opened(files, folder, sampled):
    """What a browser finds in a book."""
    environment = {**os.environ, "NODE_PATH": os.environ.get("NODE_PATH", str(BROWSER.parent.parent / "node_modules"))}
    if not Path(CHROMIUM).exists() or shutil.which("node") is None:
        pytest.skip("chromium or node is not installed")
    found = ["node", "-e", "require('playwright-core'); require('axe-core')"]
    if subprocess.run(found, env=environment, capture_output=True, check=False).returncode:
        pytest.skip("the npm packages playwright-core and axe-core are not installed (npm install, or NODE_PATH)")
    characters = folder / "characters.json"
    characters.write_text(json.dumps(sorted(font().getBestCmap())))
    site.written((File(path, content) for path, content in files.items()), folder / "book")
    command = ["node", str(BROWSER), str(folder / "book"), str(characters), json.dumps(sampled)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


def test_the_font_has_what_formulas_are_made_of_and_its_licence_beside_it():
    known = font()
    assert "MATH" in known
    signs = "".join([*SIGNS.values(), *RELATIONS.values(), *ACCENTS.values(), *BIG.values(), "()[]{}|⌊⌋∂…"])
    greek = "".join(glyph(Symbol(name)) for name in GREEK)
    assert not [sign for sign in signs + greek if ord(sign) not in known.getBestCmap()]
    letters = [*range(0x1D44E, 0x1D468), *range(0x1D6FC, 0x1D715)]  # italic letters, Latin and Greek
    missing = [point for point in letters if point not in known.getBestCmap() and point != 0x1D455]
    assert not missing
    assert "SIL OPEN FONT LICENSE" in (Path(site.__file__).parent / "assets" / "OFL.txt").read_text()


def test_a_browser_finds_nothing_wrong_with_the_book(book, tmp_path):
    found = opened(book, tmp_path, ["index.html", "about.html", "formulas/square.html"])
    assert {name: part for name, part in found["wrong"].items() if part} == {}
    assert found["formulas"] >= 10
    tell = found["tell"]
    assert (tell["focused"], tell["all"], tell["searched"], tell["cleared"]) == ("search", 2, 2, 2)
    assert (tell["filter"], tell["filtered"], tell["status"]) == ("refuted", 1, "2 formulas")
    assert (tell["withoutScript"], tell["finder"]) == (2, False)
    assert (tell["opened"], tell["tabs"], tell["panels"]) == (True, 4, [False, True, False, False])
    assert tell["paper"] == ["#fff", "#000", "#0a5fa5", "#a0301c"]  # what light has, though the screen is dark


def test_a_browser_runs_nothing_that_a_catalog_says(tmp_path):
    found = opened(book_of(ENTRY, tmp_path), tmp_path, ["formulas/bad.html", "formulas/links.html"])
    assert {name: part for name, part in found["wrong"].items() if part} == {}
    assert found["tell"]["ran"] is False


def test_the_browser_sees_what_is_wrong(book, tmp_path):
    """Wrong twins: links to nothing, a formula without a box, a character that no font has, a script that fails."""
    page = book["formulas/square.html"].decode()
    worse = page.replace(
        "<main",
        "<main><pre style='width: 3em'>scrolls, and nobody gets there</pre>"
        "<p><math><mi>\u4e16</mi></math><math class=gone><mi>x</mi></math>"
        "<a href=gone.html>x</a><a href='#gone'>x</a></p",
        1,
    )
    worse = worse.replace("</head>", "<style>.gone { display: none }</style></head>")
    found = opened({**book, "formulas/square.html": worse.encode(), "assets/book.js": b"nothing();"}, tmp_path, [])
    wrong = found["wrong"]
    assert "formulas/square.html: U+4e16" in wrong["glyphs"]
    assert {"formulas/square.html: gone.html", "formulas/square.html: #gone"} <= {*wrong["links"]}
    assert wrong["mathematics"]
    assert any("nobody gets there" in part for part in wrong["keyboard"])
    assert wrong["console"]


WHOLE = os.environ.get("DERIVE_BOOK")  # the folder of a book of the whole catalog, where a runner has built it
SAMPLED = ["index", "about", "pictures", "formulas/bn_backward", "formulas/softmax", "formulas/sigmoid",
           "formulas/adam", "formulas/sobel_filter", "formulas/simple_rnn", "formulas/non_max_suppression"]  # fmt: skip


@pytest.mark.skipif(not WHOLE, reason="DERIVE_BOOK names no book of the whole catalog")
def test_the_book_of_the_whole_catalog_is_light_and_right_in_a_browser(tmp_path):
    files = {
        str(p.relative_to(WHOLE)): p.read_bytes()
        for p in Path(WHOLE).rglob("*")
        if p.is_file() and p.name != site.MARKER
    }
    assert sum(map(len, files.values())) <= 15e6
    heavy = {name: len(content) for name, content in files.items() if len(content) > 300e3}
    assert not heavy
    found = opened(files, tmp_path, [f"{name}.html" for name in SAMPLED if f"{name}.html" in files])
    assert {name: part for name, part in found["wrong"].items() if part} == {}
    tell = found["tell"]
    assert found["pages"] == len([name for name in files if name.endswith(".html")]) > 300
    assert found["formulas"] > 10_000
    assert (tell["focused"], tell["filter"], tell["cleared"]) == ("search", "refuted", tell["all"])
    assert 0 < tell["searched"] < tell["all"]
    assert 0 < tell["filtered"] == tell["fitting"] < tell["all"]
    assert tell["milliseconds"] < 1000
