"""Losses within a request: values by hand, padding, shapes."""

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf
from sklearn.metrics import ndcg_score

from kerasrec import losses
from kerasrec.errors import InputError

LOSSES = ["RankNet", "LambdaRank", "ListSoftmax"]
every = pytest.mark.parametrize("name", LOSSES)
NAN = np.nan
Y = np.array([[1, 0, 2, 0], [0, 1, NAN, NAN], [0, 0, 0, NAN], [NAN] * 4, [1, 1, 1, 1]], "float32")
X = np.random.default_rng(0).normal(size=Y.shape).astype("float32")


def by_loops(name, labels, scores):
    """The formula of the docstring, one pair at a time."""
    real = ~np.isnan(labels)
    labels, scores = labels[real].astype("float64"), scores[real].astype("float64")
    if name == "ListSoftmax":
        shares = np.exp(scores) / np.exp(scores).sum()
        return -(labels @ np.log(shares)) / labels.sum() if labels.any() else 0.0
    pairs = [
        (i, j) for i, j in itertools.permutations(range(len(labels)), 2) if labels[i] > labels[j]
    ]
    cost = [np.log1p(np.exp(scores[j] - scores[i])) for i, j in pairs]
    if name == "RankNet" or not pairs:
        return np.mean(cost) if pairs else 0.0
    change, ndcg = [], lambda s: ndcg_score([2**labels - 1], [s])
    for i, j in pairs:
        swapped = scores.copy()
        swapped[[i, j]] = scores[[j, i]]
        change.append(abs(ndcg(scores) - ndcg(swapped)))
    return np.dot(change, cost)


@every
def test_by_formula(name):
    each = [by_loops(name, *of) for of in zip(Y, X, strict=True)]
    loss = getattr(losses, name)
    np.testing.assert_allclose(loss(reduction=None)(Y, X), each, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(loss()(Y, X[..., None]), np.mean(each), rtol=1e-5)
    for weights in (np.arange(5.0), np.arange(5.0)[:, None]):
        found = loss()(Y, X, sample_weight=weights)
        np.testing.assert_allclose(found, np.mean(each * np.arange(5.0)), rtol=1e-5)


@every
def test_padding_changes_nothing_and_has_no_gradient(name):
    x = tf.Variable(np.where(np.isnan(Y), np.inf, X).astype("float32"))
    loss = getattr(losses, name)(reduction="sum")
    with tf.GradientTape() as tape:
        value = loss(Y, x)
    gradient = tape.gradient(value, x).numpy()
    assert float(value) == float(loss(Y, X))
    assert (gradient[np.isnan(Y)] == 0).all() and (gradient[:2][~np.isnan(Y[:2])] != 0).all()
    np.testing.assert_allclose(gradient.sum(axis=1), 0.0, atol=1e-6)


@every
def test_the_order_of_items_does_not_matter(name):
    order, loss = [2, 0, 3, 1], getattr(losses, name)(reduction=None)
    np.testing.assert_allclose(loss(Y[:, order], X[:, order]), loss(Y, X), rtol=1e-5, atol=1e-6)


@every
def test_equal_scores_are_pulled_apart(name):
    x = tf.Variable(np.zeros((1, 3), "float32"))
    with tf.GradientTape() as tape:
        loss = getattr(losses, name)()(np.array([[0.0, 1.0, 0.0]], "float32"), x)
    gradient = tape.gradient(loss, x).numpy()[0]
    assert gradient[1] < 0 < gradient[0]


@every
@pytest.mark.parametrize(
    "y,x,w,words",
    [
        ((4,), (4,), None, r"received the shapes \(4,\) and \(4,\)"),
        ((2, 3), (2, 4), None, r"received the shapes \(2, 3\) and \(2, 4\)"),
        ((2, 3), (3, 3), None, r"received the shapes \(2, 3\) and \(3, 3\)"),
        ((2, 3), (2, 3), (2, 3), r"sample_weight: .* received the shape \(2, 3\)"),
    ],
)
def test_wrong_shapes_are_refused(name, y, x, w, words):
    weights = None if w is None else np.ones(w, "float32")
    with pytest.raises(InputError, match=words):
        getattr(losses, name)()(np.ones(y, "float32"), np.ones(x, "float32"), sample_weight=weights)


@every
def test_negative_labels_are_refused(name):
    with pytest.raises(InputError, match="y_true: expected labels of at least 0"):
        getattr(losses, name)()(np.array([[-1.0, 0.0]]), np.zeros((1, 2)))


@every
def test_is_saved(name):
    loss = getattr(losses, name)(reduction="sum", name="given")
    revived = keras.losses.deserialize(keras.losses.serialize(loss))
    assert type(revived) is type(loss)
    assert revived.name == "given" and revived.reduction == "sum"


@every
def test_graph_with_dynamic_shapes(name):
    spec = tf.TensorSpec((None, None))
    loss = getattr(losses, name)()
    found = tf.function(loss, input_signature=[spec, spec])(Y, X)
    np.testing.assert_allclose(found, loss(Y, X), rtol=1e-6)
