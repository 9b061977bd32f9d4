"""The fields of a catalog's entry: what is checked when one is read. (`derive.language.editing` publishes them.)"""

from typing import Annotated, Any, get_args, get_origin

import msgspec
from msgspec import Meta

from derive.errors import nearest
from derive.language.document import Listing, Mapping, Part, Scalar

# A YAML reader that types its scalars makes truth values of yes and no.
Holds = Annotated[str, Meta(pattern="^(yes|no|only if .+)$")] | bool


class Printed(msgspec.Struct, forbid_unknown_fields=True, rename={"source": "from"}):
    """What a source prints: its LaTeX, what that says in the language, where, and whether it holds."""

    says: str
    latex: str = ""
    source: str = ""
    holds: Holds = "yes"


class Example(msgspec.Struct, forbid_unknown_fields=True, rename={"source": "from"}):
    """Worked numbers: values of inputs (and sizes), the digits printed for what follows, where, and if they hold."""

    given: dict[str, Any]
    then: dict[str, Any]
    source: str = ""
    holds: Holds = "yes"


_Body = str | list[Any]  # a list is a literal array
_Results = str | dict[str, str]  # names of definitions, or definitions
_Given = _Body | bool | int | float  # of what a YAML reader types: yes, 0


class Reference(msgspec.Struct, forbid_unknown_fields=True, rename={"arguments": "with"}):
    """An operator of a library, what of the formula it gives, with which arguments, and why it is known to differ."""

    call: str
    gives: _Results
    arguments: dict[str, _Given] = {}
    differs: str = ""


class Entry(msgspec.Struct, forbid_unknown_fields=True):
    """One formula."""

    title: str
    group: str
    source: str
    inputs: dict[str, str] = {}
    define: dict[str, _Body] = {}
    claims: list[str] = []
    printed: list[Printed] = []
    examples: list[Example] = []
    algorithm: str = ""
    reference: list[Reference] = []
    note: str = ""
    aliases: list[str] = []


def conform(part: Part, kind: Any, owner: Scalar) -> None:
    """CatalogError at the place where a part of a document has not the shape that its type says."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is dict:
        if not isinstance(part, Mapping):
            raise part.error(f"{owner.value} is a mapping, `name: text` line by line")
        for key, value in part.pairs:
            conform(value, arguments[1], key)
    elif origin is list:
        if not isinstance(part, Listing):
            raise part.error(f"{owner.value} is a list, `- text` line by line")
        for item in part.items:
            if isinstance(arguments[0], type) and issubclass(arguments[0], msgspec.Struct):
                conform_fields(item, arguments[0], owner, item)
            else:
                conform(item, arguments[0], owner)
    elif kind == _Results and isinstance(part, Mapping):
        conform(part, dict[str, str], owner)
    elif kind is not Any and not (isinstance(part, Scalar) or (kind in (_Body, _Given) and isinstance(part, Listing))):
        raise part.error(
            f"a text is expected in {owner.value}", "quote a text that starts with [ or { or has `: ` in it"
        )


def conform_fields(part: Part, kind: type[msgspec.Struct], owner: Scalar, where: Part) -> None:
    """The same for the fields of a struct. owner: whose they are.  where: what a missing one is reported at."""
    if not isinstance(part, Mapping):
        raise part.error(f"{owner.value} has fields, `field: text` line by line")
    fields = {f.encode_name: f for f in msgspec.structs.fields(kind)}
    for key, value in part.pairs:
        if key.value not in fields:
            raise key.error(f"unknown field {key.value}{nearest(key.value, fields)}", f"known: {', '.join(fields)}")
        conform(value, fields[key.value].type, key)
        if isinstance(value, Scalar) and not value.value.strip() and fields[key.value].required:
            raise key.error(f"{key.value} is empty")
    missing = [name for name, f in fields.items() if f.required and part.get(name) is None]
    if missing:
        raise where.error(f"{owner.value} lacks {', '.join(missing)}")
