"""Whatever of a run cannot be written is said in a sentence, and the earlier file is kept."""

import contextlib
import types

import keras
import numpy as np
import pytest

from kerasrec.cli import main
from kerasrec.config import load_config
from kerasrec.errors import InputError
from kerasrec.files.replacing import replacing
from kerasrec.models import load
from kerasrec.models.checkpoints import checkpoint
from kerasrec.savedmodel.versions import new_version, versions
from kerasrec.training import RunFolder
from kerasrec.training.callbacks.training_state import TrainingState, write_history
from kerasrec.training.runs.plot_run import plot_run
from kerasrec.training.tune.search_space import SearchSpace
from kerasrec.training.tune.search_study import SearchStudy
from kerasrec_zoo import ItemKNN

resource = pytest.importorskip("resource")
HISTORY = [{"loss": 0.5, "val_recall@5": 0.1}] * 200
LOSSES = [{"loss": 0.5}, {"loss": 0.4}]
CONFIG = """\
data: {name: synthetic, options: {users: 50, items: 100}, history_length: 3}
model: {class: ItemKNN}
evaluate: {ks: [5], baselines: []}
"""


@pytest.fixture(scope="module")
def knn(split):
    model = ItemKNN(split.train.schema(5))
    model.adapt(split.train)
    return model


@pytest.fixture(scope="module")
def state():
    model = keras.Sequential([keras.Input((30,)), keras.layers.Dense(30)])
    model.compile("adam", "mse")
    model.optimizer.build(model.trainable_variables)
    return model


def write_state(folder, given):
    one = TrainingState(folder.state, folder.history)
    one.set_model(given.state)
    one.on_epoch_end(0, {"loss": 1.0})


WRITERS = {
    "state.npz": write_state,
    "history.csv": lambda folder, given: write_history(folder.history, HISTORY),
    "metrics.json": lambda folder, given: folder.write_metrics({"rows": list(range(2000))}),
    "data.json": lambda folder, given: folder.write_data({"items": "0" * 9000}),
    "checkpoint": lambda folder, given: checkpoint.save(given.knn, folder.checkpoint, True),
    "loss.png": lambda folder, given: plot_run(folder, LOSSES, None, 5),
}


@pytest.mark.parametrize("name", list(WRITERS))
def test_a_failed_write_is_an_error_and_keeps_the_earlier_file(
    tmp_path, knn, state, name, largest_file
):
    folder, given = RunFolder(tmp_path), types.SimpleNamespace(knn=knn, state=state)
    WRITERS[name](folder, given)
    files = [path for path in sorted(tmp_path.rglob("*")) if path.is_file()]
    before = {path: path.read_bytes() for path in files}
    largest = max(map(len, before.values()))
    # Not by one: the seconds in a state are some characters more or less the next time.
    for size in (0, 10, 1000, largest // 2, largest - 200):
        with largest_file(size), pytest.raises(InputError, match="too large; the earlier") as said:
            WRITERS[name](folder, given)
        assert str(tmp_path / name) in str(said.value) and "\n" not in str(said.value)
        assert {path: path.read_bytes() for path in files} == before
        assert not [path.name for path in tmp_path.iterdir() if path.name.startswith(".")]


@pytest.mark.slow
def test_a_run_stopped_by_a_full_disk_can_be_resumed(tmp_path, monkeypatch, capsys, largest_file):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "run.yaml").write_text(CONFIG)
    assert main(["fit", "run.yaml", "--run-dir", "whole"]) == 0
    sizes = {path.stat().st_size for path in (tmp_path / "whole").rglob("*") if path.is_file()}
    for number, size in enumerate([0, 300, sorted(sizes)[-2]]):
        fit = ["fit", "run.yaml", "--run-dir", f"run{number}"]
        capsys.readouterr()
        with largest_file(size):
            assert main(fit) == 2
        assert "cannot be written: File too large" in capsys.readouterr().err
        folder = RunFolder(f"run{number}")
        assert main([*fit, "--resume"] if folder.path.exists() else fit) == 0
        whole = RunFolder("whole").read_metrics()["rows"][0]["metrics"]
        assert folder.read_metrics()["rows"][0]["metrics"] == whole
    np.testing.assert_array_equal(
        *(load(f"{name}/checkpoint").weights[0] for name in ("whole", "run1"))
    )


def test_a_journal_on_a_full_disk_keeps_its_trials(tmp_path, largest_file):
    space, journal = SearchSpace({"a": [1, 2, 3]}), tmp_path / "journal.log"
    study = SearchStudy(journal, space, 20)
    study.record(study.next_trial(), "complete", 0.5)
    trial, size = study.next_trial(), journal.stat().st_size
    for room in (0, 20):
        with largest_file(size + room):
            with pytest.raises(InputError, match="journal.log: cannot be written.* are kept"):
                study.record(trial, "complete", 0.7)
    # Half a line is there now, and the next one is written behind the whole ones.
    assert journal.stat().st_size == size + 20
    study.record(trial, "complete", 0.7)
    found = SearchStudy(journal, space, 20).finished()
    assert [one["value"] for one in found] == [0.5, 0.7]


def test_a_search_ends_when_its_journal_cannot_be_written(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    tuned = "tune: {trials: 3, parameters: {model.shrinkage: [1.0, 2.0, 3.0]}}\n"
    (tmp_path / "run.yaml").write_text(CONFIG + tuned)

    def fit_trial(config, *given, callbacks, say=print):
        size = (tmp_path / "out" / "journal.log").stat().st_size
        limit = (size + 10, resource.RLIM_INFINITY)
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
        return 0.5, 1, 1

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    with monkeypatch.context() as patch:
        patch.setattr("kerasrec.training.tune.tune.fit_trial", fit_trial)
        try:
            status = main(["tune", "run.yaml", "--run-dir", "out"])
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert status == 2 and "go on with --resume" in capsys.readouterr().err
    monkeypatch.setattr("kerasrec.training.tune.tune.fit_trial", lambda *a, **b: (0.5, 1, 1))
    assert main(["tune", "run.yaml", "--run-dir", "out", "--resume"]) == 0
    assert load_config("out/tuned.yaml").model.arguments["shrinkage"] in (1.0, 2.0, 3.0)


def test_a_version_on_a_full_disk_leaves_the_others(tmp_path, largest_file):
    for size in (None, 3, None):
        with largest_file(resource.RLIM_INFINITY if size is None else size):
            with pytest.raises(InputError, match="too large") if size else contextlib.nullcontext():
                with new_version(tmp_path, keep=2) as path, replacing(path) as partial:
                    partial.mkdir()
                    (partial / "saved_model.pb").write_text("graph")
    assert versions(tmp_path) == [1, 3]
    assert not list(tmp_path.glob(".writing-*"))
