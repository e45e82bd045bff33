"""Batches with hand-worked answers."""

import collections
import json
import os
import subprocess
import sys

import keras
import numpy as np
import pandas as pd
import pytest

from kerasrec.data.batches import batches, permutation
from kerasrec.data.interactions import Interactions
from kerasrec.errors import InputError


def interactions(**users):
    """Users with the items they had, in order: rows of an item are 2, 3, ... by first appearance;
    values count the interactions from 1."""
    pairs = [(user, item) for user, items in users.items() for item in items]
    frame = pd.DataFrame(pairs, columns=["user", "item"])
    return Interactions.from_frame(frame.assign(value=np.arange(1.0, len(frame) + 1)))


def pairs(count):
    """`count` interactions, each with its own user, item and value."""
    names = [f"n{number}" for number in range(count)]
    frame = pd.DataFrame({"user": names, "item": names, "value": np.arange(count, dtype=float)})
    return Interactions.from_frame(frame)


def values(dataset):
    """Values of the real examples, batch by batch."""
    return [y.numpy()[weight.numpy() > 0].tolist() for _, y, weight in dataset]


def test_pairs_are_the_rows_of_the_table():
    data = interactions(u="ab", v="a")
    (x, y, weight), (last_x, last_y, last_weight) = batches(data, batch_size=2, shuffle=False)
    assert {name: column.numpy().tolist() for name, column in x.items()} == {
        "user": [2, 2],
        "item": [2, 3],
    }
    assert y.numpy().tolist() == [1, 2] and weight.numpy().tolist() == [1, 1]
    assert {name: column.numpy().tolist() for name, column in last_x.items()} == {
        "user": [3, 0],
        "item": [2, 0],
    }
    assert last_y.numpy().tolist() == [3, 0] and last_weight.numpy().tolist() == [2, 0]
    assert x["user"].dtype == "int32" and y.dtype == weight.dtype == "float32"


def test_an_epoch_has_every_interaction_once_in_another_order():
    data = pairs(103)
    dataset = batches(data, batch_size=10)
    epochs = [np.concatenate(values(dataset)) for _ in range(3)]
    for epoch in epochs:
        assert np.array_equal(np.sort(epoch), np.arange(103))
    assert not np.array_equal(epochs[0], epochs[1])
    assert not np.array_equal(epochs[1], epochs[2])
    assert int(dataset.cardinality()) == 11
    # What belongs together stays together.
    for x, y, weight in dataset:
        assert np.array_equal(x["user"], x["item"])
        assert np.array_equal(x["user"], np.where(weight > 0, y + 2, 0))


@pytest.mark.slow
def test_order_depends_on_seed_and_epoch_alone():
    data = pairs(50)
    first, second = batches(data, batch_size=7, seed=3), batches(data, batch_size=7, seed=3)
    run = [values(first) for _ in range(3)]
    assert run == [values(second) for _ in range(3)]
    assert run[0] == [p.tolist() for p in np.split(permutation(3, 0, 50), range(7, 50, 7))]
    assert values(batches(data, batch_size=7, seed=4)) != run[0]
    resumed = batches(data, batch_size=7, seed=3, first_epoch=2)
    assert values(resumed) == run[2]


def test_an_epoch_not_finished_is_not_used_up():
    dataset = batches(pairs(200), batch_size=5)
    peek = values(dataset.take(2))
    assert values(dataset.take(2)) == peek
    full = values(dataset)
    assert full[:2] == peek
    assert values(dataset.take(2)) != peek


def test_an_epoch_that_is_told_stays_until_the_next():
    data = pairs(20)
    dataset, plain = batches(data, batch_size=6), batches(data, batch_size=6)
    run = [values(plain) for _ in range(3)]
    for epoch in (0, 2, 1):
        dataset.epochs.begin(epoch)
        # Whoever else goes through the whole of it does not change what comes.
        assert values(dataset) == values(dataset) == run[epoch]


