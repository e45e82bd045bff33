"""The rows with the most similar vectors, by cosine."""

import numpy as np
from keras import ops

from kerasrec.models.top_k import TopK

SCORES_AT_ONCE = 2**26


def similar_rows(vectors, rows, k, exclude=None, allow=None):
    """The k rows with the largest cosine to each of `rows`, itself left out.

    Args:
        vectors: `(all, dim)` float32; rows 0 and 1 are never found.
        rows: `(n,)` int.
        k: At most as many as there are vectors.
        exclude: `(n, any)` further rows to leave out, 0 is padding. Optional.
        allow: `(all,)` bool, which rows may be found. Optional.

    Returns:
        Rows `(n, k)` int32 and cosines `(n, k)` float32, best first; row 0 and -inf where fewer.

    Example:

    >>> vectors = np.array([[0, 0], [0, 0], [1, 0], [0, 1], [3, 1]], "float32")
    >>> similar_rows(vectors, np.array([2]), k=2)[0].tolist()
    [[4, 3]]
    """
    unit = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    penalty = np.zeros(len(unit), "float32")
    if allow is not None:
        penalty[~allow] = -np.inf
    exclude = np.zeros((len(rows), 0), "int32") if exclude is None else exclude
    exclude = np.concatenate([np.asarray(rows)[:, None], exclude], axis=1)
    top_k, at_once = TopK(k), max(1, SCORES_AT_ONCE // len(unit))
    found, scores = [np.zeros((0, k), "int32")], [np.zeros((0, k), "float32")]
    for start in range(0, len(rows), at_once):
        part = slice(start, start + at_once)
        answer = top_k(unit[rows[part]] @ unit.T + penalty, exclude=exclude[part])
        found.append(ops.convert_to_numpy(answer["rows"]))
        scores.append(ops.convert_to_numpy(answer["scores"]))
    return np.concatenate(found), np.concatenate(scores)
