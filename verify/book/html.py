"""HTML from text that may be anything: the one place where it is escaped.

Whatever is put into an element is text, unless it is Markup, and only this module makes that: of elements built
here, and of MathML and SVG after `admitted` has looked at every element and attribute.
"""

import re
from collections.abc import Mapping
from html import escape
from xml.etree import ElementTree

from derive.selection import visible

VOID = {"br", "hr", "img", "input", "link", "meta", "wbr"}
NAME = re.compile(r"[a-z][a-z0-9-]*")
LINK = re.compile(
    r"#[\w.:-]*|(?:\.\./)?(?:[A-Za-z0-9_-][A-Za-z0-9_.-]*/)*[A-Za-z0-9_-][A-Za-z0-9_.-]*(?:#[\w.:-]*)?", re.ASCII
)
PIXELS = "data:image/png;base64,"
LINKS = ("href", "src", "action")

SVG = "http://www.w3.org/2000/svg"
MATHML = "http://www.w3.org/1998/Math/MathML"
ELEMENTS = {
    MATHML: {
        "math", "mrow", "mi", "mn", "mo", "mtext", "mspace", "mfrac", "msqrt", "msub", "msup", "msubsup", "munder",
        "mover", "munderover", "mtable", "mtr", "mtd",
    },
    SVG: {
        "svg", "g", "path", "rect", "circle", "ellipse", "line", "polyline", "polygon", "text", "tspan", "title",
        "desc", "defs", "clipPath", "marker", "use", "style", "image",
    },
}  # fmt: skip
STYLES = {"text-align: -webkit-left": "l", "text-align: -webkit-right": "r",
          "text-align: -webkit-left; padding-left: 0": "s"}  # fmt: skip
"""The styles that our MathML uses, and the classes of the book's style sheet that stand for them."""


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


Content = str | int | None
Attribute = str | int | bool | None


def text(value: Content) -> Markup:
    """A value as the text of a page: what is Markup stays, every other character is itself.

    Control and direction characters are shown by their numbers; lines are kept.
    """
    if value is None:
        return Markup("")
    if isinstance(value, Markup):
        return value
    return Markup("\n".join(escape(visible(line)) for line in str(value).split("\n")))


def join(*parts: Content, by: str = "") -> Markup:
    """Parts side by side."""
    return Markup(text(by).join(map(text, parts)))


def tag(name: str, /, *content: Content, **attributes: Attribute) -> Markup:
    """An element. class_ and for_ are the attributes class and for, aria_label is aria-label.

    An attribute that is None or False is left out, True stands without a value. Links lead into the site alone.
    Raises ValueError for a name or a link that is none.

    >>> print(tag("p", "1 < 2", class_="a"))
    <p class="a">1 &lt; 2</p>
    """
    if not NAME.fullmatch(name):
        raise ValueError(f"no element is called {name!r}")
    shown = []
    for key, value in attributes.items():
        attribute = key.rstrip("_").replace("_", "-")
        if value is None or value is False:
            continue
        if attribute in LINKS and not LINK.fullmatch(str(value)):
            raise ValueError(f"{value!r} leads out of the site")
        shown.append(f" {attribute}" if value is True else f' {attribute}="{text(str(value))}"')
    head = Markup(f"<{name}{''.join(shown)}>")
    return head if name in VOID else Markup(f"{head}{join(*content)}</{name}>")


def admitted(source: str) -> Markup:
    """MathML or SVG as Markup. Raises ValueError where it holds what only draws nothing: scripts, links, handlers."""
    try:
        root = ElementTree.fromstring(source)
    except ElementTree.ParseError as error:
        raise ValueError(f"not well formed: {error}") from None
    return Markup(_written(root))


def rows(source: str) -> list[list[Markup]]:
    """What stands in the cells of a display in MathML: each a math element, a cell of words the words.

    Raises ValueError as `admitted` does.
    """
    admitted(source)
    table = ElementTree.fromstring(source)[0]
    return [[_cell(cell) for cell in row] for row in table]


def _cell(cell: ElementTree.Element) -> Markup:
    """Words and names side by side as text with mathematics in it; anything else as one formula."""
    parts = [part for part in cell if part.tag != f"{{{MATHML}}}mspace"]
    if not any(part.tag == f"{{{MATHML}}}mtext" for part in parts):
        return Markup(f'<math displaystyle="true">{"".join(map(_written, parts))}</math>' if parts else "")
    return join(*(
        text((part.text or "").replace("\u00a0", " ")) if part.tag == f"{{{MATHML}}}mtext"
        else Markup(f"<math>{_written(part)}</math>") for part in parts
    ))  # fmt: skip


def _written(element: ElementTree.Element) -> str:
    space, _, name = element.tag.removeprefix("{").partition("}")
    if name not in ELEMENTS.get(space, ()):
        raise ValueError(f"the element {element.tag} has no place in a drawing")
    attributes = "".join(
        f' {key}="{escape(value)}"' for key, value in _attributes(element.attrib).items() if key != "xmlns"
    )
    inside = [escape(element.text or "", quote=False)]
    for child in element:
        inside += [_written(child), escape(child.tail or "", quote=False)]
    content = "".join(inside)
    return f"<{name}{attributes}>{content}</{name}>" if content else f"<{name}{attributes}/>"


def _attributes(found: Mapping[str, str]) -> dict[str, str]:
    kept = {}
    for key, value in found.items():
        name = key.rpartition("}")[2]
        is_own = value.startswith(("#", PIXELS)) or name not in LINKS
        if name.lower().startswith("on") or not is_own:
            raise ValueError(f"the attribute {name} has no place in a drawing")
        if name == "style" and value in STYLES:
            name, value = "class", STYLES[value]
        elif "url(" in value.replace(" ", "") and not re.fullmatch(r"[^(]*url\(#[\w-]+\)[^(]*", value):
            raise ValueError(f"the attribute {name} leads out of the drawing")
        kept[name] = value
    return kept
