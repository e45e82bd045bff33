"""Similarities of items by their features: TF-IDF, BM25 and given vectors."""

import numpy as np
import scipy.sparse

from kerasrec.data.vocabulary import FIRST, PADDING
from kerasrec.errors import InputError
from kerasrec.layers.feature_rows import BAGS, feature_rows, word_counts
from kerasrec.models.neighbours.similarity import cosine_blocks, nearest, row_blocks

WEIGHTINGS = ("tfidf", "bm25")
# k and b of BM25: the saturation of repeated words, and the normalization by the text's length.
SATURATION, LENGTH_NORM = 1.2, 0.75


def check_weighting(weighting):
    """Raises an `InputError` for an unknown weighting."""
    if weighting not in WEIGHTINGS:
        raise InputError(f"weighting: expected one of {', '.join(WEIGHTINGS)}, got {weighting!r}")


def content_neighbours(items, features, weighting, keep):
    """The most similar items of each item by its features; items without interactions as well.

        tfidf  s(i, j) = cosine of the rows of `feature_rows`
        bm25   s(i, j) = sum over words w of i of idf_w f (k + 1) / (f + k (1 - b + b |j| / mean))

    with f the count of w in j, k = 1.2, b = 0.75, and idf_w = log(1 + (n - n_w + .5) / (n_w + .5)).
    BM25 reads only words and categories. Similarities below 0 count as 0.

    Args:
        items: `Catalog` of the items.
        features: `Feature`s to read, of kinds that `feature_rows` knows.
        weighting: One of `WEIGHTINGS`.
        keep: Neighbours of each item.

    Returns:
        `(items, keep)` int32 rows and float32 similarities. Unused places are 0.

    Raises:
        InputError: for BM25 of features without words and categories.
    """
    features = [vars(feature) for feature in features]
    columns = {name: column[FIRST:] for name, column in items.columns.items()}
    if weighting == "bm25":
        similarities = _bm25_blocks(_word_counts(features, columns))
    else:
        similarities = cosine_blocks(feature_rows(features, columns)[0], 0.0)
    size, shape = len(items) - FIRST, (len(items), keep)
    neighbours, weight = np.zeros(shape, "int32"), np.zeros(shape, "float32")
    kept = min(keep, size)
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
