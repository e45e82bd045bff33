"""One table and `Dense(1)` in Keras: kerasrec's layer and optimizers, and the stock ones."""

import time
import weakref

import keras
import numpy as np
import tensorflow as tf

from benchmarks.peers.ids import zipf_ids

BATCHES = 64


class Weights:
    """What the cases of one group share."""

    def __init__(self, optimizer, rows, dim, start):
        stock = optimizer.startswith("stock ")
        if stock:
            initializer = "zeros" if start == 0 else keras.initializers.RandomNormal(stddev=start)
            self.table = keras.layers.Embedding(rows, dim, initializer)
            self.optimizer = getattr(keras.optimizers, optimizer.removeprefix("stock "))(0.01)
        else:
            import kerasrec.layers
            import kerasrec.optimizers

            self.table = kerasrec.layers.EmbeddingTable(rows, dim, stddev=start)
            self.optimizer = getattr(kerasrec.optimizers, optimizer)(0.01)
        self.head = keras.layers.Dense(1)


_alive = weakref.WeakValueDictionary()


def setup(case):
    """A function that trains n steps by `model.fit`, and gives their seconds.

    The clock runs from the end of the first call to the end of the last: what every step costs,
    callbacks included, and not the start of an epoch.

    Case: `optimizer` (of kerasrec, or "stock Adam"), `rows`, `dim`, `batch`, `start` (standard
    deviation), `jit`, `steps_per_execution`.
    """
    model, data, weights = build(case)
    data = data.prefetch(8)

    multiple = case.get("steps_per_execution", 1)
    ends = []
    clock = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: ends.append(time.perf_counter())
    )

    def run(steps, alive=weights):
        ends.clear()
        steps += multiple
        model.fit(data, steps_per_epoch=steps, verbose=0, shuffle=False, callbacks=[clock])
        return ends[-1] - ends[0]

    return run


def build(case):
    """The compiled model, its endless data, and the weights it may share with another case."""
    key = case["optimizer"], case["rows"], case["dim"], case["start"]
    weights = _alive.get(key) or Weights(*key)
    _alive[key] = weights
    ids = keras.Input((), dtype="int32")
    model = keras.Model(ids, weights.head(weights.table(ids)))
    model.compile(
        weights.optimizer,
        "mse",
        jit_compile=case.get("jit", False),
        steps_per_execution=case.get("steps_per_execution", 1),
    )
    shape = BATCHES, case["batch"]
    rows = zipf_ids(case["rows"], shape).astype("int32")
    data = tf.data.Dataset.from_tensor_slices((rows, np.ones((*shape, 1), "float32")))
    return model, data.repeat(), weights
