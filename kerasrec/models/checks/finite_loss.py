"""Stops training at a loss that is NaN or infinite."""

import math

import keras

from kerasrec.errors import InputError
from kerasrec.models.checks.fit_errors import LOWER_LEARNING_RATE
from kerasrec.models.steps_done import steps_done


class FiniteLoss(keras.callbacks.Callback):
    """Ends `fit` with an `InputError` at the first step whose loss is NaN or infinite.

    `Recommender.fit` adds it for every optimizer. The message names epoch and step, both counted
    from 1; with `steps_per_execution` it names the range of steps.
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
            first, last = self.first + 1, steps_done(batch, self.params)
            place = f"step {first}" if first == last else f"steps {first} to {last}"
            advice = (
                "nothing was learnt before it, so look for extreme values in the data (values, "
                "number and vector features)"
                if (self.epoch, last) == (0, 1)
                else LOWER_LEARNING_RATE
            )
            raise InputError(f"the loss became {loss} in epoch {self.epoch + 1}, {place}: {advice}")


def with_finite_loss(callbacks):
    """The callbacks of `fit` as a list, with a `FiniteLoss` in front if there is none."""
    if isinstance(callbacks, keras.callbacks.CallbackList):
        callbacks = callbacks.callbacks  # Keras makes a new `CallbackList`
    callbacks = keras.tree.flatten([] if callbacks is None else callbacks)
    included = any(isinstance(callback, FiniteLoss) for callback in callbacks)
    return callbacks if included else [FiniteLoss(), *callbacks]
