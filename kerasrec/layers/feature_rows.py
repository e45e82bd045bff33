"""Item features as one sparse table of numbers."""

import numpy as np
import scipy.sparse

# Kinds whose values are words of a vocabulary.
BAGS = ("category", "categories", "text")
KINDS = (*BAGS, "number", "vector")


def feature_rows(features, columns):
    """Builds one row per item: bags of words by TF-IDF, numbers, given vectors.

    A word that n items have has the weight `idf = 1 + log((1 + items) / (1 + n))`, times its count
    in the item. A word of a single item has weight 0, because it is similar to no other item. A bag
    is divided by the length of its vector of idf, a vector by the root mean square length of the
    nonzero vectors.

    Args:
        features: Dicts with `name`, `kind`, `size` and `length`, as for `CatalogTable`.
        columns: Dict of name to array with one row per item.

    Returns:
        A CSR table `(items, sum of sizes)`, with the features in the given order, and a dict of
        name to weight: the idf `(size,)` of a bag, or the factor of a number or vector.

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
            nonzero = squares[squares > 0]
            weights[name] = 1 / np.sqrt(nonzero.mean()) if len(nonzero) else 1.0
            part = scipy.sparse.csr_matrix(value * weights[name])
        parts.append(part)
    return scipy.sparse.hstack(parts).tocsr(), weights


def word_counts(words, size):
    """Counts the words of each item, `(items,)` or `(items, length)`: CSR `(items, size)`.

    >>> word_counts(np.array([[2, 3, 2], [3, 0, 0]]), 4).toarray().tolist()
    [[0.0, 0.0, 2.0, 1.0], [0.0, 0.0, 0.0, 1.0]]
    """
    words = words[:, None] if words.ndim == 1 else words
    item, place = np.nonzero(words)
    pairs = (np.ones(len(item)), (item, words[item, place]))
    return scipy.sparse.csr_matrix(pairs, (len(words), size))


def _bags(words, size):
    rows = word_counts(words, size)
    num_items_with = np.bincount(rows.indices, minlength=size)
    idf = np.where(num_items_with > 1, 1 + np.log((1 + len(words)) / (1 + num_items_with)), 0.0)
    squares = rows @ idf**2
    rows = rows.multiply(1 / np.sqrt(np.maximum(squares, 1e-12))[:, None]).multiply(idf).tocsr()
    rows.eliminate_zeros()
    return rows, idf
