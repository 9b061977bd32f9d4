"""The algorithms that an entry can name, and worked examples of them; what they do is in `verify.algorithms`."""

import re
from decimal import Decimal
from fractions import Fraction
from typing import Any

import msgspec

from derive.errors import nearest
from derive.formula import Case
from derive.language.document import Listing, Mapping, Part, Scalar
from derive.language.source import LENGTH, exact

_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_QUOTIENT = re.compile(r"[+-]?[0-9]{1,50}/[0-9]{0,49}[1-9][0-9]*")
_MOST = 10_000  # numbers in one argument


class Algorithm(msgspec.Struct, frozen=True):
    """The arguments of an algorithm. optional: those that can be left out.  words: those that are texts."""

    arguments: tuple[str, ...]
    optional: tuple[str, ...] = ()
    words: tuple[str, ...] = ()


_RANKED = Algorithm(("scores", "correct", "positives"))
_IMAGE = Algorithm(("image",))
_POOL = Algorithm(("image", "window", "stride"))
_TEXTS = ("candidate", "references")

TABLE = {
    "iou": Algorithm(("a", "b")),
    "non_max_suppression": Algorithm(("boxes", "scores", "discard", "overlap"), ("discard", "overlap")),
    "average_precision": _RANKED,
    "eleven_point_precision": _RANKED,
    "mean_average_precision": _RANKED,
    "clipped_precision": Algorithm((*_TEXTS, "order"), ("order",), _TEXTS),
    "bleu": Algorithm((*_TEXTS, "order"), ("order",), _TEXTS),
    "beam_search": Algorithm(("first", "steps", "width")),
    "dropout": Algorithm(("x", "uniforms", "rate")),
    "plain_dropout": Algorithm(("x", "uniforms", "rate")),
    "dropout_backward": Algorithm(("g", "uniforms", "rate")),
    "gradient_clipping": Algorithm(("gradient", "limit")),
    "value_clipping": Algorithm(("gradient", "limit")),
    "batches": Algorithm(("order", "size")),
    "updates_per_pass": Algorithm(("samples", "size")),
    "batch_gradient": Algorithm(("x", "y", "w")),
    "minibatch_gradient_descent": Algorithm(("x", "y", "w", "rate", "size")),
    "max_pool": _POOL,
    "average_pool": _POOL,
    "max_pool_backward": Algorithm(("image", "g", "window", "stride")),
    "integral_image": _IMAGE,
    "box_sum": Algorithm(("integral", "box")),
    "correlate": Algorithm(("image", "mask")),
    "compass": Algorithm(("mask",)),
    "prewitt": _IMAGE,
    "sobel": _IMAGE,
    "laplacian": _IMAGE,
    "robinson": _IMAGE,
    "kirsch": _IMAGE,
    "bn_inference_statistics": Algorithm(("batches",)),
    "bn_inference": Algorithm(("x", "mean", "variance", "gamma", "beta", "epsilon")),
    "running_average": Algorithm(("values", "momentum", "start")),
}


def read_name(part: Part | None) -> str:
    """The algorithm that an entry names, "" if none; CatalogError with the nearest name for one that is unknown."""
    if not isinstance(part, Scalar):
        return ""
    if part.value not in TABLE:
        hint = nearest(part.value, TABLE)
        raise part.error(
            f"no algorithm is called {part.value[:60]}{hint}", *([] if hint else [f"there are {', '.join(TABLE)}"])
        )
    return part.value


def is_case(part: Part, name: str) -> bool:
    """Whether an example is one of the algorithm: its `then` has the algorithm's name."""
    then = part.get("then") if isinstance(part, Mapping) else None
    return isinstance(then, Mapping) and bool(name) and then.get(name) is not None


def read_case(part: Part, name: str, **more: Any) -> Case:
    """An example of an algorithm. more: fields of the case, which are known already."""
    assert isinstance(part, Mapping)
    algorithm, given, then = TABLE[name], part.get("given"), part.get("then")
    assert isinstance(given, Mapping)
    assert isinstance(then, Mapping)
    values: dict[str, Any] = {}
    for key, value in given.pairs:
        if key.value not in algorithm.arguments:
            raise key.error(f"{key.value} is no argument of {name}{nearest(key.value, algorithm.arguments)}",
                            f"its arguments: {', '.join(algorithm.arguments)}")  # fmt: skip
        values[key.value] = _texts(value) if key.value in algorithm.words else _numbers(value)
    missing = [word for word in algorithm.arguments if word not in (*values, *algorithm.optional)]
    if missing:
        raise given.error(f"{name} needs {', '.join(missing)}")
    beside = [key for key, _ in then.pairs if key.value != name]
    if beside:
        raise beside[0].error(f"{beside[0].value} stands beside {name}", "give it an example of its own")
    text = f"given: {given.raw.value} then: {then.raw.value}"
    return Case(values, _numbers(then.pairs[0][1]), text, part.raw.at(0), **more)


def _texts(part: Part) -> Any:
    if isinstance(part, Listing):
        return [_texts(item) for item in part.items]
    if not isinstance(part, Scalar):
        raise part.error("a text or a list of texts is expected")
    if len(part.value) > LENGTH:
        raise part.error(f"longer than {LENGTH} characters")
    return part.value


def _numbers(part: Part) -> Any:
    """Nested lists, of any lengths, of decimals that keep their printed digits, and of quotients."""
    if isinstance(part, Listing):
        if len(part.items) > _MOST:
            raise part.error(f"more than {_MOST} numbers")
        return [_numbers(item) for item in part.items]
    if not isinstance(part, Scalar):
        raise part.error("a number or a list of numbers is expected")
    word = part.value.strip()
    if _QUOTIENT.fullmatch(word):
        return Fraction(word)
    if not _NUMBER.fullmatch(word):
        raise part.error(f"{word[:40]} is not a number")
    exact(part.text, word.lstrip("+-"), 0)
    return Decimal(word)
