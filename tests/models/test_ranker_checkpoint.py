"""Checkpoints of rankers: what was saved answers as before, and a damaged file is named."""

import json

import keras
import numpy as np
import pandas as pd
import pytest

from kerasrec import models
from kerasrec.data import Impressions, Interactions
from kerasrec.errors import InputError
from kerasrec_zoo import DIN, DeepFM

ASKED = {"users": ["u1", "u5", "nobody"], "items": ["i2", "i3", "i4"]}
CROSS = {"name": "pair", "columns": ["user", "hour"], "size": 9, "min_count": 2, "label": None}
CONTEXT = {
    "hour": ["9", "never", None],
    "age": [30.0, 5.0, np.nan],
    "bucket": [30.0, 99.0, np.nan],
    "tags": ["a|b", "c", None],
    "look": [[1.0, 0.5], [0.0, 2.0], None],
    "when": [10**9, 10**9 + 40_000, None],
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
            "hour": random.choice(["9", "22", "7"], size),
            "age": random.integers(10, 60, size).astype(float),
            "bucket": random.integers(10, 60, size).astype(float),
            "tags": random.choice(["a|b", "b", "c|a"], size),
            "look": [[n % 5, 1.0] for n in range(size)],
            "when": random.integers(10**9, 10**9 + 10**6, size),
        }
    )
    past = frame[["user", "item", "timestamp"]].assign(timestamp=frame["timestamp"] - 50)
    kinds = {
        "hour": {"kind": "category"},
        "age": {"kind": "number"},
        "bucket": {"kind": "number", "buckets": 4},
        "tags": {"kind": "categories"},
        "look": {"kind": "vector"},
        "when": {"kind": "time", "parts": ["hour", "weekday"]},
    }
    return Impressions.from_frame(
        frame,
        labels={"click": {}, "stay": {"kind": "seconds"}},
        context=kinds,
        crosses={
            "pair": {"columns": ["user", "hour"], "min_count": 2},
            "rate": {"columns": ["item", "bucket"], "label": "click"},
        },
        past=Interactions.from_frame(past),
    )


@pytest.fixture(scope="module")
def model(data):
    keras.utils.set_random_seed(0)
    model = DeepFM(
        data.schema(history_length=4), dim=3, mlp=(5,), blend={"click": 1.0, "stay": 0.5}
    )
    model.adapt(data)
    random = np.random.default_rng(0)
    for weight in model.trainable_weights:
        weight.assign(random.normal(scale=0.3, size=weight.shape))
    return model


@pytest.fixture
def saved(model, tmp_path):
    model.save(tmp_path / "checkpoint")
    return tmp_path / "checkpoint"


@pytest.mark.filterwarnings("ignore:.*")
def test_what_was_saved_answers_as_before(data, model, saved):
    loaded = models.load(saved)
    assert type(loaded) is DeepFM and loaded.schema == model.schema
    assert loaded.blend == {"click": 1.0, "stay": 0.5} and list(loaded.context) == list(CONTEXT)
    expected = model.score(**ASKED, context=CONTEXT)
    np.testing.assert_array_equal(loaded.score(**ASKED, context=CONTEXT), expected)
    assert len(set(expected)) == 3
    answers = [
        one.recommend(["u1"], k=3, context=CONTEXT and {k: v[:1] for k, v in CONTEXT.items()})
        for one in (model, loaded)
    ]
    pd.testing.assert_frame_equal(*answers)
    for task, values in model.predict_impressions(data).items():
        np.testing.assert_array_equal(loaded.predict_impressions(data)[task], values)


@pytest.mark.filterwarnings("ignore:.*")
@pytest.mark.slow
def test_keras_saves_the_same(model, tmp_path):
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    expected = model.score(**ASKED, context=CONTEXT)
    np.testing.assert_array_equal(loaded.score(**ASKED, context=CONTEXT), expected)


@pytest.mark.slow
def test_a_model_of_histories_keeps_them(data, tmp_path):
    model = DIN(data.schema(history_length=4), dim=3)
    model.adapt(data)
    model.save(tmp_path / "checkpoint")
    loaded = models.load(tmp_path / "checkpoint")
    np.testing.assert_array_equal(loaded.histories.items, model.histories.items)
    context = {name: values[:1] for name, values in CONTEXT.items()}
    one, other = (each.score(["u1"], items=["i1"], context=context) for each in (model, loaded))
    np.testing.assert_array_equal(one, other)


def rehashed(folder):
    """The checkpoint with hashes of its files as they are now."""
    import hashlib

    path = folder / "metadata.json"
    metadata = json.loads(path.read_text())
    for name in list(metadata["files"]):
        file = folder / name
        if file.exists():
            content = file.read_bytes()
            metadata["files"][name] = {
                "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()
            }  # fmt: skip
        else:
            del metadata["files"][name]
    path.write_text(json.dumps(metadata))


def changed(encoders, name, key, value):
    (one,) = (each for each in encoders if each["name"] == name)
    one[key] = value


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda encoders: encoders.pop(), "context.json and the schema of the model differ"),
        (lambda encoders: encoders.reverse(), "context.json and the schema of the model differ"),
        (lambda encoders: changed(encoders, "hour", "name", "day"), "context.json"),
        (lambda encoders: changed(encoders, "age", "kind", "text"), "context.json"),
        (lambda encoders: changed(encoders, "age", "std", "wide"), "context.json"),
        (lambda encoders: encoders.append(3), "context.json"),
    ],
)
def test_damaged_encoders_are_named(saved, change, message):
    path = saved / "context.json"
    encoders = json.loads(path.read_text())
    change(encoders)
    path.write_text(json.dumps(encoders))
    with pytest.raises(InputError, match="context.json is damaged"):
        models.load(saved)
    rehashed(saved)
    with pytest.raises(InputError, match=message):
        models.load(saved)


@pytest.mark.slow
def test_missing_and_garbled_encoders_are_named(saved):
    path = saved / "context.json"
    text = path.read_text()
    for content in ("[", "{}", "null", "[{}]", text[: len(text) // 2]):
        path.write_text(content)
        rehashed(saved)
        with pytest.raises(InputError, match="context.json"):
            models.load(saved)
    path.unlink()
    with pytest.raises(InputError, match="context.json is missing"):
        models.load(saved)
    rehashed(saved)
    with pytest.raises(InputError, match="context.json is missing"):
        models.load(saved)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("tasks", []),
        ("tasks", [{"name": "click", "kind": "sort"}]),
        ("tasks", [{"name": "click"}]),
        ("tasks", 3),
        ("crosses", [CROSS | {"columns": ["user"]}]),
        ("crosses", [CROSS | {"size": 2**40}]),
        ("crosses", [CROSS | {"size": 2**30}]),
        ("crosses", [CROSS | {"columns": ["user", "weather"]}]),
        ("crosses", [CROSS | {"label": "buy"}]),
        ("crosses", [CROSS | {"name": "user"}]),
        ("crosses", 3),
        ("context_features", [{"name": "hour", "kind": "category", "size": 2**31, "length": 1}]),
        ("context_features", [{"name": "hour"}]),
    ],
)
def test_a_damaged_schema_is_refused(saved, key, value):
    path = saved / "config.json"
    config = json.loads(path.read_text())
    config["config"]["schema"][key] = value
    path.write_text(json.dumps(config))
    rehashed(saved)
    with pytest.raises(InputError):
        models.load(saved)
