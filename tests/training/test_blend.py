"""A `Blend` by YAML."""

import json

import pytest
import yaml

from kerasrec.config.load import load_config
from kerasrec.errors import InputError
from kerasrec.models import load
from kerasrec.training.run import run

TRAIN = {"epochs": 1, "batch_size": 64}
CONFIG = {
    "data": {"name": "synthetic", "options": {"users": 60, "items": 100}, "history_length": 10},
    "split": {"protocol": "next-item"},
    "model": {"class": "Blend"},
    "evaluate": {"baselines": ["Popularity"], "ks": [10]},
}


def config_of(folder, *models, **more):
    config = {**CONFIG, "model": {"class": "Blend", "models": list(models), **more}}
    (folder / "config.yaml").write_text(yaml.safe_dump(config))
    return load_config(folder / "config.yaml")


def fitted(config, folder):
    lines = []
    run(config, folder, say=lines.append, progress=False)
    return load(folder / "checkpoint"), lines


@pytest.mark.slow
def test_parts_are_read_adapted_and_trained_and_then_weighed(tmp_path):
    markov = {"class": "Markov", "history_length": 4}
    first = config_of(tmp_path, markov, {"class": "Popularity"}, part_weights=[1, 2])
    one, _ = fitted(first, tmp_path / "one")
    assert [part.schema.history_length for part in one.models] == [4, 10]
    assert one.blended.part_weights.numpy().ravel().tolist() == [1, 2]
    sasrec = {"class": "SASRec", "dim": 4, "num_blocks": 1, "train": TRAIN}
    config = config_of(tmp_path, {"run": "one"}, {"class": "ItemKNN"}, sasrec)
    blend, lines = fitted(config, tmp_path / "two")
    assert blend.names == ["Blend", "ItemKNN", "SASRec"]
    assert any(line.startswith("Weights from") for line in lines)
    assert (tmp_path / "two" / "parts" / "2-SASRec" / "checkpoint").is_dir()
    metrics = json.loads((tmp_path / "two" / "metrics.json").read_text())
    assert metrics["rows"][0]["model"] == "Blend" and metrics["leakage"] is None
    # The histories of all the data, for recommend to start from.
    assert len(blend.histories.items) == metrics["data"]["interactions"]


@pytest.mark.slow
def test_parts_of_ratings_learn_from_the_validation_part_when_they_are_weighed(tmp_path, ratings):
    ratings.to_csv(tmp_path / "ratings.csv", index=False)
    columns = {name: name for name in ("user", "item", "value")}
    models = [{"class": "DampedMean"}, {"class": "BayesianMF", "dim": 2}]
    config = {
        **CONFIG,
        "data": {"path": str(tmp_path / "ratings.csv"), "columns": columns},
        "split": {"protocol": "random"},
        "model": {"class": "Blend", "how": "rating", "models": models},
        "train": {"refit": True, "monitor": "rmse"},
    }
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(config))
    blend, lines = fitted(load_config(tmp_path / "config.yaml"), tmp_path / "run")
    again = next(line for line in lines if line.startswith("Its parts are adapted again"))
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert metrics["ratings"]["rows"][0]["metrics"]["rmse"]["mean"] > 0
    assert f"{len(blend.trained_on.hashes):,} interactions" in again


def test_refit_is_for_a_blend_of_what_counts(tmp_path):
    sasrec = {"class": "SASRec", "train": TRAIN}
    cases = [
        ({"class": "Blend", "models": [{"class": "Markov"}, sasrec]}, "models.1: train.refit"),
        ({"class": "Markov"}, "train.refit: only for a Blend"),
    ]
    for model, message in cases:
        config = {**CONFIG, "model": model, "train": {"refit": True}}
        (tmp_path / "c.yaml").write_text(yaml.safe_dump(config))
        with pytest.raises(InputError, match=message):
            load_config(tmp_path / "c.yaml")


@pytest.mark.parametrize(
    "models,message",
    [
        ("Markov", "model.models: expected a list of at least two models"),
        ([{"class": "Markov"}], "model.models: expected a list of at least two"),
        ([{"class": "Markov"}, {}], "model.models.1: expected the run .* or a class"),
        ([{"class": "Markov"}, "ItemKNN"], "model.models.1"),
        ([{"class": "Markov"}, {"class": "Markow"}], "model.models.1.class: there is no model"),
        ([{"class": "Markov"}, {"class": "ItemKNN", "neighbours": 3}], "no argument neighbours"),
        ([{"class": "Markov"}, {"class": "ItemKNN", "shrinkage": "x"}], "shrinkage: expected"),
        ([{"class": "Markov"}, {"class": "SASRec"}], "say how with train, or name a run"),
        ([{"class": "Markov", "train": TRAIN}, {"class": "EASE"}], "0.train: Markov is not"),
        ([{"class": "Markov"}, {"run": "x", "dim": 4}], "1.dim: a run has its own arguments"),
        ([{"class": "Markov"}, {"run": "x", "history_length": 4}], "1.history_length: a run has"),
        (
            [{"class": "Markov"}, {"class": "SASRec", "train": {"epoch": 1}}],
            "model.models.1.train.epoch: unknown key epoch",
        ),
    ],
)
def test_wrong_parts_are_refused_with_their_place(tmp_path, models, message):
    (tmp_path / "c.yaml").write_text(
        yaml.safe_dump({**CONFIG, "model": {"class": "Blend", "models": models}})
    )
    with pytest.raises(InputError, match=message):
        load_config(tmp_path / "c.yaml")


def test_a_part_of_other_data_is_refused(tmp_path):
    config = config_of(tmp_path, {"run": "nowhere"}, {"class": "Markov"})
    with pytest.raises(InputError, match="model.models.0.run: .*neither a run"):
        run(config, tmp_path / "run", say=lambda line: None, progress=False)
    assert not (tmp_path / "run").exists()
