"""Rankers whose impressions are drawn, from a config."""

import json

import numpy as np
import pytest

from kerasrec import models
from kerasrec.config import load_config
from kerasrec.errors import InputError
from kerasrec.training import run

CONFIG = """
data: {path: clicks.csv, impressions: {negatives: 3}, history_length: 4}
split: {protocol: request}
model: {class: DeepFM, dim: 4, mlp: [8]}
train: {loss: {click: list_softmax}, epochs: 2, batch_size: 32, monitor: click.auc}
evaluate: {baselines: []}
"""


@pytest.mark.slow
def test_negatives_are_drawn_and_a_list_loss_is_noted(write_run):
    folder = write_run(CONFIG)
    said = []
    result, _, _ = run(load_config(folder / "run.yaml"), folder / "runs", say=said.append)
    assert "3 items not taken were drawn for each interaction." in said
    metrics = json.loads(result.metrics.read_text())
    assert any("is no probability" in note for note in metrics["notes"])
    model = models.load(result.checkpoint)
    # Of 8 items 6 users took 5, one after the other, and 7 + 6 + 5 + 4 + 3 are left; 6 took 4.
    correction = model.calibrations.layers["click"][0]
    rate = float(np.exp(np.asarray(correction(np.zeros(1, "float32")))[0]))
    assert rate == pytest.approx(3 * 54 / (6 * 25 + 6 * 22), rel=1e-3)
    assert len(model.recommend(users=["u3"], k=2)) == 2


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("data.impressions={negatives: 3, path: shown.csv}", "give one of path"),
        ("data.impressions={negatives: 3, negative_rate: 0.5}", "no table of impressions"),
        ("data.labels={like: {}}", "the label is click"),
        ("data.path=null", "needs what users did"),
        ("train.loss={click: list_sofmax}", "list_softmax"),
    ],
)
def test_what_does_not_go_together_is_refused(write_run, change, message):
    folder = write_run(CONFIG)
    with pytest.raises(InputError, match=message):
        load_config(folder / "run.yaml", [change])
