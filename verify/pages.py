"""The errata as text for a terminal and as Markdown, and what sources print as LaTeX with marks."""

import re
from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import TextIO

from rich.text import Text

from derive.catalog import read_anew
from derive.fitting import NOTE, fitted
from derive.formula import Formula
from derive.selection import visible
from verify.errata import HOLDS, Errata, Erratum, Number, Summary, latex
from verify.formats.markup import code, escaped, math
from verify.report import Judged, Point, Report, Verdict
from verify.terminal import COLORS, INDENT, console, hung, placed, room, shortened

BASES = {
    "definition": "as defined",
    "claim": "claimed by the entry",
    "repaired": "without the slip; agrees",
    "derived": "as the engine derives it",
}


def rendered(errata: Errata, stream: TextIO, color: str) -> str:
    """The errata as text for the stream."""
    out = console(stream, color)
    mark = "…" if out.encoding.lower().startswith("utf") else "..."
    with out.capture() as captured:
        for erratum in errata.errata:
            out.print(_block(erratum, mark, room(out)))
            out.print()
        for number in errata.numbers:
            out.print(_number_line(number, mark, room(out)))
        if errata.numbers:
            out.print()
        for line in sentences(errata.summary):
            out.print(hung(Text(line), room(out), NOTE))
    return captured.get()


def sentences(counts: Summary) -> Iterator[str]:
    """The summary in words; what is not there is not mentioned."""
    parts = [f"{counts.hold} right", f"{counts.fail} wrong"]
    parts += [f"{counts.conditional} right only under a condition"] if counts.conditional else []
    parts += [f"{counts.undecided} undecided"] if counts.undecided else []
    parts += [f"{counts.conflicts} in conflict"] if counts.conflicts else []
    yield f"{counts.printed} printed {'claim' if counts.printed == 1 else 'claims'}: {', '.join(parts)}"
    if counts.numbers:
        parts = [f"{counts.rounded} right as rounded", f"{counts.cut} cut, not rounded", f"{counts.differ} wrong"]
        yield f"{counts.numbers} worked {'number' if counts.numbers == 1 else 'numbers'}: {', '.join(parts)}"
    if counts.unexpected:
        yield f"{counts.unexpected} not as the catalog expects"


def standing(erratum: Erratum) -> str:
    """What is known of a printed claim, in words."""
    words = known(erratum.verdict, erratum.condition or "")
    return words if erratum.as_expected else f"{words}; unexpected: the catalog says that it {erratum.expected}"


def known(verdict: Verdict, condition: str) -> str:
    """A verdict on what is printed. condition: "only if ..." or ""."""
    if verdict == "refuted":
        return f"holds {condition}" if condition else "does not hold"
    return "holds" if verdict in HOLDS else f"not decided: {verdict}"


def _block(erratum: Erratum, mark: str, width: int) -> Text:
    text = Text().append(visible(erratum.name), "bold").append(f"  {visible(erratum.title)}   ")
    text = hung(text.append(visible(standing(erratum)), COLORS[erratum.verdict]), width, NOTE)
    for name, line in _lines(erratum, mark):
        shown = visible(" ".join(line.split("\n"))).replace("…", mark)
        text.append(f"\n  {name:<8} ").append(fitted(shown, width, INDENT))
    return text


def _lines(erratum: Erratum, mark: str) -> Iterator[tuple[str, str]]:
    if erratum.source:
        yield "from", erratum.source
    if erratum.printed:
        yield "printed", " ".join(erratum.printed.split())
    yield "reads", erratum.claim
    if erratum.counterexample:
        yield "at", placed(erratum.counterexample)
        yield "", sides(erratum.counterexample, mark)
    if erratum.right:
        yield "right", f"{erratum.right.claim}   ({basis(erratum)})"
        yield "", erratum.right.latex
    if erratum.slip:
        is_told = erratum.right and erratum.right.claim == erratum.slip.claim
        yield "perhaps", erratum.slip.says + ("" if is_told else f": {erratum.slip.claim}")
    if erratum.reason:
        yield "because", erratum.reason


def sides(found: Point, mark: str = "…") -> str:
    """Both sides at a counterexample."""
    certified = " (certified)" if found.certified else ""
    left, right = shortened(found.derived, mark), shortened(found.claimed, mark)
    return f"the left side is {left}, the printed right side {right}; they differ by {found.difference}{certified}"


def basis(erratum: Erratum) -> str:
    """What the right form rests on."""
    right = erratum.right
    assert right is not None
    return BASES[right.basis] + (f", {right.verdict}" if right.basis == "claim" else "")


