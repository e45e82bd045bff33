"""Zoo models on a table of interactions: solved by `adapt`, or trained by `fit`."""

import keras
import numpy as np

import kerasrec.losses
import kerasrec.optimizers
import kerasrec_zoo
from benchmarks.peers.timed_fit import timed_fit
from kerasrec.data import Catalog, Interactions, Vocabulary, batches


def setup(case):
    """Makes a function that fits n times, or trains n steps for a case with `steps`.

    Case: `data` (a file of `fit_time`), `class` and `arguments` of the model, and for a
    trained model `loss`, `optimizer`, `learning_rate`, `batch`, and `epochs` of a fit or `steps` a
    call.
    """
    train = interactions(case["data"])
    model = getattr(kerasrec_zoo, case["class"])(train.schema(), **case["arguments"])
    if "batch" not in case:
        return repeated(lambda: model.adapt(train))
    model.adapt(train)
    steps = case.get("steps", 16)
    model.compile(optimizer_of(case), loss_of(case), steps_per_execution=steps)
    data = batches(train, model.train_inputs, batch_size=case["batch"])
    if "steps" in case:
        return timed_fit(model, data.repeat(), steps)
    return repeated(lambda: model.fit(data, epochs=case["epochs"], verbose=0))


def interactions(path):
    """Reads a file as interactions whose ids are row numbers."""
    with np.load(path) as file:
        table = dict(file)
    users, items = (
        Catalog(Vocabulary([str(row) for row in range(2, table[name])]))
        for name in ("num_users", "num_items")
    )
    columns = {name: table[name] for name in ("user", "item", "value")}
    return Interactions(**columns, users=users, items=items)


def optimizer_of(case):
    own = getattr(kerasrec.optimizers, case["optimizer"], None)
    return (own or getattr(keras.optimizers, case["optimizer"]))(case["learning_rate"])


def loss_of(case):
    return getattr(kerasrec.losses, case["loss"])()


def repeated(fit):
    """Makes a function that calls `fit` n times."""

    def run(times):
        for _ in range(times):
            fit()

    return run
