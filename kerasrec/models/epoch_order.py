"""Which epoch a dataset of `batches` gives, where Keras reads ahead of the first."""

import keras


class EpochOrder(keras.callbacks.Callback):
    """Says to the data at each epoch's begin which epoch it is.

    On JAX and PyTorch Keras reads a batch to build the model before the training begins, and some
    more in advance: of a short epoch the data would take that for the epoch itself.

    Args:
        epochs: `Epochs` of the dataset.
    """

    def __init__(self, epochs):
        super().__init__()
        self._epochs, self._next = epochs, epochs.next

    def on_epoch_begin(self, epoch, logs=None):
        self._epochs.begin(self._next)
        self._next += 1

    def on_train_end(self, logs=None):
        self._epochs.begin(self._next)
        self._epochs.count()


def with_epoch_order(callbacks, x):
    """Callbacks of `fit`, with an `EpochOrder` where it is needed."""
    counts = keras.backend.backend() != "tensorflow" and hasattr(x, "epochs")
    return [*callbacks, EpochOrder(x.epochs)] if counts else callbacks
