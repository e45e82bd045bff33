"""Checks of `compile` and `fit`: losses and metrics must read raw scores, positive first."""

import functools
import inspect
import re

import keras

from kerasrec.config.first_line import first_line
from kerasrec.errors import InputError
from kerasrec.losses import BPR, GBCE, BinaryCrossentropy, MeanSquaredError

# Losses and metrics of Keras that always read a probability or a rate.
OF_PROBABILITIES = ("kl_divergence", "poisson", "dice", "tversky", "ctc")
LOSSES_OF_LABELS = ("binary_crossentropy", "binary_focal_crossentropy")
LOSSES_OF_LABELS += ("hinge", "squared_hinge", "categorical_hinge")
# Names for which Keras chooses a function by the shapes of its arguments.
METRICS_BY_SHAPE = ("accuracy", "acc", "crossentropy", "ce")
LOSSES_BY_SHAPE = ("crossentropy", "ce")
REPLACEMENTS = {
    "binary": "kerasrec.losses.BinaryCrossentropy(), or Keras's with from_logits=True",
    "categorical": "kerasrec.losses.Softmax(), which reads the observed item in column 0",
}


def check_compiled(model, losses, loss_weights, metrics):
    """Raises an `InputError` for a loss or metric that would misread the model's logits.

    Many losses of Keras read the probability of a label, or the index of the right class. A model
    gives raw scores `(..., 1 + n)` with the observed item in column 0. Losses and metrics that come
    neither from Keras nor from kerasrec are not checked.

    Args:
        model: A `Recommender` with `candidates`.
        losses, loss_weights, metrics: As for `compile`, nested or not.
    """
    candidates = model.candidates
    for weight in _flatten(loss_weights):
        if isinstance(weight, str):
            raise InputError(
                f"loss_weights: expected numbers, received {weight!r}; the third argument of "
                "compile is not metrics: write metrics=[...]"
            )
    losses = [_resolve(keras.losses, loss, "loss") for loss in _flatten(losses)]
    for loss in losses:
        name = _name(loss)
        if _is_of_keras(loss):
            _check_raw(loss, "loss")
            if candidates != "pair":
                raise InputError(
                    f"the loss {name} of Keras compares one score with one value, and candidates "
                    f"{candidates!r} gives the observed item in column 0 beside other items: use a "
                    "loss of kerasrec.losses, or candidates='pair'"
                )
            if len(model.output_shape) > 2:
                raise InputError(
                    f"the loss {name} of Keras takes the mean over an example's targets, including "
                    "padding: use a loss of kerasrec.losses, which weights each target"
                )
        elif isinstance(loss, MeanSquaredError) and candidates != "pair":
            raise InputError(
                f"MeanSquaredError fits scores to the observed values, and candidates "
                f"{candidates!r} compares scores with those of other items: use "
                "candidates='pair', or kerasrec.losses.Softmax()"
            )
        elif isinstance(loss, (BPR, GBCE, BinaryCrossentropy)) and candidates == "all":
            raise InputError(
                f"{name} reads each other item, and candidates='all' gives only their sum, for a "
                "softmax: use candidates 'in_batch' or 'sampled', or kerasrec.losses.Softmax()"
            )
    reads_logits = any(
        isinstance(loss, BinaryCrossentropy) or _from_logits(loss) for loss in losses
    )
    for metric in _flatten(metrics):
        _check_metric(metric, candidates, reads_logits)


def check_optimizer(optimizer):
    """The Keras optimizer of an argument of `compile`; an `InputError` if there is none."""
    try:
        return keras.optimizers.get(optimizer)
    except (ValueError, TypeError) as error:
        raise InputError(f"optimizer: {first_line(error)}") from error


def check_fit(model, arguments):
    """Raises an `InputError` if the model is not compiled or an argument of `fit` has no effect.

    Args:
        model: A `Recommender`.
        arguments: Dict of further arguments of its `fit`.
    """
    if not model.compiled:
        raise InputError(
            f"{type(model).__name__}.fit needs an optimizer and a loss: call "
            "model.compile(LazyAdam(), Softmax()) first, or another loss of kerasrec.losses"
        )
    if arguments.get("class_weight") is not None:
        raise InputError(
            "class_weight: the targets are not classes: use the sample_weight of a batch "
            "(x, y, sample_weight)"
        )
    check_labels(model)


def check_labels(model):
    """Raises an `InputError` for a loss of Keras that reads labels if the values are not labels.

    Args:
        model: A compiled `Recommender`, adapted to the data that it is fitted to.
    """
    if model.has_labels is not False:
        return
    for loss in _flatten(model.loss):
        name = _name(_resolve(keras.losses, loss, "loss"))
        if name in LOSSES_OF_LABELS:
            raise InputError(
                f"the loss {name} of Keras reads labels, 0 or 1, and the data has other values: "
                "use MeanSquaredError() for ratings, or convert them to labels"
            )


