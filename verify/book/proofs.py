"""What the proofs of a formula rest on, as the check found it."""

import shlex
from collections.abc import Sequence

from derive.formula import Formula
from verify.book.html import Markup, join, tag
from verify.report import Entry


def proofs(formula: Formula, entry: Entry, words: Sequence[str]) -> Markup | None:
    """The facts that proofs take for granted; their steps would make the book several times as heavy.

    words: catalogs that are not the shipped one, for the command that shows the steps.
    """
    proved = [claim for claim in entry.claims if claim.verdict == "proved" and claim.origin == "claim"]
    if not proved:
        return None
    told = [(claim.claim, found) for claim in proved if isinstance(found := claim.witnesses.algebra.rules, list)]
    items = [
        tag("li", tag("code", claim), tag("span", f" since {'; '.join(found)}", class_="note")) for claim, found in told
    ]
    sizes = ", ".join(size.name for size in formula.sizes)
    count = "The claim is" if len(proved) == 1 else f"{len(proved)} claims are"
    plain = len(proved) - len(told)
    some = "" if plain == len(proved) else f"; {plain} of them" if plain else "; none of them"
    return join(
        tag("p", f"{count} proved", f" for every {sizes}" if sizes else "", some, " from the definitions alone."),
        tag("ul", *items) if items else "",
        tag(
            "p", "Each step of each proof was compared in exact arithmetic; ",
            tag("code", shlex.join(["derive", "show", formula.name, *words, "--proof"])), " shows them.", class_="note",
        ),
    )  # fmt: skip
