"""`split: {protocol: none}`: all interactions are trained on, nothing is measured."""

import json

import numpy as np
import pandas as pd
import pytest

from kerasrec.cli import main
from kerasrec.config import load_config
from kerasrec.errors import InputError
from kerasrec.models import load
from kerasrec.training import run

pytestmark = pytest.mark.slow

CONFIG = """\
data: {path: clicks.csv, history_length: 4}
split: {protocol: none}
model: {class: MatrixFactorization, dim: 4}
train: {epochs: 2, batch_size: 32}
evaluate: {repeats: allow}
"""


@pytest.fixture
def here(write_run):
    return write_run(CONFIG)


def quiet(*changes, **arguments):
    lines = []
    config = load_config("run.yaml", changes)
    folder, evaluation, ratings = run(config, say=lines.append, progress=False, **arguments)
    assert evaluation is ratings is None
    return folder, lines


def test_everything_is_trained_on_and_nothing_measured(here, capsys):
    folder, lines = quiet(run_dir="runs/last")
    metrics = folder.read_metrics()
    said = "Nothing was measured: all interactions are in train, none are held out."
    assert said in lines and metrics["notes"] == [said]
    assert (metrics["rows"], metrics["protocol"], metrics["queries"]) == ([], "none", None)
    assert metrics["epochs"] == metrics["best_epoch"] == 2
    assert list(pd.read_csv(folder.history)) == ["epoch", "loss"]
    drawn = {path.name for path in folder.path.glob("*.png")}
    assert drawn == {"loss.png"}
    about = json.loads((folder.checkpoint / "trained_on.json").read_text())
    assert about["pairs"] == len(pd.read_csv("clicks.csv").drop_duplicates())
    model = load(folder.checkpoint)
    assert len(model.histories.items) == about["pairs"] == 54 and model.repeats == "allow"
    card = (folder.checkpoint / "README.md").read_text()
    assert "- All of clicks. Nothing was held out, so nothing was measured." in card
    assert load_config(folder.config).to_dict() == load_config("run.yaml").to_dict()
    # The commands that read a run.
    for command in (["list"], ["recommend", "runs/last", "--user", "u0", "-k", "2"]):
        assert main(command) == 0, capsys.readouterr().err
    assert "not finished" not in capsys.readouterr().out
    assert main(["evaluate", "runs/last"]) == 2
    error = capsys.readouterr().err
    assert "none are left to evaluate on" in error and "split.protocol=next-item" in error


def test_a_resumed_last_training_ends_as_the_whole_one(here):
    whole, _ = quiet(run_dir="whole")
    quiet("train.epochs=1", run_dir="parts")
    parts, _ = quiet(run_dir="parts", resume=True)
    one, other = (load(folder.checkpoint).get_weights() for folder in (whole, parts))
    for pair in zip(one, other, strict=True):
        np.testing.assert_allclose(*pair, rtol=0, atol=1e-6)


def test_the_command_line_and_the_export(here, capsys):
    counts = "model={class: Popularity}"
    assert main(["fit", "run.yaml", counts, "--run-dir", "last"]) == 0
    assert "Nothing was measured" in capsys.readouterr().out
    assert main(["fit", "run.yaml", counts, "--run-dir", "again", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["rows"] == []
    assert main(["export", "last", "exported", "--json"]) == 0, capsys.readouterr().err
    assert json.loads(capsys.readouterr().out)["export"] == "exported/1"
    assert main(["inspect", "exported"]) == 0


@pytest.mark.parametrize(
    "change,words",
    [
        ("train.patience=3", "train.patience: the split none leaves no validation part"),
        ("train.monitor=ndcg@10", "train.monitor: the split none leaves no validation part"),
        ("train.validate_every=2", "validate_every: the split none .* or set it to 1"),
        ("train.validate_users=all", "validate_users: the split none .* or set it to auto"),
        ("split.test=0.1", "none has no argument test"),
    ],
)
def test_what_needs_a_part_is_refused(here, change, words):
    with pytest.raises(InputError, match=words):
        load_config("run.yaml", [change])


def test_another_split_needs_a_monitor(here):
    with pytest.raises(InputError, match="there is no metric None"):
        load_config("run.yaml", ["split.protocol=next-item", "train.monitor=null"])
    # The settings of a last training that were not written follow its split.
    config = load_config("run.yaml", ["split.protocol=next-item"])
    assert (config.train.monitor, config.train.patience) == ("ndcg@10", 3)


def test_compare_and_tune_refuse_it(here, capsys):
    assert main(["compare", "run.yaml"]) == 2
    assert "the split none, which leaves nothing to measure" in capsys.readouterr().err
    (here / "tune.yaml").write_text(CONFIG + "tune: {parameters: {model.dim: [2, 4]}}\n")
    assert main(["tune", "tune.yaml"]) == 2
    assert "the split none leaves nothing to choose the best trial by" in capsys.readouterr().err
    assert not (here / "runs").exists()
