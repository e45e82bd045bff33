"""Stops a training that has become nonsense."""

import math

import keras

from kerasrec.errors import InputError


class FiniteLoss(keras.callbacks.Callback):
    """Ends `fit` with an `InputError` at the first step whose loss is NaN or infinite.

    The epoch and step (both from 1) are named; the best checkpoint so far, if any epoch was
    finished, is not touched.
    """

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        loss = (logs or {}).get("loss", 0.0)
        if not math.isfinite(loss):
            data = "look for extreme values in the data (values, number and vector features)"
            advice = (
                f"nothing was learnt before it, so {data}"
                if (self.epoch, batch) == (0, 0)
                else "lower train.optimizer.learning_rate, give the optimizer clipnorm: 1.0, or "
                + data
            )
            kept = (
                "the best checkpoint before is kept"
                if self.epoch
                else "no epoch was finished, so there is no checkpoint"
            )
            raise InputError(
                f"the loss became {loss} in epoch {self.epoch + 1}, step {batch + 1}: {advice}; "
                f"{kept}"
            )
