import numpy as np
import pytest

from kerasrec.layers import StepContext

INPUTS = {
    "vectors": np.random.default_rng(2).normal(size=(3, 4, 2)).astype("float32"),
    "behavior": np.array([[2, 3, 2, 0], [3, 0, 0, 0], [0, 0, 0, 0]]),
    # Above 65504, the largest float16.
    "time_gap": np.array([[0, 1e6, 5, 0], [0, 0, 0, 0], [0, 0, 0, 0]], "float32"),
}


def test_layer_contract(check_layer):
    check_layer(StepContext, {"num_behaviors": 4, "time_gap_buckets": 8}, INPUTS)


@pytest.mark.parametrize("policy", ["float32", "mixed_float16"])
def test_time_gaps_fall_into_powers_of_two(policy):
    layer = StepContext(time_gap_buckets=26, dtype=policy)
    powers = np.arange(26)
    seconds = np.concatenate([[-5.0], 2.0**powers - 1, 2.0 ** (powers[:20] + 1) - 1.5, [1e12]])
    expected = [0, *powers, *powers[:20], 25]
    np.testing.assert_array_equal(layer._bucket(seconds), expected)


def test_what_is_known_is_added():
    layer = StepContext(num_behaviors=4, time_gap_buckets=3)
    vectors, behavior = INPUTS["vectors"][:1, :3], np.array([[2, 3, 0]])
    gap = np.array([[0.0, 100.0, -1.0]])
    got = layer(vectors, behavior, gap)
    added = np.asarray(layer.behavior_table(behavior)) + layer.time_gap_table(np.array([[1, 3, 0]]))
    np.testing.assert_allclose(got, vectors + added, atol=1e-6)
    # Of the last step neither is known.
    np.testing.assert_array_equal(np.asarray(got)[0, 2], vectors[0, 2])
    np.testing.assert_array_equal(layer(vectors), vectors)
    np.testing.assert_array_equal(StepContext()(vectors, behavior, gap), vectors)


def test_one_history_in_ten_is_left_without_in_training():
    layer = StepContext(num_behaviors=4)
    vectors, behavior = np.zeros((2000, 2, 3), "float32"), np.full((2000, 2), 2)
    got = np.asarray(layer(vectors, behavior, training=True))
    without = (got == 0).all(axis=(1, 2))
    assert 0.08 < without.mean() < 0.12
    np.testing.assert_array_equal(without, (got == 0).any(axis=(1, 2)))
