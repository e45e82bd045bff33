import dataclasses
import json
import math
import pathlib
import sys

import keras
import numpy as np
import pytest
import yaml

from kerasrec.config import load_config
from kerasrec.data.splits import PROTOCOLS
from kerasrec.errors import InputError
from kerasrec.evaluation import evaluate
from kerasrec.training import run
from kerasrec.training.read_data import read_split
from kerasrec.training.tune.search_space import SearchSpace
from kerasrec.training.tune.search_study import SearchStudy
from kerasrec.training.tune.tune import tune
from kerasrec_zoo import ItemKNN

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("without_graphs")]

BASE = """\
data: {name: synthetic, options: {users: 50, items: 100}, history_length: 5}
evaluate: {ks: [5, 10], baselines: []}
"""
FACTORS = f"{BASE}model: {{class: MatrixFactorization, dim: 4}}\n"
FACTORS += "train: {epochs: 2, batch_size: 512}\n"
RATE = "train.optimizer.learning_rate"
RANGES = f"{{{RATE}: {{low: 1e-4, high: 1.0, log: true}}, model.dim: {{low: 1, high: 64}}}}"


@pytest.fixture
def load(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def load(parameters, trials=20, base=FACTORS, *overrides):
        tuned = f"tune: {{trials: {trials}, parameters: {parameters}}}\n"
        (tmp_path / "run.yaml").write_text(base + tuned)
        return load_config("run.yaml", overrides)

    return load


class Planted:
    """Stands in for the fit of a trial: best at a learning rate of 0.01 and a dim of 16.

    Args:
        stop_at: Call, from 0, at which Ctrl-C comes.
    """

    def __init__(self, monkeypatch, stop_at=None):
        self.asked, self.stop_at = [], stop_at
        monkeypatch.setattr("kerasrec.training.tune.tune.fit_trial", self)

    def __call__(self, config, data, split, start, users, callbacks=(), say=print):
        if len(self.asked) == self.stop_at:
            raise KeyboardInterrupt
        rate = getattr(config.train.optimizer, "arguments", {}).get("learning_rate", 0.01)
        dim = config.model.arguments["dim"]
        self.asked.append((rate, dim))
        return 1 - abs(math.log10(rate) + 2) / 4 - abs(dim - 16) / 100, 3, 5


def quiet(config, **arguments):
    lines, notes = [], []
    found = tune(config, say=lines.append, note=notes.append, progress=False, **arguments)
    return found, lines, notes


def test_every_combination_is_tried_where_there_are_few(load, monkeypatch):
    planted = Planted(monkeypatch)
    found, lines, _ = quiet(load("{model.dim: [8, 16, 40], train.patience: [1, null]}"))
    assert sorted(dim for _, dim in planted.asked) == [8, 8, 16, 16, 40, 40]
    assert found["best"]["values"]["model.dim"] == 16 and found["best"]["value"] == 1.0
    assert found["states"] == {"complete": 6, "pruned": 0, "failed": 0}
    assert found["best"]["best_epoch"] == 3 and found["best"]["epochs"] == 5
    assert sum(line.endswith("the best so far") for line in lines) >= 1
    # More of them cannot be tried.
    quiet(load("{model.dim: [8, 16, 40], train.patience: [1, null]}", 30), resume=True)
    assert len(planted.asked) == 6


def test_a_range_is_searched_near_its_best_values(load, monkeypatch):
    planted = Planted(monkeypatch)
    found, _, _ = quiet(load(RANGES, 40))
    rates, dims = np.array(planted.asked).T
    assert ((1e-4 <= rates) & (rates <= 1)).all() and set(dims) <= set(range(1, 65))
    values = [trial["value"] for trial in found["trials"]]
    assert found["best"]["value"] == max(values) > 0.93
    # The second half has learnt from the first.
    assert np.mean(values[20:]) > np.mean(values[:20]) + 0.05
    assert set(found["importances"]) == {RATE, "model.dim"}


def test_a_resumed_search_equals_an_uninterrupted_one(load, monkeypatch):
    whole = Planted(monkeypatch)
    expected, _, _ = quiet(load(RANGES, 14), run_dir="whole")
    stopped = Planted(monkeypatch, stop_at=11)
    found, _, _ = quiet(load(RANGES, 14), run_dir="parts")
    assert found["stopped"] and len(found["trials"]) == 11
    assert load_config("parts/tuned.yaml").model.arguments["dim"] > 0
    rest = Planted(monkeypatch)
    found, _, _ = quiet(load(RANGES, 14), run_dir="parts", resume=True)
    # Nothing is tried twice, and what is tried is the same.
    assert stopped.asked + rest.asked == whole.asked and len(rest.asked) == 3
    assert found["best"]["values"] == expected["best"]["values"] and not found["stopped"]
    # Done is done; more trials are more.
    again = Planted(monkeypatch)
    quiet(load(RANGES, 14), run_dir="parts", resume=True)
    assert again.asked == []
    found, _, _ = quiet(load(RANGES, 16), run_dir="parts", resume=True)
    assert len(again.asked) == 2 and len(found["trials"]) == 16


def test_the_search_to_resume_is_found(load, monkeypatch):
    Planted(monkeypatch, stop_at=2)
    first, _, _ = quiet(load(RANGES, 4))
    assert first["folder"].startswith("runs/tune-synthetic-matrixfactorization-")
    Planted(monkeypatch)
    with pytest.raises(InputError, match="nothing to resume: no search of this config"):
        quiet(load(RANGES, 4, FACTORS, "train.epochs=3"), resume=True)
    found, _, _ = quiet(load(RANGES, 4), resume=True)
    assert found["folder"] == first["folder"] and len(found["trials"]) == 4


def test_ctrl_c_before_the_first_trial_is_raised(load, monkeypatch):
    Planted(monkeypatch, stop_at=0)
    with pytest.raises(KeyboardInterrupt):
        quiet(load(RANGES, 4), run_dir="out")
    Planted(monkeypatch)
    assert len(quiet(load(RANGES, 4), run_dir="out", resume=True)[0]["trials"]) == 4


def test_a_killed_trial_is_drawn_again(tmp_path):
    space = SearchSpace({"a": [1, 2, 3]})
    killed = SearchStudy(tmp_path / "journal.log", space, 20).next_trial()
    study = SearchStudy(tmp_path / "journal.log", space, 20)
    assert study.finished() == [] and study.best() is None
    assert study.next_trial().params == killed.params


def test_the_same_seed_gives_the_same_search(load, monkeypatch):
    found = []
    for seed, folder in ((0, "a"), (0, "b"), (1, "c")):
        planted = Planted(monkeypatch)
        quiet(load(RANGES, 3, FACTORS, f"tune.seed={seed}"), run_dir=folder)
        found.append(planted.asked)
    assert found[0] == found[1] != found[2]


def test_values_drawn_again_are_not_fitted_again(load, monkeypatch):
    planted = Planted(monkeypatch)
    found, lines, _ = quiet(load("{model.dim: {low: 1, high: 13}}", 12))
    assert len(planted.asked) == len(set(planted.asked)) < 12
    again = [trial for trial in found["trials"] if "same_as" in trial]
    for trial in again:
        assert trial["value"] == found["trials"][trial["same_as"] - 1]["value"]
    assert len(again) == sum(": same values as trial " in line for line in lines) > 0


class Poisoned:
    """A test part of which nothing can be had but an empty selection."""

    def __init__(self, part):
        self._part = part

    def select(self, index):
        assert len(self._part.select(index)) == 0
        return self._part.select(index)

    def __getattr__(self, name):
        raise AssertionError(f"somebody reads {name} of the test part")


@pytest.mark.parametrize(
    "model,parameters",
    [
        ("{class: MatrixFactorization}", "{model.dim: [2, 4]}"),
        ("{class: ItemKNN}", "{model.shrinkage: [0.0, 9.0]}"),
    ],
)
def test_the_test_part_is_not_read(load, monkeypatch, model, parameters):
    def poisoned(data, **arguments):
        split = next_item(data, **arguments)
        return dataclasses.replace(split, test=Poisoned(split.test))

    next_item = PROTOCOLS["next-item"]
    base = f"{BASE}model: {model}\ntrain: {{epochs: 1, batch_size: 512}}\n"
    config = load(parameters, base=base)
    monkeypatch.setitem(PROTOCOLS, "next-item", poisoned)
    found, _, _ = quiet(config)
    assert found["states"]["complete"] == 2


def test_the_tuned_config_reproduces_the_best_trial(load):
    found, _, _ = quiet(load(f"{{{RATE}: [1e-12, 0.05]}}"), command="kerasrec tune run.yaml")
    assert found["best"]["values"] == {RATE: 0.05}
    worst = min(found["trials"], key=lambda trial: trial["value"])
    assert worst["value"] < found["best"]["value"]
    # A trial is the fit that `run` makes: the same seed, the same epochs.
    text = pathlib.Path(found["tuned"]).read_text()
    assert "#   kerasrec tune run.yaml\n" in text and "2 trials (2 complete)" in text
    assert f"ndcg@10 {found['best']['value']:.4f} in trial {found['best']['number']}" in text
    assert max(map(len, text.splitlines())) <= 100
    config = load_config(found["tuned"])
    assert config.tune is None and config.train.optimizer.arguments == {"learning_rate": 0.05}
    folder, _, _ = run(config, say=lambda line: None, progress=False)
    history = np.genfromtxt(folder.history, delimiter=",", names=True)
    monitored = history[[name for name in history.dtype.names if name.startswith("val_ndcg10")][0]]
    assert monitored.max() == pytest.approx(found["best"]["value"], abs=1e-9)
    assert 1 + monitored.argmax() == found["best"]["best_epoch"]


def test_a_model_that_counts_is_measured_on_the_validation_part(load):
    base = f"{BASE}model: {{class: ItemKNN}}\n"
    found, _, _ = quiet(load("{model.shrinkage: [0.0, 50.0]}", base=base))
    config = load("{model.shrinkage: [0.0, 50.0]}", base=base)
    data, split = read_split(config)
    for trial in found["trials"]:
        model = ItemKNN(data.schema(5), shrinkage=trial["values"]["model.shrinkage"])
        model.adapt(split.train)
        right = evaluate(model, split, part="validation", ks=(5, 10), baselines=())
        assert trial["value"] == right.rows[0]["metrics"]["ndcg@10"]["mean"]
        assert trial["epochs"] == 0 and trial["best_epoch"] is None
    assert found["trials"][0]["value"] != found["trials"][1]["value"]


def test_failed_trials_are_noted_and_the_search_continues(load):
    # A mapping as a value; the loss of the first becomes NaN, the third has no columns.
    sgd, adam = "{class: sgd, learning_rate: 1e30}", "{class: adam, learning_rate: 0.01}"
    found, _, notes = quiet(load(f"{{train.optimizer: [{sgd}, {adam}], model.dim: [2, 0]}}"))
    assert found["states"] == {"complete": 1, "pruned": 0, "failed": 3}
    assert found["best"]["values"] == {
        "train.optimizer": {"class": "adam", "learning_rate": 0.01},
        "model.dim": 2,
    }
    assert len(notes) == 3 and any("the loss became" in note for note in notes)
    failed = [trial for trial in found["trials"] if trial["state"] == "failed"]
    assert all(trial["error"] and trial["value"] is None for trial in failed)
    json.dumps(found, allow_nan=False)


def test_an_unforeseen_error_fails_one_trial_and_is_shown(load, monkeypatch):
    def memory(config, *given, callbacks, say=print):
        if config.model.arguments["dim"] == 8:
            raise MemoryError
        return 0.5, 1, 1

    monkeypatch.setattr("kerasrec.training.tune.tune.fit_trial", memory)
    found, _, notes = quiet(load("{model.dim: [4, 8]}"))
    assert found["states"]["failed"] == 1 and found["best"]["values"] == {"model.dim": 4}
    assert "Traceback" in notes[0] and "MemoryError" in notes[1]


def test_the_trial_with_the_smallest_error_is_the_best(load, ratings):
    ratings.to_csv("stars.csv", index=False)
    base = (
        "data: {path: stars.csv}\nsplit: {protocol: random}\nevaluate: {ks: [5], baselines: []}\n"
        "model: {class: MatrixFactorization, dim: 2, candidates: pair}\n"
        "train: {epochs: 2, batch_size: 128, loss: mse, monitor: rmse}\n"
    )
    found, _, _ = quiet(load(f"{{{RATE}: [1e-9, 0.1]}}", base=base))
    assert found["best"]["values"] == {RATE: 0.1}
    assert found["best"]["value"] == min(trial["value"] for trial in found["trials"])


class Fixed(keras.callbacks.Callback):
    """Stands in for the validation: the smaller the model, the better."""

    def __init__(self, *given):
        super().__init__()

    def on_epoch_end(self, epoch, logs=None):
        logs["val_ndcg@10"] = 1 / len(self.model.get_layer("user_tower").get_weights()[0][0])


def test_a_trial_worse_than_the_median_is_pruned(load, monkeypatch):
    monkeypatch.setattr("kerasrec.training.tune.search_study.UNPRUNED_TRIALS", 1)
    monkeypatch.setattr("kerasrec.training.tune.search_study.UNPRUNED_EPOCHS", 0)
    monkeypatch.setattr("kerasrec.training.fit.RankingValidation", Fixed)
    monkeypatch.setattr(
        SearchSpace, "combinations", lambda self, seed: [{"model.dim": n} for n in (2, 3, 1)]
    )
    base = f"{FACTORS[: FACTORS.index('train:')]}train: {{epochs: 3, batch_size: 512}}\n"
    found, lines, _ = quiet(load("{model.dim: [1, 2, 3]}", base=base))
    assert [trial["state"] for trial in found["trials"]] == ["complete", "pruned", "complete"]
    assert [trial["epochs"] for trial in found["trials"]] == [3, 1, 3]
    assert found["best"]["values"] == {"model.dim": 1}
    assert any("pruned after epoch 1" in line for line in lines)


@pytest.mark.parametrize(
    "parameters,overrides,words",
    [
        ("{model.dim: [0]}", [], "no trial was complete: dim: expected a whole number"),
        ("{model.dim: [4]}", ["split={protocol: random, validation: 0}"], "no validation"),
        ("{model.dim: [4]}", ["evaluate.ks=[10, 200]"], "lower evaluate.ks"),
        ("{model.shrinkage: [4.0]}", ["train.monitor=rmse"], "rmse is not measured: ItemKNN gives"),
    ],
)
def test_what_is_wrong_is_named(load, parameters, overrides, words):
    base = FACTORS.replace("MatrixFactorization, dim: 4", "ItemKNN")
    config = load(parameters, 20, base if "shrinkage" in parameters else FACTORS, *overrides)
    with pytest.raises(InputError, match=words):
        quiet(config)


def test_folders_are_not_mixed_up(load, monkeypatch):
    Planted(monkeypatch)
    quiet(load(RANGES, 2), run_dir="out")
    for config, resume, words in (
        (load(RANGES, 2), False, "out exists already"),
        (load("{model.dim: [1]}", 2), True, "differs from this config in tune.parameters"),
        (load(RANGES, 2, FACTORS, "train.epochs=9"), True, "in train.epochs"),
        (load(RANGES, 3, FACTORS, "data.options.users=60"), True, "in data.options.users"),
    ):
        with pytest.raises(InputError, match=words):
            quiet(config, run_dir="out", resume=resume)
    with pytest.raises(InputError, match="gone is not the folder of a search"):
        quiet(load(RANGES, 2), run_dir="gone", resume=True)
    with pytest.raises(InputError, match="has no tune node"):
        quiet(load(RANGES, 2).model_copy(update={"tune": None}))
    pathlib.Path("out/search.yaml").write_text("- 1")
    with pytest.raises(InputError, match="search.yaml is damaged"):
        quiet(load(RANGES, 2), run_dir="out", resume=True)


def test_a_resumed_search_refuses_other_data(load, monkeypatch):
    Planted(monkeypatch)
    rows = [f"u{u},i{(u + step) % 12},1" for u in range(8) for step in range(6)]
    base = FACTORS.replace(FACTORS.partition("\n")[0], "data: {path: clicks.csv}")
    pathlib.Path("clicks.csv").write_text("\n".join(["user,item,value", *rows]))
    quiet(load(RANGES, 2, base), run_dir="out")
    # It asks the same, and what is learned from has another value.
    other = ["u0,i0,5", *rows[1:]]
    pathlib.Path("clicks.csv").write_text("\n".join(["user,item,value", *other]))
    with pytest.raises(
        InputError, match="the data is not the data that the search in out began with"
    ):
        quiet(load(RANGES, 3, base), run_dir="out", resume=True)
    pathlib.Path("clicks.csv").write_text("\n".join(["user,item,value", *rows[:-1]]))
    with pytest.raises(
        InputError, match="the data is not the data that the search in out began with"
    ):
        quiet(load(RANGES, 4, base), run_dir="out", resume=True)


def test_a_missing_optuna_is_named_with_its_extra(load, monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(InputError, match=r'pip install "kerasrec\[tune\]"'):
        quiet(load(RANGES, 2), run_dir="out")
    assert not pathlib.Path("out").exists()


def test_the_config_of_the_search_is_kept(load, monkeypatch):
    Planted(monkeypatch)
    quiet(load(RANGES, 2), run_dir="out")
    kept = yaml.safe_load(pathlib.Path("out/search.yaml").read_text())
    assert kept["tune"]["parameters"]["model.dim"] == {"low": 1, "high": 64}
    assert kept["train"]["patience"] == 3
    assert json.loads(pathlib.Path("out/search.json").read_text())["monitor"] == "ndcg@10"
