"""The progress bar of a fit."""

import keras
import rich.progress

from kerasrec.models.steps_done import steps_done
from kerasrec.progress_bar import make_bar


class ProgressBar(keras.callbacks.Callback):
    """Shows epoch, step, loss, the monitored metric and the time left, on stderr.

    Args:
        epochs: Number of epochs of the whole training.
        steps: Number of steps of an epoch.
        monitor: Metric to show beside the loss; None for none.
        first_epoch: Number of epochs that are done already.

    A context manager, so that the terminal is restored however the training ends.
    """

    def __init__(self, epochs, steps, monitor, first_epoch=0):
        super().__init__()
        self.epochs, self.steps, self.monitor = epochs, steps, monitor
        self.first_epoch = first_epoch
        self.epoch, self.metric = first_epoch, ""

    def __enter__(self):
        self._bar = make_bar(rich.progress.TextColumn("{task.fields[loss]}{task.fields[metric]}"))
        self._task = self._bar.add_task(
            self._description(),
            total=self.epochs * self.steps,
            completed=self.first_epoch * self.steps,
            loss="",
            metric="",
        )
        self._bar.start()
        return self

    def __exit__(self, *error):
        self._bar.stop()

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch
        self._bar.update(self._task, description=self._description())

    def on_train_batch_end(self, batch, logs=None):
        done = self.epoch * self.steps + steps_done(batch, self.params)
        self._bar.update(self._task, completed=done, loss=f"loss {logs['loss']:.4f}")

    def on_epoch_end(self, epoch, logs=None):
        if self.monitor in logs:
            self._bar.update(self._task, metric=f" {self.monitor} {logs[self.monitor]:.4f}")

    def _description(self):
        return f"epoch {self.epoch + 1}/{self.epochs}"