def _number_line(number: Number, mark: str, width: int) -> Text:
    style = "red" if number.holds == "differs" else "yellow"
    text = Text().append(visible(number.name), "bold").append(f"  {visible(_value(number, mark))}   ")
    text.append("wrong" if number.holds == "differs" else "cut, not rounded", style)
    text = hung(text.append("" if number.as_expected else "; unexpected", "red"), width, NOTE)
    source = fitted(visible(number.source), width, INDENT)
    return text.append(f"\n  from     {source}" if number.source else "")


def _value(number: Number, mark: str = "…") -> str:
    place = "".join(f", {name} = {value}" for name, value in number.indices.items())
    return f"{number.what}{place}: printed {number.printed}, is {shortened(number.value, mark)}"


# ------------------------------------------------------------------------------------------ Markdown


def markdown(errata: Errata) -> str:
    """The errata as a Markdown document, group by group; formulas as `math` blocks."""
    lines = ["# Errata", "", *(f"{line}." for line in sentences(errata.summary)), ""]
    lines[2:-1] = ["  \n".join(lines[2:-1])]
    items: list[Erratum | Number] = [*errata.errata, *errata.numbers]
    groups = list(dict.fromkeys([*errata.groups, *(item.group for item in items)]))
    for group, members in groupby(sorted(items, key=lambda i: groups.index(i.group)), key=lambda item: item.group):
        lines += [f"## {escaped(group.replace('_', ' ').capitalize())}", ""]
        lines += [escaped(errata.groups[group]), ""] if group in errata.groups else []
        for item in members:
            lines += _section(item) if isinstance(item, Erratum) else [f"- {_number_item(item)}", ""]
    return "\n".join(lines)


def _section(erratum: Erratum) -> list[str]:
    lines = [f"### {escaped(erratum.title)}", "", f"{code(erratum.name)}: **{escaped(standing(erratum))}**", ""]
    origin = f" in {escaped(erratum.source)}" if erratum.source else ""
    lines += [f"Printed{origin}:", "", *math(erratum.printed or erratum.latex), ""]
    lines += [f"that is {code(erratum.claim)}", ""]
    if erratum.counterexample:
        at = escaped(placed(erratum.counterexample).replace("   ", ", "))
        lines += [f"At {at}, {escaped(sides(erratum.counterexample))}.", ""]
    if erratum.right:
        lines += [
            f"Right ({escaped(basis(erratum))}): {code(erratum.right.claim)}",
            "",
            *math(erratum.right.latex),
            "",
        ]
    if erratum.slip:
        is_told = erratum.right and erratum.right.claim == erratum.slip.claim
        told = "" if is_told else f", for {code(erratum.slip.claim)}"
        lines += [f"Perhaps: {code(erratum.slip.says)}{told}", ""]
    return lines + ([f"Because: {escaped(erratum.reason)}", ""] if erratum.reason else [])


def _number_item(number: Number) -> str:
    what = "wrong" if number.holds == "differs" else "cut, not rounded"
    origin = f" ({escaped(number.source)})" if number.source else ""
    return f"{code(number.name)}{origin}: {escaped(_value(number))}: **{what}**"


# --------------------------------------------------------------------------------------------- LaTeX


def displays(report: Report, formulas: Mapping[str, Formula]) -> list[str]:
    """What sources print, each as a display below a comment that says what is known of it."""
    shown = []
    for entry in report.formulas:
        printed = [claim for claim in entry.claims if claim.origin == "printed"]
        formula = read_anew(formulas[entry.where])
        shown += [_display(entry.name, claim, formula) for claim in printed]
    return shown


# TeX that reads, writes, defines or links, in whatever way it is spelled.
_ACTIVE = re.compile(
    r"\\(?:input|include|include\w+|(?:immediate|openin|openout|read|write|special|catcode|csname|expandafter|let|[egx]?def)"
    r"|(?:re)?newcommand|usepackage|documentclass|begin\s*\{document|end\s*\{document|href|url|html\w*|directlua|message"
    r"|error\w*|loop|jobname|makeat\w+|lowercase|uppercase|afterassignment|every\w*|(?:batch|scroll|nonstop)mode)"
    r"(?![A-Za-z])|\^\^|(?<!\\)%"
)


def _display(name: str, claim: Judged, formula: Formula) -> str:
    printed, quoted = claim.latex or "", ""
    if _ACTIVE.search(printed):  # what could do more than typeset is quoted as a comment alone
        quoted, printed = "".join(f"% quoted: {visible(line)}\n" for line in printed.split("\n") if line.strip()), ""
    printed = printed or latex(next(c for c in formula.claims if str(c.place) == claim.where))
    mark = known(claim.verdict, claim.condition or "")
    head = ": ".join([name, *([" ".join(claim.source.split())] if claim.source else []), f"{mark} ({claim.verdict})"])
    body = "\n".join(f"  {visible(line)}" for line in printed.split("\n") if line.strip())
    return f"% {visible(head)}\n{quoted}\\[\n{body}\n\\]\n"