@pytest.mark.parametrize("steps", ["all", "last", None])
def test_the_last_batch_is_filled_up_with_padding(steps):
    # 3 windows for batches of 4, 7 targets or 10 pairs for batches of 6: none of them full.
    data = interactions(u="abcdefg", v="ca", w="b")
    inputs = ("user", "history", "item") if steps else ("user", "item")
    options = {"steps": steps, "history_length": 4} if steps else {}
    size = 4 if steps == "all" else 6
    dataset = batches(data, inputs, batch_size=size, **options)
    targets = (4, 4) if steps == "all" else (6,)
    shapes = {"user": (size,), "history": (size, 4), "item": targets}
    x, y, weight = dataset.element_spec
    assert {name: spec.shape for name, spec in x.items()} == {n: shapes[n] for n in inputs}
    assert y.shape == weight.shape == targets
    found = list(dataset)
    assert len(found) == int(dataset.cardinality()) == (1 if steps == "all" else 2)
    for x, _, weight in found:
        real = x["item"].numpy() > 0
        np.testing.assert_allclose(weight, real * (real.size / real.sum()), rtol=1e-6)
    # In the last batch the real examples come first, the others are zeros throughout.
    x, y, weight = found[-1]
    count = {"all": 3, "last": 1, None: 4}[steps]
    for column in (*x.values(), y, weight):
        assert not column.numpy()[count:].any()
    assert (x["user"].numpy()[:count] > 0).all()


@pytest.mark.parametrize("count,size", [(10, 16), (16, 16), (17, 32), (33, 64), (65, 64)])
def test_little_data_makes_small_batches(count, size):
    ((x, *_), *_) = batches(pairs(count), batch_size=64)
    assert x["item"].shape == (size,)


def test_windows_are_cut_from_the_end():
    # a..g are rows 2..8; u has 6 transitions, in windows of 4: 2 and 4.
    data = interactions(u="abcdefg", v="ca", w="b")
    ((x, y, weight),) = batches(
        data,
        ("user", "history", "item"),
        batch_size=4,
        history_length=4,
        shuffle=False,
    )
    none = [[0, 0, 0, 0]]
    assert x["history"].numpy().tolist() == [[2, 3, 0, 0], [4, 5, 6, 7], [4, 0, 0, 0], *none]
    assert x["item"].numpy().tolist() == [[3, 4, 0, 0], [5, 6, 7, 8], [2, 0, 0, 0], *none]
    assert x["user"].numpy().tolist() == [2, 2, 3, 0]
    assert y.numpy().tolist() == [[2, 3, 0, 0], [4, 5, 6, 7], [9, 0, 0, 0], *none]
    real = np.array([[1, 1, 0, 0], [1, 1, 1, 1], [1, 0, 0, 0], *none])
    np.testing.assert_allclose(weight, real * 16 / 7)


def test_windows_follow_time_not_rows():
    frame = pd.DataFrame(
        {"user": list("uvuv"), "item": list("abcd"), "timestamp": [30, 10, 20, 40]}
    )
    data = Interactions.from_frame(frame)
    inputs = ("user", "history", "item")
    ((x, *_),) = batches(data, inputs, batch_size=2, history_length=2, shuffle=False)
    rows = data.items.vocabulary.rows
    got = {
        data.users.vocabulary.lookup(user): (history[0], item[0])
        for user, history, item in zip(
            x["user"].numpy(), x["history"].numpy(), x["item"].numpy(), strict=True
        )
    }
    assert got == {
        "u": (rows(["c"])[0], rows(["a"])[0]),
        "v": (rows(["b"])[0], rows(["d"])[0]),
    }


def test_every_transition_is_in_one_window():
    random = np.random.default_rng(0)
    letters = [f"i{number}" for number in range(30)]
    users = {
        f"u{user}": random.permutation(letters)[: random.integers(1, 25)] for user in range(60)
    }
    data = interactions(**users)
    expected = collections.Counter()
    for user, items in users.items():
        row = int(data.users.vocabulary.rows([user])[0])
        rows = data.items.vocabulary.rows(items).tolist()
        expected.update((row, a, b) for a, b in zip(rows, rows[1:], strict=False))
    for length in (1, 3, 7, 40):
        seen = collections.Counter()
        for x, _, weight in batches(
            data, ("user", "history", "item"), batch_size=16, history_length=length
        ):
            history, item = x["history"].numpy(), x["item"].numpy()
            assert np.array_equal(history > 0, item > 0)
            assert np.array_equal(history > 0, weight.numpy() > 0)
            # Right padded: no real position after a padded one.
            assert (np.diff((history > 0).astype(int), axis=1) <= 0).all()
            owner = np.broadcast_to(x["user"].numpy()[:, None], history.shape)
            real = history > 0
            seen.update(
                zip(owner[real].tolist(), history[real].tolist(), item[real].tolist(), strict=True)
            )
        assert seen == expected