def fits_logits(model):
    """Whether a compiled model learns scores that are logits of labels, each against its own label.

    Among other items, or by another loss, a score only orders.

    Args:
        model: A compiled `Recommender`, adapted to the data that it is fitted to.
    """
    losses = [_resolve(keras.losses, loss, "loss") for loss in _flatten(model.loss)]
    own = [
        isinstance(loss, BinaryCrossentropy)
        or (_name(loss) == "binary_crossentropy" and _from_logits(loss))
        for loss in losses
    ]
    return model.candidates == "pair" and bool(model.has_labels) and bool(own) and all(own)


def _check_metric(metric, candidates, reads_logits):
    advice = "keras.metrics.BinaryAccuracy(threshold=0.0) and keras.metrics.AUC(from_logits=True)"
    if isinstance(metric, str) and metric.lower() in METRICS_BY_SHAPE:
        raise InputError(
            f"the metric {metric!r} is chosen by shapes and reads probabilities, and a model gives "
            f"raw scores: for labels use {advice}, for ratings keras.metrics.RootMeanSquaredError()"
        )
    metric = _resolve(keras.metrics, metric, "metric")
    if not _is_of_keras(metric):
        return
    if candidates != "pair":
        raise InputError(
            f"the metric {_name(metric)} of Keras compares one score with one value, and "
            f"candidates {candidates!r} gives the observed item in column 0 beside other items: "
            "leave it out, and use kerasrec.evaluation.evaluate"
        )
    _check_raw(metric, "metric")
    config = _config(metric)
    for key in ("threshold", "thresholds"):
        if reads_logits and key in config and config[key] in (None, 0.5, [0.5]):
            raise InputError(
                f"the metric {_name(metric)} counts a score above 0.5 as positive, and the "
                f"threshold of a logit is 0: give {key}=0.0"
            )


def _check_raw(loss_or_metric, kind):
    """Raises an `InputError` for one that reads classes or probabilities."""
    name = _name(loss_or_metric)
    if "categorical" in name:
        raise InputError(
            f"the {kind} {name} reads y as the index of the right column, and a model has the "
            f"observed item in column 0: use {REPLACEMENTS['categorical']}"
        )
    if name in OF_PROBABILITIES or _from_logits(loss_or_metric) is False:
        raise InputError(
            f"the {kind} {name} of Keras reads probabilities, and a model gives raw scores: use "
            + (REPLACEMENTS["binary"] if kind == "loss" else f"{name} with from_logits=True")
        )


def _from_logits(loss_or_metric):
    """Its argument `from_logits`, or None if it has no such argument."""
    return _config(loss_or_metric).get("from_logits")


def _config(loss_or_metric):
    """Its arguments by name."""
    if hasattr(loss_or_metric, "get_config"):
        return loss_or_metric.get_config()
    keywords = loss_or_metric.keywords if isinstance(loss_or_metric, functools.partial) else {}
    parameters = inspect.signature(_function(loss_or_metric)).parameters.values()
    return {parameter.name: parameter.default for parameter in parameters} | keywords


def _is_of_keras(loss_or_metric):
    function = _function(loss_or_metric)
    is_object = isinstance(function, (keras.losses.Loss, keras.metrics.Metric))
    definition = type(function) if is_object else function
    return getattr(definition, "__module__", "").partition(".")[0] == "keras"


def _name(loss_or_metric):
    """Its name; if it is of Keras in the style of Keras functions, such as binary_crossentropy."""
    function = _function(loss_or_metric)
    name = getattr(function, "__name__", type(function).__name__)
    return re.sub("(?<=[a-z])(?=[A-Z])", "_", name).lower() if _is_of_keras(function) else name


def _function(loss_or_metric):
    """The function inside a `functools.partial`; anything else unchanged."""
    is_partial = isinstance(loss_or_metric, functools.partial)
    return loss_or_metric.func if is_partial else loss_or_metric


def _resolve(module, identifier, kind):
    """The loss or metric of a Keras identifier."""
    if kind == "loss" and isinstance(identifier, str) and identifier.lower() in LOSSES_BY_SHAPE:
        identifier = "binary_crossentropy"
    try:
        return module.get(identifier)
    except (ValueError, TypeError) as error:
        raise InputError(f"there is no {kind} {identifier!r}: {error}") from error


def _flatten(nested):
    return [one for one in keras.tree.flatten(nested) if one is not None]
