"""Scores of pairs of queries and items, by external ids."""

from kerasrec.errors import InputError
from kerasrec.id_list import id_list


def score(model, request, items):
    """Computes the answer of `Recommender.score`.

    Args:
        model: A `Recommender`.
        request: Its `Request`.
        items: External item ids, one for each query.
    """
    items = id_list(items, "items")
    if len(items) != len(request.names):
        raise InputError(
            f"score takes one item for each query: {len(request.names)} queries, {len(items)} items"
        )
    rows = request.rows_to_score(items)
    return model.score_pairs(request.inputs(slice(None)), rows)