def test_short_histories_make_narrow_batches():
    letters = [f"i{number}" for number in range(60)]
    users = {f"s{n}": letters[n : n + 5] for n in range(40)}
    users |= {f"l{n}": letters[n : n + 41] for n in range(10)}
    dataset = batches(interactions(**users), ("history", "item"), batch_size=2, history_length=40)
    shapes = [tuple(x["history"].shape) for x, _, _ in dataset]
    # 40 windows of 4 in batches of 2 x 8, what is left of them wider, 10 of 40 in batches of 2.
    assert collections.Counter(shapes) == {(16, 5): 2, (8, 10): 1, (2, 40): 5}
    assert dataset.real_share == (40 * 4 + 10 * 40) / (8 * 80)
    # Every real target has the same weight in all full batches, up to their share of padding.
    for x, y, weight in dataset:
        real = x["item"].numpy() > 0
        assert y.shape == weight.shape == x["history"].shape
        np.testing.assert_allclose(weight, real * (real.size / real.sum()), rtol=1e-6)
    ((x, *_),) = batches(
        interactions(u="abcdefg", v="ab"), ("history", "item"), batch_size=2, history_length=40,
        buckets=False,
    )  # fmt: skip
    assert x["history"].shape == (2, 40)
    last = batches(
        interactions(**users), ("history", "item"), steps="last", batch_size=8, history_length=40
    )
    shapes = [tuple(x["history"].shape) for x, _, _ in last]
    assert {rows for rows, _ in shapes} == {8} and {3, 5, 10, 20, 40} == {
        width for _, width in shapes
    }


@pytest.mark.parametrize("steps", ["all", "last"])
def test_what_was_done_and_when_go_with_the_history(steps):
    frame = pd.DataFrame({"user": list("uuvuu"), "item": list("abacd")})
    frame["behavior"] = ["view", "buy", "view", "view", "buy"]
    frame["timestamp"] = [10, 20, 30, 50, 90]
    inputs = ("history", "behavior", "time_gap", "item")
    data = Interactions.from_frame(frame)
    ((x, *_),) = batches(data, inputs, steps=steps, batch_size=4, history_length=2, shuffle=False)
    # u did a b c d: windows a | b c, and the gap before b is known though a is not in its window.
    right = {
        "all": ([[2, 0], [3, 2]], [[0, 0], [10, 30]]),
        "last": ([[2, 0], [2, 3], [3, 2]], [[0, 0], [0, 10], [10, 30]]),
    }[steps]
    count = len(right[0])
    assert x["behavior"].numpy()[:count].tolist() == right[0]
    assert x["time_gap"].numpy()[:count].tolist() == right[1]
    assert x["behavior"].dtype == "int32" and x["time_gap"].dtype == "float32"
    assert not x["time_gap"].numpy()[count:].any()


def test_the_next_items_at_every_position():
    # a..e are rows 2..6; windows of 3: a | b c d, and after each the next two.
    data = interactions(u="abcde", v="ca")
    ((x, y, weight),) = batches(
        data, ("history", "item"), batch_size=4, history_length=3, horizon=2, shuffle=False
    )
    assert x["history"].numpy().tolist() == [[2, 0, 0], [3, 4, 5], [4, 0, 0], [0, 0, 0]]
    none = [0, 0]
    items = [
        [[3, 4], none, none],
        [[4, 5], [5, 6], [6, 0]],
        [[2, 0], none, none],
        [none, none, none],
    ]
    assert x["item"].numpy().tolist() == items
    assert y.numpy()[1].tolist() == [[3, 4], [4, 5], [5, 0]]
    np.testing.assert_allclose(weight, (np.array(items) > 0) * (24 / 8))


def test_weighted_mean_is_the_mean_over_real_positions():
    data = interactions(u="abcdefg", v="ca", w="bd")
    for x, y, weight in batches(data, ("history", "item"), batch_size=2, history_length=4):
        real = x["item"].numpy() > 0
        assert np.mean(y.numpy() * weight.numpy()) == pytest.approx(y.numpy()[real].mean())


def test_last_steps():
    data = interactions(u="abcd", v="c", w="db")
    ((x, y, weight),) = batches(
        data,
        ("user", "history", "item"),
        steps="last",
        batch_size=4,
        history_length=2,
        shuffle=False,
    )
    assert x["history"].numpy().tolist() == [[2, 0], [2, 3], [3, 4], [5, 0]]
    assert x["item"].numpy().tolist() == [3, 4, 5, 3]
    assert x["user"].numpy().tolist() == [2, 2, 2, 4]
    assert y.numpy().tolist() == [2, 3, 4, 7] and weight.numpy().tolist() == [1, 1, 1, 1]


