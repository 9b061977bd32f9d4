"""Pictures of the book, each evaluated from the expressions of the catalog. Needs matplotlib and networkx.

Read in this order: style (figures as SVG), then curves, maps, paths, graph, evidence, and gallery, which chooses.
"""

from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

LIBRARIES = ("matplotlib", "networkx")


def are_there() -> bool:
    """Whether the libraries that draw are installed."""
    return all(find_spec(name) is not None for name in LIBRARIES)


def versions() -> dict[str, str]:
    """The versions of the libraries that draw, those that are there."""
    found = {}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
