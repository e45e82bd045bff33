"""Click-through models of the zoo, and a field of any number of rows, trained by `model.fit`."""

import keras
import numpy as np
import pandas as pd
import tensorflow as tf

from benchmarks.peers.ranker_examples import ranker_examples
from benchmarks.peers.timed_fit import timed_fit
from kerasrec.data import Impressions
from kerasrec.layers import FieldVectors
from kerasrec.losses import MaskedBinaryCrossentropy
from kerasrec.optimizers import LazyAdam


def setup(case):
    """Makes a function that trains n steps and returns their seconds.

    Case: `model`, `fields`, `rows` of each field, `dim`, `mlp`, `batch`, `steps_per_execution`.
    """
    make = one_field if case["model"] == "field" else zoo_model
    model, names = make(case)
    model.compile(
        LazyAdam(0.001),
        {"click": MaskedBinaryCrossentropy()},
        steps_per_execution=case["steps_per_execution"],
    )
    ids, labels = ranker_examples(case)
    x = {name: ids[..., n].astype("int32") for n, name in enumerate(names)}
    data = tf.data.Dataset.from_tensor_slices((x, {"click": labels})).repeat().prefetch(8)
    return timed_fit(model, data, case["steps_per_execution"])


def zoo_model(case):
    """A user, an item, and all other fields as features of the request."""
    import kerasrec_zoo

    context = [f"field_{n}" for n in range(case["fields"] - 2)]
    values = [str(row) for row in range(2, case["rows"])]
    frame = pd.DataFrame({name: values for name in ("user", "item", *context)})
    frame["click"] = np.arange(len(frame)) % 2
    data = Impressions.from_frame(frame, context={name: {"kind": "category"} for name in context})
    model = getattr(kerasrec_zoo, case["model"])(
        data.schema(), dim=case["dim"], mlp=tuple(case["mlp"])
    )
    model.adapt(data)
    return model, ("user", "item", *context)


def one_field(case):
    """The vectors of one large field and a linear head."""
    field = {"name": "field", "kind": "category", "size": case["rows"], "length": 1}
    inputs = {"field": keras.Input((), dtype="int32", name="field")}
    vectors = FieldVectors([field], case["dim"], stddev=0.0)(inputs)[:, 0]
    logit = keras.layers.Dense(1)(vectors)[:, 0]
    return keras.Model(inputs, {"click": logit}), ("field",)
