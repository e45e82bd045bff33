"""Saves the best epoch and stops the training when no better one comes."""

import pathlib

import keras

from kerasrec.errors import InputError


class BestCheckpoint(keras.callbacks.Callback):
    """Saves the model whenever the monitored metric is better than in all epochs before.

    An epoch without the metric in its logs was not validated: it is neither saved nor counted.
    The checkpoint is written beside its place and renamed, so that an earlier one stays as it was
    when the disk is full or the process is stopped.

    Args:
        directory: Checkpoint folder; None to save nothing.
        monitor: Name of a metric in the epoch's logs; None to save every epoch.
        patience: Validations in a row without a better value after which the training stops; None
            for never. These are epochs where every epoch is validated.
        history: Logs of the epochs of an interrupted training that is resumed.
        smaller_is_better: Whether the metric is an error.

    Attributes:
        best: Best value so far, None before the first validation.
        best_epoch: Its epoch, from 0.

    Raises:
        InputError: if the checkpoint cannot be written.
    """

    def __init__(self, directory, monitor, patience=None, history=(), smaller_is_better=False):
        super().__init__()
        self.directory = None if directory is None else pathlib.Path(directory)
        self.monitor = monitor
        self.patience = patience
        self.smaller_is_better = smaller_is_better
        self.best, self.best_epoch, self._not_better = None, None, 0
        for epoch, logs in enumerate(history):
            self._is_better(epoch, logs)

    def on_epoch_end(self, epoch, logs=None):
        known = [name.removeprefix("val_") for name in logs if name.startswith("val_")]
        if known and self.monitor is not None and self.monitor not in logs:
            raise InputError(
                f"train.monitor {self.monitor.removeprefix('val_')} is not measured: there are "
                f"{', '.join(known)}"
            )
        if self._is_better(epoch, logs) and self.directory:
            self.model.save(self.directory, overwrite=True)
        if self.is_over():
            self.model.stop_training = True

    def on_train_end(self, logs=None):
        # Another callback has stopped the training before its first validation.
        if self.best_epoch is None and self.directory:
            self.model.save(self.directory, overwrite=True)

    def is_over(self):
        """Whether the last `patience` validations were not better than the best."""
        return self.patience is not None and self._not_better >= self.patience

    def _is_better(self, epoch, logs):
        if self.monitor is not None and self.monitor not in logs:
            return False
        value = None if self.monitor is None else logs[self.monitor]
        better = self.best is None or (
            value < self.best if self.smaller_is_better else value > self.best
        )
        if better:
            self.best, self.best_epoch = value, epoch
        self._not_better = 0 if better else self._not_better + 1
        return better