def test_a_set_is_all_that_a_user_has_read_and_to_be_found():
    # a..e are rows 2..6; of more than three the last three; one item is a set as well.
    data = interactions(u="abcde", v="ca", w="b")
    ((x, y, weight),) = batches(
        data,
        ("user", "history", "item"),
        steps="set",
        batch_size=4,
        history_length=3,
        shuffle=False,
    )
    sets = [[4, 5, 6], [4, 2, 0], [3, 0, 0], [0, 0, 0]]
    assert x["history"].numpy().tolist() == x["item"].numpy().tolist() == sets
    assert x["user"].numpy().tolist() == [2, 3, 4, 0]
    assert y.numpy().tolist() == [[3, 4, 5], [6, 7, 0], [8, 0, 0], [0, 0, 0]]
    np.testing.assert_allclose(weight, (np.array(sets) > 0) * (12 / 6))
    # So the plain mean of a batch is the sum over its targets, divided by how many there are.
    np.testing.assert_allclose(np.mean(weight * y), (3 + 4 + 5 + 6 + 7 + 8) / 6, rtol=1e-6)
    ((x, *_),) = batches(data, ("item", "history"), steps="set", batch_size=4, shuffle=False)
    assert set(x) == {"item", "history"} and x["item"].shape == (4, 50)
    ((x, *_),) = batches(data, steps="set", batch_size=4, history_length=3, shuffle=False)
    assert set(x) == {"item", "user"} and x["item"].numpy().tolist() == sets


def test_an_item_set_is_all_who_had_the_item():
    # Who had a, b and c: u and v, u and w, v.
    data = interactions(u="ab", v="ca", w="b")
    ((x, y, weight),) = batches(
        data, steps="item_set", batch_size=4, history_length=2, shuffle=False
    )
    assert x["item"].numpy().tolist() == [2, 3, 4, 0]
    assert x["user"].numpy().tolist() == [[2, 3], [2, 4], [3, 0], [0, 0]]
    assert y.numpy().tolist() == [[1, 4], [2, 5], [3, 0], [0, 0]]
    np.testing.assert_allclose(weight, (x["user"].numpy() > 0) * (8 / 5), rtol=1e-6)
    ((x, y, _),) = batches(data, steps="item_set", batch_size=4, history_length=1, shuffle=False)
    assert x["user"].numpy().tolist() == [[3], [4], [3], [0]]
    assert y.numpy().tolist() == [[4], [5], [3], [0]]


