"""Operators of NumPy, SciPy, scikit-learn, scikit-image, NLTK and sacrebleu: functions of arrays, without gradients."""

from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np

from derive.language.operators import Operator
from verify.references.libraries import Outcome, Values, arrays_of, rest_of, results_of


def run(operator: Operator, arguments: Values) -> Outcome:
    own = _OPERATORS.get(operator.name)
    if own is not None:
        found = own(arguments)
    else:
        owner, _, name = operator.name.rpartition(".")
        given = arrays_of(operator, arguments)
        rest = rest_of(operator, arguments)
        if operator.library == "sklearn":  # what is optional there has to be named
            rest.update({key: value for key, value in zip(operator.arrays, given, strict=False) if value is not None})
            given = []
        found = getattr(_owner(owner), name)(*given, **rest)
    return Outcome([np.asarray(value, dtype=float) for value in results_of(found)])


def _owner(path: str) -> Any:
    """A module, or what a module has under the last name: scipy.stats.norm."""
    try:
        return import_module(path)
    except ModuleNotFoundError:
        module, _, name = path.rpartition(".")
        return getattr(import_module(module), name)


def moment(given: Values) -> Any:
    """The order stands first in SciPy."""
    from scipy.stats import norm

    return norm.moment(given["order"], loc=given["loc"], scale=given["scale"])


def correlated(given: Values) -> Any:
    """The answer of an image where the mask lies inside it; SciPy also gives the border."""
    from scipy.ndimage import correlate

    return _inside(correlate(given["input"], given["weights"]), given["weights"].shape)


def laplacian(given: Values) -> Any:
    from scipy import ndimage

    return _inside(ndimage.laplace(given["input"]), (3, 3))


def edges(given: Values, kind: str) -> Any:
    """SciPy's mask along one axis, where it lies inside the image."""
    from scipy import ndimage

    return _inside(getattr(ndimage, kind)(given["input"], axis=given["axis"]), (3, 3))


def _inside(answer: Any, window: tuple[int, ...]) -> Any:
    starts = [length // 2 for length in window]
    stops = [count - (length - 1 - length // 2) for count, length in zip(answer.shape, window, strict=True)]
    return answer[tuple(map(slice, starts, stops))]


def edges_of_skimage(given: Values, name: str) -> Any:
    """scikit-image's mask, where it lies inside the image (it sets the border to 0)."""
    from skimage import filters

    return _inside(getattr(filters, name)(given["image"]), (3, 3))


def integral_image(given: Values) -> Any:
    from skimage.transform import integral_image

    return integral_image(given["image"], dtype=float)


def integrated(given: Values) -> Any:
    """The sum over one box. start, end: its corners, both inside."""
    from skimage.transform import integrate

    (found,) = integrate(given["ii"], tuple(map(int, given["start"])), tuple(map(int, given["end"])))
    return found


def sentence_bleu(given: Values) -> Any:
    """NLTK's BLEU with equal weights, of texts split at spaces. order: the longest n-grams."""
    from nltk.translate.bleu_score import sentence_bleu

    order = int(given["order"])
    references = [text.split() for text in given["references"]]
    return sentence_bleu(references, given["hypothesis"].split(), weights=[1 / order] * order)


def modified_precision(given: Values) -> Any:
    from nltk.translate.bleu_score import modified_precision

    references = [text.split() for text in given["references"]]
    return float(modified_precision(references, given["hypothesis"].split(), int(given["n"])))


def sacrebleu_of_a_sentence(given: Values) -> Any:
    """sacrebleu's BLEU of one sentence, in percent there and a share here; without smoothing or a tokenizer."""
    from sacrebleu.metrics.bleu import BLEU

    scorer = BLEU(smooth_method="none", tokenize="none", effective_order=False,
                  max_ngram_order=int(given["max_ngram_order"]))  # fmt: skip
    return scorer.corpus_score([given["hypothesis"]], [[text] for text in given["references"]]).score / 100


_OPERATORS: dict[str, Callable[[Values], Any]] = {
    "scipy.stats.norm.moment": moment,
    "scipy.ndimage.correlate": correlated,
    "scipy.ndimage.laplace": laplacian,
    "scipy.ndimage.prewitt": lambda given: edges(given, "prewitt"),
    "scipy.ndimage.sobel": lambda given: edges(given, "sobel"),
    "skimage.filters.sobel_h": lambda given: edges_of_skimage(given, "sobel_h"),
    "skimage.filters.sobel_v": lambda given: edges_of_skimage(given, "sobel_v"),
    "skimage.filters.prewitt_h": lambda given: edges_of_skimage(given, "prewitt_h"),
    "skimage.filters.prewitt_v": lambda given: edges_of_skimage(given, "prewitt_v"),
    "skimage.transform.integral_image": integral_image,
    "skimage.transform.integrate": integrated,
    "nltk.translate.bleu_score.sentence_bleu": sentence_bleu,
    "nltk.translate.bleu_score.modified_precision": modified_precision,
    "sacrebleu.sentence_bleu": sacrebleu_of_a_sentence,
}
