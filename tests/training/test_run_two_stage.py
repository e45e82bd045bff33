"""`kerasrec fit` of two stages, and the commands after it."""

import json

import numpy as np
import pandas as pd
import pytest

from kerasrec.cli import main
from kerasrec.config import load_config
from kerasrec.data.retriever_scores import RETRIEVER_SCORE
from kerasrec.errors import InputError
from kerasrec.models import TwoStage, load
from kerasrec.training import run

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("without_graphs")]

RETRIEVER = """\
data: {path: clicks.csv, history_length: 6}
split: {protocol: none}
model: {class: MatrixFactorization, dim: 4}
train: {epochs: 1, batch_size: 64}
"""
BOTH = """\
data:
  path: clicks.csv
  history_length: 6
  impressions: {path: shown.csv, columns: {user: who}}
  labels: {click: {}}
  context: {hour: {kind: category}}
model:
  class: kerasrec.models.TwoStage
  retriever: runs/first
  ranker: {class: FactorizationMachine, dim: 4}
  num_candidates: 4
train: {epochs: 1, batch_size: 64}
evaluate: {ks: [1], baselines: [MeanRates]}
"""


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    random = np.random.default_rng(0)
    table = pd.DataFrame(
        {
            "who": [f"u{n}" for n in random.integers(0, 12, 400)],
            "item": [f"i{n}" for n in random.integers(0, 9, 400)],
            "timestamp": 1000 + np.arange(400),
            "hour": random.choice(["morning", "night"], 400),
            "click": random.integers(0, 2, 400),
        }
    )
    table.to_csv("shown.csv", index=False)
    clicks = table[table["click"] == 1].rename(columns={"who": "user"})
    clicks[["user", "item", "timestamp"]].to_csv("clicks.csv", index=False)
    return tmp_path


@pytest.fixture
def fitted(here):
    (here / "retriever.yaml").write_text(RETRIEVER)
    (here / "both.yaml").write_text(BOTH)
    quiet = {"say": lambda line: None, "progress": False}
    run(load_config("retriever.yaml", []), "runs/first", **quiet)
    _, found, _ = run(load_config("both.yaml", []), "runs/both", **quiet)
    return found


def test_a_run_and_the_commands_after_it(fitted, capsys):
    model = load("runs/both/checkpoint")
    assert isinstance(model, TwoStage) and RETRIEVER_SCORE in model.ranker.query_inputs
    assert [row["model"] for row in fitted.rows] == ["FactorizationMachine", "MeanRates"]
    # The retriever saw all clicks: the ranker's table says so.
    assert any("The retriever was trained on" in note for note in fitted.notes)
    answer = model.recommend(["u3"], k=2, context={"hour": "night"}, repeats="allow")
    assert len(answer) == 2

    assert main(["evaluate", "runs/both", "--json"]) == 0
    again = json.loads(capsys.readouterr().out)
    expected = fitted.rows[0]["metrics"]["click.auc"]["mean"]
    assert again["rows"][0]["metrics"]["click.auc"]["mean"] == pytest.approx(expected, abs=1e-6)
    asked = ["--user", "u3", "-k", "2", "--context", "hour=night", "--repeats", "allow"]
    assert main(["recommend", "runs/both", *asked]) == 0
    printed = capsys.readouterr().out
    assert all(item in printed for item in answer["item"])


def test_impressions_on_disk_give_the_figures_of_memory(fitted):
    config = load_config("both.yaml", ["data.out_of_core=always"])
    _, found, _ = run(config, "runs/disk", say=lambda line: None, progress=False)
    for ours, theirs in zip(found.rows, fitted.rows, strict=True):
        for name, value in theirs["metrics"].items():
            if value is not None:
                assert ours["metrics"][name]["mean"] == pytest.approx(value["mean"], abs=1e-5)
    assert found.notes == fitted.notes
    assert main(["evaluate", "runs/disk", "--json"]) == 0


def test_a_retriever_that_is_not_there_is_named(here):
    (here / "both.yaml").write_text(BOTH)
    with pytest.raises(InputError, match="model.retriever: runs/first is neither a run"):
        run(load_config("both.yaml", []), "runs/both", progress=False)


def test_a_finished_run_goes_on_for_more_epochs(fitted):
    before = load("runs/both/checkpoint")
    quiet = {"say": lambda line: None, "progress": False}
    for epochs in (1, 2):
        config = load_config("both.yaml", [f"train.epochs={epochs}"])
        _, found, _ = run(config, "runs/both", resume=True, **quiet)
        after = load("runs/both/checkpoint")
        assert isinstance(after, TwoStage)
        if epochs == 1:
            assert found.rows[0]["metrics"] == fitted.rows[0]["metrics"]
            asked = {"users": ["u3"], "k": 2, "context": {"hour": "night"}, "repeats": "allow"}
            assert after.recommend(**asked).equals(before.recommend(**asked))
