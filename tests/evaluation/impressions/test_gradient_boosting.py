import sys

import numpy as np
import pandas as pd
import pytest

from kerasrec.data import Impressions
from kerasrec.data.datasets import FilmShop
from kerasrec.data.impression_split import random_ratio
from kerasrec.errors import InputError
from kerasrec.evaluation.impressions import task_metrics
from kerasrec.evaluation.impressions.gradient_boosting import GradientBoosting
from kerasrec.evaluation.impressions.mean_rates import MeanRates
from kerasrec.training.ranker_baselines import ranker_baselines


@pytest.fixture(scope="module")
def shop():
    return FilmShop(users=50, items=60, requests=20)


@pytest.fixture(scope="module")
def split(shop):
    return random_ratio(shop.impressions(), validation=0.0, test=0.3)


@pytest.fixture(scope="module")
def boosted(split):
    return GradientBoosting().adapt(split.train)


def auc(model, data, task):
    predicted = model.predict_impressions(data)[task]
    return task_metrics(data.labels[task], predicted)[0]["auc"]["mean"]


def test_it_is_between_the_mean_rates_and_the_truth(shop, split, boosted):
    rates = auc(MeanRates().adapt(split.train), split.test, "click")
    assert rates + 0.02 < auc(boosted, split.test, "click") < shop.best_auc("click") + 0.02


def test_every_task_has_predictions_of_its_kind(split, boosted):
    found = boosted.predict_impressions(split.test)
    assert list(found) == [task.name for task in split.train.tasks]
    assert all(one.shape == (len(split.test),) and (one > 0).all() for one in found.values())
    assert (found["click"] < 1).all()
    # A second is no probability: the mean of the predictions is that of the labels.
    assert 0.8 < found["seconds"].mean() / split.test.labels["seconds"].mean() < 1.25


def test_seed_and_not_threads_decide_the_result(split, boosted):
    again = GradientBoosting(threads=1).adapt(split.train).predict_impressions(split.test)
    for name, one in boosted.predict_impressions(split.test).items():
        np.testing.assert_array_equal(one, again[name])


def test_a_rule_of_two_columns_is_learned():
    random = np.random.default_rng(0)
    frame = pd.DataFrame({"a": random.integers(0, 2, 4000), "b": random.integers(0, 2, 4000)})
    frame["click"] = frame["a"] ^ frame["b"]
    context = {name: {"kind": "category"} for name in "ab"}
    data = Impressions.from_frame(frame, context=context)
    found = GradientBoosting().adapt(data).predict_impressions(data)["click"]
    np.testing.assert_allclose(found, data.labels["click"], atol=0.02)


def test_missing_labels_are_no_rows(split):
    labels = split.train.labels["click"].copy()
    labels[::2] = np.nan
    train = split.train.select(np.arange(len(split.train)))
    train.labels["click"] = labels
    found = GradientBoosting().adapt(train).predict_impressions(split.test)["click"]
    assert np.isfinite(found).all()


def test_without_lightgbm_the_message_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "lightgbm", None)
    with pytest.raises(InputError, match=r'pip install "kerasrec\[lightgbm\]"'):
        GradientBoosting()


def test_without_lightgbm_a_run_leaves_it_out_and_says_so(monkeypatch, split):
    monkeypatch.setitem(sys.modules, "lightgbm", None)
    lines = []
    found = ranker_baselines(["MeanRates", "GradientBoosting"], split, lines.append)
    assert [type(one) for one in found] == [MeanRates]
    assert len(lines) == 1 and 'pip install "kerasrec[lightgbm]"' in lines[0]


def test_an_unknown_baseline_lists_those_there_are(split):
    with pytest.raises(InputError, match="MeanRates, GradientBoosting"):
        ranker_baselines(["ItemKNN"], split)
