import numpy as np
import pytest

from kerasrec.errors import InputError
from kerasrec.layers import ContentEncoder

FEATURES = [
    {"name": "genre", "kind": "category", "size": 5, "length": 1},
    {"name": "title", "kind": "text", "size": 9, "length": 3},
    {"name": "image", "kind": "vector", "size": 2, "length": 1},
    {"name": "sound", "kind": "vector", "size": 1, "length": 1},
    {"name": "content_code", "kind": "vector", "size": 3, "length": 1},
    {"name": "photo", "kind": "image", "size": 8, "length": 1},
]
COLUMNS = {
    "genre": np.array([2, 4], "int32"),
    "title": np.array([[2, 3, 0], [8, 0, 0]], "int32"),
    "image": np.array([[3, 4], [0, 5]], "float32"),
    "sound": np.array([[1], [2]], "float32"),
    "content_code": np.array([[1, 0, 2], [0, 1, 0]], "float32"),
    "photo": np.random.default_rng(0).integers(1, 256, (2, 8, 8, 3), dtype="uint8"),
}


@pytest.mark.parametrize("encoder", ["bag_of_words", "code", "conv2d", "vectors"])
def test_layer_contract(check_layer, encoder):
    given = {"features": FEATURES, "dim": 4, "encoder": encoder, "kernel_sizes": (2,)}
    check_layer(ContentEncoder, {**given, "dropout": 0.5}, {"features": COLUMNS})


@pytest.mark.parametrize(
    ("encoder", "reads"),
    [
        ("conv1d", ["genre", "title", "image", "sound", "photo"]),
        ("conv2d", ["genre", "title", "image", "sound", "photo"]),
        ("bag_of_words", ["genre", "title", "image", "sound", "photo"]),
        ("code", ["content_code"]),
        ("vectors", ["image", "sound"]),
    ],
)
def test_reads_its_features_only(encoder, reads):
    layer = ContentEncoder(FEATURES, 4, encoder)
    assert layer.read == reads
    before = layer(COLUMNS).numpy()
    for name, column in COLUMNS.items():
        other = layer({**COLUMNS, name: column[::-1]}).numpy()
        assert np.array_equal(before, other) == (name not in reads)


def test_a_code_is_projected():
    layer = ContentEncoder(FEATURES, 4, "code")
    found = layer(COLUMNS).numpy()
    (dense,) = layer.stack
    weights, bias = (weight.numpy() for weight in dense.weights)
    np.testing.assert_allclose(found, COLUMNS["content_code"] @ weights + bias, atol=1e-6)


def test_missing_features_are_refused():
    with pytest.raises(
        InputError,
        match="conv1d, conv2d, bag_of_words, code, autoencoder, vectors, received 'bert'",
    ):
        ContentEncoder(FEATURES, 4, "bert")
    with pytest.raises(InputError, match='kind "vector": the items have genre .category., title'):
        ContentEncoder(FEATURES[:2], 4, "vectors")
    with pytest.raises(InputError, match="the items have none"):
        ContentEncoder([], 4)


def test_pictures_alone_are_their_convolutions():
    layer = ContentEncoder(FEATURES[-1:], 4, "conv2d")
    found = layer({"photo": COLUMNS["photo"]}).numpy()
    np.testing.assert_allclose(found, layer.pictures["photo"](COLUMNS["photo"]))
    with pytest.raises(InputError, match='kind "image", without a backbone: the items have genre'):
        ContentEncoder(FEATURES[:-1], 4, "conv2d")
