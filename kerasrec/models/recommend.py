"""The best items of each query, as a table of the user's own ids."""

import numpy as np
import pandas as pd

from kerasrec.data.vocabulary import FIRST
from kerasrec.models.reasons import add_reasons
from kerasrec.models.top_k import NEVER

QUERIES_AT_ONCE = 512
USUAL = 10


def recommend(model, request, k, unwanted, allowed, masks, reasons):
    """What `Recommender.recommend` answers.

    Args:
        model: A `Recommender`.
        request: Its `Request`.
        k: As there.
        unwanted: Item rows that nobody is shown.
        allowed: Item rows of which alone the answer may consist, or None.
        reasons: How many reasons each answer has.
    """
    catalog, frames = model.encode_catalog(), []
    for start in range(0, len(request.names), QUERIES_AT_ONCE):
        part = slice(start, start + QUERIES_AT_ONCE)
        many = len(request.names[part])
        exclude = np.tile(unwanted, (many, 1))
        if masks:
            exclude = np.concatenate([exclude, request.seen(part)], axis=1)
        allow = None if allowed is None else np.tile(allowed, (many, 1))
        inputs = request.inputs(part)
        rows, scores = model.top_k(inputs, k, exclude=exclude, allow=allow, catalog=catalog)
        frames.append(_frame(model.items, request.names[part], rows, scores))
        if reasons:
            past = request.past(part)
            add_reasons(frames[-1], model, inputs, past, rows, scores, catalog, reasons)
    frame = pd.concat(frames, ignore_index=True)
    frame.attrs["notes"] = request.notes
    return frame


def usual_k(model, k):
    """`k`, for None 10 or the number of items where that is smaller; and notes on it."""
    if k is not None:
        return k, ()
    available = model.schema.num_items - FIRST
    if available >= USUAL:
        return USUAL, ()
    return available, (f"there are {available} items: k is {available}, not {USUAL}",)


def _frame(items, names, rows, scores):
    k = rows.shape[1]
    frame = pd.DataFrame(
        {
            "user": np.repeat(np.asarray(names, dtype=object), k),
            "rank": np.tile(np.arange(1, k + 1), len(names)),
            "item": items.vocabulary.lookup(rows).ravel(),
            "score": scores.ravel(),
            "title": items.title_of(rows).ravel(),
        }
    )
    return frame[frame["score"] != NEVER]
