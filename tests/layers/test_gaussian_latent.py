import numpy as np
import pytest
import tensorflow as tf

from kerasrec.errors import InputError
from kerasrec.layers import GaussianLatent

MEAN = np.array([[1.0, 0.0], [0.0, 2.0], [5.0, 5.0]], "float32")
LOG_VARIANCE = np.log(np.array([[1.0, 4.0], [1.0, 1.0], [9.0, 9.0]], "float32"))
COUNT = np.array([3.0, 1.0, 0.0])
# 1/2 (mean^2 + variance - 1 - log variance): 1/2 + 1/2 (3 - log 4), and 2; the third is padding.
KL = 0.5 + 0.5 * (3 - np.log(4)) + 2


def test_divergence_is_that_of_two_normals_over_the_targets():
    layer = GaussianLatent(beta=0.5)
    layer(MEAN, LOG_VARIANCE, COUNT, training=True)
    np.testing.assert_allclose(layer.losses, [0.5 * KL / 4], rtol=1e-6)
    assert layer(MEAN, LOG_VARIANCE, COUNT).numpy().tolist() == MEAN.tolist()
    assert layer.losses == []


def test_batch_of_padding_has_no_loss():
    layer = GaussianLatent()
    layer(MEAN, LOG_VARIANCE, np.zeros(3), training=True)
    assert float(layer.losses[0]) == 0


def test_beta_is_annealed_and_resumes():
    layer = GaussianLatent(beta=2.0, anneal_steps=4)

    def betas(layer, steps):
        found = []
        for _ in range(steps):
            layer(MEAN, LOG_VARIANCE, COUNT, training=True)
            found.append(float(layer.losses[0]) / (KL / 4))
        return found

    np.testing.assert_allclose(betas(layer, 3), [0.0, 0.5, 1.0], rtol=1e-5)
    layer(MEAN, LOG_VARIANCE, COUNT)
    again = GaussianLatent(beta=2.0, anneal_steps=4)
    again.build()
    again.set_weights(layer.get_weights())
    np.testing.assert_allclose(betas(again, 3), [1.5, 2.0, 2.0], rtol=1e-5)


def test_draws_have_the_mean_and_the_variance():
    layer = GaussianLatent(seed=1)
    mean, log_variance = np.full((20000, 1), 3.0), np.full((20000, 1), np.log(4.0))
    drawn = layer(mean, log_variance, np.ones(20000), training=True).numpy()
    # Five standard errors.
    assert abs(drawn.mean() - 3) < 5 * 2 / np.sqrt(20000)
    assert abs(drawn.var() - 4) < 5 * 4 * np.sqrt(2 / 20000)


def test_gradient_passes_through_the_sample():
    layer = GaussianLatent(seed=1)
    mean, log_variance = tf.Variable(MEAN), tf.Variable(LOG_VARIANCE)
    with tf.GradientTape() as tape:
        drawn = layer(mean, log_variance, COUNT, training=True)
        total = tf.reduce_sum(drawn)
    found = tape.gradient(total, [mean, log_variance])
    np.testing.assert_array_equal(found[0], np.ones_like(MEAN))
    # d/dlv exp(lv / 2) e = (z - mean) / 2
    np.testing.assert_allclose(found[1], (drawn - MEAN) / 2, rtol=1e-5)


def test_like_every_layer(check_layer):
    inputs = {"mean": MEAN, "log_variance": LOG_VARIANCE, "count": COUNT.astype("float32")}
    check_layer(GaussianLatent, {"beta": 0.2, "anneal_steps": 7, "seed": 3}, inputs)


def test_bad_arguments():
    with pytest.raises(InputError, match="beta: expected.*received -1"):
        GaussianLatent(beta=-1)
    with pytest.raises(InputError, match="anneal_steps: expected.*received -2"):
        GaussianLatent(anneal_steps=-2)
