"""The features of items as one sparse table of numbers."""

import numpy as np
import scipy.sparse

# Kinds of which a row holds words of a vocabulary.
BAGS = ("category", "categories", "text")
KINDS = (*BAGS, "number", "vector")


def feature_rows(features, columns):
    """One row an item: its bags of words by TF-IDF, its numbers, its given vectors.

    A word of n items counts `idf = 1 + log((1 + items) / (1 + n))` each time it is there, and a
    word of one item alone, which likens it to no other, nothing. A bag is divided by the length of
    the idf of its words, a vector by the root mean square length of those that are not zero.

    Args:
        features: Dicts with `name`, `kind`, `size` and `length`, as for `CatalogTable`.
        columns: Dict of name to array, one row an item.

    Returns:
        The CSR table `(items, sum of sizes)`, features in their order, and a dict of name to the
        idf `(size,)` of a bag or the factor of a number or vector.

    >>> genre = {"name": "genre", "kind": "category", "size": 4, "length": 1}
    >>> rows, weights = feature_rows([genre], {"genre": np.array([2, 3, 2])})
    >>> rows.toarray().tolist()
    [[0.0, 0.0, 1.0, 0.0], [0.0, 0.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0]]
    """
    parts, weights = [], {}
    for feature in features:
        name, value = feature["name"], np.asarray(columns[feature["name"]])
        if feature["kind"] in BAGS:
            part, weights[name] = _bags(value, feature["size"])
        elif feature["kind"] == "number":
            part, weights[name] = scipy.sparse.csr_matrix(value[:, None], dtype="float64"), 1.0
        else:
            squares = np.sum(value.astype("float64") ** 2, axis=1)
            given = squares[squares > 0]
            weights[name] = 1 / np.sqrt(given.mean()) if len(given) else 1.0
            part = scipy.sparse.csr_matrix(value * weights[name])
        parts.append(part)
    return scipy.sparse.hstack(parts).tocsr(), weights


def word_counts(words, size):
    """How often each of `(items,)` or `(items, length)` rows holds each word: CSR `(items, size)`.

    >>> word_counts(np.array([[2, 3, 2], [3, 0, 0]]), 4).toarray().tolist()
    [[0.0, 0.0, 2.0, 1.0], [0.0, 0.0, 0.0, 1.0]]
    """
    words = words[:, None] if words.ndim == 1 else words
    item, place = np.nonzero(words)
    pairs = (np.ones(len(item)), (item, words[item, place]))
    return scipy.sparse.csr_matrix(pairs, (len(words), size))


def _bags(words, size):
    rows = word_counts(words, size)
    have = np.bincount(rows.indices, minlength=size)
    idf = np.where(have > 1, 1 + np.log((1 + len(words)) / (1 + have)), 0.0)
    squares = rows @ idf**2
    rows = rows.multiply(1 / np.sqrt(np.maximum(squares, 1e-12))[:, None]).multiply(idf).tocsr()
    rows.eliminate_zeros()
    return rows, idf
