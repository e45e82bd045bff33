"""A learning rate that falls linearly to 0."""

import keras


class LinearDecay(keras.callbacks.LearningRateScheduler):
    """Lowers the learning rate by the same amount every epoch, to 0 after the last one.

        rate(epoch) = rate(0) (1 - epoch / epochs)

    Args:
        optimizer: Keras optimizer whose learning rate is that of the first epoch.
        epochs: Number of epochs of the whole training.

    The logs of an epoch get its `learning_rate`.
    """

    def __init__(self, optimizer, epochs):
        first = float(optimizer.learning_rate)
        super().__init__(lambda epoch, rate: first * (1 - epoch / epochs))
