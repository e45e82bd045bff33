"""A kill leaves the files as they were at that moment: each such moment is gone on from.

An audit hook copies the folder before every rename, removal, new folder and file opened to write,
which is all that a killed process leaves; its locks are not held in a copy.
"""

import contextlib
import importlib
import json
import pathlib
import shutil
import sys

import numpy as np
import pandas as pd
import pytest

from kerasrec.cli import main
from kerasrec.config import load_config
from kerasrec.files.file_hash import file_hash
from kerasrec.files.replacing import replacing, surviving
from kerasrec.models import load
from kerasrec.savedmodel.versions import new_version, versions
from kerasrec.training import RunFolder, run
from kerasrec.training.compare.compare import compare
from kerasrec.training.tune.tune import tune

pytestmark = pytest.mark.slow

# By its name: kerasrec.training gives the function in its place.
RUN = importlib.import_module("kerasrec.training.run")
POINTS = {"os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.truncate"}
CONFIG = """\
data: {path: clicks.csv, history_length: 3}
model: {class: %s}
train: {epochs: %d, batch_size: 64, steps_per_execution: 1, monitor: ndcg@3, patience: null}
evaluate: {ks: [3], baselines: []}
"""
FACTORS = CONFIG % ("MatrixFactorization, dim: 2", 2)
TUNE = "tune: {trials: 3, parameters: {model.dim: [1, 2, 3]}}\n"


class Watch:
    """Copies a folder before every change of it: `copies`, the different ones, in their order."""

    def __init__(self):
        self.folder, self.copies, self.points = None, [], 0
        sys.addaudithook(self._event)  # it cannot be taken away again, only be told to rest

    @contextlib.contextmanager
    def __call__(self, folder, copies):
        self.copies, self.points, self._seen = [], 0, set()
        self.folder, self._to = pathlib.Path(folder), pathlib.Path(copies)
        try:
            yield self
        finally:
            self._copy()
            self.folder = None

    def _event(self, event, arguments):
        if self.folder is None:
            return
        writes = event == "open" and arguments[1] and set(arguments[1]) & set("wax+")
        if event in POINTS or writes:
            self.points += 1
            self._copy()

    def _copy(self):
        folder, self.folder = self.folder, None
        copy = self._to / f"{len(self.copies):03d}"
        if folder.exists():
            shutil.copytree(folder, copy)
        content = json.dumps(contents(folder))
        if content in self._seen:
            shutil.rmtree(copy, ignore_errors=True)
        else:
            self._seen.add(content)
            self.copies.append(copy)
        self.folder = folder


@pytest.fixture(scope="module")
def watch():
    return Watch()


def contents(folder):
    paths = sorted(path for path in folder.rglob("*") if path.name != ".lock")
    return [(str(p.relative_to(folder)), file_hash(p) if p.is_file() else "") for p in paths]


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    # Pictures take the most of the time and are written like all else.
    monkeypatch.setattr(RUN, "plot_run", picture)
    monkeypatch.setattr("kerasrec.training.compare.compare.plot_comparison", comparison_picture)
    rows = [(f"u{u}", f"i{(u + step * (1 + u % 2)) % 8}") for u in range(8) for step in range(5)]
    pd.DataFrame(rows, columns=["user", "item"]).to_csv("clicks.csv", index=False)
    pathlib.Path("run.yaml").write_text(FACTORS)
    return tmp_path


def picture(folder, *arguments):
    with replacing(folder.path / "loss.png") as partial:
        partial.write_text("drawn")


def comparison_picture(path, comparison):
    with replacing(path) as partial:
        partial.write_text("drawn")


def no_leftovers(folder):
    names = [path.name for path in pathlib.Path(folder).rglob(".*")]
    return [name for name in names if not name.startswith(".version-")] == []


def fitted(folder):
    """What of a run must not depend on kills."""
    metrics = folder.read_metrics()
    model = load(folder.checkpoint)
    weights = [weight.numpy().tobytes() for weight in model.weights]
    same = ("rows", "epochs", "best_epoch", "queries", "given")
    rows = [row["metrics"] for row in metrics["rows"]]
    about = {name: metrics[name] for name in same} | {"rows": rows}
    history = folder.history.read_text() if folder.history.exists() else None
    return history, about, weights, model.histories.items.tolist()


def digests(*paths):
    return tuple(file_hash(path) if path.exists() else None for path in paths)


def quiet(config, run_dir, resume=False):
    return run(config, run_dir=run_dir, resume=resume, say=str, progress=False)[0]


def test_a_run_resumes_from_every_file_operation(here, watch):
    pathlib.Path("knn.yaml").write_text(CONFIG % ("ItemKNN", 1))
    config = load_config("knn.yaml")
    with watch("first", here / "copies"):
        right = fitted(quiet(config, "first"))
    assert watch.points > 40 and len(watch.copies) > 20
    between = gone_on(watch.copies, config, right, lambda one: (one.config, one.data, one.metrics))
    assert between == 0  # the checkpoint is written once, and replaces none


def test_a_training_resumes_between_checkpoint_and_state(here, watch):
    config = load_config("run.yaml")
    with watch("first", here / "copies"):
        right = fitted(quiet(config, "first"))
    copies = [copy for copy in watch.copies if surviving(copy / "checkpoint").exists()]
    # Checkpoint and state are written one after the other, the last checkpoint once more.
    between = gone_on(copies, config, right, lambda one: (one.state,))
    assert between == 1 + right[1]["best_epoch"] - 1
    # The table of the epochs as well, the last of these small files to be written.
    last = [copy for copy in copies if len(list(copy.glob("state.npz"))) == 1][-1]
    (last / "history.csv").unlink()
    assert fitted(quiet(config, last, resume=True)) == right


