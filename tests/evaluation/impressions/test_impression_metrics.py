"""Metrics of one task: by hand, and against scikit-learn."""

import numpy as np
import pytest
from sklearn import metrics as sklearn_metrics

from kerasrec.errors import InputError
from kerasrec.evaluation.impressions import task_metrics


@pytest.fixture
def rows():
    rng = np.random.default_rng(0)
    n = 600
    labels = rng.integers(0, 2, n).astype("float64")
    # rounded: many ties
    scores = np.clip(rng.normal(0.4 + 0.2 * labels, 0.2, n), 0.01, 0.99).round(2)
    return {
        "labels": labels,
        "predictions": scores,
        "requests": rng.integers(0, 60, n),
        "users": rng.integers(0, 30, n).astype(str),
        "weights": rng.integers(0, 4, n).astype("float64"),
    }


def means(*given, **options):
    found, _ = task_metrics(*given, **options)
    return {name: value and value["mean"] for name, value in found.items()}


def test_weighted_like_scikit_learn(rows):
    y, p, w = rows["labels"], rows["predictions"], rows["weights"]
    found = means(y, p, weights=w)
    names = ["auc", "ctr", "accuracy", "log_loss", "normalised_entropy", "calibration_ratio", "ece"]
    assert list(found) == names
    told = sklearn_metrics.accuracy_score(y, p > 0.5, sample_weight=w)
    assert found["accuracy"] == pytest.approx(told)
    assert found["ctr"] == pytest.approx((w @ y) / w.sum())
    auc = sklearn_metrics.roc_auc_score(y, p, sample_weight=w)
    loss = sklearn_metrics.log_loss(y, p, sample_weight=w)
    base = sklearn_metrics.log_loss(y, np.full(len(y), np.average(y, weights=w)), sample_weight=w)
    assert found["auc"] == pytest.approx(auc)
    assert found["log_loss"] == pytest.approx(loss)
    assert found["normalised_entropy"] == pytest.approx(loss / base)
    assert found["calibration_ratio"] == pytest.approx((w @ p) / (w @ y))


def test_a_weight_is_a_repetition_of_a_row(rows):
    weights = rows.pop("weights").astype("int64")
    repeated = {name: np.repeat(values, weights) for name, values in rows.items()}
    assert means(**rows, weights=weights) == pytest.approx(means(**repeated))


def test_missing_labels_are_left_out(rows):
    missing = np.arange(len(rows["labels"])) % 3 == 0
    given = {**rows, "labels": np.where(missing, np.nan, rows["labels"]), "ks": (3,)}
    kept = {name: values[~missing] for name, values in rows.items()}
    assert means(**given) == means(**kept, ks=(3,))
    assert "200 of 600 rows have no label and are left out." in task_metrics(**given)[1]


@pytest.mark.parametrize("by", ["users", "requests"])
def test_grouped_auc_is_the_mean_over_groups_weighted_by_rows(rows, by):
    y, p, w, group = rows["labels"], rows["predictions"], rows["weights"], rows[by]
    values, sizes = [], []
    for one in np.unique(group):
        inside = (group == one) & (w > 0)
        if len(set(y[inside])) == 2:
            auc = sklearn_metrics.roc_auc_score(y[inside], p[inside], sample_weight=w[inside])
            values.append(auc)
            sizes.append(w[inside].sum())
    found = means(**rows)[f"{by[:-1]}_auc"]
    assert found == pytest.approx(np.average(values, weights=sizes))


def test_groups_with_one_class_are_left_out_and_counted():
    # a: one pair, right; b: only positives; c: two pairs, a tie and a loss
    users = ["a", "a", "b", "b", "c", "c", "c"]
    labels, scores = [1, 0, 1, 1, 0, 1, 0], [0.5, 0.25, 0.5, 0.5, 0.75, 0.5, 0.5]
    found, notes = task_metrics(labels, scores, "score", users=users)
    assert found["user_auc"]["mean"] == pytest.approx((2 * 1.0 + 3 * 0.25) / 5)
    assert notes == ("user_auc leaves out 1 of 3 users, whose labels are all equal.",)


def test_ndcg_and_recall_like_scikit_learn(rows):
    found = means(**rows, kind="score", ks=(1, 4, 50))
    y, p, request = rows["labels"], rows["predictions"], rows["requests"]
    inside = [request == one for one in np.unique(request)]
    inside = [one for one in inside if y[one].any()]
    for k in (1, 4, 50):
        # Ties share their gains in scikit-learn as well.
        ndcg = [sklearn_metrics.ndcg_score([y[one]], [p[one]], k=k) for one in inside]
        assert found[f"ndcg@{k}"] == pytest.approx(np.mean(ndcg))
    assert found["recall@50"] == pytest.approx(1.0)


