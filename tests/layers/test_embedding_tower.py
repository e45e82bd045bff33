import keras
import numpy as np
import pytest

from kerasrec.errors import InputError
from kerasrec.layers import EmbeddingTable, EmbeddingTower

FEATURES = [
    {"name": "genre", "kind": "category", "size": 4, "length": 1},
    {"name": "tags", "kind": "categories", "size": 5, "length": 3},
    {"name": "title", "kind": "text", "size": 6, "length": 2},
    {"name": "year", "kind": "number", "size": 1, "length": 1},
    {"name": "image", "kind": "vector", "size": 2, "length": 1},
]
VALUES = {
    "genre": np.array([3, 2]),
    "tags": np.array([[2, 0, 4], [0, 0, 0]]),
    "title": np.array([[5, 2], [3, 0]]),
    "year": np.array([0.5, -1.0], "float32"),
    "image": np.array([[1.0, 2.0], [3.0, 4.0]], "float32"),
}


def test_layer_contract(check_layer):
    init_kwargs = {
        "num_rows": 7, "dim": 3, "features": FEATURES, "mlp": [4], "l2": 0.1, "id_dropout": 0.5,
        "rows_of": "items", "seed": 3,
    }  # fmt: skip
    check_layer(EmbeddingTower, init_kwargs, {"ids": np.array([2, 6]), "features": VALUES})


def test_layer_contract_without_id(check_layer):
    init_kwargs = {"num_rows": 7, "dim": 3, "features": tuple(FEATURES), "use_id": False}
    layer = check_layer(EmbeddingTower, init_kwargs, {"ids": np.array([2, 6]), "features": VALUES})
    assert layer.table is None


def test_id_without_features_is_its_row():
    tower = EmbeddingTower(7, 3)
    ids = np.array([[2, 6], [0, 1]])
    np.testing.assert_array_equal(tower(ids), np.asarray(tower.table.embeddings)[ids])
    assert tower.count_params() == 7 * 3


def test_every_kind_of_feature_by_hand():
    """With an identity as last layer the vector is the concatenation itself."""
    dim = 2 + 2 + 2 + 1 + 2
    tower = EmbeddingTower(7, dim, FEATURES, use_id=False)
    # The layer's own embeddings are as long as its vector; here two numbers of each are enough.
    for name, table in tower.feature_tables.items():
        tower.feature_tables[name] = EmbeddingTable(table.num_rows, 2)
    tables = {}
    for name, table in tower.feature_tables.items():
        table.build()
        tables[name] = np.arange(table.num_rows * 2, dtype="float32").reshape(-1, 2)
        table.set_weights([tables[name]])
    tower.stack[0] = keras.layers.Identity()
    tower.built = True
    expected = np.concatenate(
        [
            tables["genre"][[3, 2]],
            [(tables["tags"][2] + tables["tags"][4]) / 2, [0, 0]],
            [(tables["title"][5] + tables["title"][2]) / 2, tables["title"][3]],
            VALUES["year"][:, None],
            VALUES["image"],
        ],
        axis=1,
    )
    np.testing.assert_allclose(tower(np.array([2, 6]), VALUES), expected)


def test_a_picture_is_encoded_by_convolutions():
    feature = {"name": "photo", "kind": "image", "size": 8, "length": 1}
    photo = np.random.default_rng(0).integers(1, 256, (2, 5, 8, 8, 3), dtype="uint8")
    tower = EmbeddingTower(7, 3, [feature], use_id=False)
    found = tower(np.zeros((2, 5), "int32"), {"photo": photo})
    expected = tower.stack[0](tower.pictures["photo"](photo))
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_mlp_by_hand():
    tower = EmbeddingTower(3, 1, mlp=[1])
    tower.build(None)
    weights = [[[0], [0], [2.0]], [[-1.0]], [1.5], [[3.0]], [0.25]]
    tower.set_weights([np.array(weight) for weight in weights])
    # relu(-2 + 1.5) = 0 and relu(0 + 1.5) = 1.5, then 3 x + 0.25
    np.testing.assert_allclose(tower(np.array([2, 1])), [[0.25], [4.75]])


