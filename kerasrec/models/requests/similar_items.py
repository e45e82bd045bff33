"""Similar items, by the cosine of their vectors."""

import warnings

import numpy as np
import pandas as pd
from keras import ops

from kerasrec.data.vocabulary import FIRST
from kerasrec.errors import InputError
from kerasrec.id_list import id_list, unknown_note
from kerasrec.models.requests.recommend import default_k
from kerasrec.models.top_k import NEVER, TopK
from kerasrec.whole_number import whole_number


def similar_items(model, items, k, exclude=None, allow=None):
    """Computes the answer of `Recommender.similar_items`, with its arguments."""
    k, cut = default_k(model, k)
    for note in cut:
        warnings.warn(note, stacklevel=3)
    k = whole_number(k, "k", 1, model.schema.num_items - FIRST, "the number of items, ")
    items = id_list(items, "items")
    if not items:
        raise InputError("items must be a list with at least one id: got []")
    exclude = id_list(() if exclude is None else exclude, "exclude", ordered=False)
    allow = None if allow is None else id_list(allow, "allow", ordered=False)
    vectors = directions(model, model.encode_catalog())
    if vectors is None:
        raise InputError(
            f"{type(model).__name__} has no item vectors to compare: call recommend with the item "
            "as a history"
        )
    vocabulary = model.items.vocabulary
    queried, unwanted, allowed = (
        vocabulary.rows(np.asarray(ids or (), dtype=object)) for ids in (items, exclude, allow)
    )
    if unknown := [i for i, row in zip(items, queried, strict=True) if row < FIRST]:
        warnings.warn(unknown_note("item", unknown, "without an answer"), stacklevel=3)
    if allow is not None and not (allowed >= FIRST).any():
        raise InputError("allow holds no item that the model knows: nothing is similar")
    many = len(queried)
    answer = TopK(k)(
        ops.convert_to_tensor(vectors[queried] @ vectors.T),
        np.concatenate([queried[:, None], np.tile(unwanted, (many, 1))], axis=1),
        None if allow is None else np.tile(allowed, (many, 1)),
    )
    rows, scores = (ops.convert_to_numpy(answer[name]) for name in ("rows", "scores"))
    frame = pd.DataFrame(
        {
            "of": np.repeat(np.asarray(items, dtype=object), k),
            "rank": np.tile(np.arange(1, k + 1), many),
            "item": vocabulary.lookup(rows).ravel(),
            "score": scores.ravel(),
            "title": model.items.title_of(rows).ravel(),
        }
    )
    known = np.repeat(queried >= FIRST, k)
    return frame[known & (frame["score"] != NEVER)].reset_index(drop=True)


def directions(model, catalog):
    """Unit vectors `(rows, dim)` of a model's items, None where it has none.

    They leave out the last `bias_columns` of the vectors, the biases and the popularity. A vector
    of zeros stays zero.
    """
    if not model.searchable or catalog.shape[1] <= model.bias_columns:
        return None
    vectors = np.array(catalog)[:, : catalog.shape[1] - model.bias_columns]
    size = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.divide(vectors, size, out=np.zeros_like(vectors), where=size > 0)
