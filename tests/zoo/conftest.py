"""Data, and models made and trained once for all the tests that change nothing of them."""

import contextlib
import dataclasses
import functools
import inspect

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

from kerasrec.data import Interactions, batches
from kerasrec.losses import MeanSquaredError, Softmax

SIDE = 12
EARLY, EPOCHS = 8, 60
SMALL = {"dim": 16, "dropout": 0.0, "num_neighbours": 8, "shrinkage": 0.0}
SMALL |= {"rank": 2, "implicit": True, "hidden_dim": 16, "filters": (4, 4)}
# Graphs are made for seconds and run for milliseconds: what is the same again is left out.
SMALL |= {"num_blocks": 1}
# All twelve histories are as long, so that the last position is asked for and never trained: only
# dropout keeps the histories from being learned by heart.
OWN = {
    "AttentionRecommender": {"dropout": 0.6}, "BERT4Rec": {"dropout": 0.2},
    "Hybrid": {"dropout": 0.6}, "NextItNet": {"dropout": 0.5}, "RNNRecommender": {"dropout": 0.6},
    "SASRec": {"dropout": 0.2}, "Seq2Seq": {"dropout": 0.2},
}  # fmt: skip


@dataclasses.dataclass
class Trained:
    """A model after its training: nobody changes it.

    Args:
        model: The model; one without trainable weights is adapted only.
        before: Its weights at the start.
        early: Its weights after `EARLY` epochs.
        losses: Of the first of these epochs, and the mean of the others.
    """

    model: keras.Model
    before: list
    early: list
    losses: list


@pytest.fixture(scope="session")
def make():
    """`make(cls, train, **arguments)`: a small adapted model with the same weights every time."""

    def make(cls, train, **given):
        keras.utils.set_random_seed(0)
        names = list(inspect.signature(cls).parameters)
        small = {name: SMALL[name] for name in names if name in SMALL}
        small |= OWN.get(cls.__name__, {})
        model = cls(train.schema(history_length=8), **{**small, **given})
        model.adapt(train)
        return model

    return make


@contextlib.contextmanager
def graphs():
    """Functions are traced, whatever `without_graphs` says."""
    before = tf.config.functions_run_eagerly()
    tf.config.run_functions_eagerly(False)
    try:
        yield
    finally:
        tf.config.run_functions_eagerly(before)


@pytest.fixture(scope="session")
def fit():
    """`fit(model, train, epochs=1, first_epoch=0)`: losses of the first epoch and of the others.

    The model is compiled for what it learns, unless it goes on: with a `first_epoch`. Two or three
    steps are sooner done with `run_eagerly` than their graph is made.
    """

    def fit(model, train, epochs=1, first_epoch=0, run_eagerly=False):
        if not model.trainable_weights:
            return []
        if not first_epoch:
            loss = MeanSquaredError() if model.predicts_values else Softmax()
            model.compile(keras.optimizers.Adam(0.02), loss, run_eagerly=run_eagerly)
        data = batches(
            train,
            model.train_inputs,
            steps=model.steps,
            batch_size=16,
            history_length=8,
            horizon=model.horizon,
            first_epoch=first_epoch,
        )
        # Keras takes longer to begin an epoch than these steps take: all but one are one to it.
        losses = model.fit(data, verbose=0).history["loss"]
        if epochs > 1:
            losses += model.fit(data.repeat(epochs - 1), verbose=0).history["loss"]
        return losses

    return fit


@pytest.fixture(scope="session")
def learn(make, fit, checkerboard):
    """`learn(cls)`: a `Trained` of its own, on choices or on ratings as it likes."""

    def learn(cls, epochs=EARLY):
        model, train = make(cls, checkerboard), checkerboard
        if model.predicts_values:
            train = dataclasses.replace(train, value=1.0 + (train.user + 2 * train.item) % 5)
            model.adapt(train)
        before = model.get_weights()
        with graphs():
            losses = fit(model, train, epochs=EARLY)
            found = Trained(model, before, model.get_weights(), losses)
            if epochs > EARLY:
                fit(model, train, epochs=epochs - EARLY, first_epoch=EARLY)
        return found

    return learn


@pytest.fixture(scope="session")
def trained(learn):
    """`trained(cls)`: the `Trained` of a class, made once."""
    return functools.cache(lambda cls: learn(cls, EPOCHS))


@pytest.fixture(scope="session")
def checkerboard():
    """Users like all items of their own parity, but each user's own item is withheld.

    The right answer for user u is item u: the only item of the right parity not seen yet. Item 98
    and 99 were never touched; their text says which parity they belong to.
    """
    users, items = np.divmod(np.arange(SIDE * SIDE), SIDE)
    liked = (users % 2 == items % 2) & (users != items)
    order = np.random.default_rng(0).permutation(liked.sum())
    frame = pd.DataFrame({"user": users[liked], "item": items[liked]}).iloc[order]
    numbers = [*range(SIDE), 98, 99]
    words = ["calm blue water", "wild red fire"]
    item_frame = pd.DataFrame(
        {
            "item": numbers,
            "title": [f"Number {n}" for n in numbers],
            "text": [words[n % 2] for n in numbers],
            "colour": [["blue"], ["red"]] * (len(numbers) // 2),
        }
    )
    item_frame["colour"] = item_frame["colour"].map(lambda colours: colours[0])
    return Interactions.from_frame(
        frame,
        item_frame=item_frame,
        item_features={
            "text": {"kind": "text", "length": 4},
            "colour": {"kind": "category"},
        },
        item_title="title",
        name="checkerboard",
    )


@pytest.fixture(scope="session")
def with_item_vectors():
    """`with_item_vectors(cls, {"a": [...], "b": [...]}, **arguments)`: a sequence model, adapted.

    The items have these vectors, the last normalization of the encoder is the identity, all other
    weights are 0.
    """

    def make(cls, vectors, **arguments):
        frame = pd.DataFrame([("u", "a"), ("u", "b"), ("v", "a")], columns=["user", "item"])
        train = Interactions.from_frame(frame)
        model = cls(train.schema(4), dim=2, dropout=0.0, **arguments)
        model.adapt(train)
        for weight in model.trainable_weights:
            weight.assign(np.zeros(weight.shape))
        table = np.zeros((4, 2))
        table[train.items.vocabulary.rows(list(vectors))] = list(vectors.values())
        model.get_layer("item_ids").table.embeddings.assign(table)
        encoder = model.query_model.get_layer("user_encoder")
        encoder.norm.set_weights([np.ones(2), np.zeros(2)])
        return model, encoder

    return make
