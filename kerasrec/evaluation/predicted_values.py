"""Predicted values beside the ranking: for models that learn them."""

import numpy as np

from kerasrec.evaluation import evaluate_ratings


def rate(model, split, part, loss, bootstrap=1000):
    """The `Evaluation` of predicted ratings or labels, None for a model that predicts neither.

    Only with candidates "pair" is a score an estimate of the value. The loss says of which: `bce`
    makes it the logit of a label (0 or 1), any other loss a rating.

    Args:
        model: An adapted `Recommender`.
        split: `Split`.
        part: "validation" or "test".
        loss: `train.loss` of the model's config.
        bootstrap: As for `evaluate_ratings`.
    """
    if not predicts_values(model, split, part, loss):
        return None
    return evaluate_ratings(
        model, split, part=part, bootstrap=bootstrap, from_logits=has_labels(split, part)
    )


def predicts_values(model, split, part, loss):
    """Whether the scores of a model estimate the values of a part, and those differ at all."""
    if not model.predicts_values or are_all_equal(split, part):
        return False
    return has_labels(split, part) == (loss == "bce")


def are_all_equal(split, part):
    """Whether the values of train and a part leave nothing to predict."""
    values = _values(split, part)
    return bool((values == values[0]).all())


def has_labels(split, part):
    """Whether the values of train and a part are 0 and 1 only."""
    return bool(np.isin(_values(split, part), (0.0, 1.0)).all())


def _values(split, part):
    return np.concatenate([split.train.value, getattr(split, part).value])
