import tracemalloc

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import accuracy_score, log_loss, mean_absolute_error, roc_auc_score

from kerasrec.data import Interactions, Split
from kerasrec.errors import InputError
from kerasrec.evaluation import evaluate_ratings


def make_split(values):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"user": rng.integers(0, 50, 2000), "item": rng.integers(0, 80, 2000)})
    frame = frame.drop_duplicates()
    data = Interactions.from_frame(frame.assign(value=rng.choice(values, len(frame))))
    part = np.where(data.user < 5, 2, np.random.default_rng(1).choice([0, 0, 1, 2], len(data)))
    return Split(*(data.select(part == i) for i in range(3)), "planted")


@pytest.fixture
def scores():
    return np.random.default_rng(2).random((52, 82))


def test_ratings(scripted, scores):
    split = make_split([1, 2, 3, 4, 5])
    scores = 1 + 4 * scores
    model = scripted(split.train, scores)
    found = evaluate_ratings(model, split, batch_size=100)
    test, value = split.test, found.rows[0]["metrics"]
    predicted = scores[test.user, test.item]
    assert list(value) == ["rmse", "mae"]
    assert value["mae"]["mean"] == pytest.approx(mean_absolute_error(test.value, predicted))
    mse = np.mean((test.value - predicted) ** 2)
    assert value["rmse"]["mean"] == pytest.approx(np.sqrt(mse))
    for each in value.values():
        assert each["low"] < each["mean"] < each["high"]
    assert found.ks == () and found.deciles == [] and found.n_queries == len(np.unique(test.user))


def test_groups_of_ratings(scripted, scores):
    split = make_split([1, 2, 3, 4, 5])
    found = evaluate_ratings(scripted(split.train, scores), split, bootstrap=0)
    counts, test = split.train.item_counts()[split.test.item], split.test
    error = np.abs(scores[test.user, test.item] - test.value)
    group = {(each["by"], each["group"]): each for each in found.groups}
    for name, inside in (("warm", (counts > 0) & (counts < 10)), ("hot", counts >= 10)):
        assert group["item", name]["pairs"] == inside.sum()
        mean = group["item", name]["metrics"]["mae"]["mean"]
        assert mean == pytest.approx(error[inside].mean())
    cold = test.user < 5
    assert group["user", "cold"]["n"] == len(np.unique(test.user[cold])) > 0
    assert group["user", "cold"]["metrics"]["mae"]["mean"] == pytest.approx(error[cold].mean())


@pytest.mark.parametrize("from_logits", [False, True])
def test_labels(scripted, scores, from_logits):
    split = make_split([0, 1])
    given = np.log(scores / (1 - scores)) if from_logits else scores
    model = scripted(split.train, given)
    found = evaluate_ratings(model, split, from_logits=from_logits)
    value = found.rows[0]["metrics"]
    predicted = scores[split.test.user, split.test.item]
    assert set(value) == {"auc", "log_loss", "accuracy"}
    assert value["auc"]["mean"] == pytest.approx(roc_auc_score(split.test.value, predicted))
    assert value["auc"]["low"] < 0.5 < value["auc"]["high"]
    expected = log_loss(split.test.value, predicted)
    assert value["log_loss"]["mean"] == pytest.approx(expected)
    told = accuracy_score(split.test.value, predicted > 0.5)
    assert value["accuracy"]["mean"] == pytest.approx(told)


def test_logits_are_not_taken_for_probabilities(scripted, scores):
    split = make_split([0, 1])
    with pytest.raises(InputError, match="logits"):
        evaluate_ratings(scripted(split.train, 3 * scores), split)


def test_nothing_to_predict(scripted, scores):
    split = make_split([1])
    with pytest.raises(InputError, match="all values are 1"):
        evaluate_ratings(scripted(split.train, scores), split)


def test_a_constant_test_part_of_ratings_is_fine(scripted, scores):
    split = make_split([1, 2, 3, 4, 5])
    fives = split.test.select(split.test.value == 5)
    split = Split(split.train, split.validation, fives, "fives")
    found = evaluate_ratings(scripted(split.train, scores), split).rows[0]["metrics"]
    assert found["mae"]["mean"] == pytest.approx(np.mean(5 - scores[fives.user, fives.item]))


def test_equal_errors_have_an_interval_of_width_0(scripted):
    split = make_split([1, 2, 3, 4, 5])
    scores = np.zeros((52, 82))
    scores[split.test.user, split.test.item] = split.test.value + 0.5
    found = evaluate_ratings(scripted(split.train, scores), split).rows[0]["metrics"]
    for value in found.values():
        assert value == pytest.approx({"mean": 0.5, "low": 0.5, "high": 0.5})


@pytest.mark.parametrize("values", [[0, 1], [1, 2, 3, 4, 5]])
def test_without_resamples_no_metric_has_an_interval(scripted, scores, values):
    split = make_split(values)
    given = 1.0 / (1.0 + np.exp(-scores)) if values == [0, 1] else scores
    found = evaluate_ratings(scripted(split.train, given), split, bootstrap=0)
    held = [found.rows[0]["metrics"], *(group["metrics"] for group in found.groups)]
    names = {name for metrics in held for name in metrics}
    assert names == ({"auc", "log_loss", "accuracy"} if values == [0, 1] else {"rmse", "mae"})
    for value in (value for metrics in held for value in metrics.values()):
        assert np.isnan(value["low"]) and np.isnan(value["high"])
    first = found.to_dict()["rows"][0]["metrics"]
    assert all(value["low"] is value["high"] is None for value in first.values())
    with pytest.raises(InputError, match="got 1"):
        evaluate_ratings(scripted(split.train, given), split, bootstrap=1)


def test_a_long_history_is_read_once_for_all_pairs_of_its_user(scripted):
    """Read for each of the 2,000 pairs, its 20,000 items would be 160 MB."""
    user = np.r_[np.full(22_000, 0), np.arange(1, 50)]
    item, value = np.arange(len(user)) % 80, np.arange(len(user)) % 5
    data = Interactions.from_frame(
        pd.DataFrame(
            {"user": user, "item": item, "value": value, "timestamp": np.arange(len(user))}
        )
    )
    parts = (slice(0, 20_000), slice(0, 0), slice(20_000, None))
    split = Split(*map(data.select, parts), "planted")
    model = scripted(split.train, np.random.default_rng(0).random((52, 82)))
    model.query_inputs = ("user", "history")
    tracemalloc.start()
    evaluate_ratings(model, split, bootstrap=0)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 20e6
    ((inputs, _),) = model.asked
    assert inputs["history"].shape == (2049, 3)
    np.testing.assert_array_equal(
        inputs["history"][:2000], np.tile(data.item[19_997:20_000], (2000, 1))
    )
