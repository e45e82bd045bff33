import keras
import numpy as np
import pytest

from kerasrec.errors import InputError
from kerasrec.layers import KnownItems

ROWS = np.arange(2, 2002, dtype="int32").reshape(40, 50)


def test_items_without_count_become_unknown_and_padding_stays():
    rows, count = KnownItems()(np.array([[0, 1, 2, 3]]), np.array([[0.0, 0.0, 5.0, 0.0]]))
    assert keras.ops.convert_to_numpy(rows).tolist() == [[0, 1, 2, 1]]
    assert keras.ops.convert_to_numpy(count).tolist() == [[0.0, 0.0, 5.0, 0.0]]


def test_dropout_replaces_item_and_count_together():
    layer = KnownItems(dropout=0.3)
    rows, count = layer(ROWS, np.full(ROWS.shape, 9.0, "float32"), training=True)
    rows, count = (keras.ops.convert_to_numpy(x) for x in (rows, count))
    hidden = rows == 1
    np.testing.assert_array_equal(hidden, count == 0)
    np.testing.assert_array_equal(rows[~hidden], ROWS[~hidden])
    # Four standard deviations of 2000 draws are 0.041.
    np.testing.assert_allclose(hidden.mean(), 0.3, atol=0.041)


def test_no_dropout_outside_training():
    layer = KnownItems(dropout=0.3)
    rows, _ = layer(ROWS, np.ones(ROWS.shape, "float32"))
    np.testing.assert_array_equal(rows, ROWS)


def test_config_holds_the_arguments():
    config = KnownItems(dropout=0.25, seed=4).get_config()
    assert (config["dropout"], config["seed"]) == (0.25, 4)
    assert KnownItems.from_config(config).dropout == 0.25


@pytest.mark.parametrize("dropout", [-0.1, 1.0])
def test_wrong_shares_are_refused(dropout):
    with pytest.raises(InputError, match=f"dropout: .* received {dropout}"):
        KnownItems(dropout)
