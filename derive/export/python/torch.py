"""PyTorch: the functions of NumPy's kind, and an autograd.Function that joins them."""

from derive.export.naming import identifier
from derive.export.plan import Module, Routine
from derive.export.python.dialect import Dialect
from derive.export.python.functions import Python

FUNCTIONS = {
    "condition": "torch.as_tensor({0})",
    "where": "torch.where({0}, {1}, {2})",
    # Not nn.functional.softplus, which is linear from 20 on.
    "softplus": "_softplus({0})",
    "logistic_density": "_logistic_density({0})",
    "maximum": "torch.maximum({0}, {1})",
    "minimum": "torch.minimum({0}, {1})",
}
HELPERS = {
    "_shaped": '''def _shaped(name, array, shape, like=None):
    """An argument as a tensor that has this shape; a plain number gets the type of the first argument."""
    if not isinstance(array, torch.Tensor):
        array = torch.as_tensor(array, dtype=torch.float64 if like is None else like.dtype)
    if array.shape != shape:
        raise ValueError(f"{name} has the shape {tuple(array.shape)}, expected {shape}")
    return array
''',
    "_softplus": '''def _softplus(x):
    """log(1 + exp(x)) without overflow."""
    return torch.logaddexp(x, torch.zeros_like(x))
''',
    "_logistic_density": '''def _logistic_density(x):
    """The slope of the logistic function, sigmoid(x)*sigmoid(-x), where its tails vanish too."""
    tail = torch.exp(-torch.abs(x))
    return tail / torch.square(1 + tail)
''',
    "_stacked": '''def _stacked(entries, shape, like):
    """Entries of one shape, in rows, as one tensor."""
    entries = [torch.as_tensor(entry, dtype=like.dtype, device=like.device) for entry in entries]
    return torch.stack(entries).reshape((*shape, *entries[0].shape))
''',
}
DIALECT = Dialect(
    name="torch",
    module="torch",
    functions=FUNCTIONS,
    shape="{0}.shape",
    folds={"sum": "{0}.sum({1})", "max": "{0}.amax({1})", "min": "{0}.amin({1})", "prod": "{0}.prod({1})"},
    arange="torch.arange({0}, {1}, dtype={like}.dtype, device={like}.device)",
    places="torch.arange({0}, device={like}.device)",
    truth="({0}).to({like}.dtype)",
    constant="{like}.new_tensor({0})",
    full="{like}.new_full({1}, {0})",
    spread="torch.broadcast_to(torch.as_tensor({0}), {1})",
    stacked="_stacked([{2}], {1}, {like})",
    einsum='torch.einsum("{0}", {1})',
    planned='torch.einsum("{0}", {1})',
    empty="{like}.new_empty({0})",
    owned="{0}.clone()",
    transposed="{0}.permute({1})",
    at_least="torch.clamp({1}, min={0})",
    at_most="torch.clamp({1}, max={0})",
    sums_products=True,
)
FUNCTION = '''class {name}(torch.autograd.Function):
    """{title}, differentiated by {by}."""

    @staticmethod
    def forward(ctx, {arguments}):
        value, saved = {forward}({arguments})
        ctx.save_for_backward(*saved[:{tensors}])
        ctx.sizes = saved[{tensors}:]
        return {value}

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, {incoming}):
        needed = [name for name, needs in zip({names}, ctx.needs_input_grad) if needs]
        if set(needed) - {{{wanted}}}:
            raise NotImplementedError(f"gradients by {by} alone, not by {{needed}}")
        {results} = {backward}((*ctx.saved_tensors, *ctx.sizes), {incoming})
        return {returned}
'''


class Torch(Python):
    """Writes `forward` and `backward` for PyTorch, and the Function that calls them."""

    imports = ("import torch",)
    helpers = HELPERS
    keeps_type = True
    like = "torch.zeros((), dtype=torch.float64)"

    def returned(self, text: str, like: str) -> str:
        return (
            f"torch.as_tensor({text}, dtype={like}.dtype)" if like else f"torch.as_tensor({text}, dtype=torch.float64)"
        )

    def function(self, routine: Routine) -> str:
        """The name of the autograd.Function of a routine."""
        return f"Function_{identifier(routine.name)}" if routine.name else "Function"

    def wrapped(self, routine: Routine) -> list[str]:
        if not routine.gradients:
            return []
        names, arguments, sizes = self.scope(routine)
        own = [arguments[tensor] for tensor in routine.inputs]
        every = [*own, *(sizes[size] for size in self.parameters(routine))]
        wanted = [arguments[tensor] for tensor, _ in routine.gradients]
        results = {tensor: names.new(f"d{arguments[tensor]}") for tensor, _ in routine.gradients}
        returned = [results.get(tensor, "None") for tensor in routine.inputs]
        returned += ["None"] * len(self.parameters(routine))
        is_view = routine.value.op in ("input", "read", "loop") or routine.value.detail == "copy"
        return [
            FUNCTION.format(
                name=self.function(routine),
                title=f"The value {routine.target.name}",
                by=", ".join(wanted),
                arguments=", ".join(every),
                forward=self.name("forward", routine),
                backward=self.name("backward", routine),
                tensors=self.tensors(routine),
                value="value.clone()" if is_view else "value",
                incoming=arguments[routine.target.incoming],
                names=tuple(own),
                wanted=", ".join(f'"{name}"' for name in wanted),
                results=", ".join(results.values()),
                returned=", ".join(returned),
            )
        ]

    @staticmethod
    def tensors(routine: Routine) -> int:
        """How many tensors stand before the sizes in what forward saves."""
        incoming = routine.target.incoming.name
        return sum(not (value.op == "input" and value.detail == incoming) for value in routine.saved)


def writer(module: Module, is_single: bool = False) -> Torch:
    return Torch(module, DIALECT)
