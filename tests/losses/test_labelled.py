"""Losses of labels that may be missing: values by hand, missing labels, shapes."""

import inspect

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasrec import losses
from kerasrec.errors import InputError

# name -> (arguments, each different from its default; the loss of a label and a logit)
LOSSES = {
    "MaskedBinaryCrossentropy": (
        {"positive_weight": 3.0},
        lambda y, x: -3 * y * np.log(sigmoid(x)) - (1 - y) * np.log(1 - sigmoid(x)),
    ),
    "Focal": (
        {"gamma": 1.5, "alpha": 0.25},
        lambda y, x: (
            -0.25 * y * (1 - sigmoid(x)) ** 1.5 * np.log(sigmoid(x))
            - 0.75 * (1 - y) * sigmoid(x) ** 1.5 * np.log(1 - sigmoid(x))
        ),
    ),
    "Poisson": ({}, lambda y, x: np.exp(x) - y * x),
    "WatchTimeLoss": (
        {},
        lambda y, x: np.where(y > 0, -y * np.log(sigmoid(x)), -np.log(1 - sigmoid(x))),
    ),
}
every = pytest.mark.parametrize("name", LOSSES)
Y = np.array([0.0, 1.0, np.nan, 1.0, 0.0, np.nan], "float32")
X = np.array([-1.0, 2.0, 0.5, -3.0, 1.0, -2.0], "float32")
WEIGHTS = np.array([1.0, 2.0, 3.0, 0.5, 0.0, 4.0], "float32")


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def made(loss, **given):
    return getattr(losses, loss)(**LOSSES[loss][0], **given)


def expected(name):
    return np.where(np.isnan(Y), 0.0, LOSSES[name][1](np.nan_to_num(Y), X))


@every
def test_by_formula(name):
    np.testing.assert_allclose(made(name, reduction=None)(Y, X), expected(name), rtol=1e-5)
    np.testing.assert_allclose(made(name)(Y, X), expected(name).mean(), rtol=1e-5)
    found = made(name)(Y, X, sample_weight=WEIGHTS)
    np.testing.assert_allclose(found, (expected(name) * WEIGHTS).mean(), rtol=1e-5)


@every
@pytest.mark.parametrize("logit", [0.5, 1e4, -np.inf, np.nan])
def test_a_missing_label_has_no_gradient(name, logit):
    x = tf.Variable(np.where(np.isnan(Y), logit, X).astype("float32"))
    with tf.GradientTape() as tape:
        loss = made(name, reduction="sum")(Y, x)
    gradient = tape.gradient(loss, x).numpy()
    assert np.isfinite(float(loss)) and (gradient[np.isnan(Y)] == 0).all()
    assert (gradient[~np.isnan(Y)] != 0).all()


@every
@pytest.mark.parametrize("y", [(6,), (6, 1), (3, 2)], ids=str)
@pytest.mark.parametrize("column", [False, True])
@pytest.mark.parametrize("weighted", ["no", "each", "column"])
def test_shapes(name, y, column, weighted):
    x = X.reshape((*y, 1) if column and y[-1] != 1 else y)
    weights = {"no": None, "each": WEIGHTS.reshape(y), "column": WEIGHTS.reshape((*y, 1))}[weighted]
    if y == (6, 1):
        weights = None if weights is None else WEIGHTS[:, None]
    found = made(name)(Y.reshape(y), x, sample_weight=weights)
    each = expected(name) * (1.0 if weights is None else WEIGHTS)
    np.testing.assert_allclose(found, each.mean(), rtol=1e-5)


@every
@pytest.mark.parametrize("reduction", ["sum", "mean_with_sample_weight"])
def test_a_weight_of_a_request_counts_for_all_its_labels(name, reduction):
    loss, of_requests = made(name, reduction=reduction), np.array([2.0, 0.0, 1.0], "float32")
    found = loss(Y.reshape(3, 2), X.reshape(3, 2), sample_weight=of_requests)
    alike = loss(Y, X, sample_weight=np.repeat(of_requests, 2))
    np.testing.assert_allclose(found, alike, rtol=1e-6)


