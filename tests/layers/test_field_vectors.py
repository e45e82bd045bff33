import keras
import numpy as np
import pytest

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
