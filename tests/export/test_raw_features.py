"""Raw features encoded by a saved graph in the C++ loader match the catalogue's encoders."""

import json

import numpy as np
import pytest
import tensorflow as tf

from kerasrec.data.feature_encoder import FeatureEncoder
from kerasrec.export.raw_features import RawFeatures
from kerasrec.savedmodel import CLoader
from kerasrec.savedmodel.graph_operations import unportable_operations

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
    lists = [encoders["tags"]._parts(cell) for cell in TAGS]
    tags = np.array([[*values, "", ""][:2] for values in lists])
    with CLoader(saved) as loaded:
        found = loaded("encode", title=TEXTS, plain=TEXTS, tags=tags)
        one = [loaded("encode", title=[t], plain=[t], tags=[["c"]])["title"][0] for t in TEXTS]
    np.testing.assert_array_equal(found["title"], encoders["title"].encode(TEXTS))
    np.testing.assert_array_equal(found["title"], one)
    np.testing.assert_array_equal(found["plain"], encoders["plain"].encode(TEXTS))
    np.testing.assert_array_equal(found["tags"], encoders["tags"].encode(TAGS))


def test_the_graph_needs_no_python(saved):
    assert unportable_operations(saved) == []
