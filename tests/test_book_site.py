"""The formula book: whole, safe, the same each time."""

from html.parser import HTMLParser

import pytest

from derive.catalog import read
from derive.cli import run_command
from derive.selection import select
from verify import run
from verify.book import binding, site
from verify.book.html import admitted, tag, text
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
    leaves = binding.bound(formulas, report.formulas, 1, None)
    return dict(site.book(report, leaves, planned.groups, [str(file)]))


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    return book_of(CATALOG, tmp_path_factory.mktemp("book"))


def test_a_page_tells_what_is_claimed_what_is_known_and_what_is_printed_wrong(book):
    page = Page(book["formulas/square.html"].decode())
    for words in ("The square", "What fits on one page.", "proved", "refuted", "3x", "claimed", "expected: fails"):
        assert words in page.text
    assert sum(name == "math" for name, _ in page.elements) >= 4


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


def test_a_later_book_takes_the_place_of_an_earlier_one(tmp_path):
    folder = tmp_path / "book"
    site.written([("index.html", b"1"), ("formulas/old.html", b"1")], folder)
    (folder / "formulas" / "own.txt").write_text("kept")
    site.written([("index.html", b"2")], folder)
    files = {str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file()}
    assert files == {"index.html", ".derive-book", "formulas/own.txt"}
    assert (folder / "index.html").read_bytes() == b"2"


def test_the_same_report_gives_the_same_bytes(tmp_path):
    assert book_of(CATALOG, tmp_path) == book_of(CATALOG, tmp_path)
