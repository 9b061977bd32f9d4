"""The fields of a catalog's entry: what is checked when one is read, and published as a JSON schema."""

from typing import Annotated, Any, get_args, get_origin

import msgspec
from msgspec import Meta

from derive.document import Listing, Mapping, Part, Scalar
from derive.errors import nearest


class Printed(msgspec.Struct, forbid_unknown_fields=True, rename={"source": "from"}):
    """What a source prints: its LaTeX, what that says in the language, where, and whether it holds."""

    says: str
    latex: str = ""
    source: str = ""
    holds: Annotated[str, Meta(pattern="^(yes|no|only if .+)$")] = "yes"


class Example(msgspec.Struct, forbid_unknown_fields=True):
    """Worked numbers: values of inputs (and sizes), and the digits printed for what follows."""

    given: dict[str, Any]
    then: dict[str, Any]


class Entry(msgspec.Struct, forbid_unknown_fields=True):
    """One formula."""

    title: str
    group: str
    source: str
    inputs: dict[str, str] = {}
    define: dict[str, Any] = {}
    claims: list[str] = []
    printed: list[Printed] = []
    examples: list[Example] = []
    note: str = ""
    aliases: list[str] = []


def json_schema() -> dict[str, Any]:
    """The JSON schema of a catalog."""
    schema = msgspec.json.schema(dict[str, Entry])
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "A catalog of formulas", **schema}


def conform(part: Part, kind: Any, owner: Scalar) -> None:
    """CatalogError at the place where a part of a document has not the shape that its type says."""
    origin, arguments = get_origin(kind), get_args(kind)
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        _conform_struct(part, kind, owner)
    elif origin is dict:
        if not isinstance(part, Mapping):
            raise part.error(f"{owner.value} is a mapping, `name: text` line by line")
        for key, value in part.pairs:
            conform(value, arguments[1], key)
    elif origin is list:
        if not isinstance(part, Listing):
            raise part.error(f"{owner.value} is a list, `- text` line by line")
        for item in part.items:
            conform(item, arguments[0], owner)
    elif kind is not Any and not isinstance(part, Scalar):
        raise part.error(f"{owner.value} is a text; quote one that starts with [ or {{ or has `: ` in it")


def _conform_struct(part: Part, kind: type[msgspec.Struct], owner: Scalar) -> None:
    if not isinstance(part, Mapping):
        raise part.error(f"{owner.value} is a mapping of fields")
    fields = {f.encode_name: f for f in msgspec.structs.fields(kind)}
    for key, value in part.pairs:
        if key.value not in fields:
            raise key.error(f"unknown field {key.value}{nearest(key.value, fields)}", f"known: {', '.join(fields)}")
        conform(value, fields[key.value].type, key)
        if isinstance(value, Scalar) and not value.value.strip() and fields[key.value].required:
            raise key.error(f"{key.value} is empty")
    for name, f in fields.items():
        if f.required and part.get(name) is None:
            raise owner.error(f"the field {name} is missing in {owner.value}")
