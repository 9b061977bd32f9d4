"""Reports for tests, and texts that try to be more than text."""

import re

from verify.report import Entry, Judged, Point, Refused, Said, Witnesses, report

HOSTILE = [
    "<script>alert(1)</script>",
    "[red]text[/red] [link=javascript:x]y[/link]",
    "\x1b[31mred\x1b]8;;http://x\x07",
    "\u202eevil\u2066\u200f",
    "]]><x/>",
    "::set-env name=PATH::x",
    "##[add-mask]x",
    "a | b `c` ``d`` **e** ![i](http://x) <!-- -->",
    "[click](javascript:alert(1)) {0} %25 %0A::error::x",
    "line\nfeed\r\nand\ttab, comma: colon",
    "\x00\ufffe\udc80 &amp; &lt; \"quoted\" 'single'",
    "https://evil.example www.evil.example @you #1",
    "```\nfence\n```",
]
SAID = Said("not run")
WITNESSES = Witnesses(Said("cannot tell"), Said("differs"), SAID, SAID)
POINT = Point({"n": 2}, {"k": 0}, {"x": ["1/3", "-5/7"]}, "1.5", "2.5", "1", True)


def judged(text="D(L, x[k]) == 3*x[k]", verdict="refuted", as_expected=False, **more):
    fields = {"claim": text, "origin": "claim", "expected": "holds", "verdict": verdict, "as_expected": as_expected,
              "where": "my catalogs/a.yaml:8:7", "witnesses": WITNESSES,
              "counterexample": POINT if verdict == "refuted" else None, **more}  # fmt: skip
    return Judged(**fields)


def example(text="squares", errors=True):
    """A report in which everything happens, with a text wherever one from outside can stand."""
    claims = [
        judged("D(L, x[k]) == 2*x[k]", "proved", True),
        judged(text, diagnosis=text, repaired=text, source=text, latex=text, condition=text),
        judged(verdict="undecided", reason=f"no verdict within 60 s {text}"),
        judged(verdict="conflict", reason=text),
        judged(verdict="proved", expected="fails", condition=text),
    ]
    where = f"{text}.yaml:3:5"
    refused = Refused(where, f"{where}: unknown field x  [D106]\n    {text}\n    ^", "D106")
    return report(0, [Entry("squares", text, "a.yaml:2:1", claims)], [refused] if errors else ())


def parts(text):
    """What must be seen of a text: its runs of plain letters."""
    return re.findall(r"[a-z]{3,}", text)
