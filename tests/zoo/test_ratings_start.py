"""A model of ratings starts at their mean and learns how people and items depart from it."""

import dataclasses
import inspect

import numpy as np
import pytest

import kerasrec_zoo
from kerasrec import models
from kerasrec.errors import InputError
from kerasrec.models.contract.models_of import models_of

# Every way of a model to be trained on ratings.
RATED = [
    ("AutoRec", {}),
    ("AutoRec", {"item_based": False}),
    ("MatrixFactorization", {"candidates": "pair"}),
    ("MatrixFactorization", {"candidates": "pair", "biases": False, "temperature": 0.5}),
    ("SocialMF", {"candidates": "pair"}),
    ("SocialMF", {"candidates": "pair", "biases": False}),
    ("TwoTower", {"candidates": "pair"}),
    ("LightGCN", {"candidates": "pair"}),
    ("LightGCN", {"candidates": "pair", "biases": True}),
    ("NeuMF", {"candidates": "pair"}),
    ("ConvNCF", {"candidates": "pair"}),
]
CLASSES = models_of(kerasrec_zoo)
rated = pytest.mark.parametrize("name,given", RATED, ids=str)


@pytest.fixture(scope="module")
def stars(checkerboard):
    return dataclasses.replace(
        checkerboard, value=(1.0 + (checkerboard.user + 2 * checkerboard.item) % 5).astype("f4")
    )


def scores(model, train):
    return model.score_pairs({"user": train.user, "history": None}, train.item)


@pytest.mark.slow
@rated
def test_before_any_training_the_scores_are_about_the_mean(name, given, make, stars, tmp_path):
    model = make(getattr(kerasrec_zoo, name), stars, **given)
    assert model.predicts_values
    before = scores(model, stars)
    assert abs(before.mean() - stars.value.mean()) < 0.1
    # Of no information the mean is the best answer, and no score is far from it.
    assert np.sqrt(np.mean((before - stars.value) ** 2)) < stars.value.std() + 0.1
    if name in ("MatrixFactorization", "NeuMF") and "biases" not in given:
        model.save(tmp_path / "checkpoint")
        loaded = models.load(tmp_path / "checkpoint")
        np.testing.assert_allclose(scores(loaded, stars), before, atol=1e-6)
        again = type(model).from_config(model.get_config())
        again.adapt(stars)
        assert abs(scores(again, stars).mean() - stars.value.mean()) < 0.1


@pytest.mark.slow
def test_every_model_that_takes_pairs_is_named_here_or_refuses_them(make, stars):
    """Who reads a history looks for the next item: alone it would learn nothing."""
    for cls in CLASSES:
        if "candidates" in inspect.signature(cls).parameters and (cls.__name__ not in dict(RATED)):
            with pytest.raises(InputError, match="candidates 'pair' holds that against nothing"):
                make(cls, stars, candidates="pair")


def test_labels_start_at_the_logit_of_their_mean(make, stars):
    labels = dataclasses.replace(stars, value=(stars.value > 1).astype("f4"))
    model = make(kerasrec_zoo.MatrixFactorization, labels, candidates="pair")
    share = labels.value.mean()
    np.testing.assert_allclose(model.level, np.log(share / (1 - share)), rtol=1e-5)


def test_what_is_learnt_outlives_an_adapt(make, stars):
    model = make(kerasrec_zoo.MatrixFactorization, stars, candidates="pair")
    other = dataclasses.replace(stars, value=stars.value + 1)
    model.adapt(other)
    np.testing.assert_allclose(model.level, other.value.mean(), rtol=1e-6)
    model.level.assign(3.25)
    model.adapt(stars)
    assert float(model.level) == 3.25


def test_similarity_and_reasons_leave_the_mean_out(make, stars):
    model = make(kerasrec_zoo.MatrixFactorization, stars, candidates="pair", biases=False)
    users, items = (
        np.array(weight) for weight in model.trainable_weights if len(weight.shape) == 2
    )
    touched = items[2:14]
    units = touched / np.linalg.norm(touched, axis=1, keepdims=True)
    ids = list(stars.items.vocabulary.ids[:12])
    found = model.similar_items(ids[:1], k=1, allow=ids)
    cosines = units @ units[0]
    np.testing.assert_allclose(found["score"][0], np.sort(cosines)[-2], rtol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_scores_in_training_have_an_axis_of_columns(cls, make, stars):
    """Keras takes scores (batch,) for the classes of one label."""
    given = {"item_based": False} if cls.__name__ == "AutoRec" else {}
    model = make(cls, stars, **given)
    assert len(model.output_shape) >= 2
    if model.predicts_values and model.trainable_weights:
        assert model.output_shape[-1] == 1
