"""The best items of each query, as a table of external ids."""

import numpy as np
import pandas as pd

from kerasrec.config.cutoffs import DEFAULT_K
from kerasrec.data.chunks import chunks
from kerasrec.data.vocabulary import FIRST
from kerasrec.errors import InputError
from kerasrec.id_list import id_list
from kerasrec.models.requests.reasons import add_reasons
from kerasrec.models.top_k import NEVER

QUERIES_AT_ONCE = 512


def recommend(model, request, k, exclude, allow, repeats, reasons, wishes):
    """Computes the answer of `Recommender.recommend`.

    Args:
        model: A `Recommender`.
        request: Its `Request`.
        k, exclude, allow: As in that method.
        repeats: "mask" or "allow".
        reasons: How many reasons to add to each answer; 0 adds none.
        wishes: Of `rule_options`.
    """
    exclude = id_list(() if exclude is None else exclude, "exclude", ordered=False)
    unwanted = request.item_rows(exclude, "exclude item")
    allowed = None
    if allow is not None:
        allowed = request.item_rows(id_list(allow, "allow", ordered=False), "allow item")
        if not (allowed >= FIRST).any():
            raise InputError("allow holds no item that the model knows: nothing to recommend")
    k, cut = default_k(model, k)
    request.notes.extend(cut)
    frames = _ranked(model, request, k, unwanted, allowed, repeats == "mask", reasons, wishes)
    frame = pd.concat(frames, ignore_index=True)
    frame.attrs["notes"] = request.notes
    return frame


def _ranked(model, request, k, unwanted, allowed, masks, reasons, wishes):
    catalog, frames = model.encode_catalog(), []
    widths = request.lengths * (masks or reasons > 0) + len(unwanted)
    widths = np.maximum(widths, 0 if allowed is None else len(allowed))
    for part in chunks(widths, QUERIES_AT_ONCE):
        many = len(request.names[part])
        exclude = np.tile(unwanted, (many, 1))
        if masks:
            exclude = np.concatenate([exclude, request.seen(part)], axis=1)
        allow = None if allowed is None else np.tile(allowed, (many, 1))
        inputs = request.inputs(part)
        wished = {name: np.tile(x, (many, 1)) for name, x in wishes.items()}
        rows, scores = model.top_k(
            inputs, k, exclude=exclude, allow=allow, catalog=catalog, **wished
        )
        frames.append(_frame(model.items, request.names[part], rows, scores))
        if reasons:
            past = request.past(part)
            add_reasons(frames[-1], model, inputs, past, rows, scores, catalog, reasons)
    return frames


def default_k(model, k):
    """`k`, or by default 10, at most the number of items; and notes on it."""
    if k is not None:
        return k, ()
    available = model.schema.num_items - FIRST
    if available >= DEFAULT_K:
        return DEFAULT_K, ()
    return available, (f"there are {available} items: k is {available}, not {DEFAULT_K}",)


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
