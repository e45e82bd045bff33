"""Sampled softmax against `tf.nn.sampled_softmax_loss`."""

import numpy as np
import pytest
import tensorflow as tf

from kerasrec.layers import SampledCandidates
from kerasrec.losses import Softmax

ITEMS, BATCH, SAMPLED = 30, 12, 16
GENERATOR = np.random.default_rng(0)
VECTORS = GENERATOR.normal(size=(ITEMS, 5)).astype("float32")
QUERIES = GENERATOR.normal(size=(BATCH, 5)).astype("float32")
ROWS = GENERATOR.integers(2, ITEMS, BATCH)


@pytest.mark.parametrize("mask_accidental_hits", [False, True])
@pytest.mark.parametrize("distribution", ["uniform", "log_uniform"])
def test_equals_tensorflow_with_the_same_sample(distribution, mask_accidental_hits, monkeypatch):
    layer = SampledCandidates(
        ITEMS, SAMPLED, distribution, mask_accidental_hits=mask_accidental_hits
    )
    layer.adapt(GENERATOR.integers(1, 9, ITEMS))
    # Each item once: of a repeated one TensorFlow masks a single column, we mask all.
    sampled = GENERATOR.permutation(np.arange(2, ITEMS, dtype="int32"))[:SAMPLED]
    assert np.isin(sampled, ROWS).any(), "no accidental hit to be masked"
    monkeypatch.setattr(layer, "sample", lambda: sampled)
    ours = layer(QUERIES, ROWS, item_model=lambda rows: VECTORS[rows])

    theirs = tf.nn.sampled_softmax_loss(
        weights=tf.constant(VECTORS),
        biases=tf.zeros(ITEMS),
        labels=ROWS[:, None],
        inputs=tf.constant(QUERIES),
        num_sampled=SAMPLED,
        num_classes=ITEMS,
        sampled_values=(
            tf.constant(sampled, tf.int64),
            tf.exp(layer.log_expected_count(ROWS))[:, None],
            tf.exp(layer.log_expected_count(sampled)),
        ),
        remove_accidental_hits=mask_accidental_hits,
    )
    np.testing.assert_allclose(Softmax(reduction=None)(np.ones(BATCH), ours), theirs, rtol=1e-4)


def test_the_log_uniform_probabilities_are_tensorflow_s():
    """Before adapt the rank is the row; TensorFlow gives the expected count of one draw."""
    layer = SampledCandidates(ITEMS, 1, "log_uniform")
    rows = np.arange(2, ITEMS)
    theirs = tf.random.log_uniform_candidate_sampler(
        rows[None] - 2, ITEMS - 2, 1, unique=False, range_max=ITEMS - 2, seed=0
    ).true_expected_count[0]
    np.testing.assert_allclose(tf.exp(layer.log_expected_count(rows)), theirs, rtol=1e-5)