def gone_on(copies, config, right, files):
    """Goes on from each copy that differs from the others in the checkpoint and in some files."""
    seen, between = set(), 0
    for copy in copies:
        folder = RunFolder(copy)
        kept = surviving(folder.checkpoint)
        between += kept != folder.checkpoint
        worth = digests(kept / "metadata.json", *files(folder))
        if worth not in seen:
            assert fitted(quiet(config, copy, resume=copy.exists())) == right, copy
            assert no_leftovers(copy), copy
        seen.add(worth)
    return between


def test_readers_find_the_checkpoint_that_a_kill_left_renamed(here, capsys):
    pathlib.Path("knn.yaml").write_text(CONFIG % ("ItemKNN", 1))
    folder = quiet(load_config("knn.yaml"), "runs/old")
    folder.checkpoint.rename("runs/old/.previous-checkpoint")
    for start in ("runs/old", "runs/old/checkpoint"):
        fit = ["fit", "knn.yaml", f"init_from={start}", "--run-dir", f"new{len(start)}"]
        recommend = ["recommend", start, "--user", "u0", "-k", "2"]
        for command in (recommend, fit):
            assert main(command) == 0, capsys.readouterr().err
    assert main(["evaluate", "runs/old"]) == main(["list"]) == 0
    assert folder.path.joinpath(".previous-checkpoint").exists()  # reading changes nothing
    assert main(["fit", "knn.yaml", "--resume", "--run-dir", "runs/old"]) == 0
    assert folder.checkpoint.exists() and no_leftovers(folder.path)


def test_a_search_resumes_from_every_file_operation(here, watch, monkeypatch):
    pathlib.Path("run.yaml").write_text(FACTORS + TUNE)
    monkeypatch.setattr("kerasrec.training.tune.tune.fit_trial", trial)
    config = load_config("run.yaml")
    with watch("first", here / "copies"):
        right = searched(tune(config, "first", say=str, note=str, progress=False))
    assert len(watch.copies) > 12
    for copy in watch.copies:
        resume = copy.exists()
        found = tune(config, str(copy), resume, say=str, note=str, progress=False)
        assert searched(found) == right, copy
        assert load_config(copy / "tuned.yaml").model.arguments["dim"] == 3
        assert no_leftovers(copy)


def trial(config, *given, callbacks, say=print):
    return config.model.arguments["dim"] / 4, 1, 1


def searched(found):
    return found["best"]["values"], [(t["number"], t["value"], t["state"]) for t in found["trials"]]


def test_an_incomplete_journal_line_is_removed(here, monkeypatch):
    pathlib.Path("run.yaml").write_text(FACTORS + TUNE)
    monkeypatch.setattr("kerasrec.training.tune.tune.fit_trial", trial)
    config = load_config("run.yaml")
    right = searched(tune(config, "first", say=str, note=str, progress=False))
    journal = pathlib.Path("first/journal.log").read_bytes()
    for length in range(len(journal) // 3, len(journal), 97):
        pathlib.Path("first/journal.log").write_bytes(journal[:length])
        found = tune(config, "first", True, say=str, note=str, progress=False)
        assert searched(found) == right, length


def test_a_comparison_restarts_after_every_file_operation(here, watch):
    pathlib.Path("knn.yaml").write_text(CONFIG % ("ItemKNN", 1))
    configs = {"knn": load_config("knn.yaml")}
    quiet(configs["knn"], "runs/knn")
    with watch("first", here / "copies"):
        compare(configs, "first", ["runs"], say=str, note=str, progress=False)
    right = json.loads(pathlib.Path("first/comparison.json").read_text())
    assert len(watch.copies) >= 5
    for copy in watch.copies:
        if not (copy / "comparison.json").exists():
            compare(configs, copy, ["runs"], say=str, note=str, progress=False)
        assert json.loads((copy / "comparison.json").read_text()) == right
        assert no_leftovers(copy) or (copy / "comparison.json").exists()


def test_the_next_export_removes_what_a_killed_one_left(tmp_path, watch):
    def write(folder):
        with new_version(folder, keep=1) as path, replacing(path) as partial:
            partial.mkdir()
            (partial / "saved_model.pb").write_text("graph")

    write(tmp_path / "model")
    with watch(tmp_path / "model", tmp_path / "copies"):
        write(tmp_path / "model")
    assert len(watch.copies) >= 8
    for copy in watch.copies:
        before = versions(copy)
        assert before and all((copy / str(n) / "saved_model.pb").exists() for n in before)
        write(copy)
        (number,) = versions(copy)
        assert number > max(before) and no_leftovers(copy)


def test_fit_seconds_add_up_over_resumed_processes(here):
    config = load_config("run.yaml", ["train.epochs=1"])
    folder = quiet(config, "first")
    with np.load(folder.state) as file:
        state = dict(file)
    about = json.loads(str(state["state"]))
    assert 0 < about["seconds"] < folder.read_metrics()["fit_seconds"]
    state["state"] = np.array(json.dumps({**about, "seconds": 1000.0}))
    np.savez(folder.state, **state)
    metrics = quiet(config, "first", resume=True).read_metrics()
    assert 1000 < metrics["fit_seconds"] < 1100 and 1000 < 60 * metrics["minutes"] < 1100
