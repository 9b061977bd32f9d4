"""`derive schema`: the JSON schemas of what derive reads and writes."""

import json
from importlib import import_module

import click

from derive.cli.help import Command
from derive.output import write

SCHEMAS = {
    "report": "verify.report:schema",
    "lines": "verify.formats.jsonl:schema",
    "changes": "verify.changes:schema",
    "errata": "verify.errata:schema",
    "catalog": "derive.language.editing:json_schema",
}


@click.command(cls=Command)
@click.argument("kind", type=click.Choice(list(SCHEMAS)))
def schema(kind: str) -> None:
    """Print the JSON schema of something that derive writes, or of a catalog.

    report: `derive check --output-format json`.  lines: a line of `jsonl`.  changes: `derive diff-reports`.  errata:
    `derive errata`.  catalog: what editors need to complete and check catalogs.
    """
    module, _, name = SCHEMAS[kind].partition(":")
    found = getattr(import_module(module), name)()
    write(json.dumps(found, indent=2) + "\n")
