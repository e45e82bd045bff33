import numpy as np
import pandas as pd

from kerasrec.data import Impressions
from kerasrec.data.impression_batches import folds
from kerasrec.evaluation.impressions.impression_columns import ImpressionColumns


def data():
    frame = pd.DataFrame(
        {
            "user": ["u", "v", "u", "v", "u", "v"],
            "item": ["a", "a", "b", "b", "a", "b"],
            "hour": ["9", "9", "22", "9", "22", "9"],
            "price": [1.0, 3.0, 2.0, 1.0, 3.0, 2.0],
            "click": [1, 0, 1, 0, 1, 1],
        }
    )
    films = pd.DataFrame({"item": ["a", "b"], "genres": ["War|Drama", "Drama"]})
    return Impressions.from_frame(
        frame,
        context={"hour": {"kind": "category"}, "price": {"kind": "number"}},
        item_frame=films,
        item_id="item",
        item_features={"genres": {"kind": "categories", "separator": "|"}},
        crosses={
            "item_rate": {"columns": ["item"], "label": "click"},
            "pair_rate": {"columns": ["user", "item"], "label": "click"},
            "pair": {"columns": ["user", "item"]},
        },
    )


def test_names_match_the_columns():
    columns = ImpressionColumns(data())
    assert columns.names == [
        *("user", "item", "item_genres_2", "item_genres_3", "hour", "price"),
        *("item_rate_count", "item_rate_rate", "pair_rate_count", "pair_rate_rate"),
    ]
    assert columns.categories == ["user", "item", "hour"]
    assert columns.matrix(data()).shape == (6, 10)


def test_ids_lists_and_contexts_by_hand():
    found = ImpressionColumns(data()).matrix(data())
    named = dict(zip(ImpressionColumns(data()).names, found.T, strict=True))
    np.testing.assert_array_equal(named["user"], [2, 3, 2, 3, 2, 3])
    np.testing.assert_array_equal(named["item"], [2, 2, 3, 3, 2, 3])
    genres = data().items.encoders["genres"].vocabulary.ids
    war = named[f"item_genres_{2 + list(genres).index('War')}"]
    np.testing.assert_array_equal(war, [1, 1, 0, 0, 1, 0])
    np.testing.assert_array_equal(named["hour"], [2, 2, 3, 2, 3, 2])


def test_counts_of_new_rows_are_of_all_train_rows_and_those_of_train_rows_out_of_fold():
    columns = ImpressionColumns(data())
    place = columns.names.index("item_rate_count")
    # Three rows of each item; the rows are in the folds 1, 2, 3, 4, 5, 1.
    np.testing.assert_allclose(columns.matrix(data())[:, place], np.log1p(3), rtol=1e-6)
    counts = np.expm1(columns.matrix(data(), folds(data()))[:, place])
    # The last row, of item b, is in the fold of the first, of item a: neither counts for itself.
    np.testing.assert_allclose(counts, [2, 2, 2, 2, 2, 2], rtol=1e-5)
    rates = columns.matrix(data(), folds(data()))[:, columns.names.index("pair_rate_rate")]
    # v took a once: without that row the pair has none, and its rate is the mean of the others.
    np.testing.assert_allclose(rates[1], 4 / 5, rtol=1e-6)
