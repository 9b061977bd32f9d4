"""SARIF 2.1.0, as code scanning reads it: a rule for each code, a result for each finding."""

import json
import re
from collections.abc import Sequence
from hashlib import sha256
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from derive import __version__
from derive.codes import TABLE
from derive.findings import Finding
from verify.formats.findings import findings
from verify.report import Report

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def rendered(report: Report) -> str:
    """The findings of a report."""
    return document(findings(report), {"seed": report.seed, "summary": _plain(report)})


def document(found: Sequence[Finding], properties: dict[str, Any] | None = None) -> str:
    """A log of one run with these findings.

    One without a file (a catalog that is not there, a run that was interrupted) is a notification of the run, which
    was not successful then: readers refuse a result without a place.
    """
    placed = [finding for finding in found if finding.file]
    codes = sorted({finding.code for finding in found})
    told = [_notification(finding, codes) for finding in found if not finding.file]
    run = {
        "tool": {"driver": {"name": "derive", "version": __version__, "rules": [_rule(code) for code in codes]}},
        "invocations": [{"executionSuccessful": not told, **({"toolExecutionNotifications": told} if told else {})}],
        "columnKind": "unicodeCodePoints",
        "results": [_result(finding, codes, placed[:number]) for number, finding in enumerate(placed)],
        **({"properties": properties} if properties else {}),
    }
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(log, indent=2, ensure_ascii=False) + "\n"


def _notification(finding: Finding, codes: Sequence[str]) -> dict[str, Any]:
    return {
        "associatedRule": {"id": finding.code, "index": codes.index(finding.code)},
        "level": finding.level,
        "message": {"text": message("\n".join([_head(finding), *finding.details]))},
    }


def _plain(report: Report) -> dict[str, int]:
    return {name: getattr(report.summary, name) for name in report.summary.__struct_fields__}


def _rule(code: str) -> dict[str, Any]:
    return {
        "id": code,
        "shortDescription": {"text": message(TABLE[code].meaning)},
        "fullDescription": {"text": message(TABLE[code].text)},
        "help": {"text": message(f"{TABLE[code].text} (derive explain {code})")},
    }


def _result(finding: Finding, codes: Sequence[str], before: Sequence[Finding]) -> dict[str, Any]:
    same = sum(_key(other) == _key(finding) for other in before)
    place: dict[str, Any] = {"physicalLocation": {"artifactLocation": {"uri": uri(finding.file)}}}
    if finding.line:
        place["physicalLocation"]["region"] = {"startLine": finding.line, "startColumn": finding.column}
    if finding.formula:
        place["logicalLocations"] = [{"name": finding.formula, "kind": "member"}]
    return {
        "ruleId": finding.code,
        "ruleIndex": codes.index(finding.code),
        "level": finding.level,
        "message": {"text": message("\n".join([_head(finding), *finding.details]))},
        "locations": [place],
        # The line may move: what stays is what is said of which formula, and its number among the same.
        "partialFingerprints": {"finding/v1": sha256(f"{_key(finding)}\0{same}".encode()).hexdigest()},
    }


def _head(finding: Finding) -> str:
    return f"{finding.formula}: {finding.message}" if finding.formula else finding.message


def _key(finding: Finding) -> tuple[str, str, str, str]:
    return finding.code, finding.file, finding.formula, finding.message


def message(text: str) -> str:
    r"""Text of a message, in which SARIF would read placeholders `{0}` and links `[text](target)`.

    >>> print(message("[a](b) {0}"))
    \[a\](b) {{0}}
    """
    return re.sub(r"\{([0-9]+)\}", r"{{\1}}", re.sub(r"\[([^][]*)\]\(", r"\\[\1\\](", text))


def uri(file: str) -> str:
    """A path as the reference of an artifact: relative as it is, absolute as file:///…"""
    path = PurePath(file)
    return path.as_uri() if path.is_absolute() else quote(path.as_posix(), safe="/")
