"""A training that ends at a time."""

import time

import keras

# What the rate is lowered by at the most: a training is not stopped before its last step.
LEAST = 0.01
# Where a model is at a share of its time, its best is at least such a share of the best of others.
LOOKED_AT, HOPELESS = 1 / 3, 0.5


class TimedTraining(keras.callbacks.Callback):
    """Ends a training after some seconds, its learning rate near 0, and keeps the best weights.

        rate = rate(0) (1 - max(seconds passed / seconds, epochs done / epochs))

    The seconds of the rate are counted from the first step on, which compiles the graph; they end
    when the share ends. The last validation is inside the share: the training stops before the
    time that the longest one so far took. After a third of the steps' time a model that has less
    than half of what another one reached is given up.

    Args:
        seconds: The share, from the construction on.
        epochs: After which the rate is 0 at the latest.
        monitor: Validation metric, larger is better, such as "val_ndcg@10".
        reached: The best value of other models.
        note: Called after a validation with the epoch from 1, the seconds since the construction
            and the value.
        clock: Returns seconds.
        validation: Seconds that the first validation is expected to take.

    Attributes:
        curve: Pairs of the seconds since the construction and the metric, a pair a validation.
        epochs_done: Epochs that were begun.
        ended: Why it stopped: "time", "hopeless", or None where something else ended it.
    """

    def __init__(
        self,
        seconds,
        epochs,
        monitor,
        reached=0.0,
        note=None,
        clock=time.perf_counter,
        validation=0.0,
    ):
        super().__init__()
        self.seconds, self.epochs, self.monitor = seconds, epochs, monitor
        self.reached, self.note, self.clock = reached, note, clock
        self.began, self.curve, self.epochs_done, self.ended = clock(), [], 0, None
        self._first_step = self._rate = self._weights = self._epoch_end = None
        self._whole, self._validation = 0.0, validation

    def on_train_begin(self, logs=None):
        self._rate = float(self.model.optimizer.learning_rate)

    def on_epoch_begin(self, epoch, logs=None):
        self.epochs_done = epoch + 1

    def on_train_batch_end(self, batch, logs=None):
        now = self.clock()
        if self._first_step is None:
            self._first_step = now
            self._whole = max(self.began + self.seconds - now, 1e-9)
        self._epoch_end = now
        done = max((now - self._first_step) / self._whole, (self.epochs_done - 1) / self.epochs)
        self.model.optimizer.learning_rate.assign(self._rate * max(1 - done, LEAST))
        if now + self._validation - self.began >= self.seconds:
            self.ended, self.model.stop_training = "time", True

    def on_epoch_end(self, epoch, logs=None):
        if self.monitor not in (logs or {}):
            return
        now, value = self.clock(), float(logs[self.monitor])
        if not self.curve or value > max(found for _, found in self.curve):
            self._weights = [keras.ops.convert_to_numpy(one).copy() for one in self.model.weights]
        self.curve.append((now - self.began, value))
        self._validation = max(self._validation, now - self._epoch_end)
        if self.note:
            self.note(epoch + 1, now - self.began, value)
        late = now - self._first_step >= LOOKED_AT * self._whole
        if late and self.ended is None and self.best < HOPELESS * self.reached:
            self.ended, self.model.stop_training = "hopeless", True

    @property
    def best(self):
        """The best value, None before the first validation."""
        return max((value for _, value in self.curve), default=None)

    def restore(self, model):
        """Gives a model the weights of its best validation; False where there was none."""
        if self._weights is None:
            return False
        for weight, value in zip(model.weights, self._weights, strict=True):
            weight.assign(value)
        return True
