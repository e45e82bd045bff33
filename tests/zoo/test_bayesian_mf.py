"""What is BayesianMF's own."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse

from kerasrec.data import Interactions
from kerasrec.errors import InputError
from kerasrec_zoo import BayesianMF
from kerasrec_zoo.bayesian_mf import FACTORS, ITEM_BIAS, USER_BIAS, _Posterior


def from_matrix(matrix, observed, **given):
    users, items = np.nonzero(observed)
    frame = pd.DataFrame({"user": users, "item": items, "value": matrix[users, items]})
    ids = {
        f"{side}_frame": pd.DataFrame({side: range(size)})
        for side, size in zip(("user", "item"), matrix.shape, strict=True)
    }
    return Interactions.from_frame(frame, **ids, **given)


def adapted(train, **arguments):
    model = BayesianMF(train.schema(), **arguments)
    model.adapt(train)
    return model


def planted(noise, seed=0, shape=(120, 80), share=0.4):
    """Ratings of rank 2 with biases, what was added to them, and which are observed."""
    random = np.random.default_rng(seed)
    whole = random.normal(size=(shape[0], 2)) @ random.normal(size=(2, shape[1]))
    whole += 3 + random.normal(size=(shape[0], 1)) + random.normal(size=shape[1])
    return whole, whole + noise * random.normal(size=shape), random.random(shape) < share


def scores(model, users, items):
    return model.score(users=users.astype(str), items=items.astype(str))


def test_an_update_is_bayesian_regression_by_hand():
    random = np.random.default_rng(0)
    items = _Posterior(random, 4, 4, free=ITEM_BIAS, noise=1.0)
    items.mean[:, 1:] = random.normal(size=(4, 3))
    spread = random.normal(size=(4, 3, 3))
    items.covariance[:, 1:, 1:] = spread @ spread.transpose(0, 2, 1)
    users = _Posterior(random, 3, 4, free=USER_BIAS, noise=1.0)
    users.prior_mean, users.prior_variance = np.array([0.1, 0.2, -0.3]), np.array([0.5, 1.0, 2.0])
    start = users.prior_mean, users.prior_variance
    values = np.array([[1.0, 2.0, 0, 0], [0, 0, 3.0, -1.0], [0, 0, 0, 0]])
    seen = np.array([[1.0, 1, 0, 0], [0, 1, 1, 1], [0, 0, 0, 0]])

    tables = scipy.sparse.csr_matrix(seen), scipy.sparse.csr_matrix(values * seen)
    users.update(*tables, items, noise=0.7)
    for user in range(3):
        precision, right = np.diag(1 / start[1]), start[0] / start[1]
        for item in np.flatnonzero(seen[user]):
            # [1, q] of the item, without its own bias, which the user's vector meets with a 1.
            own = [0, *range(FACTORS, 4)]
            mean, covariance = items.mean[item], items.covariance[item]
            moment = covariance + np.outer(mean, mean)
            precision = precision + moment[np.ix_(own, own)] / 0.7
            right = right + (values[user, item] * mean[own] - moment[own, ITEM_BIAS]) / 0.7
        covariance = np.linalg.inv(precision)
        np.testing.assert_allclose(users.mean[user, [0, 2, 3]], covariance @ right)
        np.testing.assert_allclose(
            users.covariance[user][np.ix_([0, 2, 3], [0, 2, 3])], covariance, atol=1e-12
        )
        assert users.mean[user, ITEM_BIAS] == 1


def test_finds_what_was_planted_up_to_the_noise():
    whole, noisy, observed = planted(noise=0.5)
    model = adapted(from_matrix(noisy, observed), dim=2)
    error = scores(model, *np.nonzero(~observed)) - whole[~observed]
    # Each of 120 + 80 vectors has 3 numbers from about 38 ratings: noise sqrt(3 / 32 + 3 / 48).
    assert np.sqrt(np.mean(error**2)) < 0.5 * np.sqrt(3 / 32 + 3 / 48) * 1.3


def test_superfluous_factors_vanish():
    whole, noisy, observed = planted(noise=0.5)
    model = adapted(from_matrix(noisy, observed), dim=8, epochs=150)
    users, items = (
        np.asarray(table.embeddings)[2:] for table in (model.user_vectors, model.item_vectors)
    )
    each = np.sort(users.std(axis=0) * items.std(axis=0))
    assert each[-2] > 0.5 and each[-3] < 0.1 * each[-2]


@pytest.mark.parametrize("dim", [1, 50])
def test_a_constant_is_predicted_for_everybody(dim):
    observed = np.ones((9, 6), bool)
    observed[4] = observed[:, 2] = False
    model = adapted(from_matrix(np.full((9, 6), 4.0), observed), dim=dim)
    users, items = np.divmod(np.arange(54), 6)
    np.testing.assert_allclose(scores(model, users, items), 4.0, atol=0.01)


def test_who_has_no_ratings_is_like_the_others_on_average():
    whole, noisy, observed = planted(noise=0.1)
    observed[7] = False
    model = adapted(from_matrix(noisy, observed), dim=2)
    items = np.arange(80)
    found = scores(model, np.full(80, 7), items)
    others = np.delete(whole, 7, axis=0).mean(axis=0)
    assert np.corrcoef(found, others)[0, 1] > 0.95


@pytest.mark.parametrize("given", [{"dim": 0}, {"epochs": 0}, {"dim": 2.5}])
def test_refuses(given):
    train = from_matrix(np.ones((3, 3)), np.ones((3, 3), bool))
    with pytest.raises(InputError, match="expected a whole number"):
        BayesianMF(train.schema(), **given)
