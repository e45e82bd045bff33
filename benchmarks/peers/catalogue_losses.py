"""A loss over the catalogue on one table of item vectors, used for queries and items."""

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from benchmarks.peers.ids import zipf_ids
from benchmarks.peers.timed_fit import timed_fit
from kerasrec.layers import AllCandidates, EmbeddingTable, SampledCandidates
from kerasrec.losses import BinaryCrossentropy, Softmax
from kerasrec.losses.gbce import GBCE
from kerasrec.optimizers import LazyAdam

BATCHES = 4


def setup(case):
    """Makes a function that trains n steps by `model.fit` and returns their seconds.

    Case: `loss` (of `LOSSES`), `items` (rows of the table), `batch`, `length`, `dim`, `negatives`.
    """
    history, item = (keras.Input((None,), dtype="int32", name=name) for name in ("history", "item"))
    table = EmbeddingTable(case["items"], case["dim"])
    candidates, loss = LOSSES[case["loss"]](case)
    logits = candidates(table(history), item, item_model=table)
    model = keras.Model({"history": history, "item": item}, logits)
    model.compile(LazyAdam(0.001), loss)
    ids = 1 + zipf_ids(case["items"] - 1, (BATCHES, case["batch"], case["length"] + 1))
    ids = ids.astype("int32")
    x = {"history": ids[..., :-1], "item": ids[..., 1:]}
    data = tf.data.Dataset.from_tensor_slices((x, np.ones(x["item"].shape, "float32")))
    return timed_fit(model, data.repeat().prefetch(2), 1)


class AllAtOnce(keras.layers.Layer):
    """Score of the observed item and logsumexp over all items, with all logits in memory."""

    def __init__(self, num_items):
        super().__init__()
        self.num_items = num_items

    def __call__(self, query, item, item_model=None, **kwargs):
        if item_model is not None:
            self.item_model = item_model
        return super().__call__(query, item, **kwargs)

    def call(self, query, item):
        vectors = self.item_model(ops.arange(2, self.num_items, dtype="int32"))
        logits = ops.matmul(query, ops.transpose(vectors))
        positive = ops.take_along_axis(logits, item[..., None] - 2, axis=-1)
        return ops.concatenate([positive, ops.logsumexp(logits, axis=-1, keepdims=True)], axis=-1)

    def compute_output_spec(self, query, item):
        return keras.KerasTensor((*item.shape, 2), "float32")


def all_at_once(case):
    return AllAtOnce(case["items"]), lambda y_true, columns: columns[..., 1] - columns[..., 0]


def full(case):
    return AllCandidates(case["items"]), Softmax()


def sampled(case):
    return SampledCandidates(case["items"], case["negatives"]), Softmax()


def gbce(case):
    return _uncorrected(case), GBCE(case["items"])


def bce(case):
    return _uncorrected(case), BinaryCrossentropy()


def _uncorrected(case):
    return SampledCandidates(case["items"], case["negatives"], log_q=False)


LOSSES = {
    "full": full,
    "all_at_once": all_at_once,
    "sampled": sampled,
    "gbce": gbce,
    "bce": bce,
}
