"""What the proofs of a formula rest on, as the check found it."""

import shlex
from collections import Counter
from collections.abc import Sequence

from derive.formula import Formula
from verify.book.html import Markup, join, tag
from verify.book.testimony import counted
from verify.report import Entry


def proofs(formula: Formula, entry: Entry, words: Sequence[str]) -> Markup | None:
    """What proofs take for granted, and how many steps they took by which rules.

    The steps themselves would make the book several times as heavy. words: catalogs that are not the shipped one, for
    the command that shows the steps.
    """
    proved = [claim for claim in entry.claims if claim.verdict == "proved" and claim.origin == "claim"]
    if not proved:
        return None
    told = [(claim.claim, found) for claim in proved if isinstance(found := claim.witnesses.algebra.rules, list)]
    items = [
        tag("li", tag("code", claim), tag("span", f": {'; '.join(found)}", class_="note")) for claim, found in told
    ]
    sizes = ", ".join(size.name for size in formula.sizes)
    count = "The claim is" if len(proved) == 1 else f"{len(proved)} claims are"
    plain = len(proved) - len(told)
    some = "" if plain == len(proved) else f"; {plain} of them" if plain else ", but not"
    rest = " The others rest on more:" if plain else " More is relied on:"
    return join(
        tag("p", f"{count} proved", f" for every {sizes}" if sizes else "", some, " from the definitions alone.",
            rest if items else ""),
        tag("ul", *items) if items else "",
        _steps(entry),
        tag("p", tag("code", shlex.join(["derive", "show", formula.name, *words, "--proof"])), " shows the steps.",
            class_="note"),
    )  # fmt: skip


def _steps(entry: Entry) -> Markup | str:
    rules: Counter[str] = Counter()
    for claim in entry.claims:
        more = claim.witnesses.algebra.more
        steps = more.get("steps") if isinstance(more, dict) and claim.verdict == "proved" else None
        rules.update(steps if isinstance(steps, dict) else {})
    if not rules:
        return ""
    each = f"{rules.total()} steps, each" if rules.total() > 1 else "One step, which was"
    return tag("p", f"{each} compared in exact arithmetic: {counted(dict(sorted(rules.items())))}. The evidence of a "
               "claim counts the steps that no claim before it had taken.", class_="note")  # fmt: skip
