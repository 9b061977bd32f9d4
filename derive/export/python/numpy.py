"""NumPy: two functions for each value of a formula, self-contained."""

from derive.export.plan import Module
from derive.export.python.dialect import Dialect
from derive.export.python.functions import Python

FUNCTIONS = {
    "where": "np.where({0}, {1}, {2})",
    "softplus": "np.logaddexp(0, {0})",
    "relu": "np.maximum(0, {0})",
    "sigmoid": "_sigmoid({0})",
    "logistic_density": "_logistic_density({0})",
    "erf": "_erf({0})",
    "maximum": "np.maximum({0}, {1})",
    "minimum": "np.minimum({0}, {1})",
}
HELPERS = {
    "_shaped": '''def _shaped(name, array, shape):
    """An argument as an array of floats that has this shape."""
    array = np.asarray(array, DTYPE)
    if array.shape != shape:
        raise ValueError(f"{name} has the shape {array.shape}, expected {shape}")
    return array
''',
    "_sigmoid": '''def _sigmoid(x):
    """1/(1 + exp(-x)) by the exponential that cannot overflow."""
    tail = np.exp(-np.abs(x))
    return np.where(x >= 0, 1, tail) / (1 + tail)
''',
    "_logistic_density": '''def _logistic_density(x):
    """The slope of the logistic function, sigmoid(x)*sigmoid(-x), where its tails vanish too."""
    tail = np.exp(-np.abs(x))
    return tail / np.square(1 + tail)
''',
    "_erf": '''def _erf(x):
    """The error function: its series below 2, above it 1 minus a continued fraction."""
    size = np.minimum(np.abs(x), 10)
    near, far = np.minimum(size, 2), np.maximum(size, 2)
    term = series = near
    for n in range(1, 48):
        term = term * (2 * near * near / (2 * n + 1))
        series = series + term
    fraction = far
    for n in range(90, 0, -1):
        fraction = far + n / (2 * fraction)
    root = math.sqrt(math.pi)
    below = 2 * np.exp(-near * near) * series
    above = root - np.exp(-far * far) / fraction
    return np.sign(x) * np.where(size < 2, below, above) / root
''',
}


def dialect(dtype: str) -> Dialect:
    return Dialect(
        name="numpy",
        module="np",
        functions=FUNCTIONS,
        shape="np.shape({0})",
        in_place=True,
        folds={"sum": "{0}.sum({1})", "max": "{0}.max({1})", "min": "{0}.min({1})", "prod": "{0}.prod({1})"},
        arange=f"np.arange({{0}}, {{1}}, dtype={dtype})",
        places="np.arange({0})",
        truth=f"({{0}}).astype({dtype})",
        constant=f"{dtype}({{0}})",
        full=f"np.full({{1}}, {{0}}, dtype={dtype})",
        spread="np.broadcast_to({0}, {1})",
        stacked=f"np.array({{0}}, dtype={dtype})",
        einsum='np.einsum("{0}", {1})',
        planned='np.einsum("{0}", {1}, optimize=True)',
        empty=f"np.empty({{0}}, {dtype})",
    )


class NumPy(Python):
    """Writes `forward` and `backward` for NumPy."""

    imports = ("import numpy as np",)
    helpers = HELPERS

    def __init__(self, module: Module, is_single: bool) -> None:
        self.dtype = "np.float32" if is_single else "np.float64"
        super().__init__(module, dialect(self.dtype))

    def helper(self, name: str) -> str:
        return self.helpers[name].replace("DTYPE", self.dtype)

    def returned(self, text: str, like: str) -> str:
        return f"np.asarray({text}, {self.dtype})"


def writer(module: Module, is_single: bool = False) -> NumPy:
    return NumPy(module, is_single)
