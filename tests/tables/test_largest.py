import keras
import numpy as np

from kerasrec.tables.largest import largest


def test_of_equal_numbers_the_first():
    scores = np.random.default_rng(0).integers(0, 5, (4, 300)).astype("float32")
    scores[1, 7] = -np.inf
    values, places = map(keras.ops.convert_to_numpy, largest(scores, 40))
    expected = np.argsort(-scores, axis=1, kind="stable")[:, :40]
    np.testing.assert_array_equal(places, expected)
    np.testing.assert_array_equal(values, np.take_along_axis(scores, expected, axis=1))
