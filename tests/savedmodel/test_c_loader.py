"""Exports run in TensorFlow's C++ loader, in a process without Python's TensorFlow."""

import json
import pathlib
import subprocess
import sys

import keras
import numpy as np
import pandas as pd
import pytest

from kerasrec import savedmodel
from kerasrec.data import Interactions, batches
from kerasrec.export import export
from kerasrec.losses import Softmax
from kerasrec_zoo import ContentBased, Hybrid

pytestmark = pytest.mark.slow

WORDS = ("calm blue water", "wild red fire")
OLD = 16
SETUP = """
import json, sys
import numpy as np
sys.path.insert(0, sys.argv[1])
import c_loader
loaded = c_loader.CLoader(sys.argv[2])
"""
# An index outside the graph: the catalogue and two new items.
NEW_ITEMS = """
items = [str(i) for i in range(16)] + ["new water", "new fire"]
texts = [""] * 16 + ["Blue, calm water!", "red wild fire"]
index = loaded("embed_items", item=items, text=texts)["vector"]
queries = loaded("embed_user", history=[["0", "2", ""], ["1", "3", "not there"]])["vector"]
best = np.argsort(-(queries @ index.T), axis=1)
assert "tensorflow" not in sys.modules and "kerasrec" not in sys.modules
print(json.dumps([[items[i] for i in row] for row in best]))
"""


def interactions():
    """Even items are about water, odd ones about fire; every user reads one kind."""
    pairs = [(u, i) for u in range(24) for i in range(OLD) if i % 2 == u % 2]
    kept = [pair for n, pair in enumerate(pairs) if n % 5]
    items = pd.DataFrame({"item": np.arange(OLD), "text": [WORDS[i % 2] for i in range(OLD)]})
    return Interactions.from_frame(
        pd.DataFrame(kept, columns=["user", "item"]),
        item_frame=items,
        item_features={"text": {"kind": "text", "length": 4}},
    )


def fitted(model_class, train, **arguments):
    keras.utils.set_random_seed(0)
    model = model_class(train.schema(), dim=8, **arguments)
    model.adapt(train)
    model.compile(keras.optimizers.Adam(0.02), Softmax())
    data = batches(train, model.train_inputs, steps=model.steps, batch_size=8, history_length=OLD)
    model.fit(data.repeat(30), verbose=0)
    return model


def run(code, directory):
    done = subprocess.run(
        [sys.executable, "-c", SETUP + code, savedmodel.__path__[0], str(directory)],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


@pytest.mark.export
@pytest.mark.parametrize(
    ("model_class", "arguments"),
    [
        (Hybrid, {"id_dropout": 0.3}),
        (Hybrid, {"id_dropout": 0.3, "encoder": "code", "alpha": None}),
        (ContentBased, {}),
    ],
)
def test_a_new_item_is_recommended_once_it_is_in_the_index(
    model_class, arguments, tmp_path, exported
):
    folder = tmp_path / "1"
    if model_class is ContentBased:
        _, folder = exported
    else:
        export(fitted(model_class, interactions(), **arguments), folder, k=5)
    for best, new, kind in zip(
        run(NEW_ITEMS, folder), ("new water", "new fire"), (0, 1), strict=True
    ):
        place = best.index(new)
        others = [item for item in best[:place] if item.isdigit()]
        # The new item ranks before every item of the other kind, also before the other new one.
        assert all(int(item) % 2 == kind for item in others) and len(others) <= OLD // 2
        assert best.index({"new water": "new fire", "new fire": "new water"}[new]) > place


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    model = fitted(ContentBased, interactions(), code_dim=8)
    folder = tmp_path_factory.mktemp("c_loader") / "1"
    export(model, folder, k=5)
    return model, folder


@pytest.mark.export
def test_signatures_and_answers_match_python(exported):
    model, folder = exported
    code = """
answer = loaded("serving_default", history=[["0", "2"]], exclude=[["4"]])
print(json.dumps({
    "signatures": {name: sorted(sides[0]) for name, sides in loaded.signatures.items()},
    "items": answer["item"].astype(str).tolist(), "scores": answer["score"].tolist()}))
loaded.close()
"""
    found = run(code, folder)
    query, options = {"user", "history", "recent"}, {"exclude", "allow", "k", "repeats"}
    expected = {
        "serving_default": query | options,
        "recommend": query | options,
        "recommend_explained": query | options,
        "score": query | {"item"},
        "similar_items": {"item", "exclude", "allow", "k"},
        "embed_user": query,
        "embed_items": {"item", "text"},
        "recommend_examples": {"examples"},
        "search": query | {"exclude", "allow", "k", "search_text"},
        "profile": {"user", "history", "item_weight"},
    }
    assert found["signatures"] == {name: sorted(inputs) for name, inputs in expected.items()}
    expected = model.recommend(histories=[["0", "2"]], exclude=["4"], k=5)
    assert found["items"] == [expected["item"].tolist()]
    np.testing.assert_allclose(found["scores"][0], expected["score"], atol=1e-5)


@pytest.mark.export
def test_errors_name_what_is_wrong(exported):
    code = """
messages = []
for call in (
    lambda: c_loader.CLoader(sys.argv[2] + "/not there"),
    lambda: loaded("recommend", histories=[["0"]]),
    lambda: loaded("recommend", history=["0"], exclude=[[""]]),
    lambda: loaded("rank", history=[["0"]]),
    lambda: loaded("recommend", history=np.zeros((1, 1), "float16"), exclude=[[""]]),
):
    try:
        call()
    except RuntimeError as error:
        messages.append(str(error))
long = loaded("recommend", history=[["0", "x" * 1000]], exclude=[["y" * 30, "4" + " " * 40]])
assert long["item"].shape == (1, 5)
with loaded:
    pass
loaded.close()
try:
    loaded("recommend", history=[["0"]], exclude=[[""]])
except RuntimeError as error:
    messages.append(str(error))
print(json.dumps(messages))
"""
    missing, inputs, shape, name, kind, closed = run(code, exported[1])
    assert name.startswith("no signature 'rank': there are ['embed_items'")
    assert kind.startswith("float16: expected strings or float32")
    assert closed == "the model is closed"
    assert "not there" in missing
    assert inputs.startswith("recommend takes ['allow', 'exclude'")
    assert inputs.endswith("and got ['histories']")
    assert shape
    assert not pathlib.Path(exported[1], "not there").exists()
