import sys

import numpy as np
import pandas as pd
import pytest

from kerasrec.data import Impressions, Interactions, RequestLists, impression_batches
from kerasrec.data.impression_batches import FOLDS, folds
from kerasrec.errors import InputError

INPUTS = ("user", "item", "hour", "look", "history", "time_gap", "behavior", "position", "fold")


@pytest.fixture(scope="module")
def data():
    random = np.random.default_rng(0)
    events = pd.DataFrame(
        {
            "user": [f"u{n}" for n in random.integers(0, 12, 300)],
            "item": [f"i{n}" for n in random.integers(0, 20, 300)],
            "timestamp": random.integers(1, 60, 300),
            "behavior": random.choice(["view", "buy"], 300),
        }
    )
    size = 75
    frame = pd.DataFrame(
        {
            "user": [f"u{n}" for n in random.integers(0, 15, size)],
            "item": [f"i{n}" for n in random.integers(0, 25, size)],
            "request": [f"r{n // 3}" for n in range(size)],
            "timestamp": random.integers(0, 70, size),
            "position": 1 + np.arange(size) % 3,
            "weight": random.random(size) + 0.5,
            "click": random.choice([0, 1, np.nan], size),
            # The number of the row: which one a batch holds.
            "number": np.arange(size, dtype=float),
            "hour": random.choice(["9", "22"], size),
            "look": [[n, -n] for n in range(size)],
        }
    )
    return Impressions.from_frame(
        frame,
        labels={"click": {}, "number": {"kind": "count"}},
        context={"hour": {"kind": "category"}, "look": {"kind": "vector"}},
        past=Interactions.from_frame(events),
    )


def arrays(found):
    """Batches as NumPy, for TensorFlow's and for others."""
    return [
        tuple(
            {name: np.asarray(one) for name, one in part.items()}
            if isinstance(part, dict)
            else np.asarray(part)
            for part in batch
        )
        for batch in found
    ]


def made(data, **options):
    options = {"inputs": INPUTS, "batch_size": 16, "history_length": 6, **options}
    return arrays(impression_batches(data, **options))


def test_every_row_comes_once_an_epoch_in_another_order(data):
    dataset = impression_batches(data, inputs=("user", "item"), batch_size=16)
    orders = []
    for epoch in range(2):
        dataset.epochs.begin(epoch)
        found = arrays(dataset)
        real = np.concatenate([weight > 0 for _, _, weight in found])
        numbers = np.concatenate([y["number"] for _, y, _ in found])[real]
        assert sorted(numbers) == list(range(75))
        orders.append(numbers.tolist())
    assert orders[0] != orders[1]
    again = made(data, inputs=("user", "item"), history_length=50, first_epoch=1)
    assert np.concatenate([y["number"][w > 0] for _, y, w in again]).tolist() == orders[1]


def test_without_shuffling_rows_keep_their_order(data):
    found = made(data, shuffle=False)
    numbers = np.concatenate([y["number"][w > 0] for _, y, w in found])
    np.testing.assert_array_equal(numbers, data.labels["number"])


def test_a_missing_label_passes(data):
    found = made(data, shuffle=False)
    clicks = np.concatenate([y["click"] for _, y, _ in found])[:75]
    np.testing.assert_array_equal(clicks, data.labels["click"])
    assert np.isnan(clicks).any()


def test_inputs_are_those_of_a_slow_loop(data):
    seen = 0
    events, length = data.past.histories, 6
    for x, y, weight in made(data):
        for place in np.flatnonzero(weight):
            row = int(np.flatnonzero(data.labels["number"] == y["number"][place])[0])
            assert x["user"][place] == data.user[row] and x["item"][place] == data.item[row]
            assert x["hour"][place] == data.context["hour"][row]
            np.testing.assert_array_equal(x["look"][place], data.context["look"][row])
            assert x["position"][place] == data.position[row]
            known = slice(events.indptr[data.user[row]], events.indptr[data.user[row] + 1])
            items, times = events.items[known], events.timestamp[known]
            behavior = events.behavior[known]
            before = np.flatnonzero(times < data.timestamp[row])[-length:]
            width = x["history"].shape[1]
            assert len(before) <= width <= length
            padding = np.zeros(width - len(before))
            np.testing.assert_array_equal(x["history"][place], [*items[before], *padding])
            np.testing.assert_array_equal(x["behavior"][place], [*behavior[before], *padding])
            gaps = [0 if step == 0 else times[step] - times[step - 1] for step in before]
            np.testing.assert_array_equal(x["time_gap"][place], [*gaps, *padding])
            seen += 1
    assert seen == 75


