import errno
import json

import h5py
import keras
import numpy as np
import pandas as pd
import pytest

from kerasrec import models
from kerasrec.config.model_class import find_model_class
from kerasrec.data import Interactions
from kerasrec.errors import InputError
from kerasrec.losses import Softmax
from kerasrec_zoo import MatrixFactorization, Popularity, SASRec


def interactions(users, items, base=None):
    return Interactions.from_frame(pd.DataFrame({"user": users, "item": items}), base=base)


@pytest.fixture
def train():
    return interactions(["a", "a", "b", "b", "c"], ["x", "y", "y", "z", "x"])


@pytest.fixture
def saved(train, tmp_path):
    keras.utils.set_random_seed(1)
    model = MatrixFactorization(train.schema(), dim=3)
    model.adapt(train)
    model.save(tmp_path / "checkpoint")
    return tmp_path / "checkpoint"


def test_holds_plain_files_only(saved):
    names = {path.name for path in saved.iterdir()}
    assert {"config.json", "model.weights.h5", "histories.npz", "metadata.json"} <= names
    assert not list(saved.parent.glob(".*"))


def test_an_existing_folder_is_kept_without_overwrite(saved):
    model = models.load(saved)
    with pytest.raises(InputError, match="exists already"):
        model.save(saved)
    model.save(saved, overwrite=True)
    assert models.load(saved).count_params() == model.count_params()


def test_a_full_disk_leaves_the_old_checkpoint(saved, monkeypatch):
    model = models.load(saved)
    before = {path: path.read_bytes() for path in saved.rglob("*") if path.is_file()}

    def full(*args, **kwargs):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(type(model), "save_weights", full)
    with pytest.raises(InputError, match="No space left.*checkpoint is kept"):
        model.save(saved, overwrite=True)
    assert {path: path.read_bytes() for path in saved.rglob("*") if path.is_file()} == before
    assert not list(saved.parent.glob(".*"))


@pytest.mark.parametrize("name", ["config.json", "model.weights.h5", "items/vocabulary.json"])
def test_a_damaged_file_is_named(saved, name):
    path = saved / name
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))
    with pytest.raises(InputError, match=f"{path.name} is damaged"):
        models.load(saved)
    path.unlink()
    with pytest.raises(InputError, match=f"{path.name} is missing"):
        models.load(saved)


def test_another_format_names_the_version_that_wrote_it(saved):
    path = saved / "metadata.json"
    metadata = json.loads(path.read_text())
    path.write_text(json.dumps({**metadata, "format": 99, "kerasrec": "7.0"}))
    with pytest.raises(InputError, match="format 99.*7.0"):
        models.load(saved)


def test_a_folder_that_is_not_a_checkpoint(tmp_path):
    with pytest.raises(InputError, match="not a checkpoint"):
        models.load(tmp_path)


@pytest.mark.parametrize(
    "dotted, message",
    [
        ("os.system", "trust=true"),
        ("kerasrec.models.checkpoints.checkpoint.keras", "no model"),
        ("kerasrec.models.load", "no model"),
        ("kerasrec_zoo.Missing", "no model"),
    ],
)
def test_classes_from_outside_kerasrec_are_refused(dotted, message):
    with pytest.raises(InputError, match=message):
        find_model_class(dotted)


def test_a_grown_vocabulary_keeps_old_scores(saved):
    base = models.load_catalogs(saved)
    grown = interactions(["d", "a", "c", "b"], ["w", "x", "y", "w"], base=base)
    new = MatrixFactorization(grown.schema(), dim=3)
    new.adapt(grown)
    new.load_rows_from(saved)
    old = models.load(saved)
    users, items = ["a", "b", "c"], ["z", "x", "y"]
    np.testing.assert_array_equal(new.score(users, items=items), old.score(users, items=items))
    assert np.isfinite(new.score(["d"], items=["w"])).all()
    assert len(new.items.vocabulary) == len(old.items.vocabulary) + 1


def test_the_old_vocabulary_must_come_first(saved):
    other = interactions(["b", "a", "c", "b"], ["z", "x", "y", "x"])
    model = MatrixFactorization(other.schema(), dim=3)
    model.adapt(other)
    with pytest.raises(InputError, match="base=load_catalogs"):
        model.load_rows_from(saved)


def test_class_and_arguments_must_be_equal(saved, train):
    wide = MatrixFactorization(train.schema(), dim=4)
    wide.adapt(train)
    with pytest.raises(InputError, match="use the checkpoint's model arguments"):
        wide.load_rows_from(saved)
    popularity = Popularity(train.schema())
    popularity.adapt(train)
    with pytest.raises(InputError, match="MatrixFactorization.*Popularity"):
        popularity.load_rows_from(saved)


def test_a_table_of_positions_does_not_grow_with_the_items(train, tmp_path):
    old = SASRec(train.schema(history_length=5), dim=2, num_blocks=1)
    old.adapt(train)
    old.save(tmp_path / "old")
    base = models.load_catalogs(tmp_path / "old")
    grown = interactions(["a", "b"], ["w", "x"], base=base)
    # Five rows of items and five positions before, six of both now.
    assert (old.schema.num_items, grown.schema().num_items) == (5, 6)
    new = SASRec(grown.schema(history_length=6), dim=2, num_blocks=1)
    new.adapt(grown)
    with pytest.raises(InputError, match=r"positions is \(5, 2\) in the checkpoint, \(6, 2\)"):
        new.load_rows_from(tmp_path / "old")


@pytest.mark.slow
def test_weights_of_other_layers_come_from_another_version(saved, monkeypatch):
    def other_layers(self, path):
        raise ValueError("Layer 'dense' expected 2 variables, but received 0")

    monkeypatch.setattr(MatrixFactorization, "load_weights", other_layers)
    with pytest.raises(InputError, match="another version of MatrixFactorization"):
        models.load(saved)


def test_the_optimizer_is_not_saved(train, saved):
    model = models.load(saved)
    size = (saved / "model.weights.h5").stat().st_size
    optimizer = keras.optimizers.Adam(0.1)
    model.compile(optimizer, Softmax())
    optimizer.build(model.trainable_variables)
    before = [np.array(weight) for weight in model.weights]
    model.save(saved, overwrite=True)
    assert model.optimizer is optimizer
    with h5py.File(saved / "model.weights.h5") as file:
        assert "optimizer" not in file and "layers" in file
    # Keras saves the mean of the loss: a few numbers.
    assert (saved / "model.weights.h5").stat().st_size < size + 8192
    for one, other in zip(before, models.load(saved).weights, strict=True):
        np.testing.assert_array_equal(one, other)


def test_an_argument_that_json_cannot_hold_is_refused_before_the_checkpoint_is_replaced(saved):
    model = models.load(saved)
    model.dim = float("nan")
    with pytest.raises(InputError, match="config.json cannot hold an argument"):
        model.save(saved, overwrite=True)
    assert models.load(saved).dim == 3
