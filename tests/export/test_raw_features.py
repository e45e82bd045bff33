"""Raw features encoded by a saved graph in the C++ loader match the catalogue's encoders."""

import json

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

from kerasrec import models
from kerasrec.data import Interactions, batches
from kerasrec.data.feature_encoder import FeatureEncoder
from kerasrec.data.feature_values import parts_of
from kerasrec.export import export
from kerasrec.export.raw_features import RawFeatures
from kerasrec.export.requests import draw_values
from kerasrec.losses import Softmax
from kerasrec.savedmodel import CLoader
from kerasrec.savedmodel.graph_operations import unportable_operations
from kerasrec_zoo import TwoTower

TEXTS = [
    "我爱北京天安门。红色,蓝色5.5英寸", "iPhone手机壳“很好”——can't",
    "コーヒーが いい、ﾊﾟﾝｹｰｷ！か\u3099",
    "กินข้าวที่บ้าน ดี", "ខ្ញុំ\u200bស្រលាញ់។ ຂ້ອຍ မြန်မာ။",
    "好吃😋👍🏽 ＡＢＣ１２３　全角", "plain WORDS, e\u0301tude",
    "好\x01吃\x02", "我", "", " 。 ", "new 天北 words",
]  # fmt: skip
TAGS = ['["a|b", "c"]', "['c', 'd']", "[x]|c", "", "c", '["[x]"]', "[]", "d", "d|c", "c", "", "d"]


@pytest.fixture(scope="module")
def encoders():
    return {
        "title": FeatureEncoder.fit("title", TEXTS[:-1], "text"),
        "plain": FeatureEncoder.fit("plain", TEXTS[:-1], "text", tokenizer="words", length=3),
        "tags": FeatureEncoder.fit("tags", TAGS, "categories"),
    }


@pytest.fixture(scope="module")
def saved(encoders, tmp_path_factory):
    # Encoders are restored from JSON, as from a checkpoint.
    plain = [json.loads(json.dumps(encoder.to_dict())) for encoder in encoders.values()]
    raw = RawFeatures({one["name"]: FeatureEncoder.from_dict(one) for one in plain})
    directory = tmp_path_factory.mktemp("raw") / "1"
    encode = tf.function(raw, input_signature=[raw.signature()], autograph=False)
    tf.saved_model.save(raw, str(directory), {"encode": encode.get_concrete_function()})
    return directory


def test_texts_and_lists_are_encoded_as_in_the_catalogue(encoders, saved):
    assert encoders["title"].tokenizer == "bigrams"
    lists = [parts_of(cell, encoders["tags"].separator) for cell in TAGS]
    tags = np.array([[*values, "", ""][:2] for values in lists])
    with CLoader(saved) as loaded:
        found = loaded("encode", title=TEXTS, plain=TEXTS, tags=tags)
        one = [loaded("encode", title=[t], plain=[t], tags=[["c"]])["title"][0] for t in TEXTS]
    np.testing.assert_array_equal(found["title"], encoders["title"].encode(TEXTS))
    np.testing.assert_array_equal(found["title"], one)
    np.testing.assert_array_equal(found["plain"], encoders["plain"].encode(TEXTS))
    np.testing.assert_array_equal(found["tags"], encoders["tags"].encode(TAGS))


def test_blank_values_of_a_list_may_stand_anywhere(saved):
    tags = [["", "c", " ", "d"], ["c", "d", "", ""], ["", "", "", "c"], [""] * 4]
    with CLoader(saved) as loaded:
        found = loaded("encode", title=[""] * 4, plain=[""] * 4, tags=tags)["tags"]
    np.testing.assert_array_equal(found[0], found[1])
    assert found[0].all() and found[2].tolist() == [found[0, 0], 0]
    assert found[3].tolist() == [0, 0]


def test_the_graph_needs_no_python(saved):
    assert unportable_operations(saved) == []


LARGEST = float(np.finfo("float32").max)
NUMBERS = [1.0, 1.0, 1.0, 2.0, 2.5, 7.25, -3.0, 0.0, 0.1]
EDGES = [*NUMBERS, np.nan, LARGEST, -LARGEST, 1e-40, -1e-40, 1e-38, -0.0, 2.4999998, 1e30]
COLUMNS = {
    "plain": ("number", NUMBERS, {}),
    "buckets": ("number", NUMBERS, {"buckets": 4}),
    "zeros": ("number", [0.0, 0.0, -1e-40, 5.0], {"buckets": 2}),
    "constant": ("number", [7.25, 7.25], {"buckets": 4}),
    "soft": ("number", NUMBERS, {"soft_buckets": 4}),
    "wide": ("number", [-LARGEST, LARGEST], {"soft_buckets": 2}),
    "soft_constant": ("number", [7.25, None], {"soft_buckets": 4}),
    "time": ("time", [1], {}),
    "months": ("time", [1], {"parts": ["month", "weekday"]}),
    "rare": ("category", ["a", "b", "a", None], {"min_count": 2}),
    "rare_lists": ("categories", ["a|b", "a"], {"min_count": 2}),
    "nothing": ("category", ["a", "b"], {"min_count": 2}),
}


@pytest.fixture(scope="module")
def columns():
    found = {n: FeatureEncoder.fit(n, v, kind, **o) for n, (kind, v, o) in COLUMNS.items()}
    plain = {name: json.loads(json.dumps(encoder.to_dict())) for name, encoder in found.items()}
    return {name: FeatureEncoder.from_dict(one) for name, one in plain.items()}


