"""How an operator is called: a name from a catalog only chooses among what `derive.language.operators` lists."""

import warnings

import numpy as np

from derive.language.operators import Operator
from verify.references import arrays, jax_operators, torch_operators
from verify.references.libraries import Outcome, Values

_OF = {"torch": torch_operators.run, "jax": jax_operators.run}


def called(operator: Operator, arguments: Values) -> Outcome:
    """What the library's operator gives for these arguments.

    arguments: float64 arrays, int64 arrays where the operator takes whole numbers, plain numbers and words.
    Raises whatever the library raises.
    """
    run = _OF.get(operator.library, arrays.run)
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return run(operator, arguments)
