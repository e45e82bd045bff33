"""Models that read pictures: the direction of the stripes of an item decides who likes it."""

import json

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

from kerasrec.data import Interactions, batches
from kerasrec.data.drawn_impressions import drawn_impressions
from kerasrec.errors import InputError
from kerasrec.export import export
from kerasrec.losses import Softmax
from kerasrec.models import load
from kerasrec.savedmodel import CLoader
from kerasrec_zoo import ContentBased, DeepFM, Hybrid, NeuMF, TwoTower

pytestmark = pytest.mark.slow

ITEMS, USERS, COLD = 40, 24, range(30, 39)
NO_PICTURE = 39


def striped(across, random):
    """A PNG file of stripes across or along, of random colours, place and width."""
    height, width = random.integers(20, 50, 2)
    lines = np.arange(height)[:, None] if across else np.arange(width)[None]
    dark = (lines // random.integers(4, 7) + random.integers(2)) % 2 == 0
    one, other = random.integers(0, 256, (2, 3))
    pixels = np.where(np.broadcast_to(dark, (height, width))[..., None], one, other)
    noise = random.integers(-20, 21, pixels.shape)
    return tf.io.encode_png(np.clip(pixels + noise, 0, 255).astype("uint8")).numpy()


def shelf():
    random = np.random.default_rng(0)
    pictures = [striped(item % 2, random) for item in range(ITEMS)]
    pictures[NO_PICTURE] = None
    return pd.DataFrame({"item": range(ITEMS), "photo": pictures})


def log():
    pairs = [(u, i) for u in range(USERS) for i in range(COLD[0]) if i % 2 == u % 2]
    pairs = np.random.default_rng(1).permutation(pairs)
    return pd.DataFrame(pairs[: len(pairs) * 4 // 5], columns=["user", "item"])


def interactions(**options):
    features = {"photo": {"kind": "image", "size": 16, **options}}
    return Interactions.from_frame(log(), item_frame=shelf(), item_features=features)


@pytest.fixture(scope="module")
def train():
    return interactions()


def share_of_pairs(model, query):
    """How often a cold item of the right stripes is before one of the others; chance is 0.5."""
    wins = []
    for side in (0, 1):
        rows = [str(i) for i in COLD]
        scores = model.score(**{key: [x[side]] * len(rows) for key, x in query.items()}, items=rows)
        right = np.array([i % 2 == side for i in COLD])
        wins.append((scores[right][:, None] > scores[~right]).mean())
    return np.mean(wins)


USERS_OF = {"users": ["0", "1"]}
HISTORIES = {"histories": [["0", "2", "4", "6"], ["1", "3", "5", "7"]]}


def fitted(model, train, epochs, batch_size=8):
    model.adapt(train)
    model.compile(keras.optimizers.Adam(0.01), Softmax())
    data = batches(
        train,
        model.train_inputs,
        steps=model.steps,
        batch_size=batch_size,
        history_length=20,
        seed=0,
    )
    model.fit(data.repeat(epochs), verbose=0)
    return model


@pytest.fixture(scope="module")
def content(train):
    keras.utils.set_random_seed(0)
    return fitted(ContentBased(train.schema(), dim=8, encoder="conv2d"), train, 60)


def test_content_based_ranks_cold_items_by_their_pictures(content):
    assert share_of_pairs(content, HISTORIES) > 0.9


def test_two_tower_ranks_cold_items_by_their_pictures(train):
    keras.utils.set_random_seed(0)
    model = TwoTower(train.schema(), dim=8, id_dropout=0.5)
    assert share_of_pairs(fitted(model, train, 10, batch_size=32), USERS_OF) > 0.9


def vectors(model, items):
    return np.array(model.encode_catalog())[model.items.vocabulary.rows([str(i) for i in items])]


def test_a_missing_picture_has_a_vector_of_its_own(content):
    nothing, *some = vectors(content, [NO_PICTURE, *COLD])
    np.testing.assert_allclose(
        nothing[:9], content.content_encoder.pictures["photo"].missing, atol=1e-6
    )
    assert min(np.abs(one - nothing).max() for one in some) > 0.01


def test_what_is_said_of_items_leaves_pictures_out(content, train):
    assert content.reads(train) == {"item feature photo": "image"}
    with pytest.raises(InputError, match="pictures and vectors have none"):
        content.profile("0")
    with pytest.raises(InputError, match="knows no features of its items"):
        content.cluster_items(2, by="content")
    with pytest.warns(UserWarning, match="in no cluster: 10"):
        assert len(content.cluster_items(2, by="behavior")) == COLD[0]
    assert len(content.recommend(histories=[["0", "2"]], k=2, explain=True)) == 2
    with pytest.raises(InputError, match="at least one feature to encode"):
        ContentBased(train.schema(), dim=4, encoder="code")


@pytest.mark.export
def test_an_export_reads_the_bytes_of_a_picture(content, tmp_path):
    """Raw bytes of a new item give the vector of the catalogue's row; bad ones are refused."""
    report = export(content, tmp_path / "1", k=5)
    assert report["foreign"] == [] and report["difference"] < 1e-4
    photos = shelf()["photo"].tolist()
    with CLoader(tmp_path / "1") as loaded:
        found = loaded("embed_items", item=[""] * 4, photo=[*photos[35:38], b""])["vector"]
        known = loaded("embed_items", item=["35"], photo=[b""])["vector"]
        for bad, reason in ((b"hello", "neither a JPEG nor a PNG"), (photos[0][:300], "PNG")):
            with pytest.raises(Exception, match=reason):
                loaded("embed_items", item=[""], photo=[bad])
    np.testing.assert_allclose(found, vectors(content, [35, 36, 37, NO_PICTURE]), atol=1e-5)
    np.testing.assert_allclose(known[0], found[0], atol=1e-5)
    about = json.loads((tmp_path / "1" / "assets.extra" / "kerasrec.json").read_text())
    photo = about["signatures"]["embed_items"]["inputs"]["photo"]
    assert photo == {"dtype": "string", "shape": [None]}


def test_a_checkpoint_keeps_the_pictures(content, tmp_path):
    content.save(tmp_path / "saved")
    loaded = load(tmp_path / "saved")
    np.testing.assert_allclose(vectors(loaded, COLD), vectors(content, COLD), atol=1e-6)
    np.testing.assert_array_equal(loaded.catalog.tables["photo"], content.catalog.tables["photo"])


def backbone():
    """A frozen network of random weights: edges across and along, and their means."""
    keras.utils.set_random_seed(3)
    return keras.Sequential(
        [
            keras.Input((24, 24, 3)),
            keras.layers.Rescaling(1 / 127.5, -1),
            keras.layers.Conv2D(24, 5, activation="relu"),
            keras.layers.GlobalAveragePooling2D(),
        ],
        name="edges",
    )


@pytest.fixture(scope="module")
def frozen():
    return interactions(size=None, backbone=backbone())


@pytest.fixture(scope="module")
def with_backbone(frozen):
    keras.utils.set_random_seed(0)
    return fitted(ContentBased(frozen.schema(), dim=8, encoder="vectors"), frozen, 60)


def test_a_backbone_gives_vectors_and_is_not_trained(frozen, with_backbone):
    pixels = np.full((1, 24, 24, 3), 200, "uint8")
    net, column = frozen.items.encoders["photo"].backbone, frozen.items.columns["photo"]
    assert column.shape == (ITEMS + 2, 25) and column.dtype == "float32"
    np.testing.assert_allclose(net.vectors(pixels)[0, 1:], net.network(pixels)[0], atol=1e-6)
    assert column[2:41, 0].tolist() == [1.0] * 39 and not column[41].any()
    assert {layer.name for layer in with_backbone._flatten_layers()}.isdisjoint({"edges"})
    assert share_of_pairs(with_backbone, HISTORIES) > 0.9


def test_a_checkpoint_keeps_the_backbone(with_backbone, tmp_path):
    with_backbone.save(tmp_path / "saved")
    network = tmp_path / "saved" / "items" / "photo.keras"
    assert network.exists()
    loaded = load(tmp_path / "saved")
    assert loaded.items.encoders == with_backbone.items.encoders
    with_backbone.save(tmp_path / "model.keras")
    same = keras.models.load_model(tmp_path / "model.keras")
    assert same.items.encoders == with_backbone.items.encoders
    network.write_bytes(network.read_bytes()[:-1] + b"x")
    with pytest.raises(InputError, match="photo.keras is damaged .SHA-256 differs"):
        load(tmp_path / "saved")
    network.unlink()
    with pytest.raises(InputError, match="photo.keras is missing"):
        load(tmp_path / "saved")


def test_a_ranker_reads_pictures(train):
    shown = drawn_impressions(train, 1, seed=0)
    model = DeepFM(shown.schema(), dim=4, mlp=[8])
    model.adapt(shown)
    assert model.features_read[1] == {"photo"}
    scores = model.score(users=["0", "0"], items=["30", "39"])
    assert np.isfinite(scores).all() and scores[0] != scores[1]


def test_hybrid_and_neumf_read_pictures(train):
    hybrid = Hybrid(train.schema(), dim=4, encoder="conv2d")
    for model in (hybrid, NeuMF(train.schema(), dim=4, mlp=[4], features=True)):
        model.adapt(train)
        column = model.catalog.tables["photo"]
        before = np.array(model.encode_catalog())
        column.assign(np.roll(np.array(column), 1, axis=0))
        assert model.features_read[1] >= {"photo"}
        assert (np.abs(np.array(model.encode_catalog()) - before)[3:].max(axis=1) > 1e-6).all()
