"""What a verdict comes from: every line of the engine, and the versions of what it stands on."""

import os
import platform
import sys
from collections.abc import Collection
from functools import cache
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import derive
import verify

LIBRARIES = ("sympy", "mpmath", "numpy", "python-flint", "gmpy2")
REFERENCES = ("torch", "jax", "jaxlib", "scipy", "scikit-learn", "scikit-image", "nltk", "sacrebleu")
SIDES = {"SYMPY_GROUND_TYPES": "ground types of SymPy"}


@cache
def source() -> str:
    """A hash of the two packages as they are on disk: an engine that was edited is another."""
    found = sha256()
    for package in (derive, verify):
        root = Path(package.__path__[0])
        for folder, folders, files in os.walk(root):
            folders.sort()
            for name in sorted(files):
                if name.endswith(".py"):
                    path = os.path.join(folder, name)
                    with open(path, "rb") as stream:
                        found.update(os.path.relpath(path, root).encode() + b"\0" + stream.read() + b"\0")
    return found.hexdigest()[:16]


def identity(witnesses: Collection[str] = ()) -> dict[str, str]:
    """What two runs that ask these witnesses must have in common to find the same, by name; nothing is imported.

    What is not installed is left out.
    """
    found = {
        "derive": f"{derive.__version__} ({source()})",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "processor": f"{platform.machine()} {sys.byteorder}",
    }
    for name in (*LIBRARIES, *(REFERENCES if "reference" in witnesses else ())):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    found.update({shown: os.environ[name] for name, shown in SIDES.items() if os.environ.get(name)})
    return found
