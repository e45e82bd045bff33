"""ContentKNN: items are scored by the similarity of their features to the history's."""

import numpy as np
import scipy.sparse

from kerasrec.data.vocabulary import FIRST, PADDING
from kerasrec.errors import InputError
from kerasrec.layers.feature_rows import BAGS, KINDS, feature_rows, word_counts
from kerasrec.layers.neighbour_scores import NeighbourScores
from kerasrec.models import NeighbourModel
from kerasrec.models.neighbours.similarity import cosine_blocks, nearest, row_blocks
from kerasrec.register import register

WEIGHTINGS = ("tfidf", "bm25")
# k and b of BM25: the saturation of repeated words, and the normalization by the text's length.
SATURATION, LENGTH_NORM = 1.2, 0.75


@register
class ContentKNN(NeighbourModel):
    """Nearest neighbours by item features, a baseline for trained content models.

        score(u, j) = sum over i in the history of u of s(i, j),   j a neighbour of i

        tfidf  s(i, j) = cosine of the rows of `feature_rows`
        bm25   s(i, j) = sum over words w of i of idf_w f (k + 1) / (f + k (1 - b + b |j| / mean))

    with f the count of w in j, k = 1.2, b = 0.75, and idf_w = log(1 + (n - n_w + .5) / (n_w + .5)).
    BM25 reads only words and categories. Items without interactions may be neighbours too.

    Args:
        schema: `Schema` of the data; it needs an item feature.
        num_neighbours: Neighbours kept for each item.
        weighting: "tfidf" or "bm25".

    Raises:
        InputError: for a number out of range, an unknown weighting, or items without features.

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
            raise InputError("ContentKNN needs an item feature, and this data has none")
        num_neighbours = min(num_neighbours, schema.num_items)
        scores = NeighbourScores(schema.num_items, num_neighbours, name="neighbour_scores")
        super().__init__(schema=schema, scores=scores, name=name)
        self.capabilities = frozenset({"users", "histories", "cold_items"})

    @property
    def features_read(self):
        kinds = BAGS if self.weighting == "bm25" else KINDS
        return (), {feature.name for feature in self.schema.item_features if feature.kind in kinds}

    def find_neighbours(self, train):
        features = [vars(each) for each in self.schema.item_features if each.kind in KINDS]
        columns = {name: column[FIRST:] for name, column in train.items.columns.items()}
        if self.weighting == "bm25":
            similarities = _bm25_blocks(_word_counts(features, columns))
        else:
            similarities = cosine_blocks(feature_rows(features, columns)[0], 0.0)
        size, shape = len(train.items) - FIRST, self.neighbour_scores.weight.shape
        neighbours, weight = np.zeros(shape, "int32"), np.zeros(shape, "float32")
        kept = min(shape[1], size)
        indices, values = nearest(similarities, size, kept)
        neighbours[FIRST:, :kept] = np.where(values > 0, indices + FIRST, PADDING)
        weight[FIRST:, :kept] = np.maximum(values, 0.0)
        return neighbours, weight


def _word_counts(features, columns):
    """Counts of words and categories of all items as a CSR matrix `(items, words)`."""
    parts = [
        word_counts(np.asarray(columns[feature["name"]]), feature["size"])
        for feature in features
        if feature["kind"] in BAGS
    ]
    if not parts:
        raise InputError("bm25 reads words and categories, and the items have neither: use tfidf")
    return scipy.sparse.hstack(parts).tocsr()


def _bm25_blocks(counts):
    """Blocks of s(i, j) for a CSR matrix of word counts, as of `cosine_blocks`."""
    size, length = counts.shape[0], np.asarray(counts.sum(axis=1)).ravel()
    items_with_word = np.bincount(counts.indices, minlength=counts.shape[1])
    num_items = max((length > 0).sum(), 1)
    idf = np.log(1 + (num_items - items_with_word + 0.5) / (items_with_word + 0.5))
    entries = counts.tocoo()
    mean_length = max(length.sum() / num_items, 1e-12)
    norm = SATURATION * (1 - LENGTH_NORM + LENGTH_NORM * length / mean_length)
    value = idf[entries.col] * entries.data * (SATURATION + 1) / (entries.data + norm[entries.row])
    weights = scipy.sparse.csr_matrix((value, (entries.col, entries.row)), counts.shape[::-1])
    words = counts.copy()
    words.data[:] = 1.0
    for rows in row_blocks(size):
        block = (words[rows] @ weights).toarray().astype("float32")
        block[np.arange(rows.stop - rows.start), np.arange(rows.start, rows.stop)] = 0.0
        yield rows, block
