"""Bins of equal mass, the calibration error and the diagram."""

import numpy as np
import pytest

from kerasrec.errors import InputError
from kerasrec.evaluation.impressions import plot_reliability, reliability_table, task_metrics
from kerasrec.evaluation.impressions.bootstrap import intervals
from kerasrec.evaluation.impressions.predictions import Predictions
from kerasrec.evaluation.impressions.reliability import expected_calibration_error


def test_bins_have_equal_mass():
    p = np.random.default_rng(0).permutation(np.arange(1, 1001) / 2000)
    table = reliability_table(p > 0.25, p, bins=10)
    assert [row["rows"] for row in table] == [100] * 10
    assert [row["observed"] for row in table] == [0.0] * 5 + [1.0] * 5
    assert table[0]["predicted"] == pytest.approx(np.arange(1, 101).mean() / 2000)


def test_weights_are_mass():
    table = reliability_table([0, 1, 1], [0.25, 0.5, 0.75], weights=[2, 1, 1], bins=2)
    assert table == [
        {"rows": 1, "weight": 2.0, "predicted": 0.25, "observed": 0.0},
        {"rows": 2, "weight": 2.0, "predicted": 0.625, "observed": 1.0},
    ]


def test_calibration_error_by_hand():
    # Three bins: 1/2 of four rows off by 1/4 upwards, 1/4 off by 1/2 down, 1/4 exact.
    of = Predictions([1, 0, 1, 1], [0.25, 0.25, 0.5, 1.0])
    metric = expected_calibration_error(of, bins=3)
    found = intervals({"ece": metric}, of.num_requests, resamples=0)["ece"]["mean"]
    assert found == pytest.approx(0.5 * 0.25 + 0.25 * 0.5)


def test_calibrated_predictions_have_a_small_error():
    rng = np.random.default_rng(0)
    p = rng.beta(1, 9, 50_000)
    y = rng.random(50_000) < p
    right, high = (task_metrics(y, each)[0] for each in (p, np.minimum(1.5 * p, 1.0)))
    assert right["ece"]["mean"] < 0.005
    # 1.5 times as high in each bin: half of the base rate of 1/10
    assert high["ece"]["mean"] == pytest.approx(0.05, rel=0.1)
    assert high["calibration_ratio"]["mean"] == pytest.approx(1.5, rel=0.02)


def test_constant_predictions_are_one_bin():
    assert len(reliability_table([0, 1, 1], [0.5] * 3)) == 1
    assert reliability_table([np.nan], [0.5]) == []


def test_bins_are_checked():
    with pytest.raises(InputError, match="bins must be a whole number"):
        reliability_table([0, 1], [0.5, 0.5], bins=0)


def test_diagram(tmp_path):
    table = reliability_table([0, 1, 1, 0], [0.1, 0.2, 0.5, 0.4], bins=4)
    plot_reliability(tmp_path / "click.png", {"before": table, "nothing": []})
    assert (tmp_path / "click.png").read_bytes().startswith(b"\x89PNG")
