"""Batches of NumPy arrays, where TensorFlow is not installed."""

import keras


class PyBatches(keras.utils.PyDataset):
    """What `batches` gives without TensorFlow: the same batches in the same order.

    It is made in the process that trains, one batch when it is asked for. Iterated by itself it
    gives one epoch.

    Args:
        order: From the number of an epoch to the numbers of its examples, where each batch starts
            and how wide it is; see `Buckets.plan`.
        batch: From the numbers of a batch's examples and its width to `(x, y, sample_weight)`.
        steps: Batches of an epoch.
        epochs: `Epochs` that counts them.
        real_share: Share of the places that are not padding.
    """

    def __init__(self, order, batch, steps, epochs, real_share):
        super().__init__()
        self.epochs = epochs
        self.real_share = real_share
        self._order, self._batch, self._steps = order, batch, steps
        self._planned = None

    def __len__(self):
        return self._steps

    def __getitem__(self, step):
        epoch = int(self.epochs.current())
        if self._planned != epoch:
            self._plan, self._planned = self._order(epoch), epoch
        numbers, starts, widths = self._plan
        found = self._batch(numbers[starts[step] : starts[step + 1]], widths[step])
        if step == self._steps - 1:
            self.epochs.finish(epoch)
        return found

    def __iter__(self):
        return (self[step] for step in range(self._steps))
