import numpy as np
import pytest

from kerasrec.errors import InputError
from kerasrec.layers import StepContext

INPUTS = {
    "vectors": np.random.default_rng(2).normal(size=(3, 4, 2)).astype("float32"),
    "behavior": np.array([[2, 3, 2, 0], [3, 0, 0, 0], [0, 0, 0, 0]]),
    # Above 65504, the largest float16.
    "time_gap": np.array([[0, 1e6, 5, 0], [0, 0, 0, 0], [0, 0, 0, 0]], "float32"),
}


def test_layer_contract(check_layer):
    check_layer(StepContext, {"num_behaviors": 4, "time_gap_buckets": 8, "dropout": 0.5}, INPUTS)


@pytest.mark.parametrize("policy", ["float32", "mixed_float16"])
def test_time_gaps_fall_into_powers_of_two(policy):
    layer = StepContext(time_gap_buckets=26, dtype=policy)
    powers = np.arange(26)
    seconds = np.concatenate([[-5.0], 2.0**powers - 1, 2.0 ** (powers[:20] + 1) - 1.5, [1e12]])
    expected = [0, *powers, *powers[:20], 25]
    np.testing.assert_array_equal(layer._bucket(seconds), expected)


def test_behavior_and_time_gap_are_added():
    layer = StepContext(num_behaviors=4, time_gap_buckets=3)
    vectors, behavior = INPUTS["vectors"][:1, :3], np.array([[2, 3, 0]])
    gap = np.array([[0.0, 100.0, -1.0]])
    got = layer(vectors, behavior, gap)
    added = np.asarray(layer.behavior_table(behavior)) + layer.time_gap_table(np.array([[1, 3, 0]]))
    np.testing.assert_allclose(got, vectors + added, atol=1e-6)
    # The last step has neither.
    np.testing.assert_array_equal(np.asarray(got)[0, 2], vectors[0, 2])
    np.testing.assert_array_equal(layer(vectors), vectors)
    np.testing.assert_array_equal(StepContext()(vectors, behavior, gap), vectors)


@pytest.mark.parametrize("rate", [0.0, 0.25])
def test_dropout_omits_the_context_of_whole_histories(rate):
    layer = StepContext(num_behaviors=4, dropout=rate)
    vectors, behavior = np.zeros((2000, 2, 3), "float32"), np.full((2000, 2), 2)
    got = np.asarray(layer(vectors, behavior, training=True))
    without = (got == 0).all(axis=(1, 2))
    assert abs(without.mean() - rate) <= (0.04 if rate else 0)
    np.testing.assert_array_equal(without, (got == 0).any(axis=(1, 2)))
    # Dropout scales what it keeps.
    kept = layer.behavior_table(np.array([2]))[0] / (1 - rate)
    np.testing.assert_allclose(got[~without][0, 0], kept, atol=1e-6)


def test_dropout_of_behaviors_and_time_gaps_is_independent():
    layer = StepContext(num_behaviors=4, time_gap_buckets=2, dropout=0.5)
    vectors, behavior = np.zeros((2000, 1, 3), "float32"), np.full((2000, 1), 2)
    got = np.asarray(layer(vectors, behavior, np.zeros((2000, 1), "float32"), training=True))
    assert 0.2 < (got == 0).all(axis=(1, 2)).mean() < 0.3  # 1/2 * 1/2


@pytest.mark.parametrize("rate", [-0.1, 1.0])
def test_wrong_dropout(rate):
    with pytest.raises(InputError, match="dropout: expected 0 <= rate < 1"):
        StepContext(dropout=rate)


def test_time_gaps_beyond_float16():
    layer = StepContext(time_gap_buckets=26, dtype="mixed_float16")
    vectors = np.zeros((1, 3, 2), "float32")
    day, month, year = (
        np.asarray(layer(vectors, time_gap=np.full((1, 3), days * 86400.0, "float32")))
        for days in (1, 30, 365)
    )
    assert np.abs(day - month).max() > 0 and np.abs(month - year).max() > 0
