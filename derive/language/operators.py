"""The operators of libraries that a reference can name, each with its signature; `verify.references` calls them.

Nothing else is ever called: the name in a catalog is looked up here, and what is looked up in the library is the name
of this table. A signature has arrays, then after `;` plain numbers and words:

    name?  may be left out       name#  an array of whole numbers       name=a|b  one of these words (yes and no: truth)
    name~  an array by which the library does not differentiate

A `!` before the name says that the operator is not differentiated: the library has no gradient, or only at kinks.
"""

import re
from functools import cache

import msgspec

_SIGNATURES = """
torch.nn.functional.relu(input)
torch.nn.functional.relu6(input)
torch.nn.functional.prelu(input, weight)
torch.nn.functional.leaky_relu(input; negative_slope?)
torch.nn.functional.elu(input; alpha?)
torch.nn.functional.softplus(input; beta?, threshold?)
torch.nn.functional.silu(input)
torch.nn.functional.gelu(input; approximate=none|tanh)
torch.nn.functional.logsigmoid(input)
torch.nn.functional.softshrink(input; lambd?)
torch.nn.functional.selu(input)
torch.nn.functional.mish(input)
torch.nn.functional.softsign(input)
torch.nn.functional.hardtanh(input; min_val?, max_val?)
torch.nn.functional.glu(input; dim?)
torch.nn.functional.softmax(input; dim)
torch.nn.functional.log_softmax(input; dim)
torch.nn.functional.mse_loss(input, target; reduction=none|mean|sum)
torch.nn.functional.l1_loss(input, target; reduction=none|mean|sum)
torch.nn.functional.huber_loss(input, target; delta?, reduction=none|mean|sum)
torch.nn.functional.smooth_l1_loss(input, target; beta?, reduction=none|mean|sum)
torch.nn.functional.binary_cross_entropy(input, target; reduction=none|mean|sum)
torch.nn.functional.binary_cross_entropy_with_logits(input, target; reduction=none|mean|sum)
torch.nn.functional.cross_entropy(input, target?, classes#?; label_smoothing?, reduction=none|mean|sum)
torch.nn.functional.nll_loss(input, target#; reduction=none|mean|sum)
torch.nn.functional.kl_div(input, target; reduction=none|batchmean|mean|sum, log_target=yes|no)
torch.nn.functional.gaussian_nll_loss(input, target, var; eps?, full=yes|no, reduction=none|mean|sum)
torch.nn.functional.margin_ranking_loss(input1, input2, target; margin?, reduction=none|mean|sum)
torch.nn.functional.multi_margin_loss(input, target#; p?, margin?, reduction=none|mean|sum)
torch.nn.functional.triplet_margin_loss(anchor, positive, negative; margin?, p?, eps?, reduction=none|mean|sum)
torch.nn.functional.hinge_embedding_loss(input, target~; margin?, reduction=none|mean|sum)
torch.nn.functional.cosine_embedding_loss(input1, input2, target~; margin?, reduction=none|mean|sum)
torch.nn.functional.soft_margin_loss(input, target~; reduction=none|mean|sum)
torch.nn.functional.poisson_nll_loss(input, target; log_input=yes|no, full=yes|no, eps?, reduction=none|mean|sum)
torch.nn.functional.pairwise_distance(x1, x2; p?, eps?)
torch.nn.functional.cosine_similarity(x1, x2; dim?, eps?)
torch.nn.functional.batch_norm(input, running_mean~?, running_var~?, weight?, bias?; training=yes|no, momentum?, eps?)
torch.nn.functional.layer_norm(input, weight?, bias?; normalized_shape, eps?)
torch.nn.functional.rms_norm(input, weight?; normalized_shape, eps?)
torch.nn.functional.instance_norm(input; eps?)
torch.nn.functional.group_norm(input, weight?, bias?; num_groups, eps?)
torch.nn.functional.normalize(input; p?, dim?, eps?)
torch.nn.functional.linear(input, weight, bias?)
torch.nn.functional.embedding(input#, weight)
torch.nn.functional.scaled_dot_product_attention(query, key, value; is_causal=yes|no, scale?)
torch.nn.functional.conv1d(input, weight, bias?; stride?, padding?, dilation?, groups?)
torch.nn.functional.conv2d(input, weight, bias?; stride?, padding?, dilation?, groups?)
torch.nn.functional.conv_transpose1d(input, weight, bias?; stride?, padding?)
torch.nn.functional.avg_pool1d(input; kernel_size, stride?)
torch.nn.functional.avg_pool2d(input; kernel_size, stride?)
torch.nn.functional.adaptive_avg_pool2d(input; output_size)
torch.nn.functional.max_pool1d(input; kernel_size, stride?)
torch.nn.functional.max_pool2d(input; kernel_size, stride?)
torch.nn.functional.lp_pool1d(input; norm_type, kernel_size, stride?)
torch.sigmoid(input)
torch.tanh(input)
!torch.sign(input)
torch.logsumexp(input; dim)
torch.amax(input; dim?)
torch.prod(input)
torch.var(input; dim?, correction?)
torch.matmul(input, other)
torch.dot(input, tensor)
torch.bmm(input, mat2)
torch.addmv(input, mat, vec)
torch.dist(input, other; p?)
torch.special.entr(input)
torch.linalg.vector_norm(x; ord?)
torch.linalg.det(A)
torch.linalg.inv(A)
torch.linalg.solve(A, B)
torch.distributions.kl_divergence(loc_p, scale_p, loc_q, scale_q)
torch.distributions.Normal.log_prob(loc, scale, value)
torch.distributions.Categorical.entropy(logits)
torch.nn.utils.parametrizations.weight_norm(v, g)
!torch.nn.utils.clip_grad_norm_(gradient; max_norm)
!torch.nn.utils.clip_grad_value_(gradient; clip_value)
torch.nn.RNN(input, h_0, weight_ih, weight_hh, bias_ih?, bias_hh?)
torch.nn.LSTMCell(input, h_0, c_0, weight_ih, weight_hh, bias_ih?, bias_hh?)
torch.nn.GRUCell(input, h_0, weight_ih, weight_hh, bias_ih?, bias_hh?)
torch.optim.SGD(start, gradients; lr, momentum?, dampening?, weight_decay?, nesterov=yes|no)
torch.optim.Adam(start, gradients, exp_avg?, exp_avg_sq?; lr, beta1, beta2, eps, step?)
torch.optim.AdamW(start, gradients; lr, beta1, beta2, eps, weight_decay)
torch.optim.RMSprop(start, gradients, square_avg?; lr, alpha, eps)
torch.optim.Adagrad(start, gradients, sum?; lr, eps)
torch.optim.Adadelta(start, gradients; lr, rho, eps)
jax.nn.sigmoid(x)
jax.nn.softplus(x)
jax.nn.elu(x, alpha)
jax.nn.swish(x)
jax.nn.gelu(x; approximate=yes|no)
jax.nn.softmax(x)
jax.nn.log_softmax(x)
jax.nn.logsumexp(a, b?)
numpy.matmul(x1, x2)
numpy.dot(a, b)
numpy.transpose(a)
numpy.ravel(a)
numpy.polyval(p, x)
numpy.correlate(a, v; mode=valid|same|full)
numpy.bincount(x#; minlength?)
numpy.cumsum(a; axis?)
numpy.linalg.det(a)
numpy.linalg.inv(a)
numpy.linalg.solve(a, b)
numpy.linalg.eigvalsh(a)
numpy.linalg.norm(x; ord?)
numpy.linalg.cond(x)
scipy.special.expit(x)
scipy.special.softmax(x)
scipy.special.log_softmax(x)
scipy.special.logsumexp(a; b?)
scipy.special.huber(delta, r)
scipy.special.kl_div(x, y)
scipy.stats.entropy(pk, qk?)
scipy.stats.norm.pdf(x, loc, scale)
scipy.stats.norm.logpdf(x, loc, scale)
scipy.stats.norm.moment(loc, scale; order)
scipy.stats.uniform.var(loc, scale)
scipy.stats.pmean(a; p)
scipy.signal.lfilter(b, a, x)
scipy.signal.correlate(in1, in2; mode=valid|same|full)
scipy.signal.correlate2d(in1, in2; mode=valid|same|full)
scipy.ndimage.correlate(input, weights)
scipy.ndimage.prewitt(input; axis)
scipy.ndimage.sobel(input; axis)
scipy.ndimage.laplace(input)
scipy.ndimage.map_coordinates(input, coordinates; order)
scipy.spatial.distance.jensenshannon(p, q)
sklearn.metrics.mean_squared_error(y_true, y_pred)
sklearn.metrics.mean_absolute_error(y_true, y_pred)
sklearn.metrics.log_loss(y_true#, y_pred; labels?)
sklearn.metrics.hinge_loss(y_true#, pred_decision; labels?)
sklearn.metrics.confusion_matrix(y_true#, y_pred#; labels?)
sklearn.metrics.accuracy_score(y_true#, y_pred#)
sklearn.metrics.precision_score(y_true#, y_pred#, sample_weight?)
sklearn.metrics.recall_score(y_true#, y_pred#, sample_weight?)
sklearn.metrics.fbeta_score(y_true#, y_pred#, sample_weight?; beta)
sklearn.metrics.jaccard_score(y_true#, y_pred#, sample_weight?; average=macro|micro|weighted)
sklearn.metrics.average_precision_score(y_true#, y_score)
skimage.metrics.peak_signal_noise_ratio(image_true, image_test; data_range)
skimage.transform.integral_image(image)
skimage.transform.integrate(ii, start#, end#)
skimage.filters.sobel_h(image)
skimage.filters.sobel_v(image)
skimage.filters.prewitt_h(image)
skimage.filters.prewitt_v(image)
nltk.translate.bleu_score.sentence_bleu(references, hypothesis; order)
nltk.translate.bleu_score.modified_precision(references, hypothesis; n)
sacrebleu.sentence_bleu(hypothesis, references; max_ngram_order)
"""

