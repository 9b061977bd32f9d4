"""The README's sessions, made by running their commands: `python tests/readme.py` writes them anew.

A session is a block of `console` that begins with a command of derive; its files are the block of `yaml` above it.
"""

import contextlib
import io
import os
import re
import shlex
import tempfile
from pathlib import Path

from derive.cli import run_command

README = Path(__file__).parent.parent / "README.md"
BLOCK = re.compile(r"```(yaml|console)\n(.*?)```", re.DOTALL)


def sessions(text):
    """Each command, the catalog above it, and what the text says that it prints."""
    catalog = ""
    for kind, block in BLOCK.findall(text):
        if kind == "yaml":
            catalog = block
        else:
            command, printed = block.removeprefix("$ derive ").split("\n", 1)
            yield command, catalog, printed


def ran(command, catalog):
    """What a command prints, in an empty folder with the catalog under the names that the command has for it."""
    words = shlex.split(command)
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    before = os.environ.get("DERIVE_CACHE")
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder), contextlib.redirect_stdout(out):
        for file in (word for word in words if word.endswith(".yaml")):
            Path(file).write_text(catalog)
        os.environ["DERIVE_CACHE"] = os.path.join(folder, "cache")
        try:
            run_command(words)
        finally:
            os.environ.pop("DERIVE_CACHE")
            os.environ.update({"DERIVE_CACHE": before} if before else {})
    out.flush()
    return out.buffer.getvalue().decode()


def rewritten(text, run=ran):
    """The text with every session as it runs now."""
    known = iter([run(command, catalog) for command, catalog, _ in sessions(text)])

    def block(found):
        if found[1] == "yaml":
            return found[0]
        command, _, _ = found[2].partition("\n")
        return f"```console\n{command}\n{next(known)}```"

    return BLOCK.sub(block, text)


if __name__ == "__main__":
    README.write_text(rewritten(README.read_text()))
