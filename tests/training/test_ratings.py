import dataclasses
import types

import numpy as np
import pytest
from sklearn.metrics import log_loss, roc_auc_score

from kerasrec.evaluation.predicted_values import rate
from kerasrec.training import RatingValidation
from kerasrec_zoo import MatrixFactorization


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
    found = rate(model, split, "test", "bce", bootstrap=0).rows[0]["metrics"]
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
def test_what_predicts_no_values_is_not_rated(rated, candidates, loss, value_of):
    model = types.SimpleNamespace(predicts_values=candidates == "pair")
    assert rate(model, labelled(rated, value_of), "test", loss) is None
    logs, validation = {}, RatingValidation(labelled(rated, value_of), loss)
    validation.set_model(model)
    validation.on_epoch_end(0, logs)
    assert logs == {}
