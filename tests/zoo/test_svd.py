import dataclasses

import numpy as np
import pandas as pd
import pytest

from kerasrec.data import Interactions
from kerasrec.errors import InputError
from kerasrec_zoo.damped_mean import DampedMean
from kerasrec_zoo.svd import SVD


def adapted(train, **arguments):
    model = SVD(train.schema(), **arguments)
    model.adapt(train)
    return model


def scores(model):
    """Of all real users and items, by id."""
    users, items = (list(c.vocabulary.ids) for c in (model.users, model.items))
    found = model.score(users=np.repeat(users, len(items)), items=items * len(users))
    return pd.DataFrame(found.reshape(len(users), -1), index=users, columns=items)


def from_matrix(matrix, **given):
    users, items = np.nonzero(matrix)
    frame = pd.DataFrame({"user": users, "item": items, "value": matrix[users, items]})
    ids = pd.DataFrame({"item": range(matrix.shape[1])})
    return Interactions.from_frame(frame, item_frame=ids, **given)


def planted(shape=(20, 12), seed=0):
    matrix = (np.random.default_rng(seed).random(shape) < 0.4).astype("float64")
    matrix[:, 0] = 1  # nobody without interactions
    return matrix


def truncated(matrix, rank):
    left, values, right = np.linalg.svd(matrix)
    return left[:, :rank] * values[:rank] @ right[:rank]


def by_number(found):
    found.index, found.columns = found.index.astype(int), found.columns.astype(int)
    return found.sort_index().sort_index(axis=1).to_numpy()


@pytest.mark.parametrize("rank", [1, 3, 11, 12])
def test_is_the_nearest_matrix_of_its_rank_by_hand(rank):
    matrix = planted()
    found = by_number(scores(adapted(from_matrix(matrix), rank=rank)))
    np.testing.assert_allclose(found, truncated(matrix, rank), atol=1e-5)


def test_values_do_not_count_and_repetitions_neither():
    matrix = planted()
    train = from_matrix(matrix * 3)
    twice = train.concat(train.select(slice(0, 10)))
    found = by_number(scores(adapted(twice, rank=3)))
    np.testing.assert_allclose(found, truncated(matrix, 3), atol=1e-5)


def test_more_factors_than_items_give_the_matrix_itself():
    matrix = planted()
    model = adapted(from_matrix(matrix), rank=40)
    np.testing.assert_allclose(by_number(scores(model)), matrix, atol=1e-5)
    assert not np.array(model.item_vectors.embeddings)[:, 12:].any()


def test_a_constant_matrix_has_one_factor():
    model = adapted(from_matrix(np.ones((9, 7))), rank=3)
    np.testing.assert_allclose(by_number(scores(model)), 1.0, atol=1e-5)
    assert not np.array(model.item_vectors.embeddings)[:, 1:].any()


def test_parts_that_nothing_connects_do_not_mix():
    matrix = np.zeros((9, 8))
    matrix[:5, :4] = 1
    matrix[5:, 4:] = 1
    found = by_number(scores(adapted(from_matrix(matrix), rank=2)))
    np.testing.assert_allclose(found, matrix, atol=1e-5)


def test_items_nobody_took_score_nothing_and_nobody_gets_what_is_popular():
    matrix = planted()
    matrix[:, 3] = 0
    matrix[7] = 0
    train = from_matrix(matrix, user_frame=pd.DataFrame({"user": range(20)}))
    model = adapted(train, rank=4)
    found = scores(model)
    assert (found["3"] == 0).all()
    idle = found.loc["7"]
    np.testing.assert_allclose(idle, found.drop("7").mean(), atol=1e-5)
    assert idle.idxmax() == "0"
    items = list(found.columns)
    with pytest.warns(UserWarning, match="unknown user"):
        nobody = model.score(users=["nobody"] * len(items), items=items)
    np.testing.assert_allclose(nobody, idle, atol=1e-6)


def test_the_seed_fixes_everything_and_the_sign():
    train = from_matrix(planted((60, 40)))
    one, again, other = (adapted(train, rank=5, seed=seed) for seed in (0, 0, 7))
    for first, second, third in zip(*(m.get_weights() for m in (one, again, other)), strict=True):
        np.testing.assert_array_equal(first, second)
        np.testing.assert_allclose(first, third, atol=1e-4)
    vectors = np.array(one.item_vectors.embeddings)
    assert (vectors.max(axis=0) == np.abs(vectors).max(axis=0)).all()


def rated(seed=0):
    generator = np.random.default_rng(seed)
    matrix = generator.integers(1, 6, (25, 15)) * (generator.random((25, 15)) < 0.6)
    return from_matrix(matrix.astype("float64"))


