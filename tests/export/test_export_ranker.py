"""Exports of rankers: every kind of a request's features, crosses, histories and several goals."""

import keras
import numpy as np
import pandas as pd
import pytest

from kerasrec.data import Impressions, Interactions
from kerasrec.export import export
from kerasrec.savedmodel import CLoader
from kerasrec_zoo import DIN, DeepFM

pytestmark = pytest.mark.slow

KINDS = {
    "hour": {"kind": "category"},
    "rare": {"kind": "category", "column": "hour", "min_count": 25},
    "age": {"kind": "number"},
    "bucket": {"kind": "number", "column": "age", "buckets": 4},
    "soft": {"kind": "number", "column": "age", "soft_buckets": 3},
    "tags": {"kind": "categories"},
    "query": {"kind": "text", "length": 3},
    "look": {"kind": "vector"},
    "when": {"kind": "time"},
}


@pytest.fixture(scope="module")
def data():
    random = np.random.default_rng(0)
    size = 90
    frame = pd.DataFrame(
        {
            "user": [f"u{n}" for n in random.integers(0, 9, size)],
            "item": [f"i{n}" for n in random.integers(0, 7, size)],
            "timestamp": random.integers(100, 200, size),
            "click": random.integers(0, 2, size),
            "stay": random.integers(0, 9, size),
            "hour": random.choice(["9", "22", "7"], size, p=[0.5, 0.4, 0.1]),
            "age": random.integers(10, 60, size).astype(float),
            "tags": random.choice(["a|b", "b", "c|a"], size),
            "query": random.choice(["red sea", "blue sky", "sea"], size),
            "look": [[n % 5, 1.0] for n in range(size)],
            "when": random.integers(10**9, 10**9 + 10**6, size),
        }
    )
    past = frame[["user", "item"]].assign(
        timestamp=frame["timestamp"] - 50, behavior=random.choice(["view", "buy"], size)
    )
    return Impressions.from_frame(
        frame,
        labels={"click": {}, "stay": {"kind": "seconds"}},
        context=KINDS,
        crosses={
            "pair": {"columns": ["user", "hour"], "min_count": 2},
            "rate": {"columns": ["item", "bucket"], "label": "click"},
        },
        past=Interactions.from_frame(past),
    )


def with_weights(model, data, scale=0.3):
    """Adapted, with weights that make all fields matter."""
    model.adapt(data)
    random = np.random.default_rng(0)
    for weight in model.trainable_weights:
        weight.assign(random.normal(scale=scale, size=weight.shape))
    return model


@pytest.fixture(scope="module")
def exported(data, tmp_path_factory):
    keras.utils.set_random_seed(0)
    schema = data.schema(history_length=4)
    model = with_weights(DeepFM(schema, dim=3, mlp=(5,), blend={"click": 1, "stay": 0.5}), data)
    folder = tmp_path_factory.mktemp("ranker") / "1"
    # Compared with Python on 200 requests before it gets its name.
    export(model, folder)
    with CLoader(folder) as loaded:
        yield model, loaded


CONTEXT = {
    "hour": ["9", "never"], "rare": ["7", "9"], "age": [30.0, 5.0], "bucket": [30.0, 99.0],
    "soft": [30.0, 99.0], "tags": ["a|b", "c"], "query": ["red sea", "sky"],
    "look": [[1.0, 0.5], [0.0, 2.0]], "when": [10**9, 10**9 + 40_000],
}  # fmt: skip


@pytest.mark.export
def test_predictions_of_every_goal_are_those_of_python(exported, data):
    model, loaded = exported
    context = {name: np.array(values) for name, values in CONTEXT.items()}
    context["tags"] = np.array([["a", "b"], ["c", ""]])
    for name in ("age", "bucket", "soft", "look"):
        context[name] = context[name].astype("float32")
    answer = loaded("score", user=["u1", "u5"], item=["i2", "i3"], **context)
    expected = model.score(["u1", "u5"], items=["i2", "i3"], context=CONTEXT)
    np.testing.assert_allclose(answer["score"], expected, rtol=1e-5)
    assert {"click", "stay", "score"} <= set(answer)
    blended = answer["click"] * np.sqrt(answer["stay"])
    np.testing.assert_allclose(answer["score"], blended, rtol=1e-5)


@pytest.mark.export
def test_what_is_not_given_is_missing(exported):
    model, loaded = exported
    with pytest.warns(UserWarning, match="not given"):
        expected = model.score(["u1"], items=["i2"])
    np.testing.assert_allclose(loaded("score", user=["u1"], item=["i2"])["score"], expected, 1e-5)
    missing = {"hour": [""], "age": [np.nan], "when": [0], "look": [[np.nan, np.nan]]}
    missing = {name: np.array(values) for name, values in missing.items()}
    missing["age"] = missing["age"].astype("float32")
    missing["look"] = missing["look"].astype("float32")
    found = loaded("score", user=["u1"], item=["i2"], **missing)["score"]
    np.testing.assert_allclose(found, expected, rtol=1e-5)


@pytest.mark.export
def test_position_and_fold_are_no_inputs(exported):
    _, loaded = exported
    for signature in ("recommend", "score"):
        inputs = set(loaded.signatures[signature].inputs)
        assert set(KINDS) <= inputs and not {"position", "fold"} & inputs


@pytest.mark.export
def test_an_export_with_histories_answers_as_python_does(data, tmp_path):
    keras.utils.set_random_seed(0)
    model = with_weights(DIN(data.schema(history_length=4), dim=3, position=True), data, 0.1)
    assert {"history", "behavior", "time_gap"} <= set(model.query_inputs)
    # Compared with Python on 200 requests to each signature, else it raises.
    export(model, tmp_path / "1")
