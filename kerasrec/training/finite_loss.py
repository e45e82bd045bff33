"""Stops a training that has become nonsense."""

import math

import keras

from kerasrec.errors import InputError


class FiniteLoss(keras.callbacks.Callback):
    """Ends `fit` with an `InputError` at the first step whose loss is NaN or infinite.

    The epoch and step (both from 1) are named, or the steps where several are taken at once; the
    best checkpoint so far, if any epoch was finished, is not touched.
    """

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_begin(self, batch, logs=None):
        self.first = batch

    def on_train_batch_end(self, batch, logs=None):
        loss = (logs or {}).get("loss", 0.0)
        if not math.isfinite(loss):
            first, last = self.first + 1, last_step(batch, self.params)
            place = f"step {first}" if first == last else f"steps {first} to {last}"
            data = "look for extreme values in the data (values, number and vector features)"
            advice = (
                f"nothing was learnt before it, so {data}"
                if (self.epoch, last) == (0, 1)
                else "lower train.optimizer.learning_rate, give the optimizer clipnorm: 1.0, or "
                + data
            )
            raise InputError(
                f"the loss became {loss} in epoch {self.epoch + 1}, {place}: {advice}; "
                f"{self.kept()}"
            )

    def kept(self):
        """What is left of the training, in words."""
        if self.epoch:
            return "the best checkpoint before is kept"
        return "no epoch was finished, so there is no checkpoint"


def last_step(batch, params):
    """The number, from 1, of the last step that has been taken.

    Keras counts as if an epoch had whole executions, whatever `steps_per_execution`.
    """
    return min(batch + 1, params.get("steps") or batch + 1)
