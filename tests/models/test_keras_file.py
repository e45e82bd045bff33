"""Saving and copying by Keras: `.keras`, callbacks, pickle, copy, clone, quantize, export."""

import copy
import errno
import pickle
import zipfile

import keras
import numpy as np
import pandas as pd
import pytest

from kerasrec import models
from kerasrec.data import Interactions, batches
from kerasrec.errors import InputError
from kerasrec.losses import Softmax
from kerasrec.optimizers import LazyAdam, RowLossScale
from kerasrec_zoo import MatrixFactorization, Popularity

ROWS = [("a", "x", "view"), ("a", "y", "buy"), ("b", "y", "view"), ("b", "z", "view")]
ROWS += [("c", "x", "buy"), ("c", "z", "view")]


@pytest.fixture(scope="module")
def train():
    frame = pd.DataFrame(ROWS, columns=["user", "item", "behavior"])
    items = pd.DataFrame({"item": ["x", "y", "z"], "title": ["Ex", "Why", "Zed"]})
    return Interactions.from_frame(frame, item_frame=items, item_title="title")


def trained(train):
    keras.utils.set_random_seed(1)
    model = MatrixFactorization(train.schema(), dim=3)
    model.adapt(train)
    model.compile(LazyAdam(0.1), Softmax())
    model.fit(data(train), epochs=2, verbose=0)
    return model


@pytest.fixture(scope="module")
def model(train):
    """A trained model; no test changes it."""
    return trained(train)


def data(train):
    return batches(train, ("user", "item"), batch_size=2, seed=7)


def as_keras_file(model, path):
    model.save(path)
    return keras.models.load_model(path)


def by_keras_function(model, path):
    keras.saving.save_model(model, path)
    return keras.saving.load_model(path, compile=False)


COPIES = {
    "model.save": as_keras_file,
    "save_model": by_keras_function,
    "pickle": lambda model, path: pickle.loads(pickle.dumps(model)),
    "deepcopy": lambda model, path: copy.deepcopy(model),
    "copy": lambda model, path: copy.copy(model),
}


@pytest.mark.slow
@pytest.mark.parametrize("method", COPIES)
def test_every_copy_gives_the_same_answers(method, model, tmp_path):
    again = COPIES[method](model, tmp_path / "m.keras")
    assert type(again) is MatrixFactorization
    for name in ("users", "items"):
        assert getattr(again, name).vocabulary == getattr(model, name).vocabulary
    assert again.items.titles.tolist() == ["", "[unknown]", "Ex", "Why", "Zed"]
    assert again.behaviors == model.behaviors
    np.testing.assert_array_equal(again.histories.items, model.histories.items)
    np.testing.assert_array_equal(again.histories.behavior, model.histories.behavior)
    query = {"users": ["a", "b"], "k": 3}
    assert again.recommend(**query).equals(model.recommend(**query))


@pytest.mark.slow
def test_a_loaded_model_continues_training_with_the_same_loss(train, tmp_path):
    model = trained(train)
    # MLflow and Weights & Biases call the same `model.save(path.keras)`.
    callback = keras.callbacks.ModelCheckpoint(tmp_path / "{epoch}.keras")
    model.fit(data(train), epochs=1, verbose=0, callbacks=[callback])
    model.fit(data(train), epochs=1, verbose=0, callbacks=[callback])
    again = keras.models.load_model(tmp_path / "1.keras")
    assert [path.name for path in tmp_path.iterdir()] == ["1.keras"]
    assert int(again.optimizer.iterations) == 4 * 3
    one, other = (m.fit(data(train), verbose=0).history["loss"] for m in (model, again))
    assert one == other


@pytest.mark.slow
def test_loss_scaling_is_saved_once(train, tmp_path):
    keras.config.set_dtype_policy("mixed_float16")
    try:
        model = MatrixFactorization(train.schema(), dim=3)
        model.adapt(train)
        model.compile(LazyAdam(0.1), Softmax())
        model.fit(data(train), verbose=0)
        again = as_keras_file(model, tmp_path / "m.keras")
    finally:
        keras.config.set_dtype_policy("float32")
    assert type(again.optimizer) is RowLossScale
    assert type(again.optimizer.inner_optimizer) is LazyAdam


def test_a_model_that_is_not_trained_or_not_adapted_is_copied(train, tmp_path):
    model = MatrixFactorization(train.schema(), dim=3)
    again = pickle.loads(pickle.dumps(model))
    assert again.items is None
    with pytest.raises(InputError, match="adapt"):
        again.recommend(["a"])
    with pytest.raises(InputError, match="adapt"):
        model.save(tmp_path / "m.keras")
    again.adapt(train)
    again.compile(LazyAdam(), Softmax())
    # Compiled and never fitted: no slots yet, and no warning about missing slots.
    assert not copy.deepcopy(again).optimizer.built


class Outside(MatrixFactorization):
    """Not registered with Keras."""


def test_a_class_that_keras_does_not_know_is_pickled_by_reference(train):
    # Another process imports the class; it does not know the name registered with Keras.
    assert type(copy.deepcopy(Outside(train.schema(), dim=3))) is Outside


def test_the_file_holds_json_and_plain_arrays_only(model, tmp_path):
    model.save(tmp_path / "m.keras")
    with zipfile.ZipFile(tmp_path / "m.keras") as archive:
        kinds = {name.rpartition(".")[2] for name in archive.namelist()}
        assert "assets/histories.npz" in archive.namelist()
        assert kinds == {"json", "h5", "npz"}
        with archive.open("assets/histories.npz") as file:
            assert set(np.load(file, allow_pickle=False)) == {"indptr", "items", "behavior"}


def test_an_existing_file_is_kept_without_overwrite(model, tmp_path, monkeypatch):
    path = tmp_path / "m.keras"
    model.save(path)
    with pytest.raises(InputError, match="exists already"):
        model.save(path)
    model.save(path, overwrite=True)
    before = path.read_bytes()

    def full(*args, **kwargs):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(keras.saving, "save_model", full)
    with pytest.raises(InputError, match="No space left.*m.keras is kept"):
        model.save(path, overwrite=True)
    assert path.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == ["m.keras"]
    (tmp_path / "folder.keras").mkdir()
    with pytest.raises(InputError, match="folder.keras is a folder"):
        model.save(tmp_path / "folder.keras", overwrite=True)


@pytest.mark.parametrize("name", ["m.h5", "m.weights.h5", "m.hdf5"])
def test_hdf5_is_refused(name, model, tmp_path):
    with pytest.raises(InputError, match="cannot store catalogue and histories"):
        model.save(tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_load_names_the_function_that_reads_a_keras_file(model, tmp_path):
    model.save(tmp_path / "m.keras")
    with pytest.raises(InputError, match="keras.models.load_model"):
        models.load(tmp_path / "m.keras")


def test_operations_that_lose_the_catalogue_are_refused(train, tmp_path):
    model = Popularity(train.schema())
    model.adapt(train)
    with pytest.raises(InputError, match="clone_model.*copy.deepcopy"):
        keras.models.clone_model(model)
    with pytest.raises(InputError, match="cannot be quantized"):
        model.quantize("int8")
    with pytest.raises(InputError, match="kerasrec.export.export"):
        model.export(tmp_path / "exported")
    assert not list(tmp_path.iterdir())
