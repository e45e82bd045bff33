"""`compile` and `fit` refuse losses and metrics that would misread raw scores."""

import functools

import keras
import numpy as np
import pandas as pd
import pytest

from kerasrec import losses
from kerasrec.data import Interactions, batches
from kerasrec.errors import InputError
from kerasrec_zoo import AutoRec, MatrixFactorization

BINARY = keras.losses.BinaryCrossentropy(from_logits=True)
PROBABILITIES = [
    "binary_crossentropy", "BinaryCrossentropy", "bce", "crossentropy", "binary_focal_crossentropy",
    "kl_divergence", "poisson", keras.losses.BinaryCrossentropy, keras.losses.BinaryCrossentropy(),
    keras.losses.binary_crossentropy, keras.losses.Dice(),
    functools.partial(keras.losses.binary_crossentropy, label_smoothing=0.1),
]  # fmt: skip
CLASSES = [
    "categorical_crossentropy", "sparse_categorical_crossentropy",
    keras.losses.SparseCategoricalCrossentropy(from_logits=True),
]  # fmt: skip
RAW = ["mse", "mean_squared_error", "huber", keras.losses.LogCosh, BINARY]


@pytest.fixture(scope="module")
def train():
    pairs = [(u, i, 1 + (u + 2 * i) % 5) for u in range(6) for i in range(6) if u != i]
    return Interactions.from_frame(pd.DataFrame(pairs, columns=["user", "item", "value"]))


@pytest.fixture(scope="module")
def made(train):
    @functools.cache
    def made(candidates):
        model = MatrixFactorization(train.schema(), dim=2, candidates=candidates)
        model.adapt(train)
        return model

    return made


def _named(loss):
    """The name without the memory address, which differs between processes."""
    return str(loss).partition(" at 0x")[0]


@pytest.mark.parametrize("loss", PROBABILITIES, ids=_named)
def test_a_loss_of_probabilities(made, loss):
    with pytest.raises(InputError, match="reads probabilities, and a model gives raw scores: use"):
        made("pair").compile("adam", loss)


@pytest.mark.parametrize("loss", CLASSES, ids=_named)
def test_a_loss_of_classes(made, loss):
    for candidates in ("pair", "in_batch"):
        with pytest.raises(InputError, match="index of the right column.*losses.Softmax"):
            made(candidates).compile("adam", loss)


@pytest.mark.parametrize("loss", RAW, ids=_named)
def test_a_loss_of_raw_scores_fits_pairs_only(made, loss):
    made("pair").compile("adam", loss)
    with pytest.raises(InputError, match="column 0 beside other items: use a loss"):
        made("in_batch").compile("adam", loss)


def test_losses_of_kerasrec_and_their_candidates(made):
    for loss in (losses.Softmax(), losses.BPR(), losses.BinaryCrossentropy()):
        made("in_batch").compile("adam", loss)
    with pytest.raises(InputError, match="MeanSquaredError fits scores .*='pair'"):
        made("in_batch").compile("adam", losses.MeanSquaredError())
    for loss in (losses.BPR(), losses.BinaryCrossentropy(), losses.GBCE(20)):
        with pytest.raises(InputError, match="candidates='all' gives only their sum"):
            made("all").compile("adam", loss)
    with pytest.raises(InputError, match="there is no loss 'sofmax'"):
        made("all").compile("adam", "sofmax")


def test_each_target_of_an_example_is_weighted(train):
    """A Keras loss takes the mean over an item's ratings, including padding."""
    model = AutoRec(train.schema(), dim=2)
    model.compile("adam", losses.MeanSquaredError())
    with pytest.raises(InputError, match="including padding"):
        model.compile("adam", "huber")


def test_a_loss_of_the_user_is_not_checked(made):
    made("in_batch").compile("adam", lambda y, logits: -logits[..., 0])