@pytest.mark.parametrize("steps,batch", [("set", "user"), ("item_set", "item")])
def test_an_epoch_has_every_set_once(steps, batch):
    random = np.random.default_rng(0)
    letters = [f"i{number}" for number in range(30)]
    data = interactions(**{
        f"u{user}": random.permutation(letters)[: random.integers(1, 25)] for user in range(60)
    })  # fmt: skip
    dataset = batches(data, steps=steps, batch_size=16, history_length=100)
    assert int(dataset.cardinality()) == -(-len(getattr(data, f"{batch}s").vocabulary.ids) // 16)
    orders = []
    for _ in range(2):
        seen, order = {}, []
        for x, y, weight in dataset:
            order += x[batch].numpy().tolist()
            user, item, _ = np.broadcast_arrays(
                *(x[name].numpy().reshape(16, -1) for name in ("user", "item")), y
            )
            real = weight.numpy() > 0
            seen.update(zip(zip(user[real], item[real], strict=True), y.numpy()[real], strict=True))
        pairs = zip(data.user, data.item, strict=True)
        assert seen == dict(zip(pairs, data.value, strict=True))
        orders.append(order)
    assert sorted(orders[0]) == sorted(orders[1]) and orders[0] != orders[1]


def test_input_errors():
    data = interactions(u="ab", v="a")
    lonely = interactions(u="a", v="b")
    for expected, arguments in (
        ("'behavior' needs a history", {"inputs": ("behavior", "item")}),
        ("data with a timestamp column", {"inputs": ("history", "time_gap", "item")}),
        ("inputs=.*weather", {"inputs": ("weather", "item")}),
        ("expected 'item'", {"inputs": ("user",)}),
        ("'user' or 'history'", {"inputs": ("item",)}),
        ("steps='every'", {"inputs": ("history", "item"), "steps": "every"}),
        ("no history", {"inputs": ("history", "item"), "steps": "item_set"}),
        ("batch_size=0", {"batch_size": 0}),
        ("horizon=0", {"inputs": ("history", "item"), "horizon": 0}),
        ("history_length=0", {"inputs": ("history", "item"), "history_length": 0}),
        ("first_epoch=-1", {"first_epoch": -1}),
    ):
        with pytest.raises(InputError, match=expected):
            batches(data, **arguments)
    for steps in ("all", "last"):
        with pytest.raises(InputError, match="Nothing to train on"):
            batches(lonely, ("history", "item"), steps=steps)


def scorer(data):
    user = keras.Input((), dtype="int32", name="user")
    item = keras.Input((), dtype="int32", name="item")
    tables = [keras.layers.Embedding(len(side), 4) for side in (data.users, data.items)]
    score = keras.layers.Dot(-1)([tables[0](user), tables[1](item)])
    model = keras.Model({"user": user, "item": item}, keras.layers.Reshape(())(score))
    model.compile(keras.optimizers.SGD(0.1), "mse")
    return model


@pytest.mark.slow
def test_fit_stopped_and_resumed_equals_fit():
    data = pairs(64)
    keras.utils.set_random_seed(0)
    straight = scorer(data)
    start = straight.get_weights()
    straight.fit(batches(data, batch_size=10, seed=5), epochs=3, verbose=0, shuffle=False)
    resumed = scorer(data)
    resumed.set_weights(start)
    resumed.fit(batches(data, batch_size=10, seed=5), epochs=1, verbose=0, shuffle=False)
    resumed.fit(
        batches(data, batch_size=10, seed=5, first_epoch=1), epochs=2, verbose=0, shuffle=False
    )
    for a, b in zip(straight.get_weights(), resumed.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


MIRRORED = """
import json, sys
import keras, numpy as np, tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
import pandas as pd
from kerasrec.data.batches import batches
from kerasrec.data.interactions import Interactions

count = 202
names = [f"n{number}" for number in range(count)]
data = Interactions.from_frame(pd.DataFrame({"user": names, "item": names, "value": range(count)}))
strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
dataset = batches(data, batch_size=8, seed=1)
alone = [np.concatenate([y for _, y, _ in dataset]).tolist() for _ in range(2)]
shared, sizes = [], []
distributed = strategy.experimental_distribute_dataset(batches(data, batch_size=8, seed=1))
for _ in range(2):
    epoch = []
    for _, y, _ in distributed:
        parts = [part.numpy().tolist() for part in strategy.experimental_local_results(y)]
        sizes.append([len(part) for part in parts])
        epoch += parts[0] + parts[1]
    shared.append(epoch)

def train(scope):
    keras.utils.set_random_seed(0)
    with scope:
        user = keras.Input((), dtype="int32", name="user")
        item = keras.Input((), dtype="int32", name="item")
        score = keras.layers.Embedding(len(data.users), 1)(user)
        score = score + keras.layers.Embedding(len(data.items), 1)(item)
        # (B, 1), not (B,): Keras takes the mean of a (B,) loss before it divides by the replicas.
        model = keras.Model({"user": user, "item": item}, score)
        model.compile(keras.optimizers.SGD(0.5), "mse")
    model.fit(batches(data, batch_size=8, seed=1), epochs=1, verbose=0, shuffle=False)
    return model.get_weights()[0].ravel().tolist()

import contextlib
result = {"alone": alone, "shared": shared, "sizes": sizes}
result["one"] = train(contextlib.nullcontext())
result["two"] = train(strategy.scope())
print("RESULT" + json.dumps(result))
"""


@pytest.mark.slow
def test_two_replicas_share_every_batch():
    environment = dict(os.environ, TF_CPP_MIN_LOG_LEVEL="3", PYTHONPATH=os.pathsep.join(sys.path))
    run = subprocess.run(
        [sys.executable, "-c", MIRRORED], env=environment, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr[-3000:]
    result = json.loads(run.stdout.split("RESULT")[1])
    assert result["shared"] == result["alone"]
    assert result["sizes"] == 2 * 26 * [[4, 4]]
    # Two replicas with half a batch each do what one does with the whole, the last one too:
    # there the first replica has two examples, the second has only padding.
    np.testing.assert_allclose(result["two"], result["one"], rtol=1e-5, atol=1e-6)
