"""Times the steps of Keras's `fit`."""

import time

import keras


def timed_fit(model, data, multiple):
    """Makes a function that trains n steps by `model.fit` and returns their seconds.

    The clock runs from the end of the first call to the end of the last. So it includes callbacks,
    but not the start of an epoch.

    Args:
        model: A compiled model.
        data: An infinite `tf.data.Dataset`.
        multiple: Steps per call.
    """
    ends = []
    clock = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: ends.append(time.perf_counter())
    )

    def run(steps):
        ends.clear()
        steps += multiple
        model.fit(data, steps_per_epoch=steps, verbose=0, shuffle=False, callbacks=[clock])
        return ends[-1] - ends[0]

    return run
