"""Stops a training that has become nonsense."""

import math

import keras

from kerasrec.errors import InputError


class FiniteLoss(keras.callbacks.Callback):
    """Ends `fit` with an `InputError` at the first step whose loss is NaN or infinite.

    The epoch and step (both from 1) are named; the best checkpoint so far is not touched.
    """

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        loss = (logs or {}).get("loss", 0.0)
        if not math.isfinite(loss):
            raise InputError(
                f"the loss became {loss} in epoch {self.epoch + 1}, step {batch + 1}: lower "
                "train.optimizer.learning_rate or give the optimizer clipnorm: 1.0; "
                "the best checkpoint before is kept"
            )
