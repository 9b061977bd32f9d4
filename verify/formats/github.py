"""Annotations of GitHub Actions: a workflow command for each finding, shown beside its line in a pull request."""

from collections.abc import Sequence

from derive.findings import Finding
from verify.formats.findings import findings
from verify.report import Report

COMMANDS = {"error": "error", "warning": "warning", "note": "notice"}


def rendered(report: Report) -> str:
    """The findings of a report."""
    return document(findings(report))


def document(found: Sequence[Finding]) -> str:
    """A command a line."""
    return "".join(_command(finding) for finding in found)


def _command(finding: Finding) -> str:
    title = f"{finding.code} {finding.formula or finding.meaning}"
    places = {"file": finding.file, "line": finding.line, "col": finding.column, "title": title}
    properties = ",".join(f"{name}={_property(str(value))}" for name, value in places.items() if value)
    return f"::{COMMANDS[finding.level]} {properties}::{_data(chr(10).join([finding.message, *finding.details]))}\n"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
