"""Callbacks that a config names, or that Python code gives to `run`."""

import keras
import numpy as np
import pandas as pd
import pytest

from kerasrec.cli import main
from kerasrec.config import load_config
from kerasrec.errors import InputError
from kerasrec.training import run
from kerasrec.training.callbacks.make_callbacks import make_callbacks
from kerasrec.training.callbacks.mlflow_names import with_mlflow_names

pytestmark = pytest.mark.slow

CONFIG = """\
data: {path: clicks.csv, history_length: 4}
model: {class: MatrixFactorization, dim: 4}
train: {epochs: 2, batch_size: 32, patience: null}
evaluate: {ks: [5], baselines: []}
"""
OWN = """\
import keras


class Recorder(keras.callbacks.Callback):
    def __init__(self, path):
        super().__init__()
        self.path = path

    def on_epoch_end(self, epoch, logs=None):
        with open(self.path, "a") as file:
            file.write(f"{epoch} {sorted(logs)}\\n")


class Open(keras.callbacks.Callback):
    def __init__(self, *args, **kwargs):
        super().__init__()
        self.kwargs = kwargs


class Failing(keras.callbacks.Callback):
    def __init__(self, at):
        super().__init__()
        raise RuntimeError("log in first")
"""


@pytest.fixture
def here(write_run):
    return write_run(CONFIG)


@pytest.fixture
def own_module(here, monkeypatch):
    (here / "own_callbacks.py").write_text(OWN)
    monkeypatch.syspath_prepend(here)


def quiet(changes, **arguments):
    config = load_config("run.yaml", changes)
    return run(config, say=lambda line: None, progress=False, **arguments)[0]


def problem(*changes):
    with pytest.raises(InputError) as error:
        load_config("run.yaml", changes)
    return str(error.value)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_tensorboard_writes_into_the_run_folder(here):
    pytest.importorskip("tensorboard")
    for changes, place in (
        ("[TensorBoard]", "logs"),
        ("[{class: keras.callbacks.TensorBoard, log_dir: board/a}]", "board/a"),
    ):
        folder = quiet([f"train.callbacks={changes}"], run_dir=place.replace("/", "-"))
        for part in ("train", "validation"):
            (file,) = (folder.path / place / part).glob("events.out.tfevents.*")
            assert b"epoch_ndcg@5" in file.read_bytes() or part == "train"
    assert sorted(path.name for path in here.iterdir() if path.is_dir()) == ["board-a", "logs"]


def test_callbacks_see_the_validation_and_go_on_after_a_stop(own_module, here):
    recorder = "{class: own_callbacks.Recorder, path: seen.txt}"
    logger = "{class: CSVLogger, filename: log.csv, append: true}"
    changes = ["model.trust=true", f"train.callbacks=[{logger}, {recorder}]"]
    quiet([*changes, "train.epochs=1"], run_dir="out")
    folder = quiet(changes, run_dir="out", resume=True)
    seen = (here / "seen.txt").read_text().splitlines()
    assert [line.split()[0] for line in seen] == ["0", "1"]
    assert all("'loss'" in line and "'val_ndcg@5'" in line for line in seen)
    log, history = pd.read_csv(folder.path / "log.csv"), pd.read_csv(folder.history)
    assert list(log["epoch"]) == [0, 1]
    np.testing.assert_allclose(log["val_ndcg@5"], history["val_ndcg@5"])
    assert load_config(folder.config, ["model.trust=true"]).train.callbacks[1].class_ == (
        "own_callbacks.Recorder"
    )
    # What is only evaluated needs no trust in the callbacks of its training.
    assert main(["evaluate", "out"]) == 0