_MARKS = "#~?"
_LINE = re.compile(r"(!?)([A-Za-z_.0-9]+)\(([^;)]*)(?:;([^)]*))?\)")


class Operator(msgspec.Struct, frozen=True):
    """arrays: names in the library's order.  whole: those of whole numbers.  plain: numbers, or lists of them.

    fixed: those by which nothing is differentiated.  words: the texts that an argument may be.  optional: what can be
    left out, words always.
    """

    name: str
    arrays: tuple[str, ...]
    whole: frozenset[str]
    fixed: frozenset[str]
    plain: tuple[str, ...]
    words: dict[str, tuple[str, ...]]
    optional: frozenset[str]
    has_gradient: bool

    @property
    def arguments(self) -> tuple[str, ...]:
        return *self.arrays, *self.plain, *self.words

    @property
    def library(self) -> str:
        return self.name.partition(".")[0]


@cache
def operators() -> dict[str, Operator]:
    """The table, by the name that the library has for each."""
    found = [_LINE.fullmatch(line) for line in _SIGNATURES.split("\n") if line]
    return {line[2]: _operator(line) for line in found if line is not None}


def _operator(line: re.Match[str]) -> Operator:
    arrays, rest = ([part.strip() for part in (line[at] or "").split(",") if part.strip()] for at in (3, 4))
    plain = [part for part in rest if "=" not in part]
    words = dict(part.split("=") for part in rest if "=" in part)
    return Operator(
        line[2],
        tuple(name.rstrip(_MARKS) for name in arrays),
        frozenset(name.rstrip(_MARKS) for name in arrays if "#" in name),
        frozenset(name.rstrip(_MARKS) for name in arrays if "~" in name),
        tuple(name.rstrip("?") for name in plain),
        {name: tuple(allowed.split("|")) for name, allowed in words.items()},
        frozenset(name.rstrip(_MARKS) for name in (*arrays, *plain) if name.endswith("?")),
        not line[1] and line[2].startswith(("torch.", "jax.")),
    )
