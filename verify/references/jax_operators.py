"""Operators of JAX, in float64, with the gradients of its reverse mode."""

from collections.abc import Sequence
from importlib import import_module
from typing import Any

import numpy as np

from derive.language.operators import Operator
from verify.references.libraries import Array, Outcome, Values, arrays_of, rest_of, results_of


def run(operator: Operator, arguments: Values) -> Outcome:
    """The operator's results, and its gradients by every array."""
    import jax

    module, _, name = operator.name.rpartition(".")
    function = getattr(import_module(module), name)
    given = [None if value is None else np.asarray(value) for value in arrays_of(operator, arguments)]
    there = [place for place, value in enumerate(given) if value is not None]

    def of(*arrays: Any) -> tuple[Any, ...]:
        whole = list(given)
        for place, array in zip(there, arrays, strict=True):
            whole[place] = array
        named = dict(zip(operator.arrays, whole, strict=False))
        found = function(**{name: value for name, value in named.items() if value is not None},
                         **rest_of(operator, arguments))  # fmt: skip
        return tuple(results_of(found))

    with jax.enable_x64(True):
        results, back = jax.vjp(of, *(given[place] for place in there))

    def pull(incoming: Sequence[Array]) -> dict[str, Array]:
        with jax.enable_x64(True):
            found = back(tuple(map(np.asarray, incoming)))
        return {operator.arrays[place]: np.asarray(g) for place, g in zip(there, found, strict=True)}

    return Outcome([np.asarray(result) for result in results], pull)
