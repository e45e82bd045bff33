"""What a recommendation rests on, in items of the history."""

import numpy as np

OTHERS = "other items of the history"
REST = "not from the history"


def reasons(model, inputs, histories, rows, scores, count):
    """For each recommended item the history items that contributed most to its score.

    Args:
        model: An adapted `Recommender` with `contributions`.
        inputs: Model inputs of n queries.
        histories: `Histories` of the n queries, the item rows that count as reasons.
        rows, scores: `(n, k)` recommendations; row 0 is none.
        count: Items to name.

    Returns:
        n lists of k lists of dicts `item`, `title`, `contribution`, the largest first. Two more
        entries, with `item` None, make the contributions add up to the score: the other items of
        the history, and what no item of it accounts for. Entries of exactly 0 are left out.
    """
    found = []
    for n in range(len(rows)):
        query = {name: values[n : n + 1] for name, values in inputs.items()}
        history = np.unique(histories[n])
        parts = model.contributions(query, history, rows[n]) if len(history) else None
        found.append(
            [
                _of_one(model, history, () if parts is None else parts[i], scores[n, i], count)
                for i in range(rows.shape[1])
            ]
        )
    return found


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
