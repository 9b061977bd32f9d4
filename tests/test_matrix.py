"""Matrix forms: what a textbook writes, each proved, and none where there is none."""

import pytest
from click.testing import CliRunner

from derive.catalog import quick, read, shipped
from derive.cli import command
from derive.expression import Index, element
from derive.matrix import display as matrix_display
from derive.matrix.display import matrices
from derive.matrix.forms import Named, Transposed
from derive.matrix.products import Chain, Sum, chain, transposed
from derive.matrix.recognition import NoForm, matrix_form
from derive.printing.composition import Composer
from derive.printing.latex import written
from derive.proof import Algebra

INPUTS = {
    "A": "real[n, m]",
    "B": "real[m, d]",
    "C": "real[n, m]",
    "u": "real[n]",
    "v": "real[m]",
    "w": "real[n]",
    "t": "real",
}


def formula(text):
    """A formula with the one definition f, whose indices are free in the text in this order."""
    left, _, body = text.partition(" = ")
    used = {name: kind for name, kind in INPUTS.items() if name in body}
    return quick("t == t", {left: body}, **({"t": "real"} | used))


def form_of(text):
    (definition,) = formula(text).definitions
    return matrix_form(definition.body, definition.indices), definition


def latex_of(text):
    form, definition = form_of(text)
    return written(form.piece(Composer([definition.body])).box)


FORMS = [
    ("f[i] = sum(A[i, j]*v[j], j)", "A v"),
    ("f[j] = sum(A[i, j]*u[i], i)", r"A^{\top} u"),
    ("f[i, k] = sum(A[i, j]*B[j, k], j)", "A B"),
    ("f[k, i] = sum(A[i, j]*B[j, k], j)", r"B^{\top} A^{\top}"),
    ("f[i, k] = sum(A[i, j]*C[k, j], j)", r"A C^{\top}"),
    ("f[i, k] = sum(A[i, j]*v[j]*C[k, j], j)", r"A \operatorname{diag}\left(v\right) C^{\top}"),
    ("f = sum(u[i]*w[i], i)", r"u^{\top} w"),
    ("f = sum(u[i]*A[i, j]*v[j], i, j)", r"u^{\top} A v"),
    ("f = sum(A[i, j]*C[i, j], i, j)", r"\mathbf{1}^{\top} \left(A \odot C\right) \mathbf{1}"),
    ("f = sum(u[i]**2, i)/2", r"\frac{u^{\top} u}{2}"),
    ("f = mean(u[i], i)", r"\frac{\mathbf{1}^{\top} u}{n}"),
    ("f[i, j] = u[i]*v[j]", r"u v^{\top}"),
    ("f[j, i] = A[i, j]", r"A^{\top}"),
    ("f[i] = u[i]*w[i]", r"u \odot w"),
    ("f[i, j] = A[i, j]*C[i, j]", r"A \odot C"),
    ("f[i, j] = u[i]*A[i, j]", r"\operatorname{diag}\left(u\right) A"),
    ("f[i] = u[i] - mean(u[k], k)", r"u - \frac{\mathbf{1}^{\top} u}{n} \mathbf{1}"),
    ("f[i] = tanh(sum(A[i, j]*v[j], j) + w[i])", r"\tanh\left(A v + w\right)"),
    ("f[j] = sum((w[i] - u[i])*A[i, j], i)", r"A^{\top} \left(w - u\right)"),
]


@pytest.mark.parametrize(("text", "expected"), FORMS, ids=[expected for _, expected in FORMS])
def test_a_sum_of_products_is_written_as_matrices(text, expected):
    assert latex_of(text) == expected


@pytest.mark.parametrize("text", [text for text, _ in FORMS])
def test_every_form_converts_back_to_what_it_was(text):
    # for every size, by the algebra, which knows nothing of matrices
    form, definition = form_of(text)
    entry = formula(text)
    shape = tuple(index.axis for index in definition.indices)
    assert tuple(axis for axis in form.shape if axis is not None) == shape
    (own,) = entry.definitions
    left = element(own.tensor, *own.indices)
    assert matrix_display.is_right(entry, Algebra(entry), left, matrix_form(own.body, own.indices), own.indices)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("f[i] = sum(A[i, j]*C[i, j]*v[j]*u[i]/w[i], j)", "a power entry by entry"),
        ("f[i] = A[i, 0]", "a subscript of A is no index over its axis"),
        ("f[i, j] = exp(A[i, j])", "exp of a matrix is not taken entry by entry"),
        ("f = max(u[i], i)", "a max over an index"),
        ("f[i] = sum(u[k], (k, 0, n - 2))*w[i]", "no index over its axis"),
    ],
)
def test_where_there_is_no_clean_form_the_reason_is_told(text, reason):
    with pytest.raises(NoForm, match=reason):
        form_of(text)


def test_a_wrong_form_is_not_shown(monkeypatch):
    # A^T where A stands: the shapes agree for no sizes, or the product is another one
    def wrong(node, out):
        form = matrix_form(node, out)
        return Sum((form, form)) if len(out) == 1 else form

    entry = quick("D(L, x[k]) == g[k]", {"L": "sum(g[i]*x[i], i)"}, x="real[n]", g="real[n]")
    assert len(matrices(entry).lines) == 2
    monkeypatch.setattr(matrix_display, "matrix_form", wrong)
    display = matrices(entry)
    assert len(display.lines) == 1
    assert display.notes == ["no matrix form of D(L, x[k]): the form that was found is not proved equal"]


def test_a_transpose_goes_inside_a_product_and_twice_is_nothing():
    entry = quick("t == t", t="real", A="real[n, m]", B="real[m, d]")
    A, B = (Named(tensor) for tensor in entry.inputs[1:])
    assert transposed(chain(A, B)) == Chain(1, (), (), (Transposed(B), Transposed(A)))
    assert transposed(transposed(A)) == A
    r, c = (Index(name, axis) for name, axis in zip("rc", (B.shape[1], A.shape[0]), strict=True))
    assert transposed(chain(A, B)).entry(r, c).free == {r, c}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("softmax_ce_gradient", r"\frac{\partial^{2} L}{\partial x \, \partial x^{\top}} &= "
                                r"\operatorname{diag}\left(p\right) - p p^{\top}"),
        ("linear_regression", r"\frac{\partial L}{\partial w} &= \frac{1}{m} X^{\top} r + \alpha w"),
        ("scaled_dot_product_attention", r"\frac{\partial L}{\partial Q} &= \frac{1}{\sqrt{d}} \, \mathrm{dS} \, K"),
    ],
)  # fmt: skip
def test_the_matrix_forms_of_the_catalog_are_those_of_the_textbooks(name, expected):
    assert expected in matrices(read(shipped(), only={name}).formulas[name]).latex()


def test_the_command_shows_them_in_the_formats_that_have_matrices():
    run = CliRunner().invoke(
        command, ["show", "linear_regression", "--matrix", "--of", "D(L, w[j])", "--format", "unicode"]
    )
    assert run.stdout == "∂L   1\n── = ─ Xᵀ r + α w\n∂w   m\n"
    for other in (["--format", "text"], ["--steps"]):
        assert CliRunner().invoke(command, ["show", "linear_regression", "--matrix", *other]).exit_code == 2
