"""Explains a recommendation by items of the history and by words."""

import numpy as np
from keras import ops

from kerasrec.data.vocabulary import FIRST
from kerasrec.models.requests.group_reasons import group_reasons

# How many items of the history, and how many words, by default.
REASONS = 3
OTHERS = "other items of the history"
REST = "not from the history"


def add_reasons(frame, model, inputs, histories, rows, scores, catalog, count):
    """Adds the columns of `Recommender.recommend(explain=True)` to its frame.

    Args:
        frame: The answers; its index is the position in the flattened `rows`.
        model, inputs, histories, rows, scores, count: As for `reasons`.
        catalog: `model.encode_catalog()`.
    """

    def column(values):
        flat = [one for query in values for one in query]
        return [flat[i] for i in frame.index]

    if model.feature_groups:
        frame["reasons"] = column(group_reasons(model, inputs, rows, catalog))
        return
    frame["reasons"] = column(reasons(model, inputs, histories, rows, scores, count))
    steps = attention(model, inputs, count)
    if steps is not None:
        frame["attention"] = column([own] * rows.shape[1] for own in steps)
    if model.content_columns is None:
        return
    queries = model.encode_queries(inputs)
    vectors = ops.take(catalog, rows, axis=0)
    content = ops.convert_to_numpy(model.content_scores(queries, vectors))
    frame["from_content"] = content.ravel()[frame.index]
    frame["from_behavior"] = frame["score"] - frame["from_content"]
    if getattr(model.content_encoder, "texts", None):
        frame["words"] = column(words(model, queries, rows, count))


def reasons(model, inputs, histories, rows, scores, count):
    """For each recommended item the history items that contributed most to its score.

    Args:
        model: An adapted `Recommender` with `contributions`.
        inputs: Model inputs of n queries.
        histories: `Histories` of the n queries, the items that may be reasons.
        rows, scores: `(n, k)` recommendations; row 0 is padding.
        count: Items to return.

    Returns:
        n lists of k lists of dicts `item`, `title`, `contribution`, the largest first. Two more
        entries, with `item` None, make the contributions add up to the score: the other items of
        the history, and the part of the score that is not from the history. Entries of 0 are left
        out.
    """
    found = []
    for n in range(len(rows)):
        query = {name: values[n : n + 1] for name, values in inputs.items()}
        history = np.unique(histories[n])
        if "history" in query:
            # A long history is cut: what the model did not read adds nothing.
            history = np.intersect1d(history, query["history"])
        parts = model.contributions(query, history, rows[n]) if len(history) else None
        found.append(
            [
                _of_one(model, history, () if parts is None else parts[i], scores[n, i], count)
                for i in range(rows.shape[1])
            ]
        )
    return found


def attention(model, inputs, count):
    """For each query the steps of its history with the largest attention weights.

    Args:
        model: An adapted model.
        inputs: Model inputs of n queries.
        count: Steps to return.

    Returns:
        n lists of dicts `item`, `title`, `weight`, the largest first. An item may appear twice;
        all weights of a history sum to 1. None for a model that does not attend to steps.
    """
    weights = model.attend(inputs)
    if weights is None:
        return None
    history, found = np.asarray(inputs["history"]), []
    for rows, own in zip(history, weights, strict=True):
        best = np.argsort(-own, kind="stable")[:count]
        found.append(
            [
                {
                    "item": str(model.items.vocabulary.lookup(rows[i])),
                    "title": str(model.items.title_of(rows[i])),
                    "weight": float(own[i]),
                }
                for i in best
                if rows[i] >= FIRST
            ]
        )
    return found


def words(model, queries, rows, count):
    """For each recommended item the words of its texts that contributed most to its score.

    Args:
        model: An adapted model with `content_directions` and a `content_encoder` that reads texts
            by convolutions.
        queries: `(n, dim)`, the encoded queries.
        rows: `(n, k)` recommendations; row 0 is padding.
        count: Words to return.

    Returns:
        n lists of k lists of dicts `word`, `feature`, `contribution`, the largest first. A repeated
        word is returned once, with the sum.
    """
    n, k = rows.shape
    flat = rows.ravel()
    directions = ops.convert_to_numpy(model.content_directions(queries, rows))
    directions = directions.reshape(n * k, -1)
    found = [{} for _ in flat]
    for name, encoder in model.content_encoder.texts.items():
        tokens = ops.convert_to_numpy(model.catalog(flat)[name])
        parts = ops.convert_to_numpy(encoder.contributions(tokens, directions))
        texts = model.items.encoders[name].vocabulary.lookup(tokens)
        for sums, row, own, adds in zip(found, flat, texts, parts, strict=True):
            for word, add in zip(own, adds, strict=True):
                if row >= FIRST and add:
                    sums[name, str(word)] = sums.get((name, str(word)), 0.0) + float(add)
    best = [sorted(sums.items(), key=lambda one: -abs(one[1]))[:count] for sums in found]
    named = [
        [{"word": word, "feature": name, "contribution": add} for (name, word), add in some]
        for some in best
    ]
    return [named[i * k : (i + 1) * k] for i in range(n)]


def _of_one(model, history, parts, score, count):
    if not np.isfinite(score):
        return []
    parts = np.asarray(parts, "float64")
    best = np.argsort(-np.abs(parts), kind="stable")[:count]
    named = [
        {
            "item": str(model.items.vocabulary.lookup(history[i])),
            "title": str(model.items.title_of(history[i])),
            "contribution": float(parts[i]),
        }
        for i in best
    ]
    left = [
        (OTHERS, parts.sum() - parts[best].sum() if len(parts) > count else 0.0),
        (REST, float(score) - parts.sum()),
    ]
    named += [{"item": None, "title": title, "contribution": float(x)} for title, x in left]
    return [entry for entry in named if abs(entry["contribution"]) > 1e-7 * max(1, abs(score))]
