"""What each item of a history adds to the score of an item."""

import numpy as np

from kerasrec.data.query_spec import step_context
from kerasrec.data.vocabulary import PADDING
from kerasrec.models.predict import predict

# Relative to the mean eigenvalue: similar items share a contribution.
RIDGE = 0.01


def score_losses(model, inputs, history, items):
    """What each score loses when an item is left out of the history.

    Args:
        model: A model whose query reads a history.
        inputs: Model inputs of one query, first axis 1.
        history: `(h,)` distinct item rows.
        items: `(m,)` item rows.

    Returns:
        `(m, h)` float64.
    """
    read = np.asarray(inputs["history"])
    left = np.where(read == np.asarray(history)[:, None], PADDING, read)
    # Padding is on the right, as of every history.
    places = np.argsort(left == PADDING, axis=1, kind="stable")
    without = {"history": left} | {
        each.name: np.where(left == PADDING, PADDING, inputs[each.name])
        for each in step_context(inputs)
    }
    without = {name: np.take_along_axis(x, places, axis=1) for name, x in without.items()}
    inputs = {
        name: np.concatenate([x, without.get(name, np.repeat(x, len(left), axis=0))])
        for name, x in inputs.items()
    }
    scores = model.score_items(inputs, np.asarray(items, "int32"))
    return scores[:, :1] - scores[:, 1:]


def ridge_contributions(model, inputs, history, items):
    """A query q that reads no history, written as a sum of the history's item vectors v_j.

        a = argmin |q - sum_j a_j v_j|^2 + lambda |a|^2

    Item j adds a_j <v_j, v_i> to the score of item i. Biases, the last `bias_columns` of the
    vectors, belong to no item of the history.

    Args:
        model: A `Retriever`.
        inputs, history, items: As of `score_losses`.

    Returns:
        `(m, h)` float64.
    """
    rows = np.concatenate([history, items]).astype("int32")
    vectors = predict(model.item_model, {"item": rows}).astype("float64")
    query = model.encode_queries(inputs)[0].astype("float64")
    width = len(query) - model.bias_columns
    query, (past, candidates) = query[:width], np.split(vectors[:, :width], [len(history)])
    gram = past.T @ past
    ridge = RIDGE * np.trace(gram) / len(gram) + 1e-12
    shares = past @ np.linalg.solve(gram + ridge * np.eye(len(gram)), query)
    return candidates @ past.T * shares
