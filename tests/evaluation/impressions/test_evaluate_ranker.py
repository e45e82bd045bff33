import dataclasses
import json

import numpy as np
import pandas as pd
import pytest

from kerasrec.data import Impressions
from kerasrec.data.impression_split import given
from kerasrec.evaluation.impressions import evaluate_ranker
from kerasrec.evaluation.impressions.mean_rates import MeanRates


class Fixed:
    """Predicts what it is told, whatever the rows are."""

    def __init__(self, **predictions):
        self.predictions = predictions

    def predict_impressions(self, data):
        return {name: np.asarray(one, "float32") for name, one in self.predictions.items()}


def split(**columns):
    """Six test rows in three requests, behind six of train and two of validation."""
    frame = pd.DataFrame(
        {
            "user": list("uvuvuv") + ["u", "v"] + list("uuvvww"),
            "item": list("abcabc") + ["a", "b"] + list("abcaab"),
            "request": ["x"] * 6 + ["y"] * 2 + ["r1", "r1", "r2", "r2", "r3", "r3"],
            "click": [1, 0, 0, 1, 0, 1] + [0, 1] + [1, 0, 0, 1, 1, 0],
            "stay": [4.0, 0, 0, 2, 0, 6] + [1, 2] + [3, 0, 1, 5, np.nan, 0],
            "stars": [1.0, 2, 3, 4, 5, 2] + [3, 3] + [4, 2, 3, 5, np.nan, 1],
            "position": [1, 2] * 7,
            "fold": [0] * 6 + [1] * 2 + [2] * 6,
            **columns,
        }
    )
    labels = {"click": {}, "stay": {"kind": "seconds"}, "stars": {"kind": "rating"}}
    return given(Impressions.from_frame(frame, labels=labels))


MODEL = Fixed(
    click=[0.9, 0.2, 0.4, 0.3, 0.8, 0.1], stay=[3, 1, 1, 4, 9, 1], stars=[3, 2, 3, 7, 9, 1]
)


def mean(found, name, row=0):
    return found.rows[row]["metrics"][name]["mean"]


def test_metrics_by_hand():
    found = evaluate_ranker(MODEL, split(), ks=[1], bootstrap=10)
    # Positives 0.9, 0.3, 0.8 and negatives 0.2, 0.4, 0.1: only 0.3 < 0.4 is wrong.
    assert mean(found, "click.auc") == pytest.approx(8 / 9)
    assert mean(found, "click.request_auc") == pytest.approx(2 / 3)
    assert mean(found, "click.user_auc") == pytest.approx(2 / 3)
    assert mean(found, "click.ndcg@1") == pytest.approx(2 / 3)
    logs = np.log([0.9, 0.8, 0.6, 0.3, 0.8, 0.9])
    assert mean(found, "click.log_loss") == pytest.approx(-logs.mean(), rel=1e-5)
    # The row without a label is left out: 0, 1, 0, -1 and 1 are left.
    assert mean(found, "stay.mae") == pytest.approx(3 / 5)
    assert mean(found, "stay.rmse") == pytest.approx(np.sqrt(3 / 5), rel=1e-5)
    assert mean(found, "stars.rmse") == pytest.approx(np.sqrt((1 + 4) / 5))
    assert mean(found, "stars.mae") == pytest.approx(3 / 5)
    assert found.n_rows == 6 and found.n_queries == 3 and found.tasks == ("click", "stay", "stars")
    low, high = (found.rows[0]["metrics"]["click.auc"][key] for key in ("low", "high"))
    assert low <= 8 / 9 <= high


def test_weights_weigh():
    weight = [1] * 8 + [1, 1, 0, 0, 1, 1]
    found = evaluate_ranker(MODEL, split(weight=weight), bootstrap=0)
    assert mean(found, "click.auc") == 1.0
    assert mean(found, "stay.mae") == pytest.approx(2 / 3)