class Seen(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.values = []

    def on_epoch_end(self, epoch, logs=None):
        self.values.append(logs["val_ndcg@5"])
        logs["mine"] = 7.0


def test_objects_in_python(here):
    seen = Seen()
    history = pd.read_csv(quiet([], run_dir="out", callbacks=[seen]).history)
    np.testing.assert_allclose(history["val_ndcg@5"], seen.values)
    assert list(history["mine"]) == [7.0, 7.0]


def test_a_lowered_rate_is_in_the_state(here):
    """The plateau is found in epoch 2, for nothing is as much better as min_delta asks."""
    plateau = "{class: ReduceLROnPlateau, factor: 0.5, patience: 1, min_delta: 9}"
    changes = [f"train.callbacks=[{plateau}]", "train.optimizer={class: sgd, learning_rate: 0.4}"]
    quiet(changes, run_dir="out")
    folder = quiet([*changes, "train.epochs=3"], run_dir="out", resume=True)
    rates = pd.read_csv(folder.history)["learning_rate"]
    np.testing.assert_allclose(rates, [0.4, 0.4, 0.2])


def test_mlflow_gets_names_that_it_takes():
    class Logger(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.logs = logs

    class OfMlflow(Logger):
        __module__ = "mlflow.tensorflow"

    class Own(OfMlflow):
        pass

    logs = {"loss": 1.0, "val_ndcg@10": 0.5}
    for logger, name in ((Logger(), "val_ndcg@10"), (Own(), "val_ndcg_at_10")):
        with_mlflow_names(logger).on_epoch_end(0, logs)
        assert logger.logs == {"loss": 1.0, name: 0.5}
    assert "val_ndcg@10" in logs


@pytest.mark.parametrize(
    "monitor,arguments,found",
    [
        ("ndcg@5", "", ("val_ndcg@5", "max")),
        ("rmse", "", ("val_rmse", "min")),
        ("ndcg@5", ", monitor: loss", ("loss", "min")),
        ("ndcg@5", ", monitor: val_recall@5, mode: min", ("val_recall@5", "min")),
    ],
)
def test_what_is_monitored_follows_the_run(here, monitor, arguments, found):
    changes = [f"train.callbacks=[{{class: EarlyStopping{arguments}}}]", f"train.monitor={monitor}"]
    (callback,) = make_callbacks(load_config("run.yaml", changes), "out")
    assert (callback.monitor, callback.mode) == found


@pytest.mark.parametrize(
    "callbacks,words",
    [
        ("[CSVLoger]", "there is no callback CSVLoger for a config; did you mean CSVLogger?"),
        ("[keras.callbacks.EarlyStoping]", "did you mean EarlyStopping?"),
        ("[LambdaCallback]", "in Python run(callbacks=...) takes any"),
        ("[CSVLogger]", "CSVLogger needs the argument filename"),
        ("[{class: CSVLogger, file: a}]", "no argument file; did you mean filename?"),
        ("[{class: CSVLogger, filename: /tmp/a}]", "expected a path below the run folder"),
        ("[{class: CSVLogger, filename: ../a}]", "expected a path below the run folder"),
        ("[{class: EarlyStopping, monitor: val_loss}]", "there is no val_loss in the logs"),
        ("[{class: EarlyStopping, patience: many}]", "expected a whole number"),
        ("[own.Callback]", "not a class of keras or kerasrec"),
        ("[own.Callback]", "give model.trust=true on the command line"),
        ("[keras.layers.Dense]", "keras.layers.Dense is not a class of Keras callbacks"),
        ("[kerasrec.__main__.main]", "is not a class of Keras callbacks"),
        ("[{filename: a}]", "train.callbacks"),
        ("TensorBoard", "train.callbacks: "),
    ],
)
def test_what_is_wrong_is_found_in_the_config(here, callbacks, words):
    said = problem(f"train.callbacks={callbacks}")
    assert words in said and "command line: train.callbacks" in said


def test_what_a_class_refuses_is_found_before_the_data_is_read(own_module, here):
    def unread(config, base):
        raise AssertionError

    for node, words in (
        ("{class: ReduceLROnPlateau, factor: 2.0}", "ReduceLROnPlateau does not take .*factor"),
        ("{class: own_callbacks.Failing, at: 3}", "Failing does not take .*: log in first"),
    ):
        with pytest.raises(InputError, match=words):
            quiet([f"train.callbacks=[{node}]", "model.trust=true"], run_dir="out", read=unread)
    assert "has no argument when" in problem(
        "train.callbacks=[{class: own_callbacks.Failing, at: 3, when: 1}]", "model.trust=true"
    )
    open_class = "train.callbacks=[{class: own_callbacks.Open, any: 1}]"
    (callback,) = make_callbacks(load_config("run.yaml", [open_class, "model.trust=true"]), "out")
    assert callback.kwargs == {"any": 1}
    assert "cannot be imported" in problem("train.callbacks=[gone.Callback]", "model.trust=true")
    assert not (here / "out").exists()
