import keras
import numpy as np
import pytest

from kerasrec.layers.last_step import last_real_step

# Steps 1, 2, 3 with the padding on the right, left, inside, around; then no real step.
MASK = np.array(
    [[1, 1, 1, 0, 0], [0, 0, 1, 1, 1], [1, 0, 1, 0, 1], [0, 1, 1, 1, 0], [0, 0, 0, 0, 0]], "bool"
)
LAST = [2, 4, 4, 3]


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_state_of_the_last_real_step(dtype):
    states = np.arange(5 * 5 * 2).reshape(5, 5, 2).astype(dtype)
    expected = [*(states[row, step] for row, step in enumerate(LAST)), np.zeros(2)]
    found = last_real_step(states, MASK)
    assert keras.backend.standardize_dtype(found.dtype) == dtype
    np.testing.assert_array_equal(found, expected)


def test_padding_does_not_matter_even_if_it_is_not_finite():
    states = np.where(MASK[..., None], 1.0, np.nan).astype("float32")
    np.testing.assert_array_equal(last_real_step(states, MASK)[:, 0], [1, 1, 1, 1, 0])


def test_symbolic_inputs_of_unknown_length():
    states, mask = keras.Input((None, 2)), keras.Input((None,), dtype="bool")
    model = keras.Model([states, mask], last_real_step(states, mask))
    assert model.output_shape == (None, 2)
    values = np.ones((5, 5, 2), "float32")
    np.testing.assert_array_equal(model([values, MASK])[:, 1], [1, 1, 1, 1, 0])


def test_an_empty_batch_and_a_mask_of_integers():
    assert last_real_step(np.zeros((0, 3, 2)), np.zeros((0, 3), "bool")).shape == (0, 2)
    found = last_real_step(np.array([[[1.0], [2.0]]]), np.array([[1, 0]]))
    np.testing.assert_array_equal(found, [[1.0]])
