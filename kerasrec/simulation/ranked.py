"""The best books of a model for some histories, as numbers of books."""

import warnings

import numpy as np


def ranked(model, histories, k, allow):
    """Asks a model as a server would.

    Args:
        model: A `Recommender` that was adapted.
        histories: Lists of ids.
        k: Number of books.
        allow: Ids of the books that are out.

    Returns:
        Ids `(n, k)` object, "" where there are no more, and scores `(n, k)`, -inf there.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a history that is empty, or all of unknown books
        frame = model.recommend(histories=histories, k=k, allow=allow)
    items, scores = np.full((len(histories), k), "", object), np.full((len(histories), k), -np.inf)
    row, place = frame["user"].to_numpy(int), frame["rank"].to_numpy() - 1
    items[row, place], scores[row, place] = frame["item"], frame["score"]
    return items, scores
