import keras
import numpy as np
import pytest

from kerasrec.errors import InputError
from kerasrec.layers import CatalogTable

FEATURES = [
    {"name": "genre", "kind": "category", "size": 5, "length": 1},
    {"name": "tags", "kind": "categories", "size": 9, "length": 2},
    {"name": "title", "kind": "text", "size": 70000, "length": 3},
    {"name": "year", "kind": "number", "size": 1, "length": 1},
    {"name": "image", "kind": "vector", "size": 2, "length": 1},
    {"name": "photo", "kind": "image", "size": 8, "length": 1},
]
COLUMNS = {
    "genre": np.array([0, 0, 4]),
    "tags": np.array([[0, 0], [0, 0], [8, 3]]),
    "title": np.array([[0, 0, 0], [0, 0, 0], [69999, 2, 0]]),
    "year": np.array([0, 0, 70001.0]),
    "image": np.array([[0, 0], [0, 0], [0.25, 0.5]]),
    "photo": np.arange(3 * 192).reshape(3, 8, 8, 3).astype("uint8"),
}


def filled():
    table = CatalogTable(3, FEATURES)
    table.assign(COLUMNS)
    return table


def test_layer_contract(check_layer):
    init_kwargs = {"num_rows": 3, "features": FEATURES, "rows_of": "items"}
    check_layer(CatalogTable, init_kwargs, {"ids": np.array([[2, 1]])})


@pytest.mark.parametrize("policy", ["float32", "mixed_float16"])
def test_rows_are_exact_under_any_policy(policy):
    table = CatalogTable(3, FEATURES, dtype=policy)
    table.assign(COLUMNS)
    rows = table(np.array([[2], [0]]))
    for name, column in COLUMNS.items():
        np.testing.assert_array_equal(rows[name], column[[[2], [0]]])
    assert {name: rows[name].dtype.name for name in rows} == {
        "genre": "int32", "tags": "int32", "title": "int32", "year": "float32", "image": "float32",
        "photo": "uint8",
    }  # fmt: skip


def test_is_saved_with_the_model_and_never_trained(tmp_path):
    table = filled()
    ids = keras.Input((), dtype="int32")
    keras.Model(ids, table(ids)).save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert loaded.trainable_weights == []
    np.testing.assert_array_equal(loaded(np.array([2]))["title"], [[69999, 2, 0]])


def test_no_features_is_no_table():
    assert CatalogTable(3, ())(np.array([1])) == {}


def test_more_columns_than_features_are_ignored():
    table = CatalogTable(3, FEATURES[:1])
    table.assign(COLUMNS)
    assert list(table(np.array([2]))) == ["genre"]


@pytest.mark.parametrize(
    "columns,message",
    [
        ({**COLUMNS, "year": np.zeros(4)}, r"'year': expected shape \(3,\), received \(4,\)"),
        ({"genre": COLUMNS["genre"]}, "'tags' is missing"),
    ],
)
def test_wrong_columns_are_named_and_change_nothing(columns, message):
    table = filled()
    with pytest.raises(InputError, match=message):
        table.assign(columns)
    assert int(table(np.array([2]))["genre"][0]) == 4


def test_unknown_kind():
    with pytest.raises(InputError, match="'x': kind must be"):
        CatalogTable(3, [{"name": "x", "kind": "sound", "size": 1, "length": 1}])
