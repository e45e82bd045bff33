"""ContentKNN: items whose words are like those of what the user took."""

import numpy as np
import scipy.sparse

from kerasrec.data.vocabulary import FIRST, PADDING
from kerasrec.errors import InputError
from kerasrec.layers.feature_rows import BAGS, KINDS, feature_rows, word_counts
from kerasrec.layers.neighbour_scores import NeighbourScores
from kerasrec.models import NeighbourModel
from kerasrec.models.neighbours.similarity import blocks, nearest, overlaps
from kerasrec.register import register

WEIGHTINGS = ("tfidf", "bm25")
# Of BM25: how soon a word that is repeated says no more, and how much a long text is held back.
SATURATION, LENGTH = 1.2, 0.75


@register
class ContentKNN(NeighbourModel):
    """The plain comparison of texts that a content model must beat; nothing is learned.

        score(u, j) = sum over i in the history of u of s(i, j),   j among the nearest of i

        tfidf  s(i, j) = cosine of the rows of `feature_rows`
        bm25   s(i, j) = sum over words w of i of idf_w f (k + 1) / (f + k (1 - b + b |j| / mean))

    with f the times w is in j, k = 1.2, b = 0.75, and idf_w = log(1 + (n - n_w + .5) / (n_w + .5)).
    BM25 reads words and categories alone. Items nobody has touched are neighbours like any other.

    Args:
        schema: `Schema` of the data; it needs an item feature.
        num_neighbours: Neighbours kept for each item.
        weighting: "tfidf" or "bm25".

    Raises:
        InputError: for a number out of range, an unknown similarity, or items without features.

    Reference:
        Robertson, Zaragoza, The probabilistic relevance framework: BM25 and beyond, 2009.

    Example:

    >>> from kerasrec.data import load
    >>> train = load("synthetic", users=50, items=100)
    >>> model = ContentKNN(train.schema())
    >>> model.adapt(train)
    >>> model.recommend(histories=[[train.items.vocabulary.ids[0]]], k=1)["rank"].tolist()
    [1]
    """

    def __init__(self, schema, num_neighbours=200, weighting="tfidf", name=None):
        if weighting not in WEIGHTINGS:
            raise InputError(
                f"weighting: expected one of {', '.join(WEIGHTINGS)}, got {weighting!r}"
            )
        if num_neighbours < 1:
            raise InputError(f"num_neighbours: expected at least 1, got {num_neighbours!r}")
        if not schema.item_features:
            raise InputError("ContentKNN compares features of the items, and this data has none")
        kept = min(num_neighbours, schema.num_items)
        scores = NeighbourScores(schema.num_items, kept, name="neighbour_scores")
        super().__init__(schema=schema, scores=scores, name=name)
        self.capabilities = frozenset({"users", "histories", "cold_items"})

    @property
    def features_read(self):
        kinds = BAGS if self.weighting == "bm25" else KINDS
        return (), {one.name for one in self.schema.item_features if one.kind in kinds}

    def find_neighbours(self, train):
        features = [vars(one) for one in self.schema.item_features if one.kind in KINDS]
        columns = {name: column[FIRST:] for name, column in train.items.columns.items()}
        if self.weighting == "bm25":
            near = _bm25(_counts(features, columns))
        else:
            near = overlaps(feature_rows(features, columns)[0], 0.0)
        size, shape = len(train.items) - FIRST, self.neighbour_scores.weight.shape
        neighbours, weight = np.zeros(shape, "int32"), np.zeros(shape, "float32")
        kept = min(shape[1], size)
        found, values = nearest(near, size, kept)
        neighbours[FIRST:, :kept] = np.where(values > 0, found + FIRST, PADDING)
        weight[FIRST:, :kept] = np.maximum(values, 0.0)
        return neighbours, weight


def _counts(features, columns):
    """How often each item has each word `(items, words)`, CSR."""
    parts = [
        word_counts(np.asarray(columns[feature["name"]]), feature["size"])
        for feature in features
        if feature["kind"] in BAGS
    ]
    if not parts:
        raise InputError("bm25 compares words and categories, and the items have neither")
    return scipy.sparse.hstack(parts).tocsr()


def _bm25(counts):
    """Blocks of s(i, j), as `overlaps` yields them."""
    size, length = counts.shape[0], np.asarray(counts.sum(axis=1)).ravel()
    have = np.bincount(counts.indices, minlength=counts.shape[1])
    described = max((length > 0).sum(), 1)
    idf = np.log(1 + (described - have + 0.5) / (have + 0.5))
    weight = counts.tocoo()
    held = SATURATION * (1 - LENGTH + LENGTH * length / max(length.sum() / described, 1e-12))
    value = idf[weight.col] * weight.data * (SATURATION + 1) / (weight.data + held[weight.row])
    other = scipy.sparse.csr_matrix((value, (weight.col, weight.row)), counts.shape[::-1])
    words = counts.copy()
    words.data[:] = 1.0
    for rows in blocks(size):
        block = (words[rows] @ other).toarray().astype("float32")
        block[np.arange(rows.stop - rows.start), np.arange(rows.start, rows.stop)] = 0.0
        yield rows, block