def test_groups_are_by_item_user_and_position():
    found = evaluate_ranker(MODEL, split(), bootstrap=0)
    sides = {(one["by"], one["group"]): one for one in found.groups}
    assert sides["user", "cold"]["n"] == 2  # w is not in train
    assert sides["position", "1"]["n"] == sides["position", "2"]["n"] == 3
    # At position 1: clicked 0.9 and 0.8, not clicked 0.4.
    assert sides["position", "1"]["metrics"]["click.auc"]["mean"] == 1.0
    assert sum(sides["item", name]["n"] for name in ("cold", "warm", "hot")) == 6


def test_a_label_of_one_class_has_no_auc():
    click = [1, 0, 0, 1, 0, 1] + [0, 1] + [1] * 6
    found = evaluate_ranker(MODEL, split(click=click), bootstrap=0)
    assert found.rows[0]["metrics"]["click.auc"] is None
    assert mean(found, "click.log_loss") > 0
    assert any(note.startswith("click: ") and "all labels are 1" in note for note in found.notes)
    plain = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert plain["rows"][0]["metrics"]["click.auc"] is None


def test_no_label_at_all_is_no_metric():
    click = [1, 0, 0, 1, 0, 1] + [0, 1] + [np.nan] * 6
    stars = [1.0, 2, 3, 4, 5, 2] + [3, 3] + [np.nan] * 6
    found = evaluate_ranker(MODEL, split(click=click, stars=stars), bootstrap=0)
    metrics = found.rows[0]["metrics"]
    assert metrics["click.auc"] is metrics["click.log_loss"] is metrics["stars.rmse"] is None
    assert found.reliability["click"] == []


def test_the_baseline_predicts_rates_of_items():
    parts = split()
    baseline = MeanRates().adapt(parts.train)
    found = baseline.predict_impressions(parts.test)
    # a was shown twice and clicked twice, b twice and not at all, c twice and clicked once.
    rates = {"a": (2 + 20 * 0.5) / 22, "b": (0 + 20 * 0.5) / 22, "c": (1 + 20 * 0.5) / 22}
    assert found["click"] == pytest.approx([rates[item] for item in "abcaab"], rel=1e-6)
    evaluation = evaluate_ranker(MODEL, parts, baselines=[baseline], bootstrap=0)
    assert [row["model"] for row in evaluation.rows] == ["Fixed", "MeanRates"]


def test_a_baseline_of_new_items_and_of_no_label():
    parts = split(click=[np.nan] * 14)
    assert (
        MeanRates().adapt(parts.train).predict_impressions(parts.test)["click"].tolist() == [0] * 6
    )


def test_the_table_has_a_row_a_metric_and_a_column_a_model(capsys):
    from rich.console import Console

    parts = split()
    found = evaluate_ranker(MODEL, parts, baselines=[MeanRates().adapt(parts.train)], bootstrap=2)
    Console(width=100).print(found.to_table())
    text = capsys.readouterr().out
    assert "test, given, 6 rows, 3 requests" in text and "MeanRates" in text
    assert "click.auc" in text and "0.8889 [" in text and "position 1 (3)" in text


def test_weights_count_in_the_errors_of_a_rating():
    parts = split(weight=[1.0] * 8 + [3, 0, 0, 0, 5, 1])
    found = evaluate_ranker(Fixed(stars=[5, 9, 9, 9, 9, 4]), parts, bootstrap=0, groups=False)
    metrics = found.rows[0]["metrics"]
    # The errors are 1, of weight 3, and 3, of weight 1; the row of weight 5 has no label.
    assert metrics["stars.mae"]["mean"] == pytest.approx(1.5)
    assert metrics["stars.rmse"]["mean"] == pytest.approx(3**0.5)


def test_the_mean_rates_are_those_of_all_rows_where_negatives_were_left_out():
    parts = split()
    sampled = dataclasses.replace(parts.train, negative_rate=0.25)
    rates = MeanRates().adapt(sampled).predict_impressions(sampled)["click"]
    # Weights 1 and 4, scaled to a mean of 1, are 0.4 and 1.6; the mean of all is 0.2.
    expected = [4.8 / 20.8, 4 / 23.2, 4.4 / 22]
    np.testing.assert_allclose(rates, expected * 2, rtol=1e-6)
