"""Ranks items by the words of a search: many searches at a time, in rows."""

import numpy as np
from keras import ops

from kerasrec.data.text_tokens import split_texts
from kerasrec.data.vocabulary import FIRST, PADDING, UNKNOWN
from kerasrec.layers.content_encoder import CODE
from kerasrec.models.top_k import NEVER, TopK

# Of reciprocal rank fusion, as in its source.
FUSION = 60
# Items of each order that are fused.
DEPTH = 1000
# Behind it a step of a rank changes a sum by less than the tolerance of an export, 1e-5.
SEEN_RANKS = 300
ROUNDING = 2e-6


def text_encoders(model):
    """The encoders of the texts that the item vectors of a model read, by name; {} for none."""
    if not model.searchable:
        return {}
    read = set(model.item_tower.encoder.input)
    if model.code is not None:
        read |= {feature["name"] for feature in model.code.features}
    encoders = model.items.encoders
    return {name: one for name, one in encoders.items() if one.kind == "text" and name in read}


def finest(encoders):
    """The tokenizer of some encoders that splits texts into the smallest words."""
    tokenizers = {each.tokenizer for each in encoders.values()}
    return "bigrams" if "bigrams" in tokenizers else "words"


def read_words(encoders, texts):
    """Looks up the words of some texts.

    Args:
        encoders: Of `text_encoders`.
        texts: List of str.

    Returns:
        Known tokens of each feature, a dict of name to `(n, length)` int32; the number of words of
        each text that some feature knows, int32 `(n,)`; and a list of the others for each text.
    """
    tokens = {}
    for name, encoder in encoders.items():
        words, counts = split_texts(texts, encoder.tokenizer)
        rows = encoder.vocabulary.rows(np.array(words.to_pylist(), dtype=object))
        tokens[name] = np.full((len(texts), encoder.length), PADDING, "int32")
        for number, own in enumerate(np.split(rows, np.cumsum(counts)[:-1])):
            known = own[own >= FIRST][: encoder.length]
            tokens[name][number, : len(known)] = known
    words, counts = split_texts(texts, finest(encoders))
    words = np.array(words.to_pylist(), dtype=object)
    found = [encoder.vocabulary.rows(words) >= FIRST for encoder in encoders.values()]
    is_known = np.any(found, axis=0)
    ends = np.cumsum(counts)[:-1]
    known = [own.sum() for own in np.split(is_known, ends)]
    unknown = [
        list(dict.fromkeys(own[~its]))
        for own, its in zip(np.split(words, ends), np.split(is_known, ends), strict=True)
    ]
    return tokens, np.array(known, "int32"), unknown


def content_mask(model, width):
    """bool `(width,)`: the columns of an item vector in which words are compared."""
    mask = np.arange(width) < width - model.bias_columns
    if model.content_columns is not None:
        content = np.zeros(width, bool)
        content[model.content_columns] = True
        mask &= content
    return mask


def word_vectors(model, tokens):
    """Vectors `(n, dim)` of items that have these words and nothing else."""
    tower = model.item_tower
    count = len(next(iter(tokens.values())))
    stored = tower.catalog(np.full(count, PADDING, "int32"))
    empty = {name: ops.convert_to_numpy(x) for name, x in stored.items()}
    features = {**empty, **tokens, "item": np.full(count, UNKNOWN, "int32")}
    if model.code is not None:
        features[CODE] = ops.convert_to_numpy(model.code(features))
    vectors = tower.encoder({name: features[name] for name in tower.encoder.input})
    return ops.convert_to_numpy(ops.cast(vectors, "float32"))


def best_by_words(model, tokens, inputs, asked, k, exclude, allow, catalog):
    """The k best items of n searches.

    Args:
        model: A searchable model with `text_encoders`.
        tokens: Of `read_words`.
        inputs: Model inputs of n queries, None if nobody asks.
        asked: bool `(n,)`: where the order of the query is fused with that by words.
        k: Items of an answer.
        exclude, allow: `(n, any)` item rows, as for `TopK`.
        catalog: Item vectors, an array.

    Returns:
        Rows and scores `(n, k)`, padded with row 0 and -inf; bool `(n,)`, whether the order is by
        words, False is one of popular items; and bool `(n,)`, whether ranks were fused that
        rounding may exchange, see `near_ties`.
    """
    mask = content_mask(model, catalog.shape[1])
    vectors = word_vectors(model, tokens)[:, mask]
    given = np.any([(rows != PADDING).any(axis=1) for rows in tokens.values()], axis=0)
    by_words = given & vectors.any(axis=1)
    cosines = (_unit(vectors) @ _unit(catalog[:, mask]).T).astype("float32")
    counts = np.bincount(model.histories.items, minlength=len(catalog)).astype("float32")
    scores = np.where(by_words[:, None], cosines, counts)
    fused, unsure = by_words & asked, np.zeros(len(asked), bool)
    if fused.any():
        depth = min(max(k, DEPTH), len(catalog) - FIRST)
        limits = exclude[fused], allow[fused]
        inputs = {name: x[fused] for name, x in inputs.items()}
        for_user = model.score_catalog(model.encode_queries(inputs), ops.convert_to_tensor(catalog))
        orders = [_best(order, depth, *limits)[0] for order in (cosines[fused], for_user)]
        unsure[fused] = near_ties(cosines[fused]) | near_ties(ops.convert_to_numpy(for_user))
        scores[fused] = _fused(orders, len(catalog))
    return *_best(scores, k, exclude, allow), by_words, unsure


def near_ties(scores):
    """Whether some of the best scores of each row `(n, items)` are equal but for rounding: `(n,)`.

    Only the first `SEEN_RANKS` are looked at.
    """
    best = -np.sort(-scores[:, FIRST:], axis=1)[:, :SEEN_RANKS]
    size = np.abs(best).max(axis=1, initial=0.0, keepdims=True)
    return (-np.diff(best, axis=1) <= ROUNDING * size).any(axis=1)


def _best(scores, k, exclude, allow):
    answer = TopK(k)(ops.convert_to_tensor(scores), exclude, allow)
    return ops.convert_to_numpy(answer["rows"]), ops.convert_to_numpy(answer["scores"])


def _fused(orders, size):
    """Of each row the sum of `1 / (60 + rank)` over the orders; -inf for a row in none of them."""
    sums = np.zeros((len(orders[0]), size))
    for rows in orders:
        queries = np.arange(len(rows))[:, None]
        sums[queries, rows] += 1 / (FUSION + np.arange(1, rows.shape[1] + 1))
    return np.where(sums > 0, sums, NEVER).astype("float32")


def _unit(vectors):
    size = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.divide(vectors, size, out=np.zeros_like(vectors), where=size > 0)
