"""Scores as probabilities, where they are logits."""

import numpy as np

from kerasrec.errors import InputError


def check_probabilities(model, asked):
    """Raises an `InputError` if probabilities are asked for and the scores of a model are none.

    Args:
        model: A `Recommender`.
        asked: Whether they are asked for.
    """
    if not asked or model.scores_are_logits:
        return
    name = type(model).__name__
    if model.feature_groups:
        raise InputError(
            f"probabilities: a score of {name} is a blend of its tasks: predict_impressions gives "
            "the probability of each label"
        )
    raise InputError(
        f"probabilities: the scores of this {name} only order items: they are logits after fit "
        "with candidates pair, values of 0 and 1, and the loss BinaryCrossentropy (train.loss bce)"
    )


def sigmoid(scores):
    """`1 / (1 + exp(-score))`, float32, without overflow.

    >>> sigmoid([0.0, -1e9]).tolist()
    [0.5, 0.0]
    """
    return np.exp(-np.logaddexp(0.0, -np.asarray(scores, "float64"))).astype("float32")
