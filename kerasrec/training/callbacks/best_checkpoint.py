"""Saves the best epoch and stops the training when no better one comes."""

import pathlib

import keras

from kerasrec.errors import InputError


class BestCheckpoint(keras.callbacks.Callback):
    """Saves the model whenever the monitored metric is better than in all epochs before.

    The checkpoint is written beside its place and renamed, so that an earlier one stays as it was
    when the disk is full or the process is stopped.

    Args:
        directory: Checkpoint folder; None to save nothing.
        monitor: Name of a metric in the epoch's logs; None to save every epoch.
        patience: Epochs without a better value after which the training stops; None for never.
        history: Logs of the epochs of an interrupted training that is resumed.
        smaller_is_better: Whether the metric is an error.

    Attributes:
        best: Best value so far, None before the first epoch.
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
        self.best, self.best_epoch = None, None
        for epoch, logs in enumerate(history):
            self._is_better(epoch, logs)

    def on_epoch_end(self, epoch, logs=None):
        if self._is_better(epoch, logs) and self.directory:
            self.model.save(self.directory, overwrite=True)
        if self.is_over(epoch):
            self.model.stop_training = True

    def is_over(self, epoch):
        """Whether the last `patience` epochs up to `epoch` were not better than the best."""
        return self.patience is not None and epoch - self.best_epoch >= self.patience

    def _is_better(self, epoch, logs):
        if self.monitor is not None and self.monitor not in logs:
            known = ", ".join(name.removeprefix("val_") for name in logs if "val_" in name)
            raise InputError(
                f"train.monitor {self.monitor.removeprefix('val_')} is not measured: there are "
                f"{known}"
            )
        value = None if self.monitor is None else logs[self.monitor]
        better = self.best is None or (
            value < self.best if self.smaller_is_better else value > self.best
        )
        if better:
            self.best, self.best_epoch = value, epoch
        return better
