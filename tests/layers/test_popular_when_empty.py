"""PopularWhenEmpty compared with its two scores."""

import keras
import numpy as np
import pytest

from kerasrec.layers import PopularWhenEmpty


@pytest.mark.parametrize("length", [None, 3])
def test_a_score_is_the_dot_product_or_the_log_of_the_count(length):
    random = np.random.default_rng(0)
    history = np.array([[4, 5, 0], [0, 0, 0], [0, 0, 7]], "int32")
    shape = (3, 4) if length is None else (3, length, 4)
    state = random.normal(size=shape).astype("float32")
    vectors = random.normal(size=(6, 4)).astype("float32")
    count = np.array([0, 1, 5, 10, 100, 1000], "float32")
    layer = PopularWhenEmpty()
    scores = np.array(layer.query(state, history)) @ np.array(layer.candidate(vectors, count)).T
    right = state @ vectors.T
    right[1] = np.log1p(count)
    np.testing.assert_allclose(scores, right, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_counts_are_not_rounded_to_the_policy(policy):
    # Half precision does not tell 1015 from 1016, nor their logs; float16 ends at 65504.
    count = np.array([1015, 1016, 70_000, 0], "float32")
    layer = PopularWhenEmpty(dtype=policy)
    query = np.array(layer.query(np.ones((1, 2), "float16"), np.zeros((1, 3), "int32")))
    scores = query @ np.array(layer.candidate(np.ones((4, 2), "float16"), count)).T
    np.testing.assert_allclose(scores, [np.log1p(count)], rtol=1e-6)
    given = keras.Input((2,), dtype="float16"), keras.Input((), dtype="float32")
    assert layer.candidate(*given).dtype == "float32"