def test_centred_adds_the_factors_of_what_damped_means_leave():
    train = rated()
    model = adapted(train, rank=4, centred=True, item_damping=3.0, user_damping=2.0)
    base = DampedMean(train.schema(), item_damping=3.0, user_damping=2.0)
    base.adapt(train)
    means = scores(base)
    left = np.zeros(means.shape)
    at = train.user - 2, train.item - 2
    left[at] = train.value - means.to_numpy()[at]
    np.testing.assert_allclose(scores(model), means + truncated(left, 4), atol=1e-4)
    assert model.predicts_values and not SVD(train.schema(), rank=4).predicts_values


def test_centred_takes_the_mean_of_repeated_ratings():
    train = rated()
    pair = train.select([0, 0])
    train = train.select(slice(1, None))
    apart = dataclasses.replace(pair, value=np.array([2.0, 4.0]))
    alike = dataclasses.replace(pair, value=np.array([3.0, 3.0]))
    one, other = (scores(adapted(train.concat(x), rank=4, centred=True)) for x in (apart, alike))
    np.testing.assert_allclose(one, other, atol=1e-4)


@pytest.mark.parametrize("value", [3.0, 3.7])
def test_a_constant_rating_is_all_there_is(value):
    model = adapted(from_matrix(planted() * value), rank=3, centred=True)
    np.testing.assert_allclose(scores(model), value, atol=1e-5)
    assert not np.array(model.item_vectors.embeddings).any()


def test_ratings_by_hand():
    """X = U S V' with U'U = V'V = I, for a matrix whose singular values have a closed form.

    X X' = [[30, 22, 24], [22, 30, 24], [24, 24, 30]] has the eigenvector (1, -1, 0) for 8, and on
    (a, a, b) it is [[52, 24], [48, 30]], with the eigenvalues 41 +- sqrt(1273).
    """
    matrix = np.array([[4.0, 2, 3, 1], [2, 4, 1, 3], [3, 1, 2, 4]])
    eigenvalues = np.array([41 + np.sqrt(1273), 8.0, 41 - np.sqrt(1273)])
    for rank in (2, 3):
        model = adapted(from_matrix(matrix), rank=rank, ratings=True)
        users, items = (
            np.array(side.embeddings, "float64")[2:]
            for side in (model.user_vectors, model.item_vectors)
        )
        singular = np.linalg.norm(users, axis=0)
        np.testing.assert_allclose(singular, np.sqrt(eigenvalues[:rank]), rtol=1e-6)
        for vectors in (users / singular, items):
            np.testing.assert_allclose(vectors.T @ vectors, np.eye(rank), atol=1e-6)
        expected = matrix if rank == 3 else truncated(matrix, 2)
        np.testing.assert_allclose(by_number(scores(model)), expected, atol=1e-5)
    assert not model.predicts_values


def test_repeated_ratings_are_averaged_and_missing_ones_are_0():
    train = rated()
    left = np.zeros((25, 15))
    left[train.user - 2, train.item - 2] = train.value
    pair, rest = train.select([0, 0]), train.select(slice(1, None))
    pair = dataclasses.replace(pair, value=train.value[0] + np.array([-1.0, 1.0]))
    found = by_number(scores(adapted(rest.concat(pair), rank=4, ratings=True)))
    order = [np.argsort([int(x) for x in c.vocabulary.ids]) for c in (train.users, train.items)]
    np.testing.assert_allclose(found, truncated(left, 4)[np.ix_(*order)], atol=1e-4)


def test_reasons_add_up_to_the_score():
    train = from_matrix(planted())
    model = adapted(train, rank=4)
    items = np.arange(2, 14)
    parts = model.contributions({"user": np.array([3])}, model.histories[3], items)
    assert parts.shape == (12, len(model.histories[3]))
    expected = model.score_pairs({"user": np.full(12, 3)}, items)
    np.testing.assert_allclose(parts.sum(axis=1), expected, atol=1e-5)


def test_bad_input_is_refused():
    train = rated()
    with pytest.raises(InputError, match="item_damping: expected"):
        SVD(train.schema(), item_damping=-1.0)
    with pytest.raises(InputError, match="rank: expected a whole number, such as 50, got 2.5"):
        SVD(train.schema(), rank=2.5)
    with pytest.raises(InputError, match="centred=True, ratings=True: .*choose one"):
        SVD(train.schema(), centred=True, ratings=True)
    value = train.value.copy()
    value[3] = np.nan
    for form in ({"centred": True}, {"ratings": True}):
        with pytest.raises(InputError, match="SVD finds no finite solution"):
            adapted(dataclasses.replace(train, value=value), rank=2, **form)