def test_items_of_a_session_are_encoded_one_by_one():
    tower = EmbeddingTower(7, 3, FEATURES, mlp=[4])
    flat = tower(np.array([2, 6]), VALUES)
    steps = tower(np.array([[2, 6]]), {name: value[None] for name, value in VALUES.items()})
    np.testing.assert_allclose(steps[0], flat, atol=1e-6)


def test_l2_is_the_mean_over_the_ids_looked_up():
    tower = EmbeddingTower(4, 2, l2=0.5)
    tower.build(None)
    tower.set_weights([np.array([[9, 9], [1, 1], [3, 4], [1, 2]])])
    tower(np.array([[2, 2], [3, 0]]))
    np.testing.assert_allclose(tower.losses, [0.5 * (25 + 25 + 5) / 3])
    tower(np.array([0, 0]))
    np.testing.assert_allclose(tower.losses, [0.0])


def test_id_dropout_replaces_by_unknown_in_training_only():
    keras.utils.set_random_seed(5)
    tower = EmbeddingTower(5, 1, id_dropout=0.25)
    tower.build(None)
    tower.set_weights([np.arange(5, dtype="float32")[:, None]])
    ids = np.repeat([0, 4], 4000)
    np.testing.assert_array_equal(np.ravel(tower(ids)), ids)
    seen = np.ravel(tower(ids, training=True))
    assert (seen[:4000] == 0).all()
    assert set(seen[4000:]) == {1, 4}
    # 4000 draws of 0.25: five standard deviations are 0.034.
    assert abs((seen[4000:] == 1).mean() - 0.25) < 0.034

    keras.utils.set_random_seed(5)
    again = EmbeddingTower(5, 1, id_dropout=0.25)
    again(ids)
    again.set_weights(tower.get_weights()[:1])
    np.testing.assert_array_equal(np.ravel(again(ids, training=True)), seen)


def test_a_shared_table_stays_shared_after_saving(tmp_path):
    table = EmbeddingTable(5, 2)
    one, two = EmbeddingTower(5, 2, table=table), EmbeddingTower(5, 2, mlp=[2], table=table)
    ids = keras.Input((), dtype="int32")
    model = keras.Model(ids, [one(ids), two(ids)])
    assert one.table is two.table is table
    assert model.count_params() == 5 * 2 + 2 * (2 * 2 + 2)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert loaded.count_params() == model.count_params()
    for a, b in zip(loaded(np.arange(5)), model(np.arange(5)), strict=True):
        np.testing.assert_allclose(a, b)


def test_other_columns_are_ignored_and_missing_ones_named():
    tower = EmbeddingTower(7, 3, FEATURES[:1])
    assert tower(np.array([2, 6]), VALUES).shape == (2, 3)
    with pytest.raises(InputError, match="'genre' is missing: received year"):
        tower(np.array([2, 6]), {"year": VALUES["year"]})


@pytest.mark.parametrize("wrong", [{"use_id": False}, {"id_dropout": 1.0}])
def test_wrong_arguments(wrong):
    with pytest.raises(InputError):
        EmbeddingTower(7, 3, **wrong)


def test_copied_tower_has_its_own_table():
    tower = EmbeddingTower(5, 2, table=EmbeddingTable(5, 2))
    tower(np.array([2]))
    copy = EmbeddingTower.from_config(tower.get_config())
    copy(np.array([2]))
    assert copy.table is not tower.table
    assert copy.shared and copy.table.name == tower.table.name


def test_negative_l2_is_refused():
    with pytest.raises(InputError, match="l2: expected a weight of at least 0, received -1"):
        EmbeddingTower(5, 2, l2=-1)
