"""The weights of a blend of predicted ratings, where the right ones are known."""

import numpy as np
import pandas as pd
import pytest
import scipy.optimize

from kerasrec.data import Interactions
from kerasrec.data.splits import random_ratio
from kerasrec.errors import InputError
from kerasrec.evaluation import evaluate_ratings, fit_blend
from kerasrec.evaluation.rating_weights import least_squares
from kerasrec.models import Blend
from kerasrec_zoo import BayesianMF, DampedMean, ItemKNN, Markov


def rated(labels=False):
    """Users with a taste (a product of signs) and items of a level."""
    rng = np.random.default_rng(0)
    user, item = np.divmod(rng.permutation(60 * 40)[:1200], 40)
    level, sides = rng.normal(3.0, 0.5, 40), rng.choice([-1.0, 1.0], (2, 60))
    value = level[item] + 0.7 * sides[0, user] * sides[1, item] + rng.normal(0, 0.3, 1200)
    if labels:
        value = (value > 3).astype("float64")
    frame = pd.DataFrame({"user": user.astype(str), "item": item.astype(str), "value": value})
    return random_ratio(Interactions.from_frame(frame), validation=0.2, test=0.2)


@pytest.fixture(scope="module")
def split():
    return rated()


def parts(split, seed=0):
    schema = split.train.schema()
    models = [
        DampedMean(schema),
        BayesianMF(schema, dim=2, epochs=20, seed=seed),
        ItemKNN(schema, task="rating"),
    ]
    for model in models:
        model.adapt(split.train)
    return models


def test_least_squares_equals_scipys_bounded_solver():
    rng = np.random.default_rng(0)
    features = rng.normal(size=(300, 4)) + 3.0
    values = features @ [0.6, 0.0, 0.9, -0.5] + 1.5 + rng.normal(size=300)
    weights, intercept = least_squares(features, values)
    columns = np.column_stack([features, np.ones(300)])
    low = [0.0, 0.0, 0.0, 0.0, -np.inf]
    expected = scipy.optimize.lsq_linear(columns, values, (low, np.inf), tol=1e-12).x
    np.testing.assert_allclose([*weights, intercept], expected, atol=1e-6)
    assert weights[3] == 0.0


def rmse(model, split, part):
    found = evaluate_ratings(model, split, part=part, bootstrap=0)
    return found.rows[0]["metrics"]["rmse"]["mean"]


def test_the_fit_is_the_best_of_the_validation_ratings_and_says_its_error(split):
    models = parts(split)
    blend = Blend(models, "rating")
    found = fit_blend(blend, split)
    assert found.ratings == len(split.validation)
    assert list(found.part_weights) == ["DampedMean", "BayesianMF", "ItemKNN"]
    assert found.rmse == pytest.approx(rmse(blend, split, "validation"), abs=1e-5)
    assert found.rmse < min(rmse(model, split, "validation") for model in models)
    assert "240 validation ratings: DampedMean" in found.line()


def test_parts_and_the_intercept_add_up(split, tmp_path):
    models = parts(split)
    blend = Blend(models, "rating", part_weights=[0.5, 0.25, 0.5])
    blend.blended.offsets.assign([[-0.75]])
    users = split.train.users.vocabulary.ids[:3].tolist()
    items = split.train.items.vocabulary.ids[:3].tolist()
    scores = [model.score(users=users, items=items) for model in models]
    expected = 0.5 * scores[0] + 0.25 * scores[1] + 0.5 * scores[2] - 0.75
    np.testing.assert_allclose(blend.score(users=users, items=items), expected, rtol=1e-5)
    answer = blend.recommend(users=users, k=2, explain=True)
    again = blend.score(users=answer["user"].tolist(), items=answer["item"].tolist())
    np.testing.assert_allclose(answer["score"], again, rtol=1e-5)
    for score, reasons in zip(answer["score"], answer["reasons"], strict=True):
        named = {one["group"]: one["contribution"] for one in reasons}
        assert named["without all of them"] == pytest.approx(-0.75, abs=1e-4)
        assert sum(named.values()) == pytest.approx(score, abs=1e-4)


def test_weights_stay_when_the_parts_learn_from_more(split):
    blend = Blend(parts(split), "rating")
    fit_blend(blend, split)
    blend.repeats = "allow"
    weights = np.array(blend.blended.part_weights)
    blend.adapt(split.known("test"))
    np.testing.assert_array_equal(blend.blended.part_weights, weights)
    assert blend.repeats == "allow"
    other = Blend(parts_of(split.known("test"), split), "rating", part_weights=weights.ravel())
    other.blended.offsets.assign(blend.blended.offsets)
    assert rmse(blend, split, "test") == pytest.approx(rmse(other, split, "test"), abs=1e-6)


def parts_of(known, split):
    models = parts(split)
    for model in models:
        model.adapt(known)
    return models


def test_parts_that_saw_the_validation_ratings_are_refused(split):
    blend = Blend(parts_of(split.known("test"), split), "rating")
    with pytest.raises(InputError, match="were trained on .* of the validation part"):
        fit_blend(blend, split)


def test_ratings_and_rankings_are_not_added(split):
    ratings, ranking = parts(split)[1], Markov(split.train.schema())
    ranking.adapt(split.train)
    for how in ("rating", "sum"):
        with pytest.raises(InputError, match="BayesianMF predicts ratings and Markov ranks items"):
            Blend([ratings, ranking], how)
    with pytest.raises(InputError, match='how="rating" adds predicted ratings, and Markov ranks'):
        Blend([ranking, Markov(split.train.schema())], "rating")
    with pytest.raises(InputError, match="weights of predicted ratings have no groups"):
        Blend(parts(split), "rating", gated=True)


def test_labels_and_few_ratings_are_refused(split):
    found = rated(labels=True)
    with pytest.raises(InputError, match="the values are labels 0 and 1"):
        fit_blend(Blend(parts(found), "rating"), found)
    with pytest.raises(InputError, match="has .* ratings, and 20 are needed"):
        fit_blend(Blend(parts(split), "rating"), split, users=2)
