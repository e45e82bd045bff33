"""One table and `Dense(1)` in Keras, with kerasrec's layer and optimizers or Keras's own."""

import weakref

import keras
import numpy as np
import tensorflow as tf

from benchmarks.peers.ids import zipf_ids
from benchmarks.peers.timed_fit import timed_fit

BATCHES = 64


class Weights:
    """Weights and optimizer that the cases of one group share."""

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
    """Makes a function that trains n steps by `model.fit` and returns their seconds.

    Case: `optimizer` (of kerasrec, or "stock Adam"), `rows`, `dim`, `batch`, `start` (standard
    deviation), `jit`, `steps_per_execution`.
    """
    model, data, weights = build(case)
    fit = timed_fit(model, data.prefetch(8), case.get("steps_per_execution", 1))
    return lambda steps, alive=weights: fit(steps)


def build(case):
    """Returns the compiled model, its infinite data set, and its possibly shared weights."""
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
