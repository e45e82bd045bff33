"""One trial of a search, on the validation part."""

import math

import keras

from kerasrec.errors import InputError
from kerasrec.models import Blend
from kerasrec.training.blends import fit_parts
from kerasrec.training.callbacks.ranking_validation import RankingValidation
from kerasrec.training.callbacks.rating_validation import RatingValidation
from kerasrec.training.fit import fit
from kerasrec.training.fit_ranker import fit_ranker
from kerasrec.training.make_model import make_model
from kerasrec.training.make_ranker import make_ranker
from kerasrec.training.runs.run_metrics import best_epoch
from kerasrec.training.strategy import strategy_scope


def fit_trial(
    config, data, split, start=None, validation_users=None, callbacks=(), say=lambda line: None
):
    """Fits a model as `run` does and writes nothing.

    A model without trainable weights has no epochs and is validated once.

    Args:
        config: `RunConfig`.
        data, split, start: As for `make_model`; the test part is not read.
        validation_users: As for `fit`; the same for all trials of a search.
        callbacks: Keras callbacks; they get the validation metrics in the logs of an epoch.
        say: Called with lines for people.

    Returns:
        `(value, best_epoch, epochs)`: the best of `train.monitor`, its epoch from 1 and how many
        epochs there were; None and 0 where there is nothing to train.

    Raises:
        InputError: for what `fit` refuses, or a value that is no finite number.
    """
    keras.utils.clear_session()
    with strategy_scope(config.train.strategy):
        if config.data.ranks:
            model = make_ranker(config, split, start, say)
            history = fit_ranker(model, split, config.train, progress=False, callbacks=callbacks)
        else:
            model = make_model(config, data, split, start, say)
            if isinstance(model, Blend):
                fit_parts(model, split, config, None, False, False, say)
            history = fit(
                model,
                split,
                config.train,
                None,
                config.evaluate.ks,
                progress=False,
                callbacks=callbacks,
                validation_users=validation_users,
            )
    trained = bool(history)
    history = history or [_validation_metrics(model, split, config, validation_users)]
    monitor = config.train.monitor
    epoch = best_epoch(history, monitor)
    logs = history[epoch - 1]
    if f"val_{monitor}" not in logs:
        raise InputError(
            f"train.monitor {monitor} is not measured: {type(model).__name__} gives "
            f"{', '.join(name.removeprefix('val_') for name in logs)}"
        )
    value = logs[f"val_{monitor}"]
    if not math.isfinite(value):
        raise InputError(f"the validation {monitor} is {value}")
    return value, epoch if trained else None, len(history) if trained else 0


def _validation_metrics(model, split, config, validation_users):
    """What the callbacks of the validation add to the logs of an epoch."""
    logs = {}
    for validation in (
        RankingValidation(split, config.evaluate.ks, validation_users),
        RatingValidation(split, config.train.loss, validation_users),
    ):
        validation.set_model(model)
        validation.on_epoch_end(0, logs)
    return logs
