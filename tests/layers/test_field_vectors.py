import keras
import numpy as np
import pytest

from kerasrec.errors import InputError
from kerasrec.layers import FieldVectors

FIELDS = [
    {"name": "device", "kind": "category", "size": 5, "length": 1},
    {"name": "genres", "kind": "categories", "size": 4, "length": 3},
    {"name": "price", "kind": "number", "size": 1, "length": 1},
    {"name": "words", "kind": "vector", "size": 2, "length": 1},
]
VALUES = {
    "device": np.array([2, 0], "int32"),
    "genres": np.array([[2, 3, 0], [0, 0, 0]], "int32"),
    "price": np.array([0.5, 2.0], "float32"),
    "words": np.array([[1.0, 0.0], [1.0, 3.0]], "float32"),
}


def test_contract(check_layer):
    given = {"fields": FIELDS, "dim": 3, "stddev": 0.1, "l2": 0.2}
    check_layer(FieldVectors, given, {"values": VALUES})


def test_vectors_by_hand():
    layer = FieldVectors(FIELDS, 2)
    layer(VALUES)
    layer.tables["device"].embeddings.assign([[9, 9], [9, 9], [1, 2], [3, 4], [5, 6]])
    layer.tables["genres"].embeddings.assign([[9, 9], [9, 9], [1, 0], [3, 2]])
    layer.directions["price"].assign([[2, 4]])
    layer.directions["words"].assign([[1, 1], [0, 10]])
    expected = [[[1, 2], [2, 1], [1, 2], [1, 1]], [[0, 0], [0, 0], [4, 8], [1, 31]]]
    np.testing.assert_allclose(layer(VALUES), expected)


def test_l2_counts_each_row_of_the_batch_once():
    layer = FieldVectors(FIELDS[:1], 2, l2=0.5)
    x = {"device": np.array([2, 3, 2, 0, 2], "int32")}
    layer(x)
    layer.tables["device"].embeddings.assign([[9, 9], [9, 9], [1, 2], [3, 4], [5, 6]])
    layer(x)
    assert not layer.losses
    layer(x, training=True)
    # 1 + 4 of row 2, and 9 + 16 of row 3; the padding has the vector 0.
    assert float(sum(layer.losses)) == pytest.approx(0.5 * 0.5 * (5 + 25))


def test_l2_draws_the_rows_of_a_batch_to_zero():
    inputs = {"device": keras.Input((), dtype="int32", name="device")}
    layer = FieldVectors(FIELDS[:1], 2, l2=1.0)
    model = keras.Model(inputs, layer(inputs)[:, 0])
    before = np.array(layer.tables["device"].embeddings)
    model.compile(keras.optimizers.SGD(0.1), lambda y, p: 0.0 * p[:, 0])
    model.fit({"device": np.array([2, 2, 4], "int32")}, np.zeros((3, 1)), verbose=0)
    expected = before * np.array([[1], [1], [0.9], [1], [0.9]])
    np.testing.assert_allclose(layer.tables["device"].embeddings, expected, rtol=1e-5)


def test_a_negative_l2_is_refused():
    with pytest.raises(InputError, match="l2: expected a weight of at least 0, received -1"):
        FieldVectors(FIELDS, 2, l2=-1)
