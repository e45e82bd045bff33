import keras
import numpy as np
import tensorflow as tf

from kerasrec.tables import rows


def test_repeated_rows_are_added_up():
    values = tf.constant([[1.0, 2.0], [10.0, 20.0], [100.0, 200.0], [0.5, 0.0]])
    ids = tf.constant([4, 1, 4, 4], tf.int64)
    found = rows.sum_equal_rows(tf.IndexedSlices(values, ids, tf.constant([6, 2])))
    assert dict(zip(found.indices.numpy(), found.values.numpy().tolist(), strict=True)) == {
        4: [101.5, 202.0],
        1: [10.0, 20.0],
    }
    np.testing.assert_array_equal(found.dense_shape, [6, 2])


def test_gradient_of_gathered_rows_is_indexed_slices():
    variable = keras.Variable(np.arange(12.0).reshape(6, 2))
    with tf.GradientTape() as tape:
        found = rows.gather(variable, tf.constant([[5, 0], [5, 2]]))
        total = tf.reduce_sum(found)
    np.testing.assert_array_equal(found, [[[10, 11], [0, 1]], [[10, 11], [4, 5]]])
    gradient = tape.gradient(total, variable.value)
    assert isinstance(gradient, tf.IndexedSlices)
    np.testing.assert_array_equal(gradient.indices, [5, 0, 5, 2])
