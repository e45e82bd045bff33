"""What `compile` is given must read what the model gives: raw scores, the observed item first."""

import functools
import inspect
import re

import keras

from kerasrec.config.first_line import first_line
from kerasrec.errors import InputError
from kerasrec.losses import BPR, GBCE, BinaryCrossentropy, MeanSquaredError

# Of Keras those that read a probability or a rate without an argument that says so.
POSITIVE = ("kl_divergence", "poisson", "dice", "tversky", "ctc")
LABELS = ("binary_crossentropy", "binary_focal_crossentropy")
LABELS += ("hinge", "squared_hinge", "categorical_hinge")
CHOSEN_BY_SHAPE = ("accuracy", "acc", "crossentropy", "ce")
OURS = {
    "binary": "kerasrec.losses.BinaryCrossentropy(), or Keras's with from_logits=True",
    "categorical": "kerasrec.losses.Softmax(), which has the observed item in column 0",
}


def check_compiled(model, losses, loss_weights, metrics):
    """Raises an `InputError` for a loss or metric that would misread the model's logits.

    Keras's own read the label's probability, or the number of the right class; a model gives raw
    scores `(..., 1 + n)` whose column 0 is the observed item. What is not Keras's or kerasrec's is
    the user's own concern.

    Args:
        model: A `Recommender` with `candidates`.
        losses, loss_weights, metrics: As `compile` takes them, nested or not.
    """
    candidates = model.candidates
    for weight in _flat(loss_weights):
        if isinstance(weight, str):
            raise InputError(
                f"loss_weights: expected numbers, received {weight!r}; the third argument of Keras "
                "is no metric: write metrics=[...]"
            )
    losses = [_resolved(keras.losses, loss, "loss") for loss in _flat(losses)]
    for loss in losses:
        name = _name(loss)
        if _is_of_keras(loss):
            _check_raw(loss, "loss")
            if candidates != "pair":
                raise InputError(
                    f"the loss {name} of Keras compares one score with one value, and candidates "
                    f"{candidates!r} gives the observed item in column 0 beside others: take a "
                    "loss of kerasrec.losses, or candidates='pair'"
                )
            if len(model.output_shape) > 2:
                raise InputError(
                    f"the loss {name} of Keras takes the mean of an example's targets, padding "
                    "among them: take a loss of kerasrec.losses, which weighs each target"
                )
        elif isinstance(loss, MeanSquaredError) and candidates != "pair":
            raise InputError(
                f"MeanSquaredError fits scores to the observed values, and candidates "
                f"{candidates!r} trains on scores that are made to be compared with other items': "
                "choose candidates='pair', or kerasrec.losses.Softmax()"
            )
        elif isinstance(loss, (BPR, GBCE, BinaryCrossentropy)) and candidates == "all":
            raise InputError(
                f"{name} reads the other items one by one, and candidates='all' gives their sum, "
                "for a softmax: choose 'in_batch' or 'sampled', or kerasrec.losses.Softmax()"
            )
    logits = any(isinstance(loss, BinaryCrossentropy) or _from_logits(loss) for loss in losses)
    for metric in _flat(metrics):
        _check_metric(metric, candidates, logits)


def check_optimizer(optimizer):
    """The optimizer that `compile` was given, or an `InputError` for none that Keras knows."""
    try:
        return keras.optimizers.get(optimizer)
    except (ValueError, TypeError) as error:
        raise InputError(f"optimizer: {first_line(error)}") from error


def check_fit(model, arguments):
    """Raises an `InputError` for a model that is not compiled, or for what `fit` cannot heed.

    Args:
        model: A `Recommender`.
        arguments: Of its `fit`, by name.
    """
    if not model.compiled:
        raise InputError(
            f"{type(model).__name__}.fit needs an optimizer and a loss first: call "
            "model.compile(LazyAdam(), Softmax()), or with another loss of kerasrec.losses"
        )
    if arguments.get("class_weight") is not None:
        raise InputError(
            "class_weight: values and choices are no classes: weigh each target by the third of a "
            "batch's (x, y, sample_weight)"
        )
    check_labels(model)


