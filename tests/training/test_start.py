"""A training that starts from another: what it may have seen, and what users did before."""

import json

import numpy as np
import pandas as pd
import pytest

from kerasrec.cli.main import main
from kerasrec.config import load_config
from kerasrec.errors import InputError
from kerasrec.models import load
from kerasrec.training import run
from kerasrec.training.compare.compare import compare

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("without_graphs")]

CONFIG = """\
data: {path: clicks.csv}
split: {protocol: k-fold, folds: 2}
model: {class: MatrixFactorization, dim: 4}
train: {epochs: 1, batch_size: 64, patience: null, monitor: ndcg@5}
evaluate: {ks: [5], baselines: []}
"""
NEXT = "split={protocol: next-item}"


@pytest.fixture
def noise(tmp_path, monkeypatch):
    """A folder with `write(n)`: the first n rows of 30 users' random clicks on 40 items."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "run.yaml").write_text(CONFIG)
    rng = np.random.default_rng(0)
    pairs = rng.permutation(30 * 40)

    def write(first, last=None):
        rows = pairs[first:last] if last else pairs[:first]
        frame = pd.DataFrame({"user": rows // 40, "item": rows % 40})
        frame.assign(timestamp=1_000_000 + (first if last else 0) + np.arange(len(rows))).to_csv(
            "clicks.csv", index=False
        )
        return frame

    write(400)
    return write


def quiet(*changes, run_dir):
    lines = []
    config = load_config("run.yaml", changes)
    folder, found, _ = run(config, run_dir, say=lines.append, progress=False)
    return folder, found, lines


def test_a_fold_cannot_start_from_one_that_was_trained_on_it(noise, capsys):
    first, found, _ = quiet(run_dir="fold0")
    assert found.leakage is None and first.read_metrics()["leakage"] is None
    # fold 0 keeps a tenth of its 200 for validation: the others are what fold 1 tests.
    told = json.loads((first.checkpoint / "trained_on.json").read_text())
    assert told["pairs"] == 180
    assert told["splits"] == [
        {"data": "clicks", "protocol": "k-fold", "folds": 2, "fold": 0, "validation": 0.1}
        | {"seed": 0, "unseen": "keep"}
    ]
    again = ["split.fold=1", "init_from=fold0"]
    words = r"init_from: fold0.checkpoint was trained on 180 of the 200 pairs of the test part"
    with pytest.raises(InputError, match=words):
        quiet(*again, run_dir="fold1")
    assert main(["fit", "run.yaml", *again, "--run-dir", "fold1"]) == 2
    assert "Start from a run of the same split" in capsys.readouterr().err
    # The same fold again is what fine-tuning is for.
    _, _, lines = quiet("init_from=fold0", run_dir="more")
    assert not any("WARNING" in line for line in lines)


def test_test_pairs_of_an_earlier_training_are_a_warning(noise, capsys):
    quiet(NEXT, run_dir="next")
    random = "split={protocol: random}"
    quiet(random, run_dir="random")
    noise(1150)
    # Yesterday's test is today's training: nothing to say.
    _, found, lines = quiet(NEXT, "init_from=next", run_dir="next2")
    assert found.leakage is None and not any("WARNING" in line for line in lines)
    folder, found, lines = quiet(random, "init_from=random", run_dir="random2")
    known = {tuple(row) for row in pd.read_csv("clicks.csv").head(400)[["user", "item"]].to_numpy()}
    pairs = found.leakage["pairs"]
    assert 0 < pairs < len(known) * 0.8 and found.leakage["of"] == 115
    said = f"was trained on {pairs} of the 115 pairs of the test part"
    assert (
        sum(line.startswith("WARNING: init_from: random") and said in line for line in lines) == 1
    )
    metrics = folder.read_metrics()
    assert metrics["leakage"] == {**found.leakage, "from": "random"}
    assert f"MatrixFactorization {said}" in found.to_table().title.replace("\n", " ")
    # Who evaluates it later is told too, and so is who compares it.
    assert main(["evaluate", "random2"]) == 0
    assert f"MatrixFactorization {said}" in " ".join(capsys.readouterr().out.split())
    config = load_config("run.yaml", [random, "init_from=random"])
    told = compare({"mf": config}, "out", ["random2"], lines.append, lines.append, False)
    assert told.about["warnings"][0].startswith(f"mf {said}")


def test_new_data_keeps_stored_histories(noise):
    old = noise(400)
    quiet(NEXT, run_dir="old")
    new = noise(400, 460)
    folder, _, lines = quiet(NEXT, "init_from=old", run_dir="new")
    assert any(line.startswith("400 interactions of 30 users are in init_from") for line in lines)
    model = load(folder.checkpoint)
    items = model.items.vocabulary
    for user in (3, 17):
        both = [*old[old.user == user]["item"], *new[new.user == user]["item"]]
        row = model.users.vocabulary.rows([str(user)])[0]
        assert items.lookup(model.histories[row]).tolist() == [str(item) for item in both]
    shown = model.recommend(users=["3"], k=40)["item"]
    assert not set(shown) & set(old[old.user == 3]["item"].astype(str))
    # The whole table again: nothing counts twice, and there is nothing to say.
    noise(460)
    folder, _, lines = quiet(NEXT, "init_from=old", run_dir="whole")
    assert not any("interactions of" in line and "init_from" in line for line in lines)
    assert len(load(folder.checkpoint).histories.items) == 460


def test_new_data_may_name_the_behaviors_in_another_order(noise):
    """Their rows are the checkpoint's; a behavior that it does not know is refused."""
    frame = noise(400).assign(timestamp=1_000_000 + np.arange(400))
    model = "model={class: SASRec, dim: 4, num_blocks: 1, num_heads: 1}"
    changes = NEXT, model, "data.history_length=5"
    frame.assign(behavior=["buy", "view"] * 200).to_csv("clicks.csv", index=False)
    first, _, _ = quiet(*changes, run_dir="first")
    for number, words in enumerate((["view", "buy"] * 200, ["view"] * 400)):
        frame.assign(behavior=words).to_csv("clicks.csv", index=False)
        again, _, _ = quiet(*changes, "init_from=first", run_dir=f"again{number}")
        assert load(again.checkpoint).behaviors.ids.tolist() == ["buy", "view"]
    frame.assign(behavior=["view", "return"] * 200).to_csv("clicks.csv", index=False)
    with pytest.raises(InputError, match="are buy, view, those of the new data buy, view, return"):
        quiet(*changes, "init_from=first", run_dir="other")
