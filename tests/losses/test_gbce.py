import functools

import keras
import numpy as np
import pytest

from kerasrec.errors import InputError
from kerasrec.losses.gbce import GBCE


def liked(logit):
    return np.log1p(np.exp(-logit))


def test_by_hand():
    # 2 of 10 others: alpha is 0.2, beta = 0.2 (0.75 (1 - 5) + 5) = 0.4.
    logits = [[1, 0, 3], [2, -1e9, 2], [5, -1e9, -1e9], [-400, 1, -1e9]]
    expected = [
        (0.4 * liked(1) + liked(0) + liked(-3)) / 3,
        (0.4 * liked(2) + liked(-2)) / 3,
        0.4 * liked(5) / 3,
        (0.4 * 400 + liked(-1)) / 3,
    ]
    given = functools.partial(GBCE, num_items=13)
    loss = given(reduction=None)
    np.testing.assert_allclose(loss(np.ones(4), np.float32(logits)), expected, rtol=1e-5)
    np.testing.assert_allclose(
        given()(np.zeros(4), np.float32(logits)), np.mean(expected), rtol=1e-5
    )
    steps = np.float32(logits).reshape(2, 2, 3)
    weights = np.array([[0, 1], [2, 3]])
    np.testing.assert_allclose(
        given()(np.ones((2, 2)), steps, sample_weight=weights),
        np.mean(expected * weights.ravel()),
        rtol=1e-5,
    )


def test_equals_the_code_of_the_paper():
    """Its code raises the probability to a power by way of the logit, in float64."""
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(50, 9))
    alpha = 8 / (1000 - 1)
    for t in (0.0, 0.5, 0.9, 1.0):
        beta = alpha * ((1 - 1 / alpha) * t + 1 / alpha)
        moved = np.log(1 / ((1 / (1 + np.exp(-logits[:, 0]))) ** -beta - 1))
        stock = keras.losses.BinaryCrossentropy(from_logits=True, reduction=None)
        labels = np.float32([[1] + [0] * 8] * 50)
        expected = stock(labels, np.concatenate([moved[:, None], logits[:, 1:]], axis=1))
        loss = GBCE(1002, t=t, reduction=None)
        np.testing.assert_allclose(loss(np.ones(50), np.float32(logits)), expected, rtol=1e-4)


@pytest.mark.slow
def test_calibrated_scores_are_the_best_ones():
    """One context, 4 items of known probabilities, 1 of 3 others drawn evenly: with t = 1 the
    least expected loss has sigmoid(l) = p; with t = 0 it is too sure."""
    p, n = np.array([0.5, 0.3, 0.15, 0.05]), 4
    logits = keras.Variable(np.zeros(n, "float32"))
    pairs = np.array([(a, b) for a in range(n) for b in range(n) if a != b])
    weight = p[pairs[:, 0]] / (n - 1)
    import tensorflow as tf

    found = {}
    for t in (0.0, 1.0):
        loss = GBCE(n + 2, t=t, reduction="sum")
        logits.assign(np.zeros(n))
        optimizer = keras.optimizers.Adam(0.2)
        for _ in range(300):
            with tf.GradientTape() as tape:
                value = loss(np.ones(len(pairs)), tf.gather(logits.value, pairs), weight)
            optimizer.apply([tape.gradient(value, logits.value)], [logits])
        found[t] = 1 / (1 + np.exp(-np.array(logits)))
    # Each item is positive with p, negative with (1 - p) / 3: the odds are 3 p / (1 - p) to 1.
    np.testing.assert_allclose(found[0.0], 3 * p / (1 - p + 3 * p), atol=2e-3)
    np.testing.assert_allclose(found[1.0], p, atol=2e-3)


def test_more_negatives_than_items_are_plain_cross_entropy():
    assert GBCE(10, t=1.0).beta(1024) == 1.0
    assert GBCE(10, t=0.0).beta(1) == 1.0


def test_it_is_saved_with_its_arguments():
    loss = GBCE(50, t=0.3, reduction="sum", name="given")
    revived = keras.losses.deserialize(keras.losses.serialize(loss))
    assert (revived.num_items, revived.t, revived.reduction, revived.name) == (
        50, 0.3, "sum", "given")  # fmt: skip


@pytest.mark.parametrize(
    "arguments,words",
    [
        ({"num_items": 3}, "received 3"),
        ({"num_items": 9, "t": 1.5}, "from 0 .* to 1, received 1.5"),
    ],
)
def test_wrong_arguments(arguments, words):
    with pytest.raises(InputError, match=words):
        GBCE(**arguments)


def test_pair_without_negatives_is_refused():
    with pytest.raises(InputError, match="candidates='sampled'"):
        GBCE(9)(np.ones(3), np.ones((3, 1), "float32"))
