"""Libraries that others wrote: which are installed in which version, and what is handed to and fro."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import Any

from numpy.typing import NDArray

from derive.language.operators import Operator

Array = NDArray[Any]
Values = Mapping[str, Any]  # arrays, numbers and words by the operator's name for each
Pull = Callable[[Sequence[Array]], dict[str, Array]]

DISTRIBUTIONS = {"sklearn": "scikit-learn", "skimage": "scikit-image"}


@dataclass(frozen=True)
class Outcome:
    """What an operator gives.

    pull: from a gradient for each result, that of each array argument; None where the library has none.
    """

    results: list[Array]
    pull: Pull | None = None


@cache
def is_installed(library: str) -> bool:
    return find_spec(library) is not None


def version_of(library: str) -> str:
    try:
        return version(DISTRIBUTIONS.get(library, library))
    except PackageNotFoundError:
        return ""


def arrays_of(operator: Operator, arguments: Values) -> list[Any]:
    """The array arguments in the library's order, None for one that is left out before another."""
    found = [arguments.get(name) for name in operator.arrays]
    while found and found[-1] is None:
        found.pop()
    return found


def rest_of(operator: Operator, arguments: Values) -> dict[str, Any]:
    """The plain arguments and the words."""
    return {name: value for name, value in arguments.items() if name not in operator.arrays}


def results_of(found: Any) -> list[Any]:
    return list(found) if isinstance(found, (tuple, list)) else [found]
