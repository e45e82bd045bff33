"""The promise that blocks and zoo run on every backend of Keras, kept for each model of the zoo.

A process has one backend, so each backend has a process of its own, see `train_zoo.py`.
"""

import functools
import importlib.util
import json
import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest

import kerasrec_zoo
from kerasrec import models
from kerasrec.export import export
from kerasrec.models.contract.models_of import models_of

BACKENDS = ("jax", "torch")  # all other tests are TensorFlow's
MODELS = {cls.__name__ for cls in models_of(kerasrec_zoo)}
# Users and items, a history with steps, a recurrent one, a set, a network over both vectors, and a
# table of neighbours: each shape of a model.
EXPORTED = ["MatrixFactorization", "SASRec", "RNNRecommender", "MultVAE", "NeuMF", "ItemKNN"]
# Crosses and their rates, attention over a history, and experts of several tasks.
RANKERS = ["DeepFM", "DIN", "MMoE"]
CONTEXT = {"hour": 1, "price": 0.5}


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """`trained(backend)`: the folder that `train_zoo.py` has filled on it."""

    @functools.cache
    def trained(backend):
        if importlib.util.find_spec(backend) is None:
            pytest.skip(
                f'NOT TESTED: {backend} is not installed: pip install "kerasrec[{backend}]"'
            )
        folder = tmp_path_factory.mktemp(backend)
        script = pathlib.Path(__file__).with_name("train_zoo.py")
        run = subprocess.run(
            [sys.executable, "-W", "ignore", str(script), str(folder)],
            env={**os.environ, "KERAS_BACKEND": backend},
            capture_output=True,
            text=True,
        )
        assert run.returncode == 0, run.stderr
        return folder, json.loads((folder / "answers.json").read_text())

    return trained


@pytest.mark.parametrize("backend", BACKENDS)
def test_every_model_trains_answers_and_is_saved(backend, trained):
    _, answers = trained(backend)
    assert set(answers) == MODELS | {"optimizers", *RANKERS}
    wrong = {name: answer["error"] for name, answer in answers.items() if answer["error"]}
    assert not wrong, "\n".join(f"{name} on {backend}:\n{error}" for name, error in wrong.items())


@pytest.mark.parametrize("name", EXPORTED)
@pytest.mark.parametrize("backend", BACKENDS)
def test_trained_elsewhere_and_exported_by_tensorflow(backend, name, trained, tmp_path):
    folder, answers = trained(backend)
    model = models.load(folder / name)
    again, before = model.recommend(users=["0", "1", "2"], k=3), answers[name]["answers"]
    np.testing.assert_allclose(again["score"], before["score"], rtol=1e-5, atol=1e-5)
    assert again["item"].tolist() == before["item"]
    if backend == "torch" and importlib.util.find_spec("jax") is not None:
        return  # what is exported is the model of TensorFlow, wherever it has its weights from
    report = export(model, tmp_path / "model" / "1", k=3)
    assert report["difference"] <= 1e-5


@pytest.mark.parametrize("name", RANKERS)
@pytest.mark.parametrize("backend", BACKENDS)
def test_a_ranker_trained_elsewhere_answers_the_same(backend, name, trained):
    folder, answers = trained(backend)
    ranker = models.load(folder / name)
    again = ranker.recommend(users=["0", "1", "2"], k=3, context=CONTEXT)
    before = answers[name]["answers"]
    np.testing.assert_allclose(again["score"], before["score"], rtol=1e-5, atol=1e-5)
    assert again["item"].tolist() == before["item"]
