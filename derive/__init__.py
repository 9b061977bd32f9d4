"""The engine that says whether a formula is true: symbols (see `verify` for numbers and verdicts).

    import derive
    derive.load("bn_backward").derivative("x[k]")          # a formula of the catalog
    derive.check("D(sum(x[i]**2, i), x[k]) == 2*x[k]")     # a claim
    derive.d("sum(log(1 + exp(x[i])), i)", "x[k]")         # a derivative

Each of these is imported when it is first asked for.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from derive.answer import Answer
    from derive.api import Loaded, check, d, load
    from derive.errors import CatalogError, UndefinedError, UnsupportedError
    from derive.verdict import Verdict

__version__ = "0.1.0"

__all__ = [
    "Answer", "CatalogError", "Loaded", "UndefinedError", "UnsupportedError", "Verdict", "check", "d", "load",
]  # fmt: skip
_HOME = {"Answer": "answer", "Verdict": "verdict", "Loaded": "api", "check": "api", "d": "api", "load": "api"}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"derive.{_HOME.get(name, 'errors')}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
