"""The JSON schema of a catalog, with what editors show of each field while somebody types."""

from typing import Any

import msgspec

from derive.domains import TABLE as DOMAINS
from derive.language import algorithms
from derive.language.schema import Entry

ABOUT = {
    "title": "What it is, in a line.",
    "group": "The group that it is listed in; introduced under the key `groups` of the catalog.",
    "source": "Where the formula is from: a paper, a book with its section.",
    "inputs": "Names and what they are: domain[axes], such as real[n] or spd[n, n]. A size such as n is any size.",
    "define": "Definitions in order, `name[i, j]: expression`; a recurrence has its first steps beside it, `m[0]: 0`.",
    "claims": "Equations or inequalities, such as D(L, x[k]) == p[k] - y[k]; free indices are read `for every`.",
    "printed": "What sources print, quoted, with its reading and whether it holds.",
    "examples": "Worked numbers: values given, and the digits that follow.",
    "algorithm": "The name of an algorithm whose laws are tried.",
    "reference": "Operators of libraries that compute what is defined here.",
    "note": "What a reader should know beside.",
    "aliases": "Other names of the entry.",
    "says": "The printed equation in this language, slips included.",
    "latex": "The LaTeX as it is printed.",
    "from": "The source, with its section or page.",
    "holds": "Whether it holds: yes, no, or `only if` and the condition. The engine must find the same.",
    "given": "Values of inputs, and of sizes that no array shows.",
    "then": "What follows, by the name of a definition or by an expression, with the printed digits.",
}


def json_schema() -> dict[str, Any]:
    """The JSON schema of a catalog: formulas by name, and under `groups` the introductions of groups by name."""
    schema = msgspec.json.schema(dict[str, Entry])
    schema["properties"] = {"groups": msgspec.json.schema(dict[str, str])}
    for kind in schema["$defs"].values():
        for name, field in kind["properties"].items():
            if name in ABOUT:
                field["description"] = ABOUT[name]
    entry = schema["$defs"]["Entry"]["properties"]
    entry["inputs"]["additionalProperties"]["pattern"] = rf"^\s*({'|'.join(DOMAINS)})\s*(\[[\s\S]*\])?\s*$"
    entry["define"]["additionalProperties"]["anyOf"].append({"type": "number"})  # as editors take `m[0]: 0`
    entry["algorithm"]["enum"] = ["", *algorithms.TABLE]
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "A catalog of formulas", **schema}
