"""A backbone gives the vectors of its model; a model that could run code is refused."""

import json
import zipfile

import keras
import numpy as np
import pytest

from kerasrec.data.backbone import Backbone
from kerasrec.data.feature_encoder import FeatureEncoder
from kerasrec.data.schema import Feature
from kerasrec.errors import InputError


def mean_colour(scale=1.0, size=8):
    """Vectors are the mean of each colour, times a factor."""
    layers = [keras.layers.Rescaling(scale), keras.layers.GlobalAveragePooling2D()]
    return keras.Sequential([keras.Input((size, size, 3)), *layers])


PIXELS = np.zeros((3, 8, 8, 3), "uint8")
PIXELS[0], PIXELS[1] = (10, 20, 30), (1, 1, 1)


def test_vectors_by_hand():
    net = Backbone(mean_colour(0.5))
    assert (net.size, net.width) == (8, 4)
    expected = [[1, 5, 10, 15], [1, 0.5, 0.5, 0.5], [0, 0, 0, 0]]
    np.testing.assert_allclose(net.vectors(PIXELS), expected, rtol=1e-6)
    np.testing.assert_allclose(net.graph_vectors(PIXELS), expected, rtol=1e-6)
    assert net.vectors(PIXELS[:0]).shape == (0, 4)


def test_a_file_is_the_same_model(tmp_path):
    path = tmp_path / "net.keras"
    net = Backbone(mean_colour(0.5))
    net.save(path)
    encoder = FeatureEncoder.fit("look", [], "image", backbone=str(path))
    assert encoder.feature == Feature("look", "vector", 4) and encoder.size == 8
    assert encoder.backbone == net
    np.testing.assert_array_equal(encoder.backbone.vectors(PIXELS), net.vectors(PIXELS))
    plain = json.loads(json.dumps(encoder.to_dict()))
    assert FeatureEncoder.from_dict(plain, load_backbone=lambda name: net).size == 8
    large = FeatureEncoder.fit("look", [], "image", backbone=mean_colour(size=224))
    again = FeatureEncoder.from_dict(large.to_dict(), load_backbone=lambda name: large.backbone)
    assert again == large
    with pytest.raises(InputError, match="its backbone is missing"):
        FeatureEncoder.from_dict(plain)
    with pytest.raises(InputError, match="only kind image has a backbone"):
        FeatureEncoder.from_dict({**plain, "kind": "vector"}, load_backbone=lambda name: net)
    with pytest.raises(InputError, match="have the size 16, those of its backbone 8"):
        FeatureEncoder.from_dict({**plain, "size": 16}, load_backbone=lambda name: net)


def test_a_base_keeps_its_backbone():
    base = FeatureEncoder.fit("look", [], "image", backbone=mean_colour())
    again = FeatureEncoder.fit("look", [], "image", base=base, backbone=base.backbone.network)
    assert again is base and FeatureEncoder.fit("look", [], "image", base=base) is base
    other = ending_in(FLAT())
    with pytest.raises(InputError, match="continues pictures that were read without this backbone"):
        FeatureEncoder.fit("look", [], "image", base=base, backbone=other)


def test_weights_decide_whether_two_are_equal():
    one, other = (Backbone(ending_in(FLAT(), keras.layers.Dense(2))) for _ in "ab")
    assert one != other and one == Backbone(one.network)
    other.network.set_weights(one.network.get_weights())
    assert one == Backbone(other.network) and one != Backbone(mean_colour())


class Own(keras.layers.Layer):
    def call(self, x):
        return x


def same(x):
    return x


def ending_in(*layers, shape=(8, 8, 3)):
    return keras.Sequential([keras.Input(shape), *layers])


FLAT = keras.layers.Flatten
BAD = {
    "no model": (lambda: 3, "got 3, and a backbone is"),
    "not built": (lambda: keras.Sequential([FLAT()]), "not built yet"),
    "any size": (lambda: ending_in(FLAT(), shape=(None, None, 3)), "reads .None, None, None, 3."),
    "no square": (lambda: ending_in(FLAT(), shape=(8, 9, 3)), "reads .None, 8, 9, 3."),
    "grey": (lambda: ending_in(FLAT(), shape=(8, 8, 1)), "reads .None, 8, 8, 1."),
    "huge": (lambda: ending_in(FLAT(), shape=(2000, 2000, 3)), "size at most 1024"),
    "maps": (lambda: ending_in(keras.layers.Conv2D(2, 3)), "include_top=False, pooling='avg'"),
    "own": (lambda: ending_in(Own(), FLAT()), "has a Own of .*as kind vector"),
    "function": (lambda: ending_in(keras.layers.Activation(same), FLAT()), "has a function of"),
    "lambda": (lambda: ending_in(keras.layers.Lambda(abs), FLAT()), "has a Lambda of"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_model_that_is_no_backbone_is_refused(name):
    make, message = BAD[name]
    with pytest.raises(InputError, match=message):
        FeatureEncoder.fit("look", [], "image", backbone=make())


def test_a_size_beside_a_backbone_and_another_kind_are_refused():
    with pytest.raises(InputError, match="leave size out"):
        FeatureEncoder.fit("look", [], "image", size=8, backbone=mean_colour())
    with pytest.raises(InputError, match="backbone is for kind image"):
        FeatureEncoder.fit("look", [], "vector", backbone=mean_colour())


def test_nan_is_refused():
    with pytest.raises(InputError, match="gives NaN or infinity"):
        Backbone(mean_colour(float("inf"))).vectors(PIXELS)


def changed(path, change):
    """The file with another config.json."""
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    files["config.json"] = change(files["config.json"].decode()).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)


def test_files_of_anyone(tmp_path):
    path = tmp_path / "net.keras"
    Backbone(ending_in(FLAT(), keras.layers.Dense(2))).save(path)
    good = path.read_bytes()

    def refused(message):
        with pytest.raises(InputError, match=message):
            Backbone(path)
        path.write_bytes(good)

    changed(path, lambda text: text.replace('"units": 2', '"units": 2000000'))
    refused("is damaged: it has .* bytes, and its layers have")
    changed(path, lambda text: text.replace('"module": "keras.layers"', '"module": "os.path"', 1))
    refused("of os.path: a backbone is")
    changed(path, lambda text: "[")
    refused("is no .keras file, or damaged")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", "{}" * 1000)
    refused("is compressed")
    path.write_bytes(b"hello")
    refused("is no .keras file, or damaged")
    path.write_bytes(good[: len(good) // 2])
    refused("is no .keras file, or damaged")
    path.unlink()
    refused("is missing")