def test_numbers_times_and_rare_values_are_encoded_as_in_the_catalogue(columns, tmp_path):
    raw = RawFeatures(columns)
    encode = tf.function(raw, input_signature=[raw.signature()], autograph=False)
    tf.saved_model.save(raw, str(tmp_path / "1"), {"encode": encode.get_concrete_function()})
    random = np.random.default_rng(0)
    numbers = np.concatenate([EDGES, random.normal(2, 3, 482)]).astype("float32")
    seconds = random.integers(-(2**33), 2**33, len(numbers))
    seconds[:6] = [0, 1, -1, 86400, 1777874400, 95 * 10**9]
    values = random.choice(["a", "b", "new", ""], (len(numbers), 2))
    request, expected = {}, {}
    for name, (kind, _, _) in COLUMNS.items():
        by_kind = {"number": numbers, "time": seconds, "categories": values}
        request[name] = by_kind.get(kind, values[:, 0])
        if name == "plain":
            # (x - mean) / std of the largest numbers is no float32: refused in Python.
            request[name] = np.where(np.abs(numbers) > 1e20, 0, numbers)
        expected[name] = columns[name].encode(
            request[name][..., :1] if kind == "categories" else list(request[name])
        )
    request["rare_lists"] = values[:, :1]
    with CLoader(tmp_path / "1") as loaded:
        found = loaded("encode", **request)
        infinite = np.full(len(numbers), np.inf, "float32")
        unknown = loaded("encode", **{**request, "buckets": infinite, "soft": -infinite})
    for name, encoder in columns.items():
        off = 1e-6 if encoder.feature.dtype == "float32" else 0
        np.testing.assert_allclose(found[name], expected[name], rtol=0, atol=off, err_msg=name)
    # Python refuses infinity; a graph cannot, and reads it as missing.
    assert not unknown["buckets"].any() and not unknown["soft"].any()
    assert unportable_operations(tmp_path / "1") == []


@pytest.mark.slow
@pytest.mark.export
def test_an_export_with_these_features_answers_as_the_model(tmp_path):
    random = np.random.default_rng(0)
    log = pd.DataFrame([(u, i) for u in range(12) for i in random.permutation(14)[:9]])
    items = pd.DataFrame({"item": range(16), "price": random.exponential(size=16)})
    items["release"] = pd.Timestamp("2020-01-01") + pd.to_timedelta(items["price"] * 1e3, unit="h")
    items.loc[3, ["price", "release"]] = None
    items["maker"] = random.choice(["a", "b", "b", "c"], 16)
    features = {
        "price": {"kind": "number", "buckets": 4},
        "soft": {"kind": "number", "column": "price", "soft_buckets": 3},
        "release": {"kind": "time", "parts": ["hour", "weekday", "month"]},
        "maker": {"kind": "category", "min_count": 6},
    }
    train = Interactions.from_frame(
        log.set_axis(["user", "item"], axis=1), item_frame=items, item_features=features
    )
    kinds = {feature.name: feature.kind for feature in train.schema().item_features}
    assert list(kinds.values()) == ["category", "vector", "vector", "category"]
    model = TwoTower(train.schema(history_length=3), dim=4)
    model.adapt(train)
    model.compile("adam", Softmax())
    model.fit(batches(train, model.train_inputs, steps=model.steps), verbose=0)
    model.save(tmp_path / "saved")
    # `export` compares 200 drawn requests to `embed_items`, and to all others, with Python's.
    found = export(models.load(tmp_path / "saved"), tmp_path / "1", k=3)
    assert "embed_items" in found["signatures"] and found["difference"] < 1e-5


@pytest.mark.slow
def test_pictures_are_encoded_as_in_the_catalogue(tmp_path):
    net = keras.Sequential(
        [keras.Input((9, 9, 3)), keras.layers.Conv2D(4, 3), keras.layers.GlobalMaxPooling2D()]
    )
    encoders = {
        "pixels": FeatureEncoder.fit("pixels", [], "image", size=12),
        "vectors": FeatureEncoder.fit("vectors", [], "image", backbone=net),
    }
    raw = RawFeatures(encoders)

    def encoded(request):
        return {name: tf.cast(value, tf.float32) for name, value in raw(request).items()}

    encode = tf.function(encoded, input_signature=[raw.signature()], autograph=False)
    traced = encode.get_concrete_function()
    raw.variables_of_backbones = list(traced.variables)
    tf.saved_model.save(raw, str(tmp_path / "1"), {"encode": traced})
    files = list(draw_values(encoders["pixels"], np.random.default_rng(0), 40, ""))
    assert b"" in files
    with CLoader(tmp_path / "1") as loaded:
        found = loaded("encode", pixels=files, vectors=files)
        with pytest.raises(Exception, match="neither a JPEG nor a PNG file"):
            loaded("encode", pixels=[b"GIF89a"], vectors=[b""])
    np.testing.assert_array_equal(found["pixels"], encoders["pixels"].encode(files))
    expected = encoders["vectors"].encode(files)
    np.testing.assert_allclose(found["vectors"], expected, rtol=1e-4, atol=1e-3)
    assert unportable_operations(tmp_path / "1") == []
