"""JUnit XML: a suite for each formula, a case for each claim, as continuous integration reads it."""

from xml.etree.ElementTree import Element, SubElement, indent, tostring

from derive.codes import TABLE
from derive.findings import Finding
from derive.selection import visible
from verify.formats.findings import of_claim, of_interruption, of_refused
from verify.report import Entry, Judged, Report


def rendered(report: Report) -> str:
    """The document. A claim that is as expected passes; a conflict and what could not be read are errors."""
    root = Element("testsuites", name="derive")
    for entry in report.formulas:
        _suite(root, entry, report)
    refused = [(found, found.place) for found in map(of_refused, report.errors or ())]
    refused += [(found, "run") for found in of_interruption(report)]
    if refused:
        suite = SubElement(root, "testsuite", name="catalog")
        for found, name in refused:
            case = SubElement(suite, "testcase", {"classname": "catalog", "name": name, **_at(found)})
            problem = SubElement(case, "error", type=found.code, message=found.message)
            problem.text = "\n".join([f"{name}: {found.message}  [{found.code}]", *found.details])
        _count(suite)
    for name in ("tests", "failures", "errors"):
        root.set(name, str(sum(int(suite.get(name, "0")) for suite in root)))
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def _suite(root: Element, entry: Entry, report: Report) -> None:
    suite = SubElement(root, "testsuite", name=visible(entry.name))
    properties = SubElement(suite, "properties")
    for name, value in (("group", visible(entry.group)), ("seed", str(report.seed)), ("derive", report.engine.derive)):
        SubElement(properties, "property", name=name, value=value)
    for claim in entry.claims:
        _case(suite, entry, claim)
    _count(suite)


def _case(suite: Element, entry: Entry, claim: Judged) -> None:
    found = of_claim(entry, claim)
    names = {"classname": visible(entry.name), "name": visible(claim.claim)}
    case = SubElement(suite, "testcase", {**names, **_at(found)})
    if isinstance(claim.seconds, float):
        case.set("time", f"{claim.seconds:.6f}")
    if claim.as_expected:
        return
    kind = "error" if claim.verdict == "conflict" or TABLE[found.code].meaning == "an internal error" else "failure"
    problem = SubElement(case, kind, type=claim.verdict, message=f"{found.meaning}  [{found.code}]")
    head = f"{found.place}: {found.formula}  {visible(claim.claim)}   {claim.verdict}  [{found.code}]"
    problem.text = "\n".join([head, *(f"  {line}" for line in found.details)])


def _at(found: Finding) -> dict[str, str]:
    return {"file": found.file, **({"line": str(found.line)} if found.line else {})} if found.file else {}


def _count(suite: Element) -> None:
    cases = suite.findall("testcase")
    suite.set("tests", str(len(cases)))
    suite.set("failures", str(sum(case.find("failure") is not None for case in cases)))
    suite.set("errors", str(sum(case.find("error") is not None for case in cases)))
    times = [float(case.get("time", "0")) for case in cases if case.get("time")]
    if times:
        suite.set("time", f"{sum(times):.6f}")
