"""Losses and optimizers by their names in a config."""

import importlib
import inspect

from kerasrec.config.nearest import nearest
from kerasrec.errors import InputError

LOSSES = {
    "softmax": "Softmax",
    "bpr": "BPR",
    "bce": "BinaryCrossentropy",
    "gbce": "GBCE",
    "mse": "MeanSquaredError",
}
# Keras's own losses that compare a raw score with a value.
KERAS_LOSSES = ("mean_squared_error", "mean_absolute_error", "huber", "log_cosh")


def loss_by_name(name, num_items, gbce_t=None):
    """The loss of `train.loss`: softmax, bpr, bce, gbce and mse are ours, the others Keras's.

    Args:
        name: Of `LOSSES` or `KERAS_LOSSES`.
        num_items: Rows of the item vocabulary; gbce needs the share of items that is sampled.
        gbce_t: Calibration of gbce; None for its default.

    Raises:
        InputError: for any other name.
    """
    check_loss_name(name)
    if name in LOSSES:
        loss = getattr(importlib.import_module("kerasrec.losses"), LOSSES[name])
        if name == "gbce":
            return loss(num_items) if gbce_t is None else loss(num_items, t=gbce_t)
        return loss()
    return importlib.import_module("keras").losses.get(name)


# Losses of one label of impressions -> the class and its arguments.
RANKER_LOSSES = {
    "bce": "MaskedBinaryCrossentropy",
    "focal": "Focal",
    "poisson": "Poisson",
    "watch_time": "WatchTimeLoss",
    "squared": "SquaredError",
    "list_softmax": "ListSoftmax",
    "rank_net": "RankNet",
    "lambda_rank": "LambdaRank",
}
# Kind of a label -> its losses, the default first: they read the logit as `Task` says.
WITHIN_REQUEST = ("list_softmax", "rank_net", "lambda_rank")
LOSSES_OF_KIND = {
    "binary": ("bce", "focal", *WITHIN_REQUEST),
    "count": ("poisson", *WITHIN_REQUEST),
    "seconds": ("watch_time", "poisson", *WITHIN_REQUEST),
    "rating": ("squared",),
}


def ranker_loss(name, kind):
    """The loss of one label of impressions, by its name in `train.loss`.

    Args:
        name: Of `RANKER_LOSSES`.
        kind: Of the `Task`.
    """
    check_ranker_loss_name(name, kind)
    return getattr(importlib.import_module("kerasrec.losses"), RANKER_LOSSES[name])()


def check_ranker_loss_name(name, kind=None):
    """Raises an `InputError` for a name that is not of `RANKER_LOSSES`, or not for a kind."""
    if name not in RANKER_LOSSES:
        raise InputError(
            f"there is no loss {name} of a label{nearest(name, RANKER_LOSSES)}: there are "
            f"{', '.join(RANKER_LOSSES)}"
        )
    if kind is not None and name not in LOSSES_OF_KIND[kind]:
        raise InputError(
            f"the loss {name} is not for a label of kind {kind}: choose "
            f"{' or '.join(LOSSES_OF_KIND[kind])}, or give the label another kind"
        )


def optimizer_class(name):
    """An optimizer class of Keras or `kerasrec.optimizers` by name, whatever its case.

    "auto" is `LazyAdam`, which is Adam that updates only the rows of embedding tables that a batch
    reads.

    Raises:
        InputError: for any other name.
    """
    keras = importlib.import_module("keras").optimizers
    ours = importlib.import_module("kerasrec.optimizers")
    found = {
        key.lower(): value
        for module in (keras, ours)
        for key, value in vars(module).items()
        if inspect.isclass(value)
        and issubclass(value, keras.Optimizer)
        and value is not keras.Optimizer
    }
    found["auto"] = ours.LazyAdam
    if name.lower() not in found:
        raise InputError(f"there is no optimizer {name}{nearest(name.lower(), found)}")
    return found[name.lower()]


def check_loss_name(name):
    """Raises an `InputError` for a name that is neither of `LOSSES` nor of `KERAS_LOSSES`."""
    if name in LOSSES or name in KERAS_LOSSES:
        return
    if name.replace("_", "").lower() == "binarycrossentropy":
        raise InputError(
            f"{name} of Keras reads probabilities, and a model gives raw scores: set it to bce, "
            "which reads those"
        )
    raise InputError(
        f"there is no loss {name} for a config{nearest(name, [*LOSSES, *KERAS_LOSSES])}; "
        "in Python, model.compile takes any Keras loss object"
    )