def test_recall_by_hand():
    # a: 1 of 2 positives; b: the second rank is shared by a positive and two others; c: none
    requests = [7, 7, 7, 8, 8, 8, 8, 9]
    labels, scores = [1, 0, 1, 0, 1, 0, 0, 0], [3, 2, 1, 9, 5, 5, 5, 1]
    found, notes = task_metrics(labels, scores, "score", requests=requests, ks=[2])
    assert found["recall@2"]["mean"] == pytest.approx((1 / 2 + 1 / 3) / 2)
    assert notes[-1].startswith("ndcg and recall at a cut-off leave out 1 of 3 requests")


def test_click_through_rate_by_hand():
    # Best two of 7: clicks 1 and 0; of 8: a click is among three that share the second place, so
    # 1/3 of it counts; 9 has one row, without a click, which counts as well.
    requests = [7, 7, 7, 8, 8, 8, 8, 9]
    labels, scores = [1, 0, 1, 0, 1, 0, 0, 0], [3, 2, 1, 9, 5, 5, 5, 1]
    found, _ = task_metrics(labels, scores, "score", requests=requests, ks=[1, 2, 9])
    assert found["ctr"]["mean"] == pytest.approx(3 / 8)
    assert found["ctr@1"]["mean"] == pytest.approx(1 / 3)
    assert found["ctr@2"]["mean"] == pytest.approx((1 + 1 / 3) / (2 + 2 + 1))
    assert found["ctr@9"]["mean"] == found["ctr"]["mean"]


def test_a_probability_of_one_half_is_no_click():
    assert means([1, 0, 0, 1], [0.5, 0.5, 0.6, 0.51])["accuracy"] == 0.5


def test_counts(rows):
    rng = np.random.default_rng(1)
    y, m, w = rng.poisson(2.0, 500), rng.uniform(0.5, 4.0, 500), rng.uniform(size=500)
    found = means(y, m, "count", weights=w)
    of = {"y_true": y, "y_pred": m, "sample_weight": w}
    assert found == pytest.approx(
        {
            "mae": sklearn_metrics.mean_absolute_error(**of),
            "rmse": sklearn_metrics.mean_squared_error(**of) ** 0.5,
            "poisson_deviance": sklearn_metrics.mean_poisson_deviance(**of),
            "calibration_ratio": (w @ m) / (w @ y),
        }
    )


@pytest.mark.parametrize("label,without", [(0, {"calibration_ratio"}), (1, set())])
def test_one_class_has_no_auc(label, without):
    found, notes = task_metrics([label] * 3, [0.1, 0.2, 0.5], requests=[1, 1, 2], bootstrap=10)
    none = {name for name, value in found.items() if value is None}
    assert none == {"auc", "request_auc", "normalised_entropy"} | without
    assert found["log_loss"]["low"] <= found["log_loss"]["mean"]
    assert notes[1].startswith("The interval of ece lies too high")
    assert notes[-1].endswith(f"not defined, since all labels are {label}.")


@pytest.mark.parametrize("kind", ["probability", "score", "count"])
def test_without_any_label(kind):
    given = {"requests": [1, 2]} | ({} if kind == "count" else {"users": [1, 1], "ks": [3]})
    found, notes = task_metrics([np.nan] * 2, [0.5, 0.5], kind, bootstrap=5, **given)
    assert set(found.values()) == {None}
    assert "2 of 2 rows have no label and are left out." in notes
    assert notes[-1].endswith("not defined, since there is no label.")


@pytest.mark.parametrize(
    "labels,predictions,options,words",
    [
        ([0, 1], [0.5, 0.5], {"kind": "click"}, "kind: expected one of probability"),
        ([0, 2], [0.5, 0.5], {}, "labels: expected 0, 1 or NaN, received 2"),
        ([0, 1], [0.5, 1.5], {}, "apply a sigmoid"),
        ([0, 1], [0.5, np.nan], {}, "predictions: expected finite values, received nan"),
        ([0, np.inf], [0.5, 0.5], {"kind": "count"}, "labels: expected finite values, or NaN"),
        ([0, 1], [0.5], {}, r"predictions: expected the shape \(2,\)"),
        ([0, 1], [0.5, 0.5], {"weights": [1, -1]}, "weights: .* received -1"),
        ([0, 1], [0.5, 0.5], {"requests": [1]}, "requests: expected 2 ids"),
        ([0, 1], [0.5, 0.5], {"users": [1]}, "users: expected 2 ids"),
        ([0, 1], [0.5, 0.5], {"ks": [3]}, "ks: .* give `requests`"),
        ([0, 1], [0.5, 0.5], {"ks": [0], "requests": [1, 1]}, "k must be a whole number"),
        ([0, 1], [0.5, 0.0], {"kind": "count"}, "predictions: expected counts above 0"),
        ([0, -1], [0.5, 0.5], {"kind": "count"}, "labels: expected counts of at least 0"),
        ([0, 1], [0.5, 0.5], {"bootstrap": 1}, "bootstrap, 0 for no intervals"),
    ],
)
def test_wrong_arguments_are_refused(labels, predictions, options, words):
    with pytest.raises(InputError, match=words):
        task_metrics(labels, predictions, **options)
