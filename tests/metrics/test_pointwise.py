import numpy as np
import pytest
from sklearn import metrics as sklearn_metrics

from kerasrec.errors import InputError
from kerasrec.metrics import accuracy, auc, auc_variance, cross_entropy, log_loss, mae, rmse


@pytest.fixture
def labelled():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, 300)
    # rounded: many ties
    return labels, np.clip(rng.normal(0.4 + 0.2 * labels, 0.2), 0.0, 1.0).round(2)


def test_like_scikit_learn(labelled):
    labels, scores = labelled
    assert auc(labels, scores) == pytest.approx(sklearn_metrics.roc_auc_score(labels, scores))
    assert log_loss(labels, scores) == pytest.approx(sklearn_metrics.log_loss(labels, scores))
    told = sklearn_metrics.accuracy_score(labels, scores > 0.5)
    assert accuracy(labels, scores) == pytest.approx(told)
    expected = sklearn_metrics.mean_squared_error(labels, scores) ** 0.5
    assert rmse(labels, scores) == pytest.approx(expected)
    expected = sklearn_metrics.mean_absolute_error(labels, scores)
    assert mae(labels, scores) == pytest.approx(expected)


def test_auc_extremes():
    labels = [0, 0, 1]
    assert auc(labels, [1.0, 2.0, 3.0]) == 1.0
    assert auc(labels, [3.0, 2.0, 1.0]) == 0.0
    assert auc(labels, [7.0, 7.0, 7.0]) == 0.5


def test_auc_variance_by_all_comparisons(labelled):
    labels, scores = labelled
    won = scores[labels == 1][:, None] - scores[labels == 0]
    won = (won > 0) + 0.5 * (won == 0)
    expected = (
        won.mean(axis=1).var(ddof=1) / won.shape[0] + won.mean(axis=0).var(ddof=1) / won.shape[1]
    )
    assert auc_variance(labels, scores) == pytest.approx(expected)


def test_auc_variance_is_that_of_many_samples():
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1], [60, 40])
    samples = rng.normal(labels * 0.8, 1.0, (2000, 100))
    spread = np.var([auc(labels, scores) for scores in samples])
    estimated = np.mean([auc_variance(labels, scores) for scores in samples[:200]])
    assert estimated == pytest.approx(spread, rel=0.1)


def test_cross_entropy_of_a_certain_error_is_finite():
    assert cross_entropy([1.0, 0.0], [0.0, 0.0]) == pytest.approx([36.04, 0.0], abs=0.01)


@pytest.mark.parametrize(
    ("metric", "values", "scores", "message"),
    [
        (rmse, [1.0], [1.0, 2.0], r"\(1,\) and \(2,\)"),
        (mae, [], [], "at least 1"),
        (mae, [1.0], [np.nan], "finite scores, received nan"),
        (auc, [0, 2], [0.1, 0.2], "labels 0 or 1, received 2"),
        (auc, [1, 1], [0.1, 0.2], "both 0 and 1, received only 1"),
        (auc_variance, [0, 1], [0.1, 0.2], "two positives"),
        (accuracy, [0, 2], [0.1, 0.2], "expected labels 0 or 1"),
        (accuracy, [0, 1], [0.1, 1.2], "received 1.2; apply a sigmoid to logits"),
        (log_loss, [0, 1], [0.1, 1.2], "received 1.2; apply a sigmoid to logits"),
    ],
)
def test_wrong_input(metric, values, scores, message):
    with pytest.raises(InputError, match=message):
        metric(values, scores)
