"""Intervals over requests: coverage, clusters and pairs of models."""

import numpy as np
import pytest

from kerasrec.evaluation.impressions import task_differences, task_metrics
from kerasrec.metrics import auc_variance


def clicks(seed, num_requests=400, size=5, noise=1.0):
    rng = np.random.default_rng(seed)
    requests = np.repeat(np.arange(num_requests), size)
    logits = rng.normal(size=len(requests)) - 1.0
    labels = rng.random(len(requests)) < 1 / (1 + np.exp(-logits))
    scores = logits + noise * rng.normal(size=len(requests))
    return labels.astype("float64"), 1 / (1 + np.exp(-scores)), requests


def test_auc_of_independent_rows_has_the_interval_of_delong():
    labels, scores, _ = clicks(0)
    found = task_metrics(labels, scores, "score", bootstrap=2000)[0]["auc"]
    half = 1.96 * auc_variance(labels, scores) ** 0.5
    assert found["mean"] - found["low"] == pytest.approx(half, rel=0.08)
    assert found["high"] - found["mean"] == pytest.approx(half, rel=0.08)


@pytest.mark.parametrize("metric", ["auc", "log_loss", "user_auc", "recall@2"])
def test_a_resample_is_a_data_set_of_drawn_requests(metric):
    labels, scores, requests = clicks(1, num_requests=30)
    users = requests // 3
    found, _ = task_metrics(
        labels, scores, requests=requests, users=users, ks=(2,), bootstrap=60, seed=4
    )
    rng, draws = np.random.default_rng([4, 2]), []
    for _ in range(60):
        rows = [np.flatnonzero(requests == one) for one in rng.integers(0, 30, 30)]
        copy, rows = np.repeat(np.arange(30), 5), np.concatenate(rows)
        each, _ = task_metrics(
            labels[rows], scores[rows], requests=copy, users=users[rows], ks=(2,)
        )
        draws.append(each[metric]["mean"])
    expected = np.quantile(draws, [0.025, 0.975])
    assert [found[metric]["low"], found[metric]["high"]] == pytest.approx(expected)


def test_requests_and_not_rows_are_resampled():
    labels, scores, requests = clicks(2)
    once = task_metrics(labels, scores, requests=requests, bootstrap=200)[0]
    copied = [np.tile(values, 9) for values in (labels, scores, requests)]
    again = task_metrics(*copied[:2], requests=copied[2], bootstrap=200)[0]
    for name in ("auc", "log_loss", "normalised_entropy", "calibration_ratio", "ece"):
        assert again[name] == pytest.approx(once[name])


def test_a_difference_is_narrower_than_both_intervals():
    labels, scores, requests = clicks(3)
    worse = clicks(3, noise=1.2)[1]
    given = {"requests": requests, "bootstrap": 300}
    one, other = (task_metrics(labels, each, **given)[0] for each in (scores, worse))
    difference, notes = task_differences(labels, scores, worse, **given)
    width = [value["auc"]["high"] - value["auc"]["low"] for value in (difference, one, other)]
    assert difference["auc"]["mean"] == one["auc"]["mean"] - other["auc"]["mean"]
    assert difference["auc"]["low"] > 0
    assert width[0] < 0.5 * min(width[1:])
    assert notes[0].startswith("request_auc leaves out")


def test_equal_models_do_not_differ():
    labels, scores, requests = clicks(4, num_requests=50)
    found, _ = task_differences(labels, scores, scores, requests=requests, bootstrap=20)
    assert all(value == {"mean": 0.0, "low": 0.0, "high": 0.0} for value in found.values())


def test_the_seed_decides():
    labels, scores, requests = clicks(5, num_requests=50)
    found = [
        task_metrics(labels, scores, requests=requests, bootstrap=20, seed=seed)[0]
        for seed in (0, 0, 1)
    ]
    assert found[0] == found[1] != found[2]


def test_one_request_or_no_resamples_give_no_interval():
    labels, scores, requests = clicks(6, num_requests=2)
    alone = task_metrics(labels, scores, requests=np.zeros(10), bootstrap=10)[0]["log_loss"]
    without = task_metrics(labels, scores, requests=requests)[0]["log_loss"]
    assert alone["low"] is alone["high"] is without["low"] is without["high"] is None


def test_resamples_with_one_class_do_not_count():
    # One positive of four rows: a third of the resamples have none.
    found = task_metrics([1, 0, 0, 0], [0.5, 0.25, 0.5, 0.125], "score", bootstrap=100)[0]
    assert found["auc"]["mean"] == pytest.approx(2.5 / 3)
    assert 0.5 <= found["auc"]["low"] <= found["auc"]["high"] <= 1.0
