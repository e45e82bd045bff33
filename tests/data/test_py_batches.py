"""Batches without TensorFlow are those of its pipeline."""

import sys

import numpy as np
import pytest

from kerasrec.data import batches, load
from kerasrec.data.py_batches import PyBatches
from kerasrec.models.epoch_order import EpochOrder

CASES = [
    {"inputs": ("user", "item")},
    {"inputs": ("item", "history"), "steps": "last"},
    {"inputs": ("item", "history", "user", "time_gap")},
    {"inputs": ("item", "history"), "horizon": 3},
    {"inputs": ("item", "history"), "shuffle": False},
    {"inputs": ("item", "history"), "buckets": False},
    {"inputs": ("item", "history", "user"), "steps": "set"},
    {"inputs": ("user", "item"), "steps": "item_set"},
]


@pytest.fixture(scope="module")
def train():
    return load("synthetic", users=60, items=100)


@pytest.fixture
def absent(monkeypatch):
    """`absent(call)`: what `call` gives where TensorFlow cannot be imported."""

    def absent(call):
        with monkeypatch.context() as patch:
            patch.setitem(sys.modules, "tensorflow", None)
            return call()

    return absent


@pytest.mark.parametrize("case", CASES, ids=lambda case: "-".join(map(str, case.values())))
def test_the_same_batches_in_the_same_order(case, train, absent):
    options = {"batch_size": 16, "history_length": 10, "seed": 3, "first_epoch": 1, **case}
    graph = batches(train, **options)
    plain = absent(lambda: batches(train, **options))
    assert isinstance(plain, PyBatches) and not isinstance(graph, PyBatches)
    assert len(plain) == len(graph) and plain.real_share == graph.real_share
    for _ in range(2):
        for ours, theirs in zip(plain, graph, strict=True):
            (x, *rest), (expected, *others) = ours, theirs
            assert x.keys() == expected.keys()
            pairs = [(x[name], expected[name]) for name in x] + list(zip(rest, others, strict=True))
            for found, tensor in pairs:
                assert found.dtype == tensor.dtype.as_numpy_dtype
                np.testing.assert_array_equal(found, tensor)


def test_what_keras_reads_before_the_first_epoch_is_no_epoch(train, absent):
    data = absent(lambda: batches(train, batch_size=10**6, first_epoch=2))
    expected = [x["item"].tolist() for _ in range(2) for x, *_ in data]
    data.epochs.begin(2)
    data.epochs.count()
    order = EpochOrder(data.epochs)
    _ = data[0]  # to build the model, as on JAX and PyTorch
    found = []
    for epoch in range(2):
        order.on_epoch_begin(epoch)
        found.append(data[0][0]["item"].tolist())
    order.on_train_end()
    assert found == expected and data.epochs.next == 4
    assert data[0] and data.epochs.next == 5  # counted again
