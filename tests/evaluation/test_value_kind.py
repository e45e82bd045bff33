import dataclasses
import types

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import log_loss, roc_auc_score

from kerasrec.data import Interactions
from kerasrec.data.splits import random_ratio
from kerasrec.evaluation.ratings import evaluate_predicted_values
from kerasrec.evaluation.value_kind import value_kind
from kerasrec.training import RatingValidation
from kerasrec_zoo import MatrixFactorization


@pytest.fixture(scope="module")
def rated():
    """Ratings from 1 to 5 of 20 users for 20 items."""
    rng = np.random.default_rng(0)
    user, item = np.nonzero(rng.random((20, 20)) < 0.7)
    value = rng.integers(1, 6, len(user))
    return random_ratio(
        Interactions.from_frame(pd.DataFrame({"user": user, "item": item, "value": value}))
    )


def labelled(split, value_of):
    parts = {
        name: dataclasses.replace(
            getattr(split, name), value=value_of(getattr(split, name).value).astype("float32")
        )
        for name in ("train", "validation", "test")
    }
    return dataclasses.replace(split, **parts)


@pytest.fixture
def model(rated):
    model = MatrixFactorization(rated.train.schema(), dim=2, candidates="pair")
    model.adapt(rated.train)
    return model


def test_labels_are_predicted_by_logits(rated, model):
    split = labelled(rated, lambda values: values > 3)
    found = evaluate_predicted_values(model, split, "test", "bce", bootstrap=0)
    found = found.rows[0]["metrics"]
    logits = model.score_pairs({"user": split.test.user}, split.test.item).astype("float64")
    probabilities = 1 / (1 + np.exp(-logits))
    assert found["auc"]["mean"] == pytest.approx(roc_auc_score(split.test.value, logits))
    assert found["log_loss"]["mean"] == pytest.approx(log_loss(split.test.value, probabilities))


@pytest.mark.parametrize(
    "candidates,loss,value_of",
    [
        ("all", "softmax", lambda values: values),
        ("pair", "mse", np.ones_like),
        ("pair", "mse", lambda values: values > 3),  # no probabilities
        ("pair", "bce", lambda values: values),  # the logit of "any value", not the value
    ],
)
def test_a_model_that_predicts_no_values_is_not_evaluated(rated, candidates, loss, value_of):
    model = types.SimpleNamespace(predicts_values=candidates == "pair")
    assert evaluate_predicted_values(model, labelled(rated, value_of), "test", loss) is None
    logs, validation = {}, RatingValidation(labelled(rated, value_of), loss)
    validation.set_model(model)
    validation.on_epoch_end(0, logs)
    assert logs == {}


@pytest.mark.parametrize(
    "train,test,kind",
    [
        ([0, 1], [1, 1], "labels"),
        ([1, 1], [0, 0], "labels"),  # only both parts together differ
        ([0, 1], [1, 2], "ratings"),
        ([3, 4], [3, 3], "ratings"),
        ([1, 1], [1, 1], None),
        ([3, 3], [3, 3], None),
    ],
)
def test_the_kind_is_that_of_train_and_part_together(rated, train, test, kind):
    def with_values(part, values):
        return dataclasses.replace(part, value=np.resize(values, len(part)))

    parts = {"train": with_values(rated.train, train), "test": with_values(rated.test, test)}
    assert value_kind(dataclasses.replace(rated, **parts), "test") == kind