@every
@pytest.mark.parametrize(
    "y,x,w,words",
    [
        ((3,), (6,), None, r"y_true: .*\(6,\), received the shape \(3,\)"),
        ((6,), (6, 2), None, r"y_true: .*\(6, 2\), received the shape \(6,\)"),
        ((1, 6), (6,), None, r"y_true: .* received the shape \(1, 6\)"),
        ((6,), (6,), (3,), r"sample_weight: .* received the shape \(3,\)"),
        ((6,), (6,), (6, 6), r"sample_weight: .* received the shape \(6, 6\)"),
        ((2, 3), (2, 3), (3,), r"sample_weight: .* received the shape \(3,\)"),
    ],
)
def test_wrong_shapes_are_refused(name, y, x, w, words):
    weights = None if w is None else np.ones(w, "float32")
    with pytest.raises(InputError, match=words):
        made(name)(np.ones(y, "float32"), np.ones(x, "float32"), sample_weight=weights)


@every
def test_labels_out_of_range_are_refused(name):
    bounded = name in ("MaskedBinaryCrossentropy", "Focal")
    for label in (-1.0, 2.0) if bounded else (-1.0,):
        with pytest.raises(InputError, match=f"y_true: expected labels .* received {label}"):
            made(name)(np.array([0.0, np.nan, label]), np.zeros(3, "float32"))


@every
def test_is_saved_with_its_arguments(name):
    loss = made(name, reduction="sum", name="given")
    revived = keras.losses.deserialize(keras.losses.serialize(loss))
    assert type(revived) is type(loss)
    assert revived.name == "given" and revived.reduction == "sum"
    defaults = inspect.signature(type(loss).__init__).parameters
    for argument, value in LOSSES[name][0].items():
        assert getattr(revived, argument) == value != defaults[argument].default


@every
def test_graph_with_dynamic_shapes(name):
    spec = tf.TensorSpec((None, None))
    loss = tf.function(made(name), input_signature=[spec, spec, spec])
    found = loss(*(values.reshape(3, 2) for values in (Y, X, WEIGHTS)))
    np.testing.assert_allclose(found, (expected(name) * WEIGHTS).mean(), rtol=1e-5)


@every
def test_large_logits_stay_finite(name):
    if name != "Poisson":  # whose rate would be exp(1e4)
        found = made(name, reduction=None)(np.array([0.0, 1.0]), np.array([-1e4, 1e4]))
        np.testing.assert_allclose(found, [0.0, 0.0], atol=1e-6)
        found = made(name, reduction=None)(np.array([1.0, 0.0]), np.array([-1e4, 1e4]))
        assert np.isfinite(found).all()


def test_focal_without_focus_is_cross_entropy():
    for y in (Y, np.nan_to_num(Y, nan=0.3)):
        expected = losses.MaskedBinaryCrossentropy(reduction=None)(y, X)
        np.testing.assert_allclose(losses.Focal(0.0, reduction=None)(y, X), expected, rtol=1e-6)


def test_cross_entropy_is_that_of_keras_without_missing_labels():
    y = np.nan_to_num(Y)
    expected = keras.losses.BinaryCrossentropy(from_logits=True)(y[:, None], X[:, None])
    np.testing.assert_allclose(losses.MaskedBinaryCrossentropy()(y, X), expected, rtol=1e-6)


@pytest.mark.parametrize(
    "name,seconds,expected",
    # The least loss of a constant logit, in closed form: its derivative is 0 there.
    [
        ("MaskedBinaryCrossentropy", [1, 0, 0, 0], 1 / 3),
        ("Poisson", [3, 0, 1, 2], 6 / 4),
        ("WatchTimeLoss", [30, 0, 0, 10], (30 + 10) / 2),
    ],
)
def test_the_best_constant_estimates_what_the_docstring_says(name, seconds, expected):
    logit = tf.Variable(np.log(expected), dtype="float32")
    with tf.GradientTape() as tape:
        y = np.array(seconds, "float32")
        loss = getattr(losses, name)()(y, logit * tf.ones(len(y)))
    assert abs(float(tape.gradient(loss, logit))) < 1e-5


@pytest.mark.parametrize(
    "make,words",
    [
        (lambda: losses.MaskedBinaryCrossentropy(positive_weight=0), "positive_weight: .* 0"),
        (lambda: losses.Focal(gamma=-1), "gamma: .* -1"),
        (lambda: losses.Focal(alpha=1.0), "alpha: .* 1.0"),
    ],
)
def test_wrong_arguments_are_refused(make, words):
    with pytest.raises(InputError, match=words):
        make()
