"""Who is ahead at the next three items: the split, the count of hits, the whole measurement."""

import argparse
import pathlib
import types

import numpy as np
import pandas as pd
import pytest

from kerasrec.data import Interactions

pytestmark = pytest.mark.slow

ROOT = pathlib.Path(__file__).resolve().parents[1]


@pytest.fixture
def next_items(monkeypatch):
    # The benchmarks are no part of the package.
    monkeypatch.syspath_prepend(str(ROOT))
    from benchmarks import next_items

    return next_items


@pytest.fixture
def data():
    """Nine items of u and of v, whose turns alternate, and two of w."""
    users, items = [*"uv"] * 9 + [*"ww"], [*np.repeat(range(9), 2), 0, 1]
    items = [f"{user}{n}" for user, n in zip(users, items, strict=True)]
    return Interactions.from_frame(pd.DataFrame({"user": users, "item": items}))


def taken(part):
    return part.items.vocabulary.lookup(part.item).tolist()


def test_the_last_items_of_each_user_are_held_out(next_items, data):
    split = next_items.last_items(data, 3)
    assert taken(split.test) == ["u6", "v6", "u7", "v7", "u8", "v8"]
    assert taken(split.validation) == ["u3", "v3", "u4", "v4", "u5", "v5"]
    # Two items are too few to hold any out.
    assert taken(split.train) == ["u0", "v0", "u1", "v1", "u2", "v2", "w0", "w1"]


def test_a_share_is_the_true_items_among_as_many_answers(next_items, data):
    split = next_items.last_items(data, 3)
    rows = data.items.vocabulary.rows([["u8", "u0", "u6"], ["v1", "v2", "v7"]])
    asked = {}

    def top_k(inputs, k, exclude):
        asked.update(inputs, k=k, exclude=exclude)
        return rows, None

    schema = data.schema(4)
    model = types.SimpleNamespace(query_inputs=("history",), context={}, schema=schema, top_k=top_k)
    assert next_items.recalls(model, split).tolist() == pytest.approx([2 / 3, 1 / 3])
    # What is known of each: the six items before, of which the model reads four.
    lookup = data.items.vocabulary.lookup
    assert lookup(asked["exclude"])[0].tolist() == ["u0", "u1", "u2", "u3", "u4", "u5"]
    assert lookup(asked["history"])[1].tolist() == ["v2", "v3", "v4", "v5"]
    assert asked["k"] == 3


def test_asked_again_with_the_answer_behind_the_history(next_items, data):
    split = next_items.last_items(data, 3)
    asked = []

    def top_k(inputs, k, exclude):
        asked.append(inputs["history"])
        return inputs["history"].max(axis=1, keepdims=True) + 2, None  # the users' items alternate

    schema = data.schema(7)
    model = types.SimpleNamespace(query_inputs=("history",), context={}, schema=schema, top_k=top_k)
    assert next_items.repeat_single_steps(model, split).tolist() == [1, 1]
    lookup = data.items.vocabulary.lookup
    assert lookup(asked[1])[0].tolist() == ["u0", "u1", "u2", "u3", "u4", "u5", "u6"]
    assert lookup(asked[2])[1].tolist() == ["v1", "v2", "v3", "v4", "v5", "v6", "v7"]


def test_the_lead_is_one_of_pairs(next_items):
    found = {next_items.BEAM: np.array([1.0, 0.0, 1.0, 1.0]), "other": np.array([0.0, 0, 1, 1])}
    # Differences 1, 0, 0, 0: mean 1/4, standard deviation sqrt(3)/4, of the mean half of it.
    assert next_items.mean_lead([found], "other") == "beam search +0.2500 [-0.1744, +0.6744]"


def test_measured_on_invented_data(next_items):
    arguments = argparse.Namespace(data="ml-1m", seeds=3, set=(), quick=True)
    report = next_items.measure(arguments, lambda line: None)
    (table,) = report.tables
    assert [row.name for row in table.rows][:2] == [next_items.BEAM, next_items.GREEDY]
    assert all(0 <= row.median <= 1 and len(row.samples) == 1 for row in table.rows)
    assert report.settings["queries"] == 200
    assert len(report.bars) == 3
