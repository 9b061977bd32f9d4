"""Inputs from strangers, as data: what is given to the command, and the clear outcome that it must have."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parent
INPUTS = {"a": "real", "x": "real[n]"}
FIELDS = ("text", "latin", "claim", "define", "inputs", "fields", "fields_raw", "entry", "layers", "doubling", "steps")


@dataclass(frozen=True)
class Hostile:
    """kind: the file that it stands in.  status, code, says: of the outcome; says is in what is printed."""

    kind: str
    name: str
    given: dict[str, Any]
    status: int
    code: str = ""
    says: str = ""
    argv: tuple[str, ...] = field(default=("check", "FILE"))

    def __str__(self) -> str:
        return f"{self.kind}-{self.name}"

    def prepared(self, folder: Path) -> list[str]:
        """Put what it needs into an empty folder, which is to be the current one; the words of the command."""
        given = self.given
        for name, text in given.get("files", {}).items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(_joined(text).encode("utf-8", "surrogatepass"))
        if "folder" in given:
            (folder / given["folder"]).mkdir()
        if "fifo" in given:
            os.mkfifo(folder / given["fifo"])
        if "link" in given:
            (folder / given["link"][0]).symlink_to(given["link"][1])
        for name, target in given.get("links", {}).items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).symlink_to(target)
        if any(word in given for word in FIELDS):
            (folder / "hostile.yaml").write_bytes(_content(given))
        return ["hostile.yaml" if word == "FILE" else word for word in self.argv]


def corpus() -> Iterator[Hostile]:
    for path in sorted(FOLDER.glob("*.yaml")):
        for given in yaml.load(path.read_text(encoding="utf-8"), yaml.BaseLoader):
            argv = tuple(_joined(word) for word in given.get("argv", ("check", "FILE")))
            if "argv_repeat" in given:
                start, word, count = given["argv_repeat"]
                argv = (*start, *[word] * int(count))
            yield Hostile(path.stem, given["name"], given, int(given.get("status", 2)), given.get("code", ""),
                          given.get("says", ""), argv)  # fmt: skip


def _joined(text: Any) -> str:
    """A text as it stands, or a list of texts and of [text, how many times]."""
    if isinstance(text, str):
        return text
    return "".join(piece if isinstance(piece, str) else piece[0] * int(piece[1]) for piece in text)


def _content(given: dict[str, Any]) -> bytes:
    if "latin" in given and "template" not in given:
        return bytes(given["latin"], "latin-1")
    text = _joined(given["text"]) if "text" in given else _template(given)
    text = text[: int(given["cut"])] if "cut" in given else text
    text = text.replace("\n", given.get("line_end", "\n"))
    start = bytes(given.get("latin", ""), "latin-1")
    return start + text.encode(given.get("encoding", "utf-8"), "surrogatepass")


def _template(given: dict[str, Any]) -> str:
    """An entry with the hostile parts in their places, each text in double quotes."""
    if "steps" in given:
        return "".join("  " * depth + "a:\n" for depth in range(int(given["steps"])))
    inputs = {name: _joined(domain) for name, domain in given.get("inputs", INPUTS).items()}
    define = {left: _joined(body) for left, body in given.get("define", {}).items()}
    if "layers" in given:
        define = {f"h{n}": f"tanh({'a' if n == 1 else f'h{n - 1}'})" for n in range(1, int(given["layers"]) + 1)}
    if "doubling" in given:
        define = {f"h{n}": "a" if n == 0 else f"h{n - 1} + h{n - 1}**2" for n in range(int(given["doubling"]) + 1)}
    fields: dict[str, Any] = {
        "title": "Sample", "group": "hostile", "inputs": inputs, **({"define": define} if define else {}),
        "claims": [_joined(given.get("claim", "a == a"))], "source": "nobody", **given.get("fields", {}),
    }  # fmt: skip
    lines = [f"{json.dumps(given.get('entry', 'sample'), ensure_ascii=False)}:"]
    raw = given.get("fields_raw", {})
    lines += [f"  {json.dumps(name, ensure_ascii=False)}: {json.dumps(value, ensure_ascii=False)}"
              for name, value in fields.items() if name not in raw]  # fmt: skip
    return "\n".join([*lines, *(f"  {name}: {value}" for name, value in raw.items()), ""])
