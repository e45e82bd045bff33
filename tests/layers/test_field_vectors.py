import keras
import numpy as np
import pytest

from kerasrec.errors import InputError
from kerasrec.layers import FieldVectors

FIELDS = [
    {"name": "device", "kind": "category", "size": 4, "length": 1},
    {"name": "tags", "kind": "categories", "size": 5, "length": 3},
    {"name": "price", "kind": "number", "size": 1, "length": 1},
    {"name": "look", "kind": "vector", "size": 2, "length": 1},
]
VALUES = {
    "device": np.array([2, 3, 0], "int32"),
    "tags": np.array([[2, 3, 0], [4, 0, 0], [0, 0, 0]], "int32"),
    "price": np.array([0.5, -2.0, 0.0], "float32"),
    "look": np.array([[1.0, 2.0], [0.5, -1.0], [0.0, 0.0]], "float32"),
}


@pytest.fixture
def layer():
    keras.utils.set_random_seed(0)
    layer = FieldVectors(FIELDS, 2)
    layer(VALUES)
    layer.tables["device"].embeddings.assign([[0, 0], [9, 9], [1, 2], [3, 4]])
    layer.tables["tags"].embeddings.assign([[0, 0], [9, 9], [2, 2], [4, 8], [5, 6]])
    layer.directions["price"].assign([[10.0, 20.0]])
    layer.directions["look"].assign([[1.0, 0.0], [0.0, 1.0]])
    return layer


def test_vectors_by_hand(layer):
    expected = [
        # device, the mean of the tags, price times its direction, W look
        [[1, 2], [3, 5], [5, 10], [1, 2]],
        [[3, 4], [5, 6], [-20, -40], [0.5, -1]],
        [[0, 0], [0, 0], [0, 0], [0, 0]],
    ]
    np.testing.assert_allclose(np.asarray(layer(VALUES)), expected, atol=1e-6)


def test_any_batch_shape(layer):
    steps = {name: np.stack([values, values], axis=1) for name, values in VALUES.items()}
    found = np.asarray(layer(steps))
    assert found.shape == (3, 2, 4, 2)
    np.testing.assert_allclose(found[:, 1], np.asarray(layer(VALUES)), atol=1e-6)


def test_zeros_are_the_start_of_a_linear_part():
    layer = FieldVectors(FIELDS, 1, stddev=0.0)
    assert not np.asarray(layer(VALUES)).any()


@pytest.mark.usefixtures("without_graphs")
def test_the_contract_of_layers(tmp_path):
    layer = FieldVectors(FIELDS, 3, stddev=0.5, name="fields")
    expected = np.asarray(layer(VALUES))
    revived = FieldVectors.from_config(layer.get_config())
    revived(VALUES)
    revived.set_weights(layer.get_weights())
    np.testing.assert_array_equal(np.asarray(revived(VALUES)), expected)

    symbols = {
        name: keras.Input(values.shape[1:], dtype=str(values.dtype), name=name)
        for name, values in VALUES.items()
    }
    outputs = layer(symbols)
    assert outputs.shape == (None, 4, 3)
    keras.Model(symbols, outputs).save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(np.asarray(loaded(VALUES)), expected, atol=1e-6)

    half = FieldVectors(FIELDS, 3, stddev=0.5, dtype="mixed_float16")
    found = half(VALUES)
    half.set_weights(layer.get_weights())
    found = half(VALUES)
    assert found.dtype == "float16"
    np.testing.assert_allclose(np.asarray(found), expected, atol=0.01)


def test_the_rows_of_a_table_are_those_of_its_vocabulary():
    fields = [{"name": "item", "kind": "category", "size": 4, "length": 1, "rows_of": "items"}]
    assert FieldVectors(fields, 2).tables["item"].rows_of == "items"
    assert FieldVectors(FIELDS, 2).tables["device"].rows_of == "values"


DEVICE = [{"name": "device", "kind": "category", "size": 5, "length": 1}]


def test_l2_counts_each_row_of_the_batch_once():
    layer = FieldVectors(DEVICE, 2, l2=0.5)
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
    layer = FieldVectors(DEVICE, 2, l2=1.0)
    model = keras.Model(inputs, layer(inputs)[:, 0])
    before = np.array(layer.tables["device"].embeddings)
    model.compile(keras.optimizers.SGD(0.1), lambda y, p: 0.0 * p[:, 0])
    model.fit({"device": np.array([2, 2, 4], "int32")}, np.zeros((3, 1)), verbose=0)
    expected = before * np.array([[1], [1], [0.9], [1], [0.9]])
    np.testing.assert_allclose(layer.tables["device"].embeddings, expected, rtol=1e-5)


def test_a_negative_l2_is_refused():
    with pytest.raises(InputError, match="l2: expected a weight of at least 0, received -1"):
        FieldVectors(FIELDS, 2, l2=-1)
