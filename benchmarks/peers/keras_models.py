"""The benchmark models in kerasrec, trained by `model.fit`: zoo models, or models of its blocks."""

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

import kerasrec.optimizers
from benchmarks.peers.examples import examples, texts
from benchmarks.peers.timed_fit import timed_fit
from kerasrec.data import Catalog, Interactions, Vocabulary
from kerasrec.layers import EmbeddingTable, LSTMUserEncoder
from kerasrec.losses import Softmax


def setup(case):
    """Makes a function that trains n steps and returns their seconds.

    Case: `model`, `optimizer`, `steps_per_execution`, and the sizes of `examples` and `texts`.
    """
    model, loss, names, target = MODELS[case["model"]](case)
    optimizers = keras.optimizers if case["optimizer"] == "Adam" else kerasrec.optimizers
    model.compile(
        getattr(optimizers, case["optimizer"])(0.001),
        loss,
        steps_per_execution=case["steps_per_execution"],
    )
    arrays = {
        name: array.astype("int32") if array.dtype.kind == "i" else array
        for name, array in examples(case).items()
    }
    x = {"item" if name == "next" else name: arrays[name] for name in names}
    # Losses on candidates ignore the target; weights of 0 exclude padding.
    y = arrays[target] if target else np.ones(x["item"].shape, "float32")
    real = np.float32(x["item"] != 0)
    weight = real / real.mean(axis=tuple(range(1, real.ndim)), keepdims=True)
    data = tf.data.Dataset.from_tensor_slices((x, y, weight)).repeat().prefetch(8)
    return timed_fit(model, data, case["steps_per_execution"])


def interactions(case, item_frame=None):
    """Interactions with each item once, enough for a model to adapt to its catalogue."""
    rows = np.arange(2, case["items"])
    features = {"words": {"kind": "text", "column": "words", "length": case.get("text")}}
    vocabulary = Vocabulary([str(row) for row in rows])
    items = Catalog(vocabulary)
    if item_frame is not None:
        items = Catalog.from_frame(item_frame, "item", features)
    return Interactions(
        user=np.full(len(rows), 2),
        item=rows,
        value=np.ones(len(rows)),
        users=Catalog(Vocabulary([str(row) for row in range(2, case.get("users", 3))])),
        items=items,
    )


def matrix_factorization(case):
    from kerasrec_zoo import MatrixFactorization

    data = interactions(case)
    model = MatrixFactorization(data.schema(), dim=case["dim"], biases=False, log_q=False)
    model.adapt(data)
    return model, Softmax(), ("user", "item"), None


def neumf(case):
    """GMF and an MLP, joined by one sigmoid output."""
    user, item = (keras.Input((), dtype="int32", name=name) for name in ("user", "item"))

    def embedded(rows, ids):
        return EmbeddingTable(rows, case["dim"])(ids)

    product = embedded(case["users"], user) * embedded(case["items"], item)
    both = [embedded(case["users"], user), embedded(case["items"], item)]
    hidden = layers.Concatenate()(both)
    for width in (2 * case["dim"], case["dim"]):
        hidden = layers.Dense(width, "relu")(hidden)
    logit = layers.Dense(1)(layers.Concatenate()([product, hidden]))
    model = keras.Model({"user": user, "item": item}, layers.Flatten()(logit))
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    return model, loss, ("user", "item"), "label"


def lstm(case):
    from kerasrec_zoo import RNNRecommender

    return next_item(case, RNNRecommender, dropout=0.0)


def recurrence(case):
    """The dot product of an LSTM's last state and one item vector, so that the LSTM dominates."""
    history = keras.Input((case["length"],), dtype="int32", name="history")
    item = keras.Input((), dtype="int32", name="item")
    table = EmbeddingTable(case["items"], case["dim"])
    state = LSTMUserEncoder(case["dim"])(table(history), ops.not_equal(history, 0))
    logit = ops.sum(state * table(item), axis=-1)
    model = keras.Model({"history": history, "item": item}, logit)
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    return model, loss, ("history", "item"), "label"


def sasrec(case):
    from kerasrec_zoo import SASRec

    return next_item(case, SASRec, num_heads=case["heads"], hidden_factor=4, dropout=0.2)


def next_item(case, model_class, **arguments):
    """Trains every position of a history with a softmax over all items."""
    data = interactions(case)
    model = model_class(data.schema(history_length=case["length"]), dim=case["dim"], **arguments)
    model.adapt(data)
    return model, Softmax(), ("history", "next"), None


def hybrid(case):
    """The zoo's Hybrid; item texts are made of their tokens."""
    import pandas as pd

    from kerasrec_zoo import Hybrid

    words = [" ".join(f"w{token}" for token in row if token) for row in texts(case)[2:]]
    frame = pd.DataFrame({"item": [str(row) for row in range(2, case["items"])], "words": words})
    data = interactions(case, frame)
    model = Hybrid(
        data.schema(history_length=case["length"]),
        dim=case["dim"],
        dropout=0.0,
    )
    model.adapt(data)
    return model, Softmax(), ("history", "next"), None


MODELS = {
    "mf": matrix_factorization,
    "neumf": neumf,
    "recurrence": recurrence,
    "lstm": lstm,
    "sasrec": sasrec,
    "hybrid": hybrid,
}
