"""The reference witness: the operator that a library computes beside the definition that an entry gives of it.

Read in this order: libraries (what is installed), calls, then the operators that are more than a function
(torch_operators, optimizers, cells, jax_operators, arrays), values (our side, in balls), comparison, record, witness.
"""
