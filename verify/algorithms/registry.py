"""The algorithms by name: all that a catalog can speak of."""

from verify.algorithms import (
    batches,
    boxes,
    clipping,
    decoding,
    dropout,
    edges,
    filters,
    pooling,
    ranking,
    statistics,
    sums,
    translation,
)

MODULES = (boxes, ranking, translation, decoding, dropout, clipping, batches, pooling, sums, filters, edges, statistics)
SUBJECTS = {subject.function.__name__: subject for module in MODULES for subject in module.SUBJECTS}
