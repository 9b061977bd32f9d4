"""JAX: the functions of NumPy's kind, and a function with a custom_vjp that joins them."""

from derive.export.naming import identifier
from derive.export.plan import Module, Routine
from derive.export.python.dialect import Dialect
from derive.export.python.functions import Python

FUNCTIONS = {
    "where": "jnp.where({0}, {1}, {2})",
    "softplus": "jnp.logaddexp({0}, 0)",
    "relu": "jnp.maximum(0, {0})",
    "sigmoid": "jax.nn.sigmoid({0})",
    "logistic_density": "_logistic_density({0})",
    "erf": "jax.scipy.special.erf({0})",
    "maximum": "jnp.maximum({0}, {1})",
    "minimum": "jnp.minimum({0}, {1})",
}
HELPERS = {
    "_shaped": '''def _shaped(name, array, shape, like=None):
    """An argument as an array of floats that has this shape; a plain number gets the type of the first argument."""
    array = jnp.asarray(array, None if like is None else like.dtype)
    array = array if jnp.issubdtype(array.dtype, jnp.floating) else array.astype(float)
    if array.shape != shape:
        raise ValueError(f"{name} has the shape {array.shape}, expected {shape}")
    return array
''',
    "_logistic_density": '''def _logistic_density(x):
    """The slope of the logistic function, sigmoid(x)*sigmoid(-x), where its tails vanish too."""
    tail = jnp.exp(-jnp.abs(x))
    return tail / jnp.square(1 + tail)
''',
}
DIALECT = Dialect(
    name="jax",
    module="jnp",
    functions=FUNCTIONS,
    shape="jnp.shape({0})",
    folds={"sum": "{0}.sum({1})", "max": "{0}.max({1})", "min": "{0}.min({1})", "prod": "{0}.prod({1})"},
    arange="jnp.arange({0}, {1}, dtype={like}.dtype)",
    places="jnp.arange({0})",
    truth="({0}).astype({like}.dtype)",
    constant="jnp.asarray({0}, {like}.dtype)",
    full="jnp.full({1}, {0}, dtype={like}.dtype)",
    spread="jnp.broadcast_to({0}, {1})",
    stacked="_stacked([{2}], {1}, {like})",
    einsum='jnp.einsum("{0}", {1})',
    planned='jnp.einsum("{0}", {1})',
    empty="jnp.zeros({0}, {like}.dtype)",
    owned="{0}",
    has_assignment=False,
)
HELPERS["_stacked"] = '''def _stacked(entries, shape, like):
    """Entries of one shape, in rows, as one array."""
    entries = [jnp.asarray(entry, like.dtype) for entry in entries]
    return jnp.stack(entries).reshape((*shape, *entries[0].shape))
'''
FUNCTION = """def _primal{suffix}({arguments}):
    return {forward}({arguments})[0]


def _forward{suffix}({arguments}):
    for name, argument in zip({others}, [{held}]):
        if argument.perturbed:
            raise NotImplementedError(f"gradients by {by} alone, not by {{name}}")
    return {forward}({values})


def _backward{suffix}({counts}saved, {incoming}):
    if isinstance({incoming}, SymbolicZero):
        {incoming} = jnp.zeros({incoming}.shape, {incoming}.dtype)
    {results} = {backward}(saved, {incoming})
    return {returned}


{name} = jax.custom_vjp(_primal{suffix}, nondiff_argnums={static})
{name}.defvjp(_forward{suffix}, _backward{suffix}, symbolic_zeros=True)
"""


class Jax(Python):
    """Writes `forward` and `backward` for JAX, and the differentiable `value` that calls them."""

    imports = ("import jax", "import jax.numpy as jnp", "from jax.custom_derivatives import SymbolicZero")
    helpers = HELPERS
    keeps_type = True
    like = "jnp.zeros(())"

    def returned(self, text: str, like: str) -> str:
        return f"jnp.asarray({text}, {like}.dtype)" if like else f"jnp.asarray({text}, float)"

    def function(self, routine: Routine) -> str:
        """The name of the differentiable function of a routine."""
        return f"value_{identifier(routine.name)}" if routine.name else "value"

    def wrapped(self, routine: Routine) -> list[str]:
        if not routine.gradients:
            return []
        names, arguments, sizes = self.scope(routine)
        own = [arguments[tensor] for tensor in routine.inputs]
        counts = [sizes[size] for size in self.parameters(routine)]
        wanted = [arguments[tensor] for tensor, _ in routine.gradients]
        results = {tensor: names.new(f"d{arguments[tensor]}") for tensor, _ in routine.gradients}
        returned = [results.get(tensor, "None") for tensor in routine.inputs]
        others = [name for name in own if name not in wanted]
        return [
            FUNCTION.format(
                suffix=f"_{identifier(routine.name)}" if routine.name else "",
                arguments=", ".join([*own, *counts]),
                others=tuple(others),
                held=", ".join(others),
                by=", ".join(wanted),
                values=", ".join([*(f"{name}.value" for name in own), *counts]),
                forward=self.name("forward", routine),
                backward=self.name("backward", routine),
                counts="".join(f"{count}, " for count in counts),
                incoming=arguments[routine.target.incoming],
                results=", ".join(results.values()),
                returned=", ".join(returned) + ("," if len(returned) == 1 else ""),
                name=self.function(routine),
                static=tuple(range(len(own), len(own) + len(counts))),
            )
        ]


def writer(module: Module, is_single: bool = False) -> Jax:
    return Jax(module, DIALECT)
