"""Streamed batches against those of memory."""

import sys

import keras
import numpy as np
import pandas as pd
import pytest

from kerasrec.data import Interactions, batches, splits
from kerasrec.errors import InputError
from kerasrec.losses import Softmax
from kerasrec.out_of_core import prepare, stream
from kerasrec.out_of_core.stored_interactions import StoredInteractions
from kerasrec_zoo import MatrixFactorization

if keras.backend.backend() != "tensorflow":
    pytest.skip("NOT TESTED: tf.data feeds TensorFlow here", allow_module_level=True)

HISTORY = ("user", "item", "history", "behavior", "time_gap")
KINDS = [
    {"inputs": ("user", "item")},
    {"inputs": HISTORY, "history_length": 6},
    {"inputs": HISTORY, "history_length": 6, "buckets": False, "horizon": 2},
    {"inputs": ("history", "item"), "steps": "last", "history_length": 8},
    {"inputs": ("user", "item"), "steps": "set", "history_length": 8},
]


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    """The train part of the same clicks: (stored, in memory)."""
    folder, random = tmp_path_factory.mktemp("stream"), np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "user": (random.power(0.5, 500) * 40).astype(int),
            "item": random.integers(0, 30, 500),
            "timestamp": random.integers(10**9, 10**9 + 10**6, 500),
            "value": random.integers(1, 6, 500),
            "behavior": random.choice(["view", "buy"], 500),
        }
    )
    frame.to_parquet(folder / "clicks.parquet")
    prepared = prepare(folder / "clicks.parquet", folder / "prepared")
    return prepared.split().train, splits.next_item(Interactions.from_frame(frame)).train


def examples(dataset):
    """The examples that are no padding, each as a sorted list of its numbers and its weights."""
    found = []
    for x, y, weight in dataset:
        columns = [x[name].numpy() for name in sorted(x)] + [y.numpy(), weight.numpy() > 0]
        for row in zip(*columns, strict=True):
            # Of another batch the same example may be wider.
            numbers = [np.trim_zeros(np.ravel(one).astype(float), "b").tolist() for one in row]
            if any(numbers[-1]):
                found.append(numbers)
    return sorted(found)


@pytest.mark.parametrize("kind", KINDS)
def test_one_shard_gives_the_batches_of_memory(tables, kind):
    stored, train = tables
    ours = stream(stored, batch_size=8, seed=4, **kind)
    theirs = batches(train, batch_size=8, seed=4, **kind)
    assert int(ours.cardinality()) == int(theirs.cardinality())
    for _ in range(2):  # two epochs, each in its own order
        for mine, other in zip(ours, theirs, strict=True):
            assert set(mine[0]) == set(other[0])
            for name in mine[0]:
                np.testing.assert_array_equal(mine[0][name], other[0][name])
            np.testing.assert_array_equal(mine[1], other[1])
            np.testing.assert_allclose(mine[2], other[2], rtol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_several_shards_give_each_example_once(tables, kind):
    stored, train = tables
    dataset = stream(stored, batch_size=8, shard_rows=100, **kind)
    assert examples(dataset) == examples(batches(train, batch_size=8, **kind))
    assert len(list(dataset)) == int(dataset.cardinality())


def test_no_more_than_a_shard_is_read_at_once(tables, monkeypatch):
    sizes, of_users = [], StoredInteractions.of_users

    def counted(part, users):
        found = of_users(part, users)
        sizes.append((len(users), len(found)))
        return found

    monkeypatch.setattr(StoredInteractions, "of_users", counted)
    stored, train = tables
    list(stream(stored, shard_rows=60))
    assert sum(rows for _, rows in sizes) == len(train) and len(sizes) > 3
    # A user with more than a shard is one alone.
    assert all(rows <= 60 or users == 1 for users, rows in sizes)


def test_an_epoch_can_be_repeated(tables):
    stored, _ = tables
    dataset = stream(stored, shard_rows=100, seed=2)
    first, second = ([x["item"].numpy().tolist() for x, _, _ in dataset] for _ in range(2))
    later = stream(stored, shard_rows=100, seed=2, first_epoch=1)
    assert first != second == [x["item"].numpy().tolist() for x, _, _ in later]


def test_an_epoch_not_finished_is_not_used_up(tables):
    stored, _ = tables
    whole, peeked = (stream(stored, batch_size=8, shard_rows=100, seed=2) for _ in range(2))
    assert len(list(peeked.take(3))) == 3 < int(peeked.cardinality()) - 10  # some are made ahead
    first = [x["item"].numpy().tolist() for x, _, _ in whole]
    assert [x["item"].numpy().tolist() for x, _, _ in peeked] == first


def test_what_is_refused(tables):
    stored, _ = tables
    for arguments, message in (
        ({"steps": "item_set"}, "steps='item_set' has all users of an item in one example"),
        ({"shard_rows": 0}, "shard_rows=0: expected at least 1"),
        ({"batch_size": 0}, "batch_size=0: expected a whole number of at least 1"),
        ({"inputs": ("user", "item", "behavior")}, "'behavior' needs a history in time order"),
        ({"inputs": ("user", "item", "example_age")}, "needs the times of all interactions"),
    ):
        with pytest.raises(InputError, match=message):
            stream(stored, **arguments)


def test_it_needs_tensorflow(tables, monkeypatch):
    stored, _ = tables
    monkeypatch.setitem(sys.modules, "tensorflow", None)
    with pytest.raises(InputError, match="stream needs TensorFlow's tf.data, .* not installed"):
        stream(stored)


def test_a_user_with_more_than_memory_holds(tables, monkeypatch):
    monkeypatch.setattr(sys.modules[stream.__module__], "free_memory", lambda: 1000)
    message = r"user '\d+' has \d+ interactions x 150 bytes = .* clean.max_events_per_user"
    with pytest.raises(InputError, match=message):
        stream(tables[0])


@pytest.mark.slow
def test_a_fit_has_the_losses_of_memory(tables):
    stored, train = tables
    losses = []
    for data in (train, stored):
        keras.utils.set_random_seed(0)
        model = MatrixFactorization(data.schema(history_length=6), dim=8)
        model.adapt(data)
        model.compile("adam", Softmax())
        kind = {
            "inputs": model.train_inputs,
            "steps": model.steps,
            "history_length": 6,
            "batch_size": 16,
        }
        dataset = batches(train, **kind) if data is train else stream(stored, **kind)
        losses.append(model.fit(dataset, epochs=2, verbose=0).history["loss"])
    np.testing.assert_allclose(*losses, rtol=1e-5)
