import numpy as np
from keras import ops

from kerasrec.layers.sum_by_row import sum_by_row


def test_sums_by_a_loop():
    rng = np.random.default_rng(0)
    rows, values = rng.integers(0, 6, (3, 20)), rng.integers(0, 9, (3, 20)).astype("float32")
    expected = np.zeros((3, 6), "float32")
    for query, row in np.ndindex(3, 20):
        expected[query, rows[query, row]] += values[query, row]
    np.testing.assert_array_equal(ops.convert_to_numpy(sum_by_row(rows, values, 6)), expected)
