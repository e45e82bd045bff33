"""Callbacks that are not called after every epoch."""

import keras


class EveryNthEpoch(keras.callbacks.Callback):
    """Calls others after every n-th epoch, and after the last one.

    Args:
        n: Epochs from one call to the next; counted from the first epoch of the whole training, so
            a resumed training calls them after the same epochs.
        callbacks: Keras callbacks that only act at the end of an epoch.
    """

    def __init__(self, n, callbacks):
        super().__init__()
        self.n, self.callbacks = n, callbacks

    def set_model(self, model):
        super().set_model(model)
        for callback in self.callbacks:
            callback.set_model(model)

    def on_epoch_end(self, epoch, logs=None):
        last = epoch + 1 == self.params["epochs"] or self.model.stop_training
        if last or (epoch + 1) % self.n == 0:
            for callback in self.callbacks:
                callback.on_epoch_end(epoch, logs)
