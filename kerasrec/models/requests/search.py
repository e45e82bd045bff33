"""Items for the words of a search, by the vectors of their contents."""

import numpy as np
import pandas as pd

from kerasrec.data.vocabulary import FIRST, PADDING
from kerasrec.errors import InputError
from kerasrec.id_list import id_list
from kerasrec.models.requests.recommend import default_k
from kerasrec.models.requests.request import Request
from kerasrec.models.requests.word_search import best_by_words, read_words, text_encoders
from kerasrec.models.top_k import NEVER
from kerasrec.search_words import check_search, search_notes
from kerasrec.whole_number import whole_number


def search(model, text, k, user, history, exclude, allow):
    """Computes the answer of `Recommender.search`, with its arguments."""
    check_search(text)
    if user is not None and history is not None:
        raise InputError("give a user or a history, not both")
    k, notes = default_k(model, k)
    k = whole_number(k, "k", 1, model.schema.num_items - FIRST, "the number of items, ")
    encoders = text_encoders(model)
    if not encoders:
        raise InputError(
            f"{type(model).__name__} reads no text of the items into its vectors: a search needs "
            "an item feature of kind text and a model such as ContentBased, Hybrid or TwoTower"
        )
    tokens, (known,), (unknown,) = read_words(encoders, [text])
    inputs, asked = None, np.array([user is not None or history is not None])
    if asked.any():
        users, histories = ([one] if one is not None else None for one in (user, history))
        request = Request(model, users, histories)
        inputs = request.inputs(slice(None))
    excluded, allowed = (
        _rows(model, id_list(() if ids is None else ids, name, ordered=False))
        for name, ids in (("exclude", exclude), ("allow", allow))
    )
    if allow is not None and not (allowed >= FIRST).any():
        raise InputError("allow holds no item that the model knows: nothing to find")
    rows, best, (by_words,), _ = best_by_words(
        model, tokens, inputs, asked, k, excluded, allowed, np.asarray(model.encode_catalog())
    )
    notes = [*notes, *search_notes(by_words, known, unknown)]
    if asked.any():
        notes += request.notes
    rows, best = rows[0][best[0] != NEVER], best[0][best[0] != NEVER]
    frame = pd.DataFrame(
        {
            "rank": np.arange(1, len(rows) + 1),
            "item": model.items.vocabulary.lookup(rows),
            "score": best,
            "title": model.items.title_of(rows),
        }
    )
    frame.attrs["notes"] = notes
    return frame


def _rows(model, ids):
    return np.append(model.items.vocabulary.rows(np.array(ids, dtype=object)), PADDING)[None]
