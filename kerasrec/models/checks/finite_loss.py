"""Stops a training that has become nonsense."""

import math

import keras

from kerasrec.errors import InputError
from kerasrec.models.checks.fit_errors import LOWER_THE_RATE


class FiniteLoss(keras.callbacks.Callback):
    """Ends `fit` with an `InputError` at the first step whose loss is NaN or infinite.

    Whatever the optimizer: `Recommender.fit` adds it. The epoch and step (both from 1) are named,
    or the steps where several are taken at once.
    """

    def __init__(self):
        super().__init__()
        self.epoch = 0
        self.stopped = False

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_begin(self, batch, logs=None):
        self.first = batch

    def on_train_batch_end(self, batch, logs=None):
        loss = (logs or {}).get("loss", 0.0)
        if not math.isfinite(loss):
            self.stopped = True
            first, last = self.first + 1, last_step(batch, self.params)
            place = f"step {first}" if first == last else f"steps {first} to {last}"
            advice = (
                "nothing was learnt before it, so look for extreme values in the data (values, "
                "number and vector features)"
                if (self.epoch, last) == (0, 1)
                else LOWER_THE_RATE
            )
            raise InputError(f"the loss became {loss} in epoch {self.epoch + 1}, {place}: {advice}")


def with_finite_loss(callbacks):
    """Callbacks of `fit`, a `FiniteLoss` among them."""
    if isinstance(callbacks, keras.callbacks.CallbackList):
        callbacks = callbacks.callbacks  # Keras makes a new list around them
    callbacks = keras.tree.flatten([] if callbacks is None else callbacks)
    watched = any(isinstance(callback, FiniteLoss) for callback in callbacks)
    return callbacks if watched else [FiniteLoss(), *callbacks]


def last_step(batch, params):
    """The number, from 1, of the last step that has been taken.

    Keras counts as if an epoch had whole executions, whatever `steps_per_execution`.
    """
    return min(batch + 1, params.get("steps") or batch + 1)
