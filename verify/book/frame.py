"""What every page of the book has: its head, the way around, and its foot."""

from collections.abc import Iterable

from verify.book.html import Markup, join, tag

POLICY = (
    "default-src 'none'; style-src 'self' 'unsafe-inline'; script-src 'self'; font-src 'self'; img-src 'self' data:"
)
"""What a page may load: of the site alone, and no script that stands in a page."""


def page(title: str, content: Markup, *, up: str = "", aside: Markup | None = None, engine: str = "") -> str:
    """A whole document. up: the way to the top folder, "" or "../".  aside: what stands beside the content."""
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        Markup(f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", title),
        tag("link", rel="icon", href=f"{up}assets/mark.svg"),
        tag("link", rel="stylesheet", href=f"{up}assets/book.css"),
        tag("script", src=f"{up}assets/book.js", defer=True),
    )
    banner = tag(
        "header",
        tag("a", "The formula book", href=f"{up}index.html", class_="home"),
        tag(
            "nav",
            tag("a", "Formulas", href=f"{up}index.html"),
            tag("a", "Pictures", href=f"{up}pictures.html"),
            tag("a", "How to read it", href=f"{up}about.html"),
            aria_label="The book",
        ),
        class_="banner",
    )
    foot = tag("footer", tag("p", f"Written by derive {engine}. Verdicts hold for the text of the catalog as judged."))
    body = tag(
        "body",
        tag("a", "Skip to the content", href="#content", class_="skip"),
        banner,
        tag("div", aside or "", tag("main", content, id="content", tabindex=-1), class_="sheet"),
        foot,
    )
    return f'<!DOCTYPE html>\n<html lang="en">\n{join(head, body, by=chr(10))}\n</html>\n'


def contents(parts: Iterable[tuple[str, str]], label: str = "Parts of this page") -> Markup:
    """What stands beside a page: links to its parts. parts: the id of each, and its title."""
    items = (tag("li", tag("a", title, href=f"#{key}")) for key, title in parts)
    return tag("nav", tag("ol", *items), class_="parts", aria_label=label)


def sections(parts: Iterable[tuple[str, str, Markup]]) -> tuple[Markup, Markup]:
    """The parts of a page with their headings, and the links to them. parts: the id of each, its title, its content."""
    listed = list(parts)
    made = [tag("section", tag("h2", title), body, id=key, aria_label=title) for key, title, body in listed]
    return join(*made), contents((key, title) for key, title, _ in listed)


def badge(verdict: str) -> Markup:
    """A verdict as a word with a shape of its own, so that no colour is needed to tell it."""
    return tag("span", verdict, class_=f"verdict {verdict}")
