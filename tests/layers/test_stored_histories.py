import keras
import numpy as np

from kerasrec.layers import StoredHistories


def test_keeps_the_last_entries_in_order_and_survives_a_reload(tmp_path):
    ids = keras.Input((), dtype="int32")
    layer = StoredHistories(5, 3, name="stored")
    model = keras.Model(ids, layer(ids))
    layer.assign([4, 2, 4, 4, 2, 4], [10, 11, 12, 13, 14, 15], [1, 2, 3, 4, 5, 6])
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    rows, values = again(np.array([4, 2, 3]))
    assert rows.numpy().tolist() == [[12, 13, 15], [11, 14, 0], [0, 0, 0]]
    assert values.numpy().tolist() == [[3, 4, 6], [2, 5, 0], [0, 0, 0]]


def test_nothing_stored_is_padding():
    layer = StoredHistories(3, 2)
    layer.build()
    layer.assign([], [], [])
    rows, values = layer(np.array([[0, 2]]))
    assert not rows.numpy().any() and not values.numpy().any() and rows.shape == (1, 2, 2)
