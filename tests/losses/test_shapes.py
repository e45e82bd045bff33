"""Every loss follows Keras's rules for shapes, or refuses the shapes."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasrec import losses
from kerasrec.errors import InputError

# 2 x 3 targets, each with an observed item and two others; n examples of one target are 6 of them.
RANDOM = np.random.default_rng(0)
Y = RANDOM.integers(0, 2, (2, 3)).astype("float32")
LOGITS = RANDOM.normal(size=(2, 3, 3)).astype("float32")
WEIGHTS = RANDOM.uniform(size=(2, 3)).astype("float32")
MASK = np.array([[True, True, False], [True, False, False]])
LOSSES = {
    "MeanSquaredError": losses.MeanSquaredError,
    "BinaryCrossentropy": losses.BinaryCrossentropy,
    "BPR": losses.BPR,
    "Softmax": losses.Softmax,
    "GBCE": lambda **given: losses.GBCE(num_items=20, **given),
}
PAIRS = {
    "MeanSquaredError": keras.losses.MeanSquaredError(),
    "BinaryCrossentropy": keras.losses.BinaryCrossentropy(from_logits=True),
}
every = pytest.mark.parametrize("make", LOSSES.values(), ids=LOSSES)


def one_by_one(make):
    """The loss of each target by itself: what no shape can change."""
    loss = make(reduction=None)
    each = [
        loss(y[None], logits[None])[0]
        for y, logits in zip(Y.ravel(), LOGITS.reshape(6, 3), strict=True)
    ]
    return np.reshape(each, Y.shape)


class Masked(keras.losses.Loss):
    """Keras's own handling of masks and weights, of losses that are known."""

    def call(self, y_true, y_pred):
        return y_true


@every
@pytest.mark.parametrize("reduction", ["sum_over_batch_size", "sum", "mean_with_sample_weight"])
@pytest.mark.parametrize("weights", ["none", "each", "column", "example"])
@pytest.mark.parametrize("masked", [False, True])
def test_targets_weights_and_masks(make, reduction, weights, masked):
    each = one_by_one(make)
    given = {"none": None, "each": WEIGHTS, "column": WEIGHTS[..., None], "example": WEIGHTS[:, 0]}
    alike = {**given, "column": WEIGHTS, "example": np.repeat(WEIGHTS[:, :1], 3, axis=1)}
    loss, known = make(reduction=reduction), Masked(reduction=reduction)

    def of(function, y, x, w):
        x = tf.constant(x)
        if masked:
            x._keras_mask = tf.constant(MASK)
        return function(y, x, sample_weight=w)

    expected = of(known, each, Y, alike[weights])
    for y in (Y, Y[..., None]):
        np.testing.assert_allclose(of(loss, y, LOGITS, given[weights]), expected, rtol=1e-5)


@every
@pytest.mark.parametrize("y", [(6,), (6, 1)], ids=str)
@pytest.mark.parametrize("w", [None, (6,), (6, 1)], ids=str)
def test_column_of_targets_equals_flat_targets(make, y, w):
    weights = None if w is None else WEIGHTS.reshape(w)
    got = make()(Y.reshape(y), LOGITS.reshape(6, 3), sample_weight=weights)
    each = one_by_one(make) * (1.0 if w is None else WEIGHTS)
    np.testing.assert_allclose(got, each.mean(), rtol=1e-5)


@pytest.mark.parametrize("name", PAIRS)
@pytest.mark.parametrize("y", [(6,), (6, 1)], ids=str)
@pytest.mark.parametrize("x", [(6,), (6, 1)], ids=str)
@pytest.mark.parametrize("w", [None, (6,), (6, 1)], ids=str)
def test_pair_without_negatives_equals_keras(name, y, x, w):
    scores = LOGITS.ravel()[:6].reshape(x)
    weights = None if w is None else WEIGHTS.reshape(w)
    expected = PAIRS[name](Y.reshape(6, 1), scores.reshape(6, 1), sample_weight=weights)
    got = LOSSES[name]()(Y.reshape(y), scores, sample_weight=weights)
    np.testing.assert_allclose(got, expected, rtol=1e-5)


def test_column_of_ratings_has_no_error_against_itself():
    y = np.array([[1.0], [5.0]], "float32")
    assert float(losses.MeanSquaredError()(y, y)) == 0.0


@every
@pytest.mark.parametrize(
    "y,x,w,words",
    [
        ((3,), (6, 3), None, r"y_true: expected the shape \(6,\).*\(6, 3\).*received \(3,\)"),
        ((6, 3), (6, 3), None, r"y_true: .* received \(6, 3\)"),
        ((1, 6), (6, 3), None, r"y_true: .* received \(1, 6\)"),
        ((1,), (6, 3), None, r"y_true: .* received \(1,\)"),
        ((2,), (2, 3, 3), None, r"y_true: .* received \(2,\)"),
        ((3, 2), (2, 3, 3), None, r"y_true: .* received \(3, 2\)"),
        ((2, 3, 3), (2, 3, 3), None, r"y_true: .* received \(2, 3, 3\)"),
        ((6,), (6, 3), (3,), r"sample_weight: .* received \(3,\)"),
        ((6,), (6, 3), (6, 6), r"sample_weight: .* received \(6, 6\)"),
        ((3, 3), (3, 3, 3), (3, 2), r"sample_weight: .* received \(3, 2\)"),
    ],
)
def test_wrong_shapes_are_refused(make, y, x, w, words):
    weights = None if w is None else np.ones(w, "float32")
    with pytest.raises(InputError, match=words):
        make()(np.ones(y, "float32"), np.ones(x, "float32"), sample_weight=weights)


def test_scalar_logits_are_refused():
    with pytest.raises(InputError, match=r"y_pred: expected logits \(..., 1 \+ n\)"):
        losses.MeanSquaredError()(np.float32(1), np.float32(1))


@pytest.mark.parametrize("make", [losses.MeanSquaredError, losses.Softmax])
def test_graph_with_dynamic_shapes(make):
    two, three = tf.TensorSpec((None, None)), tf.TensorSpec((None, None, 3))
    loss = tf.function(make(), input_signature=[two, three, two])
    expected = (one_by_one(make) * WEIGHTS).mean()
    np.testing.assert_allclose(loss(Y, LOGITS, WEIGHTS), expected, rtol=1e-5)
    for y in (Y.T, Y[:, :1], Y[:1]):
        with pytest.raises(tf.errors.InvalidArgumentError, match="y_true: expected one value"):
            loss(y, LOGITS, WEIGHTS)


@pytest.mark.parametrize("label", [5.0, 0.5, -1.0])
def test_ratings_are_no_labels(label):
    """Without negatives every rating would count as label 1."""
    with pytest.raises(InputError, match=f"needs labels, 0 or 1, received {label}"):
        losses.BinaryCrossentropy()(np.array([1.0, 0.0, label]), np.ones((3, 1), "float32"))
    # With negatives, a value above 0 is label 1.
    assert float(losses.BinaryCrossentropy()(np.array([5.0]), np.zeros((1, 2)))) > 0
