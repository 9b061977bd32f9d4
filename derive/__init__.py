"""The engine that says whether a formula is true: symbols (see `verify` for numbers and verdicts)."""

__version__ = "0.1.0"
