"""Exported C compiles without a warning and computes what exact arithmetic computes."""

import ctypes
import shutil
import subprocess

import numpy as np
import pytest
from exports import differences, exported, module_of, points_of

from derive.export import writer
from derive.export.c.functions import HELPERS

GCC = shutil.which("gcc")
pytestmark = pytest.mark.skipif(GCC is None, reason="no gcc here")
FLAGS = ["-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic"]


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    """The code of all entries as one shared library; helpers that several of them have stand there once."""
    folder = tmp_path_factory.mktemp("c")
    text = "\n".join(writer(module_of(name), "c").source() for name in exported())
    for code in HELPERS.values():
        first, found, rest = text.partition(code)
        text = first + found + rest.replace(code, "")
    for code in reversed(HELPERS.values()):
        if code in text:
            text = code + text.replace(code, "")
    (folder / "all.c").write_text("#include <math.h>\n#include <stdlib.h>\n" + text)
    made = subprocess.run(
        [GCC, *FLAGS, "-O1", "-shared", "-fPIC", "-o", str(folder / "all.so"), str(folder / "all.c"), "-lm"],
        capture_output=True,
        text=True,
    )
    assert made.returncode == 0, made.stderr[:3000]
    return ctypes.CDLL(str(folder / "all.so"))


def called(library, made, routine, point):
    """The value and the gradients that the compiled functions write."""
    sizes = [ctypes.c_long(point.sizes[size]) for size in made.sizes(routine)]
    inputs = [np.array(values, dtype=float, order="C") for values in point.inputs]
    incoming = np.array(point.incoming, dtype=float, order="C")

    def run(which, arguments, like):
        results = [np.full(np.shape(values), np.nan) for values in like]
        given = [a.ctypes.data_as(ctypes.c_void_p) if a.ndim else ctypes.c_double(float(a)) for a in arguments]
        out = [r.ctypes.data_as(ctypes.c_void_p) for r in results]
        assert getattr(library, made.name(which, routine))(*sizes, *given, *out) == 0
        return results

    (value,) = run("forward", inputs, [point.value])
    return value, run("backward", [*inputs, incoming], point.gradients) if routine.gradients else ()


@pytest.mark.parametrize("name", exported())
def test_c_computes_the_exact_values_and_gradients(name, library):
    made = writer(module_of(name), "c")
    wrong = [w for r, point in points_of(name) for w in differences(r, point, *called(library, made, r, point))]
    assert not wrong


@pytest.mark.parametrize("name", ["batch_norm", "scaled_dot_product_attention", "adam", "conv2d", "gelu"])
@pytest.mark.parametrize("is_single", [False, True])
def test_one_file_compiles_alone_without_a_warning(name, is_single, tmp_path):
    (tmp_path / "one.c").write_text(writer(module_of(name), "c", is_single).source())
    subprocess.run([GCC, *FLAGS, "-O2", "-c", "-o", str(tmp_path / "one.o"), str(tmp_path / "one.c")], check=True)
