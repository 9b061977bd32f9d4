"""A drawing, and how it stands on a page."""

from msgspec import Struct

from verify.book.html import Markup, admitted, tag


class Drawing(Struct, frozen=True):
    """source: SVG.  caption: below it.  says: what it shows, for who cannot see it."""

    source: str
    caption: str
    says: str

    def markup(self) -> Markup:
        """Raises ValueError where the source is more than a drawing."""
        drawn = tag("div", admitted(self.source), role="img", aria_label=self.says)
        scrolled = tag("div", drawn, class_="drawing", tabindex=0, role="group", aria_label="Picture")
        return tag("figure", scrolled, tag("figcaption", self.caption))
