import heapq

import keras
import numpy as np
import pytest

from kerasrec.errors import InputError
from kerasrec.layers import neighbour_ratings
from kerasrec.layers.neighbour_ratings import NeighbourRatings

USERS, ITEMS = 9, 7


def filled(near, **options):
    """A layer with random tables, and the tables."""
    rng = np.random.default_rng(1)
    rated = np.where(rng.random((USERS, ITEMS)) < 0.5, rng.normal(size=(USERS, ITEMS)), np.nan)
    rated[:2] = rated[:, :2] = np.nan
    rated[4] = rated[:, 5] = np.nan
    size = USERS if near == "user" else ITEMS
    similarity = rng.uniform(-0.5, 1, (size, size)).astype("float32")
    similarity[:2] = similarity[:, :2] = 0
    np.fill_diagonal(similarity, 0)
    levels = 3.5, rng.normal(size=USERS), rng.normal(size=ITEMS)
    options = {"num_neighbours": 2, "num_ratings": size, **options}
    layer = NeighbourRatings(USERS, ITEMS, near, **options, name="ratings")
    users, items = np.nonzero(~np.isnan(rated))
    mean, user_level, item_level = levels
    ratings = rated + mean + user_level[:, None] + item_level
    layer.assign(similarity, users, items, ratings[users, items], *levels)
    return layer, rated, similarity, levels


def by_the_pair(near, rated, similarity, levels, num_neighbours, min_neighbours):
    """The published algorithm, one pair after another."""
    mean, user_level, item_level = levels
    found = mean + user_level[:, None] + item_level
    if near == "item":
        found, rated = found.T, rated.T
    for a in range(len(found)):
        for b in range(found.shape[1]):
            raters = [c for c in range(len(found)) if not np.isnan(rated[c, b])]
            near_ones = heapq.nlargest(
                num_neighbours, [(similarity[a, c], rated[c, b]) for c in raters]
            )
            near_ones = [(s, r) for s, r in near_ones if s > 0]
            if near_ones and len(near_ones) >= min_neighbours:
                total = sum(s for s, _ in near_ones)
                found[a, b] += sum(s * r for s, r in near_ones) / total
    return found.T if near == "item" else found


@pytest.mark.parametrize("at_once", [2**20, 20])
@pytest.mark.parametrize("near", ["user", "item"])
@pytest.mark.parametrize("num,least", [(2, 1), (3, 2), (50, 1), (3, 4)])
def test_pairs_and_all_items_equal_the_definition(near, num, least, at_once, monkeypatch):
    monkeypatch.setattr(neighbour_ratings, "SIMILARITIES_AT_ONCE", at_once)
    layer, *tables = filled(near, num_neighbours=num, min_neighbours=least)
    right = by_the_pair(near, *tables, num, least)
    users, items = np.divmod(np.arange(USERS * ITEMS), ITEMS)
    np.testing.assert_allclose(layer(np.arange(USERS)), right, atol=1e-5)
    np.testing.assert_allclose(layer(users, items), right[users, items], atol=1e-5)


def test_a_rating_by_hand():
    layer = NeighbourRatings(6, 4, "user", num_neighbours=2, num_ratings=3)
    similarity = np.zeros((6, 6), "float32")
    similarity[2, 3:] = 0.5, 0.25, 0.1
    # Three users rated item 3; the two most similar to user 2 count: (.5 - .25 * 2) / .75 = 0.
    ratings = [9.0 + 8.0, 1.0 + 6.0, -2.0 + 7.0]
    layer.assign(similarity, [5, 3, 4], [3, 3, 3], ratings, mean=3.0, user_level=range(6))
    assert layer(np.array([2]), np.array([3])).numpy() == pytest.approx([5.0])
    # Only two entries are kept: the oldest is dropped.
    short = NeighbourRatings(6, 4, "user", num_neighbours=1, num_ratings=2)
    short.assign(similarity, [3, 4, 5], [3, 3, 3], [9.0, 1.0, -2.0])
    assert short(np.array([2]), np.array([3])).numpy() == pytest.approx([1.0])


@pytest.mark.parametrize("near", ["user", "item"])
def test_survives_a_reload(near, tmp_path):
    layer, *_ = filled(near, num_neighbours=3, min_neighbours=2, num_ratings=4)
    user, item = (keras.Input((), dtype="int32", name=name) for name in ("user", "item"))
    model = keras.Model([user, item], [layer(user, item), layer(user)])
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    asked = [np.array([2, 3, 8]), np.array([6, 4, 2])]
    for before, after in zip(model(asked), again(asked), strict=True):
        np.testing.assert_array_equal(before, after)


def test_contributions_and_level_sum_to_the_rating():
    layer, rated, _, (mean, user_level, item_level) = filled("item", num_neighbours=3)
    for user in (2, 3, 4, 7):
        history = np.flatnonzero(~np.isnan(rated[user]))
        history = history if len(history) else np.array([3])
        parts = layer.contributions(user, history, np.arange(ITEMS)).numpy()
        assert parts.shape == (ITEMS, len(history))
        level = mean + user_level[user] + item_level
        np.testing.assert_allclose(parts.sum(axis=1) + level, layer(np.array([user]))[0], atol=1e-5)


def test_bad_arguments():
    with pytest.raises(InputError, match="near: expected one of user, item, got 'users'"):
        NeighbourRatings(5, 5, "users", num_neighbours=1)
    with pytest.raises(InputError, match="nearest: expected one of raters, all, got 'some'"):
        NeighbourRatings(5, 5, "user", num_neighbours=1, nearest="some")
    with pytest.raises(InputError, match="near=.item. with .*similarity='msd': .*take near=.user."):
        NeighbourRatings(5, 5, "item", num_neighbours=1, similarity="msd")
    layer, *_ = filled("user")
    with pytest.raises(InputError, match="leave out explain"):
        layer.contributions(2, np.array([2]), np.array([3]))
