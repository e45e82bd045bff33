import keras
import numpy as np
import pytest

from kerasrec.errors import InputError
from kerasrec.layers.masked_items import MaskedItems

ROWS = np.array([[5, 6, 7, 8, 9, 3, 4, 2, 5, 6], [5, 6, 7, 0, 0, 0, 0, 0, 0, 0], [0] * 10], "int32")
PADDED = np.array([[0, 5, 0, 6, 0]], "int32")


def masked(layer, rows, **options):
    return np.asarray(layer(rows, **options)).max(axis=-1) > 0


def test_layer_contract(check_layer):
    check_layer(MaskedItems, {"share": 0.4, "last": 0.3, "seed": 1}, {"rows": ROWS})


def test_the_last_real_place_outside_of_training():
    np.testing.assert_array_equal(masked(MaskedItems(), ROWS)[:2].argmax(axis=1), [9, 2])
    np.testing.assert_array_equal(masked(MaskedItems(), ROWS).sum(axis=1), [1, 1, 0])
    np.testing.assert_array_equal(masked(MaskedItems(), PADDED), [[0, 0, 0, 1, 0]])


@pytest.mark.slow
@pytest.mark.parametrize("share,counts", [(0.2, (2, 1)), (0.5, (5, 2)), (0.001, (1, 1))])
def test_training_chooses_a_share_of_the_real_positions(share, counts):
    layer, drawn = MaskedItems(share, last=0.0, seed=1), np.zeros(ROWS.shape)
    for _ in range(300):
        picked = np.asarray(layer(ROWS, training=True))
        assert picked.shape == (3, 10, int(share * 10) + 1)
        # No place twice, no slot twice, padding never.
        assert set(picked.ravel()) <= {0.0, 1.0}
        assert picked.sum(axis=1).max() <= 1 and picked.sum(axis=2).max() <= 1
        where = picked.sum(axis=2)
        np.testing.assert_array_equal(where.sum(axis=1), [*counts, 0])
        assert not where[ROWS == 0].any()
        drawn += where
    # All real places alike: five standard deviations of a binomial.
    for row, (count, real) in enumerate(zip(counts, (10, 3), strict=True)):
        p = count / real
        assert np.abs(drawn[row, :real] - 300 * p).max() < 5 * np.sqrt(300 * p * (1 - p))


def test_share_of_rows_with_only_the_last_item():
    rows = np.repeat(ROWS[:1], 1000, axis=0)
    found = masked(MaskedItems(0.5, last=0.3, seed=1), rows, training=True)
    alone = found.sum(axis=1) == 1
    assert found[alone, -1].all()
    assert abs(alone.mean() - 0.3) < 5 * np.sqrt(0.3 * 0.7 / 1000)


def test_gathers_and_scatters_back():
    picked = np.asarray(MaskedItems(0.5, seed=1)(ROWS[:1], training=True))[0]
    values = picked.T @ ROWS[0]
    np.testing.assert_array_equal(picked @ values, np.where(picked.max(1) > 0, ROWS[0], 0))


def test_dynamic_length():
    rows = keras.Input((None,), dtype="int32")
    model = keras.Model(rows, MaskedItems(0.3)(rows))
    assert model.output_shape == (None, None, None)
    assert model.predict_on_batch(ROWS).shape == (3, 10, 4)


@pytest.mark.parametrize("wrong", [{"share": 0.0}, {"share": 1.0}, {"last": -0.1}, {"last": 1.1}])
def test_wrong_arguments(wrong):
    with pytest.raises(InputError, match=f"{next(iter(wrong))}: expected a number"):
        MaskedItems(**wrong)
