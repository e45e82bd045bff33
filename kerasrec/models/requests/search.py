"""Items for the words of a search, by the vectors of their contents."""

import numpy as np
import pandas as pd
from keras import ops

from kerasrec.data.text_tokens import split_texts
from kerasrec.data.vocabulary import FIRST, PADDING, UNKNOWN
from kerasrec.errors import InputError
from kerasrec.id_list import id_list
from kerasrec.layers.content_encoder import CODE
from kerasrec.models.requests.recommend import default_k
from kerasrec.models.requests.request import Request
from kerasrec.models.top_k import NEVER, TopK
from kerasrec.whole_number import whole_number

# Of reciprocal rank fusion, as in its source.
FUSION = 60
NOT_FOUND = "no item has these words"
SHOWN = 5  # words in a note


def search(model, text, k, user, history, exclude, allow):
    """Computes the answer of `Recommender.search`, with its arguments."""
    if not isinstance(text, str) or not text.strip():
        raise InputError(f"text must be the words of a search: got {text!r:.80}")
    if user is not None and history is not None:
        raise InputError("give a user or a history, not both")
    k, notes = default_k(model, k)
    k = whole_number(k, "k", 1, model.schema.num_items - FIRST, "the number of items, ")
    tokens, unknown = _tokens(model, text)
    notes, known = [*notes], any((rows != PADDING).any() for rows in tokens.values())
    if unknown and known:
        more = f" and {len(unknown) - SHOWN} more" if len(unknown) > SHOWN else ""
        notes.append(f"words that no item has are left out: {', '.join(unknown[:SHOWN])}{more}")
    scores = _cosines(model, tokens) if known else None
    if scores is None:
        why = "the item vectors do not tell these words apart" if known else NOT_FOUND
        notes.append(f"{why}: answered with popular items")
        scores = np.bincount(model.histories.items, minlength=model.schema.num_items)
        scores = scores.astype("float32")
    elif user is not None or history is not None:
        asked = Request(
            model, None if user is None else [user], None if history is None else [history]
        )
        notes += asked.notes
        everything = model.schema.num_items - FIRST
        ranked, _ = model.top_k(asked.inputs(slice(None)), everything)
        scores = _fused(scores, ranked[0])
    excluded, allowed = (
        None if ids is None else _rows(model, id_list(ids, name, ordered=False))
        for name, ids in (("exclude", exclude), ("allow", allow))
    )
    if allowed is not None and not (allowed >= FIRST).any():
        raise InputError("allow holds no item that the model knows: nothing to find")
    answer = TopK(k)(ops.convert_to_tensor(scores[None]), excluded, allowed)
    rows, best = (ops.convert_to_numpy(answer[name])[0] for name in ("rows", "scores"))
    rows, best = rows[best != NEVER], best[best != NEVER]
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


def _tokens(model, text):
    """Known tokens of each text feature that the item vectors read, and the unknown words."""
    read = set()
    if model.searchable:
        read = set(model.item_tower.encoder.input)
        if model.code is not None:
            read |= {feature["name"] for feature in model.code.features}
    encoders = {
        name: encoder
        for name, encoder in model.items.encoders.items()
        if encoder.kind == "text" and name in read
    }
    if not encoders:
        raise InputError(
            f"{type(model).__name__} reads no text of the items into its vectors: a search needs "
            "an item feature of kind text and a model such as ContentBased, Hybrid or TwoTower"
        )
    found, missing = {}, []
    for name, encoder in encoders.items():
        words = split_texts([text], encoder.tokenizer)[0].to_pylist()
        rows = encoder.vocabulary.rows(np.array(words, dtype=object))
        known = rows[rows >= FIRST][: encoder.length]
        found[name] = np.pad(known, (0, encoder.length - len(known))).astype("int32")[None]
        missing.append({word for word, row in zip(words, rows, strict=True) if row < FIRST})
    return found, sorted(set.intersection(*missing))


def _cosines(model, tokens):
    """Cosines `(rows,)` with an item that has these words and nothing else; None if it is zero."""
    tower = model.item_tower
    empty = {
        name: ops.convert_to_numpy(x) for name, x in tower.catalog(np.array([PADDING])).items()
    }
    features = {**empty, **tokens, "item": np.array([UNKNOWN], "int32")}
    if model.code is not None:
        features[CODE] = ops.convert_to_numpy(model.code(features))
    vector = tower.encoder({name: features[name] for name in tower.encoder.input})
    catalog = np.asarray(model.encode_catalog())
    width = catalog.shape[1]
    columns = np.arange(width - model.bias_columns)
    if model.content_columns is not None:
        columns = np.intersect1d(columns, np.arange(width)[model.content_columns])
    vector = _unit(ops.convert_to_numpy(ops.cast(vector, "float32"))[:, columns])
    if not vector.any():
        return None
    return (_unit(catalog[:, columns]) @ vector[0]).astype("float32")


def _unit(vectors):
    size = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.divide(vectors, size, out=np.zeros_like(vectors), where=size > 0)


def _fused(scores, ranked):
    """The sum of `1 / (60 + rank)` over both orders, by row."""
    fused = np.zeros(len(scores))
    by_words = FIRST + np.argsort(-scores[FIRST:], kind="stable")
    for rows in (by_words, ranked[ranked >= FIRST]):
        fused[rows] += 1 / (FUSION + np.arange(1, len(rows) + 1))
    return fused.astype("float32")


def _rows(model, ids):
    return model.items.vocabulary.rows(np.array(ids, dtype=object))[None]
