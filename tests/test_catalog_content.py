"""What the shipped catalog holds: the formulas promised by name, whole entries, and proofs of their gradients."""

import re
from functools import cache
from itertools import groupby

import pytest

from derive.binding import walk
from derive.catalog import Catalog, read, shipped
from derive.expression import Derivative
from derive.formula import Claim, Formula, mentioned
from derive.proof import Algebra

NAMED = (
    "softmax_ce_gradient", "bn_backward", "p_pool_gradient", "hessian_inverse", "kl_divergence",
    "sigmoid", "tanh", "relu", "leaky_relu", "relu6", "softplus", "swish", "gelu", "softmax", "log_softmax",
    "mse", "binary_cross_entropy", "bce_logit_gradient", "categorical_cross_entropy", "hinge_loss", "focal_loss",
    "log_average_pool", "average_pooling", "layer_norm", "rms_norm", "dense_layer", "two_layer_network",
    "logistic_regression_gradients", "l2_regularization", "l1_regularization", "cosine_similarity",
    "scaled_dot_product_attention", "gram_matrix", "style_loss", "conv2d", "sgd", "momentum", "nesterov_momentum",
    "adagrad", "rmsprop", "adam", "adam_bias_correction", "exponential_moving_average", "newton_step", "simple_rnn",
)  # fmt: skip
PROVED_WHOLLY = (
    "softmax", "softmax_ce_gradient", "bn_backward", "batch_norm", "layer_norm", "scaled_dot_product_attention",
    "p_pool_gradient", "dense_layer", "dense_tanh_layer", "two_layer_network",
)  # fmt: skip
GROUPS = [
    "calculus", "linear_algebra", "activations", "probability", "losses", "regularization", "initialization", "pooling",
    "normalization", "layers", "architecture", "counting",
    "attention", "similarity", "embedding", "style", "convolution", "image_filters", "detection",
    "metrics", "text", "generative", "optimizers", "recurrent", "second_order",
]  # fmt: skip


@cache
def catalog() -> Catalog:
    return read(shipped())


@cache
def algebra(name: str) -> Algebra:
    return Algebra(catalog().formulas[name])


def claims_of(*names: str) -> list[tuple[str, Claim]]:
    formulas = (catalog().formulas[name] for name in names)
    return [(f.name, claim) for f in formulas for claim in f.claims if claim.expected == "holds"]


def is_derivative(claim: Claim) -> bool:
    return claim.operator == "==" and any(
        isinstance(part, Derivative) for side in (claim.left, claim.right) for part in walk(side)
    )


def gradients(formula: Formula, of: str) -> set[str]:
    """The names by which the claims differentiate once the definition `of`, with nothing around it."""
    return {
        claim.left.by[0].tensor.name
        for claim in formula.claims
        if isinstance(claim.left, Derivative)
        and len(claim.left.by) == 1
        and re.match(rf"D\({of},", claim.text)
    }  # fmt: skip


def test_the_shipped_catalog_is_read_without_an_error():
    assert [str(error) for error in catalog().errors] == []


def test_every_formula_promised_by_name_is_there():
    assert [name for name in NAMED if name not in catalog().formulas] == []


def test_there_are_sixty_entries_or_more():
    assert len(catalog().formulas) >= 60


@pytest.mark.parametrize("formula", catalog().formulas.values(), ids=lambda formula: formula.name)
def test_every_entry_has_claims_a_title_a_group_and_a_source_with_its_year(formula: Formula):
    assert formula.claims or formula.algorithm
    assert re.fullmatch(r"[A-Zp].{3,110}[^.]", formula.title)
    assert formula.group in GROUPS
    assert re.search(r"\b(1[89]|20)[0-9]{2}\b", formula.source)
    texts = [claim.text for claim in formula.claims if claim.origin == "claim"]
    assert len(set(texts)) == len(texts)


def test_the_groups_follow_each_other_as_in_a_book():
    assert [group for group, _ in groupby(f.group for f in catalog().formulas.values())] == GROUPS


def test_no_line_of_the_catalog_is_longer_than_120_characters():
    lines = shipped().read_text(encoding="utf-8").splitlines()
    assert [number for number, line in enumerate(lines, 1) if len(line) > 120 or line != line.rstrip()] == []


def test_batch_normalization_has_its_forward_definitions_and_every_adjoint():
    formula = catalog().formulas["bn_backward"]
    assert [d.name for d in formula.definitions] == ["mu", "var", "xhat", "y", "L"]
    assert gradients(formula, "L") >= {"xhat", "var", "mu", "x", "gamma", "beta"}


def test_the_two_layer_network_has_the_six_gradients_of_its_backward_pass():
    assert gradients(catalog().formulas["two_layer_network"], "J") >= {"Z2", "W2", "b2", "Z1", "W1", "b1"}


def test_attention_has_the_gradients_of_queries_keys_and_values():
    assert gradients(catalog().formulas["scaled_dot_product_attention"], "L") >= {"Q", "K", "V"}


def test_convolution_has_a_stride_channels_and_the_gradients_of_input_and_kernel():
    formula = catalog().formulas["conv2d"]
    assert {size.name for size in formula.sizes} == {"s", "C", "F", "P", "Q", "A", "B"}
    assert gradients(formula, "L") >= {"x", "w", "b"}


def read_by(formula: Formula, name: str) -> set[str]:
    """The names that a definition depends on, through other definitions too."""
    bodies = {d.name: {tensor.name for tensor in mentioned(d.body)} for d in formula.definitions}
    found: set[str] = set()
    waiting = {name} & bodies.keys()
    while waiting:
        read = bodies.get(waiting.pop(), set()) - found
        found |= read
        waiting |= read
    return found


@pytest.mark.parametrize("name", NAMED)
def test_an_incoming_gradient_is_pulled_back_to_the_input(name: str):
    formula = catalog().formulas[name]
    # Where an entry declares g and x, a user comes for dL/dx.
    names = {tensor.name for tensor in formula.inputs}
    if {"g", "x"} <= names and "x" in read_by(formula, "L"):
        assert "x" in gradients(formula, "L")


@pytest.mark.parametrize(
    ("name", "claim"),
    [c for c in claims_of(*PROVED_WHOLLY) if is_derivative(c[1])],
    ids=lambda part: getattr(part, "text", part),
)
def test_the_great_backward_passes_are_proved_for_every_size(name: str, claim: Claim):
    proof = algebra(name).prove(claim)
    assert proof.equal, proof.reason


def test_nineteen_in_twenty_derivative_claims_are_proved():
    claims = [(name, claim) for name, claim in claims_of(*catalog().formulas) if is_derivative(claim)]
    open_claims = [f"{name}: {claim.text}" for name, claim in claims if not algebra(name).prove(claim).equal]
    assert len(claims) >= 900
    assert len(open_claims) <= len(claims) / 20, "\n".join(open_claims)
