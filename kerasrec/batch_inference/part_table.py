"""The answers of a part as a table of ids."""

import numpy as np
import pyarrow

TITLED = [("item", pyarrow.string()), ("title", pyarrow.string())]
# Types of the columns beside a score, by the names of `Recommender.recommend`.
MORE_TYPES = {
    "probability": pyarrow.float32(),
    "reasons": pyarrow.list_(pyarrow.struct([*TITLED, ("contribution", pyarrow.float32())])),
    "attention": pyarrow.list_(pyarrow.struct([*TITLED, ("weight", pyarrow.float32())])),
    "words": pyarrow.list_(
        pyarrow.struct(
            [
                ("word", pyarrow.string()),
                ("feature", pyarrow.string()),
                ("contribution", pyarrow.float32()),
            ]
        )
    ),
    "from_behavior": pyarrow.float32(),
    "from_content": pyarrow.float32(),
}


def part_table(names, answered, item_ids, k, columns):
    """A row for each item of each answer, in the order of the queries.

    Args:
        names: The id of each query.
        answered: Pairs of the places of some queries, `(m,)`, and their `Answer`.
        item_ids: Arrow array of all item ids.
        k: Items of an answer.
        columns: Names of the columns of the query's id and of the item.
    """
    places = np.zeros((len(names), k), "int32")
    scores = np.full((len(names), k), -np.inf, "float32")
    more = {}
    for rows, answer in answered:
        width = answer.scores.shape[1]
        places[rows, :width], scores[rows, :width] = answer.places, answer.scores
        for name, values in answer.more.items():
            empty = np.empty(places.shape, dtype=object)
            more.setdefault(name, empty)[rows, :width] = values
    kept = scores != -np.inf
    owner = np.repeat(np.arange(len(names), dtype="int32"), kept.sum(axis=1))
    # The score falls along a row, so what is kept stands at its start.
    rank = np.broadcast_to(np.arange(1, k + 1, dtype="int32"), kept.shape)[kept]
    table = {
        columns[0]: pyarrow.array(names, pyarrow.string()).take(pyarrow.array(owner)),
        "rank": pyarrow.array(rank),
        columns[1]: item_ids.take(pyarrow.array(places[kept])),
        "score": pyarrow.array(scores[kept]),
    }
    for name in MORE_TYPES:
        if name in more:
            table[name] = pyarrow.array(more[name][kept].tolist(), MORE_TYPES[name])
    return pyarrow.table(table)
