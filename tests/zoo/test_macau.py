"""What is Macau's own."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse

from kerasrec.data import Interactions
from kerasrec.errors import InputError
from kerasrec_zoo import Macau
from kerasrec_zoo.macau import _components, _MeanProduct, _Regression, _Side


def groups(seed=0, users=60, items=40):
    """Ratings 5 where the group of the user is that of the item, else 1; the groups are features.

    The last users and items have a rating or two, the others half of all.
    """
    random = np.random.default_rng(seed)
    user_group, item_group = np.arange(users) % 2, np.arange(items) % 2
    whole = np.where(user_group[:, None] == item_group, 5.0, 1.0)
    observed = random.random(whole.shape) < 0.5
    observed[-10:] = False
    observed[-10:, 0] = True
    rows, columns = np.nonzero(observed)
    frame = pd.DataFrame({"user": rows, "item": columns, "value": whole[rows, columns]})
    return whole, observed, frame, user_group, item_group


def features(side, values):
    table = pd.DataFrame({side: range(len(values)), "group": [f"g{one}" for one in values]})
    return {f"{side}_frame": table, f"{side}_features": {"group": {"kind": "category"}}}


def root_mean_square(model, whole, rows, columns):
    found = model.score(users=rows.astype(str), items=columns.astype(str))
    return np.sqrt(np.mean((found - whole[rows, columns]) ** 2))


def adapted(train, **arguments):
    model = Macau(train.schema(), **{"rank": 2, "samples": 40, "burn_in": 20, **arguments})
    model.adapt(train)
    return model


def test_draws_are_those_of_bayesian_regression_by_hand():
    random = np.random.default_rng(0)
    side = _Side(random, 3, [scipy.sparse.csr_matrix((2, 1))])
    other = random.normal(size=(4, 3))
    values = np.array([[1.0, 2.0, 0, -1.0], [0, 0, 0, 0]])
    seen = np.array([[1.0, 2, 0, 1], [0, 0, 0, 0]])
    tables = scipy.sparse.csr_matrix(seen), scipy.sparse.csr_matrix(values)
    prior = np.diag([1.0, 2.0, 4.0])
    side._precision, side._regressions, side._draw_prior = prior, [], lambda: None
    side._prior_mean = lambda: np.array([[0.5, 0.0, -0.5]] * 2)
    draws = []
    for _ in range(4000):
        side.draw(*tables, other, 0.7)
        draws.append(side.vectors)
    draws = np.array(draws)
    reads = np.column_stack([np.ones(4), other[:, 1:]])
    precision = prior + 0.7 * (reads.T * seen[0]) @ reads
    right = prior @ [0.5, 0.0, -0.5] + 0.7 * reads.T @ (values[0] - seen[0] * other[:, 0])
    covariance = np.linalg.inv(precision)
    np.testing.assert_allclose(draws[:, 0].mean(axis=0), covariance @ right, atol=0.06)
    np.testing.assert_allclose(np.cov(draws[:, 0].T), covariance, atol=0.06)
    # Who rated nothing has the prior.
    np.testing.assert_allclose(draws[:, 1].mean(axis=0), [0.5, 0.0, -0.5], atol=0.06)
    np.testing.assert_allclose(np.cov(draws[:, 1].T), np.linalg.inv(prior), atol=0.06)


def test_a_regression_draws_ridge_solutions():
    random = np.random.default_rng(0)
    table = scipy.sparse.csr_matrix(random.normal(size=(12, 3)))
    rest, precision = random.normal(size=(12, 2)), np.array([[2.0, 0.5], [0.5, 1.0]])
    one, means = _Regression(table, 2), []
    for _ in range(2000):
        one.ridge = 3.0
        one.draw(random, rest, precision)
        means.append(one.mean)
    dense = table.toarray()
    inverse = np.linalg.inv(dense.T @ dense + 3 * np.eye(3))
    np.testing.assert_allclose(np.mean(means, axis=0), dense @ inverse @ dense.T @ rest, atol=0.03)
    rest = means - np.mean(means, axis=0)
    spread = np.einsum("sna,snb->nab", rest, rest)
    expected = np.einsum("nk,kl,nl->n", dense, inverse, dense)[:, None, None]
    expected = expected * np.linalg.inv(precision)
    np.testing.assert_allclose(spread / len(means), expected, atol=0.05)


@pytest.mark.parametrize("shape", [(9, 4), (4, 9)])
def test_components_have_the_products_of_the_table(shape):
    table = scipy.sparse.csr_matrix(np.random.default_rng(0).normal(size=shape).round())
    scaled, squares = _components(table)
    np.testing.assert_allclose(scaled @ scaled.T, (table @ table.T).toarray(), atol=1e-9)
    np.testing.assert_allclose(scaled.T @ scaled, np.diag(squares), atol=1e-9)


def test_many_products_are_kept_as_one():
    random = np.random.default_rng(0)
    left, right = random.normal(size=(9, 8, 2)), random.normal(size=(9, 6, 2))
    mean = np.mean(left @ right.transpose(0, 2, 1), axis=0)
    whole = _MeanProduct(6)
    for pair in zip(left, right, strict=True):
        whole.add(*pair)
    one, other = whole.factors()
    np.testing.assert_allclose(one @ other.T, mean, atol=1e-9)
    longer = _MeanProduct(7)
    longer.add(left[0], right[0])
    one, other = longer.factors()
    assert one.shape == (8, 7) and other.shape == (6, 7)
    np.testing.assert_allclose(one @ other.T, left[0] @ right[0].T, atol=1e-9)


@pytest.mark.slow
def test_features_say_what_few_ratings_do_not():
    whole, observed, frame, user_group, item_group = groups()
    rows, columns = (one.ravel() for one in np.meshgrid(range(50, 60), range(1, 40), indexing="ij"))
    with_features = Interactions.from_frame(
        frame, **features("user", user_group), **features("item", item_group)
    )
    # One rating of item 0 tells the group of the item alone, which the pairs do not say.
    assert root_mean_square(adapted(with_features), whole, rows, columns) < 0.5
    without = adapted(Interactions.from_frame(frame))
    rows, columns = np.nonzero(~observed[:50])
    assert root_mean_square(without, whole, rows, columns) < 0.3


@pytest.mark.slow
def test_what_was_rated_says_what_few_ratings_do_not():
    random = np.random.default_rng(0)
    # Who likes the even items rates only these; the value says only what is common to all.
    rows, columns = np.nonzero(random.random((80, 40)) < 0.4)
    own = rows % 2 == columns % 2
    rows, columns = rows[own], columns[own]
    values = np.where(rows % 2, 2.0, 4.0) + 0.1 * random.normal(size=len(rows))
    shown = (rows < 70) | (columns < 4)
    late = (rows >= 70) & ~shown
    frame = pd.DataFrame({"user": rows, "item": columns, "value": values})
    model = adapted(Interactions.from_frame(frame[shown]))
    keep = late & np.isin(rows, rows[shown]) & np.isin(columns, columns[shown])
    found = model.score(users=rows[keep].astype(str), items=columns[keep].astype(str))
    assert np.sqrt(np.mean((found - np.where(rows[keep] % 2, 2.0, 4.0)) ** 2)) < 0.3


@pytest.mark.slow
def test_the_seed_fixes_everything():
    frame = groups()[2]
    train = Interactions.from_frame(frame)
    users, items = train.users.vocabulary.ids[:5], train.items.vocabulary.ids[:5]
    one, again, other = (
        adapted(train, samples=5, seed=seed).score(users=users, items=items) for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(one, again)
    assert np.abs(one - other).max() > 0


@pytest.mark.parametrize("given", [{"rank": 0}, {"samples": 0}, {"burn_in": 0}, {"dim": 2.5}])
def test_refuses(given):
    train = Interactions.from_frame(groups()[2])
    with pytest.raises(InputError, match="expected a whole number"):
        Macau(train.schema(), **given)