def check_labels(model):
    """Raises an `InputError` for a loss of Keras that takes labels, and values that are none.

    Args:
        model: A compiled `Recommender`, adapted to the data that it is fitted to.
    """
    if model.has_labels is not False:
        return
    for loss in _flat(model.loss):
        name = _name(_resolved(keras.losses, loss, "loss"))
        if name in LABELS:
            raise InputError(
                f"the loss {name} of Keras takes labels, 0 or 1, and the data has other values: "
                "take MeanSquaredError() for ratings, or make labels of them"
            )


def _check_metric(metric, candidates, logits):
    advice = "keras.metrics.BinaryAccuracy(threshold=0.0) and keras.metrics.AUC(from_logits=True)"
    if isinstance(metric, str) and metric.lower() in CHOSEN_BY_SHAPE:
        raise InputError(
            f"the metric {metric!r} is chosen by shapes and reads probabilities, and a model gives "
            f"raw scores: of labels take {advice}, of ratings keras.metrics.RootMeanSquaredError()"
        )
    metric = _resolved(keras.metrics, metric, "metric")
    if not _is_of_keras(metric):
        return
    if candidates != "pair":
        raise InputError(
            f"the metric {_name(metric)} of Keras compares one score with one value, and "
            f"candidates {candidates!r} gives the observed item in column 0 beside others: leave "
            "it out, and measure by kerasrec.evaluation.evaluate"
        )
    _check_raw(metric, "metric")
    config = _config(metric)
    for key in ("threshold", "thresholds"):
        if logits and key in config and config[key] in (None, 0.5, [0.5]):
            raise InputError(
                f"the metric {_name(metric)} calls a score above 0.5 a yes, and that of a logit is "
                f"0: give {key}=0.0"
            )


def _check_raw(one, kind):
    name = _name(one)
    if "categorical" in name:
        raise InputError(
            f"the {kind} {name} reads y as the number of the right column, and a model has the "
            f"observed item in column 0: take {OURS['categorical']}"
        )
    if name in POSITIVE or _from_logits(one) is False:
        raise InputError(
            f"the {kind} {name} of Keras reads probabilities, and a model gives raw scores: take "
            + (OURS["binary"] if kind == "loss" else f"{name} with from_logits=True")
        )


def _from_logits(one):
    """Whether it reads logits; None where there is no such argument."""
    return _config(one).get("from_logits")


def _config(one):
    if hasattr(one, "get_config"):
        return one.get_config()
    function, given = (one.func, one.keywords) if isinstance(one, functools.partial) else (one, {})
    defaults = inspect.signature(function).parameters.values()
    return {parameter.name: parameter.default for parameter in defaults} | given


def _is_of_keras(one):
    one = one.func if isinstance(one, functools.partial) else one
    where = type(one) if isinstance(one, (keras.losses.Loss, keras.metrics.Metric)) else one
    return getattr(where, "__module__", "").partition(".")[0] == "keras"


def _name(one):
    """As functions of Keras are named: binary_crossentropy."""
    one = one.func if isinstance(one, functools.partial) else one
    name = getattr(one, "__name__", type(one).__name__)
    return re.sub("(?<=[a-z])(?=[A-Z])", "_", name).lower() if _is_of_keras(one) else name


def _resolved(module, one, kind):
    if kind == "loss" and isinstance(one, str) and one.lower() in CHOSEN_BY_SHAPE[2:]:
        one = "binary_crossentropy"
    try:
        return module.get(one)
    except (ValueError, TypeError) as error:
        raise InputError(f"there is no {kind} {one!r}: {error}") from error


def _flat(nested):
    return [one for one in keras.tree.flatten(nested) if one is not None]
