import dataclasses
import os

import numpy as np
import pandas as pd
import pytest
from sklearn.decomposition import non_negative_factorization

from kerasrec.data import Interactions, load, splits
from kerasrec.errors import InputError
from kerasrec_zoo.nmf import NMF

real = pytest.mark.skipif(not os.environ.get("KERASREC_DATA"), reason="KERASREC_DATA is not set")


def from_matrix(matrix, **given):
    users, items = np.nonzero(matrix)
    frame = pd.DataFrame({"user": users, "item": items, "value": matrix[users, items]})
    ids = pd.DataFrame({"item": range(matrix.shape[1])})
    return Interactions.from_frame(frame, item_frame=ids, **given)


def adapted(train, **arguments):
    model = NMF(train.schema(), **arguments)
    model.adapt(train)
    return model


def vectors(model):
    tables = (model.user_vectors, model.item_vectors)
    return [np.array(table.embeddings, "float64") for table in tables]


def planted(share=0.6, seed=0):
    """A non-negative matrix of rank 2, and which of its entries are observed."""
    generator = np.random.default_rng(seed)
    whole = generator.random((30, 2)) @ generator.random((2, 20)) + 0.1
    return whole, generator.random(whole.shape) < share


def loss_of(model, train, l2):
    users, items = vectors(model)
    users, items = users[train.user], items[train.item]
    squares = (users**2).sum(axis=1) + (items**2).sum(axis=1)
    return ((train.value - (users * items).sum(axis=1)) ** 2 + l2 * squares).sum()


def test_one_step_by_hand():
    train = from_matrix(np.array([[1.0, 2.0], [2.0, 0.0]]))
    model = adapted(train, rank=1, epochs=1, l2=0.0)
    # A rank of 1 makes p the weighted mean of r / q, then q that of r / p, whatever p was.
    q0, q1 = 2 * np.sqrt(5 / 3) * np.random.default_rng(0).random(8)[[6, 7]]
    p0, p1 = (q0 + 2 * q1) / (q0**2 + q1**2), 2 / q0
    expected = [p0 * (p0 + 2 * p1) / (p0**2 + p1**2), 2.0]
    np.testing.assert_allclose(model.score(users=["0", "0"], items=["0", "1"]), expected, rtol=1e-5)


def test_finds_planted_factors_from_observed_pairs_alone():
    whole, observed = planted(share=0.7)
    train = from_matrix(whole * observed)
    model = adapted(train, rank=3, epochs=3000, l2=0.0)
    users, items = np.nonzero(~observed)
    found = model.score(users=users.astype(str), items=items.astype(str))
    error = np.sqrt(np.mean((found - whole[users, items]) ** 2))
    assert error < 0.1 * whole.std()


@pytest.mark.parametrize("l2", [0.0, 0.06])
def test_nothing_is_negative_and_the_loss_falls(l2):
    whole, observed = planted()
    train = from_matrix(whole * observed)
    losses = []
    for epochs in (1, 2, 5, 20, 100):
        model = adapted(train, rank=4, epochs=epochs, l2=l2)
        assert min(table.min() for table in vectors(model)) >= 0
        losses.append(loss_of(model, train, l2))
    assert losses == sorted(losses, reverse=True)
    assert losses[-1] < 0.8 * losses[0]


def test_implicit_comes_as_near_as_scikit_learn():
    matrix = (np.random.default_rng(1).random((40, 25)) < 0.3).astype("float64")
    matrix[:, 0] = 1
    train = from_matrix(matrix)
    users, items = vectors(adapted(train, rank=5, epochs=500, l2=0.0, implicit=True))
    order = np.argsort(train.users.vocabulary.ids.astype(int))
    columns = np.argsort(train.items.vocabulary.ids.astype(int))
    error = np.linalg.norm(matrix - users[2:][order] @ items[2:][columns].T)
    w, h, _ = non_negative_factorization(
        matrix, n_components=5, init="random", solver="mu", max_iter=500, tol=0, random_state=0
    )
    assert error < 1.03 * np.linalg.norm(matrix - w @ h)
    assert min(users.min(), items.min()) >= 0


def test_implicit_does_not_read_values_or_repetitions():
    matrix = (np.random.default_rng(1).random((12, 8)) < 0.4).astype("float64")
    train = from_matrix(matrix)
    odd = train.concat(train.select(slice(0, 9)))
    odd = dataclasses.replace(odd, value=-np.arange(len(odd)))
    one, other = (vectors(adapted(x, rank=3, implicit=True)) for x in (train, odd))
    for first, second in zip(one, other, strict=True):
        np.testing.assert_allclose(first, second, atol=1e-6)


def test_parts_that_nothing_connects_do_not_mix():
    matrix = np.zeros((9, 8))
    matrix[:5, :4] = 1
    matrix[5:, 4:] = 1
    train = from_matrix(matrix)
    model = adapted(train, rank=2, epochs=300, l2=0.0, implicit=True)
    found = model.score(users=["0", "0", "8", "8"], items=["0", "7", "0", "7"])
    np.testing.assert_allclose(found, [1, 0, 0, 1], atol=0.01)


@pytest.mark.parametrize("rank", [1, 3, 50])
def test_a_constant_is_predicted_for_everybody(rank):
    whole, observed = planted()
    observed[:, 3] = False
    observed[7] = False
    train = from_matrix(
        4.0 * observed * np.ones_like(whole), user_frame=pd.DataFrame({"user": range(30)})
    )
    model = adapted(train, rank=rank, epochs=200, l2=0.0)
    found = model.score(users=["0", "7", "5"], items=["3", "2", "3"])
    np.testing.assert_allclose(found, 4.0, rtol=0.05)


def test_zeros_are_values():
    train = from_matrix(np.ones((4, 3)))
    model = adapted(dataclasses.replace(train, value=np.zeros(12)), rank=2)
    assert not model.score(users=["0", "3"], items=["1", "2"]).any()


def test_what_it_predicts():
    schema = from_matrix(np.ones((3, 3))).schema()
    assert NMF(schema).predicts_values and not NMF(schema, implicit=True).predicts_values


def test_bad_input_is_refused():
    train = from_matrix(np.ones((3, 3)))
    for bad, message in (
        ({"l2": -0.1}, "l2: expected a weight of at least 0, got -0.1"),
        ({"epochs": 0}, "epochs: expected a whole number from 1, got 0"),
        ({"rank": 0}, "rank: expected a whole number from 1, got 0"),
    ):
        with pytest.raises(InputError, match=message):
            NMF(train.schema(), **bad)
    value = np.arange(9) - 2.0
    with pytest.raises(InputError, match="at least 0, and 'data' holds -2: shift"):
        adapted(dataclasses.replace(train, value=value))
    value = np.where(value == 3, np.nan, 1.0)
    with pytest.raises(InputError, match="NMF finds no finite solution"):
        adapted(dataclasses.replace(train, value=value))


@pytest.mark.slow
@real
def test_the_published_error_on_ml_100k():
    """Surprise's NMF: .963 over random 5-folds with these settings. One fold of them."""
    split = splits.k_fold(load("ml-100k", features=False), validation=0.0)
    model = adapted(split.train)
    scores = model.score_pairs({"user": split.test.user}, split.test.item)
    error = np.sqrt(np.mean((scores - split.test.value) ** 2))
    assert error == pytest.approx(0.963, abs=0.01)
