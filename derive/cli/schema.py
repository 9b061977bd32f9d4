"""`derive schema`: the JSON schemas of what derive reads and writes."""

import json

import rich_click as click

from derive.output import write


@click.command()
@click.argument("kind", type=click.Choice(["report", "errata", "catalog"]))
def schema(kind: str) -> None:
    """Print the JSON schema of the report, of the errata, or of a catalog."""
    if kind == "report":
        from verify.report import schema as found
    elif kind == "errata":
        from verify.errata import schema as found
    else:
        from derive.language.schema import json_schema as found
    write(json.dumps(found(), indent=2) + "\n")
