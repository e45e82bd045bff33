"""The queries that the contract asks, and their scores."""

import numpy as np
from keras import ops

from kerasrec.data.vocabulary import FIRST
from kerasrec.models.requests.request_context import request_context


def trained_queries(model, train):
    """Inputs of one query for each user of the train part that has interactions."""
    users = np.flatnonzero(train.user_counts() > 0).astype("int32")
    past = model.histories.take(users).inputs(model.query_inputs, model.schema.history_length)
    inputs = {"user": users, **past, **request_context(model, None, len(users))[0]}
    return {name: np.asarray(inputs[name]) for name in model.query_inputs}


def scores_of(model, inputs):
    """Scores `(n, num_items)` float64 of n queries with all items; what a rating model rates."""
    if not model.predicts_values:
        catalog = ops.convert_to_numpy(model.encode_catalog())
        scores = model.score_catalog(model.encode_queries(inputs), catalog)
        return ops.convert_to_numpy(scores).astype("float64")
    # A rating by neighbours is computed for a pair.
    rows = np.arange(model.schema.num_items, dtype="int32")
    number = len(next(iter(inputs.values())))
    pairs = {name: np.repeat(value, len(rows), axis=0) for name, value in inputs.items()}
    found = model.score_pairs(pairs, np.tile(rows, number))
    return np.asarray(found, "float64").reshape(number, len(rows))


def untrained_items(train):
    """Rows of the items without train interactions."""
    rows = np.flatnonzero(train.item_counts() == 0)
    return rows[rows >= FIRST]


def item_features_read(model):
    """Names of the item features of the schema that a score depends on, as the model says."""
    _, read = model.features_read
    return sorted({feature.name for feature in model.schema.item_features} & set(read))
