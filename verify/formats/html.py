"""One page of HTML: the table by group, what is not as expected, and every claim with its verdict.

It holds all it needs and runs no script. `derive report` writes the book, with mathematics, derivations and code.
"""

from collections.abc import Iterator, Sequence

from verify.book.frame import badge
from verify.book.html import Markup, join, tag
from verify.formats.findings import of_claim, of_refused
from verify.report import Entry, Judged, Report, Summary, broken_off, summary
from verify.terminal import COLUMNS, by_group

POLICY = "default-src 'none'; style-src 'unsafe-inline'"
STYLE = """
:root { color-scheme: light dark; --good: #14603c; --agrees: #1a5578; --bad: #a0301c; --open: #735000;
  --soft: #5f5a52; }
@media (prefers-color-scheme: dark) {
  :root { --good: #7fc79c; --agrees: #86bfe0; --bad: #f0968a; --open: #dcb65c; --soft: #a8a297; }
}
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 72rem; margin: 0 auto; padding: 1rem; overflow-wrap: anywhere; }
div { overflow-x: auto; }
table { border-collapse: collapse; }
th, td { text-align: left; padding: 0.25rem 1rem 0.25rem 0; border-bottom: 1px solid #8886; font-weight: inherit; }
td.number, th.number { text-align: right; }
thead th { color: var(--soft); }
code, pre { font-family: ui-monospace, monospace; font-size: 0.9em; }
pre { overflow-x: auto; border-left: 3px solid var(--bad); padding-left: 0.8rem; }
.proved { color: var(--good); } .agrees { color: var(--agrees); } .undecided { color: var(--open); }
.refuted, .conflict { color: var(--bad); }
.verdict { font-weight: 600; white-space: nowrap; }
"""


def rendered(report: Report) -> str:
    """The page. Text from a catalog is text wherever it stands."""
    counts = report.summary
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        Markup(f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'),
        tag("title", "Report of derive"),
        Markup(f"<style>{STYLE}</style>"),
    )
    wrong = [(entry, claim) for entry in report.formulas for claim in entry.claims if not claim.as_expected]
    found = f"{counts.as_expected} as expected, {counts.unexpected} not" if counts.claims else "nothing was judged"
    found = ", ".join([found, *filter(None, [broken_off(report)])])
    body = tag(
        "body",
        tag(
            "main",
            tag("h1", "Report of derive"),
            tag("p", f"{counts.formulas} formulas, {counts.claims} claims: {found}. Seed {report.seed}, derive ",
                report.engine.derive, "."),
            _table(report),
            join(tag("h2", "Not as expected"), *(_wrong(entry, claim) for entry, claim in wrong)) if wrong else "",
            _refused(report),
            tag("h2", "Every claim"),
            *(_entry(entry) for entry in report.formulas),
        ),
    )  # fmt: skip
    return f'<!DOCTYPE html>\n<html lang="en">\n{join(head, body, by=chr(10))}\n</html>\n'


def _table(report: Report) -> Markup:
    heads = [tag("th", column.replace("_", " "), scope="col", class_="number") for column in COLUMNS]
    rows = [_row(group.replace("_", " "), summary(entries)) for group, entries in by_group(report.formulas, ())]
    table = tag(
        "table",
        tag("thead", tag("tr", tag("th", "group", scope="col"), *heads)),
        tag("tbody", *rows, _row("all", report.summary)),
    )
    return _wide(table, "Verdicts by group")


def _row(name: str, counts: Summary) -> Markup:
    cells = (tag("td", getattr(counts, column), class_="number") for column in COLUMNS)
    return tag("tr", tag("th", name, scope="row"), *cells)


def _wrong(entry: Entry, claim: Judged) -> Markup:
    found = of_claim(entry, claim)
    return join(
        tag("h3", tag("code", entry.name), " ", badge(claim.verdict)),
        tag("p", tag("code", claim.claim), f" ({found.meaning}, {found.code}), at ", tag("code", found.place)),
        _lines(found.details),
    )


def _refused(report: Report) -> Markup | str:
    found = [of_refused(refused) for refused in report.errors or ()]
    shown = (_lines([f"{one.place}: {one.message}  [{one.code}]", *one.details]) for one in found)
    return join(tag("h2", "Could not be read"), *shown) if found else ""


def _lines(lines: Sequence[str]) -> Markup:
    return tag("pre", "\n".join(lines), tabindex=0, role="region", aria_label="Details") if lines else Markup("")


def _entry(entry: Entry) -> Markup:
    rows = (tag("tr", tag("td", tag("code", claim.claim)), *_said(claim)) for claim in entry.claims)
    heads = (tag("th", word, scope="col") for word in ("claim", "verdict", "expected"))
    table = tag("table", tag("thead", tag("tr", *heads)), tag("tbody", *rows))
    return join(tag("h3", entry.name), _wide(table, f"Claims of {entry.name}"))


def _said(claim: Judged) -> Iterator[Markup]:
    yield tag("td", badge(claim.verdict))
    yield tag("td", f"{claim.expected} {claim.condition}" if isinstance(claim.condition, str) else claim.expected)


def _wide(table: Markup, label: str) -> Markup:
    return tag("div", table, tabindex=0, role="region", aria_label=label)