@pytest.mark.parametrize("keyword", ["metrics", "weighted_metrics"])
@pytest.mark.parametrize(
    "metric,message",
    [
        ("accuracy", "chosen by shapes"),
        ("acc", "chosen by shapes"),
        ("binary_accuracy", "above 0.5 as positive, .* give threshold=0.0"),
        (keras.metrics.BinaryAccuracy(), "give threshold=0.0"),
        (keras.metrics.Precision(), "give thresholds=0.0"),
        (keras.metrics.BinaryCrossentropy(), "reads probabilities"),
        ("auc", "auc of Keras reads probabilities"),
        ("sparse_categorical_accuracy", "index of the right column"),
        ("acuracy", "there is no metric"),
    ],
    ids=str,
)
def test_a_metric_that_misreads_logits(made, keyword, metric, message):
    with pytest.raises(InputError, match=message):
        made("pair").compile("adam", BINARY, **{keyword: [metric]})


def test_metrics_as_the_third_argument_are_refused(made):
    with pytest.raises(InputError, match="loss_weights: expected numbers, received 'accuracy'"):
        made("pair").compile("adam", BINARY, ["accuracy"])
    with pytest.raises(InputError):
        made("pair").compile("adam", "binary_crossentropy", ["accuracy"])


def test_metrics_that_read_raw_scores(made):
    right = [keras.metrics.BinaryAccuracy(threshold=0.0), keras.metrics.AUC(from_logits=True)]
    made("pair").compile("adam", losses.BinaryCrossentropy(), metrics=right)
    made("pair").compile("adam", "mse", weighted_metrics=["mae", "binary_accuracy"])
    with pytest.raises(InputError, match="column 0 beside other items: leave it out"):
        made("in_batch").compile("adam", losses.Softmax(), metrics=["mae"])


@pytest.mark.slow
def test_targets_of_shape_n_1_train_like_shape_n(train):
    """`frame[["rating"]]` has the shape (n, 1)."""
    learnt = []
    for y in (train.value, train.value[:, None]):
        keras.utils.set_random_seed(0)
        model = MatrixFactorization(train.schema(), dim=2, candidates="pair")
        model.adapt(train)
        model.compile(keras.optimizers.Adam(0.1), losses.MeanSquaredError())
        model.fit({"user": train.user, "item": train.item}, y, epochs=2, shuffle=False, verbose=0)
        learnt.append(model.get_weights())
    for one, other in zip(*learnt, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)


@pytest.mark.slow
def test_a_loss_of_labels_refuses_ratings(made, train):
    model = made("pair")
    model.compile("adam", losses.BinaryCrossentropy())
    with pytest.raises(InputError, match=r"needs labels, 0 or 1, received [2-5]\S* .*value >= 4"):
        model.fit(batches(train, batch_size=8), verbose=0)


def test_fit_before_compile_and_class_weights(train):
    model = MatrixFactorization(train.schema(), dim=2)
    model.adapt(train)
    with pytest.raises(InputError, match="fit needs an optimizer and a loss: call model.co"):
        model.fit(batches(train))
    model.compile("adam", losses.Softmax())
    with pytest.raises(InputError, match="class_weight: the targets are not classes"):
        model.fit(batches(train), class_weight={0: 1.0, 1: 2.0}, verbose=0)


def test_an_optimizer_that_does_not_exist(made):
    with pytest.raises(InputError, match="optimizer: .*nope"):
        made("pair").compile("nope", losses.MeanSquaredError())


@pytest.mark.parametrize("name", ["BinaryCrossentropy", "BinaryFocalCrossentropy", "Hinge"])
def test_keras_losses_of_labels_refuse_ratings(made, name):
    cls = getattr(keras.losses, name)
    model = made("pair")
    model.compile("adam", cls() if name == "Hinge" else cls(from_logits=True))
    with pytest.raises(InputError, match="reads labels, 0 or 1, and the data has other values"):
        model.fit({"user": np.array([2]), "item": np.array([2])}, np.array([5.0]), verbose=0)