def test_the_mean_over_a_batch_is_that_over_its_real_rows(data):
    for x, y, weight in made(data):
        real = weight > 0
        rows = [int(np.flatnonzero(data.labels["number"] == one)[0]) for one in y["number"][real]]
        # As Keras does: the sum of weights times values over the size of the batch.
        value = np.arange(1.0, 1 + len(weight))
        found = np.sum(weight * value) / len(weight)
        assert found == pytest.approx(np.mean(data.weight[rows] * value[real]), rel=1e-5)
        for name in ("user", "item", "history"):
            assert (x[name][~real] == 0).all()
    without = made(data.select(slice(None)), inputs=("user", "item"))
    assert sum(len(weight) for _, _, weight in without) == 80


def test_tensorflow_and_numpy_make_the_same_batches(data, monkeypatch):
    of_tensorflow = made(data)
    monkeypatch.setitem(sys.modules, "tensorflow", None)
    of_numpy = made(data)
    monkeypatch.undo()
    assert len(of_tensorflow) == len(of_numpy)
    for one, other in zip(of_tensorflow, of_numpy, strict=True):
        for part, same in zip(one[:2], other[:2], strict=True):
            assert part.keys() == same.keys()
            for name in part:
                np.testing.assert_array_equal(part[name], same[name], err_msg=name)
                assert part[name].dtype == same[name].dtype, name
        np.testing.assert_allclose(one[2], other[2], rtol=1e-6)


def test_the_rows_of_a_request_share_a_fold(data):
    fold = folds(data)
    assert fold.dtype == np.int32 and set(fold) == set(range(1, FOLDS + 1))
    for request in np.unique(data.request):
        assert len(set(fold[data.request == request])) == 1
    found = made(data, shuffle=False)
    np.testing.assert_array_equal(np.concatenate([x["fold"] for x, _, _ in found])[:75], fold)


def test_without_requests_rows_take_turns_in_the_folds():
    frame = pd.DataFrame({"user": list("uv") * 6, "item": list("abc") * 4, "click": [0, 1] * 6})
    assert folds(Impressions.from_frame(frame)).tolist() == [1, 2, 3, 4, 5] * 2 + [1, 2]


def test_a_position_that_the_data_does_not_have_is_refused():
    frame = pd.DataFrame({"user": list("uv"), "item": list("ab"), "click": [0, 1]})
    with pytest.raises(InputError, match="'position' needs the position of each row"):
        impression_batches(Impressions.from_frame(frame), inputs=("item", "position"))


def test_what_the_data_does_not_have_is_refused(data):
    with pytest.raises(InputError, match="'weather' is none of item, user, history"):
        impression_batches(data, inputs=("item", "weather"))
    frame = pd.DataFrame({"user": list("uv"), "item": list("ab"), "click": [0, 1]})
    without = Impressions.from_frame(frame)
    with pytest.raises(InputError, match="'history' needs what users did before each row"):
        impression_batches(without, inputs=("item", "history"))
    with pytest.raises(InputError, match="Nothing to train on"):
        impression_batches(data.select(slice(0)), inputs=("item",))


@pytest.mark.parametrize("tensorflow", [True, False])
def test_lists_are_whole_requests_each_once_an_epoch(data, tensorflow, monkeypatch):
    if not tensorflow:
        monkeypatch.setitem(sys.modules, "tensorflow", None)
        monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    row_of = np.argsort(data.labels["number"])
    lists = RequestLists.of(data, ["click"])
    seen = []
    for x, y, weight in made(data, batch_size=12, lists=lists):
        requests = y["number"].reshape(-1, 3)
        real = ~np.isnan(y["number"])
        rows = row_of[y["number"][real].astype(int)]
        whole = requests[~np.isnan(requests).all(axis=1)]
        share = len(requests) / len(whole)
        np.testing.assert_allclose(weight[real], data.weight[rows] * share, rtol=1e-6)
        np.testing.assert_array_equal(x["user"][real], data.user[rows])
        assert not weight[~real].any() and not x["item"][~real].any()
        assert np.isnan(y["click"][~real]).all()
        seen += [row_of[one[~np.isnan(one)].astype(int)].tolist() for one in whole]
    assert sorted(seen) == sorted(one[one < len(data)].tolist() for one in lists.rows)
